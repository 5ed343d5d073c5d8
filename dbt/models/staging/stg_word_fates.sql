with
word_fates as (select * from {{ source('raw', 'word_fate') }})

select
    report_id,
    page,
    fate,
    reason,
    n_words,
    sample
from word_fates
