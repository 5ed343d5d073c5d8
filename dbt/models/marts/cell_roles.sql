with
cells as (select * from {{ ref('int_cells') }})

select
    report_id,
    table_seq,
    row_index,
    col_index,
    page,
    value_text,
    role,
    reason
from cells
