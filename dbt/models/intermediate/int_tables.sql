with
tables as (select * from {{ ref('stg_tables') }}),

headings as (select * from {{ ref('stg_headings') }}),

cells as (select * from {{ ref('stg_cells') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

unit_words as (select * from {{ ref('unit_words') }}),

units as (select * from {{ ref('units') }}),

-- A first column may state the unit of the rows in a row of its own: one unit, or it is not that of the table.
unit_lines as (
    select
        report_id,
        table_seq,
        any_value(value_text) as unit_line
    from cells
    where not is_header and col_index = 0 and regexp_full_match(lower(value_text), '{{ unit_line_pattern() }}')
    group by all
    having count(*) = 1
),

header_cells as (
    select
        report_id,
        table_seq,
        string_agg(value_text, ' ' order by row_index) as header_text
    from cells
    where is_header and col_index = 0
    group by all
),

first_headers as (
    select
        report_id,
        table_seq,
        concat_ws(' ', header_cells.header_text, unit_lines.unit_line) as first_header
    from header_cells
    full outer join unit_lines using (report_id, table_seq)
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

-- A line of text, or one that stands alone and looks like a heading.
amount_texts as (
    select report_id, heading_seq, {{ thousands_named('paragraph_text') }} as paragraph_text
    from paragraphs
    union all
    select report_id, heading_seq, {{ thousands_named('heading_text') }} as paragraph_text
    from headings
    where regexp_matches(lower(heading_text), '^(?:samtliga|alla) belopp|om (?:inget|inte) annat')
),

-- Lines such as "Belopp i tkr, om inget annat anges": under the heading of the table, or anywhere before all tables.
amount_paragraphs as (
    select
        report_id,
        heading_seq,
        -- Only what states the unit of other figures: "Kommunbidrag i mkr efter fördelning", not "ett överskott på 6,2 mnkr".
        coalesce(
            nullif(regexp_extract(
                lower(paragraph_text), '(?:(?:^|[^a-zåäö])i |\()({{ money_pattern() }})(?:[^a-zåäö]|$)', 1
            ), ''),
            -- At its beginning a unit stands alone: "kronor beräknas användas" goes on a line that was wrapped.
            nullif(regexp_extract(lower(paragraph_text), '^({{ money_pattern() }})(?:[.,:;)]|$)', 1), ''),
            paragraph_text
        ) as amount_text,
        regexp_matches(lower(paragraph_text), '(?:samtliga|alla) belopp|om (?:inget|inte) annat') as is_for_report
    from amount_texts
    where
        length(paragraph_text) <= 250
        and regexp_matches(
            lower(paragraph_text),
            '(?:^|[^a-zåäö])belopp|(?:(?:^|[^a-zåäö])i |\()(?:{{ money_pattern() }})(?:[^a-zåäö]|$)|^(?:{{ money_pattern() }})(?:[.,:;)]|$)'
        )
),

amount_lines as (
    select report_id, heading_seq, string_agg(amount_text, ' . ' order by amount_text) as amount_line
    from amount_paragraphs
    where not is_for_report
    group by all
),

lone_tables as (
    select report_id, heading_seq
    from tables
    where heading_seq is not null
    group by all
    having count(*) = 1
),

-- The short first line under the heading of a single table says what that table is.
lead_lines as (
    select
        report_id,
        heading_seq,
        arg_min(paragraph_text, paragraph_seq) as lead_line
    from paragraphs
    inner join lone_tables using (report_id, heading_seq)
    group by all
    having length(lead_line) <= 160
),

-- "Motsvarande månad föregående år inom parentes."
bracket_lines as (
    select distinct report_id, heading_seq
    from paragraphs
    where
        regexp_matches(lower(paragraph_text), 'parentes')
        and regexp_matches(lower(paragraph_text), 'föregående år|förra året|motsvarande|fjol|året innan|året före')
),

report_lines as (
    select report_id, string_agg(amount_text, ' . ' order by amount_text) as amount_line
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
        bracket_lines.report_id is not null as has_previous_in_brackets,
        {{ words(thousands_named("coalesce(first_headers.first_header, '')")) }} as first_header_words,
        {{ words(thousands_named("coalesce(headers.header_text, '')")) }} as header_words,
        {{ words(thousands_named("concat_ws(' . ', tables.caption, headings.heading_text)")) }} as near_words,
        {{ words("coalesce(lead_lines.lead_line, '')") }} as lead_words,
        {{ words("concat_ws(' . ', parent.heading_text, grandparent.heading_text)") }} as far_words,
        {{ words("coalesce(amount_lines.amount_line, '')") }} as amount_words,
        {{ words("coalesce(report_lines.amount_line, '')") }} as report_words,
        -- Persons and shares have no unit of money, whatever the heading above says.
        regexp_matches(
            {{ words("coalesce(headers.header_text, '')") }}, ' (?:kvinnor|män|flickor|pojkar|antal|andel|indikator|nyckeltal) '
        )
        or regexp_matches({{ words("coalesce(tables.caption, '')") }}, '^ (?:antal|andel) ')
        or regexp_matches({{ words("coalesce(first_headers.first_header, '')") }}, '^ (?:antal|andel) ') as counts_things,
        -- Money per something, or a price, for every row (Peng, kr per barn | Kostnad per elev | Timavgift, kr).
        regexp_matches({{ words("coalesce(first_headers.first_header, '')") }}, '{{ ratio_pattern() }}')
        or regexp_matches({{ words("coalesce(tables.caption, '')") }}, '{{ ratio_pattern() }}')
        or regexp_matches({{ words("coalesce(headings.heading_text, '')") }}, '^ (?:\d+ )*(?:brutto|netto)?kostnad(?:er|en)? per {{ ratio_object_pattern() }}')
        or regexp_matches(
            {{ words("coalesce(first_headers.first_header, '')") }} || ' . ' || {{ words("coalesce(tables.caption, headings.heading_text, '')") }},
            '(?:^|\.) +(?:\d+ )*(?:kommunal )?(?:utdebitering|skattesats|skattesatser) '
        )
            as has_ratio_header
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
    left join lead_lines
        on tables.report_id = lead_lines.report_id and tables.heading_seq = lead_lines.heading_seq
    left join bracket_lines
        on tables.report_id = bracket_lines.report_id and tables.heading_seq = bracket_lines.heading_seq
    left join report_lines on tables.report_id = report_lines.report_id
),

-- Where a unit of money may be stated: over the label column, else in the caption, heading, a line before the table, another
-- header, a heading further up; last a line for the whole report.
places as (
    select
        report_id,
        table_seq,
        counts_things,
        has_money_column,
        spot.place,
        spot.words
    from (
        select
            report_id,
            table_seq,
            counts_things,
            -- "Belopp i tkr" over shares beside contributions is of the contributions.
            regexp_matches(header_words, ' [a-zåäö]*(?:bidrag|belopp|kostnad|kostnader|intäkt|intäkter|avgift|avgifter) ') as has_money_column,
            unnest([
                { 'place': 1, 'words': first_header_words },
                { 'place': 2, 'words': near_words },
                { 'place': 3, 'words': amount_words },
                { 'place': 4, 'words': header_words },
                { 'place': 5, 'words': far_words },
                { 'place': 6, 'words': report_words }
            ]) as spot
        from context
    )
),

phrases as (
    {{ phrases_of('places', 'words') }}
),

money_terms as (
    select
        unit_words.term,
        unit_words.unit_key
    from unit_words
    inner join units using (unit_key)
    where units.dimension = 'money' and unit_words.context = 'any'
),

unit_matches as (
    select
        places.report_id,
        places.table_seq,
        places.place,
        money_terms.unit_key,
        money_terms.term,
        length(money_terms.term) as term_length
    from places
    inner join phrases using (words)
    inner join money_terms on phrases.phrase = money_terms.term
    where not places.counts_things or places.place in (1, 6) or (places.place = 3 and places.has_money_column)
),

table_units as (
    select report_id, table_seq, unit_key as table_unit_key
    from unit_matches
    where place < 6
    qualify row_number() over (
            partition by report_id, table_seq order by place, term_length desc, unit_key
        ) = 1
),

-- "Alla belopp i mnkr om inget annat anges": for the tables of money only.
report_units as (
    select report_id, table_seq, unit_key as report_unit_key
    from unit_matches
    where
        place = 6
        -- "Kronor" in "miljoner kronor" is no unit beside it.
        and not exists (
            select 1 from unit_matches as longer
            where
                longer.place = 6
                and longer.report_id = unit_matches.report_id
                and longer.table_seq = unit_matches.table_seq
                and longer.term != unit_matches.term
                and contains(' ' || longer.term || ' ', ' ' || unit_matches.term || ' ')
        )
    -- Which of two holds for a table that prints none, nobody knows.
    qualify
        count(distinct unit_key) over (partition by report_id, table_seq) = 1
        and row_number() over (partition by report_id, table_seq order by term_length desc, unit_key) = 1
)

select
    context.*,
    table_units.table_unit_key,
    report_units.report_unit_key,
    -- The tables of the group (Koncernens resultaträkning) and those of it beside the municipality, which their columns tell.
    case
        when regexp_matches(context.first_header_words, ' (?:kommunen|kommunens) ') and not contains(context.first_header_words, 'koncern')
            then null
        when
            regexp_matches(context.first_header_words, ' (?:koncernen|kommunkoncernen|kommunala koncernen) ')
            and not regexp_matches(context.first_header_words, ' (?:kommunen|kommun) ')
            then 'group'
        when
            regexp_matches(context.near_words, ' (?:koncernen|koncernens|kommunkoncernen|kommunkoncernens|sammanställd|sammanställda) ')
            and not regexp_matches(context.near_words, ' (?:kommunen|kommunens|kommun) ')
            then 'group'
    end as table_entity,
    -- A unit other than money that the first header cell, the caption or the heading states for the whole table.
    case
        when regexp_matches(context.first_header_words, ' (?:%|procent|procentuell|procentuellt) ') then 'percent'
        when regexp_matches(context.near_words, '^ (?:%|procent) av ') then 'percent'
        when
            regexp_matches(lower(coalesce(context.caption, '')), '(?:,|\(|^| i) ?(?:procent|%)\)?$')
            or regexp_matches(lower(coalesce(context.section, '')), '(?:,|\(| i) ?(?:procent|%)\)?$')
            then 'percent'
        when
            regexp_matches(
                context.first_header_words,
                '^ (?:total )?(?:sjukfrånvaro|sjukfrånvaron|andel|andelen|frisknärvaro|sysselsättningsgrad|personalomsättning) '
            )
            -- A table whose first header says nothing, or only of whom, is about what its heading says.
            or (
                regexp_full_match(trim(context.first_header_words), '(?:ålder|åldersgrupp|kön|grupp|yrkesgrupp|personalgrupp|enhet|avdelning|verksamhet|förvaltning|nämnd)?')
                and regexp_matches(context.near_words, '^ (?:total )?(?:sjukfrånvaro|sjukfrånvaron|frisknärvaro) ')
            )
            then 'percent'
        when regexp_matches(context.first_header_words, '^ antal (?:årsarbetare|årsarbetskrafter) | (?:årsarbetare|årsarbetskrafter) $') then 'fte'
        -- "Årsarbetare 31 december"
        when regexp_matches({{ without_period('context.first_header_words') }}, '^(?:antal )?(?:årsarbetare|årsarbetskrafter)$') then 'fte'
        when regexp_matches(context.near_words, ' antal (?:årsarbetare|årsarbetskrafter) ') then 'fte'
        -- "Skatteunderlagets utveckling, procentuell förändring per år."
        when
            trim(context.first_header_words) = ''
            and regexp_matches(context.lead_words, ' procentuell[at]? (?:förändring|utveckling|ökning|minskning|fördelning) ')
            then 'percent'
    end as plain_unit_key
from context
left join table_units using (report_id, table_seq)
left join report_units using (report_id, table_seq)
