with
labels as (select * from {{ ref('int_unmapped_labels') }}),

suggestions as (select * from {{ ref('int_label_suggestions') }})

select
    labels.label_type,
    labels.label,
    labels.unit_key as unit,
    labels.reports,
    labels.values,
    labels.example_report_id,
    suggestions.suggested_label,
    suggestions.suggested_key,
    suggestions.score
from labels
left join suggestions
    on labels.label_type = suggestions.label_type
        and labels.label = suggestions.label
        and labels.unit_key is not distinct from suggestions.unit_key
