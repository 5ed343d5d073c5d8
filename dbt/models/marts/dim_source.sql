{{ config(materialized='view') }}

with
editions as (select * from {{ source('outside', 'source') }})

select
    source_key,
    publisher,
    dataset,
    edition,
    title,
    licence,
    attribution,
    accessed,
    as_of,
    origin,
    note,
    sha256,
    row_count,
    is_live,
    is_named_when_computed
from editions
