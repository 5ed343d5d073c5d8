with
reports as (select * from {{ ref('stg_reports') }}),

tables as (select * from {{ ref('stg_tables') }}),

cells as (select * from {{ ref('int_cells') }}),

proofs as (select * from {{ ref('int_figure_proofs') }}),

table_counts as (
    select report_id, count(*) as n_tables
    from tables
    group by all
),

cell_counts as (
    select
        report_id,
        count(*) as n_cells,
        count(*) filter (where role = 'value') as n_value_cells,
        count(*) filter (where role = 'label') as n_labels,
        count(*) filter (where role = 'header') as n_headers,
        count(*) filter (where role = 'note') as n_notes,
        count(*) filter (where role = 'rejected') as n_rejected
    from cells
    group by all
),

rejections as (
    select report_id, string_agg(reason || ' (' || n_reason || ')', '; ' order by n_reason desc, reason) as rejected_reasons
    from (
        select report_id, reason, count(*) as n_reason
        from cells
        where role = 'rejected'
        group by all
    )
    group by all
),

value_counts as (
    select
        report_id,
        count(*) as n_values,
        count(*) filter (where is_quantity) as n_quantities,
        count(proof) as n_proven,
        count(*) filter (where is_doubtful) as n_doubtful
    from proofs
    group by all
)

select
    reports.report_id,
    cast(coalesce(table_counts.n_tables, 0) as integer) as tables,
    cast(coalesce(cell_counts.n_cells, 0) as integer) as cells,
    cast(coalesce(value_counts.n_values, 0) as integer) as values,
    cast(coalesce(cell_counts.n_value_cells, 0) as integer) as value_cells,
    cast(coalesce(cell_counts.n_labels, 0) as integer) as labels,
    cast(coalesce(cell_counts.n_headers, 0) as integer) as headers,
    cast(coalesce(cell_counts.n_notes, 0) as integer) as notes,
    cast(coalesce(cell_counts.n_rejected, 0) as integer) as rejected,
    rejections.rejected_reasons,
    -- Of the cells that print a figure or a word in a column of values: how many became values.
    cast(round(
        cell_counts.n_value_cells / nullif(cell_counts.n_value_cells + cell_counts.n_rejected, 0), 4
    ) as double) as share_interpreted,
    cast(coalesce(value_counts.n_quantities, 0) as integer) as quantities,
    cast(coalesce(value_counts.n_proven, 0) as integer) as proven,
    cast(coalesce(value_counts.n_doubtful, 0) as integer) as doubtful,
    cast(round(value_counts.n_proven / nullif(value_counts.n_quantities, 0), 4) as double) as share_proven
from reports
left join table_counts using (report_id)
left join cell_counts using (report_id)
left join rejections using (report_id)
left join value_counts using (report_id)
