with
lines as (select * from {{ ref('int_report_lines') }}),

forms as (select * from {{ ref('int_municipality_name_forms') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

-- "Lunds" and "kommun" may stand on two lines of the front.
front_texts as (
    select report_id, line_seq, place, line_text, is_decision from lines
    union all
    select
        report_id,
        line_seq,
        place,
        line_text || ' ' || next_text as line_text,
        is_decision
    from (
        select
            *,
            lead(line_text) over (partition by report_id order by line_seq) as next_text,
            lead(line_words) over (partition by report_id order by line_seq) as next_words
        from lines
        where place = 'front'
    )
    where next_words in (' kommun ', ' stad ')
),

word_lists as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        is_decision,
        list_filter(
            list_transform(regexp_split_to_array(line_text, '[^A-Za-zÅÄÖåäöÉéÜü-]+'), lambda word: trim(word, '-')),
            lambda word: word != ''
        ) as line_words
    from front_texts
),

-- In text a name has a capital; logos on the front are set in small letters too.
positions as (
    select *
    from (
        select
            *,
            unnest(range(1, len(line_words) + 1)) as position
        from word_lists
    )
    where place in ('front', 'running') or regexp_matches(line_words[position], '^[A-ZÅÄÖ]')
),

candidates as (
    select
        * exclude (line_words, position),
        len(line_words) as n_words,
        1 as n_name_words,
        regexp_matches(line_words[position], '^[A-ZÅÄÖ]') as is_capital,
        lower(line_words[position]) as name_form,
        lower(coalesce(line_words[position + 1], '')) as next_word,
        lower(coalesce(case when position > 1 then line_words[position - 1] end, '')) as previous_word
    from positions
    union all
    select
        * exclude (line_words, position),
        len(line_words) as n_words,
        2 as n_name_words,
        regexp_matches(line_words[position], '^[A-ZÅÄÖ]') as is_capital,
        lower(line_words[position] || ' ' || line_words[position + 1]) as name_form,
        lower(coalesce(line_words[position + 2], '')) as next_word,
        lower(coalesce(case when position > 1 then line_words[position - 1] end, '')) as previous_word
    from positions
    where position < len(line_words)
),

named as (
    select
        candidates.*,
        forms.municipality_code,
        forms.is_ambiguous,
        coalesce(after.role, '') as role_after,
        -- Regions other than Gotland are no municipalities, and share the names of their capitals.
        candidates.previous_word = 'region' as is_region
    from candidates
    inner join forms using (name_form)
    left join metadata_words as after
        on candidates.next_word = after.word and after.role in ('names_municipality', 'names_other_body')
)

select
    report_id,
    line_seq,
    place,
    line_text,
    is_decision,
    municipality_code,
    n_words,
    is_ambiguous,
    case
        when is_region and municipality_code = '0980' then 'named'
        when is_region or role_after = 'names_other_body' then 'none'
        when role_after = 'names_municipality' and (is_capital or not is_ambiguous) then 'named'
        when previous_word in ('kommun', 'kommunen') and n_words <= n_name_words + 1 and is_capital then 'named'
        when not is_capital then 'none'
        when is_ambiguous and n_words > n_name_words then 'none'
        when is_ambiguous then 'ambiguous'
        else 'bare'
    end as form,
    n_words <= n_name_words + case when role_after = 'names_municipality' or is_region then 1 else 0 end as is_alone
from named
