with
named_values as (select * from {{ ref('int_values') }})

select
    {{ hash_key(['lower(grantor_name)']) }} as grantor_key,
    min(grantor_name) as grantor_name
from named_values
where grantor_name is not null
group by lower(grantor_name)
union all
select
    'unknown' as grantor_key,
    'Okänd' as grantor_name
