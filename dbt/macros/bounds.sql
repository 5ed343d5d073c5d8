{# Figures that say less than a number: bounds (färre än 5), ranges (1-4) and suppressed ones (..). Their words are the seed
   bound_words. Belongs here: how their cells are told. Does not belong here: numbers themselves (numbers.sql). #}

{# The bounds that leave a number open; about and exact leave it as it is printed. #}
{% macro open_bounds() -%}
('lt', 'le', 'gt', 'ge')
{%- endmacro %}

{# A range of two numbers (1-4, 85-90 %). The text has plain minus signs. #}
{% macro range_pattern() -%}
(\d+(?:,\d+)?) ?(?:-|till) ?(\d+(?:,\d+)?) ?(?:%|procent)?
{%- endmacro %}

{# Number 1 or 2 of a range; null for any other text. #}
{% macro range_end(text, number) -%}
try_cast(replace(regexp_extract({{ text }}, '^{{ range_pattern() }}$', {{ number }}), ',', '.') as double)
{%- endmacro %}

{# Whether a text is a range that grows; two years are a period. #}
{% macro is_range(text) -%}
coalesce(
    {{ range_end(text, 1) }} < {{ range_end(text, 2) }} and not regexp_matches({{ text }}, '^(?:19|20)\d\d ?(?:-|till)'), false
)
{%- endmacro %}
