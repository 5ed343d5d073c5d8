-- The month that a column of periods gives each row of a ledger (Period | 202502): figures of the row are of that month.
with
columns as (select * from {{ ref('int_columns') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

months as (
    select
        body_cells.report_id,
        body_cells.table_seq,
        body_cells.row_index,
        body_cells.col_index,
        try_cast(
            regexp_replace(body_cells.plain_text, '^((?:19|20)\d\d)[-/M]?(0[1-9]|1[0-2])$', '\1-\2-01') as date
        ) as first_day
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    where columns.column_role != 'value' and regexp_matches(columns.column_words, ' (?:[a-zåäö]*period|[a-zåäö]*månad) ')
),

-- All of the column are months, or it is about something else.
month_columns as (
    select report_id, table_seq, min(col_index) as col_index
    from (
        select report_id, table_seq, col_index
        from months
        group by all
        having bool_and(first_day is not null)
    )
    group by all
)

select
    months.report_id,
    months.table_seq,
    months.row_index,
    months.first_day as period_start,
    last_day(months.first_day) as period_end
from months
inner join month_columns using (report_id, table_seq, col_index)
