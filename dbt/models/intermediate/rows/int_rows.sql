with
section_runs as (select * from {{ ref('int_row_section_runs') }}),

totals as (select * from {{ ref('int_row_totals') }}),

sections as (select * from {{ ref('int_row_sections') }}),

lead_groups as (select * from {{ ref('int_row_leads') }}),

period_rows as (select * from {{ ref('int_row_periods') }}),

repeated_period_rows as (select * from {{ ref('int_row_measures') }}),

row_entities as (select * from {{ ref('int_row_entities') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

entity_words as (select * from {{ ref('entity_words') }}),

section_counts as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        max(section_rows.run_number) as n_sections,
        count(distinct totals.row_index) as n_totals,
        count(distinct totals.row_index) filter (where totals.is_plain_total) as n_plain_totals
    from section_runs as section_rows
    left join totals
        on section_rows.report_id = totals.report_id and section_rows.table_seq = totals.table_seq
    where section_rows.row_role = 'section'
    group by all
),

group_columns as (
    select
        report_id,
        table_seq,
        row_index,
        last_value(group_text ignore nulls) over (
            partition by report_id, table_seq order by row_index
            rows between unbounded preceding and current row
        ) as group_text,
        last_value(unit_name_text ignore nulls) over (
            partition by report_id, table_seq order by row_index
            rows between unbounded preceding and current row
        ) as group_unit_name,
        -- What a "varav" is part of: the last row before it that is none.
        last_value(case when row_role = 'data' and not is_of_which then row_label end ignore nulls) over (
            partition by report_id, table_seq order by row_index
            rows between unbounded preceding and 1 preceding
        ) as whole_label
    from section_runs
),

label_scenarios as (
    select
        described.report_id,
        described.table_seq,
        described.row_index,
        scenario_words.scenario_key
    from section_runs as described
    inner join scenario_words
        on trim({{ words("regexp_extract(described.row_label, '^([^,:]+)[,:] ', 1)") }}) = scenario_words.term
            and scenario_words.match = 'word'
)

select
    section_runs.report_id,
    section_runs.table_seq,
    section_runs.row_index,
    section_runs.row_role,
    section_runs.label_cell_col,
    section_runs.row_label,
    section_runs.label_words,
    lower({{ plain_minus('section_runs.row_label') }}) as label_plain,
    nullif(concat_ws(
        '; ',
        nullif(concat_ws(
            ', ',
            nullif(section_runs.list_number, ''),
            case
                when regexp_replace(section_runs.footnote_mark, '[\s()]', '', 'g') != section_runs.list_number
                    then nullif(regexp_replace(section_runs.footnote_mark, '[\s()]', '', 'g'), '')
            end
        ), ''),
        section_runs.note_text,
        section_runs.assignment_note
    ), '') as row_note,
    section_runs.assignment_note,
    -- A total that stands in the column of grantors (Summa) has none.
    case when coalesce(section_runs.grantor_col_index, -1) != coalesce(section_runs.label_cell_col, -1) then section_runs.grantor_name end as grantor_name,
    section_runs.unit_text,
    case
        when section_runs.row_role != 'data' then null
        when section_runs.is_of_which then group_columns.whole_label
        -- The last total, where it names no section and those above have none of their own or its name is nothing but "Summa".
        when
            section_runs.row_index = section_runs.last_data_row and section_counts.n_sections > 1
            and (
                -- As many "Summa" as sections: each has its own, the last one too.
                (coalesce(totals.is_plain_total, false) and section_counts.n_plain_totals < section_counts.n_sections)
                or (coalesce(totals.begins_with_total_word, false) and section_counts.n_totals = 1)
            )
            then null
        else nullif(concat_ws(' > ', group_columns.group_text, sections.section_label, lead_groups.lead_group, repeated_period_rows.measured_label), '')
    end as group_label,
    case when totals.report_id is null then group_columns.group_unit_name end as group_unit_name,
    -- The unit that heads a section (Ekonomi, mkr) holds for its rows.
    lower({{ plain_minus('sections.innermost_label') }}) as section_plain,
    -- So does a row that is nothing but a unit.
    lower(last_value(case when section_runs.is_unit_line then section_runs.row_label end ignore nulls) over (
        partition by section_runs.report_id, section_runs.table_seq order by section_runs.row_index
        rows between unbounded preceding and current row
    )) as unit_line,
    section_entities.entity as section_entity,
    section_runs.is_of_which,
    section_runs.has_organisation_rows,
    coalesce(totals.begins_with_total_word, false) as begins_with_total_word,
    totals.report_id is not null as has_total_word,
    coalesce(totals.is_plain_total, false) as is_plain_total,
    period_rows.report_id is not null as is_period_row,
    coalesce(period_rows.has_period, false) as has_row_period,
    coalesce(
        period_rows.scenario_key,
        -- Which figure of several a row is: "Budget, netto", "Utfall: intäkter", "Nämndernas budgetavvikelse".
        label_scenarios.scenario_key,
        case
            when {{ is_variance_label('section_runs.label_words') }} then 'variance'
            when {{ is_change_label('section_runs.label_words') }} then 'change'
        end,
        -- Years below "Utfall" and, further down, below "Prognos".
        case when period_rows.has_period then section_scenarios.scenario_key end
    ) as row_scenario_key,
    row_entities.entity as row_entity
from section_runs
left join sections using (report_id, table_seq, row_index)
left join period_rows using (report_id, table_seq, row_index)
left join row_entities using (report_id, table_seq, row_index)
left join label_scenarios using (report_id, table_seq, row_index)
left join scenario_words as section_scenarios
    on trim({{ words('sections.innermost_label') }}) = section_scenarios.term and section_scenarios.match = 'word'
left join entity_words as section_entities
    on {{ without_period(words('sections.innermost_label')) }} = section_entities.term and section_entities.place = 'any'
left join section_counts using (report_id, table_seq)
left join lead_groups using (report_id, table_seq, row_index)
left join repeated_period_rows using (report_id, table_seq, row_index)
left join group_columns using (report_id, table_seq, row_index)
left join totals using (report_id, table_seq, row_index)
