with
running_lines as (select * from {{ source('raw', 'running_line') }})

select
    report_id,
    line_seq,
    {{ collapsed('text') }} as line_text
from running_lines
