-- Which figures take part in each identity that a table claims, and whether it proves their numbers. What it says is of
-- numbers only: a column that slipped by a row adds up as well, so no label, header, unit or owner is proven by it.
with
identities as (select * from {{ ref('int_identities') }}),

total_rows as (select * from {{ ref('int_total_rows') }}),

accounts as (select * from {{ ref('int_accounts') }}),

named_values as (select * from {{ ref('int_values') }}),

-- As int_identities adds them: one number a cell, or each of those that are glued together.
figures as (
    select
        fact_key,
        report_id,
        table_seq,
        row_index,
        value_col_index as col_index,
        scenario_key,
        value_numeric,
        rounding,
        {{ significant_digits('value_numeric', 'rounding') }} as n_digits
    from named_values
    where
        value_numeric is not null
        and (cell_type = 'glued' or (part_index = 1 and not is_composite))
        and unit_key not in ('percent', 'per_mille', 'index')
),

claimed as (
    select
        identities.*,
        figures.fact_key as derived_fact_key,
        {{ identity_key('identities.identity_type', 'figures.fact_key') }} as identity_key,
        identities.identity_type in ('lines_total', 'departments_total') as is_sum_of_rows,
        -- Results that the law defines are sums of what stands above, even where a table prints only some of it.
        not identities.holds and identities.is_proven and coalesce(accounts.statement, '') != 'balance_requirement' as is_broken
    from identities
    inner join figures using (report_id, table_seq, row_index, col_index)
    left join accounts using (report_id, table_seq, row_index)
),

parts_of_rows as (
    select
        report_id,
        table_seq,
        row_index,
        method,
        component_rows[1] as first_row,
        unnest(component_rows) as part_row
    from total_rows
),

members as (
    select
        identity_key,
        derived_fact_key as fact_key,
        case when identity_type = 'variance' then 'variance' else 'total' end as role,
        cast(null as integer) as sign
    from claimed
    union all
    select
        claimed.identity_key,
        figures.fact_key,
        'part' as role,
        case
            when parts_of_rows.method = 'difference' and parts_of_rows.part_row != parts_of_rows.first_row then -1
            when parts_of_rows.method = 'reverse' and parts_of_rows.part_row = parts_of_rows.first_row then -1
            else 1
        end as sign
    from claimed
    inner join parts_of_rows using (report_id, table_seq, row_index)
    inner join figures
        on claimed.report_id = figures.report_id
            and claimed.table_seq = figures.table_seq
            and parts_of_rows.part_row = figures.row_index
            and claimed.col_index = figures.col_index
    where claimed.is_sum_of_rows
    union all
    select
        claimed.identity_key,
        figures.fact_key,
        case when claimed.outcome_col = figures.col_index then 'outcome' else 'budget' end as role,
        case when claimed.outcome_col = figures.col_index then claimed.row_direction else -claimed.row_direction end as sign
    from claimed
    inner join figures
        on claimed.report_id = figures.report_id
            and claimed.table_seq = figures.table_seq
            and claimed.row_index = figures.row_index
            and figures.col_index in (claimed.outcome_col, claimed.budget_col)
    where claimed.identity_type = 'variance'
    union all
    select
        claimed.identity_key,
        figures.fact_key,
        'part' as role,
        1 as sign
    from claimed
    inner join figures using (report_id, table_seq, row_index)
    where claimed.identity_type = 'adjustments' and figures.scenario_key in ('budget_original', 'adjustment')
),

-- What rounding leaves open: each figure may be off by its own, all of them together seldom by more than two standard
-- deviations. A sum of forty figures that is off by half of what its roundings could come to hides a wrong digit.
weighed as (
    select
        members.identity_key,
        2 * sqrt(sum(figures.rounding * figures.rounding order by figures.row_index, figures.col_index) / 3) as leeway,
        count(*) filter (where figures.value_numeric != 0) as n_figures,
        max(figures.n_digits) as n_digits
    from members
    inner join figures using (fact_key)
    group by members.identity_key
),

fitted as (
    select
        claimed.*,
        weighed.leeway,
        weighed.n_digits,
        -- One part that is its total, or two equal figures whose difference is 0, say nothing that the print does not.
        claimed.holds and weighed.n_figures > 2 and abs(claimed.difference) <= weighed.leeway + 1e-6 as is_fitting,
        claimed.row_class in ('total', 'word') and weighed.n_digits > 2 and abs(claimed.printed) >= 1000 * weighed.leeway as is_certain
    from claimed
    inner join weighed using (identity_key)
),

-- Small and round numbers add up by chance; the same total over the same rows in two columns, and one relation of columns
-- on three rows, do not. Of one column only a row that calls itself a total may, where many numbers were possible.
repeated as (
    select
        report_id,
        table_seq,
        is_sum_of_rows,
        case when is_sum_of_rows then row_index else col_index end as line,
        count(distinct abs(printed)) filter (where is_fitting and n_digits > 2 and printed != 0)
        >= case when is_sum_of_rows then 2 else 3 end as is_repeated,
        count(*) filter (where holds) >= count(*) filter (where not holds) as is_mostly_holding
    from fitted
    group by report_id, table_seq, is_sum_of_rows, line
)

select
    fitted.identity_key,
    members.fact_key,
    fitted.report_id,
    case when fitted.identity_type = 'variance' then 'variance' else 'sum' end as kind,
    fitted.identity_type,
    members.role,
    members.sign,
    fitted.difference,
    fitted.tolerance,
    fitted.holds as is_holding,
    -- Of a figure that is hardly more than what rounding leaves open, no digit is borne out.
    fitted.is_fitting
    and repeated.is_mostly_holding
    and (repeated.is_repeated or fitted.is_certain)
    and abs(figures.value_numeric) >= 10 * fitted.leeway as is_proving,
    fitted.is_broken
from fitted
inner join repeated
    on fitted.report_id = repeated.report_id
        and fitted.table_seq = repeated.table_seq
        and fitted.is_sum_of_rows = repeated.is_sum_of_rows
        and case when fitted.is_sum_of_rows then fitted.row_index else fitted.col_index end = repeated.line
inner join members using (identity_key)
inner join figures using (fact_key)
