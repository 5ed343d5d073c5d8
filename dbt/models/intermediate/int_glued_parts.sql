-- Cells that hold the figures of several columns with nothing but a space, a minus or nothing at all between them
-- (1 8681 929 where two columns stand): the figures, where exactly one division gives each empty column beside one.
with recursive
body_cells as (select * from {{ ref('int_body_cells') }}),

columns as (select * from {{ ref('int_columns') }}),

value_columns as (
    select
        report_id,
        table_seq,
        col_index,
        row_number() over (partition by report_id, table_seq order by col_index) as value_number
    from columns
    where column_role = 'value'
),

value_cells as (
    select
        body_cells.report_id,
        body_cells.table_seq,
        body_cells.row_index,
        body_cells.col_index,
        body_cells.cell_type,
        body_cells.plain_text,
        body_cells.cell_text,
        value_columns.value_number
    from body_cells
    inner join value_columns using (report_id, table_seq, col_index)
),

table_facts as (
    select
        report_id,
        table_seq,
        max(value_number) as n_value_columns
    from value_columns
    group by all
),

-- How the other figures of the table are printed: with spaces between thousands or without, with how many decimals.
conventions as (
    select
        report_id,
        table_seq,
        bool_or(regexp_matches(plain_text, '\d \d{3}')) as has_spaces,
        bool_or(regexp_matches(plain_text, '\d{4}')) as has_long_runs,
        bool_or(contains(plain_text, '-')) as has_minus,
        min(length(regexp_extract(plain_text, ',(\d+)', 1))) as min_decimals,
        max(length(regexp_extract(plain_text, ',(\d+)', 1))) as max_decimals,
        count(*) as n_numbers
    from value_cells
    where cell_type = 'number'
    group by all
),

-- The columns without a cell on both sides of a cell of digits, up to the next cell on either side.
spans as (
    select
        *,
        coalesce(lag(value_number) over (partition by report_id, table_seq, row_index order by value_number), 0) + 1 as first_number,
        coalesce(
            lead(value_number) over (partition by report_id, table_seq, row_index order by value_number),
            n_value_columns + 1
        ) - 1 as last_number
    from value_cells
    inner join table_facts using (report_id, table_seq)
),

candidates as (
    select
        spans.report_id,
        spans.table_seq,
        spans.row_index,
        spans.col_index,
        spans.first_number,
        spans.plain_text,
        spans.last_number - spans.first_number + 1 as n_parts,
        coalesce(conventions.has_spaces, false) or not coalesce(conventions.has_long_runs, false) as may_have_spaces,
        coalesce(conventions.has_long_runs, false) or not coalesce(conventions.has_spaces, false) as may_have_long_runs,
        case when conventions.min_decimals = conventions.max_decimals and conventions.n_numbers > 1 then conventions.min_decimals end as n_decimals
    from spans
    left join conventions using (report_id, table_seq)
    where
        spans.cell_type = 'text'
        and spans.last_number > spans.first_number
        and regexp_full_match(spans.plain_text, '[-+]? ?\d[\d ,%+-]*')
        and length(spans.plain_text) <= 100
        -- Figures on two lines are of two rows.
        and not contains(spans.cell_text, chr(10))
        -- A range of two whole numbers (16-18) is one value unless the table prints minus signs.
        and (not regexp_full_match(spans.plain_text, '\d+ ?- ?\d+ ?%?') or coalesce(conventions.has_minus, false))
),

texts as (
    select distinct plain_text, n_parts, may_have_spaces, may_have_long_runs, n_decimals
    from candidates
),

-- Every way to take figures from the left, counted and not listed: n_ways of reading the text up to next_place.
readings as (
    select
        plain_text,
        n_parts,
        may_have_spaces,
        may_have_long_runs,
        n_decimals,
        cast(0 as bigint) as n_taken,
        cast(1 as bigint) as next_place,
        -- What a text does once it does throughout: a space between figures or none; thousands with a space or without.
        false as has_space_between,
        false as has_nothing_between,
        false as has_spaces,
        false as has_long_runs,
        cast(null as bigint) as decimals,
        cast(1 as hugeint) as n_ways,
        cast([] as varchar[]) as parts
    from texts

    union all

    select
        plain_text,
        n_parts,
        may_have_spaces,
        may_have_long_runs,
        n_decimals,
        n_taken + 1 as n_taken,
        next_place + part_length + case when between = 'space' then 1 else 0 end as next_place,
        has_space_between or between = 'space' as has_space_between,
        has_nothing_between or between = 'nothing' as has_nothing_between,
        has_spaces or part_has_spaces as has_spaces,
        has_long_runs or part_has_long_run as has_long_runs,
        part_decimals as decimals,
        cast(sum(n_ways) as hugeint) as n_ways,
        any_value(list_append(parts, part)) as parts
    from (
        select
            *,
            regexp_matches(part, '\d \d{3}') as part_has_spaces,
            regexp_matches(part, '\d{4}') as part_has_long_run,
            length(regexp_extract(part, ',(\d+)', 1)) as part_decimals,
            case
                when rest = '' then 'end'
                when regexp_matches(rest, '^ [+-]? ?\d') then 'space'
                when regexp_matches(rest, '^[+-] ?\d') then 'sign'
                when regexp_matches(rest, '^\d') then 'nothing'
            end as between
        from (
            select
                *,
                plain_text[next_place:next_place + part_length - 1] as part,
                plain_text[next_place + part_length:] as rest
            from (
                select
                    *,
                    unnest(range(1, 1 + least(18, length(plain_text) - next_place + 1))) as part_length
                from readings
                where n_taken < n_parts
            )
        )
        where
            regexp_full_match(part, '[+-]? ?(?:\d{1,3}(?: \d{3})+|\d+)(?:,\d+)?(?: ?%)?')
            and not regexp_matches(part, '^[+-]? ?0[ \d]')
    )
    where
        between is not null
        and (between = 'end') = (n_taken + 1 = n_parts)
        and not ((has_space_between or between = 'space') and (has_nothing_between or between = 'nothing'))
        and (may_have_spaces or not part_has_spaces)
        and (may_have_long_runs or not part_has_long_run)
        and not ((has_spaces or part_has_spaces) and (has_long_runs or part_has_long_run))
        and part_decimals = coalesce(n_decimals, decimals, part_decimals)
    group by all
),

divided as (
    select
        plain_text,
        n_parts,
        may_have_spaces,
        may_have_long_runs,
        n_decimals,
        sum(n_ways) as n_ways,
        any_value(parts) as parts
    from readings
    where n_taken = n_parts
    group by all
)

select
    candidates.report_id,
    candidates.table_seq,
    candidates.row_index,
    -- Where the cell stands, and the column that each of its figures belongs to.
    candidates.col_index as cell_col_index,
    cast(value_columns.col_index as integer) as col_index,
    cast(candidates.part_index as integer) as part_index,
    trim(candidates.parts[candidates.part_index]) as part_text
from (
    select
        candidates.*,
        divided.parts,
        unnest(range(1, candidates.n_parts + 1)) as part_index
    from candidates
    inner join divided
        on candidates.plain_text = divided.plain_text
            and candidates.n_parts = divided.n_parts
            and candidates.may_have_spaces = divided.may_have_spaces
            and candidates.may_have_long_runs = divided.may_have_long_runs
            and candidates.n_decimals is not distinct from divided.n_decimals
    where divided.n_ways = 1
) as candidates
inner join value_columns
    on candidates.report_id = value_columns.report_id
        and candidates.table_seq = value_columns.table_seq
        and value_columns.value_number = candidates.first_number + candidates.part_index - 1
