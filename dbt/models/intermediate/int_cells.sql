with
stg_cells as (select * from {{ ref('stg_cells') }}),

recognised_cells as (select * from {{ ref('stg_recognised_cells') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

columns as (select * from {{ ref('int_columns') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('int_tables') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

unit_words as (select * from {{ ref('unit_words') }}),

unproven_readings as (
    select report_id, table_seq, row_index, col_index
    from recognised_cells
    where vouched_by is null
),

glued_cells as (
    select distinct report_id, table_seq, row_index, cell_col_index as col_index
    from {{ ref('int_glued_parts') }}
),

known_units as (
    select distinct term from unit_words
    where context in ('any', 'cell')
),

-- Columns of values side by side of which one has no header: an outcome, a budget or a variance, nobody knows.
unheaded_columns as (
    select report_id, table_seq, col_index
    from columns
    where column_role = 'value'
    qualify coalesce(column_label, '') = '' and count(*) over (partition by report_id, table_seq) > 1
),

-- Labels that are periods whose days cannot be told (Vecka 50-2, 2022/2023).
unclear_rows as (
    select report_id, table_seq, row_index
    from (
        select
            *,
            {{ period_bounds('period_text', 'period_form', '2000') }} as bounds
        from (
            select
                report_id,
                table_seq,
                row_index,
                {{ iso_dates('label_plain') }} as period_text,
                {{ period_form('period_text') }} as period_form
            from rows
            where has_row_period or regexp_full_match(label_words, ' (?:vecka|veckor|v) [\d ]+')
        )
    )
    where {{ is_unclear_period('period_form', 'bounds.first', 'bounds.last') }}
),

placed as (
    select
        body_cells.*,
        columns.column_role,
        columns.scenario_key as column_scenario_key,
        columns.has_previous_header,
        columns.is_unclear_header,
        columns.is_unclear_period or unclear_rows.row_index is not null as is_unclear_period,
        columns.column_label,
        tables.table_unit_key,
        tables.has_previous_in_brackets,
        rows.row_role,
        unclear_rows.row_index is not null as has_unclear_row,
        rows.row_label,
        rows.label_cell_col,
        kinds.kind,
        glued_cells.report_id is not null as is_glued,
        unheaded_columns.report_id is not null as is_unheaded,
        unproven_readings.report_id is not null as is_unproven_reading,
        -- Among figures a range (1-4) is what they are measured in, and an x one that is not told; elsewhere an x ticks
        -- something off and a range is text.
        columns.column_role = 'value'
        and coalesce(columns.scenario_key, '') != 'status'
        and kinds.kind not in ('goal', 'assignment')
        and (
            columns.n_numbers > 0
            or bool_or(columns.column_role = 'value' and body_cells.cell_type = 'number') over (
                partition by body_cells.report_id, body_cells.table_seq, body_cells.row_index
            )
        ) as is_among_figures,
        coalesce(body_cells.bound_key = 'suppressed', false) and is_among_figures as is_suppressed,
        coalesce(body_cells.bound_key = 'range', false) and body_cells.cell_type = 'text' and is_among_figures as is_range,
        -- Percents of a column in brackets and without: there the brackets tell the ones from the others.
        bool_or(body_cells.cell_type = 'number' and regexp_matches(body_cells.plain_text, '^[+]?[ \d.,]+%$')) over of_column
        and not bool_or(body_cells.cell_type = 'number' and starts_with(body_cells.plain_text, '-')) over of_column as has_plain_percents,
        {{ unit_text('body_cells.figure_text') }} as unit_text
    from body_cells
    inner join columns using (report_id, table_seq, col_index)
    inner join rows using (report_id, table_seq, row_index)
    inner join kinds using (report_id, table_seq)
    inner join tables using (report_id, table_seq)
    left join glued_cells using (report_id, table_seq, row_index, col_index)
    left join unheaded_columns using (report_id, table_seq, col_index)
    left join unproven_readings using (report_id, table_seq, row_index, col_index)
    left join unclear_rows using (report_id, table_seq, row_index)
    window of_column as (partition by body_cells.report_id, body_cells.table_seq, body_cells.col_index)
),

-- Of each column of values its cells beside columns without one, in a table whose other rows fill every column, and how
-- much they are beyond the other figures of the column: 988 979 may be two figures where others are of four digits.
filled_rows as (
    select
        report_id,
        table_seq,
        row_index,
        count(*) as n_filled
    from placed
    where column_role = 'value' and row_role = 'data'
    group by all
),

filled_tables as (
    select *, max(n_filled) over (partition by report_id, table_seq) as n_most
    from filled_rows
),

lone_gaps as (
    select
        report_id,
        table_seq,
        any_value(row_index) filter (where n_filled < n_most) as row_index
    from filled_tables
    group by all
    having count(*) filter (where n_filled < n_most) = 1 and count(*) > 3
),

sizes as (
    select
        placed.report_id,
        placed.table_seq,
        placed.row_index,
        placed.col_index,
        placed.plain_text,
        placed.row_index = lone_gaps.row_index as is_in_gap_row,
        max(case when placed.row_index != lone_gaps.row_index then abs({{ to_number("regexp_extract(placed.plain_text, '" ~ number_pattern() ~ "')") }}) end)
            over (partition by placed.report_id, placed.table_seq, placed.col_index) as largest_other,
        abs({{ to_number("regexp_extract(placed.plain_text, '" ~ number_pattern() ~ "')") }}) as magnitude
    from placed
    inner join lone_gaps using (report_id, table_seq)
    where placed.column_role = 'value' and placed.row_role = 'data' and placed.cell_type = 'number'
),

-- What the figures of a table that can be read in one way only tell about those that cannot.
conventions as (
    select
        report_id,
        table_seq,
        bool_or(regexp_matches(
            plain_text, '^[+-]? ?(?:0,\d|(?:\d{1,3}(?: \d{3})*|\d+),(?:\d{1,2}|\d{4,})(?:[^\d,]|$))|\.\d{3},\d'
        )) as has_decimal_comma,
        bool_or(regexp_matches(
            plain_text,
            '^[+-] ?\d+\.\d{1,2}(?:[^\d.]|$)|^(?:0|[6-9]\d|\d{3,})\.\d{1,2}(?:[^\d.]|$)|^\d+\.\d{1,2} ?[%‰]|^\d{1,2}\.[6-9]\d(?:[^\d.]|$)|[ ,]\d{3}\.\d'
        )) as has_decimal_point,
        bool_or(cell_type = 'number' and regexp_matches(plain_text, '\d \d{3}(?:\D|$)')) as has_spaces
    from placed
    where column_role = 'value' and row_role = 'data' and cell_type in ('number', 'decimal_point')
    group by all
),

-- 100 200 beside 5, in a table that prints no other figure with a space: two figures as likely as one.
lone_groups as (
    select report_id, table_seq, row_index, col_index
    from (
        select
            *,
            regexp_full_match(plain_text, '[+-]? ?[1-9]\d\d(?: [1-9]\d\d)+') as is_groups,
            count(*) filter (where regexp_matches(plain_text, '\d \d')) over (partition by report_id, table_seq) as n_spaced,
            abs({{ to_number("regexp_extract(plain_text, '" ~ number_cell_pattern() ~ "', 1)") }}) as magnitude
        from placed
        where column_role = 'value' and row_role = 'data' and cell_type = 'number'
    )
    qualify
        is_groups and n_spaced = 1
        and magnitude > 1000 * min(magnitude) over (partition by report_id, table_seq, row_index)
        and magnitude > 1000 * max(case when not is_groups then magnitude end) over (partition by report_id, table_seq, row_index)
),

overfull_cells as (
    select report_id, table_seq, row_index, col_index
    from sizes
    where is_in_gap_row and regexp_matches(plain_text, '\d \d{3}') and magnitude > 50 * largest_other
),

judged as (
    select
        placed.*,
        case
            when placed.column_role != 'value' then null
            when row_role = 'note' then null
            when is_unproven_reading then 'read by OCR, not proven'
            when row_label is null or row_label = '' then 'no row label: nothing says what the figure is about'
            when is_unheaded and cell_type not in ('status', 'text') then 'no header: nothing says what the column holds'
            when is_unclear_header and cell_type not in ('status', 'text')
                then 'header not in the vocabulary: ' || column_label
            when is_unclear_period and cell_type not in ('status', 'text')
                then 'period not certain: ' || case when has_unclear_row then row_label else column_label end
            when is_glued then null
            when overfull_cells.report_id is not null or lone_groups.report_id is not null then 'ambiguous digits: they may be the figures of two columns'
            when regexp_matches(regexp_replace(plain_text, '[ .]', '', 'g'), '\d{17}') and cell_type not in ('status', 'text')
                then 'more digits than a figure has'
            when cell_type = 'number' and unit_text != '' and known_units.term is null
                then 'unit not in the vocabulary: ' || unit_text
            when cell_type in ('dash', 'number', 'fraction', 'power', 'unit_first', 'number_with_change', 'pairs', 'status') or is_suppressed then null
            when column_scenario_key = 'status' and prefix_status_key is not null then null
            -- Kronor have two decimals: three digits behind a point are thousands.
            when cell_type = 'pointed' and table_unit_key = 'kr' and kind in ('financial', 'org_result', 'grant') then null
            when cell_type = 'pointed' and has_decimal_comma and not has_decimal_point then null
            when cell_type = 'pointed'
                then 'ambiguous number: the point may mark decimals or thousands'
            when cell_type = 'grouped' and (has_decimal_comma or has_spaces) and not has_decimal_point then null
            when cell_type = 'grouped' then 'ambiguous number: the comma may mark decimals or thousands'
            -- In a table of money, under or beside a unit or among decimals there are no dates, times and paragraphs.
            when cell_type = 'decimal_point' and (
                    (has_decimal_point and not has_decimal_comma)
                    or kind in ('financial', 'org_result', 'grant', 'budget_adjustment')
                    or regexp_matches(lower(coalesce(row_label, '') || ' ' || coalesce(column_label, '')), '%|procent')
                ) then null
            when cell_type = 'decimal_point'
                then 'ambiguous number: it may be a date, a time or a paragraph'
            when is_torn and not regexp_matches(plain_text, '[A-Za-zÅÄÖåäö]{5}')
                then 'ambiguous digits: they stand on two lines or apart'
            when length(plain_text) <= 60 and regexp_matches(plain_text, '\d')
                and regexp_matches(plain_text, '[\x{200e}\x{200f}\x{061c}\x{202a}-\x{202e}\x{2066}-\x{2069}]')
                then 'ambiguous digits: they may be shown in another order than they are stored in'
            when length(plain_text) <= 60
                and regexp_matches(plain_text, '\d.*[\x{fffd}\x{e000}-\x{f8ff}]|[\x{fffd}\x{e000}-\x{f8ff}].*\d|^[^A-Za-zÅÄÖåäö]*\x{fffd}[^A-Za-zÅÄÖåäö]*$')
                then 'damaged: a character was lost'
            -- Beside amounts a share stands in brackets, and so does a minus.
            when cell_type = 'bracketed' and regexp_matches(plain_text, '[%‰]')
                and not (column_scenario_key in ('variance', 'change') and has_plain_percents)
                then 'ambiguous number: a percentage in brackets may be negative or a remark'
            -- The accountant's minus, where figures may be negative.
            when cell_type in ('bracketed', 'trailing_minus') and (
                    column_scenario_key in ('variance', 'change') or kind in ('financial', 'org_result', 'budget_adjustment')
                ) then null
            when cell_type = 'trailing_minus' then 'ambiguous number: the line behind it may be a minus or lead on'
            when cell_type = 'bracketed' then 'ambiguous number: brackets may mean a minus or the year before'
            when cell_type = 'number_with_previous' and (has_previous_in_brackets or has_previous_header) then null
            when cell_type = 'number_with_previous' then 'ambiguous number: nothing says what stands in brackets'
            when regexp_matches(plain_text, '\d') and not regexp_matches(plain_text, '[A-Za-zÅÄÖåäö]{2}')
                and not regexp_full_match(plain_text, '\d+(,\d+)? ?- ?\d+(,\d+)? ?%?')
                then 'ambiguous digits: they form no single number'
            when kind in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure', 'staffing')
                then 'not a number in a column of figures'
            when kind in ('goal', 'assignment') and length(value_text) > 60 then 'status word not in the vocabulary'
            when length(value_text) > 60 then null
        end as reason,
        column_role = 'value' and cell_type = 'text' and length(value_text) > 60
        and not (column_scenario_key = 'status' and prefix_status_key is not null) as is_long_text
    from placed
    left join overfull_cells using (report_id, table_seq, row_index, col_index)
    left join lone_groups using (report_id, table_seq, row_index, col_index)
    left join conventions using (report_id, table_seq)
    -- tkr/inv is tkr per inhabitant.
    left join known_units on regexp_replace(replace(placed.unit_text, '%-', '%'), ' ?(?:/| per ).*$', '') = known_units.term
),

body as (
    select
        report_id,
        table_seq,
        row_index,
        col_index,
        case
            when row_role = 'note' then 'note'
            when column_role in ('comment', 'note_ref') then 'note'
            when column_role != 'value' then 'label'
            when reason is not null then 'rejected'
            when is_long_text then 'note'
            else 'value'
        end as role,
        case when row_role != 'note' and column_role = 'value' then reason end as reason,
        column_scenario_key = 'status' and cell_type = 'text' and prefix_status_key is not null as has_status_prefix,
        is_suppressed,
        is_range
    from judged
)

select
    stg_cells.report_id,
    stg_cells.table_seq,
    stg_cells.row_index,
    stg_cells.col_index,
    stg_cells.page,
    stg_cells.value_text,
    coalesce(body.role, case when stg_cells.is_header then 'header' end) as role,
    body.reason,
    coalesce(body.has_status_prefix, false) as has_status_prefix,
    coalesce(body.is_suppressed, false) as is_suppressed,
    coalesce(body.is_range, false) as is_range
from stg_cells
left join body using (report_id, table_seq, row_index, col_index)
