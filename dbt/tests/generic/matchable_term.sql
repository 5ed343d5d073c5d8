{# A term of the vocabulary that is not in the form in which texts are compared with it: it never matches anything. #}
{% test matchable_term(model, column_name, form) %}

with
terms as (
    select
        {{ column_name }} as term,
        {{ matchable_form(column_name, form) }} as matchable_form
    from {{ model }}
)

select term, matchable_form
from terms
where term is null or term = '' or term is distinct from matchable_form

{% endtest %}
