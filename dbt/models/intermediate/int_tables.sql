with
tables as (select * from {{ ref('stg_tables') }}),

headings as (select * from {{ ref('stg_headings') }}),

cells as (select * from {{ ref('stg_cells') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

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

-- Lines such as "Belopp i tkr, om inget annat anges": under the heading of the table, or anywhere before all tables.
amount_paragraphs as (
    select
        report_id,
        heading_seq,
        paragraph_text,
        regexp_matches(lower(paragraph_text), '(?:samtliga|alla) belopp|om (?:inget|inte) annat') as is_for_report
    from paragraphs
    where
        length(paragraph_text) <= 250
        and regexp_matches(lower(paragraph_text), '(?:^|[^a-zåäö])belopp|^\(?(?:i )?(?:tkr|mnkr|mkr|kkr|tusental|tusen|miljoner) ?')
),

amount_lines as (
    select report_id, heading_seq, string_agg(paragraph_text, ' . ') as amount_line
    from amount_paragraphs
    where not is_for_report
    group by all
),

report_lines as (
    select report_id, string_agg(paragraph_text, ' . ') as amount_line
    from amount_paragraphs
    where is_for_report
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
        {{ words("concat_ws(' . ', parent.heading_text, grandparent.heading_text)") }} as far_words,
        {{ words("coalesce(amount_lines.amount_line, '')") }} as amount_words,
        {{ words("coalesce(report_lines.amount_line, '')") }} as report_words,
        -- Persons and shares have no unit of money, whatever the heading above says.
        regexp_matches(
            {{ words("coalesce(headers.header_text, '')") }}, ' (?:kvinnor|män|flickor|pojkar|antal|andel|indikator|nyckeltal) '
        )
        or regexp_matches({{ words("coalesce(tables.caption, '')") }}, '^ (?:antal|andel) ') as counts_things
    from tables
    left join headings using (report_id, heading_seq)
    left join headings as parent
        on headings.report_id = parent.report_id and headings.parent_heading_seq = parent.heading_seq
    left join headings as grandparent
        on parent.report_id = grandparent.report_id and parent.parent_heading_seq = grandparent.heading_seq
    left join first_headers using (report_id, table_seq)
    left join headers using (report_id, table_seq)
    left join amount_lines
        on tables.report_id = amount_lines.report_id and tables.heading_seq = amount_lines.heading_seq
    left join report_lines on tables.report_id = report_lines.report_id
),

-- The unit of money that the table states for all its figures: over the label column, else in the caption or heading.
unit_matches as (
    select
        context.report_id,
        context.table_seq,
        unit_words.unit_key,
        case
            when contains(context.first_header_words, ' ' || unit_words.term || ' ') then 1
            when contains(context.near_words, ' ' || unit_words.term || ' ') then 2
            when contains(context.amount_words, ' ' || unit_words.term || ' ') then 3
            when contains(context.header_words, ' ' || unit_words.term || ' ') then 4
            else 5
        end as place,
        length(unit_words.term) as term_length
    from context
    inner join unit_words
        on contains(context.first_header_words, ' ' || unit_words.term || ' ')
        or (
            not context.counts_things
            and (
                contains(context.near_words, ' ' || unit_words.term || ' ')
                or contains(context.amount_words, ' ' || unit_words.term || ' ')
                or contains(context.header_words, ' ' || unit_words.term || ' ')
                or contains(context.far_words, ' ' || unit_words.term || ' ')
            )
        )
    inner join units using (unit_key)
    where units.dimension = 'money' and unit_words.context = 'any'
),

table_units as (
    select report_id, table_seq, unit_key as table_unit_key
    from unit_matches
    qualify row_number() over (
        partition by report_id, table_seq order by place, term_length desc, unit_key
    ) = 1
),

-- "Alla belopp i mnkr om inget annat anges": for the tables of money only.
report_units as (
    select
        context.report_id,
        context.table_seq,
        unit_words.unit_key as report_unit_key
    from context
    inner join unit_words on contains(context.report_words, ' ' || unit_words.term || ' ')
    inner join units using (unit_key)
    where units.dimension = 'money' and unit_words.context = 'any'
    qualify row_number() over (
        partition by context.report_id, context.table_seq order by length(unit_words.term) desc, unit_words.unit_key
    ) = 1
)

select
    context.*,
    table_units.table_unit_key,
    report_units.report_unit_key,
    -- A unit other than money that the first header cell, the caption or the heading states for the whole table.
    case
        when regexp_matches(context.first_header_words, ' (?:%|procent) ') then 'percent'
        when regexp_matches(context.near_words, ' (?:i procent|%) (?:$|[a-zåäö]* ?$)') then 'percent'
        when regexp_matches(context.first_header_words, ' (?:årsarbetare|årsarbetskrafter) $') then 'fte'
        when regexp_matches(context.near_words, ' antal (?:årsarbetare|årsarbetskrafter) ') then 'fte'
    end as plain_unit_key
from context
left join table_units using (report_id, table_seq)
left join report_units using (report_id, table_seq)
