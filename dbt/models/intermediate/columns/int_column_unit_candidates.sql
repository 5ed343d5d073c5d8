with
own_words as (select * from {{ ref('int_column_headers') }}),

unit_words as (select * from {{ ref('unit_words') }}),

header_levels as (
    select distinct
        column_words,
        unnest(string_split(column_label, ' | ')) as level_text
    from own_words
    where column_label is not null
),

column_phrases as (
    {{ phrases_of('own_words', 'column_words') }}
),

-- Units: words of money and percent anywhere in the header; others where a header level is the unit or ends with it, in
-- brackets or behind a comma.
unit_levels as (
    select distinct
        column_words,
        unnest([
            trim({{ words('level_text') }}),
            trim({{ words("regexp_extract(level_text, '\\(([^()]+)\\)$', 1)") }}),
            trim({{ words("regexp_extract(level_text, ',\\s*([^,()]+)$', 1)") }})
        ]) as unit_phrase
    from header_levels
)

select
    column_phrases.column_words,
    unit_words.unit_key,
    unit_words.term,
    unit_words.context
from column_phrases
inner join unit_words on column_phrases.phrase = unit_words.term
left join unit_levels
    on column_phrases.column_words = unit_levels.column_words and column_phrases.phrase = unit_levels.unit_phrase
where
    unit_words.context in ('any', 'word')
    or (unit_words.context = 'suffix' and unit_levels.unit_phrase is not null)
