{{ config(materialized='view') }}

with
named_values as (select * from {{ ref('int_values') }}),

signs as (select * from {{ ref('int_signs') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

figures as (
    select
        named_values.*,
        -- Two reports may print costs with different signs; where the rule of either cannot be told, signs are left aside.
        named_values.amount_sek * signs.sign_factor as amount_normalised
    from named_values
    left join signs using (report_id, fact_key)
    where not named_values.is_ambiguous_column and not named_values.is_dash
),

pairs as (
    select
        earlier.figure_key,
        earlier.organisation_key,
        earlier.row_label,
        earlier.group_label,
        earlier.period_key,
        earlier.scenario_key,
        earlier.report_id as earlier_report_id,
        earlier.fact_key as earlier_fact_key,
        earlier.value_text as earlier_value_text,
        earlier.value_numeric as earlier_value,
        earlier.unit_key as earlier_unit,
        earlier.amount_sek as earlier_amount_sek,
        later.report_id as later_report_id,
        later.fact_key as later_fact_key,
        later.value_text as later_value_text,
        later.value_numeric as later_value,
        later.unit_key as later_unit,
        later.amount_sek as later_amount_sek
    from figures as earlier
    inner join figures as later
        on earlier.figure_key = later.figure_key and earlier.stated_on < later.stated_on
    where
        case
            when earlier.amount_sek is not null and later.amount_sek is not null
                then abs(coalesce(earlier.amount_normalised - later.amount_normalised, abs(earlier.amount_sek) - abs(later.amount_sek)))
                    > greatest(
                        earlier.rounding * abs(earlier.amount_sek / nullif(earlier.value_numeric, 0)),
                        later.rounding * abs(later.amount_sek / nullif(later.value_numeric, 0)),
                        0
                    )
            when earlier.value_numeric is not null and later.value_numeric is not null
                then earlier.value_numeric != later.value_numeric
            else lower(earlier.value_text) != lower(later.value_text)
        end
)

select
    municipalities.municipality_name,
    organisations.committee_name as committee,
    organisations.unit_name as org_unit,
    pairs.group_label,
    pairs.row_label,
    pairs.period_key,
    pairs.scenario_key as scenario,
    pairs.earlier_report_id,
    pairs.earlier_value_text,
    pairs.earlier_value,
    pairs.earlier_unit,
    pairs.earlier_amount_sek,
    pairs.earlier_fact_key,
    pairs.later_report_id,
    pairs.later_value_text,
    pairs.later_value,
    pairs.later_unit,
    pairs.later_amount_sek,
    pairs.later_fact_key
from pairs
inner join organisations using (organisation_key)
inner join municipalities using (municipality_key)
