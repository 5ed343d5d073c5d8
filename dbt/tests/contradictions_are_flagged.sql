-- Two different amounts under one key in one report say so.
{{ config(meta={'dagster': {'ref': {'name': 'fct_financial'}}}) }}

with
amounts as (
    select
        *,
        min(abs(amount_sek)) over (partition by report_key, figure_key) as least,
        max(abs(amount_sek)) over (partition by report_key, figure_key) as most,
        min(unit_key) over (partition by report_key, figure_key) = max(unit_key) over (partition by report_key, figure_key) as is_one_unit
    from {{ ref('fct_financial') }}
    where amount_sek is not null
)

select fact_key, figure_key, amount_sek, least, most
from amounts
-- Of two units the coarser one rounds the other.
where is_one_unit and most - least > 0.2 * most and not is_contradicted
