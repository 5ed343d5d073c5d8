-- The group of a row: what int_rows read off the page, and totals that stand above their parts, the outermost first.
with
rows as (select * from {{ ref('int_rows') }}),

total_rows as (select * from {{ ref('int_total_rows') }}),

leads as (
    select
        total_rows.report_id,
        total_rows.table_seq,
        unnest(total_rows.component_rows) as row_index,
        total_rows.row_index as lead_row,
        rows.row_label as lead_label
    from total_rows
    inner join rows using (report_id, table_seq, row_index)
    where total_rows.method = 'sum_below'
),

-- A total below another one leads its parts too (Verksamhet > Socialnämnden > Äldreomsorg).
lead_paths as (
    select
        leads.report_id,
        leads.table_seq,
        leads.row_index,
        concat_ws(' > ', above.lead_label, leads.lead_label) as lead_label
    from leads
    left join leads as above
        on leads.report_id = above.report_id
            and leads.table_seq = above.table_seq
            and leads.lead_row = above.row_index
)

select
    rows.report_id,
    rows.table_seq,
    rows.row_index,
    nullif(concat_ws(' > ', rows.group_label, lead_paths.lead_label), '') as group_label
from rows
left join lead_paths using (report_id, table_seq, row_index)
