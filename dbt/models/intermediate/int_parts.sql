-- One row per value: a cell that prints several (1 800 (-4,7%), kvartal 3: 14st kvartal 4: 8 st) gives several.
with
cells as (select * from {{ ref('int_cells') }}),

body_cells as (select * from {{ ref('int_body_cells') }}),

glued_parts as (select * from {{ ref('int_glued_parts') }}),

glued_cells as (select distinct report_id, table_seq, row_index, cell_col_index as col_index from glued_parts),

-- A status may have its comment in the same cell; the value is the status, as printed, the rest is said about it.
value_cells as (
    select
        body_cells.* exclude (value_text, status_key, status_unit_key, cell_type, is_torn, bound_key),
        case
            when body_cells.has_status_and_text
                then regexp_replace({{ collapsed("split_part(body_cells.cell_text, chr(10), 1)") }}, '^[✔✓☑●■•*]+ ?(\S)', '\1')
            when cells.has_status_prefix
                then left(
                        regexp_replace(body_cells.value_text, '^[✔✓☑●■•*]+ ?(\S)', '\1'), length(body_cells.prefix_term)
                    )
            else body_cells.value_text
        end as value_text,
        case
            when body_cells.has_status_and_text or cells.has_status_prefix
                then nullif(trim(body_cells.value_text[strpos(lower(body_cells.value_text), coalesce(
                        case when body_cells.has_status_and_text then body_cells.first_word end, body_cells.prefix_term
                    )) + length(coalesce(
                        case when body_cells.has_status_and_text then body_cells.first_word end, body_cells.prefix_term
                    )):]), '')
        end as comment_text,
        case when cells.has_status_prefix then body_cells.prefix_status_key when not cells.is_suppressed then body_cells.status_key end as status_key,
        case when cells.has_status_prefix then 'text' when not cells.is_suppressed then body_cells.status_unit_key end as status_unit_key,
        case
            when cells.has_status_prefix then 'status'
            when glued_cells.report_id is not null then 'glued'
            -- "n/a" is a status in a column of them, and a figure that is not told among figures.
            when cells.is_suppressed then 'suppressed'
            when body_cells.cell_type = 'suppressed' then 'text'
            when cells.is_range then 'range'
            else body_cells.cell_type
        end as cell_type,
        case when body_cells.bound_key != 'suppressed' or cells.is_suppressed then body_cells.bound_key end as bound_key
    from body_cells
    inner join cells using (report_id, table_seq, row_index, col_index)
    left join glued_cells using (report_id, table_seq, row_index, col_index)
    where cells.role = 'value'
),

single_numbers as (
    select
        *,
        1 as part_index,
        'value' as part_role,
        cast(null as varchar) as part_label,
        -- 3.10 too, which may be a date: that it is a number is settled by then.
        regexp_extract(figure_text, '{{ number_cell_pattern() }}', 1) as number_text,
        {{ unit_text('figure_text') }} as unit_text
    from value_cells
    where cell_type in ('number', 'decimal_point')
),

-- 420.000 in kronor, 1,234, (21,4) and 21,4- for -21,4: that they can be read is settled by then.
special_numbers as (
    select
        *,
        1 as part_index,
        'value' as part_role,
        cast(null as varchar) as part_label,
        case
            when cell_type = 'pointed' then replace(plain_text, '.', '')
            when cell_type = 'grouped' then plain_text
            when cell_type = 'bracketed' then '-' || regexp_extract(plain_text, '^\( ?({{ number_pattern() }}) ?[%‰]? ?\)$', 1)
            when cell_type = 'trailing_minus' then '-' || rtrim(plain_text, '-')
            when cell_type = 'unit_first' then regexp_extract(plain_text, '{{ unit_first_pattern() }}', 2)
            when cell_type = 'fraction'
                then regexp_replace(regexp_extract(plain_text, '{{ fraction_pattern() }}', 1), '^([+-]?) ?$', '\10')
                    || {{ fraction_decimals("regexp_extract(plain_text, '" ~ fraction_pattern() ~ "', 2)") }}
            when cell_type = 'power'
                then regexp_extract(plain_text, '{{ power_pattern() }}', 1) || 'e'
                    || translate(concat(
                        regexp_extract(plain_text, '{{ power_pattern() }}', 2), regexp_extract(plain_text, '{{ power_pattern() }}', 3),
                        regexp_extract(plain_text, '{{ power_pattern() }}', 4)
                    ), '⁰¹²³⁴⁵⁶⁷⁸⁹', '0123456789')
        end as number_text,
        case
            when cell_type = 'unit_first' then lower(regexp_extract(plain_text, '{{ unit_first_pattern() }}', 1))
            else regexp_extract(plain_text, '[%‰]')
        end as unit_text
    from value_cells
    where cell_type in ('pointed', 'grouped', 'bracketed', 'trailing_minus', 'unit_first', 'fraction', 'power')
),

