-- The number is the one that the printed cell holds: read again from value_text, without the steps that made it.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
printed_values as (select * from {{ ref('report_values') }}),

texts as (
    select
        *,
        -- (21,4) and 21,4- are the accountant's -21,4; a single point before three digits marks thousands, the others decimals.
        regexp_replace(
            regexp_replace(
                replace(replace(translate(regexp_replace(value_text, '^[mM]inus ', '-'), '−–—‒‐‑﹣－', '--------'), '- ', '-'), '+ ', '+'),
                '^\((.*)\)$|^(.*\d)-$', '-\1\2'
            ),
            '^([+-]?\d{1,3})\.(\d{3})$', '\1\2'
        ) as plain_text
    from printed_values
),

-- Groups of three digits lose their marks, then every run of digits with its sign and decimals is a number. Of a point and
-- a comma together, the last is the decimal mark.
numbers as (
    select
        *,
        list_transform(
            regexp_extract_all(
                regexp_replace(
                    regexp_replace(plain_text, '(\d)[\s\x{00a0}\x{2009}\x{202f}\x27’](\d{3})', '\1\2', 'g'), '(\d)[\s\x{00a0}\x{2009}\x{202f}\x27’](\d{3})', '\1\2', 'g'
                ),
                '-?\d+(?:[.,]\d+)*'
            ),
            lambda number: try_cast(
                case
                    when length(number) - length(replace(number, '.', '')) > 1 or regexp_matches(number, '\..*,')
                        then replace(replace(number, '.', ''), ',', '.')
                    when regexp_matches(number, ',.*\.') then replace(number, ',', '')
                    else replace(number, ',', '.')
                end as double
            )
        ) as found,
        regexp_matches(plain_text, '\d[eE][+-]\d|[·x×*] ?10[\^⁰¹²³⁴⁵⁶⁷⁸⁹]') as is_power,
        regexp_matches(plain_text, '[½¼¾⅛⅜⅝⅞⅕⅖⅗⅘]') as is_fraction
    from texts
),

-- 5·10³ is its first number moved by whole places, 3½ its first number and less than one more.
read_again as (
    select
        *,
        case
            when is_power
                then round(log10(value_numeric / found[1]), 9) = round(log10(value_numeric / found[1]))
            when is_fraction
                then abs(value_numeric) - coalesce(abs(found[1]), 0) > 0 and abs(value_numeric) - coalesce(abs(found[1]), 0) < 1
            else coalesce(found[1] = value_numeric, false)
        end as is_same
    from numbers
)

select report_id, table_seq, row_index, col_index, value_text, value_numeric, found
from read_again
where
    case
        when is_dash then value_numeric is not null
        when value_numeric is null then false
        -- The figures of several columns, glued together, are at least digits of the cell in this order.
        when is_composite
            then not list_contains(found, value_numeric)
                and not contains(replace(plain_text, ' ', ''), regexp_replace(replace(cast(value_numeric as varchar), '.', ','), ',0$', ''))
        else not is_same
    end
