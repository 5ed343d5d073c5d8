with
cells as (select * from {{ source('raw', 'cell') }})

select
    report_id,
    table_seq,
    row_index,
    col_index,
    text as cell_text,
    {{ collapsed('text') }} as value_text,
    {{ without_mark(plain_minus('text')) }} as plain_text,
    is_header,
    row_span,
    col_span,
    page
from cells
