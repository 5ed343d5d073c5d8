-- What proves the number of each figure, and which figures are among those of which one must be wrong.
with
named_values as (select * from {{ ref('int_values') }}),

read_from_pictures as (select * from {{ ref('stg_recognised_cells') }}),

figure_identities as (select * from {{ ref('figure_identity') }}),

-- What binds every digit within one table before what compares it with the coarser of two prints, and a municipality's own
-- word before that of others.
told as (
    select
        fact_key,
        min(list_position(['sum', 'variance', 'stated again', 'national'], kind)) filter (where is_proving) as strongest,
        bool_or(is_broken) as is_broken
    from figure_identities
    group by fact_key
)

select
    named_values.fact_key,
    named_values.report_id,
    -- What was read from a picture is a figure only where something vouches for it.
    coalesce(['sum', 'variance', 'stated again', 'national'][told.strongest], read_from_pictures.vouched_by) as proof,
    coalesce(told.is_broken and told.strongest is null, false) as is_doubtful,
    named_values.value_numeric is not null as is_quantity,
    coalesce(read_from_pictures.extraction_basis, 'text') as extraction_basis
from named_values
left join told using (fact_key)
left join read_from_pictures
    on named_values.report_id = read_from_pictures.report_id
        and named_values.table_seq = read_from_pictures.table_seq
        and named_values.row_index = read_from_pictures.row_index
        and named_values.col_index = read_from_pictures.col_index
