{#
    Names of organisations. Belongs here: how a committee's name is found in a text, when two spellings are one name, and
    the key of an organisation. Does not belong here: which names mean the same by decision (seeds/vocabulary/organisation_names.csv).
#}

{# A committee in a text: words joined by hyphens, commas and "och" before nämnd, styrelse or utskott, with an adjective
   before them (Tekniska, tekniska) and a district behind (Hisingen), or "Nämnden för …". #}
{% macro committee_pattern() -%}
(?i:nämnden för) [A-ZÅÄÖa-zåäöé]+(?:(?:,|-| och| samt| o| &)? [A-ZÅÄÖa-zåäöé]+){0,3}|[A-ZÅÄÖ][a-zåäöé]*nämnd [a-zåäöé]+(?: och)?(?: [a-zåäöé]+)?$|(?:[A-ZÅÄÖ][A-ZÅÄÖa-zåäöé]*(?:[as]|isk|sam) |[a-zåäö]*iska? )?(?:[A-ZÅÄÖa-zåäöé]+(?:-?, ?|- )){0,3}(?:[A-ZÅÄÖa-zåäöé]+-? ?(?i:och|samt|o|&) ){0,2}[A-ZÅÄÖa-zåäöé]*-?(?i:nämnden|nämnd|styrelsen|styrelse|utskottet|utskott|fullmäktige)s?(?: [A-ZÅÄÖ][a-zåäöé]+(?:-[A-ZÅÄÖ][a-zåäöé]+)?)?
{%- endmacro %}

{# The name by which two spellings are compared: lower case, "och", "o", "samt" and "&" as one, no hyphens, commas or
   articles, no genitive: Barn- och utbildningsnämndens, BARN OCH UTBILDNINGSNÄMND -> barn och utbildningsnämnd. #}
{% macro organisation_form(name) -%}
trim(regexp_replace(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                ' ' || replace(lower(nfc_normalize({{ plain_minus(name) }})), ' ', '  ') || ' ',
                ' (?:o|samt|&|\+) ', ' och ', 'g'
            ),
            '[^a-zåäöéü0-9]+', ' ', 'g'
        ),
        '(nämnd|styrelse|utskott|förvaltning|avdelning|verksamhet|kontor|enhet|sektor|beredning)(?:ens|en|ets|et|ns|n|s)? ', '\1 ', 'g'
    ),
    ' +', ' ', 'g'
))
{%- endmacro %}

{# The key of an organisation. An unknown municipality is another one in every report, so the report is part of the key. #}
{% macro organisation_key(municipality_code, level, committee_form, unit_form, report_id) -%}
case
    when {{ municipality_code }} = 'none'
        then {{ hash_key([municipality_code, level, committee_form, unit_form, report_id]) }}
    else {{ hash_key([municipality_code, level, committee_form, unit_form]) }}
end
{%- endmacro %}

{# The body in the sentence with which an annual report outside the municipalities begins: "Styrelsen för Brf Granbacken får
   härmed avge årsredovisning", "Styrelsen och verkställande direktören för Tierps Bostads AB avger följande …". #}
{% macro accounting_body_pattern() -%}
(?i:styrelsen)(?:,? (?:och|samt)? ?(?:verkställande direktören|vd))?(?: för| i) ([A-ZÅÄÖ].{2,80}?),? (?:får härmed avge|får härmed avlämna|avger|avlämnar|får avge|har upprättat)
{%- endmacro %}
