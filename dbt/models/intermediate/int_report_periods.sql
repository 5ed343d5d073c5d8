-- Fiscal year and period of a report: the year beside the word for its kind, else another year of the front, else the
-- headers of its tables, else the file's name. Dates of decisions and reference numbers are no years.
with
reports as (select * from {{ ref('stg_reports') }}),

lines as (select * from {{ ref('int_report_lines') }}),

types as (select * from {{ ref('int_report_types') }}),

fronts as (
    select
        lines.report_id,
        lines.line_seq,
        lines.line_text,
        lines.place,
        types.report_type,
        lower(lines.line_text) as plain_text,
        regexp_replace(lower(lines.line_text), '[^a-zåäöé]', '', 'g') as letters,
        types.term
    from lines
    left join types using (report_id)
    where lines.place in ('front', 'running') and not lines.is_decision and length(lines.line_text) <= 160
),

-- What looks like a year and is none: dates, reference numbers (KS 2023/00456, SN-2023-112), paragraphs, telephones.
cleaned as (
    select
        *,
        regexp_replace(
            regexp_replace(
                lower(regexp_replace(
                    line_text,
                    '(?i:dnr|diarienr|diarienummer|§)[ .:]*\S+( \d[\d/:-]*)?|(?:^|[^A-Za-zÅÄÖåäö])[A-ZÅÄÖ]{2,5}[ -]?\d{4}(?:[/:]\d+|-\d{5,}|-\d{3}(?:[^0-9]|$))(?:[-/.]\d+)*|\d{4}[/:]\d{3,}(?:[^0-9]|$)|\d{4} ?- ?\d{5,}',
                    ' ', 'g'
                )),
                '(?:19|20)\d\d-\d\d-\d\d', ' ', 'g'
            ),
            '\d{1,2} (?:{{ month_pattern() }}) (?:19|20)\d\d', ' ', 'g'
        ) as year_text
    from fronts
),

front_years as (
    select
        *,
        list_transform(
            regexp_extract_all(regexp_replace(year_text, '[^0-9]', '  ', 'g'), '(?:^| )((?:19|20)\d\d)(?: |$)', 1),
            lambda year: cast(year as integer)
        ) as years,
        try_cast(nullif(regexp_extract(year_text, right(term, 6) || '[a-zåäö]{0,3}[^0-9a-zåäö]*((?:19|20)\d\d)', 1), '') as integer) as term_year,
        contains(letters, term) as has_term,
        regexp_full_match(trim(year_text), '(?:år )?(?:19|20)\d\d(?: ?[-/] ?(?:\d{4}|\d{2}))?') as is_year_alone,
        regexp_matches(letters, '(?:plan|budget|evp|mål|inriktning)') as is_plan_line
    from cleaned
),

-- The year of the date up to which an interim report goes counts as a year where the line prints no other.
dated as (
    select
        *,
        try_cast(nullif(regexp_extract(plain_text, '((?:19|20)\d\d)-\d\d-\d\d', 1), '') as integer) as iso_year,
        try_cast(nullif(regexp_extract(plain_text, '\d{1,2} (?:{{ month_pattern() }}) ((?:19|20)\d\d)', 1), '') as integer) as date_year
    from front_years
),

year_candidates as (
    select
        report_id,
        line_seq,
        line_text as evidence,
        place,
        case
            when has_term and term_year is not null then 'year behind the word for the report'
            when has_term and len(years) > 0 then 'year in the line of the word for the report'
            when is_year_alone then 'year alone on a line'
            when len(years) > 0 then 'year on the front'
            else 'date in the line of the word for the report'
        end as rule,
        case
            when has_term and term_year is not null then term_year
            when len(years) > 0 then years[1]
            else coalesce(iso_year, date_year)
        end as fiscal_year,
        case
            when place = 'running' then 0.8
            when has_term and term_year is not null then 0.98
            when has_term and len(list_distinct(years)) = 1 then 0.97
            when has_term and len(years) > 0 then 0.9
            when is_year_alone then 0.96
            when len(list_distinct(years)) = 1 then 0.88
            when len(years) > 0 then 0.75
            else 0.85
        end as confidence
    from dated
    where
        -- A year in a footer may be that of printing.
        (place = 'front' or has_term)
        and (
            len(years) > 0
            or (
                (
                    has_term
                    or regexp_matches(plain_text, '(?:^|[^a-zåäö])(?:per|t\.?o\.?m\.?|till och med|period)')
                    -- A date alone is that of the figures where it ends a month, else that of the document.
                    or (report_type = 'interim_report' and regexp_full_match(trim(plain_text), '(?:19|20)\d\d-\d\d-(?:28|29|30|31)'))
                )
                and report_type is distinct from 'plan'
                and report_type is distinct from 'budget'
                and coalesce(iso_year, date_year) is not null
            )
        )
),

