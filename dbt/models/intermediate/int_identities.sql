-- Every accounting identity that the tables claim, computed again: one row per derived cell.
with
measured_values as (select * from {{ ref('int_measured_values') }}),

total_rows as (select * from {{ ref('int_total_rows') }}),

cells as (select * from {{ ref('int_cells') }}),

numbers as (
    select *
    from measured_values
    where
        value_numeric is not null
        and part_index = 1
        and not is_composite
        and unit_key not in ('percent', 'per_mille', 'index')
),

-- Bounds, and figures that are not told.
open_figures as (
    select distinct report_id, table_seq, row_index, col_index
    from measured_values
    where value_bound is not null
),

-- Lines or departments add up to the total.
total_components as (
    select
        report_id,
        table_seq,
        row_index,
        method,
        row_class,
        component_rows[1] as first_component,
        unnest(component_rows) as component_row
    from total_rows
),

totals as (
    select
        case when printed.has_organisation_rows then 'departments_total' else 'lines_total' end as identity_type,
        printed.report_id,
        printed.table_seq,
        printed.row_index,
        printed.col_index,
        printed.value_numeric as printed,
        sum(
            coalesce(components.value_numeric, 0)
            * case
                when total_components.method = 'difference' and total_components.component_row != total_components.first_component then -1
                when total_components.method = 'reverse' and total_components.component_row = total_components.first_component then -1
                else 1
            end
        ) as computed,
        any_value(printed.rounding) + sum(coalesce(components.rounding, 0)) as tolerance,
        string_agg(components.row_label, ' + ' order by components.row_index) as components,
        count(*) - count(components.row_index) as n_missing,
        any_value(total_components.row_class) as row_class,
        count(*) as n_components
    from total_components
    inner join numbers as printed using (report_id, table_seq, row_index)
    left join numbers as components
        on total_components.report_id = components.report_id
            and total_components.table_seq = components.table_seq
            and total_components.component_row = components.row_index
            and printed.col_index = components.col_index
    left join open_figures
        on total_components.report_id = open_figures.report_id
            and total_components.table_seq = open_figures.table_seq
            and total_components.component_row = open_figures.row_index
            and printed.col_index = open_figures.col_index
    where not regexp_matches(coalesce(printed.column_words, ''), '{{ average_pattern() }}')
    group by all
    -- A sum with a part that is not told claims nothing that can be computed.
    having count(open_figures.row_index) = 0
),

columns_of_variances as (
    select distinct
        report_id,
        table_seq,
        col_index,
        period_start,
        period_end,
        case
            when scenario_key = 'variance' then 'variance'
            when scenario_key in ('actual', 'forecast') then 'outcome'
            else 'budget'
        end as term
    from numbers
    where scenario_key in ('variance', 'actual', 'forecast', 'budget', 'budget_revised', 'budget_original')
),

column_pairs as (
    select distinct
        variance.report_id,
        variance.table_seq,
        variance.col_index,
        columns_of_variances.term,
        columns_of_variances.col_index as term_col
    from columns_of_variances as variance
    inner join columns_of_variances using (report_id, table_seq, period_start, period_end)
    where variance.term = 'variance' and columns_of_variances.term != 'variance'
),

-- Eight to each side at most: every outcome with every budget would grow with the cube of the columns.
near_columns as (
    select *
    from column_pairs
    qualify row_number() over (
            partition by report_id, table_seq, col_index, term, term_col < col_index
            order by abs(col_index - term_col)
        ) <= 8
),

-- Budget and outcome (or forecast) of one row and period differ by the printed variance, in one direction a table.
variance_candidates as (
    select
        variance.report_id,
        variance.table_seq,
        variance.row_index,
        variance.col_index,
        variance.value_numeric as printed,
        variance.rounding + outcome.rounding + budget.rounding as tolerance,
        outcome.col_index as outcome_col,
        budget.col_index as budget_col,
        outcome.column_label as outcome_label,
        budget.column_label as budget_label,
        outcome.value_numeric - budget.value_numeric as outcome_less_budget
    from numbers as variance
    inner join near_columns as outcomes
        on variance.report_id = outcomes.report_id
            and variance.table_seq = outcomes.table_seq
            and variance.col_index = outcomes.col_index
            and outcomes.term = 'outcome'
    inner join near_columns as budgets
        on variance.report_id = budgets.report_id
            and variance.table_seq = budgets.table_seq
            and variance.col_index = budgets.col_index
            and budgets.term = 'budget'
    inner join numbers as outcome
        on variance.report_id = outcome.report_id
            and variance.table_seq = outcome.table_seq
            and variance.row_index = outcome.row_index
            and outcomes.term_col = outcome.col_index
            and variance.period_start = outcome.period_start
            and variance.period_end = outcome.period_end
            and outcome.scenario_key in ('actual', 'forecast')
    inner join numbers as budget
        on variance.report_id = budget.report_id
            and variance.table_seq = budget.table_seq
            and variance.row_index = budget.row_index
            and budgets.term_col = budget.col_index
            and variance.period_start = budget.period_start
            and variance.period_end = budget.period_end
            and budget.scenario_key in ('budget', 'budget_revised', 'budget_original')
    where variance.scenario_key = 'variance'
),

