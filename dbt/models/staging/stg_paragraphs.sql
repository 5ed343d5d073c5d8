with
paragraphs as (select * from {{ source('raw', 'paragraph') }})

select
    report_id,
    paragraph_seq,
    heading_seq,
    page,
    {{ collapsed('text') }} as paragraph_text
from paragraphs
