-- A municipality is known by its name or genitive, best with "kommun" or "stad" behind it, best of all in the title.
-- Names that are words too (Vara, Mark, Lund) count only with "kommun" or "stad".
with
reports as (select * from {{ ref('stg_reports') }}),

headings as (select * from {{ ref('stg_headings') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

cells as (select * from {{ ref('stg_cells') }}),

municipalities as (select * from {{ ref('municipalities') }}),

ambiguous as (select * from {{ ref('ambiguous_municipalities') }}),

lines as (
    select report_id, 'title' as place, title as line_text from reports where title is not null
    union all
    select report_id, 'heading' as place, heading_text as line_text from headings
    union all
    select report_id, 'text' as place, paragraph_text as line_text from paragraphs
    union all
    select report_id, 'text' as place, value_text as line_text from cells where is_header
),

-- Capitalised words with the word behind them; a name of two words is found by joining both.
word_lists as (
    select
        report_id,
        place,
        list_filter(regexp_split_to_array(line_text, '[^A-Za-zÅÄÖåäöÉé-]+'), lambda word: word != '') as line_words
    from lines
),

positions as (
    select
        report_id,
        place,
        line_words,
        unnest(range(1, len(line_words) + 1)) as position
    from word_lists
),

candidates as (
    select
        report_id,
        place,
        lower(line_words[position]) as name_form,
        lower(coalesce(line_words[position + 1], '')) as next_word
    from positions
    where regexp_matches(line_words[position], '^[A-ZÅÄÖ]')
    union all
    select
        report_id,
        place,
        lower(line_words[position] || ' ' || line_words[position + 1]) as name_form,
        lower(coalesce(line_words[position + 2], '')) as next_word
    from positions
    where
        regexp_matches(line_words[position], '^[A-ZÅÄÖ]')
        and regexp_matches(coalesce(line_words[position + 1], ''), '^[A-ZÅÄÖ]')
),

forms as (
    select municipality_key, municipality_name, lower(municipality_name) as name_form
    from municipalities
    where municipality_key != '0000'
    union all
    select municipality_key, municipality_name, lower(municipality_name) || 's' as name_form
    from municipalities
    where municipality_key != '0000' and right(municipality_name, 1) not in ('s', 'x', 'z')
),

mentions as (
    select
        candidates.report_id,
        candidates.place,
        forms.municipality_key,
        case
            when regexp_matches(candidates.next_word, '^(kommun|stad$|stads$)')
                then case candidates.place when 'title' then 12.0 when 'heading' then 5.0 else 3.0 end
            when forms.municipality_name in (select municipality_name from ambiguous) then 0.0
            else case candidates.place when 'title' then 10.0 when 'heading' then 1.0 else 0.2 end
        end as weight
    from candidates
    inner join forms using (name_form)
),

-- Running text mentions neighbours and partners: all of it together weighs less than one heading.
scores as (
    select
        report_id,
        municipality_key,
        coalesce(sum(weight) filter (where place != 'text'), 0)
        + least(coalesce(sum(weight) filter (where place = 'text'), 0), 900) / 1000 as score
    from mentions
    where weight > 0
    group by all
),

ranked as (
    select
        *,
        row_number() over (partition by report_id order by score desc, municipality_key) as score_rank,
        lead(score) over (partition by report_id order by score desc, municipality_key) as next_score
    from scores
)

-- Two municipalities with the same score are none: a wrong one is worse.
select
    report_id,
    municipality_key,
    score
from ranked
where score_rank = 1 and score > coalesce(next_score, 0)
