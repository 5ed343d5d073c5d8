{#
    Relations as the version before named their columns. Belongs here: how a view of old names is made of a mart. Does not
    belong here: which names were changed (models/old_names).
#}

{# All columns of a mart, those of ``renamed`` (new name to old name, or to the old form as SQL and name) under their old names. #}
{% macro with_old_names(mart, renamed) -%}
select
    * exclude ({{ renamed.keys() | join(', ') }}),
    {% for new, old in renamed.items() -%}
    {{ new if old is string else old[0] }} as {{ old if old is string else old[1] }}{{ ',' if not loop.last }}
    {% endfor -%}
from {{ ref(mart) }}
{%- endmacro %}
