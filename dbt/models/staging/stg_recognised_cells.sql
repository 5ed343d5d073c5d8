-- Apart from stg_cells, for only what judges cells asks how they were read.
with
cells as (select * from {{ source('raw', 'cell') }})

select
    report_id,
    table_seq,
    row_index,
    col_index,
    extraction_basis,
    vouched_by
from cells
where extraction_basis is not null
