with
municipalities as (select * from {{ ref('municipalities') }})

select
    municipality_key,
    municipality_name,
    county_code,
    county_name
from municipalities
