-- Reports of which the document does not say surely enough whose they are, of what kind or about which year: a human
-- settles them in reports.yml (docs/metadata.md).
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'reports_to_settle'}}}) }}

select file_name, open_attributes, entry
from {{ ref('reports_to_settle') }}
