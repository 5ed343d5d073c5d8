with
parts as (select * from {{ ref('int_parts') }}),

columns as (select * from {{ ref('int_columns') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('int_tables') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

row_months as (select * from {{ ref('int_row_months') }}),

reports as (select * from {{ ref('int_reports') }}),

unit_words as (select * from {{ ref('unit_words') }}),

label_suffixes as (select * from {{ ref('int_value_label_suffixes') }}),

label_hints as (select * from {{ ref('int_value_label_hints') }}),

money_labels as (select * from {{ ref('int_value_money_labels') }}),

money_columns as (select * from {{ ref('int_value_money_columns') }}),

cell_units as (
    select term, arg_min(unit_key, context) as unit_key
    from unit_words
    where context in ('any', 'cell')
    group by all
),

suffix_units as (
    select term, arg_min(unit_key, context) as unit_key
    from unit_words
    where context in ('any', 'suffix')
    group by all
)

select
    parts.*,
    columns.column_label,
    columns.column_words,
    columns.column_text,
    columns.scenario_key as column_scenario_key,
    columns.period_form as column_period_form,
    columns.period_start as column_period_start,
    columns.period_end as column_period_end,
    columns.is_ambiguous,
    columns.is_total_column,
    rows.row_label,
    rows.row_note,
    rows.assignment_note,
    rows.label_words,
    rows.label_plain,
    rows.group_label,
    rows.grantor_name,
    rows.begins_with_total_word,
    rows.is_plain_total,
    tables.section,
    tables.table_unit_key,
    tables.plain_unit_key,
    tables.report_unit_key,
    kinds.kind,
    kinds.has_organisation_rows,
    kinds.is_investment,
    reports.report_key,
    reports.fiscal_year,
    reports.default_start,
    reports.default_end,
    reports.outcome_end,
    reports.report_type,
    reports.stated_on,
    cell_units.unit_key as cell_unit_key,
    -- A unit column that says something unknown still says that it is not what the table says.
    case
        when rows.unit_text is null or regexp_full_match(rows.unit_text, '-+') then null
        when ratio_units.unit_key is not null then ratio_units.unit_key
        when regexp_matches(rows.unit_text, '%|procent') then 'percent'
        else coalesce(row_units.unit_key, comma_units.unit_key, 'unknown')
    end as row_unit_key,
    case
        when suffix_ratio_units.unit_key is not null then suffix_ratio_units.unit_key
        when suffix_units.unit_key is null and regexp_full_match(label_suffixes.suffix, '(?:andel )?(?:i )?(?:%|procent)') then 'percent'
        else coalesce(suffix_units.unit_key, inner_units.unit_key)
    end as label_unit_key,
    section_units.unit_key as section_unit_key,
    -- What no unit of a table can make money of.
    case
        when regexp_matches(rows.label_words, '[a-zåäö] antal gånger $') then 'index'
        when regexp_matches(rows.label_words, ' (?:i|andel i) (?:%|procent) | (?:%|procent) av |[a-zåäö] (?:%|procent) $| [a-zåäö]+s andel av ') then 'percent'
        -- What heads the group says it of each row that says nothing (Antal besökare above Simhallen).
        when kinds.kind in ('financial', 'indicator') and regexp_matches(rows.section_plain, '^(?:totalt )?(?:antal|antalet|andel|andelen) ')
            and label_hints.unit_key is null and suffix_units.unit_key is null and money_labels.label_words is null
            then case when contains(rows.section_plain, 'andel') then 'percent' else 'count' end
        when kinds.kind in ('financial', 'indicator') and regexp_matches(rows.label_words, '{{ no_money_pattern() }}')
            and not regexp_matches(rows.label_words, ' per (?:invånare|anställd|årsarbetare|elev|barn) ')
            then case
                    when regexp_matches(rows.label_words, '{{ tax_rate_pattern() }}') then 'kr'
                    when label_hints.unit_key is not null then label_hints.unit_key
                    else 'count'
                end
    end as certain_unit_key,
    ratio_units.unit_key is not null or suffix_ratio_units.unit_key is not null or regexp_matches(parts.unit_text, '/| per ')
        as has_ratio_unit,
    columns.column_unit_key,
    case
        -- "Resultat i % av skatter och bidrag": the label says it in its middle.
        when regexp_matches(rows.label_words, ' (?:i|andel i) (?:%|procent) | (?:%|procent) av ') then 'percent'
        -- Nöjd medarbetare-index, brukarnöjdhetsindex
        when regexp_matches(rows.label_words, '[a-zåäö]index(?:et)? ') and coalesce(label_hints.unit_key, 'count') = 'count' then 'index'
        -- betaldagar, sjukdygn
        when label_hints.unit_key in ('count', 'hours') or label_hints.unit_key is null
            then case
                    when regexp_matches(rows.label_words, '[a-zåäö]{3}(?:dagar|dygn) ')
                        and not regexp_matches(rows.label_words, ' per [a-zåäö]*(?:dag|dagar|dygn) ') then 'days'
                    else label_hints.unit_key
                end
        else label_hints.unit_key
    end as hint_unit_key,
    money_labels.label_words is not null as has_money_label,
    money_columns.report_id is not null as has_money_context,
    columns.has_scenario_word,
    columns.is_witnessed,
    columns.column_entity,
    columns.is_unknown_header,
    columns.is_future_outcome,
    rows.is_of_which,
    rows.group_unit_name,
    rows.has_total_word,
    rows.row_scenario_key,
    tables.table_entity,
    tables.has_ratio_header,
    {{ iso_dates("lower(coalesce(
        parts.part_label,
        -- The half year or date of an assignment stands in its own cell, behind the status.
        case when kinds.kind = 'assignment' then left(parts.comment_text, 40) end,
        -- Years, months or quarters as rows; with months or quarters as columns, both together.
        case
            when rows.has_row_period and columns.period_form is null then rows.label_plain
            when rows.has_row_period and not regexp_matches(columns.column_text, '(?:19|20)\d\d')
                then rows.label_plain || ' ' || columns.column_text
            when rows.has_row_period and not regexp_matches(rows.label_plain, '(?:19|20)\d\d')
                then rows.label_plain || ' ' || columns.column_text
        end
    ))") }} as own_period_text,
    case
        when row_months.period_start is not null and columns.period_form is null
            then { 'first': row_months.period_start, 'last': row_months.period_end }
    end as month_bounds
from parts
left join row_months using (report_id, table_seq, row_index)
inner join columns using (report_id, table_seq, col_index)
inner join rows using (report_id, table_seq, row_index)
inner join tables using (report_id, table_seq)
inner join kinds using (report_id, table_seq)
inner join reports using (report_id)
left join cell_units on regexp_replace(replace(parts.unit_text, '%-', '%'), ' ?(?:/| per ).*$', '') = cell_units.term
left join suffix_units as row_units on rows.unit_text = row_units.term
-- "Kostnad, tkr": the unit behind what it is a unit of.
left join suffix_units as comma_units on regexp_extract(rows.unit_text, ', ?([^,]+)$', 1) = comma_units.term
left join label_suffixes using (report_id, table_seq, row_index)
left join suffix_units on label_suffixes.suffix = suffix_units.term
left join suffix_units as inner_units on label_suffixes.inner_suffix = inner_units.term
-- kr/elev, tkr per plats: the part before the slash is the unit.
left join suffix_units as ratio_units
    on regexp_extract(rows.unit_text, '(?:^|, ?| )([^\s,]+?) ?(?:/| per )', 1) = ratio_units.term
left join suffix_units as suffix_ratio_units
    on regexp_extract(label_suffixes.suffix, '^(.+?),? ?(?:/| per )', 1) = suffix_ratio_units.term
left join suffix_units as section_units on label_suffixes.section_suffix = section_units.term
left join label_hints using (report_id, table_seq, row_index)
left join money_labels on rows.label_words = money_labels.label_words
left join money_columns using (report_id, table_seq, col_index)
