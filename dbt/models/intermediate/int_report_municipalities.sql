-- Which municipality a report names, from every mention of one: how surely a mention tells depends on its place and its
-- form. Mentions of different kinds support each other, mentions of another municipality speak against it.
with
reports as (select * from {{ ref('stg_reports') }}),

lines as (select * from {{ ref('int_report_lines') }}),

municipalities as (select * from {{ ref('municipalities') }}),

municipality_names as (select * from {{ ref('municipality_names') }}),

ambiguous as (select * from {{ ref('ambiguous_municipalities') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

-- --- names as they are printed --------------------------------------------------------------------------------------

names as (
    select
        municipality_code,
        municipality_name,
        municipality_name as printed_name,
        municipality_name in (select municipality_name from ambiguous) as is_ambiguous
    from municipalities
    where municipality_code != 'none'
    union all
    select
        municipality_names.municipality_code,
        municipalities.municipality_name,
        municipality_names.name as printed_name,
        -- A short form alone is no name; "Falu kommun" is.
        true as is_ambiguous
    from municipality_names
    inner join municipalities using (municipality_code)
    where municipality_names.use = 'name'
),

spellings as (
    select *, unnest(list_distinct([lower(printed_name), replace(lower(printed_name), '-', ' '), replace(lower(printed_name), ' ', '-')])) as spelling
    from names
),

forms as (
    select municipality_code, is_ambiguous, spelling as name_form from spellings
    union all
    select municipality_code, is_ambiguous, spelling || 's' as name_form from spellings
    where right(spelling, 1) not in ('s', 'x', 'z')
),

domains as (
    select municipality_code, name as domain from municipality_names
    where use = 'domain'
    union all
    select
        municipality_code,
        unnest(list_distinct([
            replace(replace(strip_accents(lower(municipality_name)), ' ', ''), '-', ''),
            replace(strip_accents(lower(municipality_name)), ' ', '-')
        ])) as domain
    from municipalities
    where
        municipality_code != 'none'
        and municipality_code not in (
            select municipality_code from municipality_names
            where use = 'domain'
        )
),

file_forms as (
    select distinct municipality_code, is_ambiguous, replace(strip_accents(name_form), '-', ' ') as name_form
    from forms
),

-- --- mentions -------------------------------------------------------------------------------------------------------

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
),

mentions as (
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
),

-- A line that names several municipalities, or compares, tells of none that the report is its own.
line_counts as (
    select report_id, line_seq, count(distinct municipality_code) as n_municipalities
    from mentions
    where form != 'none'
    group by all
),

comparing as (
    select distinct lines.report_id, lines.line_seq
    from lines
    inner join metadata_words
        on metadata_words.role = 'comparison' and contains(lines.line_words, ' ' || metadata_words.word || ' ')
    where lines.place in ('front', 'heading', 'running')
),

-- www.lund.se, kommun@lund.se, lund.se: the last part of the address before .se.
addresses as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        unnest(regexp_extract_all(lower(line_text), '(?:www\.|@|//|(?:^|[ (]))(?:[a-z0-9-]+\.)*?([a-z0-9åäö-]+)(?:\.kommun)?\.se(?:$|[^a-z0-9.-]|\.$)', 1)) as domain
    from lines
    where contains(lower(line_text), '.se') and place != 'header'
),

-- "231 83 Trelleborg" beside the number of an organisation that is a municipality: its own address.
numbered as (
    select distinct report_id from lines
    where regexp_matches(line_text, '(?:^|[^0-9])212000-\d{4}(?:$|[^0-9])')
),

postal_towns as (
    select
        lines.report_id,
        lines.line_seq,
        lines.place,
        lines.line_text,
        unnest(regexp_extract_all(lower(lines.line_text), '(?:^|[^0-9])\d{3} ?\d{2} +([a-zåäöé][a-zåäöé -]*)', 1)) || ' ' as town
    from lines
    inner join numbered using (report_id)
),

file_words as (
    select
        report_id,
        file_name,
        list_filter(
            regexp_split_to_array(strip_accents(lower(nfc_normalize(regexp_replace(file_name, '\.[A-Za-z0-9]+$', '')))), '[^a-z]+'),
            lambda word: word != ''
        ) as parts
    from reports
),

file_positions as (
    select *, unnest(range(1, len(parts) + 1)) as position
    from file_words
),

file_candidates as (
    select report_id, file_name, parts[position] as name_form, coalesce(parts[position + 1], '') as next_part from file_positions
    union all
    select
        report_id,
        file_name,
        parts[position] || ' ' || parts[position + 1] as name_form,
        coalesce(parts[position + 2], '') as next_part
    from file_positions
    where position < len(parts)
),

file_mentions as (
    select
        file_candidates.report_id,
        file_candidates.file_name,
        file_forms.municipality_code,
        case
            when file_candidates.next_part in ('kommun', 'kommuns', 'stad', 'stads') then 'named'
            when file_forms.is_ambiguous then 'none'
            else 'bare'
        end as form,
        count(distinct file_forms.municipality_code) over (partition by file_candidates.report_id) as n_municipalities
    from file_candidates
    inner join file_forms using (name_form)
),

-- --- evidence -------------------------------------------------------------------------------------------------------

graded as (
    select
        mentions.report_id,
        mentions.municipality_code,
        mentions.line_seq,
        mentions.line_text,
        mentions.place,
        case
            when mentions.place = 'front' and mentions.form = 'named' then 'front_named'
            when mentions.place = 'front' then 'front_name'
            when mentions.place = 'running' and mentions.form = 'named' then 'running_named'
            when mentions.place = 'running' then 'running_name'
            when mentions.place = 'heading' and mentions.form = 'named' then 'heading_named'
            when mentions.place = 'heading' then 'heading_name'
            when mentions.form = 'named' then 'text_named'
            else 'text_name'
        end as rule,
        case
            when line_counts.n_municipalities > 1 or comparing.report_id is not null then 0.2
            when mentions.place = 'front' and mentions.form = 'named' and mentions.is_alone then 0.985
            when mentions.place = 'front' and mentions.form = 'named' and mentions.n_words > 12 then 0.8
            when mentions.place = 'front' and mentions.form = 'named' then 0.95
            when mentions.place = 'front' and mentions.form = 'ambiguous' then 0.5
            when mentions.place = 'front' and mentions.is_decision then 0.3
            when mentions.place = 'front' and mentions.is_alone then 0.92
            when mentions.place = 'front' and mentions.n_words <= 8 then 0.8
            when mentions.place = 'front' then 0.5
            -- Headers and footers of the pages speak of the document, but may name a firm that made it, or an address.
            when mentions.place = 'running' and mentions.form = 'named' then 0.95
            when mentions.place = 'running' and (mentions.is_decision or mentions.form = 'ambiguous') then 0.3
            when mentions.place = 'running' and mentions.n_words <= 8 then 0.8
            when mentions.place = 'running' then 0.5
        end as line_confidence
    from mentions
    left join line_counts using (report_id, line_seq)
    left join comparing using (report_id, line_seq)
    where
        mentions.form != 'none'
        and (mentions.form != 'ambiguous' or mentions.place in ('front', 'running'))
        and (line_counts.n_municipalities = 1 or mentions.place not in ('front', 'heading', 'running') or mentions.form = 'named')
    union all
    select
        addresses.report_id,
        domains.municipality_code,
        addresses.line_seq,
        addresses.line_text,
        addresses.place,
        case when addresses.place in ('front', 'running') then addresses.place || '_address' else 'text_address' end as rule,
        case when addresses.place in ('front', 'running') then 0.95 end as line_confidence
    from addresses
    inner join domains on strip_accents(addresses.domain) = domains.domain
    union all
    select distinct
        postal_towns.report_id,
        forms.municipality_code,
        postal_towns.line_seq,
        postal_towns.line_text,
        postal_towns.place,
        'postal_address' as rule,
        0.9 as line_confidence
    from postal_towns
    inner join forms on starts_with(postal_towns.town, forms.name_form || ' ')
    union all
    select
        report_id,
        municipality_code,
        null as line_seq,
        file_name as line_text,
        'file_name' as place,
        'file_name' as rule,
        -- A file's name with two places in it compares them, or one of them is a word.
        case when n_municipalities > 1 and form != 'named' then 0.2 when form = 'named' then 0.8 else 0.72 end as line_confidence
    from file_mentions
    where form != 'none'
),

-- Headings and text tell by how often, and by the share of all that is named in the same way.
tier_counts as (
    select
        report_id,
        municipality_code,
        rule,
        max(line_confidence) as line_confidence,
        count(*) as n_mentions,
        count(distinct line_text) as n_lines
    from graded
    group by all
),

tiers as (
    select
        *,
        n_mentions / sum(n_mentions) over (partition by report_id, rule) as share
    from tier_counts
),

weighed as (
    select
        *,
        case
            when rule in ('front_named', 'front_name', 'front_address', 'file_name') then line_confidence
            when rule in ('running_named', 'running_name', 'running_address') then line_confidence
            when share < 0.5 then 0.3 * share
            when rule = 'postal_address' then share * line_confidence
            when rule = 'heading_named' then share * case when n_lines >= 2 then 0.85 else 0.6 end
            when rule = 'text_address' then share * case when n_mentions >= 2 then 0.85 else 0.75 end
            when rule = 'text_named'
                then share * case when n_mentions >= 6 then 0.9 when n_mentions >= 3 then 0.82 when n_mentions = 2 then 0.65 else 0.5 end
            when rule = 'heading_name' then share * case when n_lines >= 3 then 0.78 when n_lines = 2 then 0.7 else 0.45 end
            else share * case when n_mentions >= 10 then 0.6 when n_mentions >= 3 then 0.45 else 0.25 end
        end as confidence
    from tiers
),

-- Kinds of evidence are taken as independent: the odds of two multiply.
strengths as (
    select
        report_id,
        municipality_code,
        1 / product(1 - least(confidence, 0.99)) - 1 as strength,
        string_agg(rule, ', ' order by confidence desc, rule) as rules
    from weighed
    where confidence > 0
    group by all
),

best_lines as (
    select
        graded.report_id,
        graded.municipality_code,
        graded.line_text as evidence,
        graded.place,
        graded.line_seq
    from graded
    inner join weighed using (report_id, municipality_code, rule)
    qualify row_number() over (
            partition by graded.report_id, graded.municipality_code
            order by weighed.confidence desc, graded.line_confidence desc nulls last, graded.line_seq, graded.rule, graded.line_text
        ) = 1
),

ranked as (
    select
        *,
        strength / (1 + sum(strength) over (partition by report_id)) as confidence
    from strengths
)

select
    ranked.report_id,
    ranked.municipality_code,
    ranked.rules as rule,
    best_lines.evidence,
    best_lines.place,
    best_lines.line_seq,
    ranked.confidence
from ranked
inner join best_lines using (report_id, municipality_code)
qualify row_number() over (partition by ranked.report_id order by ranked.confidence desc, ranked.municipality_code) = 1
