{{ config(materialized='view') }}

with
stated as (select * from {{ source('outside', 'comparable_municipality') }}),

editions as (select * from {{ source('outside', 'source') }})

select
    stated.source_key,
    editions.edition,
    stated.comparable_area,
    stated.year,
    stated.group_id,
    stated.municipality_code,
    stated.comparable_code,
    true as is_raw,
    dense_rank() over (
        partition by stated.comparable_area order by stated.year desc, editions.as_of desc, stated.source_key desc
    ) = 1 as is_current
from stated
inner join editions using (source_key)
