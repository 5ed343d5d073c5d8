with
settled_periods as (select * from {{ ref('int_column_periods') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

-- What a column is about that says neither scenario, period nor unit, beside columns that do: a line of the accounts
-- (Intäkter) or persons, or nobody knows (Intervall, Rang).
headed as (
    select
        * exclude (period_start, period_end),
        -- A header that prints a period whose days cannot be told, or end before they begin: none is better than another.
        case when not is_unclear_period then period_start end as period_start,
        case when not is_unclear_period then period_end end as period_end,
        column_role = 'value'
        and column_label is not null
        and not has_scenario_word
        and not is_between_frames
        and period_form is null
        and column_unit_key is null
        and not is_total_column
        and column_entity is null
        and trim(column_words) not in (select trim({{ words('alias') }}) from account_aliases)
        and not regexp_matches(column_words, ' (?:kvinnor|män|flickor|pojkar|totalt|total|summa|nämnden|kommunen) ') as says_nothing,
        column_role = 'value' and (has_scenario_word or period_form is not null) as says_something,
        column_role = 'value' and (period_form is not null or (has_scenario_word and scenario_key != 'actual')) as tells_scenarios_apart
    from (
        select
            *,
            column_role = 'value' and {{ is_unclear_period('period_form', 'period_start', 'period_end') }}
            -- Two years head a change as well: it is about the later one.
            and not (period_form = 'year_pair' and scenario_key in ('change', 'variance')) as is_unclear_period
        from settled_periods
    )
),

-- A table whose columns say nothing (departments beside each other, and their sum) prints what the column of another table
-- prints: three figures of the same lines tell that it is about the same scenario and period.
printed_figures as (
    select distinct
        headed.report_id,
        headed.table_seq,
        headed.col_index,
        lower(label_cells.value_text) as label,
        body_cells.plain_text as figure
    from headed
    inner join body_cells using (report_id, table_seq, col_index)
    inner join body_cells as label_cells
        on body_cells.report_id = label_cells.report_id
            and body_cells.table_seq = label_cells.table_seq
            and body_cells.row_index = label_cells.row_index
            and headed.label_col_index = label_cells.col_index
    where headed.column_role = 'value' and body_cells.cell_type = 'number' and regexp_matches(body_cells.plain_text, '[1-9].*\d')
),

silent_tables as (
    select report_id, table_seq
    from headed
    group by all
    having bool_or(says_nothing or (column_role = 'value' and is_total_column)) and not bool_or(says_something)
),

witnesses as (
    select
        silent.report_id,
        silent.table_seq,
        told.scenario_key,
        told.period_start,
        told.period_end
    from printed_figures as silent
    inner join silent_tables using (report_id, table_seq)
    inner join printed_figures as other
        on silent.report_id = other.report_id
            and silent.table_seq != other.table_seq
            and silent.label = other.label
            and silent.figure = other.figure
    inner join headed as told
        on other.report_id = told.report_id
            and other.table_seq = told.table_seq
            and other.col_index = told.col_index
            and told.says_something
    group by silent.report_id, silent.table_seq, told.scenario_key, told.period_start, told.period_end
    having count(distinct silent.figure) > 2
    -- One column tells, or none.
    qualify count(*) over (partition by silent.report_id, silent.table_seq) = 1
),

witnessed as (
    select
        headed.* replace (
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.scenario_key else headed.scenario_key end as scenario_key,
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.period_start else headed.period_start end as period_start,
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.period_end else headed.period_end end as period_end
        ),
        headed.column_role = 'value' and witnesses.report_id is not null as is_witnessed
    from headed
    left join witnesses using (report_id, table_seq)
)

select
    * exclude (
        label_header_words, has_school_years, has_forecast_heading, has_budget_heading, scenario_text, is_comparison, is_comparison_table, has_period_above,
        has_accumulated, has_outcome, has_forecast, has_running_outcome, has_variance, is_running_year, is_between_frames, says_nothing, says_something, tells_scenarios_apart,
        is_about_schools, heading_year, n_marks, is_change
    ),
    says_nothing and bool_or(says_something) over (partition by report_id, table_seq) as is_unknown_header,
    -- An outcome it is where the columns are measures; beside years, budgets or forecasts it may be anything.
    says_nothing
    and bool_or(tells_scenarios_apart) over (partition by report_id, table_seq)
    and not regexp_matches(column_words, ' [a-zåäö]*(?:intäkt|intäkter|kostnad|kostnader|inkomst|inkomster|utgift|utgifter|bidrag|avgift|avgifter|resultat|netto|kapital) ')
        as is_unclear_header
from witnessed
