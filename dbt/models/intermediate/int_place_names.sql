-- Names under which a table compares the municipality with others: municipalities and counties.
with
municipalities as (select * from {{ ref('municipalities') }}),

municipality_names as (select * from {{ ref('municipality_names') }}),

ambiguous_municipalities as (select * from {{ ref('ambiguous_municipalities') }}),

names as (
    select
        municipality_name as place_name,
        municipality_code,
        unnest([
            struct_pack(name := municipality_name, is_also_word := municipality_name in (select ambiguous_municipalities.municipality_name from ambiguous_municipalities)),
            struct_pack(name := municipality_name || ' kommun', is_also_word := false),
            struct_pack(name := municipality_name || ' stad', is_also_word := false),
            struct_pack(name := municipality_name || 's kommun', is_also_word := false),
            struct_pack(name := municipality_name || 's stad', is_also_word := false)
        ]) as form
    from municipalities
    where municipality_code != 'none'
    union all
    -- Gbg, Falu kommun
    select
        municipalities.municipality_name as place_name,
        municipality_code,
        unnest([
            struct_pack(name := municipality_names.name, is_also_word := false),
            struct_pack(name := municipality_names.name || ' kommun', is_also_word := false)
        ]) as form
    from municipality_names
    inner join municipalities using (municipality_code)
    where municipality_names.use = 'name'
    union all
    select distinct
        county_name as place_name,
        cast(null as varchar) as municipality_code,
        unnest([
            struct_pack(name := county_name, is_also_word := false)
        ]) as form
    from municipalities
    where municipality_code != 'none'
)

select
    trim({{ words('form.name') }}) as place_words,
    place_name,
    municipality_code,
    form.is_also_word
from names
