-- Which reports count, and which are set aside because they are copies or have a later version.
with
reports as (select * from {{ ref('int_reports') }}),

pairs as (select * from {{ ref('int_report_pairs') }}),

copies as (
    select report_id, other_report_id
    from pairs
    where relation = 'copy'
),

-- The next version, and the one before: a chain, whatever the number of versions.
superseded as (
    select report_id, other_report_id, basis
    from pairs
    where relation = 'version'
    qualify row_number() over (partition by report_id order by other_version_order) = 1
),

superseding as (
    select other_report_id as report_id, report_id as earlier_report_id
    from pairs
    where relation = 'version'
    qualify row_number() over (partition by other_report_id order by version_order desc) = 1
)

select
    reports.report_id,
    copies.other_report_id as copy_of_report_id,
    superseding.earlier_report_id as supersedes_report_id,
    superseded.other_report_id as superseded_by_report_id,
    superseded.basis as order_basis,
    copies.report_id is null and superseded.report_id is null as is_current
from reports
left join copies using (report_id)
left join superseded using (report_id)
left join superseding using (report_id)
