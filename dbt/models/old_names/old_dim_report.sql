{{ config(alias='dim_report') }}

{{ with_old_names('dim_report', {'municipality_code': 'municipality_key'}) }}
