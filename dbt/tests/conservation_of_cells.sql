-- Conservation law: every non-empty cell is exactly one of header, label, note, value or rejected with a reason; a value
-- cell has at least one fact, any other cell has none.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
raw_cells as (select * from {{ source('raw', 'cell') }}),

cells as (select * from {{ ref('int_cells') }}),

facts as (select * from {{ ref('report_values') }}),

reports as (select * from {{ ref('stg_reports') }}),

placed as (
    select
        report_id,
        table_seq,
        row_index,
        col_index,
        count(*) as n_places,
        any_value(role) as role,
        any_value(reason) as reason
    from cells
    group by all
),

valued as (
    select report_id, table_seq, row_index, col_index, count(*) as n_facts
    from facts
    group by all
)

select
    raw_cells.report_id,
    raw_cells.table_seq,
    raw_cells.row_index,
    raw_cells.col_index,
    raw_cells.text,
    placed.n_places,
    placed.role,
    placed.reason,
    valued.n_facts
from raw_cells
inner join reports using (report_id)
full outer join placed using (report_id, table_seq, row_index, col_index)
full outer join valued using (report_id, table_seq, row_index, col_index)
where
    raw_cells.text is null
    or placed.n_places is distinct from 1
    or placed.role is null
    or placed.role not in ('header', 'label', 'note', 'value', 'rejected')
    or (placed.role = 'rejected') != (placed.reason is not null)
    or (placed.role = 'value') != (valued.n_facts is not null)
