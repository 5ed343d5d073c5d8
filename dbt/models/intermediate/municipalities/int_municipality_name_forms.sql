with
municipalities as (select * from {{ ref('municipalities') }}),

municipality_names as (select * from {{ ref('municipality_names') }}),

ambiguous as (select * from {{ ref('ambiguous_municipalities') }}),

names as (
    select
        municipality_code,
        municipality_name,
        municipality_name as printed_name,
        municipality_name in (select municipality_name from ambiguous) as is_ambiguous
    from municipalities
    where municipality_code != 'none'
    union all
    select
        municipality_names.municipality_code,
        municipalities.municipality_name,
        municipality_names.name as printed_name,
        -- A short form alone is no name; "Falu kommun" is.
        true as is_ambiguous
    from municipality_names
    inner join municipalities using (municipality_code)
    where municipality_names.use = 'name'
),

spellings as (
    select *, unnest(list_distinct([lower(printed_name), replace(lower(printed_name), '-', ' '), replace(lower(printed_name), ' ', '-')])) as spelling
    from names
)

select municipality_code, is_ambiguous, spelling as name_form from spellings
union all
select municipality_code, is_ambiguous, spelling || 's' as name_form from spellings
where right(spelling, 1) not in ('s', 'x', 'z')
