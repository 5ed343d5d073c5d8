with
report_history as (select * from {{ source('raw', 'report_history') }})

select
    report_id,
    file_name,
    event,
    happened_at,
    sha256,
    previous_sha256,
    previous_report_id,
    reason
from report_history
