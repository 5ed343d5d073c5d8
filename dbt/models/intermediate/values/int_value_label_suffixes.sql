with
rows as (select * from {{ ref('int_rows') }})

-- The unit that a row label states: behind a comma or in brackets at its end, "i tkr", or the whole label.
select
    report_id,
    table_seq,
    row_index,
    label_words,
    translate(trim(coalesce(
        nullif(regexp_extract(label_plain, '\(([^()]+)\)$', 1), ''),
        -- "kostnader, inkl avskrivning mkr": the last word is the unit, what stands behind the comma is none.
        nullif(regexp_extract(label_plain, ',\s*({{ money_pattern() }})$', 1), ''),
        nullif(regexp_extract(label_plain, ',[^,()]*?[^\d\s,]\s+({{ money_pattern() }})$', 1), ''),
        nullif(regexp_extract(label_plain, ',\s*([^,()]+)$', 1), ''),
        nullif(regexp_extract(label_plain, '\si\s+([^,()]+)$', 1), ''),
        nullif(regexp_extract(label_plain, '(?:^|[^\d\s]\s+)({{ money_pattern() }}|%|procent)$', 1), ''),
        -- Money per årsarbetare is money.
        case
            when not regexp_matches(label_plain, '(?:/| per )\s*årsarbetare$')
                then nullif(regexp_extract(label_plain, '(?:^|[^\d\s]\s+)(årsarbetare)$', 1), '')
        end,
        nullif(regexp_extract(label_plain, '[^\d\s,]\s+((?:{{ money_pattern() }}) ?(?:/| per )[a-zåäö]+)$', 1), '')
    ), ' *'), '²³', '23') as suffix,
    -- A unit of money amid a label (Investeringar i mkr (netto)), where its end states none.
    regexp_extract(label_plain, '[a-zåäö][,(]?\s+\(?({{ large_money_pattern() }})(?:[ ,:)]|$)', 1) as inner_suffix,
    trim(coalesce(
        nullif(regexp_extract(section_plain, '\(([^()]+)\)$', 1), ''),
        nullif(regexp_extract(section_plain, '(?:,|\si)\s+([^,()]+)$', 1), ''),
        nullif(regexp_extract(section_plain, '[^\d\s]\s+({{ money_pattern() }}|%|procent)$', 1), ''),
        nullif(regexp_extract(unit_line, '({{ money_pattern() }}|procent|%)\)?[.:]?$', 1), '')
    ), ' *') as section_suffix
from rows
