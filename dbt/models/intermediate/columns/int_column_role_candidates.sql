with
own_words as (select * from {{ ref('int_column_headers') }}),

column_roles as (select * from {{ ref('column_roles') }}),

column_phrases as (
    {{ phrases_of('own_words', 'column_words') }}
)

select
    column_phrases.column_words,
    column_roles.role,
    column_roles.term,
    trim(column_phrases.column_words) = column_roles.term as is_whole_header,
    starts_with(column_phrases.column_words, ' ' || column_roles.term || ' ') as begins_header
from column_phrases
inner join column_roles on column_phrases.phrase = column_roles.term
