with
tables as (select * from {{ ref('stg_tables') }}),

headings as (select * from {{ ref('stg_headings') }}),

cells as (select * from {{ ref('stg_cells') }}),

unit_words as (select * from {{ ref('unit_words') }}),

units as (select * from {{ ref('units') }}),

first_headers as (
    select
        report_id,
        table_seq,
        string_agg(value_text, ' ' order by row_index) as first_header
    from cells
    where is_header and col_index = 0
    group by all
),

headers as (
    select
        report_id,
        table_seq,
        string_agg(value_text, ' | ' order by row_index, col_index) as header_text,
        count(*) filter (where col_index > 0) as n_value_headers
    from cells
    where is_header
    group by all
),

context as (
    select
        tables.*,
        headings.heading_text as section,
        first_headers.first_header,
        coalesce(headers.header_text, '') as header_text,
        coalesce(headers.n_value_headers, 0) as n_value_headers,
        {{ words("coalesce(first_headers.first_header, '')") }} as first_header_words,
        {{ words("coalesce(headers.header_text, '')") }} as header_words,
        {{ words("concat_ws(' . ', tables.caption, headings.heading_text)") }} as near_words,
        {{ words("concat_ws(' . ', parent.heading_text, grandparent.heading_text)") }} as far_words
    from tables
    left join headings using (report_id, heading_seq)
    left join headings as parent
        on headings.report_id = parent.report_id and headings.parent_heading_seq = parent.heading_seq
    left join headings as grandparent
        on parent.report_id = grandparent.report_id and parent.parent_heading_seq = grandparent.heading_seq
    left join first_headers using (report_id, table_seq)
    left join headers using (report_id, table_seq)
),

-- The unit of money that the table states for all its figures: over the label column, else in the caption or heading.
unit_matches as (
    select
        context.report_id,
        context.table_seq,
        unit_words.unit_key,
        case when contains(context.first_header_words, ' ' || unit_words.term || ' ') then 1 else 2 end as place,
        length(unit_words.term) as term_length
    from context
    inner join unit_words
        on contains(context.first_header_words, ' ' || unit_words.term || ' ')
        or contains(context.near_words, ' ' || unit_words.term || ' ')
    inner join units using (unit_key)
    where units.dimension = 'money' and unit_words.context = 'any'
),

table_units as (
    select report_id, table_seq, unit_key as table_unit_key
    from unit_matches
    qualify row_number() over (
        partition by report_id, table_seq order by place, term_length desc, unit_key
    ) = 1
)

select
    context.*,
    table_units.table_unit_key,
    -- A unit other than money that the first header cell, the caption or the heading states for the whole table.
    case
        when regexp_matches(context.first_header_words, ' (?:%|procent) ') then 'percent'
        when regexp_matches(context.near_words, ' (?:i procent|%) (?:$|[a-zåäö]* ?$)') then 'percent'
        when regexp_matches(context.first_header_words, ' (?:årsarbetare|årsarbetskrafter) $') then 'fte'
    end as plain_unit_key
from context
left join table_units using (report_id, table_seq)
