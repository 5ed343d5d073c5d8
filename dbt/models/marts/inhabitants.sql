{{ config(materialized='view') }}

with
figures as (select * from {{ ref('time_series') }}),

reports as (select * from {{ ref('dim_report') }}),

stated as (select * from {{ ref('population') }}),

printed as (
    select municipality_code, year, value_numeric, report_id, fact_key
    from (select figures.*, reports.sha256 from figures inner join reports using (report_id)) as figures
    where
        concept_key = 'population'
        and scenario = 'actual'
        and period_type = 'year'
        and entity is null
        and value_numeric is not null
        and not is_contradicted
        and not {{ is_partial('level', 'committee') }}
    -- The municipality's own report goes before a committee's, the newest before older ones.
    qualify row_number() over (
            partition by municipality_code, year order by level != 'municipality', {{ newest_first('figures') }}
        ) = 1
)

select
    coalesce(stated.municipality_code, printed.municipality_code) as municipality_code,
    coalesce(stated.year, printed.year) as year,
    try_cast(coalesce(stated.inhabitants, printed.value_numeric) as integer) as inhabitants,
    case when stated.inhabitants is not null then 'seed' else 'printed' end as inhabitants_basis,
    stated.source,
    case when stated.inhabitants is null then printed.report_id end as report_id,
    case when stated.inhabitants is null then printed.fact_key end as fact_key
from stated
full outer join printed
    on stated.municipality_code = printed.municipality_code and stated.year = printed.year
