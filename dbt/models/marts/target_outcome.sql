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

-- A plan assesses nothing: it is made before its period.
statuses as (
    select usable.* from usable
    inner join reports using (report_key)
    where usable.scenario_key = 'status' and reports.report_type not in ('plan', 'budget', 'tariff')
    qualify row_number() over (partition by indicator_key, period_key order by {{ newest_first('usable') }}) = 1
),

paired as (
    select
        coalesce(targets.indicator_key, outcomes.indicator_key) as indicator_key,
        coalesce(targets.period_key, outcomes.period_key) as period_key,
        targets.value_text as target_text,
        targets.value_numeric as target_value_numeric,
        targets.status_key as target_status_key,
        targets.target_bound,
        targets.report_key as target_report_key,
        targets.fact_key as target_fact_key,
        outcomes.value_text as outcome_text,
        outcomes.value_numeric as outcome_value_numeric,
        outcomes.value_bound as outcome_bound,
        -- Between these the outcome is, in the unit of the target; a number is both.
        case when targets.unit_key = outcomes.unit_key then coalesce(outcomes.value_numeric, outcomes.bound_low) end as outcome_low,
        case when targets.unit_key = outcomes.unit_key then coalesce(outcomes.value_numeric, outcomes.bound_high) end as outcome_high,
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

-- Which side of the target is the better one: its own bound says so, else the concept that it measures.
directed as (
    select
        *,
        case
            when target_bound in ('ge', 'gt') then 'up'
            when target_bound in ('le', 'lt') then 'down'
            when is_same_unit then good_direction
        end as direction,
        target_bound in ('gt', 'lt') as is_strict
    from paired
),

-- Whether a target is met is said only where something printed says so: the status, words on both sides, a bound, or the
-- very same figure. Whether more or less is better is not known from a number, only from the concept that it measures.
-- An outcome that is a bound itself (>95) is compared where it settles the matter.
judged as (
    select
        *,
        case
            when printed_status_key in ('met', 'yes') then true
            when printed_status_key in ('not_met', 'no', 'partly_met', 'partly') then false
            when target_status_key is not null and outcome_status_key is not null then target_status_key = outcome_status_key
            when outcome_value_numeric = target_value_numeric and is_same_unit and not coalesce(is_strict, false) then true
            when direction = 'up'
                then case
                        when outcome_low > target_value_numeric or (outcome_low = target_value_numeric and (not coalesce(is_strict, false) or outcome_bound = 'gt')) then true
                        when outcome_high < target_value_numeric or (outcome_high = target_value_numeric and (coalesce(is_strict, false) or outcome_bound = 'lt')) then false
                    end
            when direction = 'down'
                then case
                        when outcome_high < target_value_numeric or (outcome_high = target_value_numeric and (not coalesce(is_strict, false) or outcome_bound = 'lt')) then true
                        when outcome_low > target_value_numeric or (outcome_low = target_value_numeric and (coalesce(is_strict, false) or outcome_bound = 'gt')) then false
                    end
        end as is_met,
        case
            when printed_status_key in ('met', 'yes', 'not_met', 'no', 'partly_met', 'partly') then 'printed status'
            when target_status_key is not null and outcome_status_key is not null then 'words'
            when target_bound is not null and is_met is not null then 'bound'
            when outcome_value_numeric = target_value_numeric and is_same_unit then 'equal'
            when target_text is null then 'no target'
            when outcome_text is null then 'no outcome'
            when is_met is not null then 'concept'
            else 'direction unknown'
        end as met_basis
    from directed
)

select
    municipalities.municipality_code,
    municipalities.municipality_name,
    indicators.organisation_key,
    organisations.committee,
    indicators.indicator_key,
    indicators.indicator_name,
    indicators.group_name as group_label,
    indicators.section,
    indicators.unit_key as unit,
    judged.period_key,
    periods.year,
    judged.target_text,
    judged.target_value_numeric,
    judged.target_bound,
    judged.outcome_text,
    judged.outcome_value_numeric,
    judged.outcome_bound,
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
inner join municipalities using (municipality_code)
inner join periods using (period_key)
left join reports as target_reports on judged.target_report_key = target_reports.report_key
left join reports as outcome_reports on judged.outcome_report_key = outcome_reports.report_key
where judged.target_text is not null
