{{ config(materialized='view') }}

with
figures as (select * from {{ ref('time_series') }}),

concepts as (select * from {{ ref('concepts') }}),

units as (select * from {{ ref('dim_unit') }}),

inhabitants as (select * from {{ ref('inhabitants') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

reports as (select * from {{ ref('dim_report') }}),

prices as (select * from {{ ref('price_index') }}),

statistic_values as (select * from {{ ref('fct_statistic') }}),

comparisons as (select * from {{ ref('statistic_comparison') }}),

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
        concepts.inhabitants_key,
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
),

-- The groups of inhabitants that some figures are divided by.
age_groups as (
    select statistic_key as inhabitants_key, municipality_code, year, value_numeric as inhabitants
    from statistic_values
    where
        gender = 'T'
        and is_current
        and value_numeric is not null
        and statistic_key in (select concepts.inhabitants_key from concepts)
),

per_inhabitant as (
    select
        judged.*,
        inhabitants.inhabitants,
        inhabitants.inhabitants_basis,
        case when judged.inhabitants_key is null then inhabitants.inhabitants_as_divided else age_groups.inhabitants end as divisor,
        case
            when judged.missing_reason is not null then judged.missing_reason
            when not judged.is_additive then 'no sum'
            when judged.is_partial then 'a part of the municipality'
            when judged.inhabitants_key is not null and age_groups.inhabitants is null then 'inhabitants of the age group not known'
            when inhabitants.inhabitants is null and judged.inhabitants_key is null then 'inhabitants not known'
            when divisor is null then 'no municipality of its own that year'
        end as per_inhabitant_missing_reason
    from judged
    left join inhabitants using (municipality_code, year)
    left join age_groups using (inhabitants_key, municipality_code, year)
),

links as (
    select
        concept_key,
        kolada_kpi_id as statistic_key,
        1 as link_rank
    from concepts
    where kolada_kpi_id is not null
    union all
    select
        concept_key,
        statistic_key,
        2 as link_rank
    from concepts
    where statistic_key is not null
),

-- Of the statistics of a concept the one that has a value, Kolada's own id before the other.
linked as (
    select
        per_inhabitant.concept_key,
        per_inhabitant.organisation_key,
        per_inhabitant.year,
        links.statistic_key,
        comparisons.similar_median,
        comparisons.similar_rank,
        comparisons.similar_count,
        comparisons.county_value,
        comparisons.country_value,
        comparisons.compared_value,
        comparisons.compared_unit,
        comparisons.source_key,
        comparisons.edition,
        comparisons.is_raw and not comparisons.is_additive as is_raw
    from per_inhabitant
    inner join links using (concept_key)
    left join comparisons
        on links.statistic_key = comparisons.statistic_key
            and per_inhabitant.municipality_code = comparisons.municipality_code
            and per_inhabitant.year = comparisons.year
    qualify row_number() over (
            partition by per_inhabitant.concept_key, per_inhabitant.organisation_key, per_inhabitant.year
            order by comparisons.compared_value is null, links.link_rank
        ) = 1
),

published_years as (
    select statistic_key, list(distinct year) as years
    from comparisons
    group by all
),

compared as (
    select
        per_inhabitant.*,
        linked.* exclude (concept_key, organisation_key, year),
        case
            when linked.statistic_key is null then 'no statistic'
            when
                per_inhabitant.is_partial
                or (per_inhabitant.scope != 'inhabitants' and per_inhabitant.level = 'committee')
                then 'other scope'
            when published_years.years is null then 'not fetched'
            when not list_contains(published_years.years, per_inhabitant.year) then 'year not published'
            when linked.compared_value is null then 'no value of the municipality'
        end as comparison_missing_reason
    from per_inhabitant
    left join linked using (concept_key, organisation_key, year)
    left join published_years using (statistic_key)
)

select
    compared.concept_key,
    compared.concept_name,
    compared.area,
    compared.municipality_code,
    compared.municipality_name,
    compared.organisation_key,
    compared.level,
    compared.committee,
    compared.scope,
    compared.is_partial,
    compared.year,
    case when compared.missing_reason is null then compared.value end as value_numeric,
    compared.missing_reason,
    compared.value_bound,
    compared.value_low as bound_low,
    compared.value_high as bound_high,
    compared.concept_unit as unit,
    compared.per,
    compared.good_direction,
    cast(compared.inhabitants as integer) as inhabitants,
    compared.inhabitants_basis,
    compared.inhabitants_key,
    -- Sums and counts only, and only of a committee that answers for the whole municipality.
    case when compared.per_inhabitant_missing_reason is null then compared.value / nullif(compared.divisor, 0) end as value_per_inhabitant,
    compared.per_inhabitant_missing_reason,
    case when compared.concept_unit = 'kr' and compared.missing_reason is null then round(compared.value * prices.factor_to_price_year, 2) end as value_fixed_prices,
    case when compared.concept_unit = 'kr' then prices.price_year end as price_year,
    case
        when compared.concept_unit != 'kr' then 'no amount'
        when compared.missing_reason is not null then compared.missing_reason
        when prices.price_year is null then 'year not published'
    end as fixed_prices_missing_reason,
    compared.statistic_key,
    case when compared.comparison_missing_reason is null then compared.compared_value end as compared_value,
    case when compared.comparison_missing_reason is null then compared.compared_unit end as compared_unit,
    case when compared.comparison_missing_reason is null then compared.similar_median end as similar_median,
    case when compared.comparison_missing_reason is null then compared.similar_rank end as similar_rank,
    case when compared.comparison_missing_reason is null then compared.similar_count end as similar_count,
    case when compared.comparison_missing_reason is null then compared.county_value end as county_value,
    case when compared.comparison_missing_reason is null then compared.country_value end as country_value,
    compared.comparison_missing_reason,
    case when compared.comparison_missing_reason is null then compared.source_key end as source_key,
    case when compared.comparison_missing_reason is null then compared.edition end as edition,
    case when compared.comparison_missing_reason is null then compared.is_raw end as is_raw,
    compared.kolada_kpi_id,
    compared.row_label,
    compared.value_text,
    compared.is_restated,
    cast(compared.n_figures as integer) as figures,
    compared.report_id,
    compared.table_seq,
    compared.row_index,
    compared.col_index,
    compared.fact_key
from compared
left join prices using (year)
