{#
    How one candidate is taken. Belongs here: the one way in which the first of several possible readings is chosen. Does
    not belong here: what makes a candidate, and what it rests on (the models whose names end in _candidates say so).
#}

{# The first candidate of each key, in the order given; the order must leave no ties between different answers. #}
{% macro chosen(candidates, key, order) -%}
select *
from {{ candidates }}
qualify row_number() over (partition by {{ key }} order by {{ order }}) = 1
{%- endmacro %}
