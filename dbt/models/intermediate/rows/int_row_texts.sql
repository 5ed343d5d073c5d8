with
body_cells as (select * from {{ ref('int_body_cells') }}),

columns as (select * from {{ ref('int_columns') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

cells as (
    select
        body_cells.*,
        columns.column_role,
        columns.is_organisation_header,
        columns.label_col_index
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
),

-- The label of a row stands in the label column; a total may stand further to the left (Totalt under Bidragstyp).
labelled as (
    select
        report_id,
        table_seq,
        row_index,
        coalesce(
            any_value(cell_text) filter (where col_index = label_col_index),
            arg_min(cell_text, col_index) filter (where column_role in ('group', 'attribute', 'grantor') and col_index < label_col_index)
        ) as label_text,
        coalesce(
            any_value(col_index) filter (where col_index = label_col_index),
            min(col_index) filter (where column_role in ('group', 'attribute', 'grantor') and col_index < label_col_index)
        ) as label_cell_col,
        any_value(col_index) filter (where column_role = 'grantor') as grantor_col_index,
        count(*) filter (where column_role = 'value') as n_values,
        -- The number of a note says nothing about a row.
        count(*) filter (where column_role not in ('value', 'note_ref') and col_index != label_col_index) as n_others,
        string_agg(value_text, ' > ' order by col_index) filter (where column_role = 'group' and not is_organisation_header) as group_text,
        -- A column that names the department of each row (Verksamhet | Nyckeltal | 2023).
        string_agg(value_text, ' > ' order by col_index) filter (where column_role = 'group' and is_organisation_header) as unit_name_text,
        any_value(value_text) filter (where column_role = 'grantor') as grantor_name,
        any_value(translate(cell_word, '²³', '23')) filter (where column_role = 'unit') as unit_text,
        string_agg(value_text, ' ' order by col_index) filter (where column_role = 'note_ref') as note_text
    from cells
    group by all
),

table_facts as (
    select
        report_id,
        table_seq,
        max(row_index) filter (where n_values > 0) as last_data_row,
        avg(n_values) filter (where n_values > 0) as mean_values
    from labelled
    group by all
),

value_columns as (
    select report_id, table_seq, count(*) filter (where column_role = 'value') as n_value_columns
    from columns
    group by all
)

select
    labelled.*,
    kinds.kind,
    kinds.has_organisation_rows,
    table_facts.last_data_row,
    case
        when labelled.n_values > 0 then 'data'
        when labelled.n_others > 0 or table_facts.last_data_row is null then 'label'
        when labelled.row_index > table_facts.last_data_row then 'note'
        when length(labelled.label_text) > 100 then 'note'
        -- Where rows are mostly filled, a row without figures heads those below it; in a sparse table it is a row
        -- whose figures are still missing.
        when table_facts.mean_values * 2 >= value_columns.n_value_columns then 'section'
        else 'label'
    end as row_role
from labelled
inner join table_facts using (report_id, table_seq)
inner join value_columns using (report_id, table_seq)
inner join kinds using (report_id, table_seq)
