-- The number is the one that the printed cell holds: read again from value_text, without the steps that made it.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
printed_values as (select * from {{ ref('report_values') }}),

texts as (
    select
        *,
        -- (21,4) is the accountant's -21,4; a single point before three digits marks thousands, the others decimals.
        regexp_replace(
            regexp_replace(
                replace(replace(translate(value_text, '−–—‒‑﹣－', '-------'), '- ', '-'), '+ ', '+'),
                '^\((.*)\)$', '-\1'
            ),
            '^([+-]?\d{1,3})\.(\d{3})$', '\1\2'
        ) as plain_text
    from printed_values
),

-- Groups of three digits lose their spaces, then every run of digits with its sign and decimals is a number.
numbers as (
    select
        *,
        list_transform(
            regexp_extract_all(
                regexp_replace(
                    regexp_replace(plain_text, '(\d)[\s\x{00a0}\x{2009}\x{202f}](\d{3})', '\1\2', 'g'), '(\d)[\s\x{00a0}\x{2009}\x{202f}](\d{3})', '\1\2', 'g'
                ),
                '-?\d+(?:[.,]\d+)*'
            ),
            lambda number: try_cast(
                case
                    when length(number) - length(replace(number, '.', '')) > 1 then replace(replace(number, '.', ''), ',', '.')
                    else replace(number, ',', '.')
                end as double
            )
        ) as found
    from texts
)

select report_id, table_seq, row_index, col_index, value_text, value_numeric, found
from numbers
where
    case
        when is_dash then value_numeric is not null
        when value_numeric is null then false
        -- The figures of several columns, glued together, are at least digits of the cell in this order.
        when is_composite
            then not list_contains(found, value_numeric)
                and not contains(replace(plain_text, ' ', ''), regexp_replace(replace(cast(value_numeric as varchar), '.', ','), ',0$', ''))
        else found[1] is distinct from value_numeric
    end
