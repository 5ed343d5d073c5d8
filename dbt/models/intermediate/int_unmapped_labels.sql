-- What the vocabulary does not know, label by label, in the form in which it is compared with what it does know.
with
named_values as (select * from {{ ref('int_values') }}),

cells as (select * from {{ ref('int_cells') }}),

indicators as (select * from {{ ref('int_indicators') }}),

reports as (select * from {{ ref('int_reports') }}),

indicator_labels as (
    select
        'indicator' as label_type,
        case
            when named_values.group_label is not null and indicators.words != indicators.label_words
                then named_values.group_label || ' > ' || named_values.row_label
            else named_values.row_label
        end as label,
        indicators.words,
        indicators.base_unit_key as unit_key,
        named_values.report_id,
        count(*) as n_values
    from named_values
    inner join indicators using (indicator_key)
    where
        named_values.fact_table = 'fct_indicator_value'
        and indicators.concept_key is null
        -- Rows that are departments, totals or words have no concept to find.
        and named_values.organisation_level != 'unit'
        and named_values.entity is null
        and not named_values.is_plain_total
        and indicators.base_unit_key not in ('text', 'boolean', 'unknown')
    group by all
),

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
    union all
    select 'scenario' as label_type, replace(reason, 'header not in the vocabulary: ', '') as label, report_id, count(*) as n_values
    from cells
    where starts_with(reason, 'header not in the vocabulary: ')
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
    where municipality_code = 'none'
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
    select * from indicator_labels
    union all by name
    select * from accounts
    union all by name
    select * from units
    union all by name
    select * from headers
    union all by name
    select * from statuses
    union all by name
    select * from words
    union all by name
    select * from money_units
    union all by name
    select * from municipalities
    union all by name
    select * from committees
    union all by name
    select * from fiscal_years
)

select
    label_type,
    label,
    unit_key,
    min(coalesce(words, trim({{ words('label') }}))) as words,
    cast(count(distinct report_id) as integer) as reports,
    cast(sum(n_values) as integer) as values,
    min(report_id) as example_report_id
from unioned
where label is not null
group by label_type, label, unit_key
