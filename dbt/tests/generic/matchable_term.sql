{#
    A term of the vocabulary in the form in which texts are compared with it; in any other form it never matches anything.
    The forms: `words` (headers and labels), `word` (a whole cell), `letters` (titles, which print stray spaces), `lower`.
#}
{% test matchable_term(model, column_name, form) %}

with
terms as (
    select
        {{ column_name }} as term,
        {% if form == 'words' -%} trim({{ words(column_name) }})
        {%- elif form == 'word' -%} {{ word(column_name) }}
        {%- elif form == 'letters' -%} regexp_replace(lower({{ column_name }}), '[^a-zåäöé]', '', 'g')
        {%- elif form == 'lower' -%} lower({{ collapsed(column_name) }})
        {%- else -%} {{ exceptions.raise_compiler_error("matchable_term knows no form " ~ form) }}
        {%- endif %} as matchable_form
    from {{ model }}
)

select term, matchable_form
from terms
where term is null or term = '' or term is distinct from matchable_form

{% endtest %}
