-- One flag hides no other: `flag` is null where none is true, and else names one that is.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

select fact_key, flag, is_total, is_misprint, is_composite, is_ambiguous_column, is_dash
from {{ ref('report_values') }}
where
    (flag is not null) != (is_total or is_misprint or is_composite or is_ambiguous_column or is_dash)
    or (flag = 'total') > is_total
    or (flag = 'misprint') > is_misprint
    or (flag = 'composite_cell') > is_composite
    or (flag = 'ambiguous_column') > is_ambiguous_column
    or (flag = 'dash') > is_dash
