with
lines as (select * from {{ ref('int_report_lines') }}),

domains as (select * from {{ ref('int_municipality_domains') }}),

-- www.lund.se, kommun@lund.se, lund.se: the last part of the address before .se.
addresses as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        unnest(regexp_extract_all(lower(line_text), '(?:www\.|@|//|(?:^|[ (]))(?:[a-z0-9-]+\.)*?([a-z0-9åäö-]+)(?:\.kommun)?\.se(?:$|[^a-z0-9.-]|\.$)', 1)) as domain
    from lines
    where contains(lower(line_text), '.se') and place != 'header'
)

select
    addresses.report_id,
    domains.municipality_code,
    addresses.line_seq,
    addresses.line_text,
    addresses.place
from addresses
inner join domains on strip_accents(addresses.domain) = domains.domain
