-- Figures that contradict the report's own arithmetic. They are kept as printed and flagged, so this only warns.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'reconciliation'}}}) }}

select report_id, table_seq, row_index, col_index, row_label, column_label, printed, computed
from {{ ref('reconciliation') }}
where not is_holding
