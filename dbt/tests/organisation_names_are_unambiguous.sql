-- One name means one organisation at a time, and the name it leads to is no other name of something else: a chain or
-- circle would make the organisation depend on the order of rows.
{{ config(meta={'dagster': {'ref': {'name': 'organisation_names'}}}) }}

with
organisation_names as (select * from {{ ref('organisation_names') }}),

formed as (
    select
        *,
        coalesce(municipality_code, '') as place,
        {{ organisation_form('name') }} as name_form,
        {{ organisation_form('canonical_name') }} as canonical_form,
        coalesce(valid_from, date '0001-01-01') as first_day,
        coalesce(valid_to, date '9999-12-31') as last_day
    from organisation_names
)

select one.place, one.name, one.canonical_name, 'valid_from is after valid_to' as reason
from formed as one
where one.first_day > one.last_day
union all
select one.place, one.name, one.canonical_name, 'the same name means ' || other.canonical_name || ' at the same time' as reason
from formed as one
inner join formed as other
    on one.place = other.place
        and one.name_form = other.name_form
        and one.canonical_form != other.canonical_form
        and one.first_day <= other.last_day
        and one.last_day >= other.first_day
union all
select one.place, one.name, one.canonical_name, 'it leads to a name that leads on to ' || other.canonical_name as reason
from formed as one
inner join formed as other
    on one.canonical_form = other.name_form
        and other.name_form != other.canonical_form
        and (one.place = other.place or one.place = '' or other.place = '')
        and one.first_day <= other.last_day
        and one.last_day >= other.first_day
