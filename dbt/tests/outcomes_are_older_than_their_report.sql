-- No outcome is about a period that begins after its report was made; a plan is made before its own year.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
figures as (select * from {{ ref('report_values') }}),

reports as (select * from {{ ref('int_reports') }})

select
    figures.fact_key,
    figures.report_id,
    figures.column_label,
    figures.period_start,
    reports.stated_on
from figures
inner join reports using (report_id)
where
    figures.scenario = 'actual'
    and (
        figures.period_start > case when reports.report_type in ('annual_report', 'interim_report') then greatest(reports.stated_on, reports.default_end) else reports.stated_on end
        or (reports.report_type in ('plan', 'budget', 'tariff') and year(figures.period_start) >= reports.fiscal_year)
    )
