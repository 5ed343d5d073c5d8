{{ config(materialized='view') }}

with
stated as (select * from {{ source('outside', 'statistic_value') }}),

editions as (select * from {{ source('outside', 'source') }}),

parts as (select * from {{ ref('computed_statistics') }}),

statistics as (select * from {{ ref('dim_statistic') }}),

-- Editions keep their values beside each other; the newest is the one to use.
published as (
    select
        stated.*,
        editions.edition,
        row_number() over (
            partition by stated.statistic_key, stated.municipality_code, stated.year, stated.gender
            order by editions.as_of desc, editions.accessed desc, stated.source_key desc
        ) = 1 as is_current
    from stated
    inner join editions using (source_key)
),

part_counts as (
    select
        statistic_key,
        count(*) as n_parts
    from parts
    group by all
),

-- Only where one edition has every part: a sum of some of them would be another figure.
computed as (
    select
        part_counts.statistic_key,
        published.municipality_code,
        published.year,
        published.gender,
        published.source_key,
        published.edition,
        part_counts.n_parts,
        sum(published.value order by published.statistic_key) as value,
        min(published.status) as status
    from published
    inner join parts on published.statistic_key = parts.part_key
    inner join part_counts on parts.statistic_key = part_counts.statistic_key
    where published.is_current and published.value is not null
    group by all
    having count(*) = part_counts.n_parts
),

valued as (
    select
        statistic_key,
        municipality_code,
        year,
        gender,
        value,
        status,
        source_key,
        edition,
        true as is_raw,
        is_current
    from published
    union all by name
    select
        computed.statistic_key,
        computed.municipality_code,
        computed.year,
        computed.gender,
        computed.value,
        computed.status,
        computed.source_key,
        computed.edition,
        -- Another name of one figure is no computation.
        computed.n_parts = 1 as is_raw,
        true as is_current
    from computed
    left join published
        on computed.statistic_key = published.statistic_key
            and computed.municipality_code = published.municipality_code
            and computed.year = published.year
            and computed.gender = published.gender
    where published.statistic_key is null
)

select
    valued.source_key,
    valued.statistic_key,
    valued.municipality_code,
    valued.year,
    valued.gender,
    valued.value as value_numeric,
    statistics.unit_key as unit,
    statistics.per,
    valued.status,
    valued.edition,
    valued.is_raw,
    valued.is_current
from valued
left join statistics using (statistic_key)
