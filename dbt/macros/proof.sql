{# What makes arithmetic evidence of a number. Belongs here: how strong a figure is, and the keys of identities. Does not belong
   here: which identities a table claims (int_identities) and what they prove (int_identity_figures, int_stated_again). #}

{# Digits of a number down to the last place that its rounding (half of that place) leaves, zeros at its end left out: numbers
   of few digits, and round ones, are the same or add up by chance. 0 where there are more than a hugeint holds. #}
{% macro significant_digits(number, rounding) -%}
coalesce(length(rtrim(cast(try_cast(round(abs({{ number }}) / (2 * {{ rounding }})) as hugeint) as varchar), '0')), 0)
{%- endmacro %}

{# One that holds for the same figures keeps its key, wherever they stand. #}
{% macro identity_key(type, fact_key, other_fact_key=none) -%}
{{ hash_key([type, fact_key] + ([other_fact_key] if other_fact_key is not none else [])) }}
{%- endmacro %}
