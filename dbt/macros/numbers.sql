{# Numbers as reports print them, in text with plain minus signs (text.sql). Thousands marks are spaces and apostrophes; the
   decimal mark is a comma, or a point before one or two digits. Where points and commas stand together, or one of them
   more than once before three digits, the last that stands alone is the decimal mark (1.234,5 and 1,234.5). One of them
   alone before three digits is ambiguous, see value_form. A zero before other digits makes a code (007), no quantity. #}

{% macro unsigned_number_pattern() -%}
(?:[1-9]\d{0,2}(?:[ \x27’]\d{3})+(?:,(?:\d{4,}|\d{1,2})|\.\d{1,2})?|[1-9]\d{0,2}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}|[1-9]\d{0,2}(?:,\d{3})+\.\d+|0,\d+|[1-9]\d{3,},\d+|[1-9]\d{0,2},(?:\d{4,}|\d{1,2})|(?:0|[1-9]\d*)\.\d{1,2}|[1-9]\d*|0)
{%- endmacro %}

{% macro number_pattern() -%}
[+-]? ?{{ unsigned_number_pattern() }}
{%- endmacro %}

{# A number with what may stand behind it: a unit and the mark of a footnote. The groups are
   the number and the unit. #}
{% macro number_cell_pattern() -%}
^({{ number_pattern() }}) ?(?:([%‰]|%-?enheter|[:,.]-|[€$£]|[a-zåäöA-ZÅÄÖ][a-zåäöA-ZÅÄÖ./0-9²³ ]{0,25}?)\.?)?(?: ?\*{1,3}| \d\)| [a-z]\)| \((?:se )?(?:fot)?not\.? ?\d{1,2}\))?$
{%- endmacro %}

