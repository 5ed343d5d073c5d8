-- The values with their keys and flags, ready to be divided into facts.
with
measured_values as (select * from {{ ref('int_measured_values') }}),

reports as (select * from {{ ref('int_reports') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('int_tables') }}),

accounts as (select * from {{ ref('int_accounts') }}),

total_rows as (select * from {{ ref('int_total_rows') }}),

row_groups as (select * from {{ ref('int_row_groups') }}),

column_owners as (select * from {{ ref('int_column_owners') }}),

row_owners as (select * from {{ ref('int_row_owners') }}),

identities as (select * from {{ ref('int_identities') }}),

organisations as (select * from {{ ref('int_organisations') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

dim_accounts as (select * from {{ ref('accounts') }}),

misprints as (
    select distinct report_id, table_seq, row_index, col_index
    from identities
    where not holds and is_proven
),

-- A row that prints its own unit where the others print none (Ökning mot fg år (tkr)), or shares among amounts, measures
-- something: it is no department, whatever the rows above it are.
measure_rows as (
    select report_id, table_seq, row_index
    from (
        select
            report_id,
            table_seq,
            row_index,
            bool_and(
                (unit_basis = 'label' and regexp_matches(label_words, ' (?:{{ money_pattern() }}|%|procent) $'))
                or (unit_basis = 'cell' and unit_dimension = 'ratio' and column_unit_key is null)
            ) as is_measure
        from measured_values
        where value_numeric is not null and part_role = 'value' and has_organisation_rows
        group by all
    )
    qualify is_measure and 2 * count(*) filter (where is_measure) over (partition by report_id, table_seq) < count(*) over (partition by report_id, table_seq)
),

-- What a header says beyond scenario, period and unit belongs to the indicator (SoL 2024-12-31, Antal chefer).
value_columns as (
    select
        report_id,
        table_seq,
        col_index,
        -- U and I are outlay and income of an investment.
        regexp_replace(regexp_replace(any_value(column_words), ' u $', ' utgifter '), ' i $', ' inkomster ') as column_words
    from measured_values
    group by all
),

column_phrases as (
    {{ phrases_of('value_columns', 'column_words') }}
),

column_terms as (
    select
        column_phrases.column_words,
        string_agg(distinct scenario_words.term, '|' order by scenario_words.term desc) as terms
    from column_phrases
    inner join scenario_words on column_phrases.phrase = scenario_words.term
    group by all
),

column_rests as (
    select value_columns.*, column_terms.terms
    from value_columns
    left join column_terms using (column_words)
),

qualifiers as (
    select
        report_id,
        table_seq,
        col_index,
        nullif(trim(regexp_replace(
            regexp_replace(
                -- Longest words first; a term is letters and spaces only.
                regexp_replace(column_words, ' (?:' || coalesce(terms, '%') || ') ', '  ', 'g'),
                ' (?:\d+|kvartal|kv|halvår|tertial|q\d|t\d|h\d|{{ month_pattern() }}|{{ money_pattern() }}|miljoner|tusen|%|procent|antal|st|årsarbetare|avseende|belopp|i|per|år|året|årets|helår|ack|ackumulerat|periodens|tom|t|o|m)(?: (?:\d+|{{ month_pattern() }}|{{ money_pattern() }}|antal|st|i|per|år))* ',
                ' ', 'g'
            ),
            '[\s\d]+', ' ', 'g'
        )), '') as qualifier
    from column_rests
),

-- A column may name the line (Intäkter, Kostnader and Netto beside each department).
column_accounts as (
    select
        qualifiers.report_id,
        qualifiers.table_seq,
        qualifiers.col_index,
        account_aliases.account_key
    from qualifiers
    inner join account_aliases on qualifiers.qualifier = trim({{ words('account_aliases.alias') }})
    inner join dim_accounts using (account_key)
    qualify row_number() over (
            partition by qualifiers.report_id, qualifiers.table_seq, qualifiers.col_index
            order by
                dim_accounts.statement = 'committee_statement' desc, account_aliases.condition is null desc,
                dim_accounts.sort_order
        ) = 1
),

keyed as (
    select
        measured_values.* exclude (is_composite, is_ambiguous, group_label),
        row_groups.group_label,
        measured_values.is_composite or measured_values.cell_type = 'glued' as is_composite,
        measured_values.is_ambiguous as is_ambiguous_column,
        measured_values.cell_type = 'dash' as is_dash,
        reports.municipality_code,
        reports.committee,
        reports.report_type,
        reports.stated_on,
        -- The sum row of a column of costs is costs.
        coalesce(case when accounts.account_key != 'committees_total' or column_accounts.account_key is null then accounts.account_key end, column_accounts.account_key, case
            when measured_values.kind = 'grant' then 'specific_state_grants'
            when measured_values.kind = 'org_result'
                and contains(tables.near_words || tables.far_words || tables.header_words, ' resultat ')
                then 'committee_result'
            when measured_values.kind = 'budget_adjustment' and contains(tables.near_words || tables.far_words, ' kommunbidrag ')
                then 'municipal_allocation'
            else 'unknown'
        end) as account_key,
        qualifiers.qualifier,
        case
            when column_owners.owner_label is not null then column_owners.owner_label
            when
                measured_values.has_organisation_rows
                and not measured_values.is_plain_total
                and not measured_values.has_total_word
                and not rows.is_period_row
                and coalesce(accounts.statement, '') != 'income_statement'
                and coalesce(accounts.account_key, '') != 'committee_result'
                and rows.row_entity is null
                and rows.row_scenario_key is null
                and measured_values.kind not in ('goal', 'assignment')
                and measure_rows.row_index is null
                -- What a committee invests in is none of its departments.
                and not (measured_values.is_investment and row_owners.owner_label is not null)
                then measured_values.row_label
            else coalesce(measured_values.group_unit_name, row_owners.owner_label)
        end as unit_name,
        total_rows.row_index is not null
        or (starts_with(measured_values.label_words, ' summa ') and not measured_values.is_of_which)
        or (measured_values.is_total_column and measured_values.kind = 'budget_adjustment')
        or measured_values.is_plain_total
        -- Results that the law defines are sums of what stands above, even where a table prints only some of it.
        or (
            measured_values.kind = 'financial'
            and regexp_matches(measured_values.label_words, '^ (?:årets |periodens )?(?:balanskravsresultat|resultat efter balanskravs[a-zåäö]+) ')
            and not contains(measured_values.label_words, ' återställa ')
        )
        -- Where the result of the year is 0, no arithmetic tells it from a line.
        or (measured_values.kind = 'financial' and coalesce(accounts.account_key in ('net_result', 'committee_result') and measured_values.value_numeric = 0, false))
        or (
            measured_values.has_total_word
            and not measured_values.is_ratio
            and (measured_values.has_organisation_rows or measured_values.kind in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure'))
        ) as is_total,
        -- So a sum that differs there is no misprint; the outcome of a year that had not ended is one.
        (misprints.report_id is not null and coalesce(accounts.statement, '') != 'balance_requirement')
        or measured_values.is_future_outcome as is_misprint,
        -- Whose figure it is, where it is not the municipality's own: the group's or that of others it is compared with.
        nullif(coalesce(
            nullif(rows.row_entity, 'own'),
            nullif(measured_values.column_entity, 'own'),
            rows.row_entity,
            measured_values.column_entity,
            rows.section_entity,
            measured_values.table_entity
        ), 'own') as entity,
        {{ period_key('measured_values.period_start', 'measured_values.period_end') }} as period_key,
        coalesce(
            min(measured_values.unit_key) filter (where measured_values.value_numeric is not null and measured_values.part_role = 'value') over (
                partition by measured_values.report_id, measured_values.table_seq, measured_values.row_index
            ),
            measured_values.unit_key
        ) as indicator_unit_key
    from measured_values
    inner join reports using (report_id)
    inner join tables using (report_id, table_seq)
    inner join rows using (report_id, table_seq, row_index)
    inner join row_groups using (report_id, table_seq, row_index)
    left join accounts using (report_id, table_seq, row_index)
    left join total_rows using (report_id, table_seq, row_index)
    left join row_owners using (report_id, table_seq, row_index)
    left join column_owners using (report_id, table_seq, col_index)
    left join measure_rows using (report_id, table_seq, row_index)
    left join misprints using (report_id, table_seq, row_index, col_index)
    left join qualifiers using (report_id, table_seq, col_index)
    left join column_accounts using (report_id, table_seq, col_index)
),

-- One label under two goals of one report is two indicators: there the section is part of the name.
repeated_indicators as (
    select report_id, row_label, group_label, qualifier
    from keyed
    where kind not in ('goal', 'assignment')
    group by all
    having count(distinct table_seq) > 1
),

placed as (
    select
        keyed.* exclude (unit_name),
        -- Where no label names one, a chapter may (VA-verksamheten).
        coalesce(keyed.unit_name, case when organisations.unit_label = '' then organisations.unit_name end) as unit_name,
        case
            when keyed.kind in ('goal', 'assignment') then 'fct_status'
            when
                keyed.kind in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure')
                and (keyed.unit_dimension = 'money' or keyed.unit_key = 'unknown')
                and not keyed.is_ratio
                then 'fct_financial'
            else 'fct_indicator_value'
        end as fact_table,
        case
            when keyed.kind = 'org_result' then 'unit_result'
            when keyed.kind = 'grant' then 'grant'
            when keyed.kind = 'budget_adjustment' then 'budget_adjustment'
            when keyed.kind = 'measure' then 'saving_measure'
            when keyed.is_investment or keyed.account_key in ('investment_outlays', 'investment_income', 'net_investment') then 'investment'
            else 'income_statement'
        end as statement,
        case when repeated_indicators.report_id is not null then keyed.section end as indicator_section,
        -- What a municipality says of its group is the group's.
        case
            when keyed.entity = 'group' and organisations.level = 'municipality'
                then {{ organisation_key('keyed.municipality_code', "'group'", 'cast(null as varchar)', 'cast(null as varchar)', 'keyed.report_id') }}
            else organisations.organisation_key
        end as organisation_key,
        case
            when keyed.entity = 'group' and organisations.level = 'municipality' then 'group'
            else organisations.level
        end as organisation_level,
        organisations.committee_name as organisation_committee,
        organisations.unit_name as organisation_unit
    from keyed
    left join repeated_indicators
        on keyed.report_id = repeated_indicators.report_id
            and keyed.row_label = repeated_indicators.row_label
            and keyed.group_label is not distinct from repeated_indicators.group_label
            and keyed.qualifier is not distinct from repeated_indicators.qualifier
    inner join organisations
        on keyed.report_id = organisations.report_id
            and keyed.table_seq = organisations.table_seq
            and keyed.row_index = organisations.row_index
            and coalesce(keyed.unit_name, '') = organisations.unit_label
),

with_lines as (
    select
        *,
        {{ hash_key(['organisation_key', 'group_label', 'row_label', 'indicator_section', 'qualifier', 'indicator_unit_key']) }} as indicator_key,
        -- What makes two figures of two reports the same figure.
        case fact_table
            when 'fct_financial'
                then {{ hash_key(["'financial'", 'organisation_key', 'statement', "case when account_key = 'unknown' or statement in ('grant', 'saving_measure', 'investment') then lower(row_label) end", 'group_label', 'account_key', 'qualifier', 'lower(grantor_name)', 'is_plain_total', 'period_key', 'scenario_key', 'entity']) }}
            when 'fct_status'
                then {{ hash_key(["'status'", 'organisation_key', 'kind', 'lower(row_label)', 'period_key']) }}
            else {{ hash_key(["'indicator'", 'organisation_key', 'lower(group_label)', 'lower(row_label)', 'lower(indicator_section)', 'qualifier', 'indicator_unit_key', 'period_key', 'scenario_key', 'entity']) }}
        end as figure_key
    from placed
),

-- A figure that a report prints twice, further apart than rounding explains. Signs are left aside: a cost may be printed
-- with either.
compared as (
    select
        report_id,
        figure_key,
        max(comparable - half) > min(comparable + half) + 1e-9 * max(abs(comparable)) as is_contradicted
    from (
        select
            report_id,
            figure_key,
            coalesce(abs(cast(amount_sek as double)), value_numeric) as comparable,
            case
                when amount_sek is null then coalesce(rounding, 0)
                else coalesce(rounding * abs(cast(amount_sek as double) / nullif(value_numeric, 0)), 0)
            end as half
        from with_lines
        where value_numeric is not null
    )
    group by all
),

-- Which figure it is, by what the report says of it and not by where it stands. Numbers of chapters and tables, which
-- captions begin with, move with what is added above.
named as (
    select
        with_lines.*,
        tables.far_words,
        -- A caption that is the heading with its number says no more than the heading.
        case
            when regexp_replace(lower(tables.caption), '[0-9.:) ]+', '', 'g') = regexp_replace(lower(with_lines.section), '[0-9.:) ]+', '', 'g')
                then null
            else lower(tables.caption)
        end as own_caption,
        {{ hash_key([
            'with_lines.report_id', 'organisation_key', 'lower(with_lines.section)',
            "trim(regexp_replace(regexp_replace(lower(tables.caption), '[0-9.:)]+ ?', ' ', 'g'), ' +', ' ', 'g'))",
            'lower(group_label)', 'lower(row_label)', 'lower(column_label)', 'period_key', 'scenario_key', 'unit_key', 'entity'
        ]) }} as meaning_key
    from with_lines
    inner join tables using (report_id, table_seq)
),

row_texts as (
    select
        report_id,
        table_seq,
        row_index,
        string_agg(value_text, '|' order by cell_col_index, cell_part_index) as row_text
    from named
    group by all
),

-- Of several figures that are named alike, each is known by the row and the headings that it stands in: a count of those
-- above would name another one as soon as a line is added. Only rows that cannot be told apart at all are counted.
counted as (
    select
        named.*,
        row_texts.row_text,
        count(*) over (partition by report_id, meaning_key) as n_alike,
        row_number() over (
            partition by report_id, meaning_key, own_caption, far_words, value_text, row_text
            order by table_seq, row_index, cell_col_index, cell_part_index
        ) as occurrence
    from named
    inner join row_texts using (report_id, table_seq, row_index)
)

select
    * exclude (
        row_note, col_index, part_index, cell_col_index, cell_part_index, own_caption, far_words, meaning_key, row_text, n_alike,
        occurrence, is_contradicted
    ),
    col_index as value_col_index,
    cell_col_index as col_index,
    cell_part_index as part_index,
    case
        when n_alike = 1 then meaning_key
        else {{ hash_key(['meaning_key', 'own_caption', 'far_words', 'row_text', 'value_text', 'occurrence']) }}
    end as fact_key,
    row_note,
    coalesce(is_contradicted, false) and value_numeric is not null as is_contradicted,
    -- The most telling of the flags, for who reads one only.
    case
        when is_misprint then 'misprint'
        when is_composite then 'composite_cell'
        when is_ambiguous_column then 'ambiguous_column'
        when is_dash then 'dash'
        when is_total then 'total'
    end as flag
from counted
left join compared using (report_id, figure_key)
