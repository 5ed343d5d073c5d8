with
described as (select * from {{ ref('int_row_labels') }}),

totals as (select * from {{ ref('int_row_totals') }}),

section_runs as (select * from {{ ref('int_row_section_runs') }}),

section_rows as (
    select
        *
    from section_runs
    where row_role = 'section'
),

-- A section whose first row is an item of a list (- Ekonomi, - HR) ends where the list does.
list_ends as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        section_rows.row_index,
        min(other.row_index) - 1 as last_item
    from section_rows
    inner join described as first
        on section_rows.report_id = first.report_id
            and section_rows.table_seq = first.table_seq
            and section_rows.row_index + 1 = first.row_index
            and first.is_item
            and first.row_role = 'data'
    inner join described as other
        on section_rows.report_id = other.report_id
            and section_rows.table_seq = other.table_seq
            and section_rows.row_index + 1 < other.row_index
            and not other.is_item
    group by all
),

-- A section ends with the total that names it, else with the first total below it or where the next one begins.
section_ends as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        section_rows.row_index,
        coalesce(
            min(below.row_index) filter (where totals.total_of = section_rows.label_words),
            least(
                coalesce(any_value(list_ends.last_item), 1000000),
                coalesce(min(below.row_index) filter (where totals.is_section_end), 1000000),
                coalesce(min(below.row_index) filter (where below.row_role = 'section' and below.run_number > section_rows.run_number) - 1, 1000000)
            )
        ) as last_row
    from section_rows
    left join list_ends using (report_id, table_seq, row_index)
    left join section_runs as below
        on section_rows.report_id = below.report_id
            and section_rows.table_seq = below.table_seq
            and section_rows.row_index < below.row_index
    left join totals
        on below.report_id = totals.report_id
            and below.table_seq = totals.table_seq
            and below.row_index = totals.row_index
    group by all
)

select
    below.report_id,
    below.table_seq,
    below.row_index,
    string_agg(section_rows.row_label, ' > ' order by section_rows.row_index) as section_label,
    arg_max(section_rows.row_label, section_rows.row_index) as innermost_label
from section_rows
inner join section_ends using (report_id, table_seq, row_index)
inner join section_runs as below
    on section_rows.report_id = below.report_id
        and section_rows.table_seq = below.table_seq
        and section_rows.row_index < below.row_index
        and section_ends.last_row >= below.row_index
where below.row_role = 'data'
group by all
