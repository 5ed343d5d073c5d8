with
lines as (select * from {{ ref('int_report_lines') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

forms as (select * from {{ ref('int_municipality_name_forms') }}),

mentions as (select * from {{ ref('int_municipality_mentions') }}),

addresses as (select * from {{ ref('int_municipality_addresses') }}),

postal_towns as (select * from {{ ref('int_municipality_postal_towns') }}),

file_mentions as (select * from {{ ref('int_municipality_file_mentions') }}),

-- A line that names several municipalities, or compares, tells of none that the report is its own.
line_counts as (
    select report_id, line_seq, count(distinct municipality_code) as n_municipalities
    from mentions
    where form != 'none'
    group by all
),

comparing as (
    select distinct lines.report_id, lines.line_seq
    from lines
    inner join metadata_words
        on metadata_words.role = 'comparison' and contains(lines.line_words, ' ' || metadata_words.word || ' ')
    where lines.place in ('front', 'heading', 'running')
)

select
    mentions.report_id,
    mentions.municipality_code,
    mentions.line_seq,
    mentions.line_text,
    mentions.place,
    case
        when mentions.place = 'front' and mentions.form = 'named' then 'front_named'
        when mentions.place = 'front' then 'front_name'
        when mentions.place = 'running' and mentions.form = 'named' then 'running_named'
        when mentions.place = 'running' then 'running_name'
        when mentions.place = 'heading' and mentions.form = 'named' then 'heading_named'
        when mentions.place = 'heading' then 'heading_name'
        when mentions.form = 'named' then 'text_named'
        else 'text_name'
    end as rule,
    case
        when line_counts.n_municipalities > 1 or comparing.report_id is not null then 0.2
        when mentions.place = 'front' and mentions.form = 'named' and mentions.is_alone then 0.985
        when mentions.place = 'front' and mentions.form = 'named' and mentions.n_words > 12 then 0.8
        when mentions.place = 'front' and mentions.form = 'named' then 0.95
        when mentions.place = 'front' and mentions.form = 'ambiguous' then 0.5
        when mentions.place = 'front' and mentions.is_decision then 0.3
        when mentions.place = 'front' and mentions.is_alone then 0.92
        when mentions.place = 'front' and mentions.n_words <= 8 then 0.8
        when mentions.place = 'front' then 0.5
        -- Headers and footers of the pages speak of the document, but may name a firm that made it, or an address.
        when mentions.place = 'running' and mentions.form = 'named' then 0.95
        when mentions.place = 'running' and (mentions.is_decision or mentions.form = 'ambiguous') then 0.3
        when mentions.place = 'running' and mentions.n_words <= 8 then 0.8
        when mentions.place = 'running' then 0.5
    end as line_confidence
from mentions
left join line_counts using (report_id, line_seq)
left join comparing using (report_id, line_seq)
where
    mentions.form != 'none'
    and (mentions.form != 'ambiguous' or mentions.place in ('front', 'running'))
    and (line_counts.n_municipalities = 1 or mentions.place not in ('front', 'heading', 'running') or mentions.form = 'named')
union all
select
    addresses.report_id,
    addresses.municipality_code,
    addresses.line_seq,
    addresses.line_text,
    addresses.place,
    case when addresses.place in ('front', 'running') then addresses.place || '_address' else 'text_address' end as rule,
    case when addresses.place in ('front', 'running') then 0.95 end as line_confidence
from addresses
union all
select distinct
    postal_towns.report_id,
    forms.municipality_code,
    postal_towns.line_seq,
    postal_towns.line_text,
    postal_towns.place,
    'postal_address' as rule,
    0.9 as line_confidence
from postal_towns
inner join forms on starts_with(postal_towns.town, forms.name_form || ' ')
union all
select
    report_id,
    municipality_code,
    null as line_seq,
    file_name as line_text,
    'file_name' as place,
    'file_name' as rule,
    -- A file's name with two places in it compares them, or one of them is a word.
    case when n_municipalities > 1 and form != 'named' then 0.2 when form = 'named' then 0.8 else 0.72 end as line_confidence
from file_mentions
where form != 'none'
