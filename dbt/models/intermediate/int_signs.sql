-- Which way money is printed in each table, and the factor (1 or -1) that makes income +, costs - and a surplus +.
with
named_values as (select * from {{ ref('int_values') }}),

accounts as (select * from {{ ref('accounts') }}),

identities as (select * from {{ ref('int_identities') }}),

total_rows as (select * from {{ ref('int_total_rows') }}),

figures as (
    select
        named_values.fact_key,
        named_values.report_id,
        named_values.table_seq,
        named_values.row_index,
        named_values.col_index,
        named_values.kind,
        named_values.scenario_key,
        named_values.period_key,
        named_values.value_numeric,
        named_values.rounding,
        named_values.column_words,
        named_values.label_words,
        accounts.account_key != 'unknown' as has_account,
        case
            when named_values.scenario_key in ('variance', 'change', 'adjustment', 'planned_effect', 'achieved_effect')
                and named_values.kind != 'budget_adjustment'
                then 'difference'
            when named_values.kind in ('grant', 'budget_adjustment') then 'income'
            when named_values.account_key in ('operating_net_cost', 'committee_net_cost', 'net_investment') then 'net_cost'
            when accounts.natural_sign = '+' then 'income'
            when accounts.natural_sign = '-' then 'cost'
            when accounts.natural_sign = '0' and accounts.is_subtotal and accounts.statement != 'equity' and accounts.account_key != 'committees_total'
                then 'result'
            when accounts.account_key != 'unknown' then 'unknown'
            when regexp_matches(named_values.label_words, ' [a-zåäö]*nettokostnad') then 'net_cost'
            when regexp_matches(named_values.label_words, ' (?:[a-zåäö]*kostnad|[a-zåäö]*kostnader|[a-zåäö]*utgift|[a-zåäö]*utgifter|lön|löner|hyra|hyror|avskrivning|avskrivningar|personal|köp|lämnade|räntekostnader) ')
                then 'cost'
            when regexp_matches(named_values.label_words, ' (?:[a-zåäö]*intäkt|[a-zåäö]*intäkter|[a-zåäö]*inkomster|[a-zåäö]*bidrag|[a-zåäö]*avgifter|försäljning|skattemedel) ')
                then 'income'
            when regexp_matches(named_values.label_words, ' [a-zåäö]*resultat ') then 'result'
            else 'unknown'
        end as nature
    from named_values
    inner join accounts using (account_key)
    where named_values.fact_table = 'fct_financial' and named_values.amount_sek is not null
),

row_natures as (
    select
        report_id,
        table_seq,
        row_index,
        any_value(nature) as nature,
        count(distinct nature) as n_natures
    from figures
    where nature != 'difference'
    group by all
),

-- A variance is + where the outcome is better. So a row whose variance is outcome less budget prints a surplus as +, and
-- one whose variance is budget less outcome prints it as -.
variance_directions as (
    select
        report_id,
        table_seq,
        row_index,
        any_value(row_direction) as factor
    from identities
    where identity_type = 'variance' and holds and printed != 0
    group by all
    having min(row_direction) = max(row_direction)
),

-- In a row with columns for income, costs and net the variance is that of the net.
row_directions as (
    select
        figures.report_id,
        figures.table_seq,
        figures.row_index,
        figures.nature,
        any_value(variance_directions.factor) as factor
    from figures
    inner join variance_directions using (report_id, table_seq, row_index)
    inner join row_natures using (report_id, table_seq, row_index)
    where figures.nature != 'difference' and (row_natures.n_natures = 1 or figures.nature not in ('income', 'cost'))
    group by all
),

nature_directions as (
    select
        figures.report_id,
        figures.table_seq,
        figures.nature,
        any_value(row_directions.factor) as factor
    from figures
    inner join row_directions using (report_id, table_seq, row_index, nature)
    group by all
    having min(row_directions.factor) = max(row_directions.factor)
),

table_directions as (
    select
        report_id,
        table_seq,
        any_value(factor) as factor
    from row_directions
    group by all
    having min(factor) = max(factor)
),

-- How the table prints income and costs.
printed_signs as (
    select
        report_id,
        table_seq,
        avg(sign(value_numeric)) filter (where nature = 'income' and value_numeric != 0) as income_sign,
        avg(sign(value_numeric)) filter (where nature = 'cost' and value_numeric != 0) as cost_sign,
        avg(sign(value_numeric)) filter (where nature = 'net_cost' and value_numeric != 0) as net_sign,
        -- A word alone says little among rows that say nothing (changes of a frame).
        avg(case when nature in ('income', 'cost', 'net_cost', 'result') then 1.0 else 0.0 end) >= 0.5 as is_told
    from figures
    group by all
),

-- Income, cost and net of one row (Intäkter | Kostnader | Netto): which of them less the other is the net.
row_nets as (
    select
        report_id,
        table_seq,
        any_value(value_numeric) filter (where nature = 'income') as income,
        any_value(value_numeric) filter (where nature = 'cost') as cost,
        any_value(value_numeric) filter (where nature in ('net_cost', 'result')) as net,
        sum(rounding) as tolerance
    from figures
    where nature in ('income', 'cost', 'net_cost', 'result')
    group by report_id, table_seq, row_index, scenario_key, period_key
    having count(*) = 3 and count(distinct nature) = 3
),

