-- Labels that several reports print and the vocabulary does not know; each is a candidate for a line in a seed
-- (`kommunlager map`). What one report alone prints, `unmapped_labels` lists without a warning: that never ends. An
-- indicator counts only where a known name is very like it: most indicators are printed by one committee alone.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'unmapped_labels'}}}) }}

select label_type, label, reports, values, suggested_label, suggested_key, score
from {{ ref('unmapped_labels') }}
where reports > 1 and (label_type != 'indicator' or suggested_key is not null)
