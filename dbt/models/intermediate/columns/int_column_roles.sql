with
interpreted as (select * from {{ ref('int_column_meanings') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

total_words as (select * from {{ ref('total_words') }}),

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
)

select
    with_roles.*,
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
    ) as label_header_words
from with_roles
inner join label_columns using (report_id, table_seq)
left join column_counts using (report_id, table_seq, column_label)
