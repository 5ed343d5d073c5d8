{# Names of indicators as they are compared with the vocabulary of concepts. #}

{# The words of a label that tell what is measured, one space between them: lower case; without Kolada's id, the word
   "Indikator" and its number, footnote marks, years, and words that only say the unit (which is compared by itself).
   "kr/inv" becomes "per invånare" and a range of numbers one word (0_20), for both are part of the meaning. #}
{% macro name_words(text) -%}
trim(regexp_replace(regexp_replace(
    -- Spaces are doubled, so that two dropped words may stand side by side.
    '  ' || replace(regexp_replace(replace(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower({{ plain_minus(text) }}),
            '^(?:[nu]\d{5}\b[ .:,-]*)?(?:(?:indikator|nyckeltal|mått) ?\d*(?:\.\d+)* ?[:.] ?)?', ''),
            '(?: ?\*+| ?\(\d\)| \d\)|[⁰¹²³⁴⁵⁶⁷⁸⁹]+)$', ''),
            '[,(] ?(?:i )?(?:antal )?(?:dagar|dygn|timmar|veckor|månader|minuter|år|poäng|index|årsarbetare|st|m2|m3|kg|ton)\)?$', ''),
            '(^|[^a-zåäö])(?:{{ money_pattern() }}|kg|antal|st|timmar) ?/ ?', '\1 per ', 'g'),
            '([^a-zåäö])inv(?:\.|[^a-zåäö]|$)', '\1invånare ', 'g'),
            '(\d) ?- ?(\d)', '\1_\2', 'g'),
        '&', ' och '),
    '[^a-z0-9åäöéü_+<>]+', ' ', 'g'), ' ', '  ') || '  ',
    ' (?:år  )?(?:19|20)\d\d | (?:i  )?(?:procent|antal|antalet|andel|andelen|st|{{ money_pattern() }}|miljoner|tusen|tusental) ', ' ', 'g'),
    ' +', ' ', 'g'))
{%- endmacro %}

{# Whether an organisation answers for a part of its municipality only (Socialnämnden Hisingen, a stadsdelsnämnd, a
   department), for several municipalities (a gemensam nämnd), or is not known: its figures are not the municipality's. #}
{% macro is_partial(level, committee) -%}
(
    {{ level }} not in ('municipality', 'group', 'committee')
    or ({{ level }} = 'committee' and {{ committee }} is null)
    or coalesce(
        regexp_matches({{ committee }}, 'nämnd(?:en)? [A-ZÅÄÖ]')
        or regexp_matches(lower({{ committee }}), 'stadsdel|kommundel|områdesnämnd|distriktsnämnd|gemensam'),
        false
    )
)
{%- endmacro %}

{# Whether the figure of an indicator is that of the whole municipality, as Kolada's are: what a committee prints about the
   inhabitants is, what it prints about itself is not. #}
{% macro is_of_whole_municipality(indicator, concept) -%}
(
    not {{ is_partial(indicator ~ '.organisation_level', indicator ~ '.committee') }}
    and ({{ concept }}.scope = 'inhabitants' or {{ indicator }}.organisation_level in ('municipality', 'group'))
)
{%- endmacro %}

{# Whether a name of the vocabulary may stand for an indicator: the unit agrees, money per something with money per
   something, and an area that the name states is that of the committee or heading. #}
{% macro name_fits(indicator, name) -%}
(
    (
        {{ name }}.base_unit_key = {{ indicator }}.base_unit_key
        and ({{ name }}.base_unit_key != 'kr' or {{ name }}.is_ratio = {{ indicator }}.is_ratio)
    )
    or ({{ name }}.is_unit_implied and {{ indicator }}.is_without_unit)
)
and ({{ name }}.area is null or regexp_matches({{ indicator }}.area_words, {{ name }}.area))
{%- endmacro %}
