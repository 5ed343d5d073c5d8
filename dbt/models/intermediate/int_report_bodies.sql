-- Which body that is no municipality's a report is of (a housing association, company, foundation, federation, authority,
-- region, consultant), from every line that names one: the odds of independent kinds of evidence multiply, and a front that
-- names a municipality or a committee by itself is set against them.
with
lines as (select * from {{ ref('int_report_lines') }}),

committees as (select * from {{ ref('int_report_committees') }}),

body_words as (select * from {{ ref('body_words') }}),

organisation_numbers as (select * from {{ ref('organisation_numbers') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

report_types as (select * from {{ ref('report_types') }}),

-- What stands beside a name in a title: the kind of report, its year, the number of the organisation.
title_words as (
    select
        '(?i)(?:^|[^a-zåäöé])(?:' || string_agg(distinct term, '|' order by term)
        || ')[a-zåäö]*(?: (?:och|med|för|av|avseende|samt|till|per)(?: |$))*' as title_pattern
    from report_types
),

edges as (
    select
        *,
        row_number() over (partition by report_id, place order by line_seq) as position,
        lag(line_text) over (partition by report_id, place order by line_seq) as line_above
    from lines
    where place in ('front', 'running') and length(line_text) <= 120
),

-- "Styrelsen för Brf Granbacken får härmed avge årsredovisning" names the body wherever it stands.
statements as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        regexp_extract(line_text, '{{ accounting_body_pattern() }}', 1) as name_text
    from lines
    where contains(line_words, ' styrelsen ') and contains(line_words, ' avge')
),

named_lines as (
    select report_id, line_seq, place, position, line_text, line_text as name_text, 'edge' as source
    from edges
    where not is_decision
    union all
    select report_id, line_seq, place, 1 as position, line_text, name_text, 'statement' as source
    from statements
    where name_text != ''
    union all
    -- "Kommunalförbund" or "Ekonomisk förening" below a name says what it is the name of.
    select
        edges.report_id,
        edges.line_seq,
        edges.place,
        edges.position - 1 as position,
        edges.line_text,
        edges.line_above || ' ' || lower(edges.line_text) as name_text,
        'edge' as source
    from edges
    inner join body_words
        on regexp_replace(trim(edges.line_words), '^(?:ekonomisk|ideell) ', '') = body_words.term and body_words.match = 'ending'
    where length(edges.line_above) <= 60
),

worded as (
    select
        named_lines.*,
        {{ words('named_lines.name_text') }} as name_words,
        trim(regexp_replace(
            regexp_replace(
                regexp_replace(named_lines.name_text, title_words.title_pattern, ' ', 'g'),
                '(?i)org(?:anisations)?\.? ?(?:nr|nummer).*$|(?:^|[^0-9])(?:19|20)\d\d(?:[-/](?:19|20)?\d\d)*|\d{6}-\d{4}|(?:^| )(?:för|räkenskapsåret|verksamhetsåret|sida|sid)(?: |$)', ' ', 'g'
            ), '[ ,.:;|–()\d-]+$|^[ ,.:;|–-]+', '', 'g'
        )) as body_name
    from named_lines
    cross join title_words
),

name_phrases as (
    {{ phrases_of('worded', 'name_words') }}
),

name_endings as (
    select distinct
        name_words,
        word,
        word[i:] as ending
    from (
        select
            name_words,
            word,
            unnest(range(1, length(word) + 1)) as i
        from (select distinct name_words, unnest(string_split(trim(name_words), ' ')) as word from worded)
    )
),

kinds as (
    select name_words, arg_min(kind, rank) as kind
    from (
        select
            name_phrases.name_words,
            body_words.kind,
            struct_pack(weakness := coalesce(list_position(['consultant', 'company'], body_words.kind), 0), term := body_words.term) as rank
        from name_phrases
        inner join body_words on name_phrases.phrase = body_words.term and body_words.match = 'word'
        union all
        select
            name_endings.name_words,
            body_words.kind,
            struct_pack(weakness := coalesce(list_position(['consultant', 'company'], body_words.kind), 0), term := body_words.term) as rank
        from name_endings
        inner join body_words on name_endings.ending = body_words.term and body_words.match = 'ending'
    )
    group by all
),

-- A name is short, begins with a capital (not "enligt SKR"), and is more than the word for a kind of body.
named as (
    select
        worded.*,
        kinds.kind,
        len(string_split(trim(worded.name_words), ' ')) as n_words,
        length(worded.body_name) >= length(worded.name_text) - 3 as is_alone
    from worded
    inner join kinds using (name_words)
    left join body_words on lower(worded.body_name) = body_words.term and body_words.match = 'ending'
    where
        regexp_matches(worded.body_name, '^[A-ZÅÄÖ]')
        and body_words.term is null
        and len(string_split(trim({{ words('worded.body_name') }}), ' ')) <= 9
),

own_phrases as (
    select
        lines.report_id,
        min(body_words.kind) as kind,
        min(lines.line_text) as line_text,
        count(distinct body_words.term) as n_terms
    from lines
    inner join body_words on body_words.match = 'phrase' and contains(lines.line_words, ' ' || body_words.term || ' ')
    where lines.place in ('text', 'front')
    group by all
),

numbers as (
    select
        edges.report_id,
        edges.line_seq,
        edges.place,
        edges.line_text,
        organisation_numbers.kind
    from edges
    inner join organisation_numbers
        on starts_with(regexp_extract(lower(edges.line_text), 'org(?:anisations)?\.? ?-?(?:nr|nummer)[.:]? ?(\d{6}-\d{4})', 1), organisation_numbers.prefix)
    qualify row_number() over (
            partition by edges.report_id order by edges.line_seq, length(organisation_numbers.prefix) desc, organisation_numbers.prefix
        ) = 1
),

graded as (
    select
        report_id,
        body_name,
        kind,
        line_text as evidence,
        place,
        line_seq,
        case
            when source = 'statement' then 'statement'
            when place = 'running' then 'running'
            when is_alone or n_words <= 6 then 'front_alone'
            else 'front_line'
        end as rule,
        case
            when source = 'statement' then 0.95
            -- Who looked into something is told at the edge of its paper, where others thank a printer.
            when place = 'running' and kind = 'consultant' then 0.8
            when place = 'running' then 0.75
            when position <= 6 and is_alone then 0.93
            when position <= 6 and n_words <= 6 then 0.9
            when position <= 6 then 0.75
            else 0.5
        end as confidence
    from named
    union all
    select
        report_id,
        null as body_name,
        kind,
        line_text as evidence,
        place,
        line_seq,
        'organisation_number' as rule,
        0.9 as confidence
    from numbers
    where kind != 'municipality'
    union all
    select
        report_id,
        null as body_name,
        kind,
        line_text as evidence,
        'text' as place,
        null as line_seq,
        'own_words' as rule,
        case when n_terms >= 2 then 0.7 else 0.4 end as confidence
    from own_phrases
),

-- Each kind of evidence counts once, with its best line.
best_rules as (
    select *
    from graded
    qualify row_number() over (
            partition by report_id, rule order by confidence desc, line_seq nulls last, body_name nulls last, evidence
        ) = 1
),

strengths as (
    select
        report_id,
        1 / product(1 - confidence) - 1 as strength,
        string_agg(rule, ', ' order by confidence desc, rule) as rules,
        arg_min(kind, case rule when 'organisation_number' then 2 when 'own_words' then 3 else 1 end - confidence) as kind
    from best_rules
    group by all
),

best_names as (
    select *
    from best_rules
    qualify row_number() over (
            partition by report_id
            order by body_name is null, rule = 'statement' desc, confidence desc, line_seq nulls last, evidence
        ) = 1
),

-- "Tierps kommun" alone on a line is the sender, whoever else is named; so is a committee, but not for one who looks into it.
municipal_lines as (
    select distinct edges.report_id
    from edges
    inner join metadata_words
        on metadata_words.role = 'names_municipality' and ends_with(edges.line_words, ' ' || metadata_words.word || ' ')
    where
        not edges.is_decision and len(string_split(trim(edges.line_words), ' ')) <= 4
        -- "Grundskolan i Ljusdals kommun" is what others write about.
        and not regexp_matches(edges.line_words, ' (?:i|av|för|hos|till) ')
    union
    select report_id
    from numbers
    where kind = 'municipality'
),

review_words as (
    select '^ (?:' || string_agg(word, '|' order by word) || ') ' as review_pattern
    from metadata_words
    where role = 'review'
),

-- An annual report or budget is the municipality's, even where its front names the consultant who audited it.
municipal_kinds as (
    select distinct lines.report_id
    from lines
    inner join metadata_words
        on metadata_words.role = 'whole_municipality'
            and contains(regexp_replace(lower(lines.line_text), '[^a-zåäöé]', '', 'g'), metadata_words.word)
    cross join review_words
    -- "Granskning av delårsrapport" is made by those who look into it.
    where lines.place = 'front' and not regexp_matches(lines.line_words, review_words.review_pattern)
),

committee_lines as (
    select committees.report_id
    from committees
    left join best_names using (report_id)
    where
        committees.rule in ('front_alone', 'front_line', 'running')
        and committees.confidence >= {{ accepted_confidence() }}
        and committees.evidence is distinct from best_names.evidence
)

select
    strengths.report_id,
    best_names.body_name,
    {{ organisation_form('best_names.body_name') }} as body_form,
    strengths.kind as body_kind,
    strengths.rules as rule,
    best_names.evidence,
    best_names.place,
    best_names.line_seq,
    strengths.strength / (
        1 + strengths.strength
        + case
            when municipal_lines.report_id is not null and (strengths.kind != 'consultant' or municipal_kinds.report_id is not null) then 19
            else 0
        end
        + case when strengths.kind != 'consultant' and committee_lines.report_id is not null then 19 else 0 end
    ) as confidence
from strengths
inner join best_names using (report_id)
left join municipal_lines using (report_id)
left join municipal_kinds using (report_id)
left join committee_lines using (report_id)
