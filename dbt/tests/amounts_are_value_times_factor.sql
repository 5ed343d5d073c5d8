-- Money is the number printed times the factor of its unit, and only money is.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
printed_values as (select * from {{ ref('report_values') }}),

units as (select * from {{ ref('dim_unit') }})

select printed_values.fact_key, printed_values.value_text, printed_values.unit, printed_values.amount_sek
from printed_values
inner join units on printed_values.unit = units.unit_key
where
    (printed_values.amount_sek is not null and units.dimension != 'money')
    or abs(printed_values.amount_sek - printed_values.value_numeric * units.factor_to_base) > 0.01
