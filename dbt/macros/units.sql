{#
    Units of money. Belongs here: every list of them that a pattern or condition needs, made of the seeds units and unit_words,
    so that a unit which an analyst adds is known everywhere at once. Does not belong here: what no analyst would add.

    A macro that asks the seeds may stand in models that are built after unit_words (downstream of int_tables or int_columns);
    others name it in a comment, -- depends_on. Before anything is built (lint, parse) the lists hold the krona alone.
#}

{# The rows of unit_words of money as (term, unit_key, factor), the longest terms first. #}
{% macro money_terms() -%}
    {%- set terms = [('kr', 'kr', 1)] -%}
    {%- if execute -%}
        {%- set words = adapter.get_relation(database=target.database, schema='vocabulary', identifier='unit_words') -%}
        {%- set units = adapter.get_relation(database=target.database, schema='vocabulary', identifier='units') -%}
        {%- if words is not none and units is not none -%}
            {%- set query -%}
                select distinct unit_words.term, unit_words.unit_key, units.factor_to_base
                from {{ words }} as unit_words inner join {{ units }} as units using (unit_key)
                where units.dimension = 'money' and unit_words.context in ('any', 'suffix')
                order by length(unit_words.term) desc, unit_words.term
            {%- endset -%}
            {%- set terms = run_query(query).rows | map('list') | list -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(terms) }}
{%- endmacro %}

{# Units of money as a line of text states them for the figures below it; the text is lower case (milj. kr). #}
{% macro money_pattern() -%}
    {{ money_terms() | map(attribute=0) | join('|') | replace(' ', '\\.? ') }}
{%- endmacro %}

{# Thousands, millions and billions of money: in kronor a cell or label may as well state a price. #}
{% macro large_money_pattern() -%}
    {{ (money_terms() | selectattr(2, 'gt', 1) | map(attribute=0) | join('|') | replace(' ', '\\.? ')) or 'tkr' }}
{%- endmacro %}

{# Whether a key is that of a unit of money. #}
{% macro is_money_unit(unit_key) -%}
    {{ unit_key }} in ({% for key in money_terms() | map(attribute=1) | unique | sort %}'{{ key }}'{% if not loop.last %}, {% endif %}{% endfor %})
{%- endmacro %}

{# A label without the unit of money at its end, whatever stands between the two: "Årets resultat, tsek", "Resultat (mnkr)". #}
{% macro without_money_unit(label) -%}
    regexp_replace(regexp_replace({{ label }}, '\s*\([^()]*\)$', ''), '(?i)(?:,|:| -| i)?\s+(?:{{ money_pattern() }})[.:]?$', '')
{%- endmacro %}
