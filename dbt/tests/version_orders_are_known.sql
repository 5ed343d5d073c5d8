-- Two versions of one report of which nothing tells the later one; decided_on or version_status in reports.yml does.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_report_versions'}}}) }}

select report_id, superseded_by_report_id
from {{ ref('int_report_versions') }}
where order_basis = 'none'
