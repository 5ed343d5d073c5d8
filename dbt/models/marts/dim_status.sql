with
statuses as (select * from {{ ref('statuses') }})

select
    status_key,
    name_sv,
    name_en,
    kind,
    rank
from statuses
