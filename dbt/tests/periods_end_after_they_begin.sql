-- The first day of a period is not after its last one.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

select fact_key, report_id, column_label, period_start, period_end
from {{ ref('report_values') }}
where period_start > period_end or (period_start is null) != (period_end is null)
