{# Where a fact stands and what is printed there: the same columns in every fact table. #}
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
    entity,
    is_of_which,
    scenario_basis,
    unit_detail_key as unit_detail,
    is_current
{%- endmacro %}
