with
cells as (select * from {{ source('raw', 'cell') }})

select
    report_id,
    table_seq,
    row_index,
    col_index,
    text as cell_text,
    {{ collapsed('text') }} as value_text,
    regexp_replace({{ without_mark(plain_minus('text')) }}, '^[mM]inus (\d)', '-\1') as plain_text,
    -- 100 over 200, 12 and 345 with two spaces between them: read as one number they would be another.
    regexp_matches(text, '\d[,.]?[ ]*(?:\n[ ]*|[ ]{2,})[,.]?\d|^[(+−–—‒‐‑-] *\n *\d') as is_torn,
    is_header,
    row_span,
    col_span,
    page,
    x0
from cells
