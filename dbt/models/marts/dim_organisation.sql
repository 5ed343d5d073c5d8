with
reports as (select * from {{ ref('int_reports') }}),

report_organisations as (select * from {{ ref('int_report_organisations') }}),

named_values as (select * from {{ ref('int_values') }}),

-- The municipality and its group (koncern) are members as soon as a report of the municipality is there.
municipalities as (
    select distinct municipality_code, unnest(['municipality', 'group']) as level
    from reports
    where municipality_code != 'none'
),

members as (
    select
        organisation_key,
        municipality_code,
        committee_name as committee,
        cast(null as varchar) as unit_name,
        body_name,
        place_municipality_code,
        known_level as level,
        1 as rank
    from report_organisations
    union all
    select
        named_values.organisation_key,
        named_values.municipality_code,
        named_values.organisation_committee as committee,
        named_values.organisation_unit as unit_name,
        report_organisations.body_name,
        report_organisations.place_municipality_code,
        named_values.organisation_level as level,
        2 as rank
    from named_values
    inner join report_organisations using (report_id)
    union all
    select
        {{ organisation_key('municipality_code', 'level', 'cast(null as varchar)', 'cast(null as varchar)', "''") }} as organisation_key,
        municipality_code,
        null as committee,
        null as unit_name,
        null as body_name,
        null as place_municipality_code,
        level,
        3 as rank
    from municipalities
),

-- Of the spellings of one name: a committee's own report before the rows of others, the definite form (the longer one),
-- hyphens as they should be.
named as (
    select *
    from members
    qualify row_number() over (
            partition by organisation_key
            order by rank, length(committee) desc, length(unit_name) desc, committee, unit_name
        ) = 1
)

select
    organisation_key,
    municipality_code,
    committee,
    unit_name,
    body_name,
    place_municipality_code,
    -- Of nobody known, but not of the municipality as a whole.
    case when level = 'unknown' then 'committee' else level end as level
from named
union all
select
    'unknown' as organisation_key,
    'none' as municipality_code,
    null as committee,
    null as unit_name,
    null as body_name,
    null as place_municipality_code,
    'municipality' as level
