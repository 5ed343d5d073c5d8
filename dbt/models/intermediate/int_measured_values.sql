-- Values with their unit settled and money in kronor.
with
printed_values as (select * from {{ ref('int_printed_values') }}),

money_units as (select * from {{ ref('int_money_units') }}),

currencies as (select * from {{ ref('int_report_currencies') }}),

units as (select * from {{ ref('units') }}),

first_pass as (
    select
        printed_values.*,
        -- A change in percent says nothing of what has changed.
        printed_values.scenario_key = 'change' as is_difference,
        case
            when printed_values.part_role = 'change' and printed_values.cell_unit_key is null then null
            when printed_values.printed_unit_key is not null then printed_values.printed_unit_key
            when printed_values.expects_money
                then coalesce(
                        case when not coalesce(money_units.is_report_unit_contradicted, false) then printed_values.report_unit_key end,
                        money_units.unit_key,
                        -- Money per something, whose unit is printed nowhere, is in kronor.
                        case when printed_values.is_ratio then 'kr' end
                    )
            when printed_values.has_ratio_header and printed_values.scenario_key not in ('change', 'variance') then 'kr'
            when contains(printed_values.column_words || printed_values.label_words, ' skattesats ') then 'kr'
        end as direct_unit_key,
        case
            when printed_values.printed_unit_key is not null then printed_values.printed_unit_basis
            when printed_values.expects_money and printed_values.report_unit_key is not null and not coalesce(money_units.is_report_unit_contradicted, false) then 'report'
            when printed_values.expects_money and (money_units.unit_key is not null or printed_values.is_ratio) then 'inferred'
            when printed_values.has_ratio_header and printed_values.scenario_key not in ('change', 'variance') then 'inferred'
            when contains(printed_values.column_words || printed_values.label_words, ' skattesats ') then 'inferred'
        end as direct_unit_basis
    from printed_values
    left join money_units using (report_id, table_seq)
),

-- A dash or a figure that is not told has the unit of the numbers in its row, else of its column; a number without any unit of its own has that of the
-- numbers in its row which print theirs in the cell (71 %, 73 %, 75).
siblings as (
    select
        *,
        min(direct_unit_key) filter (where value_numeric is not null and part_role = 'value' and not is_difference) over (
            partition by report_id, table_seq, row_index
        ) as row_first,
        max(direct_unit_key) filter (where value_numeric is not null and part_role = 'value' and not is_difference) over (
            partition by report_id, table_seq, row_index
        ) as row_last,
        coalesce(bool_or(direct_unit_key is null and value_numeric is not null and scenario_key not in ('change', 'variance')) over (
            partition by report_id, table_seq, row_index
        ), false) as has_unitless,
        min(direct_unit_key) filter (where direct_unit_basis in ('cell', 'row', 'label') and part_role = 'value' and column_unit_key is null and not is_difference) over (
            partition by report_id, table_seq, row_index
        ) as printed_first,
        max(direct_unit_key) filter (where direct_unit_basis in ('cell', 'row', 'label') and part_role = 'value' and column_unit_key is null and not is_difference) over (
            partition by report_id, table_seq, row_index
        ) as printed_last,
        min(direct_unit_key) filter (where value_numeric is not null and part_role = 'value') over (
            partition by report_id, table_seq, col_index
        ) as column_first,
        max(direct_unit_key) filter (where value_numeric is not null and part_role = 'value') over (
            partition by report_id, table_seq, col_index
        ) as column_last,
        -- A column of numbers without a unit whose header says what they are (Omräkningsfaktor | Kostnad) is about something else than its neighbours.
        coalesce(scenario_basis = 'default', false)
        and count(*) filter (where value_numeric is not null) over of_column > 1
        and count(direct_unit_key) over of_column = 0 as is_unitless_column
    from first_pass
    window of_column as (partition by report_id, table_seq, col_index)
),

settled as (
    select
        *,
        case
            when direct_unit_key is not null and (cell_type not in ('dash', 'suppressed', 'range') or direct_unit_basis not in ('label', 'table', 'inferred'))
                then direct_unit_key
            when row_first = row_last and (cell_type in ('dash', 'suppressed', 'range') or (printed_first = printed_last and not is_unitless_column)) then row_first
            -- What differs is measured as what it differs from (Årsarbetare 2025 | Årsarbetare 2026 | Skillnad).
            when direct_unit_key is null and row_first = row_last and not has_unitless and part_role = 'value' and scenario_key in ('change', 'variance') then row_first
            when direct_unit_key is not null then direct_unit_key
            when cell_type in ('dash', 'suppressed', 'range') and column_first = column_last then column_first
            when expects_money or has_money_context then 'unknown'
            -- "Lön per årsarbetare" is money, though nothing says in which unit.
            when regexp_matches(label_words, '{{ money_per_pattern() }}') then 'unknown'
            else 'count'
        end as unit_key,
        case
            when direct_unit_key is not null and (cell_type not in ('dash', 'suppressed', 'range') or direct_unit_basis not in ('label', 'table', 'inferred'))
                then direct_unit_basis
            when row_first = row_last and (cell_type in ('dash', 'suppressed', 'range') or (printed_first = printed_last and not is_unitless_column)) then 'row'
            when direct_unit_key is null and row_first = row_last and not has_unitless and part_role = 'value' and scenario_key in ('change', 'variance') then 'row'
            when direct_unit_key is not null then direct_unit_basis
            when cell_type in ('dash', 'suppressed', 'range') and column_first = column_last then 'column'
            when expects_money or has_money_context then 'unknown'
            when regexp_matches(label_words, '{{ money_per_pattern() }}') then 'unknown'
            else 'default'
        end as unit_basis
    from siblings
),

-- What a report in another language calls "kr" is the money of its country.
exchanged as (
    select
        settled.* exclude (unit_key),
        coalesce(foreign_units.unit_key, settled.unit_key) as unit_key
    from settled
    left join currencies using (report_id)
    left join units as swedish_units on settled.unit_key = swedish_units.unit_key and swedish_units.base_unit_key = 'kr'
    left join units as foreign_units
        on currencies.currency = foreign_units.base_unit_key and swedish_units.factor_to_base = foreign_units.factor_to_base
)

select
    exchanged.* exclude (is_difference, has_unitless, is_unitless_column, unit_key, direct_unit_key, direct_unit_basis, row_first, row_last, printed_first, printed_last, column_first, column_last),
    -- Weeks, kilograms and their like are reported as what they are to a reader of totals, a count; the finer unit is kept.
    coalesce(units.reported_unit_key, exchanged.unit_key) as unit_key,
    exchanged.unit_key as unit_detail_key,
    units.dimension as unit_dimension,
    case
        -- Other currencies are no kronor.
        when units.dimension = 'money' and units.base_unit_key = 'kr' and not exchanged.is_ratio
            then try_cast(round(exchanged.value_numeric * units.factor_to_base, 2) as decimal(18, 2))
    end as amount_sek,
    -- Half of the last digit that the column prints, in the unit printed: how far rounding alone can move the figure.
    -- A whole number in a column of decimals (1 beside 0,15) is as exact as its neighbours.
    case
        when exchanged.value_numeric is not null
            then 0.5 * pow(10, -max(length(regexp_extract(exchanged.number_text, '[,.](\d+)$', 1))) over (
                    partition by exchanged.report_id, exchanged.table_seq, exchanged.col_index, exchanged.unit_key
                ))
    end as rounding
from exchanged
left join units using (unit_key)
