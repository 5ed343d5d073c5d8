-- depends_on: {{ ref('unit_words') }}
-- The names under which concepts are printed and the titles of Kolada, in the form in which indicators are compared.
with
concepts as (select * from {{ ref('concepts') }}),

aliases as (select * from {{ ref('concept_aliases') }}),

kpis as (select * from {{ ref('kolada_kpis') }}),

units as (select * from {{ ref('units') }}),

alias_names as (
    select
        concepts.concept_key,
        cast(null as varchar) as kolada_kpi_id,
        aliases.match,
        aliases.label,
        aliases.group_label,
        case
            when aliases.match = 'pattern' then aliases.label
            else {{ name_words("concat_ws(' ', aliases.group_label, aliases.label)") }}
        end as words,
        units.base_unit_key,
        units.dimension = 'money' and concepts.per is not null as is_ratio,
        concepts.is_unit_implied,
        aliases.area
    from aliases
    inner join concepts using (concept_key)
    inner join units on coalesce(aliases.unit_key, concepts.unit_key) = units.unit_key
),

-- The unit that Kolada's title ends in; titles in yes or no, or in a unit of their own, are not compared without it.
kpi_names as (
    select
        cast(null as varchar) as concept_key,
        kpi_id as kolada_kpi_id,
        'label' as match,
        title as label,
        cast(null as varchar) as group_label,
        {{ name_words('title') }} as words,
        case
            when unit in ('percent', 'count', 'days', 'index', 'points') then unit
            when {{ is_money_unit('unit') }} or unit in ('kr_per_inhabitant', 'kr_per_unit') then 'kr'
        end as base_unit_key,
        unit in ('kr_per_inhabitant', 'kr_per_unit') as is_ratio,
        false as is_unit_implied,
        cast(null as varchar) as area
    from kpis
)

select
    *,
    case when match = 'label' then replace(words, ' ', '') end as name_key,
    case when match = 'pattern' then split_part(words, ' ', 1) end as first_word
from alias_names
union all by name
select
    *,
    replace(words, ' ', '') as name_key,
    null as first_word
from kpi_names
