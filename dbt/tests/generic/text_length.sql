{# A code of a fixed length: one that was read as a number has lost its leading zeros (`0180` becomes `180`). #}
{% test text_length(model, column_name, length) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or typeof({{ column_name }}) != 'VARCHAR' or length({{ column_name }}) != {{ length }}

{% endtest %}
