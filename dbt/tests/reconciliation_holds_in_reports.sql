-- Reports whose own arithmetic fails more often than misprints explain: one figure in ten, and more than one. Then they
-- are read wrongly, or somebody should ask who made them. A single figure that does not add up stays as printed, is
-- flagged (`is_misprint`) and listed in `reconciliation`.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'reconciliation'}}}) }}

select report_id, count(*) as figures, count(*) filter (where not is_holding) as failures
from {{ ref('reconciliation') }}
group by report_id
having failures > 1 and failures > figures / 10
