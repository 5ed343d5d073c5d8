{#
    The grain of a model: no two rows agree in all the columns named. Nulls count as equal values, for a key that is null
    twice is no key.
#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
