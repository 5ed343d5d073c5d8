with
named_values as (select * from {{ ref('int_values') }}),

signs as (select * from {{ ref('int_signs') }})

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
    cast(amount_sek * signs.sign_factor as decimal(18, 2)) as amount_sek_normalised,
    case when signs.sign_factor is not null then signs.sign_basis end as sign_basis,
    value_numeric,
    value_bound,
    bound_low,
    bound_high,
    target_bound,
    unit_basis,
    figure_key,
    cast(null as varchar) as proof,
    false as is_doubtful,
    {{ provenance_columns() }}
from named_values
left join signs using (report_id, fact_key)
where fact_table = 'fct_financial'
