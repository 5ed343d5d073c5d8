with
municipalities as (select * from {{ ref('municipalities') }})

select
    municipality_code,
    municipality_name,
    county_code,
    county_name
from municipalities