variance_directions as (
    select
        *,
        unnest([1, -1]) as direction
    from variance_candidates
),

variance_scores as (
    select
        report_id,
        table_seq,
        col_index,
        outcome_col,
        budget_col,
        direction,
        count(*) filter (where printed != 0 and abs(printed - direction * outcome_less_budget) <= tolerance + 1e-6) as n_hold,
        count(*) filter (where printed != 0) as n_rows
    from variance_directions
    group by all
),

-- Income and costs that are both printed positive have variances in opposite directions; then either holds.
opposite_rows as (
    select
        report_id,
        table_seq,
        col_index,
        outcome_col,
        budget_col,
        min(n_hold) > 1 as has_both_directions
    from variance_scores
    group by all
),

variance_choices as (
    select
        variance_scores.*,
        opposite_rows.has_both_directions
    from variance_scores
    inner join opposite_rows using (report_id, table_seq, col_index, outcome_col, budget_col)
    where n_hold * 2 >= n_rows and n_hold > 0
    qualify row_number() over (
            partition by report_id, table_seq, col_index
            order by n_hold desc, abs(col_index - outcome_col) + abs(col_index - budget_col), outcome_col, budget_col, direction desc
        ) = 1
),

variances as (
    select
        'variance' as identity_type,
        variance_candidates.report_id,
        variance_candidates.table_seq,
        variance_candidates.row_index,
        variance_candidates.col_index,
        variance_candidates.printed,
        case
            when variance_choices.has_both_directions
                and abs(variance_candidates.printed + variance_choices.direction * variance_candidates.outcome_less_budget) <= variance_candidates.tolerance + 1e-6
                then -variance_choices.direction
            else variance_choices.direction
        end as row_direction,
        row_direction * variance_candidates.outcome_less_budget as computed,
        variance_candidates.tolerance,
        variance_candidates.outcome_col,
        variance_candidates.budget_col,
        case
            when row_direction = 1 then variance_candidates.outcome_label || ' - ' || variance_candidates.budget_label
            else variance_candidates.budget_label || ' - ' || variance_candidates.outcome_label
        end as components,
        'variance' as row_class
    from variance_candidates
    inner join variance_choices using (report_id, table_seq, col_index, outcome_col, budget_col)
),

-- The original budget and its adjustments make the revised one.
adjustments as (
    select
        'adjustments' as identity_type,
        revised.report_id,
        revised.table_seq,
        revised.row_index,
        revised.col_index,
        revised.value_numeric as printed,
        sum(parts.value_numeric) as computed,
        any_value(revised.rounding) + sum(parts.rounding) as tolerance,
        string_agg(parts.column_label, ' + ' order by parts.col_index) as components,
        'adjustments' as row_class
    from numbers as revised
    inner join numbers as parts using (report_id, table_seq, row_index)
    where
        revised.kind = 'budget_adjustment'
        and revised.scenario_key = 'budget_revised'
        and parts.scenario_key in ('budget_original', 'adjustment')
    group by all
),

identities as (
    select * from totals
    union all by name
    select * from variances
    union all by name
    select * from adjustments
),

judged as (
    select
        *,
        printed - computed as difference,
        abs(printed - computed) <= tolerance + 1e-6 as holds
    from identities
),

-- A column with a cell that could not be read proves nothing about its sums.
unread_columns as (
    select distinct report_id, table_seq, col_index
    from cells
    where role = 'rejected'
)

select
    judged.*,
    -- Whether the same sum holds elsewhere (in another column of a total, in other rows of a variance): only then is a
    -- figure that breaks it evidently a misprint.
    count(*) filter (where holds and printed != 0) over (
        partition by
            report_id, table_seq, identity_type,
            case when identity_type in ('lines_total', 'departments_total') then row_index else col_index end
    ) > 0
    -- Nor does a sum whose parts are not all printed, or whose figure another sum bears out.
    and coalesce(judged.n_missing, 0) = 0
    -- That a result repeats the one above is no sum.
    and coalesce(judged.n_components, 2) > 1
    and not bool_or(holds) over (partition by judged.report_id, judged.table_seq, judged.row_index, judged.col_index)
    and unread_columns.report_id is null as is_proven
from judged
left join unread_columns using (report_id, table_seq, col_index)
