{{ config(materialized='view') }}

with
catalogues as (select * from {{ source('outside', 'statistic') }}),

editions as (select * from {{ source('outside', 'source') }}),

parts as (select * from {{ ref('computed_statistics') }}),

concepts as (select * from {{ ref('concepts') }}),

-- The newest catalogue that has it; what the newest edition of a catalogue has no more is withdrawn.
listed as (
    select
        catalogues.* replace (
            catalogues.is_withdrawn or catalogues.source_key != last_value(catalogues.source_key) over (
                partition by editions.publisher, editions.dataset order by editions.as_of, catalogues.source_key
                rows between unbounded preceding and unbounded following
            ) as is_withdrawn
        )
    from catalogues
    inner join editions using (source_key)
    qualify row_number() over (
            partition by catalogues.statistic_key order by editions.as_of desc, catalogues.source_key desc
        ) = 1
),

computed as (
    select
        parts.statistic_key,
        any_value(parts.title) as title,
        any_value(parts.definition) as definition,
        any_value(parts.operating_area) as operating_area,
        any_value(parts.comparable_area) as comparable_area,
        min(listed.unit_key) as unit_key,
        min(listed.per) as per
    from parts
    left join listed on parts.part_key = listed.statistic_key
    group by parts.statistic_key
),

known as (
    select
        *,
        false as is_computed
    from listed
    union all by name
    select
        *,
        'Resurser' as perspective,
        'K' as municipality_type,
        false as is_withdrawn,
        true as is_computed
    from computed
    where statistic_key not in (select statistic_key from listed)
),

directions as (
    select
        coalesce(kolada_kpi_id, statistic_key) as statistic_key,
        min(good_direction) as good_direction
    from concepts
    where coalesce(kolada_kpi_id, statistic_key) is not null
    group by all
    having count(distinct good_direction) = 1
)

select
    known.statistic_key,
    known.title,
    known.definition,
    known.operating_area,
    known.perspective,
    known.municipality_type,
    known.unit_key,
    known.per,
    -- What may be added up and divided by the inhabitants: amounts that are sums. A count may be a mean.
    coalesce(known.unit_key in ('tkr', 'mnkr') and known.per is null, false) as is_additive,
    directions.good_direction,
    known.comparable_area,
    known.is_divided_by_gender,
    known.has_ou_data,
    known.parent_key,
    known.publication_date,
    known.last_year,
    known.is_withdrawn,
    known.is_computed,
    known.source_key
from known
left join directions using (statistic_key)
