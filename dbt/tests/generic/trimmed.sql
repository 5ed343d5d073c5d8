{# A text that is there, without spaces at its ends and with single spaces in it. #}
{% test trimmed(model, column_name) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or {{ column_name }} = '' or {{ column_name }} != {{ collapsed(column_name) }}

{% endtest %}
