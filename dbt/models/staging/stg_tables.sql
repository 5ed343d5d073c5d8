with
tables as (select * from {{ source('raw', 'report_table') }})

select
    report_id,
    table_seq,
    heading_seq,
    page_first,
    page_last,
    {{ collapsed('caption') }} as caption,
    n_rows,
    n_cols,
    header_rows,
    fragments
from tables
