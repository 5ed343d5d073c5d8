with
headings as (select * from {{ source('raw', 'heading') }}),

parents as (
    select
        heading.report_id,
        heading.heading_seq,
        max(parent.heading_seq) as parent_heading_seq
    from headings as heading
    inner join headings as parent
        on heading.report_id = parent.report_id
            and heading.heading_seq > parent.heading_seq
            and heading.level > parent.level
    group by all
)

select
    headings.report_id,
    headings.heading_seq,
    parents.parent_heading_seq,
    headings.level,
    headings.number,
    {{ collapsed('headings.text') }} as heading_text,
    headings.page
from headings
left join parents using (report_id, heading_seq)
