{{ config(materialized='view') }}

with
indicator_values as (select * from {{ ref('fct_indicator_value') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

periods as (select * from {{ ref('dim_period') }}),

reports as (select * from {{ ref('dim_report') }}),

concepts as (select * from {{ ref('concepts') }}),

usable as (
    select indicator_values.*, reports.stated_on, reports.sha256
    from indicator_values
    inner join reports using (report_key)
    where indicator_values.is_current and entity is null and not is_ambiguous_column and not is_dash
),

-- One target, outcome and status an indicator and period, from whichever reports print them.
targets as (
    select * from usable
    where scenario_key = 'target'
    qualify row_number() over (partition by indicator_key, period_key order by {{ newest_first('usable') }}) = 1
),

outcomes as (
    select * from usable
    where scenario_key = 'actual'
    qualify row_number() over (partition by indicator_key, period_key order by {{ newest_first('usable') }}) = 1
),

statuses as (
    select * from usable
    where scenario_key = 'status'
    qualify row_number() over (partition by indicator_key, period_key order by {{ newest_first('usable') }}) = 1
),

paired as (
    select
        coalesce(targets.indicator_key, outcomes.indicator_key) as indicator_key,
        coalesce(targets.period_key, outcomes.period_key) as period_key,
        targets.value_text as target_text,
        targets.value_numeric as target_value,
        targets.status_key as target_status_key,
        targets.value_bound,
        targets.report_key as target_report_key,
        targets.fact_key as target_fact_key,
        outcomes.value_text as outcome_text,
        outcomes.value_numeric as outcome_value,
        concepts.good_direction,
        targets.unit_key = outcomes.unit_key as is_same_unit,
        outcomes.status_key as outcome_status_key,
        outcomes.report_key as outcome_report_key,
        outcomes.fact_key as outcome_fact_key,
        statuses.status_key as printed_status_key
    from targets
    full outer join outcomes
        on targets.indicator_key = outcomes.indicator_key and targets.period_key = outcomes.period_key
    left join statuses
        on coalesce(targets.indicator_key, outcomes.indicator_key) = statuses.indicator_key
            and coalesce(targets.period_key, outcomes.period_key) = statuses.period_key
    left join indicators on coalesce(targets.indicator_key, outcomes.indicator_key) = indicators.indicator_key
    left join concepts on indicators.concept_key = concepts.concept_key
),

-- Whether a target is met is said only where something printed says so: the status, words on both sides, a bound, or the
-- very same figure. Whether more or less is better is not known from a number, only from the concept that it measures.
judged as (
    select
        *,
        case
            when printed_status_key in ('met', 'yes') then true
            when printed_status_key in ('not_met', 'no', 'partly_met', 'partly') then false
            when target_status_key is not null and outcome_status_key is not null then target_status_key = outcome_status_key
            when value_bound in ('minst', 'min', 'över', '>', '≥') then outcome_value >= target_value
            when value_bound in ('högst', 'max', 'under', '<', '≤') then outcome_value <= target_value
            when outcome_value = target_value then true
            when is_same_unit and good_direction = 'up' then outcome_value >= target_value
            when is_same_unit and good_direction = 'down' then outcome_value <= target_value
        end as is_met,
        case
            when printed_status_key in ('met', 'yes', 'not_met', 'no', 'partly_met', 'partly') then 'printed status'
            when target_status_key is not null and outcome_status_key is not null then 'words'
            when value_bound is not null and outcome_value is not null then 'bound'
            when outcome_value = target_value then 'equal'
            when target_text is null then 'no target'
            when outcome_text is null then 'no outcome'
            when is_same_unit and good_direction in ('up', 'down') and target_value is not null and outcome_value is not null then 'concept'
            else 'direction unknown'
        end as met_basis
    from paired
)

select
    municipalities.municipality_name,
    indicators.organisation_key,
    organisations.committee_name as committee,
    indicators.indicator_key,
    indicators.indicator_name,
    indicators.group_name,
    indicators.section_name,
    indicators.unit_key as unit,
    judged.period_key,
    periods.year,
    judged.target_text,
    judged.target_value,
    judged.outcome_text,
    judged.outcome_value,
    judged.printed_status_key as status_key,
    judged.is_met,
    judged.met_basis,
    target_reports.report_id as target_report_id,
    outcome_reports.report_id as outcome_report_id,
    judged.target_fact_key,
    judged.outcome_fact_key
from judged
inner join indicators using (indicator_key)
inner join organisations using (organisation_key)
inner join municipalities using (municipality_key)
inner join periods using (period_key)
left join reports as target_reports on judged.target_report_key = target_reports.report_key
left join reports as outcome_reports on judged.outcome_report_key = outcome_reports.report_key
where judged.target_text is not null
