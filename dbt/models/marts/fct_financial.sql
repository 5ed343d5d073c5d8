with
named_values as (select * from {{ ref('int_values') }})

select
    fact_key,
    report_key,
    organisation_key,
    account_key,
    period_key,
    scenario_key,
    unit_key,
    case when grantor_name is null then 'unknown' else {{ hash_key(['lower(grantor_name)']) }} end as grantor_key,
    statement,
    amount_sek,
    value_numeric,
    unit_basis,
    figure_key,
    {{ provenance_columns() }}
from named_values
where fact_table = 'fct_financial'