{# A unit before its number: kr 12, € 5. The groups are the unit and the number. #}
{% macro unit_first_pattern() -%}
^([a-zA-Z]{2,5}|[€$£])\.? ?({{ number_pattern() }})$
{%- endmacro %}

{# A power of ten, as programs (1,2E+05) and people (5·10³) print it. #}
{% macro power_pattern() -%}
({{ number_pattern() }})(?:[eE]([+-]\d{1,2})| ?[·x×*] ?10(?:\^(-?\d{1,2})|([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})))
{%- endmacro %}

{# Whole numbers and vulgar fractions: ½, 3 ¼. The groups are the whole number and the fraction. #}
{% macro fraction_pattern() -%}
([+-]? ?(?:[1-9]\d*)?) ?([½¼¾⅛⅜⅝⅞⅕⅖⅗⅘])
{%- endmacro %}

{# Digits that are a name and no quantity: days (20240115), months (2024.01), personal numbers, telephone numbers with a
   country code, and a letter right behind a figure (12h, 3D). #}
{% macro code_pattern() -%}
(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4})?|(?:19|20)\d\d\.(?:0[1-9]|1[0-2])|\+4\d ?[1-9][\d ]{6,}|[+-]? ?[\d.,]+[a-zåäöA-ZÅÄÖ]
{%- endmacro %}

{# A label that is nothing but the unit of the rows below it (Tkr, Belopp i mnkr). The text is lower case. #}
{% macro unit_line_pattern() -%}
\(?(?:belopp )?(?:i |, )?(?:{{ money_pattern() }}|procent|%)\)?[.:]?
{%- endmacro %}

{# Labels of a rate of tax. "Utdebitering personalkostnader" charges others with costs. The text is words. #}
{% macro tax_rate_pattern() -%}
^ (?:totalt? |totala |genomsnittlig |primärkommunal |kommunal )*(?:skattesats |utdebitering (?:$|\d|i |kr |öre |per |total|kommun|region|skatt)){# -#}
{%- endmacro %}

{# Headers of averages, which are never added. The text is words. #}
{% macro average_pattern() -%}
 (?:genomsnitt[a-zåäö]*|snitt[a-zåäö]*|median[a-zåäö]*|medel(?:lön|värde|kostnad|tal|pris|hyra|inkomst|ålder)[a-zåäö]*) {# -#}
{%- endmacro %}

{# Labels of what is never money, whatever the unit of the table: shares, counts of persons, rates of tax, money per
   inhabitant. The text is words. #}
{% macro no_money_pattern() -%}
 (?:i|andel i) (?:%|procent) | (?:%|procent) av |[a-zåäö] (?:%|procent) $| [a-zåäö]+s andel av |^ (?:totalt |totala |genomsnittligt )?(?:antal|antalet|andel|andelen|folkmängd|folkmängden|befolkning|invånare|invånarantal|årsarbetare|soliditet|självfinansieringsgrad|kassalikviditet|frisktal|sjukfrånvaro) | per (?:invånare|anställd|årsarbetare|elev|barn) |{{ tax_rate_pattern() }}{# -#}
{%- endmacro %}

{# Labels of money as a share of other money: a rate (Skuldsättningsgrad), a quotient (Finansnetto / skatteintäkter), a
   relation. The text is lower case. #}
{% macro share_pattern() -%}
^(?:varav |total |kommunens )?(?:[a-zåäö-]*(?: och )?[a-zåäö]+(?:sättnings|finansierings|täcknings|skuld|utnyttjande)grad(?:en)?|soliditet(?:en)?|kassalikviditet(?:en)?)(?:[^a-zåäö]|$)|(?:kostn?a?d?[a-zåäö.]*|avskr[a-zåäö.]*|finansnetto|resultat|investering[a-zåäö]*)[^/]*/ ?(?:skatte?(?:intäkt|r| |$)|eget kapital|nettokostnad|nettoinvestering)|i förhållande till (?:skatt|eget kapital|generella|totala|nettokostnad)|andel av [a-zåäö]*(?:skatt|intäkt|kostnad|kapital)
{%- endmacro %}

{# What money is counted per, or what makes it a price: never summed. The text is words. #}
{% macro ratio_object_pattern() -%}
(?:inv|invånare|elev|elever|barn|brukare|plats|boendeplats|dygn|vårddygn|vårddag|boendedygn|inskriven|inskrivet|m2|m³|m²|kvm|kvadratmeter|hushåll|timme|tim|portion|måltid|ärende|placering|deltagare|besök|besökare|abonnent|lägenhet|person|anställd|årsarbetare|hemtjänsttimme|hemtjänsttagare|kund|medlem|studerande|årsplats|helårsplats|heltidsplats|helårselev|mottagare|individ|km|meter|skattekrona) {# -#}
{%- endmacro %}

{% macro per_pattern() -%}
 (?:(?:{{ money_pattern() }}) (?:per )?|(?:kostnad|nettokostnad|bruttokostnad|driftkostnad) per ){{ ratio_object_pattern() }}{# -#}
{%- endmacro %}

{# Money of any kind per something, and pay and prices: no count, whatever unit is left out. The text is words. #}
{% macro money_per_pattern() -%}
[a-zåäö]*(?:lön|kostnad|kostnader|intäkt|intäkter|utgift|utgifter|avgift|avgifter|hyra|pris|ersättning|bidrag) per |^ (?:(?:[a-zåäö]+ )?(?:medel|median|månads|genomsnitts|snitt|grund|timm?e?|års)?lön(?:en)?|[a-zåäö]*(?:hyra|hyran|avgift|avgiften|taxa|taxan|arvode|arvodet)) (?:för [a-zåäö]+ )?${# -#}
{%- endmacro %}

{% macro price_pattern() -%}
 (?:[a-zåäö]*pris|timavgift|timtaxa|timkostnad|portionskostnad|dygnskostnad|styckkostnad|[a-zåäö]*peng|skattesats) {# -#}
{%- endmacro %}

{% macro ratio_pattern() -%}
{{ per_pattern() }}|{{ price_pattern() }}
{%- endmacro %}

{# The double that a text matching number_pattern prints. #}
{% macro to_number(text) -%}
{% set digits = "regexp_replace(" ~ text ~ ", '^[+]|[ \\x27’]', '', 'g')" -%}
try_cast(replace(
    case
        when regexp_full_match({{ digits }}, '-?\d{1,3}(?:(?:\.\d{3}){2,}|(?:\.\d{3})+,\d+)') then replace({{ digits }}, '.', '')
        when regexp_full_match({{ digits }}, '-?\d{1,3}(?:,\d{3})+\.\d+') then replace({{ digits }}, ',', '')
        else {{ digits }}
    end, ',', '.') as double) + 0.0
{%- endmacro %}

{# The unit behind the number of a cell of that form, in lower case; empty where there is none. #}
{% macro unit_text(text) -%}
lower(trim(regexp_extract({{ text }}, '{{ number_cell_pattern() }}', 2)))
{%- endmacro %}

{# The decimals that a vulgar fraction stands for, with their mark. #}
{% macro fraction_decimals(text) -%}
case {{ text }}
    {% for sign, decimals in {'½': '5', '¼': '25', '¾': '75', '⅛': '125', '⅜': '375', '⅝': '625', '⅞': '875', '⅕': '2', '⅖': '4', '⅗': '6', '⅘': '8'}.items() -%}
    when '{{ sign }}' then ',{{ decimals }}'
    {% endfor -%}
end
{%- endmacro %}

{# How a value cell reads. The text has plain minus signs, and no word that makes it a bound (bounds.sql).
   Certain: dash, number, fraction (3½), power (5·10³), number_with_change, pairs.
   Certain where the table says so: pointed (1.234), grouped (1,234), decimal_point (3.10, which may be a date, a time or
   a paragraph), bracketed ((21,4)), trailing_minus (12-), number_with_previous (9,1 % (9,4 %)), unit_first (kr 12).
   Else: other. #}
{% macro value_form(text) -%}
case
    when regexp_full_match({{ text }}, '-{1,3}') then 'dash'
    when regexp_full_match({{ text }}, '{{ code_pattern() }}') then 'other'
    when regexp_full_match({{ text }}, '[+-]? ?[1-9]\d{0,2}\.\d{3}') then 'pointed'
    when regexp_full_match({{ text }}, '[+-]? ?[1-9]\d{0,2}(?: \d{3})*,\d{3}') then 'grouped'
    when regexp_full_match({{ text }}, '[1-5]?\d\.\d{1,2}') and not starts_with({{ text }}, '0') then 'decimal_point'
    when regexp_full_match({{ text }}, '\( ?{{ number_pattern() }} ?[%‰]? ?\)') then 'bracketed'
    when regexp_matches({{ text }}, '{{ number_cell_pattern() }}') then 'number'
    when regexp_full_match({{ text }}, '{{ unsigned_number_pattern() }}-') then 'trailing_minus'
    when regexp_full_match({{ text }}, '{{ fraction_pattern() }}') then 'fraction'
    when regexp_full_match({{ text }}, '{{ power_pattern() }}') then 'power'
    when regexp_matches({{ text }}, '{{ unit_first_pattern() }}') then 'unit_first'
    when regexp_full_match({{ text }}, '{{ number_pattern() }} ?(?:(?:[%‰]|[a-zåäöA-ZÅÄÖ]{1,12})? ?\( ?[+-] ?{{ unsigned_number_pattern() }} ?%? ?\)|[a-zåäöA-ZÅÄÖ]{0,12} ?\( ?{{ unsigned_number_pattern() }} ?% ?\))') then 'number_with_change'
    when regexp_full_match({{ text }}, '{{ number_pattern() }} ?% ?\( ?{{ number_pattern() }} ?% ?\)|{{ number_pattern() }} ?\( ?{{ number_pattern() }} ?\)') then 'number_with_previous'
    when regexp_full_match({{ text }}, '(?:[a-zåäöA-ZÅÄÖ][a-zåäöA-ZÅÄÖ ]{0,24}\d{0,4} ?: ?{{ number_pattern() }} ?(?:[%‰]|[a-zåäöA-ZÅÄÖ]{1,8})?[ ,;]*){2,}') then 'pairs'
    else 'other'
end
{%- endmacro %}
