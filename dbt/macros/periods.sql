{# Periods in headers, labels and cells. The text is lower case with plain minus signs; fiscal_year is the report's. #}

{# The text with its dates as ISO prints them: 31/12/2021, 31.12.2021, 31/12-2021, 2021/12/31, 20211231, and 12/31/2021,
   whose month can only stand first. What may be a date of either order is read as in Swedish: day first. Two of them are
   made so together (1/7 2023-30/6 2024), whatever their days: what stands between them belongs to both. #}
{% macro iso_dates(text) -%}
regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    replace(regexp_replace(regexp_replace(
        {{ numbered_parts(text) }},
        '(^|[^0-9./])(\d{1,2})[./](\d{1,2})(?:[./]|[ -]{1,2})((?:19|20)\d\d) ?(?:-|till|t\.? ?o\.? ?m\.?) ?(\d{1,2})[./](\d{1,2})(?:[./]|[ -]{1,2})((?:19|20)\d\d)',
        '\1\4-§0\3-§0\2 - \7-§0\6-§0\5', 'g'),
        '§0(\d\d)', '\1', 'g'), '§', ''),
    '(^|[^0-9])(\d)([./]\d{1,2}(?:[./]|[ -]{1,2})(?:19|20)\d\d(?:[^0-9]|$))', '\10\2\3', 'g'),
    '(^|[^0-9])(\d\d[./])(\d)((?:[./]|[ -]{1,2})(?:19|20)\d\d(?:[^0-9]|$))', '\1\20\3\4', 'g'),
    '(^|[^0-9])(?:(0[1-9]|[12]\d|3[01])[./](0[1-9]|1[0-2])[./])((?:19|20)\d\d)([^0-9]|$)', '\1\4-\3-\2\5', 'g'),
    '(^|[^0-9])(2[89]|3[01])[./](0[1-9]|1[0-2])[ -]{1,2}((?:19|20)\d\d)([^0-9]|$)', '\1\4-\3-\2\5', 'g'),
    '(^|[^0-9])(0[1-9]|1[0-2])/(1[3-9]|2\d|3[01])/((?:19|20)\d\d)([^0-9]|$)', '\1\4-\2-\3\5', 'g'),
    '(^|[^0-9])((?:19|20)\d\d)[./]?(0[1-9]|1[0-2])[./]?(0[1-9]|[12]\d|3[01])([^0-9]|$)', '\1\2-\3-\4\5', 'g')
{%- endmacro %}

