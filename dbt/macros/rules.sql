{# What the generic test `rules` is made of. #}

{# Rows of one rule: the rows of `model` where `wrong`, gathered by the value of `columns`. #}
{% macro broken_rule(model, rule, columns, wrong) -%}
select
    '{{ rule }}' as rule,
    '{{ columns | join(", ") }}' as columns,
    {{ values_of(columns) }} as value,
    count(*) as n_rows,
    min(left(cast(tested as varchar), 300)) as one_of_them
from {{ model }} as tested
where {{ wrong }}
group by {{ columns | join(', ') }}
{%- endmacro %}

{# The same of values that stand in more than one row. No row is shown: each would be written out to choose one. #}
{% macro repeated(model, rule, columns, which='true') -%}
select
    '{{ rule }}' as rule,
    '{{ columns | join(", ") }}' as columns,
    {{ values_of(columns) }} as value,
    count(*) as n_rows,
    cast(null as varchar) as one_of_them
from {{ model }}
where {{ which }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- endmacro %}

{% macro values_of(columns) -%}
concat_ws(', ', {% for column in columns %}coalesce(cast({{ column }} as varchar), 'null'){{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#
    A term in the form in which texts are compared with it. The forms: `words` (headers and labels), `word` (a whole cell),
    `letters` (titles, which print stray spaces), `lower`.
#}
{% macro matchable_form(column, form) -%}
{% if form == 'words' -%} trim({{ words(column) }})
{%- elif form == 'word' -%} {{ word(column) }}
{%- elif form == 'letters' -%} regexp_replace(lower({{ column }}), '[^a-zåäöé]', '', 'g')
{%- elif form == 'lower' -%} lower({{ collapsed(column) }})
{%- else -%} {{ exceptions.raise_compiler_error("matchable_form knows no form " ~ form) }}
{%- endif %}
{%- endmacro %}
