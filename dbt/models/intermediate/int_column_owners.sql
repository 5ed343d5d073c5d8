-- Columns that are parts of the organisation, beside rows that are lines of accounts (Förvaltningsledning |
-- Funktionsstöd | Summa), alone or above what their figures are (Förskola | Budget, Förskola | Utfall): each owns its figures.
with
columns as (select * from {{ ref('int_columns') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('int_tables') }}),

accounts as (select * from {{ ref('int_accounts') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

total_words as (select * from {{ ref('total_words') }}),

entity_words as (select * from {{ ref('entity_words') }}),

account_tables as (
    select rows.report_id, rows.table_seq
    from rows
    left join accounts using (report_id, table_seq, row_index)
    where rows.row_role = 'data'
    group by all
    having count(accounts.account_key) >= 2 and count(accounts.account_key) * 2 >= count(*)
),

patterns as (
    select
        ' (?:' || string_agg(case when place = 'label_end' then term end, '|' order by term) || ') $'
        || '|^ (?:' || string_agg(case when place = 'label_start' then term end, '|' order by term) || ') ' as name_pattern,
        ' (?:' || string_agg(case when place = 'heading' and starts_with(term, 'per ') then term end, '|' order by term) || ') ' as division_pattern
    from organisation_words
),

scenario_pattern as (
    select ' (?:' || string_agg(term, '|' order by term) || ') ' as pattern
    from scenario_words
    where regexp_full_match(term, '[a-zåäö ]+')
),

-- The header of a column: all of it where it says nothing else, or its first level where the last one says what the
-- figures are.
value_columns as (
    select
        columns.report_id,
        columns.table_seq,
        columns.col_index,
        columns.is_total_column,
        columns.column_label is not null
        and not columns.has_scenario_word
        and columns.period_form is null
        and columns.column_unit_key is null
        and columns.column_entity is null as is_silent,
        columns.has_scenario_word and contains(columns.column_label, ' | ') as is_below_another,
        case
            when columns.has_scenario_word and contains(columns.column_label, ' | ') then split_part(columns.column_label, ' | ', 1)
            else columns.column_label
        end as part_label
    from columns
    inner join account_tables using (report_id, table_seq)
    where columns.column_role = 'value'
),

worded as (
    select
        value_columns.*,
        {{ words("coalesce(value_columns.part_label, '')") }} as part_words
    from value_columns
),

parts as (
    select
        worded.*,
        trim(worded.part_words) in (select term from total_words) as is_whole,
        -- With whom money is exchanged, what kind of money it is, and what is taken out or corrected, are no parts of an organisation.
        (worded.is_silent or worded.is_below_another)
        and trim(worded.part_words) not in (select trim({{ words('alias') }}) from account_aliases)
        and trim(worded.part_words) not in (select term from entity_words)
        and not regexp_matches(worded.part_words, scenario_pattern.pattern)
        and not regexp_matches(
            worded.part_words,
            ' (?:extern[at]?|intern[at]?|fasta?|rörlig[at]?|ordinarie|tillfällig[at]?|löpande|engångs[a-zåäö]*|statlig[at]?|anslag|förbruka[td]|återstår|återstående|ingående|utgående|belopp|andel|diff|eliminering(?:ar)?|justering(?:ar)?|not|noter|år|året|årets|period|perioden|periodens|ack|ackumulerat|helår|kvartal|tertial|halvår|{{ month_pattern() }}|{{ money_pattern() }}|%|(?:19|20)\d\d) |^ \d+ $'
        ) as is_part,
        regexp_matches(worded.part_words, patterns.name_pattern) as is_named,
        regexp_matches(tables.near_words || tables.first_header_words, patterns.division_pattern) as is_said
    from worded
    inner join tables using (report_id, table_seq)
    cross join patterns
    cross join scenario_pattern
),

-- Nothing but parts: with their sum beside them, each with the name of a part of an organisation, or below a heading that says
-- so (Resultat per enhet).
divided_tables as (
    select report_id, table_seq
    from parts
    group by all
    having
        count(distinct part_words) filter (where not is_whole) >= 2
        and bool_and(is_part or is_whole)
        and (bool_and(is_silent or is_total_column) or bool_and(is_below_another))
        and (
            bool_or(is_whole)
            or bool_or(is_said)
            or bool_and(is_named)
        )
)

select
    parts.report_id,
    parts.table_seq,
    parts.col_index,
    parts.part_label as owner_label
from parts
inner join divided_tables using (report_id, table_seq)
where not parts.is_whole
