with
described as (select * from {{ ref('int_row_labels') }}),

period_rows as (select * from {{ ref('int_row_periods') }})

-- "Budget" and "Budgetavvikelse" below Nettokostnader and again below Nettoinvesteringar: each is about the line above it.
select
    report_id,
    table_seq,
    row_index,
    measured_label
from (
    select
        described.report_id,
        described.table_seq,
        described.row_index,
        period_rows.report_id is not null or {{ is_variance_label('described.label_words') }} as is_period_row,
        count(*) over (partition by described.report_id, described.table_seq, described.row_label) as n_same,
        last_value(case
            when period_rows.report_id is null and not {{ is_variance_label('described.label_words') }} then described.row_label
        end ignore nulls) over (
            partition by described.report_id, described.table_seq order by described.row_index
            rows between unbounded preceding and 1 preceding
        ) as measured_label
    from described
    left join period_rows using (report_id, table_seq, row_index)
    where described.row_role = 'data'
)
where is_period_row and n_same > 1
