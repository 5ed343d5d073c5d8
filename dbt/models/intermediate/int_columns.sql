with
tables as (select * from {{ ref('int_tables') }}),

reports as (select * from {{ ref('int_reports') }}),

cells as (select * from {{ ref('stg_cells') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

year_sums as (select * from {{ ref('int_year_sums') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

unit_words as (select * from {{ ref('unit_words') }}),

column_roles as (select * from {{ ref('column_roles') }}),

total_words as (select * from {{ ref('total_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

entity_words as (select * from {{ ref('entity_words') }}),

place_names as (select * from {{ ref('int_place_names') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

grid as (
    select
        report_id,
        table_seq,
        contains(header_words, ' läsår') as has_school_years,
        regexp_matches(
            header_words || near_words || lead_words || {{ words('reports.committee') }},
            ' [a-zåäö]*(?:barn|elever|skola|skolor|skolan|förskoleklass|utbildningsnämnden|bildningsnämnden) '
        ) as is_about_schools,
        -- "Ram 2028" heads columns that print no year themselves.
        case
            when len(list_distinct(regexp_extract_all(near_words, '(?:19|20)\d\d'))) = 1
                then try_cast(regexp_extract(near_words, ' [a-zåäö]*(?:ram|ramar|budget|bokslut|utfall|prognos) ((?:19|20)\d\d) ', 1) as integer)
        end as heading_year,
        -- "Helårsprognos per verksamhet" says what its columns are that say nothing themselves.
        (regexp_matches(near_words, ' [a-zåäö]*prognos(?:er)? ') or starts_with(lead_words, ' prognos')) and not regexp_matches(near_words, ' [a-zåäö]*(?:utfall|bokslut|uppföljning) ')
            as has_forecast_heading,
        regexp_matches(near_words || lead_words, ' [a-zåäö]*(?:budget|budgeten|plan|ram|ramar|mål) ') as has_budget_heading,
        unnest(range(0, n_cols)) as col_index
    from tables
    inner join reports using (report_id)
),

-- A header cell of an upper level heads all the columns that it spans.
printed_labels as (
    select
        grid.report_id,
        grid.table_seq,
        grid.col_index,
        string_agg(cells.value_text, ' | ' order by cells.row_index) as column_label
    from grid
    inner join cells
        on grid.report_id = cells.report_id
            and grid.table_seq = cells.table_seq
            and cells.is_header
            and grid.col_index >= cells.col_index
            and grid.col_index < cells.col_index + cells.col_span
    group by all
),

-- A narrow column may break a word without a hyphen ("Målvärd e 2025", "Avvikel se"): two parts that are no words of the
-- vocabulary and together are one.
known_words as (
    select distinct unnest(string_split(term, ' ')) as word
    from (
        select term from scenario_words
        union all
        select term from column_roles
        union all
        select term from total_words
        union all
        select trim({{ words('alias') }}) as term from account_aliases
    )
),

word_pairs as (
    select distinct
        column_label,
        unnest(list_transform(range(1, len(word_list)), lambda i: { 'first': word_list[i], 'rest': word_list[i + 1] })) as pair
    from (
        select distinct
            column_label,
            string_split(trim({{ words('column_label') }}), ' ') as word_list
        from printed_labels
    )
),

broken_words as (
    select
        word_pairs.column_label,
        string_agg(word_pairs.pair.first, '|' order by word_pairs.pair.first, word_pairs.pair.rest) as first_parts,
        string_agg(word_pairs.pair.rest, '|' order by word_pairs.pair.first, word_pairs.pair.rest) as rests
    from word_pairs
    inner join known_words on word_pairs.pair.first || word_pairs.pair.rest = known_words.word
    left join known_words as known_first on word_pairs.pair.first = known_first.word
    left join known_words as known_rest on word_pairs.pair.rest = known_rest.word
    where
        length(word_pairs.pair.first) >= 3
        and regexp_full_match(word_pairs.pair.first || word_pairs.pair.rest, '[a-zåäöé]+')
        and known_first.word is null
        and known_rest.word is null
    group by all
),

labels as (
    select
        printed_labels.* exclude (column_label),
        -- 26/27, 27/28, 28/29: years one after the other.
        count(*) filter (
            where
            regexp_full_match(printed_labels.column_label, '\d\d/\d\d')
            and try_cast(left(printed_labels.column_label, 2) as integer) + 1 = try_cast(right(printed_labels.column_label, 2) as integer)
        ) over (partition by printed_labels.report_id, printed_labels.table_seq) as n_year_pairs,
        case
            when broken_words.column_label is null then printed_labels.column_label
            else regexp_replace(
                    printed_labels.column_label, '(?i)(' || broken_words.first_parts || ') (' || broken_words.rests || ')', '\1\2', 'g'
                )
        end as column_label
    from printed_labels
    left join broken_words using (column_label)
),

contents as (
    select
        report_id,
        table_seq,
        col_index,
        count(*) as n_cells,
        count(*) filter (where cell_type not in ('status', 'dash', 'suppressed', 'text')) as n_numbers,
        count(*) filter (where cell_type = 'status') as n_statuses,
        -- What stands for a figure that is not told does so among figures only: an x may tick something off.
        count(*) filter (where cell_type = 'dash' or (cell_type = 'suppressed' and has_numbers)) as n_dashes,
        count(*) filter (where regexp_full_match(plain_text, '\d{3,8}')) as n_codes,
        count(*) filter (where regexp_full_match(plain_text, '(?:19|20)\d\d')) as n_years,
        -- What numbers the rows of a list: A, B1, 2., 3.1.
        count(*) filter (where regexp_full_match(value_text, '[A-ZÅÄÖ]{0,2}\d{0,3}(?:\.\d{1,2})*[a-z]?[.)]?')) as n_marks,
        avg(length(value_text)) as mean_length
    from (
        select
            *,
            bool_or(cell_type = 'number') over (partition by report_id, table_seq, col_index) as has_numbers
        from body_cells
    )
    group by all
),

described as (
    select
        grid.*,
        labels.column_label,
        {{ words("coalesce(labels.column_label, '')") }} as column_words,
        -- "Riket 22/23" beside "Läsår 22/23" is the same school year.
        case
            when (grid.has_school_years or (grid.is_about_schools and labels.n_year_pairs > 2)) and regexp_matches(labels.column_label, '(?:^|[^0-9/])(?:\d\d)?\d\d/(?:\d\d)?\d\d$') then 'läsår '
            else ''
        end || {{ iso_dates("lower(" ~ plain_minus("coalesce(labels.column_label, '')") ~ ")") }} as column_text,
        coalesce(contents.n_cells, 0) as n_cells,
        coalesce(contents.n_numbers, 0) as n_numbers,
        coalesce(contents.n_statuses, 0) as n_statuses,
        coalesce(contents.n_dashes, 0) as n_dashes,
        coalesce(contents.n_codes, 0) as n_codes,
        coalesce(contents.n_years, 0) as n_years,
        coalesce(contents.n_marks, 0) as n_marks,
        coalesce(contents.mean_length, 0) as mean_length
    from grid
    left join labels using (report_id, table_seq, col_index)
    left join contents using (report_id, table_seq, col_index)
),

-- What a year with a mark is (2024*) says the note below the table that begins with the mark (* Prognos per augusti).
note_texts as (
    select report_id, heading_seq, cast(null as integer) as table_seq, paragraph_text as note_text
    from paragraphs
    where contains(paragraph_text, '*') and length(paragraph_text) <= 400
    union all
    select report_id, cast(null as integer) as heading_seq, table_seq, value_text as note_text
    from body_cells
    where col_index = 0 and starts_with(value_text, '*')
),

marked_notes as (
    select
        report_id,
        heading_seq,
        table_seq,
        unnest(regexp_extract_all(note_text, '\*+\)?[^*]+')) as note
    from note_texts
),

noted_columns as (
    select
        described.report_id,
        described.table_seq,
        described.col_index,
        min({{ words('marked_notes.note') }}) as note_words
    from described
    inner join tables using (report_id, table_seq)
    inner join marked_notes
        on described.report_id = marked_notes.report_id
            and (tables.heading_seq = marked_notes.heading_seq or tables.table_seq = marked_notes.table_seq)
            and length(regexp_extract(described.column_label, '(\*+)\)?$', 1)) = length(regexp_extract(marked_notes.note, '^(\*+)', 1))
    where regexp_full_match(described.column_words, ' (?:19|20)\d\d ') and regexp_matches(described.column_label, '\*\)?$')
    group by all
    -- One note for the mark, or it is not known which.
    having count(distinct marked_notes.note) = 1
),

-- What stands behind "av" or "mot" is what a figure is compared with, not what it is (Utfall i % av budget).
compared as (
    select
        *,
        regexp_extract(column_words, ' (?:mot|jämfört med|jmf|jmfr|gentemot) (.*)$', 1) as compared_with
    from described
),

own_words as (
    select
        compared.* exclude (column_text, compared_with),
        -- "Utfall perioden jämfört med föregående år" is about the period.
        case
            when {{ is_outcome_before('compared.compared_with') }} and regexp_matches(compared.column_words, '^ (?:utfall|prognos) ')
                then regexp_extract(compared.column_text, '^(.*?)(?:^|[^a-zåäö])(?:mot|jämfört med|jmfr?|gentemot)(?:[^a-zåäö]|$)', 1)
            else compared.column_text
        end as column_text,
        regexp_replace(
            compared.column_words || coalesce(ltrim(noted_columns.note_words), ''),
            ' (?:av|mot|jämfört med|jmf|jmfr|gentemot|i förhållande till) .*$', ' '
        ) as scenario_text,
        regexp_matches(compared.compared_with, '(?:budget|prognos|mål|plan|föregående år|bokslut) ') as is_comparison,
        {{ is_outcome_before('compared.compared_with') }} as is_change
    from compared
    left join noted_columns using (report_id, table_seq, col_index)
),

scenario_phrases as (
    {{ phrases_of('own_words', 'scenario_text') }}
),

-- Compound words (Investeringsbudget, Avgiftsutfall): every ending of every word.
scenario_endings as (
    select distinct
        scenario_text,
        unnest(list_transform(range(1, length(word) - 1), lambda i: word[i:])) as phrase
    from (
        select distinct
            scenario_text,
            unnest(string_split(trim(scenario_text), ' ')) as word
        from own_words
    )
),

scenario_matches as (
    select
        scenario_phrases.scenario_text,
        scenario_words.scenario_key,
        scenario_words.term,
        scenario_words.priority
    from scenario_phrases
    inner join scenario_words
        on scenario_phrases.phrase = scenario_words.term and scenario_words.match = 'word'
    union all
    select
        scenario_endings.scenario_text,
        scenario_words.scenario_key,
        scenario_words.term,
        scenario_words.priority
    from scenario_endings
    inner join scenario_words
        on scenario_endings.phrase = scenario_words.term and scenario_words.match = 'ending'
),

scenarios as (
    select scenario_text, scenario_key
    from scenario_matches
    qualify row_number() over (
            partition by scenario_text order by priority desc, length(term) desc, term
        ) = 1
),

header_levels as (
    select distinct
        column_words,
        unnest(string_split(column_label, ' | ')) as level_text
    from own_words
    where column_label is not null
),

column_phrases as (
    {{ phrases_of('own_words', 'column_words') }}
),

-- Units: words of money and percent anywhere in the header; others where a header level is the unit or ends with it, in
-- brackets or behind a comma.
unit_levels as (
    select distinct
        column_words,
        unnest([
            trim({{ words('level_text') }}),
            trim({{ words("regexp_extract(level_text, '\\(([^()]+)\\)$', 1)") }}),
            trim({{ words("regexp_extract(level_text, ',\\s*([^,()]+)$', 1)") }})
        ]) as unit_phrase
    from header_levels
),

column_units as (
    select
        column_phrases.column_words,
        unit_words.unit_key
    from column_phrases
    inner join unit_words on column_phrases.phrase = unit_words.term
    left join unit_levels
        on column_phrases.column_words = unit_levels.column_words and column_phrases.phrase = unit_levels.unit_phrase
    where
        unit_words.context in ('any', 'word')
        or (unit_words.context = 'suffix' and unit_levels.unit_phrase is not null)
    qualify row_number() over (
            partition by column_phrases.column_words
            order by unit_words.context = 'any' desc, unit_words.unit_key = 'count', length(unit_words.term) desc, unit_words.term
        ) = 1
),

roles as (
    select
        column_phrases.column_words,
        column_roles.role,
        trim(column_phrases.column_words) = column_roles.term as is_whole_header
    from column_phrases
    inner join column_roles on column_phrases.phrase = column_roles.term
    qualify row_number() over (
            partition by column_phrases.column_words
            order by
                trim(column_phrases.column_words) = column_roles.term desc,
                starts_with(column_phrases.column_words, ' ' || column_roles.term || ' ') desc,
                length(column_roles.term) desc,
                column_roles.term
        ) = 1
),

-- Whose figures a column holds: a level of its header names the group or those that the municipality is compared with.
column_levels as (
    select distinct
        header_levels.column_words,
        {{ without_period(words("header_levels.level_text")) }} as level_words
    from header_levels
),

column_entities as (
    select
        column_levels.column_words,
        entity_words.entity
    from column_levels
    inner join entity_words on column_levels.level_words = entity_words.term
    union
    -- "Genomsnitt liknande kommuner": which measure of the others it is says nothing about whose it is.
    select
        column_levels.column_words,
        entity_words.entity
    from column_levels
    inner join entity_words on {{ without_average('column_levels.level_words') }} = entity_words.term and entity_words.place = 'any'
    where entity_words.entity not in ('own', 'group')
),

first_entities as (
    select column_words, entity
    from column_entities
    qualify row_number() over (partition by column_words order by length(entity) desc, entity) = 1
),

-- Other municipalities and counties by name (Gävle | Falun | Riket). A name that is a word as well (Mark, Vara) is one only
-- beside another that is compared.
column_places as (
    select
        own_words.report_id,
        own_words.table_seq,
        own_words.col_index,
        place_names.place_name,
        place_names.municipality_code,
        place_names.is_also_word
    from own_words
    inner join column_levels using (column_words)
    inner join place_names on {{ without_average('column_levels.level_words') }} = place_names.place_words
    qualify row_number() over (
            partition by own_words.report_id, own_words.table_seq, own_words.col_index
            order by place_names.municipality_code is null, place_names.place_name
        ) = 1
),

compared_columns as (
    select
        report_id,
        table_seq,
        col_index,
        coalesce(
            first_entities.entity,
            case
                when column_places.municipality_code = reports.municipality_code then 'own'
                else column_places.place_name
            end
        ) as entity,
        coalesce(column_places.is_also_word, false) as is_also_word
    from own_words
    inner join reports using (report_id)
    left join first_entities using (column_words)
    left join column_places using (report_id, table_seq, col_index)
    where first_entities.entity is not null or column_places.place_name is not null
),

entities as (
    select report_id, table_seq, col_index, entity
    from compared_columns
    qualify not is_also_word or count(distinct entity) over (partition by report_id, table_seq) > 1
),

interpreted as (
    select
        described.*,
        case
            when trim(described.column_text) in ('+/-', '+-') then 'variance'
            -- Upp, Ned and Oförändrad under Utveckling assess, they measure nothing; nor does Ja under "Avvikelse funnen".
            when scenarios.scenario_key in ('change', 'variance') and described.n_statuses > 0 and described.n_numbers = 0 then 'status'
            when described.is_change and scenarios.scenario_key in ('actual', 'forecast') then 'change'
            when described.is_comparison and scenarios.scenario_key in ('actual', 'forecast') then 'variance'
            -- Without a year BU may be a department.
            when scenarios.scenario_key is null and regexp_matches(described.column_words, ' bu 20\d\d ') then 'budget'
            else scenarios.scenario_key
        end as scenario_key,
        entities.entity as column_entity,
        coalesce(bool_or(entities.entity not in ('own', 'group')) over (partition by described.report_id, described.table_seq), false)
            as is_comparison_table,
        regexp_extract(described.column_text, '\(\s*(?:föreg[a-zåäö.]* år|fg år|fjol[a-zåäö]*|(?:19|20)\d\d|samma period[^)]*)\s*\)') != '' as has_previous_header,
        column_units.unit_key as column_unit_key,
        roles.role as header_role,
        coalesce(roles.is_whole_header, false) as is_role_header,
        case when year_sums.col_index is not null then 'year_span' else {{ period_form('described.column_text') }} end as period_form,
        case
            when year_sums.col_index is not null
                then { 'first': make_date(year_sums.first_year, 1, 1), 'last': make_date(year_sums.last_year, 12, 31) }
        end as sum_bounds,
        reports.fiscal_year,
        reports.report_type,
        reports.outcome_end,
        (described.n_numbers + described.n_statuses + described.n_dashes) * 2 >= described.n_cells
        and described.n_cells > 0 as is_mostly_values
    from own_words as described
    inner join reports using (report_id)
    left join scenarios using (scenario_text)
    left join column_units using (column_words)
    left join roles using (column_words)
    left join entities using (report_id, table_seq, col_index)
    left join year_sums using (report_id, table_seq, col_index)
),

-- What a column holds. The first column holds labels, whatever they look like (-19, 20–25, 51 -).
with_roles as (
    select
        *,
        case
            when col_index = 0
                then coalesce(
                        case when header_role in ('label', 'attribute', 'group', 'grantor', 'note_ref', 'code') then header_role end, 'label'
                    )
            -- "Kostnad per enhet" over figures prices something.
            when header_role = 'unit' and n_numbers * 2 > n_cells then 'value'
            when header_role in ('code', 'grantor', 'attribute', 'note_ref', 'unit') then header_role
            when header_role = 'comment' and coalesce(scenario_key, '') != 'status' and n_numbers * 2 < n_cells + 1 then 'comment'
            -- Years in a column whose header is about something else (Klart år) are dates, no figures.
            when
                n_years > 0 and n_years + n_dashes = n_cells and scenario_key is null and period_form is null
                and column_unit_key is null
                then 'attribute'
            -- Words under Ändamål are no targets.
            when header_role in ('label', 'group') and n_cells > 0 and n_numbers + n_statuses + n_dashes = 0 then header_role
            when
                scenario_key != 'status' and n_cells > 1 and n_numbers + n_dashes + n_statuses = 0
                and mean_length > 15
                then 'comment'
            when scenario_key is not null or period_form is not null then 'value'
            -- A word for labels somewhere in the header of a column of figures (Generella bidrag) says nothing.
            -- Plain numbers under a header that is the name of what they number (Projekt | 7013) are codes.
            when header_role in ('label', 'group') and is_role_header and n_cells > 0 and n_codes = n_cells then 'code'
            when is_mostly_values and not (coalesce(header_role, '') = 'label' and n_numbers = 0) then 'value'
            when header_role in ('label', 'group') then header_role
            when n_cells = 0 and column_unit_key is not null then 'value'
            when n_cells = 0 then 'empty'
            when mean_length > 40 then 'comment'
            else 'attribute'
        end as first_role
    from interpreted
),

-- The first column may only number the rows (A, B1, 3.), or name groups of them in cells that are merged downwards: then
-- their names are the next texts, before any figures.
first_texts as (
    select
        report_id,
        table_seq,
        any_value(case when col_index = 0 then n_marks = n_cells and n_cells > 0 end) as has_marks,
        any_value(case when col_index = 0 then n_cells end) as n_first_cells,
        min_by({ 'col_index': col_index, 'n_cells': n_cells }, col_index) filter (
            where
            col_index > 0 and first_role in ('attribute', 'group', 'label') and coalesce(header_role, 'label') in ('label', 'group')
            and n_cells > 0 and n_numbers + n_statuses + n_dashes = 0 and mean_length > 2
        ) as next_text,
        -- Behind marks a text may be as long as a comment.
        min_by({ 'col_index': col_index, 'n_cells': n_cells }, col_index) filter (
            where
            col_index > 0 and first_role in ('attribute', 'group', 'label', 'comment') and coalesce(header_role, 'label') in ('label', 'group')
            and n_cells > 0 and n_numbers + n_statuses + n_dashes = 0 and mean_length > 2
        ) as marked_text,
        min(col_index) filter (where first_role = 'value' and n_cells > 0) as first_value_column
    from with_roles
    group by all
    having coalesce(any_value(case when col_index = 0 then header_role end), '') != 'label'
),

inner_labels as (
    select
        report_id,
        table_seq,
        case when has_marks and marked_text.n_cells >= n_first_cells then marked_text.col_index else next_text.col_index end as label_col_index,
        has_marks and marked_text.n_cells >= n_first_cells as has_marks
    from first_texts
    where
        (marked_text.col_index < first_value_column and has_marks and marked_text.n_cells >= n_first_cells)
        or (next_text.col_index < first_value_column and n_first_cells * 2 <= next_text.n_cells)
),

-- One label column a table: the column that the header calls so, else the first one.
label_columns as (
    select
        report_id,
        table_seq,
        coalesce(any_value(inner_labels.has_marks), false) as has_marks,
        coalesce(
            any_value(inner_labels.label_col_index),
            min(with_roles.col_index) filter (where header_role = 'label' and first_role = 'label' and (with_roles.col_index = 0 or n_cells > 0)),
            min(with_roles.col_index) filter (where first_role = 'label'),
            -- Behind a column of codes the labels are the first other texts.
            min(with_roles.col_index) filter (where first_role in ('group', 'attribute') and n_cells > 0 and n_numbers = 0),
            0
        ) as label_col_index
    from with_roles
    left join inner_labels using (report_id, table_seq)
    group by all
),

column_counts as (
    select report_id, table_seq, column_label, count(*) as n_same
    from with_roles
    where first_role = 'value' and column_label is not null
    group by all
),

settled as (
    select
        with_roles.* exclude (first_role, sum_bounds),
        case
            when with_roles.col_index = label_columns.label_col_index then 'label'
            when label_columns.has_marks and with_roles.col_index = 0 and with_roles.first_role = 'label' then 'note_ref'
            when with_roles.first_role = 'label' and with_roles.col_index < label_columns.label_col_index then 'group'
            when with_roles.first_role = 'label' then 'attribute'
            else with_roles.first_role
        end as column_role,
        label_columns.label_col_index,
        trim(
            with_roles.column_words) in (
            select term from organisation_words
            where place = 'first_header'
        ) as is_organisation_header,
        -- A label that the header prints twice, or no label at all, leaves open what the column is about.
        coalesce(column_counts.n_same, 0) > 1 or with_roles.column_label is null as is_ambiguous,
        trim(with_roles.column_words) in (select term from total_words) as is_total_column,
        max(case when with_roles.col_index = label_columns.label_col_index then with_roles.column_words end) over (
            partition by with_roles.report_id, with_roles.table_seq
        ) as label_header_words,
        coalesce(
            with_roles.sum_bounds,
            -- Twelve months up to the report's own day, where no other is printed (R12).
            case
                when
                    with_roles.period_form = 'rolling' and with_roles.report_type in ('annual_report', 'interim_report')
                    and not regexp_matches(with_roles.column_text, '\d{4}|(?:^|[^a-zåäö])(?:{{ month_pattern() }})(?:[^a-zåäö]|$)')
                    and regexp_matches(with_roles.column_text, '12|tolv|rullande(?: (?:år|helår)| *$)')
                    then { 'first': cast(with_roles.outcome_end + interval 1 day - interval 1 year as date), 'last': with_roles.outcome_end }
            end,
            {{ period_bounds('column_text', 'period_form', 'fiscal_year') }},
            -- "Periodens budget" and "Ack. budget" of an interim report are to the day of its outcome.
            case
                when with_roles.report_type = 'interim_report'
                    and coalesce(with_roles.scenario_key, 'actual') != 'forecast'
                    and regexp_matches(with_roles.column_words, ' (?:period|perioden|periodens|periodbudget|periodutfall|ack|ackumulerat|ackumulerad) ')
                    then { 'first': make_date(with_roles.fiscal_year, 1, 1), 'last': with_roles.outcome_end }
            end,
            case
                when
                    with_roles.period_form is null and with_roles.heading_year is not null and not (with_roles.report_type = 'interim_report' and with_roles.heading_year = with_roles.fiscal_year)
                    and count(with_roles.period_form) filter (where with_roles.first_role = 'value') over (
                        partition by with_roles.report_id, with_roles.table_seq
                    ) = 0
                    and count(with_roles.scenario_key) filter (where with_roles.first_role = 'value') over (
                        partition by with_roles.report_id, with_roles.table_seq
                    ) > 0
                    then { 'first': make_date(with_roles.heading_year, 1, 1), 'last': make_date(with_roles.heading_year, 12, 31) }
            end
        ) as printed_bounds
    from with_roles
    inner join label_columns using (report_id, table_seq)
    left join column_counts using (report_id, table_seq, column_label)
),

-- "Ack utfall 2023" beside "Ack utfall 2024", "Utfall perioden 2024": to the same day of their year.
bounded as (
    select
        * exclude (printed_bounds),
        case
            when
                report_type = 'interim_report' and period_form in ('year', 'whole_year')
                and coalesce(scenario_key, 'actual') in ('actual', 'budget', 'variance')
                and regexp_matches(column_words, ' ack| (?:period|perioden|periodens) ')
                -- "Ack helår 2025" in a report of 2026 is the whole of it.
                and not (regexp_matches(column_words, ' helår ') and year(printed_bounds.first) < fiscal_year)
                then {
                        'first': printed_bounds.first,
                        'last': cast(outcome_end - (fiscal_year - year(printed_bounds.first)) * interval 1 year as date)
                    }
            else printed_bounds
        end as bounds
    from settled
),

-- The columns of money between two frames (Ram 2023 | Löner | Hyror | Ram 2024), or between a budget as decided and as it
-- was changed (Ursprunglig budget | Mar | Okt | Justerad budget), are what changed the one into the other.
framed as (
    select
        * exclude (frame_before, frame_after),
        coalesce(
            scenario_key is null and column_unit_key is null and column_role = 'value' and not is_total_column
            and trim(column_words) not in (select trim({{ words('alias') }}) from account_aliases)
            and (
                (
                    frame_before.scenario_key = 'budget' and frame_after.scenario_key = 'budget' and period_form is null
                    and frame_after.first_year = frame_before.first_year + 1
                )
                or (
                    frame_before.scenario_key = 'budget_original' and frame_after.scenario_key = 'budget_revised'
                    and coalesce(period_form, 'month') = 'month'
                )
            ), false
        ) as is_between_frames
    from (
        select
            *,
            last_value(case when scenario_key is not null then { 'scenario_key': scenario_key, 'first_year': year(bounds.first) } end ignore nulls) over (
                partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
            ) as frame_before,
            first_value(case when scenario_key is not null then { 'scenario_key': scenario_key, 'first_year': year(bounds.first) } end ignore nulls) over (
                partition by report_id, table_seq order by col_index rows between 1 following and unbounded following
            ) as frame_after
        from bounded
    )
),

-- A bare year is an outcome in a report, a budget or plan in a plan; no word at all is an outcome, in a plan a budget. What
-- others reach is an outcome everywhere. Where the rows are changes (Förändring | tkr), so are the figures.
with_scenarios as (
    select
        * exclude (scenario_key, last_year),
        case
            -- A closed account of a year that had not begun when the plan was made is the budget of the first year, a plan of others.
            when is_future_outcome and year(bounds.last) = fiscal_year then 'budget'
            when is_future_outcome then 'plan'
            when scenario_key is not null then scenario_key
            when is_between_frames then 'adjustment'
            when bounds is null and regexp_matches(label_header_words, ' förändring(?:ar)? ')
                then case when {{ is_money_unit('column_unit_key') }} then 'adjustment' else 'change' end
            when column_entity not in ('own', 'group') or (column_entity = 'own' and is_comparison_table) then 'actual'
            when bounds is null and report_type = 'interim_report' and has_forecast_heading then 'forecast'
            -- Bare years from the last one on, under a heading that forecasts and budgets nothing, are forecasts in a plan.
            when
                report_type in ('plan', 'budget') and has_forecast_heading and not has_budget_heading
                and year(bounds.first) >= fiscal_year - 1
                then 'forecast'
            when report_type in ('plan', 'budget') and regexp_matches(column_words, ' (?:ack|ackumulerat|tom|t o m|upparbetat) ') then 'actual'
            when report_type in ('plan', 'budget') and period_form = 'year_span' and year(bounds.last) > fiscal_year then 'plan'
            when report_type in ('plan', 'budget') and coalesce(year(bounds.first), fiscal_year) in (fiscal_year - 1, fiscal_year) then 'budget'
            when report_type in ('plan', 'budget') and year(bounds.first) >= fiscal_year then 'plan'
            when report_type = 'tariff' then 'tariff'
            -- What a report says of years to come is no outcome, nor is the year beside them where nothing says what the report is.
            when report_type not in ('plan', 'budget') and year(bounds.first) > fiscal_year then 'plan'
            when report_type = 'unknown' and year(bounds.first) = fiscal_year and last_year > fiscal_year then 'plan'
            else 'actual'
        end as scenario_key,
        scenario_key is not null as has_scenario_word
    from (
        select
            *,
            coalesce(
                report_type in ('plan', 'budget') and scenario_key = 'actual' and year(bounds.last) >= fiscal_year
                and regexp_matches(column_words, ' (?:bokslut|utfall) '), false
            ) as is_future_outcome,
            max(case when column_role = 'value' then year(bounds.last) end) over (partition by report_id, table_seq) as last_year
        from framed
    )
),

-- "Prognos oktober" and "Prognos T2" are made then, about the year.
forecasts as (
    select
        * exclude (bounds),
        case
            when
                (scenario_key = 'forecast' or regexp_matches(column_words, ' prognos'))
                and period_form in ('month', 'to_month', 'tertial', 'quarter', 'year_month')
                then { 'first': make_date(year(bounds.first), 1, 1), 'last': make_date(year(bounds.first), 12, 31) }
            else bounds
        end as bounds
    from with_scenarios
),

-- A variance without a period of its own is about that of the budget or forecast before it; so is one below a year that also
-- heads the budget and outcome of a part of it (2025 | Budget T1). A change is about the month or part of a year before it.
with_neighbours as (
    select
        *,
        -- Of two months side by side the later one, in whichever order they stand.
        max(struct_pack(last := bounds.last, first := bounds.first)) over (
            partition by report_id, table_seq order by col_index rows between 2 preceding and 1 preceding
        ) as previous_bounds,
        lag(period_form) over (partition by report_id, table_seq order by col_index) as previous_form,
        last_value(case when scenario_key in ('budget', 'budget_original', 'budget_revised', 'forecast') then bounds end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
        ) as budget_bounds,
        last_value(case when scenario_key = 'actual' and period_form != 'previous_year' then bounds end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
        ) as outcome_bounds
    from forecasts
),

-- What the columns of a table together tell of the periods of each.
running_years as (
    select
        *,
        bool_or(column_role = 'value' and scenario_key = 'actual' and has_scenario_word and is_running_year) over of_table as has_running_outcome,
        bool_or(column_role = 'value' and scenario_key = 'variance') over of_table as has_variance,
        case
            when min(year(bounds.last)) over of_table = max(year(bounds.last)) over of_table then min(year(bounds.last)) over of_table
        end as only_year
    from (
        select
            with_neighbours.*,
            period_form = 'year' and year(bounds.first) = fiscal_year and not regexp_matches(column_words, 'helår|prognos') as is_running_year,
            -- "Utfall fg år" of an interim report: the same months of the year before, unless it says that it is the whole of it.
            coalesce(
                report_type = 'interim_report' and period_form = 'previous_year' and scenario_key in ('actual', 'budget', 'variance', 'status')
                and not regexp_matches(column_words, ' (?:bokslut|helår|helårs[a-zåäö]*|årsbokslut|årsutfall|årsbudget) '), false
            ) as is_same_months,
            scenario_key = 'variance' and period_form = 'year' and contains(column_label, ' | ')
            and not regexp_matches(regexp_extract(column_label, '[^|]*$'), '\d') as has_period_above,
            -- "Utfall april" above "Utgifter | Inkomster | Netto" is one month.
            count(distinct case when period_form = 'month' then bounds.first end) over (partition by report_id, table_seq) as n_month_columns,
            bool_or(regexp_matches(column_words, ' ack')) over (partition by report_id, table_seq) as has_accumulated,
            bool_or(column_role = 'value' and scenario_key = 'actual' and has_scenario_word and bounds is null) over (partition by report_id, table_seq) as has_outcome,
            bool_or(has_forecast_heading or scenario_key = 'forecast' or regexp_matches(column_words, 'prognos|helår')) over (partition by report_id, table_seq) as has_forecast
        from with_neighbours
    )
    window of_table as (partition by report_id, table_seq)
),

settled_periods as (
    select
        * exclude (bounds, budget_bounds, outcome_bounds, previous_bounds, previous_form, is_same_months, is_to_date, is_of_only_year, only_year),
        case
            when is_same_months then cast(coalesce(outcome_bounds.first, make_date(fiscal_year, 1, 1)) - interval 1 year as date)
            when is_to_date then make_date(fiscal_year, 1, 1)
            when is_of_only_year then make_date(only_year, 1, 1)
            when bounds is null and scenario_key = 'forecast' then make_date(fiscal_year, 1, 1)
            when bounds is null and scenario_key = 'variance' then budget_bounds.first
            when has_period_above and year(budget_bounds.last) = year(bounds.last) then budget_bounds.first
            when bounds is null and scenario_key = 'change' and previous_form not in ('year', 'year_pair', 'year_span') then previous_bounds.first
            -- A change between two years is about the later one.
            when period_form = 'year_span' and scenario_key in ('change', 'variance') then make_date(year(bounds.last), 1, 1)
            -- The last month of an interim report, alone in a header, is the year to date, and so is that of the year before,
            -- unless other columns say themselves that they are (Avvikelse maj | Avvikelse ack).
            when
                report_type = 'interim_report' and period_form = 'month' and not has_accumulated
                and bounds.last = cast(outcome_end - (fiscal_year - year(bounds.last)) * interval 1 year as date)
                and n_month_columns < 3 and scenario_key in ('actual', 'budget', 'variance', 'status')
                and (has_scenario_word or starts_with(column_words, ' läge '))
                then make_date(year(bounds.last), 1, 1)
            else bounds.first
        end as period_start,
        case
            when is_same_months then {{ a_year_before('coalesce(outcome_bounds.last, outcome_end)') }}
            when is_to_date then outcome_end
            when is_of_only_year then make_date(only_year, 12, 31)
            when bounds is null and scenario_key = 'forecast' then make_date(fiscal_year, 12, 31)
            when bounds is null and scenario_key = 'variance' and budget_bounds is not null then budget_bounds.last
            -- "Budget | Utfall | Differens" of an interim report, with no forecast to differ from: what differs is the outcome.
            when bounds is null and scenario_key = 'variance' and report_type = 'interim_report' and has_outcome and not has_forecast
                then outcome_end
            when has_period_above and year(budget_bounds.last) = year(bounds.last) then budget_bounds.last
            when bounds is null and scenario_key = 'change' and previous_form not in ('year', 'year_pair', 'year_span') then previous_bounds.last
            else bounds.last
        end as period_end
    from (
        select
            *,
            -- An outcome of the year that an interim report tells of goes as far as the report; with no forecast in the table
            -- its budget, and how they differ, is about the same months.
            coalesce(
                report_type = 'interim_report' and has_running_outcome
                and (
                    (scenario_key = 'actual' and is_running_year)
                    or (
                        has_variance and not has_forecast
                        and ((scenario_key = 'budget' and is_running_year) or (scenario_key = 'variance' and (bounds is null or is_running_year)))
                    )
                ), false
            ) as is_to_date,
            coalesce(bounds is null and fiscal_year is null and scenario_key in ('budget', 'forecast') and only_year is not null, false)
                as is_of_only_year
        from running_years
    )
),

-- What a column is about that says neither scenario, period nor unit, beside columns that do: a line of the accounts
-- (Intäkter) or persons, or nobody knows (Intervall, Rang).
headed as (
    select
        * exclude (period_start, period_end),
        -- A header that prints a period whose days cannot be told, or end before they begin: none is better than another.
        case when not is_unclear_period then period_start end as period_start,
        case when not is_unclear_period then period_end end as period_end,
        column_role = 'value'
        and column_label is not null
        and not has_scenario_word
        and not is_between_frames
        and period_form is null
        and column_unit_key is null
        and not is_total_column
        and column_entity is null
        and trim(column_words) not in (select trim({{ words('alias') }}) from account_aliases)
        and not regexp_matches(column_words, ' (?:kvinnor|män|flickor|pojkar|totalt|total|summa|nämnden|kommunen) ') as says_nothing,
        column_role = 'value' and (has_scenario_word or period_form is not null) as says_something,
        column_role = 'value' and (period_form is not null or (has_scenario_word and scenario_key != 'actual')) as tells_scenarios_apart
    from (
        select
            *,
            column_role = 'value' and {{ is_unclear_period('period_form', 'period_start', 'period_end') }}
            -- Two years head a change as well: it is about the later one.
            and not (period_form = 'year_pair' and scenario_key in ('change', 'variance')) as is_unclear_period
        from settled_periods
    )
),

-- A table whose columns say nothing (departments beside each other, and their sum) prints what the column of another table
-- prints: three figures of the same lines tell that it is about the same scenario and period.
printed_figures as (
    select distinct
        headed.report_id,
        headed.table_seq,
        headed.col_index,
        lower(label_cells.value_text) as label,
        body_cells.plain_text as figure
    from headed
    inner join body_cells using (report_id, table_seq, col_index)
    inner join body_cells as label_cells
        on body_cells.report_id = label_cells.report_id
            and body_cells.table_seq = label_cells.table_seq
            and body_cells.row_index = label_cells.row_index
            and headed.label_col_index = label_cells.col_index
    where headed.column_role = 'value' and body_cells.cell_type = 'number' and regexp_matches(body_cells.plain_text, '[1-9].*\d')
),

silent_tables as (
    select report_id, table_seq
    from headed
    group by all
    having bool_or(says_nothing or (column_role = 'value' and is_total_column)) and not bool_or(says_something)
),

witnesses as (
    select
        silent.report_id,
        silent.table_seq,
        told.scenario_key,
        told.period_start,
        told.period_end
    from printed_figures as silent
    inner join silent_tables using (report_id, table_seq)
    inner join printed_figures as other
        on silent.report_id = other.report_id
            and silent.table_seq != other.table_seq
            and silent.label = other.label
            and silent.figure = other.figure
    inner join headed as told
        on other.report_id = told.report_id
            and other.table_seq = told.table_seq
            and other.col_index = told.col_index
            and told.says_something
    group by silent.report_id, silent.table_seq, told.scenario_key, told.period_start, told.period_end
    having count(distinct silent.figure) > 2
    -- One column tells, or none.
    qualify count(*) over (partition by silent.report_id, silent.table_seq) = 1
),

witnessed as (
    select
        headed.* replace (
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.scenario_key else headed.scenario_key end as scenario_key,
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.period_start else headed.period_start end as period_start,
            case when headed.column_role = 'value' and witnesses.report_id is not null then witnesses.period_end else headed.period_end end as period_end
        ),
        headed.column_role = 'value' and witnesses.report_id is not null as is_witnessed
    from headed
    left join witnesses using (report_id, table_seq)
)

select
    * exclude (
        label_header_words, has_school_years, has_forecast_heading, has_budget_heading, scenario_text, is_comparison, is_comparison_table, has_period_above,
        has_accumulated, has_outcome, has_forecast, has_running_outcome, has_variance, is_running_year, is_between_frames, says_nothing, says_something, tells_scenarios_apart,
        is_about_schools, heading_year, n_marks, is_change
    ),
    says_nothing and bool_or(says_something) over (partition by report_id, table_seq) as is_unknown_header,
    -- An outcome it is where the columns are measures; beside years, budgets or forecasts it may be anything.
    says_nothing
    and bool_or(tells_scenarios_apart) over (partition by report_id, table_seq)
    and not regexp_matches(column_words, ' [a-zåäö]*(?:intäkt|intäkter|kostnad|kostnader|inkomst|inkomster|utgift|utgifter|bidrag|avgift|avgifter|resultat|netto|kapital) ')
        as is_unclear_header
from witnessed
