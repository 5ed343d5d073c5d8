{{ config(materialized='view') }}

-- Page by page: the words with a digit that stand in tables, and those that do not.
with
word_fates as (select * from {{ ref('stg_word_fates') }})

select
    report_id,
    page,
    fate,
    reason,
    n_words,
    sample
from word_fates
