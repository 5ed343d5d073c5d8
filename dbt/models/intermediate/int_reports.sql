with
reports as (select * from {{ ref('stg_reports') }}),

headings as (select * from {{ ref('stg_headings') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

cells as (select * from {{ ref('stg_cells') }}),

overrides as (select * from {{ ref('stg_report_overrides') }}),

municipalities as (select * from {{ ref('municipalities') }}),

found_municipalities as (select * from {{ ref('int_report_municipalities') }}),

report_types as (select * from {{ ref('report_types') }}),

lines as (
    select report_id, 1 as place, title as line_text from reports where title is not null
    union all
    select report_id, 2 as place, heading_text as line_text from headings
    union all
    select report_id, 3 as place, paragraph_text as line_text from paragraphs
    union all
    select report_id, 3 as place, value_text as line_text from cells where is_header
),

-- Report type: the words of the title, written with stray spaces or not (Årsboks slut); the headings only if it has none.
type_matches as (
    select
        lines.report_id,
        report_types.report_type,
        report_types.term,
        lines.place,
        report_types.priority
    from lines
    inner join report_types
        on contains(regexp_replace(lower(lines.line_text), '[^a-zåäöé]', '', 'g'), report_types.term)
    where lines.place in (1, 2)
),

-- A word inside a longer one is not meant (årsrapport in delårsrapport).
whole_types as (
    select *
    from type_matches
    where not exists (
        select 1
        from type_matches as longer
        where
            longer.report_id = type_matches.report_id
            and longer.place = type_matches.place
            and longer.term != type_matches.term
            and contains(longer.term, type_matches.term)
    )
),

found_types as (
    select report_id, report_type
    from whole_types
    qualify row_number() over (
        partition by report_id order by place, priority desc, length(term) desc, report_type
    ) = 1
),

-- Committee: a nämnd, styrelse or utskott, in the title, else the one that is named most in headings and text.
committee_mentions as (
    select
        report_id,
        least(place, 2) as place,
        unnest(regexp_extract_all(
            line_text,
            '(?:^|[^A-Za-zÅÄÖåäö])(Nämnden för [A-ZÅÄÖa-zåäö]+(?:(?:,|-| och| samt)? [A-ZÅÄÖa-zåäö]+){0,3}|[A-ZÅÄÖ][A-Za-zåäöÅÄÖ]*(?:(?:-,?|,)? ?(?:(?:och|samt) )?[a-zåäö]+)*?[ -]?(?:nämnden|nämnd|styrelsen|styrelse|utskottet|utskott)s?(?: [A-ZÅÄÖ][a-zåäö]+)?|[A-ZÅÄÖ]+(?:- OCH [A-ZÅÄÖ]+)?(?:NÄMNDEN|STYRELSEN))(?:$|[^a-zåäö])',
            1
        )) as committee
    from lines
),

-- A genitive (Äldrenämndens årsbokslut) and the kind of report behind the name are no part of it.
committee_names as (
    select
        report_id,
        place,
        regexp_replace(
            regexp_replace(
                case when committee = upper(committee) then upper(left(committee, 1)) || lower(committee[2:]) else committee end,
                ' (?:Verksamhet|Års|Bokslut|Delår|Budget|Plan|Tertial|Månad|Uppföljning|Rapport|Intern|Nämnd|Kvalitets|Ekonomi|Mål|Prognos|Helår|Detalj|Innehåll|Sammanfattning)[a-zåäö]*$',
                ''
            ),
            '(nämnden|styrelsen|utskottet|nämnd|styrelse)s\b', '\1'
        ) as committee
    from committee_mentions
),

committee_counts as (
    select report_id, place, committee, count(*) as mentions
    from committee_names
    where committee not in ('Kommunstyrelsen', 'Kommunstyrelse', 'Nämnden', 'Styrelsen', 'Utskottet') or place = 1
    group by all
),

-- Without one in the title, a report about many committees (the annual report of a municipality) is about none of them.
committee_shares as (
    select
        *,
        mentions / sum(mentions) over (partition by report_id, place) as share
    from committee_counts
),

found_committees as (
    select report_id, committee
    from committee_shares
    where
        place = 1
        or (
            mentions >= 2
            and share >= 0.75
            and report_id not in (select report_id from reports where contains(lower(title), 'årsredovisning'))
        )
    qualify row_number() over (partition by report_id order by place, mentions desc, length(committee) desc, committee) = 1
),

-- Years: in the title; without one there, the latest year of an outcome column.
title_periods as (
    select
        report_id,
        lower({{ plain_minus('title') }}) as title_text
    from reports
),

header_years as (
    select
        report_id,
        coalesce(
            max(try_cast(regexp_extract(value_text, '((?:19|20)\d\d)', 1) as integer)) filter (
                where regexp_matches(lower(value_text), '(utfall|bokslut)')
            ),
            max(try_cast(value_text as integer)) filter (where regexp_full_match(value_text, '(?:19|20)\d\d'))
        ) as outcome_year
    from cells
    where is_header
    group by all
),

years as (
    select
        title_periods.report_id,
        title_periods.title_text,
        {{ period_form('title_periods.title_text') }} as title_form,
        coalesce(
            try_cast(nullif(regexp_extract(title_periods.title_text, '(?:^|[^0-9])((?:19|20)\d\d)(?:[^0-9]|$)', 1), '') as integer),
            header_years.outcome_year
        ) as first_year
    from title_periods
    left join header_years using (report_id)
),

bounds as (
    select
        *,
        {{ period_bounds('title_text', 'title_form', 'first_year') }} as title_bounds
    from years
),

found as (
    select
        reports.report_id,
        found_municipalities.municipality_key,
        found_committees.committee,
        coalesce(found_types.report_type, 'unknown') as report_type,
        bounds.first_year,
        coalesce(bounds.title_bounds.first, make_date(bounds.first_year, 1, 1)) as period_start,
        coalesce(bounds.title_bounds.last, make_date(bounds.first_year, 12, 31)) as period_end
    from reports
    left join found_municipalities using (report_id)
    left join found_committees using (report_id)
    left join found_types using (report_id)
    left join bounds using (report_id)
),

override_keys as (
    select
        overrides.*,
        municipalities.municipality_key as override_municipality_key
    from overrides
    left join municipalities
        on lower(regexp_replace(overrides.municipality, ' (kommun|stad)$', '')) = lower(municipalities.municipality_name)
        or overrides.municipality = municipalities.municipality_key
),

settled as (
    select
        reports.report_id,
        {{ hash_key(['reports.report_id']) }} as report_key,
        reports.file_name,
        reports.sha256,
        reports.page_count,
        reports.extracted_at,
        coalesce(override_keys.override_municipality_key, found.municipality_key, '0000') as municipality_key,
        coalesce(override_keys.committee, found.committee) as committee,
        coalesce(override_keys.report_type, found.report_type) as report_type,
        coalesce(override_keys.title, reports.title) as title,
        coalesce(override_keys.fiscal_year, year(override_keys.period_start), found.first_year) as fiscal_year,
        coalesce(
            override_keys.period_start, make_date(override_keys.fiscal_year, 1, 1), found.period_start
        ) as period_start,
        coalesce(override_keys.period_end, make_date(override_keys.fiscal_year, 12, 31), found.period_end) as period_end
    from reports
    left join found using (report_id)
    left join override_keys using (report_id)
)

select
    *,
    -- When the report was made, near enough to tell which of two reports is the later one: plans and budgets before
    -- their period, all others after it.
    case
        when report_type in ('plan', 'budget') then period_start - interval 30 day
        else period_end + interval 45 day
    end as stated_on,
    -- The period of a value whose column names none: the fiscal year; an outcome of an interim report is year to date.
    make_date(fiscal_year, 1, 1) as default_start,
    make_date(fiscal_year, 12, 31) as default_end,
    case
        when report_type = 'interim_report' and year(period_start) = fiscal_year and year(period_end) = fiscal_year
            then period_end
        else make_date(fiscal_year, 12, 31)
    end as outcome_end
from settled
