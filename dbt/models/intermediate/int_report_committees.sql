-- Which committee a report is of: the one on its front, else the one that nearly all of its text is about.
with
reports as (select * from {{ ref('stg_reports') }}),

lines as (select * from {{ ref('int_report_lines') }}),

municipalities as (select * from {{ ref('municipalities') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

-- What may stand behind a name and is no part of it: words for kinds of documents (Samhällsnämnden Sammanträdesprotokoll).
document_words as (
    select ' (?:' || string_agg(upper(left(word, 1)) || word[2:], '|' order by word) || ')[a-zåäö-]*$' as document_pattern
    from metadata_words
    where role = 'document_start'
),

review_words as (
    select '^ (?:' || string_agg(word, '|' order by word) || ') ' as review_pattern
    from metadata_words
    where role = 'review'
),

-- A line in capitals is read as a sentence.
cased as (
    select
        *,
        case
            when line_text = upper(line_text) then upper(left(line_text, 1)) || lower(line_text[2:])
            else line_text
        end as cased_text
    from lines
),

mentions as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        line_words,
        is_decision,
        unnest(regexp_extract_all(cased_text, '(?:^|[^A-Za-zÅÄÖåäö-])({{ committee_pattern() }})(?:$|[^a-zåäö])', 1)) as printed
    from cased
    where contains(line_words, 'nämnd') or contains(line_words, 'styrelse') or contains(line_words, 'utskott')
),

-- "Kommunstyrelsen och socialnämnden" are two, of which the last is taken; the word for the kind of report behind a
-- name, a genitive, a municipality before it and a lower case beginning are no part of it.
trimmed as (
    select
        *,
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(printed, '^.*(?:nämnd|styrelse|utskott)[a-zåäö]* (?:och|samt) ', ''),
                    document_words.document_pattern,
                    ''
                ),
                '^((?i)nämnden för .*?)(?: (?:i|vid|per|under|har|är|ska|kan|som|för|till|med|om) .*|-| och| samt)$', '\1'
            ),
            '((?i)nämnden|styrelsen|utskottet|nämnd|styrelse)s((?-i) [A-ZÅÄÖ]|$)', '\1\2'
        ) as printed_name
    from mentions
    cross join document_words
),

-- "Miljönämnden Falun kommun", "Socialnämnden Lilla Edet": behind a committee stands a district of its name (Hisingen), or
-- the municipality, which is no part of it.
place_behind as (
    select
        split_part(full_name, ' ', 1) as first_word,
        full_name,
        min(municipality_code) as municipality_code
    from (
        select municipality_code, unnest([municipality_name, municipality_name || 's']) as full_name
        from municipalities
    )
    group by all
),

without_municipality as (
    select
        trimmed.* exclude (printed_name),
        case
            when municipalities.municipality_code is not null then substr(printed_name, length(split_part(printed_name, ' ', 1)) + 2)
            when place_behind.municipality_code is not null then regexp_replace(printed_name, ' [^ ]+$', '')
            else printed_name
        end as printed_name
    from trimmed
    left join municipalities
        on lower(split_part(trimmed.printed_name, ' ', 1)) in (lower(municipalities.municipality_name), lower(municipalities.municipality_name) || 's')
            and contains(trimmed.printed_name, ' ')
    left join place_behind
        on regexp_extract(trimmed.printed_name, ' ([^ ]+)$', 1) = place_behind.first_word
            and contains(trimmed.line_words, {{ words('place_behind.full_name') }})
),

found as (
    select
        * exclude (printed_name),
        upper(left(printed_name, 1)) || printed_name[2:] as committee,
        {{ organisation_form('printed_name') }} as committee_form
    from without_municipality
    where length(printed_name) >= 6
),

kept as (
    select *
    from found
    where
        not ends_with(committee_form, 'fullmäktige')
        and committee_form not in (
            select {{ organisation_form('metadata_words.word') }}
            from metadata_words
            where role = 'not_committee'
        )
),

