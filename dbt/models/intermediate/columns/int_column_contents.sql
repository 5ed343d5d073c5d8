with
body_cells as (select * from {{ ref('int_body_cells') }})

select
    report_id,
    table_seq,
    col_index,
    count(*) as n_cells,
    count(*) filter (where cell_type not in ('status', 'dash', 'suppressed', 'text')) as n_numbers,
    count(*) filter (where cell_type = 'status') as n_statuses,
    -- What stands for a figure that is not told does so among figures only: an x may tick something off.
    count(*) filter (where cell_type = 'dash' or (cell_type = 'suppressed' and has_numbers)) as n_dashes,
    count(*) filter (where regexp_full_match(plain_text, '\d{3,8}')) as n_codes,
    count(*) filter (where regexp_full_match(plain_text, '(?:19|20)\d\d')) as n_years,
    -- What numbers the rows of a list: A, B1, 2., 3.1.
    count(*) filter (where regexp_full_match(value_text, '[A-ZÅÄÖ]{0,2}\d{0,3}(?:\.\d{1,2})*[a-z]?[.)]?')) as n_marks,
    avg(length(value_text)) as mean_length
from (
    select
        *,
        bool_or(cell_type = 'number') over (partition by report_id, table_seq, col_index) as has_numbers
    from body_cells
)
group by all
