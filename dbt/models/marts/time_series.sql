with
named_values as (select * from {{ ref('int_values') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

periods as (select * from {{ ref('dim_period') }}),

units as (select * from {{ ref('dim_unit') }}),

signs as (select * from {{ ref('int_signs') }}),

reports as (select * from {{ ref('dim_report') }}),

printed as (
    select
        named_values.*,
        reports.sha256,
        reports.is_current,
        cast(named_values.amount_sek * signs.sign_factor as decimal(18, 2)) as amount_sek_normalised,
        coalesce(cast(named_values.amount_sek as double), named_values.value_numeric) as comparable,
        named_values.rounding * case when named_values.amount_sek is null then 1 else units.factor_to_base end as comparable_rounding
    from named_values
    inner join units using (unit_key)
    inner join reports using (report_id)
    left join signs using (report_id, fact_key)
    where
        named_values.fact_table in ('fct_financial', 'fct_indicator_value')
        and not named_values.is_dash
        and not named_values.is_ambiguous_column
        and reports.copy_of_report_id is null
),

-- The newest statement wins; of two in one report the one that is printed more exactly.
statements as (
    select
        *,
        row_number() over newest_first as statement_number,
        first_value(report_id) over newest_first as newest_report_id,
        first_value(comparable) over newest_first as newest,
        first_value(cast(amount_sek_normalised as double)) over newest_first as newest_normalised,
        first_value(comparable_rounding) over newest_first as newest_rounding,
        first_value(lower(value_text)) over newest_first as newest_text
    from printed
    window
        newest_first as (
            partition by figure_key
            order by is_current desc, {{ newest_first('printed', 'comparable_rounding nulls last') }}
        )
),

compared as (
    select
        *,
        case
            when amount_sek_normalised is not null and newest_normalised is not null
                then abs(amount_sek_normalised - newest_normalised) > greatest(comparable_rounding, newest_rounding) * 1.000001
            -- Money whose sign rule cannot be told: a cost may be printed with either sign.
            when amount_sek is not null and newest is not null
                then abs(abs(comparable) - abs(newest)) > greatest(comparable_rounding, newest_rounding) * 1.000001
            when comparable is not null and newest is not null
                then abs(comparable - newest) > greatest(comparable_rounding, newest_rounding) * 1.000001
            else lower(value_text) != newest_text
        end as is_different
    from statements
),

histories as (
    select
        figure_key,
        count(*) as n_statements,
        count(distinct report_id) as n_reports,
        coalesce(bool_or(is_different and report_id != newest_report_id), false) as is_restated,
        coalesce(bool_or(is_different and report_id = newest_report_id), false) as is_contradicted,
        arg_min(value_text, statement_number) filter (where is_different and report_id != newest_report_id) as earlier_value_text,
        arg_min(report_id, statement_number) filter (where is_different and report_id != newest_report_id) as earlier_report_id
    from compared
    group by all
)

select
    {{ hash_key([
        "compared.fact_table", "compared.organisation_key", "compared.statement", "compared.account_key", "compared.indicator_key",
        "case when compared.fact_table = 'fct_financial' and (compared.account_key = 'unknown' or compared.statement in ('grant', 'saving_measure', 'investment')) then lower(compared.row_label) end",
        "compared.group_label", "compared.qualifier", "lower(compared.grantor_name)", "compared.is_plain_total", "compared.scenario_key",
        "compared.entity", "periods.period_type"
    ]) }} as series_key,
    compared.figure_key,
    municipalities.municipality_code,
    municipalities.municipality_name,
    organisations.organisation_key,
    organisations.level,
    organisations.committee,
    organisations.unit_name as org_unit,
    compared.entity,
    compared.fact_table,
    case when compared.fact_table = 'fct_financial' then compared.statement end as statement,
    case when compared.fact_table = 'fct_financial' then compared.account_key end as account_key,
    case when compared.fact_table = 'fct_indicator_value' then compared.indicator_key end as indicator_key,
    indicators.concept_key,
    compared.group_label,
    compared.row_label,
    compared.scenario_key as scenario,
    compared.period_key,
    periods.period_type,
    periods.year,
    periods.period_start,
    periods.period_end,
    compared.value_text,
    compared.value_numeric,
    compared.value_bound,
    compared.bound_low,
    compared.bound_high,
    compared.target_bound,
    compared.unit_key as unit,
    compared.unit_detail_key as unit_detail,
    compared.amount_sek,
    compared.amount_sek_normalised,
    compared.flag,
    compared.is_total,
    compared.is_misprint,
    compared.is_composite,
    compared.is_of_which,
    cast(histories.n_statements as integer) as statements,
    cast(histories.n_reports as integer) as reports,
    histories.is_restated,
    histories.is_contradicted,
    histories.earlier_value_text,
    histories.earlier_report_id,
    compared.report_id,
    cast(compared.stated_on as date) as stated_on,
    compared.table_seq,
    compared.row_index,
    compared.col_index,
    compared.fact_key
from compared
inner join histories using (figure_key)
inner join organisations on compared.organisation_key = organisations.organisation_key
inner join municipalities on organisations.municipality_code = municipalities.municipality_code
inner join periods on compared.period_key = periods.period_key
-- As one equality: with a condition on one side beside it DuckDB compares each figure with each indicator.
left join indicators
    on case when compared.fact_table = 'fct_indicator_value' then compared.indicator_key end = indicators.indicator_key
-- What a later version of its report does not state again is no figure any more.
where compared.statement_number = 1 and compared.is_current
