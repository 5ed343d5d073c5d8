with
scenarios as (select * from {{ ref('scenarios') }})

select
    scenario_key,
    name_sv,
    name_en,
    family
from scenarios
