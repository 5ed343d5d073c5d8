{{ config(alias='inhabitants') }}

{{ with_old_names('inhabitants', {'inhabitants_basis': 'population_basis'}) }}
