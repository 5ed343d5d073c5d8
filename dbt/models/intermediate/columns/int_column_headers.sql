with
labels as (select * from {{ ref('int_column_labels') }}),

contents as (select * from {{ ref('int_column_contents') }}),

tables as (select * from {{ ref('int_tables') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

described as (
    select
        labels.*,
        coalesce(contents.n_cells, 0) as n_cells,
        coalesce(contents.n_numbers, 0) as n_numbers,
        coalesce(contents.n_statuses, 0) as n_statuses,
        coalesce(contents.n_dashes, 0) as n_dashes,
        coalesce(contents.n_codes, 0) as n_codes,
        coalesce(contents.n_years, 0) as n_years,
        coalesce(contents.n_marks, 0) as n_marks,
        coalesce(contents.mean_length, 0) as mean_length
    from labels
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
)

select
    compared.* exclude (column_text, compared_with),
    -- "Utfall perioden jämfört med föregående år" is about the period.
    case
        when {{ is_outcome_before('compared.compared_with') }} and regexp_matches(compared.column_words, '^ (?:utfall|prognos|mot|jämfört|jmf|jmfr|gentemot) ')
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
