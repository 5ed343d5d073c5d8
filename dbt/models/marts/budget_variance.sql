{{ config(materialized='view') }}

with
financials as (select * from {{ ref('fct_financial') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

accounts as (select * from {{ ref('dim_account') }}),

periods as (select * from {{ ref('dim_period') }}),

reports as (select * from {{ ref('dim_report') }}),

-- One line of one table: its budget in force (the revised one where it is printed), outcome and variance.
lines as (
    select
        report_key,
        organisation_key,
        account_key,
        statement,
        table_seq,
        row_index,
        period_key,
        any_value(group_label) as group_label,
        any_value(row_label) as row_label,
        any_value(unit_key) as unit_key,
        coalesce(
            max(amount_sek) filter (where scenario_key = 'budget_revised'),
            max(amount_sek) filter (where scenario_key = 'budget'),
            max(amount_sek) filter (where scenario_key = 'budget_original')
        ) as budget_sek,
        max(amount_sek) filter (where scenario_key = 'actual') as actual_sek,
        max(amount_sek) filter (where scenario_key = 'variance') as variance_printed_sek,
        bool_and(is_current) as is_current
    from financials
    where
        statement in ('income_statement', 'unit_result', 'investment')
        and flag is distinct from 'ambiguous_column'
        and scenario_key in ('budget', 'budget_revised', 'budget_original', 'actual', 'variance')
    group by all
),

rounding as (
    select 'mnkr' as unit_key, 150000 as tolerance_sek
    union all
    select 'tkr' as unit_key, 1500 as tolerance_sek
    union all
    select 'kr' as unit_key, 1.5 as tolerance_sek
)

select
    municipalities.municipality_name,
    organisations.committee_name as committee,
    organisations.unit_name as org_unit,
    lines.account_key,
    accounts.name_sv as account_name,
    lines.group_label,
    lines.row_label,
    lines.statement,
    periods.year,
    lines.period_key,
    lines.budget_sek,
    lines.actual_sek,
    lines.variance_printed_sek,
    cast(lines.actual_sek - lines.budget_sek as decimal(18, 2)) as variance_computed_sek,
    -- The sign of a printed variance follows the report: investments print budget less outcome.
    case
        when lines.variance_printed_sek is null then null
        else abs(abs(lines.variance_printed_sek) - abs(lines.actual_sek - lines.budget_sek)) <= rounding.tolerance_sek
    end as is_agreeing,
    lines.is_current,
    reports.report_id,
    lines.table_seq,
    lines.row_index
from lines
inner join organisations using (organisation_key)
inner join municipalities using (municipality_key)
inner join accounts using (account_key)
inner join periods using (period_key)
inner join reports using (report_key)
left join rounding using (unit_key)
where lines.budget_sek is not null and lines.actual_sek is not null
