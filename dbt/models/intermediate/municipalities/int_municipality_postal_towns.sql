with
lines as (select * from {{ ref('int_report_lines') }}),

-- "231 83 Trelleborg" beside the number of an organisation that is a municipality: its own address.
numbered as (
    select distinct report_id from lines
    where regexp_matches(line_text, '(?:^|[^0-9])212000-\d{4}(?:$|[^0-9])')
)

select
    lines.report_id,
    lines.line_seq,
    lines.place,
    lines.line_text,
    unnest(regexp_extract_all(lower(lines.line_text), '(?:^|[^0-9])\d{3} ?\d{2} +([a-zåäöé][a-zåäöé -]*)', 1)) || ' ' as town
from lines
inner join numbered using (report_id)
