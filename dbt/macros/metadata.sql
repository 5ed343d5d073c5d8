{#
    What is found out about a report as a whole. Belongs here: how sure it must be. Does not belong here: how it is found
    (int_report_municipalities, int_report_committees, int_report_types, int_report_periods).
#}

{# Confidence from which a finding is used; below it the report loads with the unknown member and a human is asked.
   A single strong mention (front_name in a line 0.80, file name 0.72) is above it, weak or contradicted ones are not. #}
{% macro accepted_confidence() -%} 0.7 {%- endmacro %}
