with
figure_history as (select * from {{ source('raw', 'figure_history') }})

select
    fact_key,
    report_id,
    file_name,
    committee,
    section,
    group_label,
    row_label,
    column_label,
    scenario,
    period_start,
    period_end,
    value_text,
    unit,
    indicator_key,
    last_release,
    gone_at,
    reason,
    replaced_by,
    replaced_basis
from figure_history
