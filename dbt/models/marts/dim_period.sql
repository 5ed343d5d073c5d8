with
named_values as (select * from {{ ref('int_values') }}),

reports as (select * from {{ ref('int_reports') }}),

bounds as (
    select distinct period_start, period_end from named_values
    where period_start is not null and period_end is not null
    union
    select distinct period_start, period_end from reports
    where period_start is not null and period_end is not null
),

keyed as (
    select
        {{ period_key('period_start', 'period_end') }} as period_key,
        period_start,
        period_end
    from bounds
),

months as (
    select ['januari', 'februari', 'mars', 'april', 'maj', 'juni', 'juli', 'augusti', 'september', 'oktober', 'november', 'december'] as names
)

select
    keyed.period_key,
    case
        when regexp_full_match(keyed.period_key, '\d{4}') then 'year'
        when regexp_full_match(keyed.period_key, '\d{4}-Q\d') then 'quarter'
        when regexp_full_match(keyed.period_key, '\d{4}-H\d') then 'half_year'
        when regexp_full_match(keyed.period_key, '\d{4}-T\d') then 'tertial'
        when regexp_full_match(keyed.period_key, '\d{4}-\d\d') then 'month'
        when regexp_full_match(keyed.period_key, '\d{4}/\d{4}') then 'years'
        else 'span'
    end as period_type,
    keyed.period_start,
    keyed.period_end,
    cast(year(keyed.period_start) as integer) as year,
    case
        when regexp_full_match(keyed.period_key, '\d{4}') then keyed.period_key
        when regexp_full_match(keyed.period_key, '\d{4}-Q\d') then 'kvartal ' || right(keyed.period_key, 1) || ' ' || left(keyed.period_key, 4)
        when regexp_full_match(keyed.period_key, '\d{4}-H\d') then 'halvår ' || right(keyed.period_key, 1) || ' ' || left(keyed.period_key, 4)
        when regexp_full_match(keyed.period_key, '\d{4}-T\d') then 'tertial ' || right(keyed.period_key, 1) || ' ' || left(keyed.period_key, 4)
        when regexp_full_match(keyed.period_key, '\d{4}-\d\d') then months.names[month(keyed.period_start)] || ' ' || year(keyed.period_start)
        when regexp_full_match(keyed.period_key, '\d{4}/\d{4}') then replace(keyed.period_key, '/', '–')
        else months.names[month(keyed.period_start)] || '–' || months.names[month(keyed.period_end)] || ' ' || year(keyed.period_end)
    end as label_sv
from keyed
cross join months
union all
select
    'unknown' as period_key,
    'unknown' as period_type,
    null as period_start,
    null as period_end,
    null as year,
    'okänd' as label_sv
