{{ config(alias='dim_organisation') }}

{{ with_old_names('dim_organisation', {'municipality_code': 'municipality_key', 'committee': 'committee_name'}) }}
