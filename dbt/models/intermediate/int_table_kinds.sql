with
tables as (select * from {{ ref('int_tables') }}),

columns as (select * from {{ ref('int_columns') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

table_kinds as (select * from {{ ref('table_kinds') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

total_words as (select * from {{ ref('total_words') }}),

units as (select * from {{ ref('units') }}),

column_facts as (
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

filled_rows as (
    select distinct
        body_cells.report_id,
        body_cells.table_seq,
        body_cells.row_index
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    where columns.column_role = 'value'
),

labels as (
    select
        body_cells.report_id,
        body_cells.table_seq,
        body_cells.row_index,
        -- Headings of groups and the sums that end them name departments whose rows are something else.
        filled_rows.row_index is not null and not regexp_matches(lower(body_cells.value_text), '^(?:del)?summa [a-zåäö]') as is_line,
        filled_rows.row_index is not null as has_figures,
        lower({{ plain_minus('body_cells.value_text') }}) as label_text,
        -- "varav statsbidrag" is a line of the account named.
        {{ words("regexp_replace(body_cells.value_text, '^[-–•* ]*(?:[Vv]arav|[Dd]ärav) ', '')") }} as label_words
    from body_cells
    inner join column_facts
        on body_cells.report_id = column_facts.report_id
            and body_cells.table_seq = column_facts.table_seq
            and body_cells.col_index = column_facts.label_col_index
    left join filled_rows
        on body_cells.report_id = filled_rows.report_id
            and body_cells.table_seq = filled_rows.table_seq
            and body_cells.row_index = filled_rows.row_index
),

alias_words as (
    select distinct {{ words('alias') }} as label_words from account_aliases
),

sectioned_labels as (
    select
        *,
        -- What a row without figures says of those below it (Antal besökare).
        coalesce(last_value(case when not has_figures then label_words end ignore nulls) over (
            partition by report_id, table_seq order by row_index rows between unbounded preceding and 1 preceding
        ), '') as section_words
    from labels
),

label_starts as (
    {{ first_phrases_of('labels', 'label_words') }}
),

organisation_labels as (
    select distinct label_starts.label_words
    from label_starts
    inner join organisation_words on label_starts.phrase = organisation_words.term
    where organisation_words.place = 'label_start'
    union
    -- A label ends with its kind: Barn- och utbildningsnämnden.
    select distinct labels.label_words
    from labels
    inner join organisation_words on ends_with(labels.label_words, organisation_words.term || ' ')
    where organisation_words.place = 'label_end'
),

places as (
    select
        report_id,
        table_seq,
        spot.place,
        spot.words
    from (
        select
            tables.report_id,
            tables.table_seq,
            unnest([
                { 'place': 'header', 'words': tables.header_words },
                { 'place': 'first_header', 'words': coalesce(column_facts.label_header_words, tables.first_header_words) },
                { 'place': 'heading', 'words': tables.near_words },
                { 'place': 'far_heading', 'words': tables.far_words }
            ]) as spot
        from tables
        inner join column_facts using (report_id, table_seq)
    )
),

phrases as (
    {{ phrases_of('places', 'words') }}
),

place_phrases as (
    select
        places.*,
        phrases.phrase
    from places
    inner join phrases using (words)
),

-- Tables of projects: their rows are none of the organisation, whoever the heading says they are divided by.
project_tables as (
    select distinct place_phrases.report_id, place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    where organisation_words.place = 'no_rows' and place_phrases.place in ('header', 'first_header')
    union
    -- Their sum says so too (Summa projekt).
    select report_id, table_seq
    from labels
    where regexp_full_match(trim(label_words), '(?:del)?(?:summa|totalt|total) [a-zåäö]*projekt(?:en)?')
),

-- A table whose label header names a level of the organisation: its rows are departments.
headed_tables as (
    select distinct
        place_phrases.report_id,
        place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    inner join column_facts using (report_id, table_seq)
    inner join tables using (report_id, table_seq)
    where
        organisation_words.place = 'first_header'
        and place_phrases.place = 'first_header'
        -- What is assessed by areas (Område | Antal mål | Bedömning) are goals, no departments.
        and not coalesce(column_facts.has_status_column, false)
        and (
            {{ without_period('place_phrases.words') }} = place_phrases.phrase
            or tables.table_unit_key is not null
            or column_facts.has_budget_and_outcome
        )
),

heading_tables as (
    select distinct
        place_phrases.report_id,
        place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    inner join column_facts using (report_id, table_seq)
    inner join tables using (report_id, table_seq)
    left join project_tables using (report_id, table_seq)
    where
        organisation_words.place = 'heading'
        and project_tables.report_id is null
        -- A heading further up says so only of tables of money.
        and (
            place_phrases.place = 'heading'
            or (place_phrases.place = 'far_heading' and (tables.table_unit_key is not null or column_facts.has_budget_and_outcome))
        )
        and not tables.counts_things
),

label_accounts as (
    select
        labels.report_id,
        labels.table_seq,
        avg(case when alias_words.label_words is not null then 1.0 else 0.0 end) as account_share
    from labels
    left join alias_words using (label_words)
    group by all
),

-- What one table of a report lists as departments are departments in its other tables too (Sjukfrånvaro % | 2022 | 2023).
report_units as (
    select distinct labels.report_id, labels.label_words
    from labels
    inner join headed_tables using (report_id, table_seq)
    union
    select distinct labels.report_id, labels.label_words
    from labels
    inner join heading_tables using (report_id, table_seq)
    inner join label_accounts using (report_id, table_seq)
    where label_accounts.account_share < 0.25
),

label_facts as (
    select
        labels.report_id,
        labels.table_seq,
        -- A bare "Summa" is as well the sum of departments.
        coalesce(
            avg(case when alias_words.label_words is not null then 1.0 else 0.0 end)
            filter (where trim(labels.label_words) not in (select term from total_words)), 0
        ) as account_share,
        coalesce(avg(case when organisation_labels.label_words is not null then 1.0 else 0.0 end) filter (where labels.is_line), 0) as organisation_share,
        -- A row without figures says so itself (Per verksamhetsområde).
        bool_or(not labels.is_line and trim(labels.label_words) in (
            select organisation_words.term from organisation_words
            where organisation_words.place = 'heading'
        )) as has_unit_section,
        coalesce(avg(case when report_units.label_words is not null then 1.0 else 0.0 end) filter (
            where trim(labels.label_words) not in (select term from total_words)
        ), 0) as known_unit_share,
        avg(case
            when regexp_matches(labels.label_words, '^ (?:antal|antalet|andel|andelen) | % $')
                or regexp_matches(labels.section_words, '^ (?:antal|antalet|andel|andelen) ')
                then 1.0
            else 0.0
        end) as counting_share,
        -- What is no money beside money: shares, counts, persons, money per inhabitant.
        avg(case when regexp_matches(labels.label_words, '{{ no_money_pattern() }}') then 1.0 else 0.0 end) as no_money_share,
        count(*) filter (where regexp_matches(labels.label_words, '{{ no_money_pattern() }}')) as n_no_money,
        avg(case when regexp_matches(labels.label_text, '{{ share_pattern() }}') or regexp_matches(labels.label_words, '{{ no_money_pattern() }}') then 1.0 else 0.0 end) as share_share
    from sectioned_labels as labels
    left join alias_words using (label_words)
    left join organisation_labels using (label_words)
    left join report_units using (report_id, label_words)
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

matches as (
    select
        place_phrases.report_id,
        place_phrases.table_seq,
        table_kinds.kind,
        table_kinds.priority,
        table_kinds.term
    from place_phrases
    inner join column_facts using (report_id, table_seq)
    inner join table_kinds
        on place_phrases.phrase = table_kinds.term
            and (
                replace(place_phrases.place, 'far_', '') = table_kinds.place
                or (
                    table_kinds.place = 'only_header'
                    and place_phrases.place = 'header'
                    and place_phrases.words = ' ' || table_kinds.term || ' '
                )
            )
    where
        table_kinds.kind not in ('goal', 'assignment')
        or (column_facts.has_status_column and not column_facts.has_numbers)
),

ruled as (
    select report_id, table_seq, kind
    from matches
    qualify row_number() over (
            partition by report_id, table_seq order by priority desc, length(term) desc, kind
        ) = 1
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
