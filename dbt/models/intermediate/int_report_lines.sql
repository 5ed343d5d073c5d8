-- Every line that may say what a report is, with its place: the front (what stands above the first chapter) says it of
-- the report itself, headings and text may speak of others.
with
reports as (select * from {{ ref('stg_reports') }}),

headings as (select * from {{ ref('stg_headings') }}),

paragraphs as (select * from {{ ref('stg_paragraphs') }}),

tables as (select * from {{ ref('stg_tables') }}),

cells as (select * from {{ ref('stg_cells') }}),

running_lines as (select * from {{ ref('stg_running_lines') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

outline as (
    select report_id, heading_seq, 0 as part, 0 as paragraph_seq, number, heading_text as line_text from headings
    union all
    select report_id, coalesce(heading_seq, 0) as heading_seq, 1 as part, paragraph_seq, null as number, paragraph_text as line_text
    from paragraphs
),

numbered as (
    select
        *,
        {{ words('line_text') }} as line_words,
        row_number() over (partition by report_id order by heading_seq, part, paragraph_seq) as line_seq
    from outline
),

-- The front ends at a numbered heading, at running text, at a heading that begins the body (Innehåll, Inledning), or
-- at the heading of the first table.
first_tables as (
    select report_id, min(heading_seq) as heading_seq
    from tables
    group by all
),

front_ends as (
    select
        numbered.report_id,
        min(numbered.line_seq) as front_end
    from numbered
    left join metadata_words
        on metadata_words.role = 'front_end' and starts_with(numbered.line_words, ' ' || metadata_words.word || ' ')
    left join first_tables using (report_id)
    where
        -- "Måluppföljning och bokslut 2023" is a title.
        (metadata_words.word is not null and not regexp_matches(numbered.line_text, '(?:19|20)\d\d'))
        -- "2024 Årsredovisning" is no numbered chapter
        or length(numbered.number) < 4
        or length(numbered.line_text) > 160
        -- A document whose only headings stand on its front prints its first table below the last of them.
        or (numbered.part = 0 and numbered.heading_seq > 3 and numbered.heading_seq >= first_tables.heading_seq)
    group by all
),

placed as (
    select
        numbered.report_id,
        numbered.line_seq,
        numbered.line_text,
        numbered.line_words,
        case
            -- A sentence is text, wherever it stands, and so is what stands in a list; a line between two dashes is decorated.
            when numbered.part = 1 and regexp_matches(numbered.line_text, '^\S+(?: \S+){4,}\.$') then 'text'
            when numbered.part = 1 and regexp_matches(numbered.line_text, '^[-–—•·▪●◦‣*] ?\S.*[^-–—•·*]$') then 'text'
            when numbered.line_seq < coalesce(front_ends.front_end, 99) and numbered.line_seq <= 14 then 'front'
            when numbered.part = 0 then 'heading'
            else 'text'
        end as place
    from numbered
    left join front_ends using (report_id)
),

-- A title that is no line of the document is its own evidence (a workbook without headings has its sheets' captions).
titles as (
    select reports.report_id, 0 as line_seq, reports.title as line_text, 'front' as place
    from reports
    where
        reports.title is not null
        and reports.report_id not in (
            select report_id from placed
            where place = 'front'
        )
),

captions as (
    select report_id, 1000000 + table_seq as line_seq, caption as line_text, 'heading' as place
    from tables
    where caption is not null
),

header_cells as (
    select
        report_id,
        2000000 + row_number() over (partition by report_id order by table_seq, row_index, col_index) as line_seq,
        value_text as line_text,
        'header' as place
    from cells
    where is_header
),

running as (
    select report_id, 3000000 + line_seq as line_seq, line_text, 'running' as place
    from running_lines
),

lines as (
    select report_id, line_seq, line_text, place from placed
    union all
    select * from titles
    union all
    select * from captions
    union all
    select * from header_cells
    union all
    select * from running
),

worded as (
    select
        report_id,
        cast(line_seq as integer) as line_seq,
        place,
        nfc_normalize({{ plain_minus('line_text') }}) as line_text,
        {{ words('nfc_normalize(' ~ plain_minus('line_text') ~ ')') }} as line_words
    from lines
    where line_text is not null and line_text != ''
),

-- "Antagen av kommunfullmäktige 2023-11-27" and "Dnr KS 2023/112" name others, and other years.
decisions as (
    select distinct worded.report_id, worded.line_seq
    from worded
    inner join metadata_words
        on metadata_words.role = 'decision' and starts_with(worded.line_words, ' ' || metadata_words.word || ' ')
    where
        worded.place in ('front', 'running')
        and not starts_with(worded.line_words, ' till och med ')
        and not regexp_matches(worded.line_words, '^ \S+ \S*(?:budget|plan|rapport|redovisning|bokslut)')
)

select
    worded.report_id,
    worded.line_seq,
    worded.place,
    worded.line_text,
    worded.line_words,
    decisions.report_id is not null as is_decision
from worded
left join decisions using (report_id, line_seq)
