{# Numbers as Swedish reports print them. Thousands marks are spaces, the decimal mark is a comma; a point is a decimal
   mark before one or two digits, a thousands mark where it stands twice, and ambiguous before three digits. #}

{% macro number_pattern() -%}
[+-]? ?(?:\d{1,3}(?: \d{3})+(?:,\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d+,\d+|\d+\.\d{1,2}|\d+)
{%- endmacro %}

{# What may stand before a number and makes it a bound or an approximation. #}
{% macro bound_pattern() -%}
(?:[<>≥≤=~±] ?|(?i:minst|högst|max|min|under|över|ca\.?|cirka|drygt|knappt|omkring|mer än|mindre än) )?
{%- endmacro %}

{# A label that is nothing but the unit of the rows below it (Tkr, Belopp i mnkr). The text is lower case. #}
{% macro unit_line_pattern() -%}
\(?(?:belopp )?(?:i |, )?(?:{{ money_pattern() }}|procent|%)\)?[.:]?
{%- endmacro %}

{# Labels of what is never money, whatever the unit of the table: shares, counts of persons, rates of tax, money per
   inhabitant. The text is words. #}
{% macro no_money_pattern() -%}
 (?:i|andel i) (?:%|procent) | (?:%|procent) av |[a-zåäö] (?:%|procent) $| [a-zåäö]+s andel av |^ (?:totalt |totala |genomsnittligt )?(?:antal|antalet|andel|andelen|folkmängd|folkmängden|befolkning|invånare|invånarantal|årsarbetare|soliditet|självfinansieringsgrad|kassalikviditet|frisktal|sjukfrånvaro|skattesats|utdebitering) | per (?:invånare|anställd|årsarbetare|elev|barn) |^ (?:kommunal |total )?(?:skattesats|utdebitering) {# -#}
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

{% macro price_pattern() -%}
 (?:[a-zåäö]*pris|timavgift|timtaxa|timkostnad|portionskostnad|dygnskostnad|styckkostnad|[a-zåäö]*peng|skattesats) {# -#}
{%- endmacro %}

{% macro ratio_pattern() -%}
{{ per_pattern() }}|{{ price_pattern() }}
{%- endmacro %}

{# The double that a text matching number_pattern prints. #}
{% macro to_number(text) -%}
try_cast(replace(
    case
        when regexp_full_match(replace({{ text }}, ' ', ''), '[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?')
            then replace(replace(replace({{ text }}, ' ', ''), '.', ''), '+', '')
        else replace(replace({{ text }}, ' ', ''), '+', '')
    end, ',', '.') as double) + 0.0
{%- endmacro %}

{# How a value cell reads, as one of: dash, number, pointed (1.234), bracketed ((21,4)), number_with_change,
   number_with_previous (9,1 % (9,4 %)), pairs, other. The text has plain minus signs. #}
{% macro value_form(text) -%}
case
    when regexp_full_match({{ text }}, '-{1,3}') then 'dash'
    when regexp_full_match({{ text }}, '[+-]? ?\d{1,3}\.\d{3}(?:,\d+)?') then 'pointed'
    when regexp_full_match({{ text }}, '\( ?{{ number_pattern() }} ?[%‰]? ?\)') then 'bracketed'
    when regexp_full_match({{ text }}, '{{ bound_pattern() }}{{ number_pattern() }} ?(?:[%‰]|%-?enheter|[a-zåäöA-ZÅÄÖ][a-zåäöA-ZÅÄÖ./0-9 ]{0,25})?(?:\*| \d\))?') then 'number'
    when regexp_full_match({{ text }}, '{{ number_pattern() }} ?(?:(?:[%‰]|[a-zåäöA-ZÅÄÖ]{1,12})? ?\( ?[+-] ?\d[\d ]*(?:,\d+)? ?%? ?\)|[a-zåäöA-ZÅÄÖ]{0,12} ?\( ?\d[\d ]*(?:,\d+)? ?% ?\))') then 'number_with_change'
    when regexp_full_match({{ text }}, '{{ number_pattern() }} ?% ?\( ?{{ number_pattern() }} ?% ?\)|{{ number_pattern() }} ?\( ?{{ number_pattern() }} ?\)') then 'number_with_previous'
    when regexp_full_match({{ text }}, '(?:[a-zåäöA-ZÅÄÖ][a-zåäöA-ZÅÄÖ ]{0,24}\d{0,4} ?: ?{{ number_pattern() }} ?(?:[%‰]|[a-zåäöA-ZÅÄÖ]{1,8})?[ ,;]*){2,}') then 'pairs'
    else 'other'
end
{%- endmacro %}
