with
municipalities as (select * from {{ ref('municipalities') }}),

municipality_names as (select * from {{ ref('municipality_names') }})

select municipality_code, name as domain from municipality_names
where use = 'domain'
union all
select
    municipality_code,
    unnest(list_distinct([
        replace(replace(strip_accents(lower(municipality_name)), ' ', ''), '-', ''),
        replace(strip_accents(lower(municipality_name)), ' ', '-')
    ])) as domain
from municipalities
where
    municipality_code != 'none'
    and municipality_code not in (
        select municipality_code from municipality_names
        where use = 'domain'
    )
