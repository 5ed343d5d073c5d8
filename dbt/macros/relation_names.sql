{#
    How relations are named. Belongs here: which schema a model lands in and how one model names another.
    Does not belong here: anything about what a model contains.
#}

{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The layer's own name (`marts`), not dbt's default `main_marts`: schemas are public interface. -#}
    {{ return(custom_schema_name | trim if custom_schema_name else target.schema) }}
{%- endmacro %}

{% macro ref() -%}
    {#-
        Without the database name: DuckDB keeps a view's text as it was written, and a view that names the working
        database ("working"."marts"."x") does not bind any more in the published copy, whose name is another.
    -#}
    {%- set relation = builtins.ref(*varargs, **kwargs).include(database=false) -%}
    {{ return(within_batch(relation, varargs[-1])) }}
{%- endmacro %}

{% macro source() -%}
    {{ return(within_batch(builtins.source(*varargs, **kwargs).include(database=false), none)) }}
{%- endmacro %}
