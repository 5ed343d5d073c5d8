with
reports as (select * from {{ ref('int_reports') }}),

named_values as (select * from {{ ref('int_values') }}),

committees as (
    select distinct
        municipality_key,
        committee as committee_name,
        cast(null as varchar) as unit_name
    from reports
),

units as (
    select distinct
        municipality_key,
        committee as committee_name,
        unit_name
    from named_values
    where unit_name is not null
),

organisations as (
    select * from committees
    union all
    select * from units
)

select
    {{ hash_key(['municipality_key', 'committee_name', 'unit_name']) }} as organisation_key,
    municipality_key,
    committee_name,
    unit_name,
    case
        when unit_name is not null then 'unit'
        when committee_name is not null then 'committee'
        else 'municipality'
    end as level
from organisations
union all
select
    'unknown' as organisation_key,
    '0000' as municipality_key,
    null as committee_name,
    null as unit_name,
    'municipality' as level
