{{ config(alias='dim_indicator') }}

{{ with_old_names('dim_indicator', {'section': 'section_name'}) }}
