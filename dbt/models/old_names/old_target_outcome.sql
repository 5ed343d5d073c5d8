{{ config(alias='target_outcome') }}

{{ with_old_names('target_outcome', {'group_label': 'group_name', 'section': 'section_name', 'target_value_numeric': 'target_value', 'outcome_value_numeric': 'outcome_value'}) }}
