with
with_row_periods as (select * from {{ ref('int_value_periods') }}),

-- The label wins over the unit of the table and of a column of money; a column of shares (Förändring, %) wins over what a
-- label counts. A department may have a name that begins with what is counted.
with_certainty as (
    select
        *,
        certain_unit_key is not null
        and (not is_money_table or kind = 'financial' or (kind = 'org_result' and certain_unit_key = 'percent'))
        and (certain_unit_key = 'percent' or {{ is_money_unit("coalesce(column_unit_key, 'kr')") }}) as is_certain,
        -- "Antal (andel)" over 112 (41 %): a share of the same scenario. Beside a share (41 % (-2 %)) or a sign it is a change.
        cell_type = 'number_with_change' and regexp_matches(column_words, ' (?:andel|andelen|procentandel) ')
        and regexp_matches(plain_text, '^[^%]*\( ?\d[^%]*%') as is_share_in_brackets
    from with_row_periods
)

select
    *,
    case
        when part_role = 'change' and not is_share_in_brackets then 'change'
        when cell_type = 'status' and kind = 'goal' then 'status'
        when not has_scenario_word and row_scenario_key is not null then row_scenario_key
        -- Budget, its adjustments and their sum: what stands before is the original, what stands behind the revised.
        when kind = 'budget_adjustment' and is_total_column then 'budget_revised'
        when kind = 'budget_adjustment' and column_scenario_key = 'budget' then 'budget_original'
        when kind = 'assignment' then 'status'
        else column_scenario_key
    end as scenario_key,
    cast(case
        when {{ is_unclear_period('own_period_form', 'own_bounds.first', 'own_bounds.last') }} then null
        when own_bounds is not null and own_bounds.first is not null then own_bounds.first
        else coalesce(column_period_start, default_start)
    end - case when part_role = 'previous' then interval 1 year else interval 0 year end as date) as period_start,
    cast(case
        when {{ is_unclear_period('own_period_form', 'own_bounds.first', 'own_bounds.last') }} then null
        when own_bounds is not null and own_bounds.last is not null then own_bounds.last
        when column_scenario_key in ('actual', 'status') then coalesce(column_period_end, outcome_end)
        else coalesce(column_period_end, default_end)
    end - case when part_role = 'previous' then interval 1 year else interval 0 year end as date) as period_end,
    case
        when cell_type in ('status', 'text') then coalesce(status_unit_key, 'text')
        when cell_unit_key is not null then cell_unit_key
        -- A column of changes in percent, whatever it is that has changed.
        when column_unit_key = 'percent' and column_scenario_key in ('change', 'variance') then 'percent'
        when row_unit_key is not null then row_unit_key
        when label_unit_key is not null then label_unit_key
        when is_certain then certain_unit_key
        when is_share_in_brackets and contains(column_words, ' antal') then 'count'
        when column_unit_key is not null and not is_share_in_brackets then column_unit_key
        when hint_unit_key is not null and not is_money_table then hint_unit_key
        when section_unit_key is not null then section_unit_key
        when plain_unit_key is not null then plain_unit_key
        when table_unit_key is not null then table_unit_key
        -- "… ska vara minst 1 %": in no table of money.
        when regexp_matches(label_words, ' (?:%|procent) ') and not has_money_label and kind = 'indicator' then 'percent'
    end as printed_unit_key,
    case
        when cell_type in ('status', 'text') then 'word'
        when cell_unit_key is not null then 'cell'
        when column_unit_key = 'percent' and column_scenario_key in ('change', 'variance') then 'header'
        when row_unit_key is not null then 'row'
        when label_unit_key is not null then 'label'
        when is_certain then 'label'
        when is_share_in_brackets and contains(column_words, ' antal') then 'header'
        when column_unit_key is not null and not is_share_in_brackets then 'header'
        when hint_unit_key is not null and not is_money_table then 'label'
        when section_unit_key is not null then 'label'
        when plain_unit_key is not null then 'table'
        when table_unit_key is not null then 'table'
        when regexp_matches(label_words, ' (?:%|procent) ') and not has_money_label and kind = 'indicator' then 'label'
    end as printed_unit_basis,
    -- What tells that it is an outcome, a budget or another: the header, the row, or only what reports of its kind print.
    case
        when (part_role = 'change' and not is_share_in_brackets) or (cell_type = 'status' and kind = 'goal') then 'cell'
        when has_scenario_word then 'header'
        when row_scenario_key is not null then 'row'
        when is_witnessed then 'stated_again'
        when column_period_form is not null then 'period'
        else 'default'
    end as scenario_basis,
    has_money_label
    or kind in ('financial', 'org_result', 'grant', 'budget_adjustment')
    -- The effect of a measure is money unless its words count something.
    or (kind = 'measure' and hint_unit_key is null) as expects_money,
    -- Money per something (kr/invånare, kostnad per elev) is a ratio and never summed; so is a rate of tax.
    has_ratio_unit
    or (has_ratio_header and kind = 'indicator')
    or (kind = 'indicator' and regexp_matches(label_words, '{{ per_pattern() }}|^ (?:genomsnittlig|medel|snitt)[a-zåäö]* '))
    or regexp_matches(column_words, '{{ per_pattern() }}')
    or regexp_matches(label_words || column_words, ' (?:{{ money_pattern() }}) (?:inv|invånare|elev|barn|brukare|plats|dygn|inskriven)')
    -- A slash before what money is counted per reads as "per" (nettokostnader/invånare kr); barn/elever are two groups.
    or (
        regexp_matches({{ words("replace(label_plain, '/', ' per ')") }}, ' per {{ ratio_object_pattern() }}')
        and not regexp_matches(label_plain, '(?:barn|elever|brukare|personer) ?/ ?(?:elever|barn|brukare|personer|hushåll)(?:[^a-zåäö]|$)')
    )
    -- A tax of a few kronor is a rate (Kommunalskatt, kr | 21,61).
    or (regexp_matches(label_words, '^ (?:kommunal|landstings|region)?skatt(?:en)? (?:i )?(?:kr|kronor) ') and abs(value_numeric) < 100)
    or regexp_matches(label_words, ' skattekrona')
    or (
        regexp_matches(label_words, ' per [a-zåäö0-9]')
        and not regexp_matches(label_words, ' per (?:den|helår |år|kvartal|tertial|månad|verksamhet|nämnd|avdelning|enhet|\d|{{ month_pattern() }})')
    ) as is_ratio,
    -- Prices and rates of tax, which are printed in kronor; thousands beside the same words are what they come to
    -- (Pris och lön, tkr).
    (kind = 'indicator' and regexp_matches(label_words, '{{ price_pattern() }}'))
    or regexp_matches(column_words, '{{ price_pattern() }}')
    or regexp_matches(label_words, ' skattesats|{{ tax_rate_pattern() }}') as is_price,
    coalesce(scenario_key = 'target' and cell_type = 'number' and value_bound is not null, false) as is_bound_target
from with_certainty
