-- Two amounts of a line that are a thousand or a million times apart below one unit, in columns that agree in every other
-- line: one of them is in another unit than the table says (6 700 | 6 720 300 below tkr), and nothing says which.
with
named_values as (select * from {{ ref('int_values') }}),

amounts as (
    select
        fact_key,
        report_id,
        table_seq,
        row_index,
        value_col_index as col_index,
        unit_key,
        rounding,
        abs(value_numeric) as magnitude
    from named_values
    where
        amount_sek is not null and value_numeric != 0 and part_index = 1
        and scenario_key in ('actual', 'budget', 'budget_original', 'budget_revised', 'forecast', 'plan')
),

compared as (
    select
        one.fact_key,
        other.fact_key as other_fact_key,
        one.magnitude - other.magnitude as difference,
        greatest(one.rounding, other.rounding) as tolerance,
        least(one.magnitude, other.magnitude) as smaller,
        abs(log10(one.magnitude / other.magnitude)) as power,
        max(abs(log10(one.magnitude / other.magnitude))) over of_columns as largest_power,
        count(*) filter (where abs(log10(one.magnitude / other.magnitude)) > 1) over of_columns as n_apart,
        count(*) over of_columns as n_lines
    from amounts as one
    inner join amounts as other
        on one.report_id = other.report_id
            and one.table_seq = other.table_seq
            and one.row_index = other.row_index
            and one.unit_key = other.unit_key
            and one.col_index < other.col_index
    window of_columns as (partition by one.report_id, one.table_seq, one.col_index, other.col_index)
),

pairs as (
    select *
    from compared
    where
        power = largest_power and n_apart = 1 and n_lines > 2 and smaller >= 10
        and (power between 2.9 and 3.1 or power between 5.9 and 6.1)
)

select
    {{ identity_key("'scale'", 'fact_key', 'other_fact_key') }} as identity_key,
    fact_key,
    difference,
    tolerance
from pairs
union all
select
    {{ identity_key("'scale'", 'fact_key', 'other_fact_key') }} as identity_key,
    other_fact_key as fact_key,
    -difference as difference,
    tolerance
from pairs
