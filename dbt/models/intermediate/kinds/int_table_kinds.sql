with
tables as (select * from {{ ref('int_tables') }}),

columns as (select * from {{ ref('int_columns') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

column_facts as (select * from {{ ref('int_table_columns') }}),

label_facts as (select * from {{ ref('int_table_label_facts') }}),

organisation_headings as (select * from {{ ref('int_table_organisation_headings') }}),

candidates as (select * from {{ ref('int_table_kind_candidates') }}),

headed_tables as (
    select report_id, table_seq from organisation_headings
    where basis = 'header'
),

heading_tables as (
    select report_id, table_seq from organisation_headings
    where basis = 'heading'
),

-- What the figures of a table say of its kind: money in every cell (10,9 mnkr), or below zero where counts never are.
value_facts as (
    select
        body_cells.report_id,
        body_cells.table_seq,
        bool_and(regexp_matches(body_cells.plain_text, '(?i)\d ?(?:{{ large_money_pattern() }}|miljoner)$')) as has_money_cells,
        avg(case when regexp_matches(body_cells.plain_text, '^- ?\d') then 1.0 else 0.0 end) filter (
            where columns.scenario_key in ('actual', 'budget', 'budget_original', 'budget_revised', 'forecast', 'plan')
        ) as negative_share
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    where columns.column_role = 'value' and body_cells.cell_type = 'number'
    group by all
),

-- Rows measured in money per something (kr/inv, kr per plats) are key figures of what they name, not its own figures.
unit_facts as (
    select
        body_cells.report_id,
        body_cells.table_seq,
        avg(case when regexp_matches(body_cells.cell_word, '^(?:{{ money_pattern() }}) ?(?:/|per) ?[a-zåäö]') then 1.0 else 0.0 end) as ratio_share
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    where columns.column_role = 'unit'
    group by all
),

organisation_evidence as (
    select report_id, table_seq
    from headed_tables
    union
    select heading_tables.report_id, heading_tables.table_seq
    from heading_tables
    inner join label_facts using (report_id, table_seq)
    where label_facts.account_share < 0.25
    union
    select report_id, table_seq
    from label_facts
    where known_unit_share >= 0.6 and account_share < 0.25
),

ruled as (
    {{ chosen('candidates', key='report_id, table_seq', order='priority desc, length(term) desc, kind') }}
)

select
    tables.report_id,
    tables.table_seq,
    case
        when ruled.kind is not null then ruled.kind
        when column_facts.has_adjustments and not tables.counts_things and tables.plain_unit_key is null then 'budget_adjustment'
        -- Shares of money in the rows are key figures, whatever the columns compare.
        when coalesce(label_facts.share_share, 0) >= 0.5 and coalesce(column_facts.has_numbers, false) and headed_tables.report_id is null
            then 'indicator'
        -- Several years side by side in a summary, or money among shares and counts: key figures, not a statement.
        when
            not coalesce(column_facts.has_budget_and_outcome, false)
            and headed_tables.report_id is null
            and coalesce(column_facts.has_numbers, false)
            and (
                regexp_matches(
                    tables.first_header_words || coalesce({{ words("coalesce(tables.caption, tables.section, '')") }}, ''),
                    ' (?:[a-zåäö0-9]+ år i (?:sammandrag|siffror)|[a-zåäö]*års(?:översikt(?:en)?|jämförelse)|[a-zåäö]*nyckeltal|utdebitering|skattesats(?:er)?) '
                )
                or (coalesce(label_facts.no_money_share, 0) >= 0.25 and label_facts.n_no_money >= 2)
            )
            then 'indicator'
        -- Prices and money per something are no budget lines.
        when tables.has_ratio_header and not coalesce(column_facts.has_budget_and_outcome, false) then 'indicator'
        when
            column_facts.has_other_column and column_facts.has_money_column and headed_tables.report_id is null
            and coalesce(label_facts.account_share, 0) < 0.5
            then 'indicator'
        when
            tables.table_unit_key is not null
            or coalesce(column_facts.has_money_column, false)
            or coalesce(value_facts.has_money_cells, false)
            or (coalesce(value_facts.negative_share, 0) >= 0.5 and tables.plain_unit_key is null and not coalesce(column_facts.has_other_column, false))
            or (
                coalesce(column_facts.has_budget_and_outcome, false)
                and coalesce(label_facts.counting_share, 0) < 0.3
                and not tables.counts_things
            )
            or (
                (coalesce(column_facts.has_budget, false) or coalesce(column_facts.has_only_variances, false))
                and headed_tables.report_id is not null
                and coalesce(label_facts.counting_share, 0) < 0.3
                and not tables.counts_things
                and tables.plain_unit_key is null
            )
            -- "Investeringar 2024-2026" heads money, whether its unit is printed or not.
            or (
                regexp_matches(
                    tables.near_words,
                    ' (?:investeringar|investeringsbudget|investeringsplan|investeringsredovisning|resultaträkning|resultatbudget|balansräkning|balansbudget|kassaflödesanalys|kassaflödesbudget|finansieringsbudget|ramar|budgetramar|driftbudget|driftredovisning|driftsredovisning) '
                )
                and coalesce(column_facts.has_numbers, false)
                and not coalesce(column_facts.has_count_column, false)
                and coalesce(label_facts.counting_share, 0) < 0.3
                and not tables.counts_things
                and tables.plain_unit_key is null
            )
            then case
                    when
                        coalesce(label_facts.account_share, 0) < 0.5
                        and (organisation_evidence.report_id is not null or label_facts.organisation_share >= 0.3)
                        then 'org_result'
                    else 'financial'
                end
        when coalesce(label_facts.account_share, 0) >= 0.5 then 'financial'
        when coalesce(column_facts.has_values, false) then 'indicator'
        else 'other'
    end as kind,
    -- Whether the rows of the table are departments.
    coalesce(label_facts.account_share, 0) < 0.5
    and coalesce(unit_facts.ratio_share, 0) < 0.5
    and (
        organisation_evidence.report_id is not null
        or coalesce(label_facts.organisation_share, 0) >= 0.3
        or coalesce(ruled.kind = 'budget_adjustment', false)
        or (ruled.kind is null and coalesce(column_facts.has_adjustments, false) and not tables.counts_things and tables.plain_unit_key is null)
    ) as has_organisation_rows,
    -- Whether its groups are: it tells of departments, and its rows are lines of accounts.
    coalesce(label_facts.account_share, 0) >= 0.5
    and (headed_tables.report_id is not null or heading_tables.report_id is not null or coalesce(label_facts.has_unit_section, false))
        as has_organisation_groups,
    contains(tables.first_header_words, ' investering') or contains(tables.near_words, ' investering') as is_investment
from tables
left join column_facts using (report_id, table_seq)
left join label_facts using (report_id, table_seq)
left join organisation_evidence using (report_id, table_seq)
left join headed_tables using (report_id, table_seq)
left join heading_tables using (report_id, table_seq)
left join value_facts using (report_id, table_seq)
left join unit_facts using (report_id, table_seq)
left join ruled using (report_id, table_seq)
