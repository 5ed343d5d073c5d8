{{ config(materialized='view') }}

with
figures as (select * from {{ ref('time_series') }}),

concepts as (select * from {{ ref('concepts') }}),

units as (select * from {{ ref('dim_unit') }}),

inhabitants as (select * from {{ ref('inhabitants') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

reports as (select * from {{ ref('dim_report') }}),

-- What the organisation itself printed as its outcome of a year.
outcomes as (
    select
        figures.*,
        reports.sha256,
        concepts.name as concept_name,
        concepts.area,
        concepts.unit_key as concept_unit,
        concepts.per,
        concepts.scope,
        concepts.good_direction,
        concepts.is_additive,
        indicators.kolada_kpi_id,
        -- A name that prints the same number in another unit (a tax rate in kronor) keeps its number.
        case when units.base_unit_key = concept_units.base_unit_key then units.factor_to_base / concept_units.factor_to_base else 1 end as factor,
        round(figures.value_numeric * factor, 6) as value,
        -- In the unit of the concept as well.
        round(figures.bound_low * factor, 6) as value_low,
        round(figures.bound_high * factor, 6) as value_high,
        {{ is_partial('figures.level', 'figures.committee') }} as is_partial
    from figures
    inner join concepts on figures.concept_key = concepts.concept_key
    inner join indicators using (indicator_key)
    inner join reports using (report_id)
    inner join units on figures.unit_detail = units.unit_key
    inner join units as concept_units on concepts.unit_key = concept_units.unit_key
    where
        figures.scenario = 'actual'
        and figures.period_type = 'year'
        -- Departments have figures of their own, and what is no municipality's is compared with none.
        and figures.level not in ('unit', 'other')
        -- Never a benchmark's figure; the group's only where the concept is about the group.
        and (figures.entity is null or (figures.entity = 'group' and concepts.scope = 'group'))
        and not figures.is_of_which
        and (figures.value_numeric is not null or figures.value_bound is not null)
),

-- One concept may stand under two names; the newest report wins, and must agree with itself.
chosen as (
    select
        *,
        max(value) over same_report - min(value) over same_report > 1e-9 as is_two_values,
        bool_or(is_contradicted) over same_report as is_any_contradicted,
        bool_or(is_misprint) over same_report as is_any_misprint,
        count(*) over same_figure as n_figures,
        count(distinct report_id) over same_figure as n_reports
    from outcomes
    window
        same_report as (partition by concept_key, organisation_key, year, report_id),
        same_figure as (partition by concept_key, organisation_key, year)
    qualify row_number() over (
            partition by concept_key, organisation_key, year
            -- Of one report a number goes before a bound.
            order by {{ newest_first('outcomes', more='outcomes.value is null') }}
        ) = 1
),

judged as (
    select
        *,
        case
            when is_any_contradicted or is_two_values then 'the report prints two different figures'
            when is_any_misprint then 'the figure breaks a sum of its table'
            when value_bound = 'suppressed' then 'the report does not tell the figure'
            when value_bound is not null then 'the report prints a bound, no number'
        end as missing_reason
    from chosen
)

select
    judged.concept_key,
    judged.concept_name,
    judged.area,
    judged.municipality_code,
    judged.municipality_name,
    judged.organisation_key,
    judged.level,
    judged.committee,
    judged.scope,
    judged.is_partial,
    judged.year,
    case when judged.missing_reason is null then judged.value end as value_numeric,
    judged.missing_reason,
    judged.value_bound,
    judged.value_low as bound_low,
    judged.value_high as bound_high,
    judged.concept_unit as unit,
    judged.per,
    judged.good_direction,
    inhabitants.inhabitants,
    inhabitants.inhabitants_basis,
    -- Sums and counts only, and only of a committee that answers for the whole municipality.
    case
        when
            judged.missing_reason is null and judged.is_additive and not judged.is_partial
            then judged.value / nullif(inhabitants.inhabitants, 0)
    end as value_per_inhabitant,
    judged.kolada_kpi_id,
    judged.row_label,
    judged.value_text,
    judged.is_restated,
    cast(judged.n_figures as integer) as figures,
    judged.report_id,
    judged.table_seq,
    judged.row_index,
    judged.col_index,
    judged.fact_key
from judged
left join inhabitants
    on judged.municipality_code = inhabitants.municipality_code
        and judged.year = inhabitants.year
