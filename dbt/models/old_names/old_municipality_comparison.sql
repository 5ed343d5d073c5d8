{{ config(alias='municipality_comparison') }}

{{ with_old_names('municipality_comparison', {'value_numeric': 'value', 'inhabitants': 'population', 'inhabitants_basis': 'population_basis'}) }}
