-- The account of each row of money. Some words mean other lines before and after the row of kommunbidrag.
with
printed_values as (select * from {{ ref('int_measured_values') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

accounts as (select * from {{ ref('accounts') }}),

reports as (select * from {{ ref('int_reports') }}),

money_rows as (
    select
        printed_values.report_id,
        printed_values.table_seq,
        printed_values.row_index,
        any_value(printed_values.row_label) as row_label,
        any_value(printed_values.kind) as kind,
        any_value(printed_values.is_investment) as is_investment,
        any_value(reports.committee is not null) as is_committee
    from printed_values
    inner join reports using (report_id)
    where printed_values.kind in ('financial', 'org_result')
    group by all
),

labels as (
    select
        *,
        -- "Årets resultat (mnkr)", "Riktat statsbidrag,": the unit and stray marks are no part of the name.
        trim({{ words(without_money_unit('row_label')) }}) as label_key,
        trim({{ words('row_label') }}) as full_key
    from money_rows
),

alias_keys as (
    select
        trim({{ words('account_aliases.alias') }}) as alias_key,
        account_aliases.account_key,
        coalesce(account_aliases.condition, '') as condition,
        accounts.statement,
        accounts.is_subtotal,
        accounts.sort_order
    from account_aliases
    inner join accounts using (account_key)
),

allocation_rows as (
    select labels.report_id, labels.table_seq, min(labels.row_index) as allocation_row
    from labels
    inner join alias_keys on labels.label_key = alias_keys.alias_key
    where alias_keys.account_key = 'municipal_allocation'
    group by all
),

candidates as (
    select
        labels.report_id,
        labels.table_seq,
        labels.row_index,
        alias_keys.account_key,
        case
            when
                labels.is_investment
                then list_position(['investment_statement', 'committee_statement', 'equity', 'income_statement', 'balance_requirement'], alias_keys.statement)
            when
                labels.is_committee
                then list_position(['committee_statement', 'equity', 'investment_statement', 'income_statement', 'balance_requirement'], alias_keys.statement)
            else list_position(['income_statement', 'balance_requirement', 'equity', 'investment_statement', 'committee_statement'], alias_keys.statement)
        end as preference,
        alias_keys.condition,
        alias_keys.sort_order,
        labels.full_key = alias_keys.alias_key as is_full_match
    from labels
    inner join alias_keys
        on labels.label_key = alias_keys.alias_key or labels.full_key = alias_keys.alias_key
    left join allocation_rows using (report_id, table_seq)
    where
        -- Among departments only the lines that sum them up (Årets resultat); "Politisk verksamhet" is one of them.
        (labels.kind = 'financial' or (alias_keys.is_subtotal and (alias_keys.statement = 'income_statement' or alias_keys.account_key = 'committee_result')))
        and (
            alias_keys.condition = ''
            or (alias_keys.condition = 'after_allocation' and labels.row_index > allocation_rows.allocation_row)
            or (
                alias_keys.condition = 'before_allocation'
                and labels.row_index < coalesce(allocation_rows.allocation_row, labels.row_index + 1)
            )
        )
)

select
    candidates.report_id,
    candidates.table_seq,
    candidates.row_index,
    candidates.account_key,
    accounts.statement,
    accounts.natural_sign,
    accounts.is_subtotal
from candidates
inner join accounts using (account_key)
qualify row_number() over (
        partition by candidates.report_id, candidates.table_seq, candidates.row_index
        order by
            candidates.is_full_match desc, candidates.preference, candidates.condition desc, candidates.sort_order,
            candidates.account_key
    ) = 1
