{#
    Which of several statements of one figure holds. Belongs here: the one order in which every view chooses. Does not
    belong here: which reports are set aside (int_report_pairs) and which figures are outdated (int_current_figures).
#}

{#
    The newest statement first. Every view takes its figures from reports that are not set aside (dim_report.is_current)
    and, where several state the same, the first in this order. The name of a file decides nothing: of two reports that
    are not set aside no bytes are the same.

    figures: a relation with stated_on, sha256 and the place and key of the figure. more: what else goes before the place.
#}
{% macro newest_first(figures, more=none) -%}
{{ figures }}.stated_on desc nulls last, {% if more %}{{ more }}, {% endif -%}
{{ figures }}.sha256, {{ figures }}.table_seq, {{ figures }}.row_index, {{ figures }}.col_index, {{ figures }}.fact_key
{%- endmacro %}