-- A decision, a proposal ("Kommunstyrelsens förslag till budget") or a receiver on the front is no sender.
fronts as (
    select
        report_id,
        committee,
        committee_form,
        line_text as evidence,
        line_seq,
        case
            when is_decision then 'front_decision'
            when {{ organisation_form('line_text') }} = committee_form then 'front_alone'
            else 'front_line'
        end as rule,
        case
            when is_decision or length(line_text) > 120 then 0.4
            -- "Granskning av socialnämnden" is about it, not by it.
            when regexp_matches(line_words, review_words.review_pattern) then 0.3
            when regexp_matches(line_words, ' (?:förslag|förslaget|antagen av|beslutad av|fastställd av|godkänd av|till kommun\S+) ') then 0.3
            when {{ organisation_form('line_text') }} = committee_form then 0.97
            when count(distinct committee_form) over (partition by report_id, line_seq) > 1 then 0.5
            -- The office under kommunstyrelsen makes the reports of the whole municipality too.
            when regexp_matches(line_words, ' kommunstyrelsens (?:förvaltning|kontor|stab|ledning)') then 0.5
            else 0.93
        end as confidence
    from kept
    cross join review_words
    where place = 'front'
),

-- An administration or sector that stands alone on the front acts as a committee does.
administrations as (
    select
        report_id,
        line_text as committee,
        {{ organisation_form('line_text') }} as committee_form,
        line_text as evidence,
        line_seq,
        'front_administration' as rule,
        0.75 as confidence
    from lines
    where
        place = 'front'
        and not is_decision
        and not regexp_matches(line_words, 'ledningskontor|ledningsförvaltning|ekonomikontor|stadskontor|kommunkontor|kansli')
        and regexp_full_match(
            line_text,
            '(?:[A-ZÅÄÖa-zåäö]+-? (?:och|samt|o|&) )?[A-ZÅÄÖa-zåäö]{3,}(?:förvaltningen|kontoret)|(?:Sektor|SEKTOR|Förvaltningen för) [A-ZÅÄÖa-zåäö][A-ZÅÄÖa-zåäö ,-]{2,40}'
        )
),

-- Headings and text: the committee that they are nearly all about, but kommunstyrelsen, which is named everywhere.
-- The annual report of a municipality is about all of them.
counted as (
    select
        kept.report_id,
        kept.committee_form,
        -- Of the spellings the most frequent; of a tie the definite form, which is the longer.
        arg_max(kept.committee, kept.n * 100 + least(length(kept.committee), 99)) as committee,
        arg_min(kept.line_text, kept.line_seq) as evidence,
        min(kept.line_seq) as line_seq,
        sum(kept.n) as mentions
    from (
        select report_id, committee_form, committee, min(line_text) as line_text, min(line_seq) as line_seq, count(*) as n
        from kept
        where place not in ('front', 'running') and committee_form != 'kommunstyrelse'
        group by all
    ) as kept
    group by kept.report_id, kept.committee_form
),

municipal as (
    select distinct lines.report_id
    from lines
    where
        lines.place = 'front'
        and regexp_matches(regexp_replace(lower(lines.line_text), '[^a-zåäöé]', '', 'g'), '(?:^|[^l])årsredovisning')
),

frequent as (
    select
        counted.report_id,
        counted.committee,
        counted.committee_form,
        counted.evidence,
        counted.line_seq,
        'text_share' as rule,
        case
            when municipal.report_id is not null then 0.3
            when counted.mentions >= 2 and counted.mentions / sum(counted.mentions) over (partition by counted.report_id) >= 0.75
                then case when counted.mentions >= 4 then 0.78 else 0.72 end
            else 0.4 * counted.mentions / sum(counted.mentions) over (partition by counted.report_id)
        end as confidence
    from counted
    left join municipal using (report_id)
),

-- A header of all pages that names one committee, and no other header does.
runnings as (
    select
        report_id,
        committee,
        committee_form,
        line_text as evidence,
        line_seq,
        'running' as rule,
        case when is_decision or count(distinct committee_form) over (partition by report_id) > 1 then 0.4 else 0.85 end as confidence
    from kept
    where place = 'running'
),

candidates as (
    select * from runnings
    union all
    select * from fronts
    union all
    select * from administrations
    union all
    select * from frequent
)

select
    report_id,
    committee,
    committee_form,
    rule,
    evidence,
    case rule when 'text_share' then 'text' when 'running' then 'running' else 'front' end as place,
    line_seq,
    confidence
from candidates
where report_id in (select report_id from reports)
qualify row_number() over (partition by report_id order by confidence >= 0.9 desc, case when confidence >= 0.9 then line_seq end, confidence desc, line_seq, committee) = 1
