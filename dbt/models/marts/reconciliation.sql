with
identities as (select * from {{ ref('int_identities') }}),

named_values as (select * from {{ ref('int_values') }})

select
    identities.report_id,
    identities.table_seq,
    identities.row_index,
    identities.col_index,
    identities.identity_type,
    named_values.section,
    named_values.row_label,
    named_values.column_label,
    named_values.unit_key as unit,
    identities.components,
    identities.printed,
    cast(round(identities.computed, 6) as double) as computed,
    cast(round(identities.difference, 6) as double) as difference,
    cast(round(identities.tolerance, 6) as double) as tolerance,
    identities.holds as is_holding,
    identities.is_proven,
    {{ identity_key('identities.identity_type', 'named_values.fact_key') }} as identity_key,
    named_values.fact_key
from identities
inner join named_values
    on identities.report_id = named_values.report_id
        and identities.table_seq = named_values.table_seq
        and identities.row_index = named_values.row_index
        and identities.col_index = named_values.value_col_index
        and (named_values.part_index = 1 or named_values.cell_type = 'glued')
