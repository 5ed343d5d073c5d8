with
reports as (select * from {{ ref('stg_reports') }}),

overrides as (select * from {{ ref('stg_report_overrides') }}),

municipalities as (select * from {{ ref('municipalities') }}),

metadata as (select * from {{ ref('int_report_metadata') }}),

version_lines as (select * from {{ ref('int_version_lines') }}),

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
        coalesce(municipalities.municipality_code, 'none') as municipality_code,
        places.municipality_code as place_municipality_code,
        case when accepted.body_name is null then accepted.committee end as committee,
        accepted.body_name,
        coalesce(accepted.is_organisation_known, false) as is_organisation_known,
        coalesce(accepted.report_type, 'unknown') as report_type,
        coalesce(overrides.title, reports.title) as title,
        accepted.fiscal_year,
        case when accepted.fiscal_year is not null then accepted.period_start end as period_start,
        case when accepted.fiscal_year is not null then accepted.period_end end as period_end,
        reports.modified_at,
        overrides.version_status as settled_status,
        overrides.decided_on as settled_date,
        overrides.report_id is not null as is_settled_by_hand
    from reports
    left join accepted using (report_id)
    left join municipalities on accepted.municipality_name = municipalities.municipality_name
    left join municipalities as places on accepted.place_municipality_name = places.municipality_name
    left join overrides using (report_id)
),

-- A date is that of this report only if the report can have been made then: plans and budgets before their period ends,
-- all others after it.
version_dates as (
    select
        version_lines.report_id,
        version_lines.version_status,
        version_lines.place,
        version_lines.line_seq,
        version_lines.line_text,
        list_max(list_filter(
            version_lines.printed_dates,
            lambda printed: case
                when known.report_type in ('plan', 'budget')
                    then coalesce(printed between known.period_start - interval 18 month and known.period_end, true)
                else coalesce(printed > known.period_end and printed <= known.period_end + interval 18 month, true)
            end
        )) as printed_on
    from version_lines
    inner join known using (report_id)
),

-- What was decided on a date is decided, whatever word was left standing; without a date the word that claims least counts.
versions as (
    select
        report_id,
        max(printed_on) filter (where version_status in ('decided', 'revised')) as decided_on,
        max(printed_on) as printed_on,
        case
            when decided_on is not null then case when bool_or(version_status = 'revised') then 'revised' else 'decided' end
            else arg_min(version_status, list_position(['draft', 'proposed', 'revised', 'decided'], version_status))
        end as version_status
    from version_dates
    group by report_id
),

status_lines as (
    select version_dates.*
    from version_dates
    inner join versions using (report_id, version_status)
    qualify row_number() over (
            partition by version_dates.report_id
            order by version_dates.place = 'file_name', version_dates.line_seq, version_dates.place
        ) = 1
),

decision_lines as (
    select version_dates.*
    from version_dates
    inner join versions
        on version_dates.report_id = versions.report_id and version_dates.printed_on = versions.decided_on
    where version_dates.version_status in ('decided', 'revised')
    qualify row_number() over (
            partition by version_dates.report_id
            order by version_dates.place = 'file_name', version_dates.line_seq, version_dates.place
        ) = 1
)

select
    known.* exclude (settled_status, settled_date),
    coalesce(known.settled_status, versions.version_status) as version_status,
    case when known.settled_status is null then status_lines.place else 'reports.yml' end as version_place,
    coalesce(known.settled_status, status_lines.line_text) as version_evidence,
    coalesce(known.settled_date, versions.decided_on) as decided_on,
    case when known.settled_date is null then decision_lines.place else 'reports.yml' end as decided_place,
    coalesce(cast(known.settled_date as varchar), decision_lines.line_text) as decided_evidence,
    coalesce(known.settled_date, versions.decided_on, versions.printed_on) as printed_on,
    -- When the report was made: as it prints, else near enough to tell which of two reports is the later one: plans and
    -- budgets before their period, all others after it.
    cast(coalesce(
        known.settled_date, versions.decided_on, versions.printed_on,
        case
            when report_type in ('plan', 'budget', 'tariff') then period_start - interval 30 day
            else period_end + interval 45 day
        end
    ) as date) as stated_on,
    -- The period of a value whose column names none: the fiscal year; an outcome of an interim report is year to date.
    make_date(fiscal_year, 1, 1) as default_start,
    make_date(fiscal_year, 12, 31) as default_end,
    case
        when report_type = 'interim_report' and year(period_start) = fiscal_year and year(period_end) = fiscal_year
            then period_end
        else make_date(fiscal_year, 12, 31)
    end as outcome_end
from known
left join versions using (report_id)
left join status_lines using (report_id)
left join decision_lines using (report_id)
