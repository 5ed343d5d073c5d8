-- The facts joined to their dimensions, and nothing else.
with
indicator_values as (select * from {{ ref('fct_indicator_value') }}),

financials as (select * from {{ ref('fct_financial') }}),

statuses as (select * from {{ ref('fct_status') }}),

reports as (select * from {{ ref('dim_report') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

periods as (select * from {{ ref('dim_period') }}),

indicators as (select * from {{ ref('dim_indicator') }}),

current_figures as (select * from {{ ref('int_current_figures') }}),

proofs as (select * from {{ ref('int_figure_proofs') }}),

facts as (
    select *, 'fct_indicator_value' as fact_table from indicator_values
    union all by name
    select *, 'fct_financial' as fact_table from financials
    union all by name
    select *, 'fct_status' as fact_table from statuses
)

select
    reports.report_id,
    reports.file_name,
    municipalities.municipality_code,
    municipalities.municipality_name,
    reports.committee,
    reports.report_type,
    reports.fiscal_year,
    facts.table_seq,
    facts.row_index,
    facts.col_index,
    facts.page,
    facts.kind,
    facts.section,
    facts.org_unit,
    facts.group_label,
    facts.row_label,
    facts.row_note,
    facts.column_label,
    facts.scenario_key as scenario,
    periods.period_start,
    periods.period_end,
    facts.value_text,
    facts.value_numeric,
    facts.unit_key as unit,
    facts.amount_sek,
    facts.flag,
    current_figures.is_current,
    facts.fact_table,
    facts.fact_key,
    facts.part_index,
    facts.unit_basis,
    facts.unit_detail,
    facts.scenario_basis,
    facts.status_key,
    facts.entity,
    facts.is_of_which,
    facts.amount_sek_normalised,
    facts.sign_basis,
    facts.is_total,
    facts.is_misprint,
    facts.is_composite,
    facts.is_ambiguous_column,
    facts.is_dash,
    facts.is_contradicted,
    proofs.proof,
    proofs.is_doubtful,
    proofs.extraction_basis,
    facts.value_bound,
    facts.bound_low,
    facts.bound_high,
    facts.target_bound,
    periods.year,
    facts.organisation_key,
    facts.account_key,
    indicators.concept_key,
    indicators.concept_name
from facts
inner join reports using (report_key)
inner join municipalities using (municipality_code)
inner join periods on facts.period_key = periods.period_key
inner join current_figures on facts.fact_key = current_figures.fact_key
inner join proofs on facts.fact_key = proofs.fact_key
left join indicators on facts.indicator_key = indicators.indicator_key
