-- What each value says by itself and by its header, row and table; units of money that are printed nowhere come later.
with
described as (select * from {{ ref('int_value_readings') }}),

-- No outcome is older than what tells of it: in a plan it is where the plan begins (Nuläge), in other reports a plan.
dated as (
    select
        * exclude (scenario_key),
        case
            when scenario_key = 'actual' and report_type in ('plan', 'budget', 'tariff') and year(period_start) >= fiscal_year then 'baseline'
            -- A report of outcomes is made after its year, whatever date is printed in it.
            when
                scenario_key = 'actual'
                and period_start > case when report_type in ('annual_report', 'interim_report') then greatest(stated_on, default_end) else stated_on end
                then 'plan'
            else scenario_key
        end as scenario_key
    from described
),

-- A target that is a bound is known exactly (minst 90 %): 90, and the side on which it is met.
rated as (
    select
        * exclude (is_ratio, is_price, value_numeric, value_bound, bound_low, bound_high),
        case when is_bound_target then coalesce(bound_low, bound_high) else value_numeric end as value_numeric,
        case when not is_bound_target then value_bound end as value_bound,
        case when is_bound_target then value_bound end as target_bound,
        case when not is_bound_target then bound_low end as bound_low,
        case when not is_bound_target then bound_high end as bound_high,
        is_ratio or (is_price and (coalesce(printed_unit_key, 'kr') = 'kr' or not {{ is_money_unit('printed_unit_key') }})) as is_ratio
    from dated
),

-- "varav" is measured as the row that it is part of, unless it says otherwise itself.
wholes as (
    select
        *,
        last_value(case when not is_of_which then struct_pack(unit_key := printed_unit_key, is_ratio := is_ratio) end ignore nulls) over (
            partition by report_id, table_seq, col_index
            order by row_index, part_index desc
            rows between unbounded preceding and 1 preceding
        ) as whole,
        is_of_which and coalesce(printed_unit_basis, 'table') in ('table', 'label') and label_unit_key is null
        and certain_unit_key is null and part_role = 'value' and cell_type not in ('status', 'text') as follows_whole,
        -- Rows of nothing but zeros are as well measured in the only unit of money that the table prints.
        max(abs(value_numeric)) over (partition by report_id, table_seq, row_index) = 0
        and (
            expects_money
            or 2 * count(*) filter (where {{ is_money_unit('printed_unit_key') }} and not is_ratio) over (partition by report_id, table_seq)
            > count(*) over (partition by report_id, table_seq)
        ) as is_zero_row,
        min(case when {{ is_money_unit('printed_unit_key') }} and not is_ratio then printed_unit_key end) over (partition by report_id, table_seq) as first_money,
        max(case when {{ is_money_unit('printed_unit_key') }} and not is_ratio then printed_unit_key end) over (partition by report_id, table_seq) as last_money
    from rated
)

select
    * exclude (
        section_unit_key, certain_unit_key, is_certain, is_share_in_brackets, printed_unit_key, printed_unit_basis, is_ratio,
        whole, follows_whole, is_zero_row, first_money, last_money, is_bound_target, report_type, stated_on, is_witnessed
    ),
    case
        when follows_whole and whole.unit_key is not null then whole.unit_key
        when printed_unit_key is null and is_zero_row and first_money = last_money then first_money
        else printed_unit_key
    end as printed_unit_key,
    case
        when follows_whole and whole.unit_key is not null then 'label'
        when printed_unit_key is null and is_zero_row and first_money = last_money then 'table'
        else printed_unit_basis
    end as printed_unit_basis,
    is_ratio or (follows_whole and coalesce(whole.is_ratio, false)) as is_ratio
from wholes
