-- The currency in which a report counts when it says "kr" and is not in Swedish: several words of another language over its
-- tables tell. A report without a row here counts in kronor of Sweden.
with
lines as (select * from {{ ref('int_report_lines') }}),

currency_words as (select * from {{ ref('currency_words') }}),

found as (
    select
        lines.report_id,
        currency_words.currency,
        count(distinct currency_words.term) as n_terms
    from lines
    inner join currency_words on contains(lines.line_words, ' ' || currency_words.term || ' ')
    group by all
    having count(distinct currency_words.term) >= 3
)

select report_id, currency
from found
qualify row_number() over (partition by report_id order by n_terms desc, currency) = 1
