with
reports as (select * from {{ source('raw', 'report') }})

select
    report_id,
    file_name,
    media_type,
    sha256,
    size_bytes,
    page_count,
    title,
    extractor,
    extractor_version,
    extracted_at,
    modified_at
from reports
where status = 'loaded'
