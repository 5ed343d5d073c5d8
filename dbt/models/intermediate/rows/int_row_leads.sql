with
section_runs as (select * from {{ ref('int_row_section_runs') }}),

-- Leading rows: where labels repeat (Nettokostnadsutveckling) below rows that begin with the same word as the first
-- row (Nettokostnad IFO totalt, Nettokostnad vuxenvård), each such row leads the block below it.
data_rows as (
    select
        section_runs.report_id,
        section_runs.table_seq,
        section_runs.row_index,
        section_runs.row_label,
        split_part(trim(section_runs.label_words), ' ', 1) as first_word,
        first_value(split_part(trim(section_runs.label_words), ' ', 1)) over (
            partition by section_runs.report_id, section_runs.table_seq order by section_runs.row_index
        ) as lead_word,
        count(*) over (partition by section_runs.report_id, section_runs.table_seq, section_runs.row_label) as n_same
    from section_runs
    where section_runs.row_role = 'data' and section_runs.kind = 'indicator' and section_runs.run_number = 0
),

lead_tables as (
    select report_id, table_seq
    from data_rows
    group by all
    having max(n_same) > 1 and count(distinct row_label) filter (where first_word = lead_word) > 1
),

leads as (
    select
        data_rows.report_id,
        data_rows.table_seq,
        data_rows.row_index,
        case when data_rows.first_word = data_rows.lead_word and data_rows.n_same = 1 then data_rows.row_label end as lead_label
    from data_rows
    inner join lead_tables using (report_id, table_seq)
)

select
    report_id,
    table_seq,
    row_index,
    case
        when lead_label is null
            then last_value(lead_label ignore nulls) over (
                    partition by report_id, table_seq order by row_index
                    rows between unbounded preceding and current row
                )
    end as lead_group
from leads
