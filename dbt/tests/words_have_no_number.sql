-- Words have no number; yes and no have a status.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
printed_values as (select * from {{ ref('report_values') }})

select fact_key, value_text, unit, value_numeric, status_key
from printed_values
where
    unit in ('boolean', 'text')
    and (value_numeric is not null or (unit = 'boolean' and status_key is null))
