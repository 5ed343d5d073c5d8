with
reports as (select * from {{ ref('int_reports') }}),

organisations as (select * from {{ ref('int_report_organisations') }})

select
    report_key,
    report_id,
    reports.municipality_key,
    organisations.organisation_key,
    committee,
    report_type,
    title,
    period_start,
    period_end,
    cast(fiscal_year as integer) as fiscal_year,
    file_name,
    sha256,
    page_count,
    extracted_at
from reports
inner join organisations using (report_id)
union all
select
    'unknown' as report_key,
    'unknown' as report_id,
    'none' as municipality_key,
    'unknown' as organisation_key,
    null as committee,
    'unknown' as report_type,
    null as title,
    null as period_start,
    null as period_end,
    null as fiscal_year,
    null as file_name,
    null as sha256,
    null as page_count,
    null as extracted_at
