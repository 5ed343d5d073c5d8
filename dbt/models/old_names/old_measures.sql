{{ config(alias='measures') }}

{{ with_old_names('measures', {'value_numeric': 'value', 'fact_keys': ["array_to_string(fact_keys, ', ')", 'fact_keys']}) }}
