-- Cells that print something in a column of values which could not be read. Nothing is made of them, so this only warns.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_cells'}}}) }}

select report_id, table_seq, row_index, col_index, value_text, reason
from {{ ref('int_cells') }}
where role = 'rejected'
