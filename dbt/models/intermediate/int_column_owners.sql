-- Columns that are parts of the organisation, beside rows that are lines of accounts (Förvaltningsledning |
-- Funktionsstöd | Summa): each owns its figures.
with
columns as (select * from {{ ref('int_columns') }}),

rows as (select * from {{ ref('int_rows') }}),

accounts as (select * from {{ ref('int_accounts') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

account_tables as (
    select rows.report_id, rows.table_seq
    from rows
    left join accounts using (report_id, table_seq, row_index)
    where rows.row_role = 'data'
    group by all
    having count(accounts.account_key) >= 3 and count(accounts.account_key) * 2 >= count(*)
),

name_words as (
    select
        string_agg(case when place = 'label_end' then term end, '|' order by term) as ends,
        string_agg(case when place = 'label_start' then term end, '|' order by term) as starts
    from organisation_words
),

value_columns as (
    select
        columns.report_id,
        columns.table_seq,
        columns.col_index,
        columns.column_label,
        columns.column_words,
        columns.is_total_column,
        -- Says neither what the figures are, nor of when, nor in what: it can only say of whom or of what part.
        columns.column_label is not null
        and not columns.has_scenario_word
        and columns.period_form is null
        and columns.column_unit_key is null
        and columns.column_entity is null
        and trim(columns.column_words) not in (select trim({{ words('alias') }}) from account_aliases)
        -- With whom the money is exchanged, and what is taken out or corrected, are no parts of an organisation.
        and not regexp_matches(columns.column_words, ' (?:externt?|externa|interna?|internt|eliminering(?:ar)?|justering(?:ar)?|not|noter) |^ \d+ $')
            as is_part,
        regexp_matches(columns.column_words, ' (?:' || name_words.ends || ') $|^ (?:' || name_words.starts || ') ')
            as is_organisation
    from columns
    inner join account_tables using (report_id, table_seq)
    cross join name_words
    where columns.column_role = 'value'
),

-- Nothing but parts: with their sum beside them, or each with the name of a part of an organisation.
divided_tables as (
    select report_id, table_seq
    from value_columns
    group by all
    having
        count(*) filter (where not is_total_column) >= 2
        and bool_and(is_part or is_total_column)
        and (bool_or(is_total_column) or bool_and(is_organisation))
)

select
    value_columns.report_id,
    value_columns.table_seq,
    value_columns.col_index,
    value_columns.column_label as owner_label
from value_columns
inner join divided_tables using (report_id, table_seq)
where not value_columns.is_total_column
