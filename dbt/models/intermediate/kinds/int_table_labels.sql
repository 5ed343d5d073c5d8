with
body_cells as (select * from {{ ref('int_body_cells') }}),

columns as (select * from {{ ref('int_columns') }}),

column_facts as (select * from {{ ref('int_table_columns') }}),

filled_rows as (
    select distinct
        body_cells.report_id,
        body_cells.table_seq,
        body_cells.row_index
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    where columns.column_role = 'value'
)

select
    body_cells.report_id,
    body_cells.table_seq,
    body_cells.row_index,
    -- Headings of groups and the sums that end them name departments whose rows are something else.
    filled_rows.row_index is not null and not regexp_matches(lower(body_cells.value_text), '^(?:del)?summa [a-zåäö]') as is_line,
    filled_rows.row_index is not null as has_figures,
    lower({{ plain_minus('body_cells.value_text') }}) as label_text,
    -- "varav statsbidrag" is a line of the account named.
    {{ words("regexp_replace(body_cells.value_text, '^[-–•* ]*(?:[Vv]arav|[Dd]ärav) ', '')") }} as label_words
from body_cells
inner join column_facts
    on body_cells.report_id = column_facts.report_id
        and body_cells.table_seq = column_facts.table_seq
        and body_cells.col_index = column_facts.label_col_index
left join filled_rows
    on body_cells.report_id = filled_rows.report_id
        and body_cells.table_seq = filled_rows.table_seq
        and body_cells.row_index = filled_rows.row_index
