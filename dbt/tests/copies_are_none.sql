-- Two files are one report; the figures of the one named first are set aside.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'dim_report'}}}) }}

select reports.report_id, reports.file_name, kept.file_name as copy_of
from {{ ref('dim_report') }} as reports
inner join {{ ref('dim_report') }} as kept on reports.copy_of_report_id = kept.report_id