headers as (
    select
        lines.report_id,
        lines.line_seq,
        lines.line_text,
        lower(lines.line_text) as plain_text,
        types.report_type,
        try_cast(nullif(regexp_extract(lines.line_text, '(?:^|[^0-9])((?:19|20)\d\d)(?:[^0-9]|$)', 1), '') as integer) as header_year
    from lines
    left join types using (report_id)
    where lines.place = 'header'
),

-- Without a year on the front: the latest outcome, or in a plan the first year that is budgeted.
header_years as (
    select
        report_id,
        coalesce(
            max(header_year) filter (
                where report_type in ('plan', 'budget')
                and regexp_matches(plain_text, 'budget|ram')
                and not regexp_matches(plain_text, 'utfall|bokslut')
            ),
            max(header_year) filter (where regexp_matches(plain_text, 'utfall|bokslut|redovis')),
            max(header_year) filter (where regexp_full_match(trim(plain_text), '(?:19|20)\d\d'))
        ) as fiscal_year
    from headers
    group by all
),

file_years as (
    select
        report_id,
        file_name,
        list_transform(
            regexp_extract_all(
                regexp_replace(regexp_extract(file_name, '([^/]*)\.[^./]*$', 1), '[^0-9]+', '  ', 'g'), '(?:^| )((?:19|20)\d\d)(?: |$)', 1
            ),
            lambda year: cast(year as integer)
        ) as years
    from reports
),

all_years as (
    select report_id, line_seq, evidence, place, rule, fiscal_year, confidence, 1 as tier from year_candidates
    union all
    select
        header_years.report_id,
        null as line_seq,
        (
            select min(headers.line_text)
            from headers
            where headers.report_id = header_years.report_id and headers.header_year = header_years.fiscal_year
        ) as evidence,
        'header' as place,
        'year of the column headers' as rule,
        header_years.fiscal_year,
        case when list_contains(file_years.years, header_years.fiscal_year) then 0.88 else 0.75 end as confidence,
        2 as tier
    from header_years
    inner join file_years using (report_id)
    where header_years.fiscal_year is not null
    union all
    select
        report_id,
        null as line_seq,
        file_name as evidence,
        'file_name' as place,
        'year of the file name' as rule,
        years[1] as fiscal_year,
        case when len(list_distinct(years)) = 1 then 0.72 else 0.7 end as confidence,
        -- A single year of a file's name is its report's; headers may print years before and after.
        case when len(list_distinct(years)) = 1 then 2 else 3 end as tier
    from file_years
    where len(years) > 0
),

chosen as (
    select *
    from all_years
    where fiscal_year between 1990 and 2060
    qualify row_number() over (
            partition by report_id order by tier, confidence desc, line_seq, place, fiscal_year
        ) = 1
),

-- Years of a plan: to the last year that the front names in a line of plans.
plan_ends as (
    select
        front_years.report_id,
        -- Vision 2030 and översiktsplan 2040 are of another kind: a budget plans for no more than four years ahead.
        max(list_max(list_filter(front_years.years, lambda year: year <= chosen.fiscal_year + 4))) as last_year
    from front_years
    inner join chosen using (report_id)
    where front_years.report_type in ('plan', 'budget') and len(front_years.years) > 0 and (front_years.is_plan_line or front_years.is_year_alone)
    group by all
),

-- "Kvalitetsberättelse läsåret 2023/24" goes from July to June; its fiscal year is the first.
school_lines as (
    select
        fronts.*,
        chosen.fiscal_year,
        {{ period_form('fronts.plain_text') }} as form
    from fronts
    inner join chosen using (report_id, line_seq)
    where contains(fronts.plain_text, 'läsår')
),

school_years as (
    select report_id, {{ period_bounds('plain_text', 'form', 'fiscal_year') }} as bounds
    from school_lines
    where form = 'school_year'
),

-- --- the date of an interim report --------------------------------------------------------------------------------

