with
figures as (select * from {{ ref('time_series') }}),

reports as (select * from {{ ref('dim_report') }}),

published as (select * from {{ ref('int_inhabitants') }}),

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
),

numbers as (
    select
        municipality_code,
        year,
        coalesce(published.inhabitants, printed.value_numeric) as inhabitants,
        coalesce(published.inhabitants_basis, 'printed') as inhabitants_basis,
        case when published.inhabitants_basis is null then printed.value_numeric else published.inhabitants_as_divided end as inhabitants_as_divided,
        published.source,
        published.source_key,
        published.edition,
        published.is_raw,
        printed.value_numeric as printed_inhabitants,
        printed.report_id,
        printed.fact_key
    from published
    full outer join printed using (municipality_code, year)
)

select
    municipality_code,
    year,
    try_cast(inhabitants as integer) as inhabitants,
    inhabitants_basis,
    try_cast(inhabitants_as_divided as integer) as inhabitants_as_divided,
    source,
    source_key,
    edition,
    is_raw,
    try_cast(printed_inhabitants as integer) as printed_inhabitants,
    try_cast(printed_inhabitants - inhabitants as integer) as difference,
    report_id,
    fact_key
from numbers
