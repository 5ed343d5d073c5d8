-- Columns that add up the years beside them (Budget 2025 | Plan 2026 | Plan 2027 | Total utgift): in every row the sum of
-- the columns of one year each that stand before it, side by side.
with
body_cells as (select * from {{ ref('int_body_cells') }}),

cells as (select * from {{ ref('stg_cells') }}),

header_texts as (
    select report_id, table_seq, col_index, string_agg(value_text, ' ' order by row_index) as header_text
    from cells
    where is_header and col_span = 1 and col_index > 0
    group by all
),

headers as (
    select
        report_id,
        table_seq,
        col_index,
        try_cast(nullif(regexp_extract(header_text, '^\D*((?:19|20)\d\d)\D*$', 1), '') as integer) as column_year,
        not regexp_matches(header_text, '\d') as is_without_year
    from header_texts
),

-- The years before a column without one: as many as follow on each other, side by side, up to it.
runs as (
    select
        sums.report_id,
        sums.table_seq,
        sums.col_index,
        years.col_index as year_col_index,
        years.column_year
    from headers as sums
    inner join headers as years
        on sums.report_id = years.report_id and sums.table_seq = years.table_seq and sums.col_index > years.col_index
    left join headers as next_years
        on years.report_id = next_years.report_id and years.table_seq = next_years.table_seq and years.col_index + 1 = next_years.col_index
    where
        sums.is_without_year
        and years.column_year is not null
        and (next_years.col_index = sums.col_index or next_years.column_year = years.column_year + 1)
),

run_bounds as (
    select
        report_id,
        table_seq,
        col_index,
        min(column_year) as first_year,
        max(column_year) as last_year
    from runs
    group by all
    having
        count(*) > 1
        and count(*) = max(column_year) - min(column_year) + 1
        and max(year_col_index) = col_index - 1
        and min(year_col_index) = col_index - count(*)
),

amounts as (
    select
        report_id,
        table_seq,
        row_index,
        col_index,
        case when cell_type = 'dash' then 0.0 else {{ to_number("regexp_extract(plain_text, '" ~ number_cell_pattern() ~ "', 1)") }} end as amount
    from body_cells
    where cell_type in ('number', 'dash')
),

-- An empty cell of a year counts nothing.
row_sums as (
    select
        run_bounds.*,
        sums.row_index,
        sums.amount as printed,
        coalesce(sum(parts.amount order by parts.col_index), 0.0) as added,
        count(parts.amount) filter (where parts.amount != 0) as n_parts
    from run_bounds
    inner join amounts as sums using (report_id, table_seq, col_index)
    left join amounts as parts
        on run_bounds.report_id = parts.report_id
            and run_bounds.table_seq = parts.table_seq
            and sums.row_index = parts.row_index
            and parts.col_index between run_bounds.col_index - (run_bounds.last_year - run_bounds.first_year + 1) and run_bounds.col_index - 1
    group by all
)

select
    report_id,
    table_seq,
    col_index,
    first_year,
    last_year
from row_sums
group by all
-- Three rows, one of which adds several years: a column that repeats the only year filled is no sum.
having
    count(*) filter (where printed != 0) > 2
    and count(*) filter (where n_parts > 1) > 0
    and bool_and(abs(printed - added) < 1e-6 * greatest(1.0, abs(printed)))