{# The text with the parts of a year by their number: "första halvåret 2024" is "halvår 1 2024". #}
{% macro numbered_parts(text) -%}
{% for _ in range(4) %}regexp_replace({% endfor %}{{ text }}
{%- for ordinal in ['första', 'andra', 'tredje', 'fjärde'] -%}
, '(^|[^a-zåäö]){{ ordinal }} (halvår|kvartal|tertial)(?:et)?([^a-zåäö]|$)', '\1\2 {{ loop.index }}\3', 'g')
{%- endfor %}
{%- endmacro %}

{% macro month_pattern() -%}
jan(?:uari)?|feb(?:r|ruari)?|mars?|apr(?:il)?|maj|juni?|juli?|aug(?:usti)?|sept?(?:ember)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?
{%- endmacro %}

{# Number of the month whose first three letters are given; null for any other text. #}
{% macro month_number(text) -%}
nullif(list_position(['jan', 'feb', 'mar', 'apr', 'maj', 'jun', 'jul', 'aug', 'sep', 'okt', 'nov', 'dec'], left({{ text }}, 3)), 0)
{%- endmacro %}

{# What stands between the first and the last part of a period. #}
{% macro until_pattern() -%}
(?: ?- ?| (?:till(?: och med)?|t\.? ?o\.? ?m\.?|tom) )(?:den )?
{%- endmacro %}

{% macro previous_year_pattern() -%}
(?:föregående|föreg\.?|fg|förra) år
{%- endmacro %}

{# A year as it stands behind a month or term: 2022, 22, '22. #}
{% macro year_behind_pattern() -%}
\.? ?[''’]?(?:(?:19|20)\d\d|\d\d)
{%- endmacro %}

{# The year that a text of two or four digits prints; null for any other text. #}
{% macro full_year(text) -%}
try_cast(case when length({{ text }}) = 2 then '20' || {{ text }} when length({{ text }}) = 4 then {{ text }} end as integer)
{%- endmacro %}

{# Which form of period a text prints; the first that fits of the list below, null for none. #}
{% macro period_form(text) -%}
case
    when regexp_matches({{ text }}, '\d{4}-\d\d-\d\d ?(?:-|till|t o m) ?\d{4}-\d\d-\d\d') then 'iso_range'
    -- 1/7-30/6 2024: in which year it begins is not told, unless it is the first day of one.
    when
        regexp_matches({{ text }}, '(?:^|[^0-9/])\d{1,2}/\d{1,2} ?(?:-|till) ?(?:\d{1,2}/\d{1,2}|\d{4}-\d\d-\d\d)')
        and not regexp_matches({{ text }}, '(?:^|[^0-9/])0?1/0?1 ?(?:-|till)')
        then 'unclear'
    when regexp_matches({{ text }}, '\d{1,2} (?:{{ month_pattern() }}) (?:19|20)\d\d ?(?:-|till) ?\d{1,2} (?:{{ month_pattern() }}) (?:19|20)\d\d') then 'date_range'
    when regexp_matches({{ text }}, '(?:^|[^0-9])\d{1,2} (?:{{ month_pattern() }}){{ until_pattern() }}\d{1,2} (?:{{ month_pattern() }})(?:[^a-zåäö]|$)') then 'unclear'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:{{ month_pattern() }}){{ year_behind_pattern() }}{{ until_pattern() }}(?:{{ month_pattern() }}){{ year_behind_pattern() }}(?:[^0-9]|$)') then 'month_years'
    when regexp_matches({{ text }}, '(?:^|[^0-9])(?:19|20)\d\d-?(?:0[1-9]|1[0-2]){{ until_pattern() }}(?:19|20)\d\d-?(?:0[1-9]|1[0-2])(?:[^0-9-]|$)') then 'iso_months'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:{{ month_pattern() }}){{ until_pattern() }}(?:{{ month_pattern() }}) ?(?:19|20)\d\d ?[/-] ?(?:19|20)?\d\d(?:[^0-9]|$)') then 'months_over_years'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:(?:rullande|senaste) (?:\d+|tolv)|r ?12|12[ -]?månaders|(?:\d+|tolv) (?:senaste|rullande)|(?:12|tolv) ?mån[a-zåäö.]* (?:per|till|tom|t\.?o\.?m\.?))(?:[^0-9a-zåäö]|$)|(?:^|[^a-zåäö])rullande(?: (?:år|helår))?(?:[^a-zåäö]|$)') then 'rolling'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:vt|ht|vårtermin[a-z]*|hösttermin[a-z]*) ?-?{{ year_behind_pattern() }}(?:{{ until_pattern() }}| ?/ ?)(?:vt|ht|vårtermin[a-z]*|hösttermin[a-z]*) ?-?{{ year_behind_pattern() }}(?:[^0-9]|$)') then 'terms'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:kvartal|kv|q|halvår|h|tertial|t) ?[1-4](?: (?:19|20)\d\d)?{{ until_pattern() }}(?:kvartal |kv ?|q|halvår |h|tertial |t)?[1-4](?: (?:19|20)\d\d|[^0-9]|$)') then 'parts'
    -- Weeks begin and end in the middle of months, and often of years: their days are not told.
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:vecka|veckor|veckorna|v\.?) ?\d{1,2}(?:[^0-9]|$)') then 'unclear'
    -- From a later month to an earlier one: in which year it begins is not told.
    when
        regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:{{ month_pattern() }}){{ until_pattern() }}(?:{{ month_pattern() }})(?:[^a-zåäö]|$)')
        and {{ month_number("regexp_extract(" ~ text ~ ", '(?:^|[^a-zåäö])(" ~ month_pattern() ~ ")" ~ until_pattern() ~ "(?:" ~ month_pattern() ~ ")(?:[^a-zåäö]|$)', 1)") }}
        > {{ month_number("regexp_extract(" ~ text ~ ", '(?:^|[^a-zåäö])(?:" ~ month_pattern() ~ ")" ~ until_pattern() ~ "(" ~ month_pattern() ~ ")(?:[^a-zåäö]|$)', 1)") }}
        then 'unclear'
    -- A broken financial year: from which month is not told.
    when regexp_matches({{ text }}, '(?:räkenskaps|verksamhets|bokförings)år[a-zåäö]* (?:19|20)?\d\d ?[-/] ?(?:19|20)?\d\d(?:[^0-9]|$)') then 'unclear'
    -- "Q4 23": perhaps of a year.
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:kvartal|kv|q|halvår|h|tertial|t) ?[1-4] [''’-]?\d\d(?:[^0-9]|$)') then 'unclear'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:kvartal|kv|q) ?[1-4](?:[^0-9]|$)') then 'quarter'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:halvår|h) ?[12](?:[^0-9]|$)') then 'half_year'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:tertial[a-zåäö]*|t) ?[123](?:[^0-9]|$)') then 'tertial'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:vt|ht|vårtermin[a-z]*|hösttermin[a-z]*) ?-?(?:(?:19|20)\d\d|\d\d)(?:[^0-9]|$)') then 'term'
    when regexp_matches({{ text }}, '(?:utfall|budget|prognos|avvikelse|bokslut)[a-zåäö.]* ?(?:(?:2[1-9]|3\d)(?:0[1-9]|1[0-2])|(?:1\d|2\d|3\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[^0-9]|$)|^(?:1\d|2\d|3\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$') then 'year_month'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:{{ month_pattern() }}){{ until_pattern() }}(?:{{ month_pattern() }})(?:[^a-zåäö]|$)') then 'month_range'
    when regexp_matches({{ text }}, '(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])') then 'iso_date'
    -- 2024-06; 2011-12 may be two years.
    when regexp_matches({{ text }}, '(?:^|[^0-9-])20(?:1[3-9]|[2-9]\d)-(?:0[1-9]|1[0-2])(?:[^0-9-]|$)') then 'month'
    when regexp_matches({{ text }}, '(?:läsår|läsåret).*(?:(?:19|20)\d\d|\d\d) ?[-/] ?(?:\d{4}|\d{2})') or regexp_matches({{ text }}, '(?:19|20)\d\d ?[-/] ?(?:\d{4}|\d{2}) ?läsår') then 'school_year'
    when regexp_matches({{ text }}, '(?:19|20)\d\d ?/ ?(?:19|20)?\d\d(?:[^0-9]|$)') then 'year_pair'
    when regexp_matches({{ text }}, '(?:19|20)\d\d ?- ?(?:19|20)\d\d(?:[^0-9]|$)') then 'year_span'
    -- 26/27 is no day of a month: a school year perhaps, or two years.
    when regexp_matches({{ text }}, '(?:^|[^0-9/])\d\d ?/ ?(?:1[3-9]|[2-9]\d)(?:[^0-9/]|$)') then 'unclear'
    when regexp_matches({{ text }}, '(?:^|[^0-9])3[01] ?(?:/ ?\d{1,2}|(?:{{ month_pattern() }}))(?:[^a-zåäö]|$)') then 'day_month'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:per|tom|t\.?o\.?m\.?|till och med|ack\.?|ackumulerat|ackumulerad|efter) (?:[a-zåäö]+ ){0,2}(?:{{ month_pattern() }})(?:[^a-zåäö]|$)') then 'to_month'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:{{ month_pattern() }})(?:[^a-zåäö]|$)') then 'month'
    when regexp_matches({{ text }}, '(?:^|[^0-9])(?:19|20)\d\d(?:[^0-9]|$)') then 'year'
    when regexp_matches({{ text }}, '(?:utfall|bokslut|budget|prognos|mål|målvärde|plan|år) ?[''’-]\d\d(?:[^0-9]|$)') then 'short_year'
    when regexp_matches({{ text }}, '{{ previous_year_pattern() }}') then 'previous_year'
    when regexp_matches({{ text }}, '(?:^|[^a-zåäö])(?:helår|helårs[a-zåäö]+|årsbudget|årsprognos)(?:[^a-zåäö]|$)') then 'whole_year'
