with
overrides as (select * from {{ source('raw', 'report_override') }})

select
    report_id,
    municipality,
    committee,
    report_type,
    title,
    period_start,
    period_end,
    fiscal_year,
    version_status,
    decided_on
from overrides
