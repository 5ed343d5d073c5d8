{# Where a fact stands and what is printed there: the same columns in every fact table. Whether it is current is settled when
   report_values is made (settle_is_current), and what proves it (settle_proof). #}
{% macro provenance_columns() -%}
kind,
    section,
    unit_name as org_unit,
    group_label,
    table_seq,
    row_index,
    col_index,
    part_index,
    page,
    row_label,
    row_note,
    column_label,
    value_text,
    flag,
    is_total,
    is_misprint,
    is_composite,
    is_ambiguous_column,
    is_dash,
    is_contradicted,
    entity,
    is_of_which,
    scenario_basis,
    unit_detail_key as unit_detail,
    true as is_current
{%- endmacro %}