period_lines as (
    select report_id, line_seq, line_text, place, 1 as tier, plain_text, contains(letters, term) as has_term from fronts
    where report_type = 'interim_report' and (place = 'front' or contains(letters, term))
    union all
    select report_id, line_seq, line_text, 'header' as place, 2 as tier, plain_text, false as has_term from headers
    where report_type = 'interim_report' and regexp_matches(plain_text, 'utfall|ack|period|redovis|budget|bokslut|^jan')
    union all
    select lines.report_id, lines.line_seq, lines.line_text, lines.place, 3 as tier, lower(lines.line_text) as plain_text, false as has_term
    from lines
    inner join types using (report_id)
    where
        types.report_type = 'interim_report'
        and lines.place in ('heading', 'text')
        and length(lines.line_text) <= 400
        and regexp_matches(lower(lines.line_text), 'jan|per |till och med|t\.?o\.?m|efter |3[01]')
),

-- "1 januari - 31 augusti 2024", "Kvartalsrapport 1", "andra tertialet" in the words of the other forms.
reworded as (
    select
        period_lines.* exclude (plain_text),
        chosen.fiscal_year,
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(
                                period_lines.plain_text,
                                '({{ month_pattern() }}) (?:till(?: och med)?|t\.?o\.?m\.?) (?:den )?(?:\d{1,2} )?({{ month_pattern() }})', '\1-\2'
                            ),
                            '(?:^|[^0-9])1 (januari)(?: (?:19|20)\d\d)? ?(?:-|till(?: och med)?|t\.?o\.?m\.?) ?(?:28|29|30|31) ({{ month_pattern() }})',
                            ' \1-\2'
                        ),
                        'kvartal[a-zåäö]+ ([1-4])', 'kvartal \1'
                    ),
                    '(?:första|1:a) (kvartal|tertial|halvår)(?:et)?', '\1 1'
                ),
                '(?:andra|2:a) (kvartal|tertial|halvår)(?:et)?', '\1 2'
            ),
            '(?:tredje|3:e) (kvartal|tertial)(?:et)?', '\1 3'
        ) as plain_text
    from period_lines
    inner join chosen using (report_id)
),

forms as (
    select
        *,
        {{ period_form('plain_text') }} as form
    from reworded
),

bounds as (
    select *, {{ period_bounds('plain_text', 'form', 'fiscal_year') }} as bounds
    from forms
    where
        form in ('iso_range', 'date_range', 'month_years', 'iso_months', 'parts', 'quarter', 'half_year', 'tertial', 'month_range', 'iso_date', 'day_month', 'to_month', 'month', 'year_month')
        -- On the front a date that ends no month is that of the document or a decision.
        and (
            tier != 1
            or form not in ('iso_date', 'day_month')
            or has_term
            or regexp_matches(plain_text, '(?:-|[^0-9])(?:28|29|30|31)(?:[^0-9]|$)')
        )
        and (tier != 3 or form in ('iso_range', 'date_range', 'month_range', 'day_month', 'to_month'))
),

interim as (
    select
        report_id,
        line_seq,
        line_text as evidence,
        place,
        tier,
        'interim date: ' || form as rule,
        -- Monthly and tertial figures are year to date; quarters and half-years stand for themselves.
        case when form in ('quarter', 'half_year', 'iso_range', 'date_range') then bounds.first else make_date(fiscal_year, 1, 1) end as first_day,
        bounds.last as last_day,
        case tier when 1 then 0.95 when 2 then 0.78 else 0.72 end as confidence,
        has_term,
        count(*) over (partition by report_id, tier, bounds.last) as n_same
    from bounds
    where year(bounds.last) = fiscal_year and bounds.first <= bounds.last
),

interim_chosen as (
    select *
    from interim
    -- Of headers and text the date that most of them print.
    qualify row_number() over (
            partition by report_id
            order by tier, has_term desc, case when tier > 1 then -n_same else 0 end, case when tier > 1 then last_day end desc, line_seq, last_day
        ) = 1
)

select
    chosen.report_id,
    chosen.fiscal_year,
    chosen.rule,
    chosen.evidence,
    chosen.place,
    chosen.line_seq,
    chosen.confidence,
    coalesce(interim_chosen.first_day, school_years.bounds.first, make_date(chosen.fiscal_year, 1, 1)) as period_start,
    coalesce(
        interim_chosen.last_day,
        school_years.bounds.last,
        make_date(greatest(coalesce(plan_ends.last_year, chosen.fiscal_year), chosen.fiscal_year), 12, 31)
    ) as period_end,
    interim_chosen.last_day as interim_date,
    interim_chosen.rule as interim_rule,
    interim_chosen.evidence as interim_evidence,
    interim_chosen.place as interim_place,
    interim_chosen.confidence as interim_confidence
from chosen
left join plan_ends using (report_id)
left join school_years using (report_id)
left join interim_chosen using (report_id)
