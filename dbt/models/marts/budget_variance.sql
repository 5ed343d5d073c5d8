{{ config(materialized='view') }}

with
financials as (select * from {{ ref('fct_financial') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

accounts as (select * from {{ ref('dim_account') }}),

periods as (select * from {{ ref('dim_period') }}),

reports as (select * from {{ ref('dim_report') }}),

units as (select * from {{ ref('dim_unit') }}),

-- One printed line: its budget in force (the revised one where it is printed), outcome and variance.
printed_lines as (
    select
        financials.report_key,
        financials.organisation_key,
        financials.account_key,
        case when financials.account_key = 'unknown' then financials.row_label end as unknown_label,
        financials.group_label,
        financials.statement,
        financials.period_key,
        financials.table_seq,
        financials.row_index,
        reports.stated_on,
        reports.sha256,
        min(financials.col_index) as col_index,
        min(financials.fact_key) as fact_key,
        any_value(financials.row_label) as row_label,
        any_value(units.factor_to_base) as factor_to_base,
        coalesce(
            max(financials.amount_sek) filter (where financials.scenario_key = 'budget_revised'),
            max(financials.amount_sek) filter (where financials.scenario_key = 'budget'),
            max(financials.amount_sek) filter (where financials.scenario_key = 'budget_original')
        ) as budget_sek,
        max(financials.amount_sek) filter (where financials.scenario_key = 'actual') as actual_sek,
        coalesce(
            max(financials.amount_sek_normalised) filter (where financials.scenario_key = 'budget_revised'),
            max(financials.amount_sek_normalised) filter (where financials.scenario_key = 'budget'),
            max(financials.amount_sek_normalised) filter (where financials.scenario_key = 'budget_original')
        ) as budget_sek_normalised,
        max(financials.amount_sek_normalised) filter (where financials.scenario_key = 'actual') as actual_sek_normalised,
        max(financials.amount_sek) filter (where financials.scenario_key = 'variance') as variance_printed_sek,
        coalesce(
            arg_max(financials.fact_key, (financials.amount_sek, financials.fact_key)) filter (where financials.scenario_key = 'budget_revised'),
            arg_max(financials.fact_key, (financials.amount_sek, financials.fact_key)) filter (where financials.scenario_key = 'budget'),
            arg_max(financials.fact_key, (financials.amount_sek, financials.fact_key)) filter (where financials.scenario_key = 'budget_original')
        ) as budget_fact_key,
        arg_max(financials.fact_key, (financials.amount_sek, financials.fact_key)) filter (where financials.scenario_key = 'actual') as actual_fact_key,
        arg_max(financials.fact_key, (financials.amount_sek, financials.fact_key)) filter (where financials.scenario_key = 'variance') as variance_fact_key,
        list(financials.fact_key order by financials.col_index, financials.fact_key) as fact_keys,
        bool_or(financials.is_total) as is_total,
        bool_and(financials.is_current) as is_current
    from financials
    inner join units using (unit_key)
    inner join reports using (report_key)
    where
        reports.is_current
        and financials.statement in ('income_statement', 'unit_result', 'investment')
        and not financials.is_ambiguous_column
        and financials.entity is null
        and financials.scenario_key in ('budget', 'budget_revised', 'budget_original', 'actual', 'variance')
    group by all
    -- A row with two budgets or outcomes of one period (of the year and of the whole investment) says not which belong together.
    having count(distinct financials.scenario_key) = count(distinct row(financials.scenario_key, financials.amount_sek))
),

compared_lines as (
    select *
    from printed_lines
    where budget_sek is not null and actual_sek is not null
),

-- A line that is printed twice (in mnkr in a summary, in tkr in the statement) is taken where it is most exact; the last
-- of several subtotals of one name is the final one.
chosen as (
    select *
    from compared_lines
    qualify row_number() over (
            partition by organisation_key, account_key, unknown_label, group_label, statement, period_key
            order by is_current desc, {{ newest_first('compared_lines', 'factor_to_base, row_index desc') }}
        ) = 1
),

-- The variance may be printed in the other table only.
variances as (
    select *
    from compared_lines
    where variance_printed_sek is not null
    qualify row_number() over (
            partition by organisation_key, account_key, unknown_label, group_label, statement, period_key
            order by is_current desc, {{ newest_first('compared_lines', 'factor_to_base, row_index desc') }}
        ) = 1
)

select
    municipalities.municipality_code,
    municipalities.municipality_name,
    chosen.organisation_key,
    organisations.committee,
    organisations.unit_name as org_unit,
    chosen.account_key,
    accounts.name_sv as account_name,
    chosen.group_label,
    chosen.row_label,
    chosen.statement,
    periods.year,
    chosen.period_key,
    chosen.budget_sek,
    chosen.actual_sek,
    chosen.budget_sek_normalised,
    chosen.actual_sek_normalised,
    variances.variance_printed_sek,
    -- Where costs are printed positive, outcome less budget is + for a deficit; the signs told make + better everywhere.
    cast(
        coalesce(chosen.actual_sek_normalised - chosen.budget_sek_normalised, chosen.actual_sek - chosen.budget_sek) as decimal(18, 2)
    ) as variance_computed_sek,
    -- The sign of a printed variance follows the report (investments print budget less outcome); three roundings of a
    -- tenth in mnkr, of one in the smaller units, may separate the two.
    abs(abs(variances.variance_printed_sek) - abs(chosen.actual_sek - chosen.budget_sek))
    <= 1.5 * case when variances.factor_to_base >= 1000000 then variances.factor_to_base / 10 else variances.factor_to_base end
        as is_agreeing,
    chosen.is_total,
    chosen.is_current,
    reports.report_id,
    chosen.table_seq,
    chosen.row_index,
    chosen.budget_fact_key,
    chosen.actual_fact_key,
    variances.variance_fact_key,
    chosen.fact_keys
from chosen
inner join organisations using (organisation_key)
inner join municipalities using (municipality_code)
inner join accounts using (account_key)
inner join periods using (period_key)
inner join reports using (report_key)
left join variances
    on chosen.organisation_key = variances.organisation_key
        and chosen.account_key = variances.account_key
        and chosen.unknown_label is not distinct from variances.unknown_label
        and chosen.group_label is not distinct from variances.group_label
        and chosen.statement = variances.statement
        and chosen.period_key = variances.period_key
