{#
    Interpretation report by report. Belongs here: how a model whose every row belongs to one report is brought up to date
    for a batch of reports only. Does not belong here: which reports those are (dagster_project/warehouse/state/working.py writes
    them to main.batch before the build), and what a model says.

    A build without `--vars '{batch: true}'` builds every table anew, as dbt always does. A batch build runs the SQL of a
    per-report model over the rows of the batch alone: between such models, ref() and source() lead to relations of the
    same name in a database in memory, `batch`, which hold those rows. What comes out replaces the rows of these reports
    in the table. All other models and every test see the whole tables.

    A step of such a model (ephemeral, with the config within_batch) reads what the model reads that it is compiled into.

    Materialisations: per_report (a table) and per_report_view (a view, only read in the batch: the view itself stays).
    The config report_column names the column that says whose row it is: report_id (default) or report_key.
#}

{% macro is_per_report(node) -%}
    {{ return(node is not none and node.config.materialized in ['per_report', 'per_report_view']) }}
{%- endmacro %}

{# A step of a per-report model that has no relation of its own: no other model may read it. #}
{% macro is_step(node) -%}
    {{ return(node.config.materialized == 'ephemeral' and node.config.get('within_batch', false)) }}
{%- endmacro %}

{# The relation that the model being built should read: its rows of the batch where that is all it may look at. #}
{% macro within_batch(relation, name) -%}
    {%- if execute and var('batch', false) and (is_per_report(model) or is_step(model)) -%}
        {#- A raw table has no node; a seed is found under no model's name. -#}
        {%- if name is none or is_per_report(graph.nodes.get('model.' ~ project_name ~ '.' ~ name)) -%}
            {{ return(batch_relation(relation)) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro batch_relation(relation) -%}
    {{ return(api.Relation.create(database='batch', schema=relation.schema, identifier=relation.identifier)) }}
{%- endmacro %}

{# The raw rows of the batch; on-run-start of every build, nothing to do in one of everything. #}
{% macro begin_batch() -%}
    {%- if execute and var('batch', false) -%}
        {#- All at once and here: two models that make the same schema at the same time are in each other's way. -#}
        {%- set schemas = "select schema_name from duckdb_schemas() where database_name = current_database() and not internal" -%}
        {%- for (schema,) in run_query(schemas).rows %}
            create schema if not exists batch.{{ schema }};
        {%- endfor %}
        {%- set tables = "select table_name from duckdb_tables() where schema_name = 'raw' and database_name = current_database()" -%}
        {%- for (table,) in run_query(tables).rows %}
            create or replace table batch.raw.{{ table }} as
            select * from raw.{{ table }} where report_id in (select report_id from main.batch);
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}

{# The keys of the batch in the form in which this model says whose row it is. #}
{% macro batch_keys() -%}
    {%- set column = config.get('report_column', 'report_id') -%}
    {{ column }} in (select {{ 'report_id' if column == 'report_id' else hash_key(['report_id']) }} from main.batch)
{%- endmacro %}

{% materialization per_report, adapter='duckdb' %}
    {%- if not var('batch', false) -%}
        {{ return(dbt.materialization_table_duckdb()) }}
    {%- endif -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set rows = batch_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {%- call statement('batch', auto_begin=False) -%}
        {# Filtered, for a model may also read tables that hold more than the batch. #}
        create or replace table {{ rows }} as
        select * from (
{{ compiled_code }}
        ) where {{ batch_keys() }}
    {%- endcall -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        delete from {{ target }} where {{ batch_keys() }};
        insert into {{ target }} by name select * from {{ rows }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization per_report_view, adapter='duckdb' %}
    {%- if not var('batch', false) -%}
        {{ return(dbt.materialization_view_default()) }}
    {%- endif -%}
    {%- call statement('main', auto_begin=False) -%}
        create or replace view {{ batch_relation(this) }} as
{{ compiled_code }}
    {%- endcall -%}
    {{ return({'relations': [this.incorporate(type='view')]}) }}
{% endmaterialization %}

{# --- what holds across reports -------------------------------------------------------------------------------------- #}

{#
    Whether a figure is the one that holds is told by all reports, and a fact table is made of one report at a time: each
    of its rows begins as current, and is settled here, over the whole table, once int_current_figures knows.
#}
{% macro settle_is_current(fact_table) -%}
    update marts.{{ fact_table }} as facts
    set is_current = current_figures.is_current
    from intermediate.int_current_figures as current_figures
    where facts.fact_key = current_figures.fact_key and facts.is_current is distinct from current_figures.is_current
{%- endmacro %}

{# So is what proves a figure, for another report may state it again. #}
{% macro settle_proof(fact_table) -%}
    update marts.{{ fact_table }} as facts
    set proof = proofs.proof, is_doubtful = proofs.is_doubtful
    from intermediate.int_figure_proofs as proofs
    where
        facts.fact_key = proofs.fact_key
        and (facts.proof is distinct from proofs.proof or facts.is_doubtful is distinct from proofs.is_doubtful)
{%- endmacro %}
