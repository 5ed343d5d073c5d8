with
with_roles as (select * from {{ ref('int_row_texts') }}),

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
)

-- A row without figures right above the result that ends a table is a line whose figures are missing (Extraordinära poster).
select
    worded.* exclude (row_role),
    {{ without_period('label_words') }} as rest,
    case
        when row_role = 'section' and next_data_row = last_data_row
            and regexp_matches(last_words, '^ (?:summa|totalt|resultat|(?:årets|periodens) (?:resultat|kassaflöde)) ')
            and n_data_above > 1
            then 'label'
        when row_role = 'section' and is_unit_line then 'label'
        -- Items of one list, one without figures among them (– Konst), are no group of each other.
        when row_role = 'section' and is_item and next_is_item then 'label'
        -- A year without figures above other years is one of the series (2020 | – | 2021).
        when row_role = 'section' and is_year and next_data_is_year then 'label'
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
        lead(regexp_matches(row_label, '^[-–•*] ?[^\d\s]')) over (partition by report_id, table_seq order by row_index) as next_is_item,
        regexp_full_match(row_label, '(?:19|20)\d\d') as is_year,
        first_value(case when row_role = 'data' then regexp_full_match(row_label, '(?:19|20)\d\d') end ignore nulls) over (
            partition by report_id, table_seq order by row_index rows between 1 following and unbounded following
        ) as next_data_is_year
    from worded
) as worded
