{{ config(materialized='view') }}

with
stated as (select * from {{ source('outside', 'price_index') }}),

editions as (select * from {{ source('outside', 'source') }}),

-- One edition as a whole: a chain is not continued with the links of another one.
newest as (
    select *
    from editions
    where source_key in (select source_key from stated)
    qualify row_number() over (order by as_of desc, source_key desc) = 1
)

select
    stated.year,
    stated.price_index,
    stated.change_percent,
    max(stated.year) over () as price_year,
    last_value(stated.price_index) over (
        order by stated.year rows between unbounded preceding and unbounded following
    ) / stated.price_index as factor_to_price_year,
    newest.source_key,
    newest.edition,
    false as is_raw
from stated
inner join newest using (source_key)