-- The same of one column: a net row made of an income row and a cost row.
net_rows as (
    select
        total_rows.report_id,
        total_rows.table_seq,
        total_rows.method,
        row_natures.nature as net_nature,
        first_part.nature as first_nature,
        last_part.nature as last_nature
    from total_rows
    inner join row_natures using (report_id, table_seq, row_index)
    left join row_natures as first_part
        on total_rows.report_id = first_part.report_id
            and total_rows.table_seq = first_part.table_seq
            and total_rows.component_rows[1] = first_part.row_index
    left join row_natures as last_part
        on total_rows.report_id = last_part.report_id
            and total_rows.table_seq = last_part.table_seq
            and total_rows.component_rows[len(total_rows.component_rows)] = last_part.row_index
    where row_natures.nature in ('net_cost', 'result') and row_natures.n_natures = 1
),

net_votes as (
    select
        report_id,
        table_seq,
        case
            when income != 0 and cost != 0 and abs(income + cost - net) <= tolerance + 1e-6 then sign(income)
            when income != 0 and cost != 0 and abs(income - cost - net) <= tolerance + 1e-6 then 1
            when income != 0 and cost != 0 and abs(cost - income - net) <= tolerance + 1e-6 then -1
        end as factor
    from row_nets
    union all
    select
        net_rows.report_id,
        net_rows.table_seq,
        case
            when net_rows.method = 'sum' and list_sort([net_rows.first_nature, net_rows.last_nature]) = ['cost', 'income']
                then sign(printed_signs.income_sign)
            when net_rows.method = 'difference' and net_rows.first_nature = 'income' and net_rows.last_nature = 'cost' then 1
            when net_rows.method = 'reverse' and net_rows.first_nature = 'cost' and net_rows.last_nature = 'income' then 1
            when net_rows.method = 'difference' and net_rows.first_nature = 'cost' and net_rows.last_nature = 'income' then -1
            when net_rows.method = 'reverse' and net_rows.first_nature = 'income' and net_rows.last_nature = 'cost' then -1
        end as factor
    from net_rows
    inner join printed_signs using (report_id, table_seq)
),

net_directions as (
    select
        report_id,
        table_seq,
        any_value(factor) as factor
    from net_votes
    where factor != 0
    group by all
    having min(factor) = max(factor)
),

candidates as (
    select
        figures.*,
        row_directions.factor as row_factor,
        coalesce(nature_directions.factor, case when figures.nature = 'unknown' then table_directions.factor end) as like_factor,
        case
            when figures.nature in ('net_cost', 'result') then net_directions.factor
            when figures.nature = 'income' and net_directions.factor is not null then case when printed_signs.income_sign < 0 then -1 else 1 end
            when figures.nature = 'cost' and net_directions.factor is not null then case when printed_signs.cost_sign > 0 then -1 else 1 end
            -- A statement with income + and costs - signs its other lines too.
            when
                figures.nature = 'unknown' and figures.kind = 'financial' and net_directions.factor is not null
                and printed_signs.income_sign * printed_signs.cost_sign < -0.5
                then net_directions.factor
        end as net_factor,
        case when figures.has_account or printed_signs.is_told then case figures.nature
                    when 'income' then case when printed_signs.income_sign < 0 and figures.kind = 'financial' then -1 else 1 end
                    when 'cost' then case when printed_signs.cost_sign > 0 then -1 else 1 end
                    when 'net_cost'
                        then case
                                when coalesce(printed_signs.cost_sign, printed_signs.net_sign) > 0 then -1
                                else 1
                            end
                    when 'result' then case when printed_signs.income_sign < 0 and printed_signs.cost_sign > 0 then -1 else 1 end
                end
        end as account_factor
    from figures
    inner join printed_signs using (report_id, table_seq)
    left join row_directions using (report_id, table_seq, row_index, nature)
    left join nature_directions using (report_id, table_seq, nature)
    left join table_directions using (report_id, table_seq)
    left join net_directions using (report_id, table_seq)
),

-- Where most costs would come out as income, the table prints its variances + for worse.
inverted_tables as (
    select report_id, table_seq
    from candidates
    where nature in ('cost', 'income') and row_factor is not null and value_numeric != 0
    group by all
    having avg(case when (nature = 'cost') = (value_numeric * row_factor > 0) then 1.0 else 0.0 end) > 0.5
)

select
    candidates.fact_key,
    candidates.report_id,
    case
        when candidates.nature = 'difference' and candidates.scenario_key != 'variance' then null
        when
            regexp_matches(candidates.column_words || candidates.label_words, ' (?:underskott|negativ avvikelse) ')
            and not regexp_matches(candidates.column_words || candidates.label_words, ' (?:över|överskott|positiv) ')
            then case when candidates.value_numeric > 0 then -1 else 1 end
        when candidates.nature = 'difference' then case when inverted_tables.report_id is not null then -1 else 1 end
        else coalesce(
                candidates.row_factor * case when inverted_tables.report_id is not null then -1 else 1 end,
                candidates.like_factor * case when inverted_tables.report_id is not null then -1 else 1 end,
                candidates.net_factor,
                candidates.account_factor
            )
    end as sign_factor,
    case
        when candidates.nature = 'difference' and candidates.scenario_key != 'variance' then null
        when
            regexp_matches(candidates.column_words || candidates.label_words, ' (?:underskott|negativ avvikelse) ')
            and not regexp_matches(candidates.column_words || candidates.label_words, ' (?:över|överskott|positiv) ')
            then 'word'
        when candidates.nature = 'difference' then 'variance'
        when candidates.row_factor is not null then 'row_arithmetic'
        when coalesce(candidates.like_factor, candidates.net_factor) is not null then 'table_arithmetic'
        when candidates.account_factor is null then null
        when candidates.kind in ('grant', 'budget_adjustment') then 'kind'
        when candidates.has_account then 'account'
        else 'label'
    end as sign_basis
from candidates
left join inverted_tables using (report_id, table_seq)
