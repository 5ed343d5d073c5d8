{{ config(contract={'enforced': true}) }}

with recursive
paragraphs as (select * from {{ ref('stg_paragraphs') }}),

headings as (select * from {{ ref('stg_headings') }}),

tables as (select * from {{ ref('stg_tables') }}),

named_values as (select * from {{ ref('int_values') }}),

reports as (select * from {{ ref('dim_report') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

organisations as (select * from {{ ref('dim_organisation') }}),

table_figures as (
    select report_id, table_seq, count(*) as n_figures
    from named_values
    group by all
),

-- Tables of one heading follow one another.
heading_figures as (
    select
        tables.report_id,
        tables.heading_seq,
        sum(table_figures.n_figures) as n_figures,
        min(tables.table_seq) as table_first,
        max(tables.table_seq) as table_last
    from tables
    inner join table_figures using (report_id, table_seq)
    where tables.heading_seq is not null
    group by all
),

-- The way to a heading from the top, and the nearest heading on it (itself first) that has figures.
outline (report_id, heading_seq, heading_path, section_seq) as (
    select
        headings.report_id,
        headings.heading_seq,
        headings.heading_text as heading_path,
        heading_figures.heading_seq as section_seq
    from headings
    left join heading_figures using (report_id, heading_seq)
    where headings.parent_heading_seq is null
    union all
    select
        headings.report_id,
        headings.heading_seq,
        outline.heading_path || ' > ' || headings.heading_text as heading_path,
        coalesce(heading_figures.heading_seq, outline.section_seq) as section_seq
    from headings
    inner join outline
        on headings.report_id = outline.report_id and headings.parent_heading_seq = outline.heading_seq
    left join heading_figures
        on headings.report_id = heading_figures.report_id and headings.heading_seq = heading_figures.heading_seq
)

select
    -- By the text, not by its place; one that the report prints again is counted.
    {{ hash_key([
        'paragraphs.report_id', 'paragraphs.paragraph_text',
        'row_number() over (partition by paragraphs.report_id, paragraphs.paragraph_text order by paragraphs.paragraph_seq)'
    ]) }} as paragraph_key,
    paragraphs.report_id,
    municipalities.municipality_code,
    municipalities.municipality_name,
    organisations.committee,
    reports.fiscal_year,
    paragraphs.paragraph_seq,
    paragraphs.page,
    outline.heading_path,
    paragraphs.paragraph_text,
    sections.heading_text as section,
    coalesce(outline.section_seq = paragraphs.heading_seq, false) as is_same_heading,
    heading_figures.table_first,
    heading_figures.table_last,
    cast(coalesce(heading_figures.n_figures, 0) as integer) as figures
from paragraphs
inner join reports using (report_id)
inner join municipalities using (municipality_code)
inner join organisations using (organisation_key)
left join outline
    on paragraphs.report_id = outline.report_id and paragraphs.heading_seq = outline.heading_seq
left join headings as sections
    on outline.report_id = sections.report_id and outline.section_seq = sections.heading_seq
left join heading_figures
    on outline.report_id = heading_figures.report_id and outline.section_seq = heading_figures.heading_seq
where paragraphs.paragraph_text != ''
