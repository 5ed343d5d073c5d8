with
described as (select * from {{ ref('int_row_labels') }})

-- Sections: the run of section rows directly above gives the group, its levels from the outermost.
select
    *,
    sum(case when row_role = 'section' and coalesce(previous_role, '') != 'section' then 1 else 0 end)
        over (partition by report_id, table_seq order by row_index) as run_number
from (
    select
        *,
        lag(row_role) over (partition by report_id, table_seq order by row_index) as previous_role
    from described
)
