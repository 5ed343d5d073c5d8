-- A table: other views look into it again and again, and DuckDB 1.5.5 died of it as a view inside views.
with
statistic_values as (select * from {{ ref('fct_statistic') }}),

statistics as (select * from {{ ref('dim_statistic') }}),

units as (select * from {{ ref('units') }}),

inhabitants as (select * from {{ ref('int_inhabitants') }}),

municipalities as (select * from {{ ref('dim_municipality') }}),

neighbours as (select * from {{ ref('bridge_comparable_municipality') }}),

prices as (select * from {{ ref('price_index') }}),

real_municipalities as (
    select *, count(*) over () as n_municipalities, count(*) over (partition by county_code) as n_of_county
    from municipalities
    where municipality_code != 'none'
),

people as (
    select municipality_code, year, inhabitants_as_divided as inhabitants
    from inhabitants
    union all
    -- The country is all of them or nothing.
    select '0000' as municipality_code, inhabitants.year, sum(inhabitants.inhabitants) as inhabitants
    from inhabitants
    inner join real_municipalities using (municipality_code)
    group by inhabitants.year
    having count(*) = max(real_municipalities.n_municipalities)
),

-- Amounts are compared per inhabitant, everything else as it is.
valued as (
    select
        statistic_values.statistic_key,
        statistics.title,
        statistics.comparable_area,
        statistics.is_additive,
        statistic_values.municipality_code,
        statistic_values.year,
        statistic_values.value_numeric,
        statistic_values.unit,
        statistic_values.per,
        statistic_values.status,
        statistic_values.source_key,
        statistic_values.edition,
        statistic_values.is_raw,
        people.inhabitants,
        statistic_values.value_numeric * cast(units.factor_to_base as double) as amount,
        case when statistics.is_additive then amount / nullif(people.inhabitants, 0) else statistic_values.value_numeric end as compared_value,
        case when statistics.is_additive then units.base_unit_key else statistic_values.unit end as compared_unit
    from statistic_values
    inner join statistics using (statistic_key)
    left join units on statistic_values.unit = units.unit_key
    left join people
        on statistic_values.municipality_code = people.municipality_code and statistic_values.year = people.year
    where
        statistic_values.is_current
        and statistic_values.gender = 'T'
        and statistic_values.value_numeric is not null
),

-- By itself, or DuckDB joins all municipalities with all first.
pairs as materialized (
    select
        valued.statistic_key,
        valued.year,
        valued.municipality_code,
        valued.compared_value,
        neighbours.comparable_code,
        neighbours.year as similar_year
    from valued
    inner join neighbours
        on valued.comparable_area = neighbours.comparable_area and valued.municipality_code = neighbours.municipality_code
    where neighbours.is_current and valued.compared_value is not null
),

-- Of fewer than half of the similar ones the middle says nothing.
similar_values as (
    select
        pairs.statistic_key,
        pairs.municipality_code,
        pairs.year,
        max(pairs.similar_year) as similar_year,
        count(*) as similar_count,
        median(valued.compared_value) as similar_median,
        1 + count(*) filter (where valued.compared_value < pairs.compared_value) as similar_rank
    from pairs
    inner join valued
        on pairs.statistic_key = valued.statistic_key
            and pairs.year = valued.year
            and pairs.comparable_code = valued.municipality_code
    where valued.compared_value is not null
    group by all
    having count(*) >= 4
),

-- In one order, or the last digit of a sum differs from run to run.
-- A county or the country as a whole; of what is no sum the plain mean, as Kolada's own groups have it.
county_values as (
    select
        valued.statistic_key,
        valued.year,
        real_municipalities.county_code,
        case when valued.is_additive then sum(valued.amount order by valued.municipality_code) / nullif(sum(valued.inhabitants), 0) else avg(valued.compared_value order by valued.municipality_code) end as county_value
    from valued
    inner join real_municipalities using (municipality_code)
    where valued.compared_value is not null
    group by valued.statistic_key, valued.year, real_municipalities.county_code, valued.is_additive
    having count(*) = max(real_municipalities.n_of_county)
),

all_values as (
    select
        valued.statistic_key,
        valued.year,
        case when valued.is_additive then sum(valued.amount order by valued.municipality_code) / nullif(sum(valued.inhabitants), 0) else avg(valued.compared_value order by valued.municipality_code) end as country_value
    from valued
    inner join real_municipalities using (municipality_code)
    where valued.compared_value is not null
    group by valued.statistic_key, valued.year, valued.is_additive
    having count(*) = max(real_municipalities.n_municipalities)
),

country_values as (
    select statistic_key, year, compared_value as country_value
    from valued
    where municipality_code = '0000'
)

select
    valued.statistic_key,
    valued.title,
    valued.municipality_code,
    real_municipalities.municipality_name,
    real_municipalities.county_name,
    valued.year,
    valued.value_numeric,
    valued.unit,
    valued.per,
    valued.is_additive,
    valued.status,
    cast(valued.inhabitants as integer) as inhabitants,
    valued.compared_value,
    valued.compared_unit,
    case when compared_units.base_unit_key = 'kr' then round(valued.compared_value * prices.factor_to_price_year, 2) end as compared_value_fixed_prices,
    case when compared_units.base_unit_key = 'kr' then prices.price_year end as price_year,
    valued.comparable_area,
    similar_values.similar_year,
    cast(similar_values.similar_count as integer) as similar_count,
    similar_values.similar_median,
    cast(similar_values.similar_rank as integer) as similar_rank,
    county_values.county_value,
    coalesce(country_values.country_value, all_values.country_value) as country_value,
    case
        when country_values.country_value is not null then 'published'
        when all_values.country_value is not null then 'computed'
    end as country_basis,
    valued.source_key,
    valued.edition,
    valued.is_raw
from valued
inner join real_municipalities using (municipality_code)
left join units as compared_units on valued.compared_unit = compared_units.unit_key
left join prices using (year)
left join similar_values
    on valued.statistic_key = similar_values.statistic_key
        and valued.municipality_code = similar_values.municipality_code
        and valued.year = similar_values.year
left join county_values
    on valued.statistic_key = county_values.statistic_key
        and valued.year = county_values.year
        and real_municipalities.county_code = county_values.county_code
left join country_values
    on valued.statistic_key = country_values.statistic_key and valued.year = country_values.year
left join all_values
    on valued.statistic_key = all_values.statistic_key and valued.year = all_values.year
