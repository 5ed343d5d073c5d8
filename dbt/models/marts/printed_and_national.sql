{{ config(materialized='view') }}

with
figures as (select * from {{ ref('time_series') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

concepts as (select * from {{ ref('concepts') }}),

units as (select * from {{ ref('units') }}),

statistics as (select * from {{ ref('dim_statistic') }}),

statistic_values as (select * from {{ ref('fct_statistic') }}),

comparisons as (select * from {{ ref('statistic_comparison') }}),

changes as (select * from {{ source('outside', 'municipality_change') }}),

-- What an organisation printed as its own outcome of a year, in the unit of its concept.
printed as (
    select
        figures.figure_key,
        figures.municipality_code,
        figures.municipality_name,
        figures.level,
        figures.committee,
        figures.year,
        figures.row_label,
        figures.value_text,
        figures.report_id,
        figures.table_seq,
        figures.row_index,
        figures.col_index,
        figures.fact_key,
        figures.is_contradicted or figures.is_misprint as is_doubtful,
        indicators.concept_key,
        indicators.concept_name,
        indicators.kolada_kpi_id,
        concepts.per,
        coalesce(concepts.unit_key, figures.unit_detail) as unit_key,
        -- A name that prints the same number in another unit (a tax rate in kronor) keeps its number.
        case when printed_units.base_unit_key = concept_units.base_unit_key then printed_units.factor_to_base / concept_units.factor_to_base else 1 end as factor,
        figures.value_numeric * factor as printed_value,
        -- Digits behind the comma, zeros too; three behind a mark may be thousands, so there those of the number count.
        regexp_extract(figures.value_text, '[,.](\d+)\D*$', 1) as last_digits,
        greatest(
            length(regexp_extract(cast(figures.value_numeric as varchar), '\.(\d*?)0*$', 1)),
            case when figures.is_composite or length(last_digits) = 3 then 0 else length(last_digits) end
        ) as n_decimals,
        0.5 * pow(10, -n_decimals) * factor as rounding,
        {{ is_partial('figures.level', 'figures.committee') }}
        or not (coalesce(concepts.scope, 'organisation') = 'inhabitants' or figures.level in ('municipality', 'group')) as is_other_scope
    from figures
    inner join indicators using (indicator_key)
    inner join units as printed_units on figures.unit_detail = printed_units.unit_key
    left join concepts on indicators.concept_key = concepts.concept_key
    left join units as concept_units on concepts.unit_key = concept_units.unit_key
    where
        (indicators.concept_key is not null or indicators.kolada_kpi_id is not null)
        and figures.scenario = 'actual'
        and figures.period_type = 'year'
        and figures.level not in ('unit', 'other')
        and (figures.entity is null or (figures.entity = 'group' and concepts.scope = 'group'))
        and not figures.is_of_which
        and figures.value_numeric is not null
),

links as (
    select figure_key, kolada_kpi_id as statistic_key, 1 as link_rank
    from printed
    where kolada_kpi_id is not null
    union all
    select printed.figure_key, concepts.kolada_kpi_id as statistic_key, 2 as link_rank
    from printed
    inner join concepts using (concept_key)
    where concepts.kolada_kpi_id is not null
    union all
    select printed.figure_key, concepts.statistic_key, 3 as link_rank
    from printed
    inner join concepts using (concept_key)
    where concepts.statistic_key is not null
),

-- An amount has a figure per inhabitant too.
national as (
    select
        statistic_key, municipality_code, year, false as is_per_inhabitant, value_numeric, unit, is_raw,
        status, source_key, edition
    from comparisons
    union all by name
    select
        statistic_key, municipality_code, year, true as is_per_inhabitant, compared_value as value_numeric, compared_unit as unit, false as is_raw,
        status, source_key, edition
    from comparisons
    where is_additive and compared_value is not null
),

published_years as (
    select statistic_key, list(distinct year) as years
    from comparisons
    group by all
),

-- Of several statistics the one that has a value, Kolada's own id before the rest.
linked as (
    select
        printed.*,
        links.statistic_key,
        statistics.title as statistic_title,
        published_years.years,
        coalesce(statistics.is_additive and printed.per = 'inhabitant', false) as is_per_inhabitant,
        national.value_numeric as national_value,
        national.unit as national_unit_key,
        national.is_raw,
        national.status,
        national.source_key,
        national.edition
    from printed
    left join links using (figure_key)
    left join statistics using (statistic_key)
    left join published_years using (statistic_key)
    left join national
        on links.statistic_key = national.statistic_key
            and printed.municipality_code = national.municipality_code
            and printed.year = national.year
            and national.is_per_inhabitant = coalesce(statistics.is_additive and printed.per = 'inhabitant', false)
    qualify row_number() over (
            partition by printed.figure_key
            order by national.value_numeric is null, published_years.years is null, links.link_rank nulls last, links.statistic_key
        ) = 1
),

measured as (
    select
        linked.*,
        case
            when linked.statistic_key is null then 'no statistic'
            when linked.is_other_scope then 'other scope'
            when linked.is_doubtful then 'the report contradicts itself'
            when linked.years is null then 'not fetched'
            when not list_contains(linked.years, linked.year) then 'year not published'
            when linked.national_value is null then 'no value of the municipality'
            when linked.national_unit_key is null then 'unit of the statistic not known'
            when printed_units.base_unit_key != national_units.base_unit_key then 'other unit'
        end as missing_reason,
        printed_units.factor_to_base / national_units.factor_to_base as to_national,
        linked.printed_value * to_national as printed_in_unit,
        linked.rounding * abs(to_national) + 1e-9 as tolerance,
        printed_in_unit - linked.national_value as difference
    from linked
    left join units as printed_units on linked.unit_key = printed_units.unit_key
    left join units as national_units on linked.national_unit_key = national_units.unit_key
),

differing as (
    select *
    from measured
    where missing_reason is null and abs(difference) > tolerance
),

scales as (select unnest([10, 100, 1000, 1000000]) as factor),

-- What else the printed figure is equal to; the surest explanation first.
explanations as (
    select differing.figure_key, 'other division: ' || changes.municipality_name || ' was a part of ' || changes.other_name || ' until ' || changes.year as explanation, 1 as explanation_rank
    from differing
    inner join changes on differing.municipality_code in (changes.municipality_code, changes.other_code)
    where changes.kind = 'split' and differing.year < changes.year
    union all
    select differing.figure_key, 'revised: equal to edition ' || statistic_values.edition as explanation, 2 as explanation_rank
    from differing
    inner join statistic_values
        on differing.statistic_key = statistic_values.statistic_key
            and differing.municipality_code = statistic_values.municipality_code
            and differing.year = statistic_values.year
    where
        not statistic_values.is_current
        and statistic_values.gender = 'T'
        and not differing.is_per_inhabitant
        and abs(differing.printed_in_unit - statistic_values.value_numeric) <= differing.tolerance
    union all
    select differing.figure_key, 'other year: equal to ' || national.year as explanation, 3 as explanation_rank
    from differing
    inner join national
        on differing.statistic_key = national.statistic_key
            and differing.municipality_code = national.municipality_code
            and differing.is_per_inhabitant = national.is_per_inhabitant
            and abs(differing.year - national.year) = 1
    where abs(differing.printed_in_unit - national.value_numeric) <= differing.tolerance
    union all
    select differing.figure_key, 'other scale: equal but for a factor of ' || scales.factor as explanation, 4 as explanation_rank
    from differing
    cross join scales
    where
        differing.national_value != 0
        and (
            abs(differing.printed_in_unit * scales.factor - differing.national_value) <= differing.tolerance * scales.factor
            or abs(differing.printed_in_unit / scales.factor - differing.national_value) <= differing.tolerance / scales.factor
        )
    union all
    select figure_key, 'the national figure is ' || status as explanation, 5 as explanation_rank
    from differing
    where status is not null
),

explained as (
    select figure_key, arg_min(explanation, (explanation_rank, explanation)) as explanation
    from explanations
    group by all
)

select
    measured.figure_key,
    measured.municipality_code,
    measured.municipality_name,
    measured.level,
    measured.committee,
    measured.year,
    measured.concept_key,
    measured.concept_name,
    measured.row_label,
    measured.value_text,
    measured.statistic_key,
    measured.statistic_title,
    case when measured.missing_reason is null then measured.printed_in_unit end as printed_value,
    case when measured.missing_reason is null then measured.national_value end as national_value,
    case when measured.missing_reason is null then measured.national_unit_key end as unit,
    case when measured.missing_reason is null then measured.difference end as difference,
    case when measured.missing_reason is null then measured.tolerance end as tolerance,
    case when measured.missing_reason is null then abs(measured.difference) <= measured.tolerance end as is_agreeing,
    case
        when measured.missing_reason is not null then null
        when abs(measured.difference) <= 1e-9 then 'equal'
        when abs(measured.difference) <= measured.tolerance then 'rounding'
        else coalesce(explained.explanation, 'not explained')
    end as explanation,
    measured.missing_reason,
    case when measured.missing_reason is null then measured.source_key end as source_key,
    case when measured.missing_reason is null then measured.edition end as edition,
    case when measured.missing_reason is null then measured.is_raw end as is_raw,
    measured.report_id,
    measured.table_seq,
    measured.row_index,
    measured.col_index,
    measured.fact_key
from measured
left join explained using (figure_key)
