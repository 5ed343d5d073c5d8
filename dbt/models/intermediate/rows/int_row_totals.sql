with
described as (select * from {{ ref('int_row_labels') }}),

total_words as (select * from {{ ref('total_words') }}),

label_starts as (
    {{ first_phrases_of('described', 'label_words') }}
),

total_labels as (
    select
        label_starts.label_words,
        max(total_words.term) as total_term,
        bool_or(label_starts.label_words = ' ' || total_words.term || ' ') as is_plain_total
    from label_starts
    inner join total_words on label_starts.phrase = total_words.term
    group by all
)

select
    described.report_id,
    described.table_seq,
    described.row_index,
    -- What the total is called beside its word: "Summa tillgångar" ends the section TILLGÅNGAR.
    coalesce(' ' || ltrim(described.label_words[length(total_labels.total_term) + 2:]), ' ') as total_of,
    coalesce(total_labels.is_plain_total, false) as is_plain_total,
    total_labels.label_words is not null as begins_with_total_word,
    -- "Total pensionsskuld" among indicators is a measure and ends nothing.
    described.kind != 'indicator' or total_labels.is_plain_total or coalesce(total_labels.total_term, '') not in ('total', 'totala') as is_section_end
from described
left join total_labels using (label_words)
where total_labels.label_words is not null or regexp_matches(described.label_words, ' (?:totalt|total|summa) $')
