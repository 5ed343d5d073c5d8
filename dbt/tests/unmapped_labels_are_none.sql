-- Labels that the vocabulary does not know; each is a candidate for a line in a seed.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'unmapped_labels'}}}) }}

select label_type, label, reports, values from {{ ref('unmapped_labels') }}
