with
named_values as (select * from {{ ref('int_values') }}),

signs as (select * from {{ ref('int_signs') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

reports as (select * from {{ ref('dim_report') }}),

report_pairs as (select * from {{ ref('int_report_pairs') }}),

figures as (
    select
        named_values.*,
        -- Two reports may print costs with different signs; where the rule of either cannot be told, signs are left aside.
        named_values.amount_sek * signs.sign_factor as amount_normalised
    from named_values
    left join signs using (report_id, fact_key)
    inner join reports using (report_id)
    where reports.copy_of_report_id is null and not named_values.is_ambiguous_column and not named_values.is_dash
),

-- Of two versions of one report the chain tells which is the later one, of all others the day on which they were made.
version_pairs as (
    select report_id, other_report_id, true as is_later
    from report_pairs
    where relation = 'version'
    union all
    select other_report_id as report_id, report_id as other_report_id, false as is_later
    from report_pairs
    where relation = 'version'
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
        earlier.value_numeric as earlier_value_numeric,
        earlier.unit_key as earlier_unit,
        earlier.amount_sek as earlier_amount_sek,
        later.report_id as later_report_id,
        later.fact_key as later_fact_key,
        later.value_text as later_value_text,
        later.value_numeric as later_value_numeric,
        later.unit_key as later_unit,
        later.amount_sek as later_amount_sek
    from figures as earlier
    inner join figures as later
        on earlier.figure_key = later.figure_key and earlier.report_id != later.report_id
    left join version_pairs
        on earlier.report_id = version_pairs.report_id and later.report_id = version_pairs.other_report_id
    where
        coalesce(version_pairs.is_later, earlier.stated_on < later.stated_on)
        and case
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
    municipalities.municipality_code,
    municipalities.municipality_name,
    pairs.organisation_key,
    organisations.committee,
    organisations.unit_name as org_unit,
    pairs.group_label,
    pairs.row_label,
    pairs.period_key,
    pairs.scenario_key as scenario,
    pairs.earlier_report_id,
    pairs.earlier_value_text,
    pairs.earlier_value_numeric,
    pairs.earlier_unit,
    pairs.earlier_amount_sek,
    pairs.earlier_fact_key,
    pairs.later_report_id,
    pairs.later_value_text,
    pairs.later_value_numeric,
    pairs.later_unit,
    pairs.later_amount_sek,
    pairs.later_fact_key
from pairs
inner join organisations using (organisation_key)
inner join municipalities using (municipality_code)
