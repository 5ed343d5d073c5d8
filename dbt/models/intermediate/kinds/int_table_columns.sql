with
columns as (select * from {{ ref('int_columns') }}),

units as (select * from {{ ref('units') }})

select
    columns.report_id,
    columns.table_seq,
    bool_or(columns.column_role = 'value' and columns.scenario_key = 'status' and columns.n_numbers = 0) as has_status_column,
    bool_or(columns.column_role = 'value' and columns.n_numbers > 0) as has_numbers,
    bool_or(columns.column_role = 'value' and columns.n_cells > 0) as has_values,
    bool_or(columns.column_role = 'value' and units.dimension = 'money') as has_money_column,
    any_value(columns.label_col_index) as label_col_index,
    any_value(columns.column_words) filter (where columns.column_role = 'label') as label_header_words,
    -- Budget beside outcome, forecast or variance, with figures that are neither shares nor counts: money.
    bool_or(columns.column_role = 'value' and columns.scenario_key in ('budget', 'budget_original', 'budget_revised'))
    and bool_or(columns.column_role = 'value' and columns.has_scenario_word and columns.scenario_key in ('actual', 'forecast', 'variance'))
    and not bool_or(
        columns.column_role = 'value' and coalesce(units.dimension, 'money') != 'money'
        and columns.scenario_key not in ('variance', 'change')
        -- How much of the budget is used is a share of the same money (Förbrukat, %).
        and not regexp_matches(columns.column_words, ' (?:förbruk[a-zåäö]*|upparbeta[a-zåäö]*|utnyttja[a-zåäö]*|utfall|% av [a-zåäö]*budget) .*%| % av [a-zåäö]*budget')
    ) as has_budget_and_outcome,
    -- Money beside counts and shares (År | Antal invånare | Årets resultat, mnkr | Soliditet, %).
    bool_or(
        columns.column_role = 'value' and coalesce(units.dimension, 'money') != 'money'
        and columns.scenario_key not in ('variance', 'change', 'status')
    ) as has_other_column,
    bool_or(
        columns.column_role = 'value' and coalesce(units.dimension, 'money') not in ('money', 'ratio')
        and columns.scenario_key not in ('variance', 'change', 'status')
    ) as has_count_column,
    -- Nothing but variances and forecasts (Avvikelse ack | Årsprognos avvikelse).
    coalesce(bool_and(
        columns.scenario_key in ('variance', 'forecast') and columns.has_scenario_word and coalesce(units.dimension, 'money') = 'money'
    ) filter (where columns.column_role = 'value'), false)
    and bool_or(columns.column_role = 'value' and columns.scenario_key = 'variance') as has_only_variances,
    bool_or(columns.column_role = 'value' and columns.scenario_key = 'budget_original')
    and bool_or(columns.column_role = 'value' and columns.scenario_key = 'adjustment')
    and bool_or(columns.column_role = 'value' and columns.scenario_key = 'budget_revised') as has_adjustments,
    bool_or(columns.column_role = 'value' and columns.scenario_key in ('budget', 'budget_original', 'budget_revised', 'plan') and columns.has_scenario_word)
    and not bool_or(columns.column_role = 'value' and coalesce(units.dimension, 'money') != 'money' and columns.scenario_key not in ('variance', 'change'))
        as has_budget
from columns
left join units on columns.column_unit_key = units.unit_key
group by all
