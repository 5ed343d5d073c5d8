with
units as (select * from {{ ref('units') }})

select
    unit_key,
    name_sv,
    name_en,
    dimension,
    base_unit_key,
    factor_to_base
from units
