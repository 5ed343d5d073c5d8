-- Which rows are totals of the rows above or below, found by arithmetic: the SQL function find_totals, in Python, says how
-- (dagster_project/warehouse/build/totals.py). Here: which tables are searched, and what each row calls itself.
with
measured_values as (select * from {{ ref('int_measured_values') }}),

rows as (select * from {{ ref('int_rows') }}),

accounts as (select * from {{ ref('int_accounts') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

cells as (select * from {{ ref('stg_cells') }}),

-- Where a label begins, from the leftmost of its column on the page: a page may be moved as a whole.
indents as (
    select
        cells.report_id,
        cells.table_seq,
        cells.row_index,
        cells.x0 - min(cells.x0) over (partition by cells.report_id, cells.table_seq, cells.col_index, cells.page) as indent
    from cells
    inner join rows
        on cells.report_id = rows.report_id
            and cells.table_seq = rows.table_seq
            and cells.row_index = rows.row_index
            and cells.col_index = rows.label_cell_col
    where not cells.is_header
),

-- Sums are looked for where figures can be added: in tables of money, and in any table with a total row.
summable_tables as (
    select report_id, table_seq
    from measured_values
    group by all
    having
        any_value(kind) in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure')
        or bool_or(is_plain_total or begins_with_total_word)
),

numbers as (
    select
        measured_values.report_id,
        measured_values.table_seq,
        measured_values.row_index,
        measured_values.col_index,
        -- A dash among figures adds nothing.
        coalesce(measured_values.value_numeric, 0) as value_numeric,
        coalesce(measured_values.rounding, 0) as rounding
    from measured_values
    inner join summable_tables using (report_id, table_seq)
    where
        (measured_values.value_numeric is not null or measured_values.cell_type = 'dash')
        and measured_values.part_index = 1
        and not measured_values.is_composite
        and measured_values.unit_key not in ('percent', 'per_mille', 'index')
        -- The average of all is no sum of the averages, and no misprint for that.
        and not regexp_matches(coalesce(measured_values.column_words, ''), '{{ average_pattern() }}')
),

table_columns as (
    select report_id, table_seq, list(distinct col_index order by col_index) as col_indexes
    from numbers
    group by all
),

row_values as (
    select
        report_id,
        table_seq,
        row_index,
        map_from_entries(list((col_index, value_numeric) order by col_index)) as printed,
        map_from_entries(list((col_index, rounding) order by col_index)) as roundings
    from numbers
    group by all
),

vectors as (
    select
        row_values.report_id,
        row_values.table_seq,
        row_values.row_index,
        list_transform(table_columns.col_indexes, lambda c: row_values.printed[c]) as printed,
        list_transform(table_columns.col_indexes, lambda c: coalesce(row_values.roundings[c], 0.0)) as roundings,
        case
            when rows.is_plain_total and kinds.kind in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure') then 'total'
            when rows.is_plain_total then 'word'
            when rows.has_total_word then 'word'
            when accounts.is_subtotal then 'subtotal'
            when regexp_matches(rows.label_words, '^ resultat (?:efter|före) |^ [a-zåäö]*nettokostnad(?:er|en)? $') then 'subtotal'
            when accounts.account_key is null then 'unknown'
            else 'line'
        end as row_class,
        indents.indent
    from row_values
    inner join table_columns using (report_id, table_seq)
    inner join rows using (report_id, table_seq, row_index)
    inner join kinds using (report_id, table_seq)
    left join accounts using (report_id, table_seq, row_index)
    left join indents using (report_id, table_seq, row_index)
    -- "varav" is part of the row above and never added.
    where not rows.is_of_which and coalesce(rows.row_scenario_key, '') != 'variance'
),

totals as (
    select
        report_id,
        table_seq,
        unnest(find_totals(list(
            { 'row_index': row_index, 'row_class': row_class, 'indent': indent, 'printed': printed, 'roundings': roundings }
            order by row_index
        ))) as total
    from vectors
    group by report_id, table_seq
)

select
    totals.report_id,
    totals.table_seq,
    totals.total.row_index,
    totals.total.component_rows,
    totals.total.method,
    vectors.row_class
from totals
inner join vectors
    on totals.report_id = vectors.report_id
        and totals.table_seq = vectors.table_seq
        and totals.total.row_index = vectors.row_index
