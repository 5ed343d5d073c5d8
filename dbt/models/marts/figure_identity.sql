with
of_tables as (select * from {{ ref('int_identity_figures') }}),

stated_again as (select * from {{ ref('int_stated_again') }}),

out_of_scale as (select * from {{ ref('int_out_of_scale') }}),

compared as (select * from {{ ref('printed_and_national') }}),

named_values as (select * from {{ ref('int_values') }}),

national as (
    select
        fact_key,
        {{ identity_key("'national'", 'fact_key') }} as identity_key,
        -- In the unit printed.
        difference * named_values.value_numeric / nullif(compared.printed_value, 0) as difference,
        tolerance * abs(named_values.value_numeric / nullif(compared.printed_value, 0)) as tolerance,
        is_agreeing as is_holding,
        is_agreeing and {{ significant_digits('printed_value', 'tolerance') }} > 2 as is_proving
    from compared
    inner join named_values using (fact_key)
    where compared.missing_reason is null
),

taking_part as (
    select * from of_tables
    union all by name
    select
        *,
        'stated again' as kind,
        'stated_again' as identity_type,
        'statement' as role,
        true as is_holding,
        true as is_proving,
        false as is_broken
    from stated_again
    union all by name
    select
        *,
        'scale' as kind,
        'scale' as identity_type,
        'statement' as role,
        false as is_holding,
        false as is_proving,
        true as is_broken
    from out_of_scale
    union all by name
    select
        *,
        'national' as kind,
        'national' as identity_type,
        'statement' as role,
        -- Two publishers may well mean different things.
        false as is_broken
    from national
)

select
    taking_part.identity_key,
    taking_part.fact_key,
    taking_part.kind,
    taking_part.identity_type,
    taking_part.role,
    cast(taking_part.sign as integer) as sign,
    named_values.report_id,
    named_values.table_seq,
    named_values.row_index,
    named_values.col_index,
    named_values.value_numeric,
    named_values.unit_key as unit,
    cast(round(taking_part.difference, 6) as double) as difference,
    cast(round(taking_part.tolerance, 6) as double) as tolerance,
    taking_part.is_holding,
    taking_part.is_proving,
    taking_part.is_broken
from taking_part
inner join named_values using (fact_key)
