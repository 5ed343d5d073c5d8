-- What was found out about each report, attribute by attribute, with the evidence; what reports.yml says goes first.
with
reports as (select * from {{ ref('stg_reports') }}),

overrides as (select * from {{ ref('stg_report_overrides') }}),

municipalities as (select * from {{ ref('municipalities') }}),

lines as (select * from {{ ref('int_report_lines') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

found_municipalities as (select * from {{ ref('int_report_municipalities') }}),

found_committees as (select * from {{ ref('int_report_committees') }}),

found_types as (select * from {{ ref('int_report_types') }}),

found_periods as (select * from {{ ref('int_report_periods') }}),

found_bodies as (select * from {{ ref('int_report_bodies') }}),

-- A report without a committee is of the municipality itself, most surely where its front names a report that only
-- a municipality as a whole makes.
municipal_words as (
    select
        lines.report_id,
        min(lines.line_text) as evidence
    from lines
    inner join metadata_words
        on metadata_words.role = 'whole_municipality'
            and contains(regexp_replace(lower(lines.line_text), '[^a-zåäöé]', '', 'g'), metadata_words.word)
    where lines.place = 'front'
    group by all
),

-- A company, association or foundation is nobody of the municipality, whatever it owns: sure enough it is a body of its
-- own, less surely nobody knows whose the report is. Who settles municipality or committee by hand settles this too.
other_bodies as (
    select
        found_bodies.*,
        found_bodies.confidence >= {{ accepted_confidence() }} and overrides.municipality is null and overrides.committee is null as is_body
    from found_bodies
    left join overrides using (report_id)
    where found_bodies.confidence >= 0.3
),

committees as (
    select
        reports.report_id,
        other_bodies.evidence as other_body,
        -- What a company or consultant says of a committee is not that committee's paper.
        found_committees.confidence >= {{ accepted_confidence() }} and not coalesce(other_bodies.is_body, false) as is_committee,
        coalesce(found_committees.confidence, 0) as committee_confidence,
        found_committees.committee,
        found_committees.rule,
        found_committees.evidence,
        found_committees.place,
        municipal_words.evidence as municipal_evidence,
        -- Who decided or proposed says little; an administration or committee half recognised makes it unsure.
        coalesce(found_committees.rule in ('front_line', 'front_alone'), false) as is_front_candidate
    from reports
    left join found_committees using (report_id)
    left join municipal_words using (report_id)
    left join other_bodies using (report_id)
),

override_municipalities as (
    select
        overrides.report_id,
        overrides.municipality,
        municipalities.municipality_code,
        municipalities.municipality_name
    from overrides
    left join municipalities
        on overrides.municipality = municipalities.municipality_code
            or lower(regexp_replace(overrides.municipality, '(?i) (?:kommun|stad)$', ''))
            in (lower(municipalities.municipality_name), lower(municipalities.municipality_name) || 's')
            or lower(overrides.municipality) = 'region ' || lower(municipalities.municipality_name)
    where overrides.municipality is not null
),

found as (
    select
        reports.report_id,
        'municipality' as attribute,
        municipalities.municipality_name as value,
        found_municipalities.evidence,
        found_municipalities.place,
        coalesce(found_municipalities.rule, 'no municipality named') as rule,
        -- A company's report names its owner.
        coalesce(found_municipalities.confidence, 0)
        * case when other_bodies.report_id is not null and not starts_with(found_municipalities.rule, 'front') then 0.5 else 1 end as confidence
    from reports
    left join found_municipalities using (report_id)
    left join municipalities using (municipality_code)
    left join other_bodies using (report_id)
    where not coalesce(other_bodies.is_body, false)
    union all
    -- A body of its own is no municipality's; the municipality that its report names is its place.
    select
        report_id,
        'municipality' as attribute,
        null as value,
        evidence,
        place,
        'a body of its own' as rule,
        confidence
    from other_bodies
    where is_body
    union all
    select
        report_id,
        'body' as attribute,
        body_name as value,
        evidence,
        place,
        rule,
        confidence
    from other_bodies
    where is_body
    union all
    -- "municipality: none" with a committee names a body.
    select
        override_municipalities.report_id,
        'body' as attribute,
        overrides.committee as value,
        overrides.committee as evidence,
        'reports.yml' as place,
        'reports.yml' as rule,
        1 as confidence
    from override_municipalities
    inner join overrides using (report_id)
    where override_municipalities.municipality_code = 'none' and lower(overrides.committee) != 'none'
    union all
    select
        reports.report_id,
        'place_municipality' as attribute,
        municipalities.municipality_name as value,
        found_municipalities.evidence,
        found_municipalities.place,
        found_municipalities.rule,
        found_municipalities.confidence
    from reports
    inner join other_bodies using (report_id)
    inner join found_municipalities using (report_id)
    inner join municipalities using (municipality_code)
    where other_bodies.is_body
    union all
    select
        report_id,
        'committee' as attribute,
        case when is_committee or municipal_evidence is null then committee end as value,
        case when is_committee then evidence else coalesce(other_body, municipal_evidence, evidence) end as evidence,
        case when is_committee then place when coalesce(other_body, municipal_evidence) is not null then 'front' else place end as place,
        case
            when is_committee then rule
            when other_body is not null then 'a company or association on the front'
            when municipal_evidence is not null then 'report of the municipality itself'
            else coalesce(rule, 'no committee named')
        end as rule,
        case
            when is_committee then committee_confidence
            when other_body is not null then 0.4
            when municipal_evidence is not null and is_front_candidate then 0.6
            when municipal_evidence is not null then 0.9
            when committee is null then 0.5
            else least(committee_confidence, 0.5)
        end as confidence
    from committees
    union all
    select
        reports.report_id,
        'report_type' as attribute,
        found_types.report_type as value,
        found_types.evidence,
        found_types.place,
        coalesce(found_types.rule, 'no word for the kind of report') as rule,
        coalesce(found_types.confidence, 0) as confidence
    from reports
    left join found_types using (report_id)
    union all
    select
        reports.report_id,
        'fiscal_year' as attribute,
        cast(found_periods.fiscal_year as varchar) as value,
        found_periods.evidence,
        found_periods.place,
        coalesce(found_periods.rule, 'no year') as rule,
        coalesce(found_periods.confidence, 0) as confidence
    from reports
    left join found_periods using (report_id)
    union all
    select
        reports.report_id,
        'period' as attribute,
        case
            when found_periods.report_id is not null
                then strftime(found_periods.period_start, '%Y-%m-%d') || '/' || strftime(found_periods.period_end, '%Y-%m-%d')
        end as value,
        coalesce(found_periods.interim_evidence, found_periods.evidence) as evidence,
        coalesce(found_periods.interim_place, found_periods.place) as place,
        coalesce(found_periods.interim_rule, found_periods.rule, 'no year') as rule,
        coalesce(least(found_periods.confidence, found_periods.interim_confidence), 0) as confidence
    from reports
    left join found_periods using (report_id)
    union all
    select
        reports.report_id,
        'interim_date' as attribute,
        strftime(found_periods.interim_date, '%Y-%m-%d') as value,
        found_periods.interim_evidence as evidence,
        found_periods.interim_place as place,
        coalesce(found_periods.interim_rule, 'no date up to which the figures go') as rule,
        coalesce(found_periods.interim_confidence, 0) as confidence
    from reports
    inner join found_types using (report_id)
    left join found_periods using (report_id)
    where found_types.report_type = 'interim_report'
),

override_values as (
    select report_id, 'municipality' as attribute, municipality_name as value, municipality as said from override_municipalities
    union all
    -- "committee: none" says that it is the municipality's own report.
    select
        report_id,
        'committee' as attribute,
        case when lower(committee) != 'none' then committee end as value,
        committee as said
    from overrides
    union all
    select report_id, 'report_type' as attribute, report_type as value, report_type as said from overrides
    union all
    select
        report_id,
        'fiscal_year' as attribute,
        cast(coalesce(fiscal_year, year(period_start), year(period_end)) as varchar) as value,
        cast(coalesce(fiscal_year, year(period_start), year(period_end)) as varchar) as said
    from overrides
    union all
    -- A year that the document prints too says nothing new about its period.
    select
        overrides.report_id,
        'period' as attribute,
        strftime(coalesce(overrides.period_start, make_date(coalesce(overrides.fiscal_year, year(overrides.period_end)), 1, 1)), '%Y-%m-%d')
        || '/'
        || strftime(coalesce(overrides.period_end, make_date(coalesce(overrides.fiscal_year, year(overrides.period_start)), 12, 31)), '%Y-%m-%d')
            as value,
        cast(coalesce(overrides.period_end, overrides.period_start, make_date(overrides.fiscal_year, 12, 31)) as varchar) as said
    from overrides
    left join found_periods using (report_id)
    where
        overrides.period_start is not null
        or overrides.period_end is not null
        or overrides.fiscal_year is distinct from found_periods.fiscal_year
    union all
    select report_id, 'interim_date' as attribute, strftime(period_end, '%Y-%m-%d') as value, cast(period_end as varchar) as said
    from overrides
),

settled as (
    select
        found.report_id,
        found.attribute,
        case when override_values.said is not null then override_values.value else found.value end as value,
        coalesce(override_values.said, found.evidence) as evidence,
        case when override_values.said is not null then 'reports.yml' else found.place end as place,
        case
            when override_values.said is null then found.rule
            when override_values.value is null and found.attribute = 'municipality' then 'reports.yml names no municipality of Sweden'
            else 'reports.yml'
        end as rule,
        case
            when override_values.said is null then found.confidence
            when override_values.value is null and found.attribute = 'municipality' then 0
            else 1
        end as confidence
    from found
    left join override_values
        on found.report_id = override_values.report_id
            and found.attribute = override_values.attribute
            and override_values.said is not null
)

select
    report_id,
    attribute,
    value,
    left(evidence, 300) as evidence,
    place,
    rule,
    cast(round(confidence, 3) as double) as confidence,
    confidence >= {{ accepted_confidence() }} as is_accepted
from settled