main_numbers as (
    select
        *,
        1 as part_index,
        'value' as part_role,
        cast(null as varchar) as part_label,
        regexp_extract(plain_text, '^({{ number_pattern() }}) ?(?:[%‰]|[a-zåäöA-ZÅÄÖ]{1,12})? ?\(', 1) as number_text,
        lower(trim(regexp_extract(plain_text, '^{{ number_pattern() }} ?([%‰]|[a-zåäöA-ZÅÄÖ]{1,12})? ?\(', 1))) as unit_text
    from value_cells
    where cell_type in ('number_with_change', 'number_with_previous')
),

changes as (
    select
        *,
        2 as part_index,
        case when cell_type = 'number_with_previous' then 'previous' else 'change' end as part_role,
        cast(null as varchar) as part_label,
        trim(regexp_extract(plain_text, '\( ?({{ number_pattern() }}) ?%? ?\)$', 1)) as number_text,
        case when regexp_matches(plain_text, '% ?\)$') then '%' else '' end as unit_text
    from value_cells
    where cell_type in ('number_with_change', 'number_with_previous')
),

pair_lists as (
    select
        *,
        unnest(range(1, len(pair_texts) + 1)) as part_index
    from (
        select
            *,
            regexp_extract_all(
                plain_text, '([a-zåäöA-ZÅÄÖ][a-zåäöA-ZÅÄÖ ]{0,24}\d{0,4} ?: ?{{ number_pattern() }} ?(?:[%‰]|(?:st|{{ money_pattern() }}|dagar|dygn|personer)\b)?)'
            ) as pair_texts
        from value_cells
        where cell_type = 'pairs'
    )
),

pairs as (
    select
        * exclude (pair_texts, part_index),
        cast(part_index as integer) as part_index,
        'value' as part_role,
        trim(split_part(pair_texts[part_index], ':', 1)) as part_label,
        regexp_extract(pair_texts[part_index], ': ?({{ number_pattern() }})', 1) as number_text,
        lower(trim(regexp_extract(pair_texts[part_index], ': ?{{ number_pattern() }} ?([%‰]|[a-zåäöA-ZÅÄÖ]+)?$', 1))) as unit_text
    from pair_lists
),

-- The figures of several columns in one cell: each belongs to its own column.
glued_numbers as (
    select
        value_cells.* exclude (col_index),
        glued_parts.col_index,
        value_cells.col_index as cell_col_index,
        glued_parts.part_index as cell_part_index,
        1 as part_index,
        'value' as part_role,
        cast(null as varchar) as part_label,
        regexp_extract(glued_parts.part_text, '({{ number_pattern() }})', 1) as number_text,
        regexp_extract(glued_parts.part_text, '%') as unit_text
    from value_cells
    inner join glued_parts
        on value_cells.report_id = glued_parts.report_id
            and value_cells.table_seq = glued_parts.table_seq
            and value_cells.row_index = glued_parts.row_index
            and value_cells.col_index = glued_parts.cell_col_index
    where value_cells.cell_type = 'glued'
),

others as (
    select
        *,
        1 as part_index,
        'value' as part_role,
        cast(null as varchar) as part_label,
        cast(null as varchar) as number_text,
        case when cell_type = 'range' then regexp_extract(plain_text, '%|procent') else '' end as unit_text
    from value_cells
    where cell_type in ('dash', 'suppressed', 'range', 'status', 'text')
),

unioned as (
    select * from single_numbers
    union all by name
    select * from special_numbers
    union all by name
    select * from main_numbers
    union all by name
    select * from changes
    union all by name
    select * from pairs
    union all by name
    select * from glued_numbers
    union all by name
    select * from others
)

select
    * exclude (cell_col_index, cell_part_index, bound_key, figure_text),
    -- Where the cell stands; its column is another where it holds the figures of several.
    coalesce(cell_col_index, col_index) as cell_col_index,
    coalesce(cell_part_index, part_index) as cell_part_index,
    case when cell_type != 'number' or bound_key not in {{ open_bounds() }} or bound_key is null then {{ to_number('number_text') }} end as value_numeric,
    -- A bound is no number: what the figure is at least and at most, as far as it is printed.
    case
        when cell_type = 'number' and bound_key in {{ open_bounds() }} then bound_key
        when cell_type in ('range', 'text') and bound_key = 'range' then 'le'
        when cell_type = 'suppressed' then 'suppressed'
    end as value_bound,
    case
        when cell_type = 'number' and bound_key in ('gt', 'ge') then {{ to_number('number_text') }}
        when cell_type in ('range', 'text') and bound_key = 'range' then {{ range_end('plain_text', 1) }}
    end as bound_low,
    case
        when cell_type = 'number' and bound_key in ('lt', 'le') then {{ to_number('number_text') }}
        when cell_type in ('range', 'text') and bound_key = 'range' then {{ range_end('plain_text', 2) }}
    end as bound_high,
    cell_type in ('number_with_change', 'number_with_previous', 'pairs') as is_composite
from unioned
