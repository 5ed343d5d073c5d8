with
reports as (select * from {{ ref('int_reports') }}),

organisations as (select * from {{ ref('int_report_organisations') }}),

report_versions as (select * from {{ ref('int_report_versions') }})

select
    report_key,
    report_id,
    reports.municipality_code,
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
    extracted_at,
    stated_on,
    version_status,
    decided_on,
    copy_of_report_id,
    supersedes_report_id,
    superseded_by_report_id,
    report_versions.order_basis as version_basis,
    report_versions.is_current
from reports
inner join organisations using (report_id)
inner join report_versions using (report_id)
union all
select
    'unknown' as report_key,
    'unknown' as report_id,
    'none' as municipality_code,
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
    null as extracted_at,
    null as stated_on,
    null as version_status,
    null as decided_on,
    null as copy_of_report_id,
    null as supersedes_report_id,
    null as superseded_by_report_id,
    null as version_basis,
    true as is_current
