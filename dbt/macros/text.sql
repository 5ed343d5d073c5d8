{# Text as it is compared: one place for white space, minus signs and words. #}

{# The text as printed, every kind of white space collapsed to single spaces. #}
{% macro collapsed(text) -%}
trim(regexp_replace({{ text }}, '[\s\x{00a0}\x{2007}\x{2009}\x{202f}\x{200b}\x{feff}]+', ' ', 'g'))
{%- endmacro %}

{# Collapsed text with all minus signs (U+2212, en, em and figure dash, hyphens of every kind) as the plain one. #}
{% macro plain_minus(text) -%}
translate({{ collapsed(text) }}, '−–—‒‐‑﹣－', '--------')
{%- endmacro %}

{# Text without the superscript mark of a footnote: 13,1² is 13,1, 82⁽¹⁾ is 82 and ¹82 is 82, but m² is a unit, 10³ may be a
   power, and 82¹² may be either. #}
{% macro without_mark(text) -%}
{% set mark = "⁽?[⁰¹²³⁴⁵⁶⁷⁸⁹]⁾?" -%}
case
    when regexp_matches({{ text }}, '^[+-]?(?:\d|10)[²³]$|(?:^|[·x×*] ?)10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$') then {{ text }}
    else regexp_replace(regexp_replace(regexp_replace({{ text }},
        '([%‰*.)a-ln-zåäö-]) ?[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾]+$', '\1'),
        '(\d) ?{{ mark }}$', '\1'),
        '^{{ mark }} ?(\d)', '\1')
end
{%- endmacro %}

{# The words of a header or label: lower case, a space at each end and between words, so that
   contains(words, ' term ') finds whole words only. Words broken by a hyphen are joined (Av-vikelse, Års- arbetare) but
   not behind a capital (KF-mål) unless all is capitals and broken (BUDGE- TERAT),
   a year glued to a word is set apart (Utfall2013). #}
{% macro words(text) -%}
(' ' || trim(regexp_replace(regexp_replace(lower(regexp_replace(regexp_replace(regexp_replace(
    replace({{ collapsed(text) }}, '%', ' % '),
    '- (OCH|SAMT|ELLER) ', ' \1 ', 'g'),
    '([A-ZÅÄÖ]{2})- ([A-ZÅÄÖ]{3})', '\1\2', 'g'),
    '([a-zåäöé])- ?([a-zåäöé])', '\1\2', 'g')),
    '([a-zåäöé])((?:19|20)\d\d)', '\1 \2', 'g'),
    '[^a-z0-9åäöéü%‰]+', ' ', 'g')) || ' ')
{%- endmacro %}

{# "(1000 kr)" and "Belopp i 1 000-tal kronor" as the unit they name. An amount in a sentence (högst 1 000 kr) is none. #}
{% macro thousands_named(text) -%}
regexp_replace({{ text }}, '(?i)(\(|^|belopp i )1[ .\x{a0}]?000(?:-?tals?)? ?(?:kr|kronor|sek)\b', '\1tkr', 'g')
{%- endmacro %}

{# A status or unit word as it is compared: lower case, no marks before it, no full stop behind. #}
{% macro word(text) -%}
regexp_replace(regexp_replace(lower({{ collapsed(text) }}), '^[✔✓☑●■•*]+ ?(\S)', '\1'), '[\s.]+$', '')
{%- endmacro %}

{# Key of a natural key: the same words give the same key in every refresh. #}
{% macro hash_key(columns) -%}
md5(concat_ws('|', {% for column in columns %}coalesce(cast({{ column }} as varchar), '~'){% if not loop.last %}, {% endif %}{% endfor %}))
{%- endmacro %}

{# The phrases of one to six words that each distinct text of a relation holds, so that the vocabulary is met by equality:
   what a text costs does not grow with the number of terms. A longer term never matches (matchable_term). #}
{% macro phrases_of(relation, words) -%}
select
    {{ words }},
    unnest(list_distinct(flatten(list_transform(
        range(1, 7),
        lambda n: list_transform(
            range(1, len(word_list) - n + 2), lambda i: array_to_string(word_list[i:(i + n - 1)], ' ')
        )
    )))) as phrase
from (select distinct {{ words }}, string_split(trim({{ words }}), ' ') as word_list from {{ relation }})
{%- endmacro %}

{# The phrases of one to six words with which each distinct text of a relation begins. #}
{% macro first_phrases_of(relation, words) -%}
select
    {{ words }},
    unnest(list_transform(range(1, least(len(word_list), 6) + 1), lambda n: array_to_string(word_list[1:n], ' '))) as phrase
from (select distinct {{ words }}, string_split(trim({{ words }}), ' ') as word_list from {{ relation }})
{%- endmacro %}

{# Words without what tells a period: years, months, quarters and the words beside them. #}
{% macro without_period(words_text) -%}
array_to_string(list_filter(
    string_split(trim({{ words_text }}), ' '),
    lambda w: not regexp_full_match(w, '\d+|[qth][1-4]|kvartal|kv|halvår|tertial|{{ month_pattern() }}|år|året|läsår|läsåret|per|tom|ht|vt')
), ' ')
{%- endmacro %}

{# Words without what tells which measure of several municipalities a figure is (genomsnitt, medelvärde, ovägt). #}
{% macro without_average(words_text) -%}
array_to_string(list_filter(
    string_split({{ words_text }}, ' '),
    lambda w: not regexp_full_match(w, 'snitt|snittet|medel|medeltal|medelvärde|medelvärdet|genomsnitt|genomsnittet|genomsnittligt|median|medianen|ovägt|vägt|i|för|av|hela')
), ' ')
{%- endmacro %}
