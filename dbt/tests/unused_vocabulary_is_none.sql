-- Rows of the vocabulary that match nothing in any report: normal while there are few reports, a sign of a misspelt row
-- when there are many.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'unused_vocabulary'}}}) }}

select seed, term, meaning from {{ ref('unused_vocabulary') }}
