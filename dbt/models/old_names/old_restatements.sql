{{ config(alias='restatements') }}

{{ with_old_names('restatements', {'earlier_value_numeric': 'earlier_value', 'later_value_numeric': 'later_value'}) }}
