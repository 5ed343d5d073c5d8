{{ config(materialized='view') }}

-- What the vocabulary does not know: each row is a candidate for a line in a seed.
with
named_values as (select * from {{ ref('int_values') }}),

cells as (select * from {{ ref('int_cells') }}),

reports as (select * from {{ ref('int_reports') }}),

accounts as (
    select 'account' as label_type, row_label as label, report_id, count(*) as n_values
    from named_values
    where fact_table = 'fct_financial' and kind = 'financial' and account_key = 'unknown'
    group by all
),

units as (
    select 'unit' as label_type, replace(reason, 'unit not in the vocabulary: ', '') as label, report_id, count(*) as n_values
    from cells
    where starts_with(reason, 'unit not in the vocabulary: ')
    group by all
),

headers as (
    select 'scenario' as label_type, column_label as label, report_id, count(*) as n_values
    from named_values
    where is_unknown_header and scenario_basis = 'default'
    group by all
),

statuses as (
    select 'status' as label_type, value_text as label, report_id, count(*) as n_values
    from cells
    where reason = 'status word not in the vocabulary'
    group by all
),

words as (
    select 'status' as label_type, value_text as label, report_id, count(*) as n_values
    from named_values
    where cell_type = 'text' and fact_table in ('fct_indicator_value', 'fct_status')
    group by all
),

money_units as (
    select 'money_unit' as label_type, coalesce(section, '(no heading)') || ', table ' || table_seq as label, report_id, count(*) as n_values
    from named_values
    where unit_key = 'unknown'
    group by all
),

municipalities as (
    select 'municipality' as label_type, coalesce(title, report_id) as label, report_id, 0 as n_values
    from reports
    where municipality_key = '0000'
),

committees as (
    select 'organisation' as label_type, coalesce(title, report_id) as label, report_id, 0 as n_values
    from reports
    where not is_organisation_known
),

fiscal_years as (
    select 'period' as label_type, coalesce(title, report_id) as label, report_id, 0 as n_values
    from reports
    where fiscal_year is null
),

unioned as (
    select * from accounts
    union all
    select * from units
    union all
    select * from headers
    union all
    select * from statuses
    union all
    select * from words
    union all
    select * from money_units
    union all
    select * from municipalities
    union all
    select * from committees
    union all
    select * from fiscal_years
)

select
    label_type,
    label,
    cast(count(distinct report_id) as integer) as reports,
    cast(sum(n_values) as integer) as values,
    min(report_id) as example_report_id
from unioned
group by label_type, label
