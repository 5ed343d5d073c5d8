with
reports as (select * from {{ ref('stg_reports') }}),

overrides as (select * from {{ ref('stg_report_overrides') }}),

municipalities as (select * from {{ ref('municipalities') }}),

metadata as (select * from {{ ref('int_report_metadata') }}),

-- What is not sure enough is not known: the unknown member, and a human is asked (reports_to_settle).
accepted as (
    select
        report_id,
        any_value(value) filter (where attribute = 'municipality') as municipality_name,
        any_value(value) filter (where attribute = 'committee') as committee,
        any_value(value) filter (where attribute = 'body') as body_name,
        any_value(value) filter (where attribute = 'place_municipality') as place_municipality_name,
        bool_or(attribute in ('committee', 'body')) as is_organisation_known,
        any_value(value) filter (where attribute = 'report_type') as report_type,
        try_cast(any_value(value) filter (where attribute = 'fiscal_year') as integer) as fiscal_year,
        try_cast(split_part(any_value(value) filter (where attribute = 'period'), '/', 1) as date) as period_start,
        try_cast(split_part(any_value(value) filter (where attribute = 'period'), '/', 2) as date) as period_end
    from metadata
    where is_accepted
    group by all
),

known as (
    select
        reports.report_id,
        {{ hash_key(['reports.report_id']) }} as report_key,
        reports.file_name,
        reports.sha256,
        reports.page_count,
        reports.extracted_at,
        coalesce(municipalities.municipality_key, 'none') as municipality_key,
        places.municipality_key as place_municipality_key,
        case when accepted.body_name is null then accepted.committee end as committee,
        accepted.body_name,
        coalesce(accepted.is_organisation_known, false) as is_organisation_known,
        coalesce(accepted.report_type, 'unknown') as report_type,
        coalesce(overrides.title, reports.title) as title,
        accepted.fiscal_year,
        case when accepted.fiscal_year is not null then accepted.period_start end as period_start,
        case when accepted.fiscal_year is not null then accepted.period_end end as period_end
    from reports
    left join accepted using (report_id)
    left join municipalities on accepted.municipality_name = municipalities.municipality_name
    left join municipalities as places on accepted.place_municipality_name = places.municipality_name
    left join overrides using (report_id)
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
from known
