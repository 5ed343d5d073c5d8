with
named_values as (select * from {{ ref('int_values') }}),

meanings as (select * from {{ ref('int_indicators') }}),

concepts as (select * from {{ ref('concepts') }}),

printed as (
    select
        indicator_key,
        any_value(organisation_key) as organisation_key,
        any_value(row_label) as indicator_name,
        any_value(group_label) as group_name,
        any_value(indicator_section) as section,
        any_value(qualifier) as qualifier,
        any_value(indicator_unit_key) as unit_key
    from named_values
    where fact_table = 'fct_indicator_value'
    group by indicator_key
)

select
    printed.*,
    meanings.concept_key,
    concepts.name as concept_name,
    meanings.concept_basis,
    meanings.kolada_kpi_id,
    meanings.kolada_basis,
    coalesce(meanings.kolada_kpi_id, concepts.kolada_kpi_id, concepts.statistic_key) as statistic_key
from printed
inner join meanings using (indicator_key)
left join concepts on meanings.concept_key = concepts.concept_key
union all
select
    'unknown' as indicator_key,
    'unknown' as organisation_key,
    'Okänd' as indicator_name,
    null as group_name,
    null as section,
    null as qualifier,
    'unknown' as unit_key,
    null as concept_key,
    null as concept_name,
    null as concept_basis,
    null as kolada_kpi_id,
    null as kolada_basis,
    null as statistic_key
