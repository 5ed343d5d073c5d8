{{ config(alias='dim_municipality') }}

{{ with_old_names('dim_municipality', {'municipality_code': 'municipality_key'}) }}
