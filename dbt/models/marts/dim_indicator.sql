with
named_values as (select * from {{ ref('int_values') }})

select
    indicator_key,
    any_value(organisation_key) as organisation_key,
    any_value(row_label) as indicator_name,
    any_value(group_label) as group_name,
    any_value(indicator_section) as section_name,
    any_value(qualifier) as qualifier,
    any_value(indicator_unit_key) as unit_key,
    cast(null as varchar) as concept_key,
    cast(null as varchar) as concept_name,
    cast(null as varchar) as kolada_kpi_id
from named_values
where fact_table = 'fct_indicator_value'
group by indicator_key
union all
select
    'unknown' as indicator_key,
    'unknown' as organisation_key,
    'Okänd' as indicator_name,
    null as group_name,
    null as section_name,
    null as qualifier,
    'unknown' as unit_key,
    null as concept_key,
    null as concept_name,
    null as kolada_kpi_id
