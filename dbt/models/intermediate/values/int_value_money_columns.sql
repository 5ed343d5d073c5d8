with
tables as (select * from {{ ref('int_tables') }}),

columns as (select * from {{ ref('int_columns') }}),

money_headers as (select * from {{ ref('money_headers') }}),

-- What stands over a table or column and speaks of money (Ramar 2027-2029, Belopp).
money_contexts as (
    select
        tables.report_id,
        tables.table_seq,
        columns.col_index,
        tables.first_header_words || tables.near_words || columns.column_words as context_words
    from tables
    inner join columns using (report_id, table_seq)
    where columns.column_role = 'value'
),

context_phrases as (
    {{ phrases_of('money_contexts', 'context_words') }}
)

select distinct
    money_contexts.report_id,
    money_contexts.table_seq,
    money_contexts.col_index
from money_contexts
inner join context_phrases using (context_words)
inner join money_headers on context_phrases.phrase = money_headers.term
