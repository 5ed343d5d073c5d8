with
named_values as (select * from {{ ref('int_values') }})

select
    fact_key,
    report_key,
    organisation_key,
    indicator_key,
    period_key,
    scenario_key,
    unit_key,
    value_numeric,
    status_key,
    amount_sek,
    value_bound,
    bound_low,
    bound_high,
    target_bound,
    unit_basis,
    cast(null as varchar) as proof,
    false as is_doubtful,
    {{ provenance_columns() }}
from named_values
where fact_table = 'fct_indicator_value'
