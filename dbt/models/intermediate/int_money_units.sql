-- The unit of a table of money that prints none: the unit that the report's other tables print, if exactly the size of
-- the figures and the way they are printed allow it; none otherwise, for a wrong factor of a thousand is worse.
with
printed_values as (select * from {{ ref('int_printed_values') }}),

units as (select * from {{ ref('units') }}),

numbers as (
    select
        printed_values.report_id,
        printed_values.table_seq,
        printed_values.printed_unit_key,
        printed_values.expects_money,
        printed_values.kind,
        printed_values.is_plain_total or printed_values.begins_with_total_word as is_total_row,
        abs(printed_values.value_numeric) as magnitude,
        contains(printed_values.number_text, ',') as has_decimals,
        units.dimension,
        units.factor_to_base
    from printed_values
    left join units on printed_values.printed_unit_key = units.unit_key
    where printed_values.value_numeric is not null and not printed_values.is_ratio
),

printed as (
    select
        report_id,
        printed_unit_key as unit_key,
        any_value(factor_to_base) as factor_to_base,
        max(magnitude * factor_to_base) as largest,
        avg(case when has_decimals then 1.0 else 0.0 end) as decimal_share
    from numbers
    where dimension = 'money' and kind in ('financial', 'org_result')
    group by all
),

largest as (
    select report_id, max(largest) as largest, count(*) as n_units from printed
    group by all
),

silent_totals as (
    select distinct report_id, table_seq, magnitude
    from numbers
    where printed_unit_key is null and expects_money and is_total_row and magnitude >= 1000
),

printed_numbers as (
    select distinct report_id, magnitude, printed_unit_key
    from numbers
    where dimension = 'money' and kind in ('financial', 'org_result')
),

-- Two totals that a table with a unit prints to the digit: the tables tell of the same money.
shared_totals as (
    select
        silent_totals.report_id,
        silent_totals.table_seq,
        min(printed_numbers.printed_unit_key) as unit_key
    from silent_totals
    inner join printed_numbers using (report_id, magnitude)
    group by all
    having count(distinct silent_totals.magnitude) > 1 and count(distinct printed_numbers.printed_unit_key) = 1
),

silent as (
    select
        report_id,
        table_seq,
        bool_and(kind = 'measure') as is_measure,
        max(magnitude) as magnitude,
        avg(case when has_decimals then 1.0 else 0.0 end) as decimal_share
    from numbers
    where printed_unit_key is null and expects_money and kind != 'grant'
    group by all
),

candidates as (
    select
        silent.report_id,
        silent.table_seq,
        printed.unit_key
    from silent
    inner join printed using (report_id)
    inner join largest using (report_id)
    where
        silent.magnitude * printed.factor_to_base between largest.largest * case
            -- A measure saves a small part of what is spent.
            when silent.is_measure then 0.0005
            -- Decimals like those of the only unit that the report prints (Finansnetto 2,1 beside mnkr).
            when silent.decimal_share >= 0.5 and largest.n_units = 1 then 0.002
            else 0.04
        end and largest.largest * 25
        and (printed.decimal_share >= 0.5) = (silent.decimal_share >= 0.5)
),

sized as (
    select
        report_id,
        table_seq,
        any_value(unit_key) as unit_key
    from candidates
    group by all
    having count(*) = 1
)

select
    report_id,
    table_seq,
    coalesce(shared_totals.unit_key, sized.unit_key) as unit_key
from sized
full outer join shared_totals using (report_id, table_seq)
