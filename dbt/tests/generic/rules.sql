{#
    What a table promises of each of its rows, all in one node: a node costs dbt more than its rows cost DuckDB. What
    comes back are broken promises: the rule, its column or columns, the value, how many rows there are, and, but of values that are there twice, one of
    them.

    grain: columns of which no two rows agree in all; nulls count as equal, for a key that is null twice is no key.
    unique: columns whose values, null aside, are there once. not_null: columns. trimmed: texts that are there, without
    spaces at their ends and with single ones in them. text_length: characters of a code by column; one that was read as a
    number has lost its leading zeros (`0180` becomes `180`). matchable: columns of terms with their form (macro
    matchable_form). accepted: the values that a column may have, null aside. known: `to` and `field` where the values of a
    column, null aside, are to be found.
#}
{% test rules(model, grain=[], unique=[], not_null=[], trimmed=[], text_length={}, matchable={}, accepted={}, known={}) %}

{%- set broken = [] -%}
{%- if grain -%}
    {%- do broken.append(repeated(model, 'unique_combination', grain)) -%}
{%- endif -%}
{%- for column in unique -%}
    {%- do broken.append(repeated(model, 'unique', [column], column ~ ' is not null')) -%}
{%- endfor -%}
{%- for column in not_null -%}
    {%- do broken.append(broken_rule(model, 'not_null', [column], column ~ ' is null')) -%}
{%- endfor -%}
{%- for column in trimmed -%}
    {%- set wrong = column ~ " is null or " ~ column ~ " = '' or " ~ column ~ " != " ~ collapsed(column) -%}
    {%- do broken.append(broken_rule(model, 'trimmed', [column], wrong)) -%}
{%- endfor -%}
{%- for column, length in text_length.items() -%}
    {%- set wrong = column ~ " is null or typeof(" ~ column ~ ") != 'VARCHAR' or length(" ~ column ~ ") != " ~ length -%}
    {%- do broken.append(broken_rule(model, 'text_length', [column], wrong)) -%}
{%- endfor -%}
{%- for column, form in matchable.items() -%}
    {%- set wrong = column ~ " is null or " ~ column ~ " = '' or " ~ column ~ " is distinct from " ~ matchable_form(column, form) -%}
    {%- do broken.append(broken_rule(model, 'matchable_term', [column], wrong)) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
    {%- do broken.append(broken_rule(model, 'accepted_values', [column], column ~ " not in ('" ~ values | join("', '") ~ "')")) -%}
{%- endfor -%}
{%- for column, place in known.items() -%}
    {%- set found = "select 1 from " ~ place.to ~ " as known where known." ~ place.field ~ " = tested." ~ column -%}
    {%- do broken.append(broken_rule(model, 'relationships', [column], column ~ " is not null and not exists (" ~ found ~ ")")) -%}
{%- endfor -%}
{{ broken | join('\nunion all\n') }}

{% endtest %}
