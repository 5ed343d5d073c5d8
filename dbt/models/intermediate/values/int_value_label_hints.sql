with
label_suffixes as (select * from {{ ref('int_value_label_suffixes') }}),

unit_words as (select * from {{ ref('unit_words') }}),

-- The unit that the words of a row label tell: "Andel" first, then staff, index and days, "Antal" last. A number and the
-- word behind it (inom 4 månader, 15 dagar) are a condition, not a unit; nor is what something is counted per.
hint_texts as (
    select
        report_id,
        table_seq,
        row_index,
        label_words,
        regexp_replace(label_words, ' (?:\d+|per) [a-zåäö]+ ', ' ', 'g') as hint_words
    from label_suffixes
),

hint_phrases as (
    {{ phrases_of('hint_texts', 'hint_words') }}
)

select
    hint_texts.report_id,
    hint_texts.table_seq,
    hint_texts.row_index,
    unit_words.unit_key
from hint_texts
inner join hint_phrases using (hint_words)
inner join unit_words on hint_phrases.phrase = unit_words.term and unit_words.context = 'word'
where unit_words.unit_key != 'percent' or starts_with(hint_texts.label_words, ' ' || unit_words.term || ' ')
qualify row_number() over (
        partition by hint_texts.report_id, hint_texts.table_seq, hint_texts.row_index
        order by
            list_position(['percent', 'fte', 'index', 'days', 'hours', 'count'], unit_words.unit_key),
            unit_words.term
    ) = 1