end
{%- endmacro %}

{# First and last day of the period that a text prints in the form found by period_form; null where there is no such day. #}
{% macro period_bounds(text, form, fiscal_year) -%}
{%- set year = "coalesce(try_cast(nullif(regexp_extract(" ~ text ~ ", '(?:^|[^0-9])((?:19|20)\\d\\d)(?:[^0-9]|$)', 1), '') as integer), " ~ fiscal_year ~ " - cast(regexp_matches(" ~ text ~ ", '" ~ previous_year_pattern() ~ "') as integer))" -%}
{%- set digit = "try_cast(regexp_extract(" ~ text ~ ", '(?:kvartal|kv|q|halvår|h|tertial[a-zåäö]*|t) ?([1-4])(?:[^0-9]|$)', 1) as integer)" -%}
{%- set month = month_number("regexp_extract(" ~ text ~ ", '(?:^|[^a-zåäö])(" ~ month_pattern() ~ ")(?:[^a-zåäö]|$)', 1)") -%}
{%- set month = "coalesce(" ~ month ~ ", try_cast(nullif(regexp_extract(" ~ text ~ ", '(?:19|20)\\d\\d-(0[1-9]|1[0-2])(?:[^0-9-]|$)', 1), '') as integer))" -%}
{%- set short_year = "try_cast(regexp_extract(" ~ text ~ ", '[''’-](\\d\\d)(?:[^0-9]|$)', 1) as integer)" -%}
{%- set digits_of_month = "regexp_extract(" ~ text ~ ", '(?:(?:utfall|budget|prognos|avvikelse|bokslut)[a-zåäö.]* ?|^)(\\d{4})(?:\\d\\d)?(?:[^0-9]|$)', 1)" -%}
{%- set is_autumn = "regexp_matches(" ~ text ~ ", '(?:^|[^a-zåäö])(?:ht|hösttermin)')" -%}
{%- set two_digits = "try_cast(nullif(regexp_extract(" ~ text ~ ", '(?:läsår[a-zåäö ]*|vt|ht|vårtermin[a-z]*|hösttermin[a-z]*) ?-?(\\d\\d)(?:[^0-9]|$)', 1), '') as integer)" -%}
{%- set school_year = "coalesce(2000 + " ~ two_digits ~ ", " ~ year ~ ")" -%}
{%- set term_year = school_year -%}
{%- set first_year_behind = full_year("regexp_extract(" ~ text ~ ", '(?:" ~ month_pattern() ~ ")\\.? ?[''’]?(\\d{4}|\\d\\d)" ~ until_pattern() ~ "', 1)") -%}
{%- set last_year_behind = full_year("regexp_extract(" ~ text ~ ", '" ~ until_pattern() ~ "(?:" ~ month_pattern() ~ ")\\.? ?[''’]?(\\d{4}|\\d\\d)(?:[^0-9]|$)', 1)") -%}
{%- set first_month = month_number("regexp_extract(" ~ text ~ ", '(?:^|[^a-zåäö])(" ~ month_pattern() ~ ")[^a-zåäö]{0,7}" ~ until_pattern() ~ "(?:" ~ month_pattern() ~ ")', 1)") -%}
{%- set last_month = month_number("regexp_extract(" ~ text ~ ", '" ~ until_pattern() ~ "(" ~ month_pattern() ~ ")(?:[^a-zåäö]|$)', 1)") -%}
{%- set iso_first = "regexp_extract(" ~ text ~ ", '((?:19|20)\\d\\d)-?(0[1-9]|1[0-2])" ~ until_pattern() ~ "(?:19|20)\\d\\d', ['y', 'm'])" -%}
{%- set iso_last = "regexp_extract(" ~ text ~ ", '" ~ until_pattern() ~ "((?:19|20)\\d\\d)-?(0[1-9]|1[0-2])(?:[^0-9-]|$)', ['y', 'm'])" -%}
{%- set pair_last = full_year("regexp_extract(" ~ text ~ ", '(?:19|20)\\d\\d ?[/-] ?(\\d{4}|\\d\\d)(?:[^0-9]|$)', 1)") -%}
{%- set rolling_end = "last_day(coalesce(try_cast(regexp_extract(" ~ text ~ ", '((?:19|20)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01]))', 1) as date), try(make_date(" ~ year ~ ", " ~ month ~ ", 1))))" -%}
{%- set rolling_months = "coalesce(try_cast(nullif(regexp_extract(" ~ text ~ ", '(?:rullande|senaste) (\\d{1,2})(?:[^0-9]|$)', 1), '') as integer), 12)" -%}
{%- set first_term = "regexp_extract(" ~ text ~ ", '(vt|ht|vår|höst)[a-z]* ?-?\\.? ?[''’]?(\\d{4}|\\d\\d)', ['t', 'y'])" -%}
{%- set last_term = "regexp_extract(" ~ text ~ ", '[-/nm l](?:den )?(vt|ht|vår|höst)[a-z]* ?-?\\.? ?[''’]?(\\d{4}|\\d\\d)(?:[^0-9]|$)', ['t', 'y'])" -%}
{%- set parts = "regexp_extract(" ~ text ~ ", '(?:^|[^a-zåäö])(kvartal|kv|q|halvår|h|tertial|t) ?([1-4])(?: ((?:19|20)\\d\\d))?" ~ until_pattern() ~ "(?:kvartal |kv ?|q|halvår |h|tertial |t)?([1-4])(?: ((?:19|20)\\d\\d))?(?:[^0-9]|$)', ['kind', 'first', 'first_year', 'last', 'last_year'])" -%}
{%- set part_months = "case when starts_with(" ~ parts ~ ".kind, 'h') then 6 when starts_with(" ~ parts ~ ".kind, 't') then 4 else 3 end" -%}
{%- set part_last_year = "coalesce(try_cast(nullif(" ~ parts ~ ".last_year, '') as integer), try_cast(nullif(" ~ parts ~ ".first_year, '') as integer), " ~ year ~ ")" -%}
{%- set part_first_year = "coalesce(try_cast(nullif(" ~ parts ~ ".first_year, '') as integer), case when " ~ parts ~ ".first <= " ~ parts ~ ".last then " ~ part_last_year ~ " end)" -%}
try(case {{ form }}
    when 'month_years' then {
        'first': make_date({{ first_year_behind }}, {{ first_month }}, 1),
        'last': last_day(make_date({{ last_year_behind }}, {{ last_month }}, 1))}
    when 'iso_months' then {
        'first': make_date(try_cast({{ iso_first }}.y as integer), try_cast({{ iso_first }}.m as integer), 1),
        'last': last_day(make_date(try_cast({{ iso_last }}.y as integer), try_cast({{ iso_last }}.m as integer), 1))}
    -- "Okt-sept 2022/23": from a later month of the one year to an earlier of the next.
    when 'months_over_years' then {
        'first': case when {{ first_month }} > {{ last_month }} and {{ pair_last }} = {{ year }} + 1 then make_date({{ year }}, {{ first_month }}, 1) end,
        'last': last_day(make_date({{ pair_last }}, {{ last_month }}, 1))}
    when 'rolling' then {
        'first': cast({{ rolling_end }} + interval 1 day - interval (cast({{ rolling_months }} as integer)) month as date),
        'last': {{ rolling_end }}}
    when 'terms' then {
        'first': make_date({{ full_year(first_term ~ '.y') }}, case when starts_with({{ first_term }}.t, 'h') then 7 else 1 end, 1),
        'last': case when starts_with({{ last_term }}.t, 'h') then make_date({{ full_year(last_term ~ '.y') }}, 12, 31) else make_date({{ full_year(last_term ~ '.y') }}, 6, 30) end}
    -- Tertials are to date, as one of them is.
    when 'parts' then {
        'first': make_date({{ part_first_year }}, case when starts_with({{ parts }}.kind, 't') then 1 else (try_cast({{ parts }}.first as integer) - 1) * {{ part_months }} + 1 end, 1),
        'last': last_day(make_date({{ part_last_year }}, try_cast({{ parts }}.last as integer) * {{ part_months }}, 1))}
    when 'iso_range' then {
        'first': try_cast(regexp_extract({{ text }}, '(\d{4}-\d\d-\d\d)', 1) as date),
        'last': try_cast(regexp_extract({{ text }}, '\d{4}-\d\d-\d\d ?(?:-|till|t o m) ?(\d{4}-\d\d-\d\d)', 1) as date)}
    when 'date_range' then {
        'first': make_date(
            try_cast(regexp_extract({{ text }}, '\d{1,2} (?:{{ month_pattern() }}) ((?:19|20)\d\d)', 1) as integer),
            {{ month_number("regexp_extract(" ~ text ~ ", '\\d{1,2} (" ~ month_pattern() ~ ") (?:19|20)\\d\\d', 1)") }},
            try_cast(regexp_extract({{ text }}, '(\d{1,2}) (?:{{ month_pattern() }}) (?:19|20)\d\d', 1) as integer)),
        'last': make_date(
            try_cast(regexp_extract({{ text }}, '(?:-|till) ?\d{1,2} (?:{{ month_pattern() }}) ((?:19|20)\d\d)', 1) as integer),
            {{ month_number("regexp_extract(" ~ text ~ ", '(?:-|till) ?\\d{1,2} (" ~ month_pattern() ~ ")', 1)") }},
            try_cast(regexp_extract({{ text }}, '(?:-|till) ?(\d{1,2}) (?:{{ month_pattern() }})', 1) as integer))}
    when 'quarter' then {
        'first': make_date({{ year }}, {{ digit }} * 3 - 2, 1),
        'last': last_day(make_date({{ year }}, {{ digit }} * 3, 1))}
    when 'half_year' then {
        'first': make_date({{ year }}, {{ digit }} * 6 - 5, 1),
        'last': last_day(make_date({{ year }}, {{ digit }} * 6, 1))}
    -- Tertial figures are year to date in every report read.
    when 'tertial' then {
        'first': make_date({{ year }}, 1, 1),
        'last': last_day(make_date({{ year }}, {{ digit }} * 4, 1))}
    when 'month_range' then {
        'first': make_date({{ year }}, {{ month_number("regexp_extract(" ~ text ~ ", '(" ~ month_pattern() ~ ")" ~ until_pattern() ~ "(?:" ~ month_pattern() ~ ")', 1)") }}, 1),
        'last': last_day(make_date({{ year }}, {{ month_number("regexp_extract(" ~ text ~ ", '(?:" ~ month_pattern() ~ ")" ~ until_pattern() ~ "(" ~ month_pattern() ~ ")', 1)") }}, 1))}
    -- A balance date stands for the year to date (Utfall 2023-12-31).
    when 'iso_date' then {
        'first': make_date({{ year }}, 1, 1),
        'last': try_cast(regexp_extract({{ text }}, '((?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))', 1) as date)}
    when 'day_month' then {
        'first': make_date({{ year }}, 1, 1),
        'last': last_day(make_date({{ year }}, coalesce({{ month }}, try_cast(regexp_extract({{ text }}, '3[01] ?/ ?(\d{1,2})', 1) as integer), 12), 1))}
    when 'term' then {
        'first': make_date({{ term_year }}, case when {{ is_autumn }} then 7 else 1 end, 1),
        'last': case when {{ is_autumn }} then make_date({{ term_year }}, 12, 31) else make_date({{ term_year }}, 6, 30) end}
    when 'year_month' then {
        'first': make_date(2000 + try_cast({{ digits_of_month }}[1:2] as integer), 1, 1),
        'last': last_day(make_date(2000 + try_cast({{ digits_of_month }}[1:2] as integer), try_cast({{ digits_of_month }}[3:4] as integer), 1))}
    when 'short_year' then {
        'first': make_date(2000 + {{ short_year }}, 1, 1),
        'last': make_date(2000 + {{ short_year }}, 12, 31)}
    when 'previous_year' then {
        'first': make_date({{ fiscal_year }} - 1, 1, 1),
        'last': make_date({{ fiscal_year }} - 1, 12, 31)}
    when 'school_year' then {
        'first': make_date({{ school_year }}, 7, 1),
        'last': make_date({{ school_year }} + 1, 6, 30)}
    -- A pair of years heads a change: it is about the later one.
    when 'year_pair' then {
        'first': make_date({{ year }} + 1, 1, 1),
        'last': make_date({{ year }} + 1, 12, 31)}
    when 'year_span' then {
        'first': make_date({{ year }}, 1, 1),
        'last': make_date(try_cast(regexp_extract({{ text }}, '(?:19|20)\d\d ?- ?((?:19|20)\d\d)', 1) as integer), 12, 31)}
    when 'to_month' then {
        'first': make_date({{ year }}, 1, 1),
        'last': last_day(make_date({{ year }}, {{ month }}, 1))}
    when 'month' then {
        'first': make_date({{ year }}, {{ month }}, 1),
        'last': last_day(make_date({{ year }}, {{ month }}, 1))}
    when 'whole_year' then {
        'first': make_date({{ year }}, 1, 1),
        'last': make_date({{ year }}, 12, 31)}
    when 'year' then {
        'first': make_date({{ year }}, 1, 1),
        'last': make_date({{ year }}, 12, 31)}
end)
{%- endmacro %}

{# Whether a text prints a period whose days cannot be told, or end before they begin. Two years (2022/2023) are any twelve
   months, or both. #}
{% macro is_unclear_period(form, first, last) -%}
coalesce(
    {{ form }} in ('unclear', 'year_pair')
    or ({{ form }} in ('month_years', 'iso_months', 'months_over_years', 'rolling', 'terms', 'parts') and ({{ first }} is null or {{ last }} is null))
    or {{ first }} > {{ last }},
    false
)
{%- endmacro %}

{# The same day of the year before; the last day of a month stays the last. #}
{% macro a_year_before(day) -%}
cast(case when {{ day }} = last_day({{ day }}) then last_day({{ day }} - interval 1 year) else {{ day }} - interval 1 year end as date)
{%- endmacro %}

{# Whether the words of a row label say that the row differs from a budget or forecast. #}
{% macro is_variance_label(words) -%}
regexp_matches({{ words }}, 'budgetavvikelse $|^ avvikelse mot (?:budget|prognos) ')
{%- endmacro %}

{# Whether a row is how much something has changed (Ökning mot föregående år). #}
{% macro is_change_label(words) -%}
regexp_matches({{ words }}, '^ (?:ökning|minskning|förändring|skillnad) (?:mot|gentemot|jämfört|jmf|jmfr|jfr|från|sedan) ')
{%- endmacro %}

{# Whether words name what was reached before, and not what was meant to be. #}
{% macro is_outcome_before(words) -%}
(regexp_matches({{ words }}, '(?:föregående år|bokslut) ') and not regexp_matches({{ words }}, '(?:budget|prognos|mål|plan) '))
{%- endmacro %}

{# The key of a period: 2023, 2024-Q3, 2024-02, 2024-H2, 2024-T1, 2021/2024, else first day/last day. #}
{% macro period_key(first, last) -%}
case
    when {{ first }} is null or {{ last }} is null then 'unknown'
    when month({{ first }}) = 1 and day({{ first }}) = 1 and month({{ last }}) = 12 and day({{ last }}) = 31
        then case
            when year({{ first }}) = year({{ last }}) then cast(year({{ first }}) as varchar)
            else year({{ first }}) || '/' || year({{ last }})
        end
    when year({{ first }}) = year({{ last }}) and day({{ first }}) = 1 and {{ last }} = last_day({{ last }})
        then case
            when month({{ first }}) = month({{ last }}) then strftime({{ first }}, '%Y-%m')
            when month({{ last }}) - month({{ first }}) = 2 and month({{ last }}) % 3 = 0 then year({{ first }}) || '-Q' || (month({{ last }}) // 3)
            when month({{ last }}) - month({{ first }}) = 5 and month({{ last }}) % 6 = 0 then year({{ first }}) || '-H' || (month({{ last }}) // 6)
            when month({{ first }}) = 1 and month({{ last }}) in (4, 8) then year({{ first }}) || '-T' || (month({{ last }}) // 4)
            else strftime({{ first }}, '%Y-%m') || '/' || strftime({{ last }}, '%Y-%m')
        end
    else strftime({{ first }}, '%Y-%m-%d') || '/' || strftime({{ last }}, '%Y-%m-%d')
end
{%- endmacro %}
