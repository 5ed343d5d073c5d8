{{ config(materialized='view') }}

with
metadata as (select * from {{ ref('int_report_metadata') }})

select
    report_id,
    attribute,
    value,
    evidence,
    place,
    rule,
    confidence,
    is_accepted
from metadata
