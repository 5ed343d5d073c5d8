-- What kind of report it is, by the words of its front; without one there, by headings or the file's name.
with
reports as (select * from {{ ref('stg_reports') }}),

lines as (select * from {{ ref('int_report_lines') }}),

report_types as (select * from {{ ref('report_types') }}),

texts as (
    select report_id, line_seq, place, line_text, replace(regexp_replace(lower(line_text), '[^a-zåäöé]', '', 'g'), 'ss', 's') as letters, false as is_plain
    from lines
    where place in ('front', 'heading', 'running') and not is_decision and length(line_text) <= 160
    union all
    -- File names are written without å, ä and ö as often as with them.
    select
        report_id,
        null as line_seq,
        'file_name' as place,
        file_name as line_text,
        regexp_replace(strip_accents(lower(nfc_normalize(regexp_extract(file_name, '([^/]*)\.[^./]*$', 1)))), '[^a-z]', '', 'g') as letters,
        true as is_plain
    from reports
),

matches as (
    select
        texts.*,
        report_types.report_type,
        report_types.term,
        report_types.priority,
        strpos(texts.letters, report_types.term) as term_position,
        try_cast(nullif(regexp_extract(
            lower(texts.line_text),
            right(report_types.term, 6) || '[a-zåäö]{0,3}[^0-9a-zåäö]*((?:19|20)\d\d)', 1
        ), '') as integer) as term_year
    from texts
    inner join report_types
        -- Compounds are printed with an s too many or a space (Årsboks slut).
        on contains(texts.letters, replace(case when texts.is_plain then strip_accents(report_types.term) else report_types.term end, 'ss', 's'))
),

-- A word inside a longer one is not meant (årsrapport in delårsrapport).
whole as (
    select *
    from matches
    where not exists (
            select 1
            from matches as longer
            where
                longer.report_id = matches.report_id
                and longer.place = matches.place
                and longer.line_seq is not distinct from matches.line_seq
                and longer.term != matches.term
                and contains(longer.term, matches.term)
        )
),

-- "Bokslut 2023" on the front of a budget for 2025 is what the budget starts from.
latest as (
    select report_id, place, max(term_year) filter (where report_type in ('plan', 'budget')) as plan_year
    from whole
    group by all
),

graded as (
    select
        whole.*,
        case whole.place when 'front' then 0.97 when 'running' then 0.85 when 'file_name' then 0.72 else 0.5 end
        - case when whole.place = 'front' and whole.priority < 20 then 0.4 else 0 end as confidence
    from whole
    inner join latest using (report_id, place)
    where not coalesce(whole.report_type = 'annual_report' and whole.term_year < latest.plan_year, false)
)

select
    report_id,
    report_type,
    term,
    'term: ' || term as rule,
    line_text as evidence,
    place,
    line_seq,
    confidence
from graded
qualify row_number() over (
        partition by report_id
        order by place = 'front' desc, place = 'running' desc, place = 'file_name' desc, priority desc, line_seq, term_position, length(term) desc, report_type, term
    ) = 1
