-- Inhabitants as a user states them, else as SCB publishes them, and of the municipality as it was divided in that year.
with
stated as (select * from {{ ref('population') }}),

statistics as (select * from {{ ref('fct_statistic') }}),

sources as (select * from {{ ref('dim_source') }}),

municipalities as (select * from {{ ref('municipalities') }}),

changes as (select * from {{ source('outside', 'municipality_change') }}),

published as (
    select
        statistics.municipality_code,
        statistics.year,
        statistics.value_numeric as inhabitants,
        sources.attribution || ', ' || sources.title as source,
        statistics.source_key,
        statistics.edition,
        statistics.is_raw
    from statistics
    inner join sources using (source_key)
    inner join municipalities using (municipality_code) -- Kolada counts those of regions too
    where
        statistics.statistic_key = 'scb_population'
        and statistics.gender = 'T'
        and statistics.is_current
        and statistics.value_numeric is not null
),

-- An edition by a later division counts those apart that have been founded since: until then they were a part of another.
founded_later as (
    select
        changes.other_code as municipality_code,
        published.year,
        published.source_key,
        sum(published.inhabitants) as inhabitants
    from published
    inner join changes on published.municipality_code = changes.municipality_code and published.year < changes.year
    where changes.kind = 'split'
    group by all
),

as_divided as (
    select
        published.municipality_code,
        published.year,
        case when changes.year is null then published.inhabitants + coalesce(founded_later.inhabitants, 0) end as inhabitants_as_divided
    from published
    left join founded_later using (municipality_code, year, source_key)
    left join changes
        on published.municipality_code = changes.municipality_code and published.year < changes.year and changes.kind = 'split'
)

select
    municipality_code,
    year,
    coalesce(stated.inhabitants, published.inhabitants) as inhabitants,
    case when stated.inhabitants is not null then 'seed' else 'published' end as inhabitants_basis,
    coalesce(stated.inhabitants, as_divided.inhabitants_as_divided) as inhabitants_as_divided,
    case when stated.inhabitants is not null then stated.source else published.source end as source,
    case when stated.inhabitants is null then published.source_key end as source_key,
    case when stated.inhabitants is null then published.edition end as edition,
    case when stated.inhabitants is null then published.is_raw end as is_raw
from published
full outer join stated using (municipality_code, year)
left join as_divided using (municipality_code, year)
