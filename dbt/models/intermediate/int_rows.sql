with
body_cells as (select * from {{ ref('int_body_cells') }}),

columns as (select * from {{ ref('int_columns') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

total_words as (select * from {{ ref('total_words') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

entity_words as (select * from {{ ref('entity_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

place_names as (select * from {{ ref('int_place_names') }}),

reports as (select * from {{ ref('int_reports') }}),

cells as (
    select
        body_cells.*,
        columns.column_role,
        columns.is_organisation_header,
        columns.label_col_index
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
),

-- The label of a row stands in the label column; a total may stand further to the left (Totalt under Bidragstyp).
labelled as (
    select
        report_id,
        table_seq,
        row_index,
        coalesce(
            any_value(cell_text) filter (where col_index = label_col_index),
            arg_min(cell_text, col_index) filter (where column_role in ('group', 'attribute', 'grantor') and col_index < label_col_index)
        ) as label_text,
        coalesce(
            any_value(col_index) filter (where col_index = label_col_index),
            min(col_index) filter (where column_role in ('group', 'attribute', 'grantor') and col_index < label_col_index)
        ) as label_cell_col,
        any_value(col_index) filter (where column_role = 'grantor') as grantor_col_index,
        count(*) filter (where column_role = 'value') as n_values,
        -- The number of a note says nothing about a row.
        count(*) filter (where column_role not in ('value', 'note_ref') and col_index != label_col_index) as n_others,
        string_agg(value_text, ' > ' order by col_index) filter (where column_role = 'group' and not is_organisation_header) as group_text,
        -- A column that names the department of each row (Verksamhet | Nyckeltal | 2023).
        string_agg(value_text, ' > ' order by col_index) filter (where column_role = 'group' and is_organisation_header) as unit_name_text,
        any_value(value_text) filter (where column_role = 'grantor') as grantor_name,
        any_value(translate(cell_word, '²³', '23')) filter (where column_role = 'unit') as unit_text,
        string_agg(value_text, ' ' order by col_index) filter (where column_role = 'note_ref') as note_text
    from cells
    group by all
),

table_facts as (
    select
        report_id,
        table_seq,
        max(row_index) filter (where n_values > 0) as last_data_row,
        avg(n_values) filter (where n_values > 0) as mean_values
    from labelled
    group by all
),

value_columns as (
    select report_id, table_seq, count(*) filter (where column_role = 'value') as n_value_columns
    from columns
    group by all
),

with_roles as (
    select
        labelled.*,
        kinds.kind,
        kinds.has_organisation_rows,
        table_facts.last_data_row,
        case
            when labelled.n_values > 0 then 'data'
            when labelled.n_others > 0 or table_facts.last_data_row is null then 'label'
            when labelled.row_index > table_facts.last_data_row then 'note'
            when length(labelled.label_text) > 100 then 'note'
            -- Where rows are mostly filled, a row without figures heads those below it; in a sparse table it is a row
            -- whose figures are still missing.
            when table_facts.mean_values * 2 >= value_columns.n_value_columns then 'section'
            else 'label'
        end as row_role
    from labelled
    inner join table_facts using (report_id, table_seq)
    inner join value_columns using (report_id, table_seq)
    inner join kinds using (report_id, table_seq)
),

-- List numbers and footnote marks leave the label: "2. Externa placeringar följs upp (2)".
cleaned as (
    select
        *,
        {{ collapsed("case
            when kind = 'assignment'
                then regexp_extract(replace(label_text, chr(13), ''), '(?s)^(.*?)(?:\n? ?(?:Uppdragsår|Typ av|Beslutsdatum)|$)', 1)
            else label_text
        end") }} as full_label,
        case
            when kind = 'assignment'
                then nullif({{ collapsed("regexp_extract(label_text, '(?s)\\s((?:Uppdragsår|Typ av|Beslutsdatum).*)$', 1)") }}, '')
        end as assignment_note
    from with_roles
),

marked as (
    select
        *,
        regexp_extract(full_label, '^(\d{1,2})[.)] +[^\d\s]', 1) as list_number,
        regexp_extract(full_label, '(?:\s*\((\d{1,2})\)|\s(\d{1,2})\)|\s?(\*+))$', 0) as footnote_mark
    from cleaned
),

named as (
    select
        *,
        regexp_replace(
            regexp_replace(
                case when list_number != '' then regexp_replace(full_label, '^\d{1,2}[.)] +', '') else full_label end,
                '(?:\s*\(\d{1,2}\)|\s\d{1,2}\))$', ''
            ),
            '(\S)\s?\*+$', '\1'
        ) as row_label
    from marked
),

worded as (
    select
        *,
        {{ words('row_label') }} as label_words,
        -- "varav" is part of the row above and never added to it.
        regexp_matches(lower(row_label), '^[-–•* ]*(?:varav|därav|där av|var av)(?:[^a-zåäö]|$)') as is_of_which
    from named
),

-- A row without figures right above the result that ends a table is a line whose figures are missing (Extraordinära poster).
described as (
    select
        worded.* exclude (row_role),
        case
            when row_role = 'section' and next_data_row = last_data_row
                and regexp_matches(last_words, '^ (?:summa|totalt|resultat|(?:årets|periodens) (?:resultat|kassaflöde)) ')
                and n_data_above > 1
                then 'label'
            when row_role = 'section' and is_unit_line then 'label'
            -- Items of one list, one without figures among them (– Konst), are no group of each other.
            when row_role = 'section' and is_item and next_is_item then 'label'
            else row_role
        end as row_role
    from (
        select
            *,
            min(case when row_role = 'data' then row_index end) over (
                partition by report_id, table_seq order by row_index rows between 1 following and unbounded following
            ) as next_data_row,
            count(case when row_role = 'data' then 1 end) over (
                partition by report_id, table_seq order by row_index rows between unbounded preceding and current row
            ) as n_data_above,
            max(case when row_index = last_data_row then label_words end) over (partition by report_id, table_seq) as last_words,
            row_role = 'section' and regexp_full_match(lower(row_label), '{{ unit_line_pattern() }}') as is_unit_line,
            regexp_matches(row_label, '^[-–•*] ?[^\d\s]') as is_item,
            lead(regexp_matches(row_label, '^[-–•*] ?[^\d\s]')) over (partition by report_id, table_seq order by row_index) as next_is_item
        from worded
    ) as worded
),

label_starts as (
    {{ first_phrases_of('described', 'label_words') }}
),

total_labels as (
    select
        label_starts.label_words,
        max(total_words.term) as total_term,
        bool_or(label_starts.label_words = ' ' || total_words.term || ' ') as is_plain_total
    from label_starts
    inner join total_words on label_starts.phrase = total_words.term
    group by all
),

totals as (
    select
        described.report_id,
        described.table_seq,
        described.row_index,
        -- What the total is called beside its word: "Summa tillgångar" ends the section TILLGÅNGAR.
        coalesce(' ' || ltrim(described.label_words[length(total_labels.total_term) + 2:]), ' ') as total_of,
        coalesce(total_labels.is_plain_total, false) as is_plain_total,
        total_labels.label_words is not null as begins_with_total_word,
        -- "Total pensionsskuld" among indicators is a measure and ends nothing.
        described.kind != 'indicator' or total_labels.is_plain_total or coalesce(total_labels.total_term, '') not in ('total', 'totala') as is_section_end
    from described
    left join total_labels using (label_words)
    where total_labels.label_words is not null or regexp_matches(described.label_words, ' (?:totalt|total|summa) $')
),

-- Sections: the run of section rows directly above gives the group, its levels from the outermost.
section_runs as (
    select
        *,
        sum(case when row_role = 'section' and coalesce(previous_role, '') != 'section' then 1 else 0 end)
            over (partition by report_id, table_seq order by row_index) as run_number
    from (
        select
            *,
            lag(row_role) over (partition by report_id, table_seq order by row_index) as previous_role
        from described
    )
),

section_rows as (
    select
        section_runs.*,
        max(run_number) over (partition by report_id, table_seq) as n_sections
    from section_runs
    where row_role = 'section'
),

-- A section whose first row is an item of a list (- Ekonomi, - HR) ends where the list does.
list_ends as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        section_rows.row_index,
        min(other.row_index) - 1 as last_item
    from section_rows
    inner join described as first
        on section_rows.report_id = first.report_id
            and section_rows.table_seq = first.table_seq
            and section_rows.row_index + 1 = first.row_index
            and first.is_item
            and first.row_role = 'data'
    inner join described as other
        on section_rows.report_id = other.report_id
            and section_rows.table_seq = other.table_seq
            and section_rows.row_index + 1 < other.row_index
            and not other.is_item
    group by all
),

-- A section ends with the total that names it, else with the first total below it or where the next one begins.
section_ends as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        section_rows.row_index,
        coalesce(
            min(below.row_index) filter (where totals.total_of = section_rows.label_words),
            least(
                coalesce(any_value(list_ends.last_item), 1000000),
                coalesce(min(below.row_index) filter (where totals.is_section_end), 1000000),
                coalesce(min(below.row_index) filter (where below.row_role = 'section' and below.run_number > section_rows.run_number) - 1, 1000000)
            )
        ) as last_row
    from section_rows
    left join list_ends using (report_id, table_seq, row_index)
    left join section_runs as below
        on section_rows.report_id = below.report_id
            and section_rows.table_seq = below.table_seq
            and section_rows.row_index < below.row_index
    left join totals
        on below.report_id = totals.report_id
            and below.table_seq = totals.table_seq
            and below.row_index = totals.row_index
    group by all
),

sections as (
    select
        below.report_id,
        below.table_seq,
        below.row_index,
        string_agg(section_rows.row_label, ' > ' order by section_rows.row_index) as section_label,
        arg_max(section_rows.row_label, section_rows.row_index) as innermost_label
    from section_rows
    inner join section_ends using (report_id, table_seq, row_index)
    inner join section_runs as below
        on section_rows.report_id = below.report_id
            and section_rows.table_seq = below.table_seq
            and section_rows.row_index < below.row_index
            and section_ends.last_row >= below.row_index
    where below.row_role = 'data'
    group by all
),

section_counts as (
    select
        section_rows.report_id,
        section_rows.table_seq,
        any_value(section_rows.n_sections) as n_sections,
        count(distinct totals.row_index) as n_totals,
        count(distinct totals.row_index) filter (where totals.is_plain_total) as n_plain_totals
    from section_rows
    left join totals
        on section_rows.report_id = totals.report_id and section_rows.table_seq = totals.table_seq
    group by all
),

-- Leading rows: where labels repeat (Nettokostnadsutveckling) below rows that begin with the same word as the first
-- row (Nettokostnad IFO totalt, Nettokostnad vuxenvård), each such row leads the block below it.
data_rows as (
    select
        section_runs.report_id,
        section_runs.table_seq,
        section_runs.row_index,
        section_runs.row_label,
        split_part(trim(section_runs.label_words), ' ', 1) as first_word,
        first_value(split_part(trim(section_runs.label_words), ' ', 1)) over (
            partition by section_runs.report_id, section_runs.table_seq order by section_runs.row_index
        ) as lead_word,
        count(*) over (partition by section_runs.report_id, section_runs.table_seq, section_runs.row_label) as n_same
    from section_runs
    where section_runs.row_role = 'data' and section_runs.kind = 'indicator' and section_runs.run_number = 0
),

lead_tables as (
    select report_id, table_seq
    from data_rows
    group by all
    having max(n_same) > 1 and count(distinct row_label) filter (where first_word = lead_word) > 1
),

leads as (
    select
        data_rows.report_id,
        data_rows.table_seq,
        data_rows.row_index,
        case when data_rows.first_word = data_rows.lead_word and data_rows.n_same = 1 then data_rows.row_label end as lead_label
    from data_rows
    inner join lead_tables using (report_id, table_seq)
),

lead_groups as (
    select
        report_id,
        table_seq,
        row_index,
        case
            when lead_label is null
                then last_value(lead_label ignore nulls) over (
                        partition by report_id, table_seq order by row_index
                        rows between unbounded preceding and current row
                    )
        end as lead_group
    from leads
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

-- Rows that tell a period or scenario (2023 | Budget 2024 | Prognos): the items are the columns.
label_rests as (
    select
        report_id,
        table_seq,
        row_index,
        label_words,
        {{ without_period('label_words') }} as rest
    from described
),

account_lines as (
    select distinct trim({{ words('alias') }}) as line_words
    from account_aliases
),

period_rows as (
    select
        label_rests.report_id,
        label_rests.table_seq,
        label_rests.row_index,
        label_rests.rest != trim(label_rests.label_words) as has_period,
        scenario_words.scenario_key
    from label_rests
    left join account_lines on label_rests.rest = account_lines.line_words
    left join scenario_words
        on label_rests.rest = scenario_words.term
            and scenario_words.match = 'word'
            -- "Anslag" among lines of a statement is one of them, like "Kommunbidrag" and "Resultat".
            and (
                label_rests.rest != trim(label_rests.label_words)
                or (label_rests.rest != 'anslag' and account_lines.line_words is null)
            )
    where label_rests.rest in ('', 'ack', 'helår') or scenario_words.term is not null
    qualify row_number() over (
            partition by label_rests.report_id, label_rests.table_seq, label_rests.row_index
            order by scenario_words.priority desc, scenario_words.scenario_key
        ) = 1
),

-- "Budget" and "Budgetavvikelse" below Nettokostnader and again below Nettoinvesteringar: each is about the line above it.
repeated_period_rows as (
    select
        report_id,
        table_seq,
        row_index,
        measured_label
    from (
        select
            described.report_id,
            described.table_seq,
            described.row_index,
            period_rows.report_id is not null or {{ is_variance_label('described.label_words') }} as is_period_row,
            count(*) over (partition by described.report_id, described.table_seq, described.row_label) as n_same,
            last_value(case
                when period_rows.report_id is null and not {{ is_variance_label('described.label_words') }} then described.row_label
            end ignore nulls) over (
                partition by described.report_id, described.table_seq order by described.row_index
                rows between unbounded preceding and 1 preceding
            ) as measured_label
        from described
        left join period_rows using (report_id, table_seq, row_index)
        where described.row_role = 'data'
    )
    where is_period_row and n_same > 1
),

label_scenarios as (
    select
        described.report_id,
        described.table_seq,
        described.row_index,
        scenario_words.scenario_key
    from described
    inner join scenario_words
        on trim({{ words("regexp_extract(described.row_label, '^([^,:]+)[,:] ', 1)") }}) = scenario_words.term
            and scenario_words.match = 'word'
),

-- Whose figures a row holds; other municipalities by name only where several are compared.
compared_rows as (
    select
        label_rests.report_id,
        label_rests.table_seq,
        label_rests.row_index,
        coalesce(
            entity_words.entity,
            -- "Kommunens resultat", "Koncernens resultat".
            case
                when regexp_matches(label_rests.label_words, '^ kommunens [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ') then 'own'
                when regexp_matches(label_rests.label_words, '^ (?:kommun)?koncernens [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ') then 'group'
            end,
            case when place_names.municipality_code = reports.municipality_code then 'own' else place_names.place_name end
        ) as entity,
        entity_words.entity is null and place_names.place_name is not null as is_place
    from label_rests
    inner join reports using (report_id)
    left join entity_words on label_rests.rest = entity_words.term and entity_words.place = 'any'
    left join place_names on label_rests.rest = place_names.place_words
    where
        entity_words.entity is not null
        or place_names.place_name is not null
        or regexp_matches(label_rests.label_words, '^ (?:kommunens|(?:kommun)?koncernens) [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ')
    qualify row_number() over (
            partition by label_rests.report_id, label_rests.table_seq, label_rests.row_index
            order by place_names.municipality_code is null, place_names.place_name
        ) = 1
),

row_entities as (
    select report_id, table_seq, row_index, entity
    from compared_rows
    qualify not is_place or count(distinct entity) over (partition by report_id, table_seq) > 1
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
