{{ config(materialized='view') }}

with
figures as (select * from {{ ref('time_series') }}),

variances as (select * from {{ ref('budget_variance') }}),

targets as (select * from {{ ref('target_outcome') }}),

statuses as (select * from {{ ref('fct_status') }}),

periods as (select * from {{ ref('dim_period') }}),

units as (select * from {{ ref('dim_unit') }}),

inhabitants as (select * from {{ ref('inhabitants') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

reports as (select * from {{ ref('dim_report') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

definitions as (select * from {{ ref('measure_definitions') }}),

financials as (select * from {{ ref('fct_financial') }}),

prices as (select * from {{ ref('price_index') }}),

comparisons as (select * from {{ ref('statistic_comparison') }}),

-- Net cost of a year by kind of figure; costs count positive. What a report contradicts itself about is left out.
net_costs as (
    select
        organisation_key,
        level,
        committee,
        municipality_code,
        year,
        cast(-amount_sek_normalised as double) as net_cost,
        scenario,
        report_id,
        fact_key
    from (select figures.*, reports.sha256 from figures inner join reports using (report_id)) as figures
    where
        fact_table = 'fct_financial'
        and statement = 'income_statement'
        and account_key in ('committee_net_cost', 'operating_net_cost')
        and scenario in ('actual', 'budget', 'budget_revised', 'budget_original')
        and period_type = 'year'
        and level in ('municipality', 'committee')
        and entity is null
        and group_label is null
        and amount_sek_normalised is not null
        and not is_of_which
        and not is_contradicted
        and not is_misprint
    -- A municipality prints the net cost of operations, a committee its own.
    qualify row_number() over (
            partition by organisation_key, year, scenario
            order by
                (account_key = 'operating_net_cost') = (level = 'municipality') desc,
                {{ newest_first('figures') }}
        ) = 1
),

actuals as (
    select *
    from net_costs
    where scenario = 'actual'
),

budgets as (
    select *
    from net_costs
    where scenario != 'actual'
    qualify row_number() over (
            partition by organisation_key, year
            order by list_position(['budget_revised', 'budget', 'budget_original'], scenario)
        ) = 1
),

results as (
    select
        variances.organisation_key,
        variances.year,
        cast(variances.variance_computed_sek as double) as budget_variance,
        variances.report_id,
        variances.fact_keys
    from variances
    inner join organisations using (organisation_key)
    inner join reports using (report_id)
    where
        variances.statement = 'income_statement'
        and variances.account_key in ('committee_result', 'net_result')
        and organisations.level in ('municipality', 'committee')
        and variances.group_label is null
        and length(variances.period_key) = 4
    qualify row_number() over (
            partition by variances.organisation_key, variances.year
            order by
                (variances.account_key = 'net_result') = (organisations.level = 'municipality') desc,
                variances.is_current desc, reports.stated_on desc nulls last, reports.sha256, variances.table_seq, variances.row_index
        ) = 1
),

budget_variances as (
    select
        organisation_key,
        year,
        coalesce(results.budget_variance, budgets.net_cost - actuals.net_cost) as budget_variance,
        budgets.net_cost as budgeted_net_cost,
        coalesce(results.fact_keys, [budgets.fact_key, actuals.fact_key]) as fact_keys,
        list_filter([budgets.fact_key], lambda key: not list_contains(results.fact_keys, key)) as more_fact_keys,
        coalesce(results.report_id, actuals.report_id) as report_id
    from actuals
    left join budgets using (organisation_key, year)
    full outer join results using (organisation_key, year)
),

-- Targets of indicators, and goals that a follow-up assesses.
verdicts as (
    select
        organisation_key,
        year,
        is_met,
        coalesce(outcome_fact_key, target_fact_key) as fact_key,
        coalesce(outcome_report_id, target_report_id) as report_id
    from targets
    where is_met is not null and length(period_key) = 4
    union all by name
    select
        statuses.organisation_key,
        periods.year,
        statuses.status_key in ('met', 'yes') as is_met,
        statuses.fact_key,
        reports.report_id
    from statuses
    inner join periods using (period_key)
    inner join reports using (report_key)
    where
        statuses.subject = 'goal'
        and statuses.status_key in ('met', 'partly_met', 'not_met', 'yes', 'partly', 'no')
        and statuses.is_current
        and statuses.entity is null
        and length(statuses.period_key) = 4
        and reports.report_type not in ('plan', 'budget', 'tariff')
),

judged_targets as (
    select
        verdicts.organisation_key,
        verdicts.year,
        count(*) filter (where verdicts.is_met) as n_met,
        count(*) as n_judged,
        list(verdicts.fact_key order by verdicts.fact_key) as fact_keys,
        -- Of several reports the newest.
        arg_max(verdicts.report_id, (reports.stated_on, reports.sha256)) as report_id
    from verdicts
    inner join reports using (report_id)
    group by all
),

-- Grants received in a year, or granted where the report does not say what came; the parts of one table, which add up
-- to the total that it prints, or the figure is none.
grant_tables as (
    select
        financials.organisation_key,
        organisations.level,
        organisations.committee,
        organisations.municipality_code,
        periods.year,
        financials.scenario_key,
        reports.report_id,
        reports.stated_on,
        reports.sha256,
        financials.table_seq,
        cast(sum(financials.amount_sek) filter (where not financials.is_total) as double) as grants,
        cast(max(financials.amount_sek) filter (where financials.is_total) as double) as printed_total,
        min(financials.fact_key) filter (where financials.is_total) as total_key,
        list(financials.fact_key order by financials.fact_key) filter (where not financials.is_total) as grant_keys,
        count(*) filter (where not financials.is_total) as n_grants,
        max(units.factor_to_base) as unit_factor
    from financials
    inner join organisations using (organisation_key)
    inner join periods using (period_key)
    inner join reports on financials.report_key = reports.report_key
    inner join units on financials.unit_key = units.unit_key
    where
        financials.statement = 'grant'
        and financials.scenario_key in ('actual', 'granted')
        and financials.is_current
        and financials.entity is null
        and financials.amount_sek is not null
        and length(financials.period_key) = 4
        and organisations.level in ('municipality', 'committee')
    group by all
),

counted_grants as (
    select
        *,
        count(*) over (partition by organisation_key, year, scenario_key, report_id) as n_tables
    from grant_tables
),

grants as (
    select
        * replace (coalesce(printed_total, grants) as grants),
        case when total_key is null then grant_keys else list_prepend(total_key, grant_keys) end as fact_keys
    from counted_grants
    where
        grants is not null
        -- Of several tables nothing says whether they add up or repeat each other.
        and n_tables = 1
        -- Each part is rounded by itself, and so is the total.
        and (printed_total is null or abs(printed_total - grants) <= 0.5 * unit_factor * (n_grants + 1))
    qualify row_number() over (
            partition by organisation_key, year order by scenario_key != 'actual', stated_on desc nulls last, sha256, table_seq
        ) = 1
),

measured as (
    select
        'net_cost' as measure_key, organisation_key, year,
        net_cost as value, net_cost as numerator, cast(null as double) as denominator,
        report_id, [fact_key] as fact_keys
    from actuals
    union all by name
    select
        'net_cost_budget' as measure_key, organisation_key, year,
        net_cost as value, net_cost as numerator, cast(null as double) as denominator,
        report_id, [fact_key] as fact_keys
    from budgets
    union all by name
    select
        'net_cost_change' as measure_key, actuals.organisation_key, actuals.year,
        100 * (actuals.net_cost - previous.net_cost) / nullif(abs(previous.net_cost), 0) as value,
        actuals.net_cost - previous.net_cost as numerator,
        previous.net_cost as denominator,
        actuals.report_id,
        [actuals.fact_key, previous.fact_key] as fact_keys
    from actuals
    inner join actuals as previous
        on actuals.organisation_key = previous.organisation_key and actuals.year = previous.year + 1
    union all by name
    select
        'net_cost_per_inhabitant' as measure_key, actuals.organisation_key, actuals.year,
        actuals.net_cost / nullif(inhabitants.inhabitants_as_divided, 0) as value,
        actuals.net_cost as numerator,
        cast(inhabitants.inhabitants_as_divided as double) as denominator,
        actuals.report_id,
        list_filter(
            [actuals.fact_key, case when inhabitants.inhabitants_basis = 'printed' then inhabitants.fact_key end], lambda key: key is not null
        ) as fact_keys
    from actuals
    inner join inhabitants using (municipality_code, year)
    where not {{ is_partial('actuals.level', 'actuals.committee') }}
    union all by name
    select
        'state_grants' as measure_key, organisation_key, year,
        grants as value, grants as numerator, cast(null as double) as denominator,
        report_id, fact_keys
    from grants
    union all by name
    select
        'state_grants_per_inhabitant' as measure_key, grants.organisation_key, grants.year,
        grants.grants / nullif(inhabitants.inhabitants_as_divided, 0) as value,
        grants.grants as numerator,
        cast(inhabitants.inhabitants_as_divided as double) as denominator,
        grants.report_id,
        case when inhabitants.inhabitants_basis = 'printed' then list_append(grants.fact_keys, inhabitants.fact_key) else grants.fact_keys end as fact_keys
    from grants
    inner join inhabitants using (municipality_code, year)
    where not {{ is_partial('grants.level', 'grants.committee') }}
    union all by name
    select
        'budget_variance' as measure_key, organisation_key, year,
        budget_variance as value, budget_variance as numerator, cast(null as double) as denominator,
        report_id, fact_keys
    from budget_variances
    where budget_variance is not null
    union all by name
    select
        'budget_variance_share' as measure_key, organisation_key, year,
        100 * budget_variance / nullif(abs(budgeted_net_cost), 0) as value,
        budget_variance as numerator,
        budgeted_net_cost as denominator,
        report_id,
        list_concat(fact_keys, more_fact_keys) as fact_keys
    from budget_variances
    where budget_variance is not null and budgeted_net_cost is not null
    union all by name
    select
        'targets_met_share' as measure_key, organisation_key, year,
        100.0 * n_met / n_judged as value,
        cast(n_met as double) as numerator,
        cast(n_judged as double) as denominator,
        report_id, fact_keys
    from judged_targets
)

select
    measured.measure_key,
    definitions.name_sv as measure_name,
    municipalities.municipality_code,
    municipalities.municipality_name,
    measured.organisation_key,
    organisations.level,
    organisations.committee,
    {{ is_partial('organisations.level', 'organisations.committee') }} as is_partial,
    cast(measured.year as integer) as year,
    cast(measured.value as double) as value_numeric,
    definitions.unit_key as unit,
    definitions.good_direction,
    measured.numerator,
    measured.denominator,
    inhabitants.inhabitants_as_divided as inhabitants,
    -- In kronor; committees that answer for a part are never divided by the whole.
    case
        when definitions.unit_key = 'kr' and measured.measure_key not like '%_per_inhabitant' and not is_partial
            then measured.value / nullif(inhabitants.inhabitants_as_divided, 0)
    end as value_per_inhabitant,
    case
        when definitions.unit_key != 'kr' then 'no amount'
        when measured.measure_key like '%_per_inhabitant' then 'per inhabitant already'
        when is_partial then 'a part of the municipality'
        when inhabitants.inhabitants_as_divided is null then 'inhabitants not known'
    end as per_inhabitant_missing_reason,
    case when definitions.unit_key = 'kr' then round(measured.value * prices.factor_to_price_year, 2) end as value_fixed_prices,
    case when definitions.unit_key = 'kr' then prices.price_year end as price_year,
    case
        when definitions.unit_key != 'kr' then 'no amount'
        when prices.price_year is null then 'year not published'
    end as fixed_prices_missing_reason,
    definitions.statistic_key,
    comparisons.compared_value,
    comparisons.similar_median,
    comparisons.similar_rank,
    comparisons.similar_count,
    comparisons.county_value,
    comparisons.country_value,
    case
        when definitions.statistic_key is null then 'no statistic'
        when organisations.level != 'municipality' then 'other scope'
        when comparisons.statistic_key is null then 'year not published'
    end as comparison_missing_reason,
    comparisons.source_key,
    comparisons.edition,
    comparisons.is_raw and not comparisons.is_additive as is_raw,
    measured.report_id,
    measured.fact_keys
from measured
inner join definitions using (measure_key)
inner join organisations using (organisation_key)
inner join municipalities using (municipality_code)
left join inhabitants
    on municipalities.municipality_code = inhabitants.municipality_code and measured.year = inhabitants.year
left join prices on measured.year = prices.year
left join comparisons
    on organisations.level = 'municipality'
        and definitions.statistic_key = comparisons.statistic_key
        and municipalities.municipality_code = comparisons.municipality_code
        and measured.year = comparisons.year
where measured.value is not null
