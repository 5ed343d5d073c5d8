{{ config(alias='budget_variance') }}

{{ with_old_names('budget_variance', {'fact_keys': ["array_to_string(fact_keys, ', ')", 'fact_keys']}) }}
