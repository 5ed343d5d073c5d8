-- The unit of a table of money that prints none: the unit that the report's other tables print, if exactly the size of
-- the figures and the way they are printed allow it, and where the report prints two, if the larger are impossible, or a
-- table with a unit prints one of its totals or is the same form; none otherwise: a wrong factor of a thousand is worse.
with
printed_values as (select * from {{ ref('int_printed_values') }}),

units as (select * from {{ ref('units') }}),

amounts as (
    select *
    from printed_values
    where value_numeric is not null and part_role = 'value' and expects_money and not is_ratio
),

neighbours as (
    select
        report_id,
        table_seq,
        col_index,
        value_numeric - lag(value_numeric) over (partition by report_id, table_seq, row_index order by col_index) as difference
    from amounts
    where printed_unit_key is null
),

-- A row that says its unit (Ökning mot fg år (tkr)) and prints by how much another row, which says none, differs from column
-- to column, says the unit of that row too, and so of the table.
told_by_differences as (
    select report_id, table_seq, min(unit_key) as unit_key
    from (
        select
            amounts.report_id,
            amounts.table_seq,
            amounts.printed_unit_key as unit_key
        from amounts
        inner join units on amounts.printed_unit_key = units.unit_key
        inner join neighbours using (report_id, table_seq, col_index)
        where
            units.dimension = 'money' and amounts.printed_unit_basis = 'label'
            and abs(amounts.value_numeric) >= 100 and amounts.value_numeric = neighbours.difference
        group by all
        having count(distinct amounts.col_index) > 1
    )
    group by all
    having count(distinct unit_key) = 1
),

-- A row that says its unit (Netto (tkr)) and adds up the rows above it that say none (Intäkter, Kostnader), in two columns:
-- what is added up is in the unit of the sum.
lines_of_sums as (
    select
        *,
        count(printed_unit_key) over (
            partition by report_id, table_seq, col_index order by row_index rows between unbounded preceding and 1 preceding
        ) as n_sums_above
    from amounts
),

told_by_sums as (
    select report_id, table_seq, min(unit_key) as unit_key
    from (
        select
            report_id,
            table_seq,
            col_index,
            any_value(printed_unit_key) as unit_key,
            any_value(value_numeric) filter (where printed_unit_key is not null) as printed,
            sum(value_numeric order by row_index) filter (where printed_unit_key is null) as computed
        from lines_of_sums
        group by report_id, table_seq, col_index, n_sums_above
        having
            count(*) filter (where printed_unit_key is null and value_numeric != 0) > 1
            and bool_and(printed_unit_basis = 'label' and {{ is_money_unit('printed_unit_key') }}) filter (where printed_unit_key is not null)
    )
    where abs(printed) >= 100 and abs(printed - computed) < 1e-6
    group by report_id, table_seq
    having count(distinct col_index) > 1 and count(distinct unit_key) = 1
),

told_by_rows as (
    select report_id, table_seq, min(unit_key) as unit_key
    from (
        select * from told_by_differences
        union all
        select * from told_by_sums
    )
    group by all
    having count(distinct unit_key) = 1
),

numbers as (
    select
        printed_values.report_id,
        printed_values.table_seq,
        coalesce(printed_values.printed_unit_key, case when printed_values.expects_money then told_by_rows.unit_key end) as printed_unit_key,
        printed_values.report_unit_key,
        printed_values.label_words,
        printed_values.scenario_key,
        printed_values.period_start,
        printed_values.period_end,
        printed_values.number_text,
        printed_values.expects_money,
        printed_values.kind,
        printed_values.is_plain_total or printed_values.begins_with_total_word as is_total_row,
        abs(printed_values.value_numeric) as magnitude,
        contains(printed_values.number_text, ',') as has_decimals,
        units.dimension,
        units.factor_to_base
    from printed_values
    left join told_by_rows using (report_id, table_seq)
    left join units on coalesce(printed_values.printed_unit_key, case when printed_values.expects_money then told_by_rows.unit_key end) = units.unit_key
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
    select report_id, max(largest) as largest from printed
    group by all
),

-- In whatever tables, and above columns of dashes too: measures in thousands beside statements in millions are two. What
-- stands beside a figure in its cell is the unit of that figure alone.
report_units as (
    select distinct printed_values.report_id, units.unit_key, units.factor_to_base
    from printed_values
    inner join units on printed_values.printed_unit_key = units.unit_key
    where units.dimension = 'money' and not printed_values.is_ratio and printed_values.printed_unit_basis != 'cell'
),

unit_counts as (
    select report_id, count(*) as n_units
    from report_units
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
    inner join unit_counts using (report_id)
    where
        silent.magnitude * printed.factor_to_base between largest.largest * case
            -- A measure saves a small part of what is spent.
            when silent.is_measure then 0.0005
            -- Decimals like those of the only unit that the report prints (Finansnetto 2,1 beside mnkr).
            when silent.decimal_share >= 0.5 and unit_counts.n_units = 1 then 0.002
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
),

-- The smallest of them, where the figures are too large for all others.
eliminated as (
    select
        silent.report_id,
        silent.table_seq,
        any_value(report_units.unit_key) as unit_key
    from silent
    inner join report_units using (report_id)
    inner join largest using (report_id)
    where silent.magnitude * report_units.factor_to_base <= largest.largest * 25
    group by all
    having count(*) = 1
),

-- A total that a table with a unit prints to the digit, of the same kind and period (Resultat 22,5 in the statement and
-- Totalt 22,5 per service): by itself it may be chance, but not where the size fits no other unit.
one_total as (
    select distinct
        silent_tables.report_id,
        silent_tables.table_seq,
        known_tables.printed_unit_key as unit_key
    from numbers as silent_tables
    inner join numbers as known_tables
        on silent_tables.report_id = known_tables.report_id
            and silent_tables.number_text = known_tables.number_text
            and silent_tables.scenario_key = known_tables.scenario_key
            and silent_tables.period_start = known_tables.period_start
            and silent_tables.period_end = known_tables.period_end
    where
        silent_tables.printed_unit_key is null and silent_tables.expects_money and silent_tables.is_total_row
        and known_tables.dimension = 'money' and known_tables.kind in ('financial', 'org_result')
        and length(regexp_replace(silent_tables.number_text, '\D|^\D*0+', '', 'g')) > 2
),

-- A form that is filled in twice, for two periods, has one unit: the same lines, and figures of one size.
forms as (
    select
        report_id,
        table_seq,
        list_sort(list_distinct(list(label_words))) as lines,
        max(magnitude) as magnitude,
        any_value(printed_unit_key) as printed_unit_key,
        count(printed_unit_key) = count(*) and count(distinct printed_unit_key) = 1 as has_one_unit
    from numbers
    where expects_money
    group by all
    having len(lines) > 4
),

same_form as (
    select distinct
        silent_form.report_id,
        silent_form.table_seq,
        coalesce(one_total.unit_key, known_form.printed_unit_key) as unit_key
    from forms as silent_form
    inner join forms as known_form
        on silent_form.report_id = known_form.report_id and silent_form.table_seq != known_form.table_seq
    left join one_total on known_form.report_id = one_total.report_id and known_form.table_seq = one_total.table_seq
    where
        silent_form.printed_unit_key is null
        and (known_form.has_one_unit or one_total.unit_key is not null)
        and 5 * len(list_intersect(silent_form.lines, known_form.lines)) >= 4 * greatest(len(silent_form.lines), len(known_form.lines))
        and silent_form.magnitude between known_form.magnitude / 25 and known_form.magnitude * 25
),

borne_out as (
    select report_id, table_seq, unit_key from eliminated
    union
    select report_id, table_seq, unit_key from one_total
    union
    select report_id, table_seq, unit_key from same_form
),

settled as (
    select sized.*
    from sized
    inner join unit_counts using (report_id)
    left join borne_out using (report_id, table_seq, unit_key)
    where unit_counts.n_units = 1 or borne_out.report_id is not null
),

-- A unit that the report states for all its amounts is not that of a table whose figures stand elsewhere a thousand or a
-- million times as large: the same line of the same period (an overview in thousands in a report in kronor).
stated_lines as (
    select distinct
        report_id,
        table_seq,
        label_words,
        scenario_key,
        period_start,
        period_end,
        magnitude,
        coalesce(printed_unit_key, report_unit_key) as unit_key,
        printed_unit_key is null as is_stated_by_report
    from numbers
    where expects_money and magnitude > 0 and coalesce(printed_unit_key, report_unit_key) is not null
),

same_lines as (
    select
        small.report_id,
        small.table_seq,
        small.label_words,
        log10(large.magnitude * large_units.factor_to_base / (small.magnitude * small_units.factor_to_base)) as power
    from stated_lines as small
    inner join stated_lines as large
        on small.report_id = large.report_id
            and small.table_seq != large.table_seq
            and small.label_words = large.label_words
            and small.scenario_key = large.scenario_key
            and small.period_start = large.period_start
            and small.period_end = large.period_end
    inner join units as small_units on small.unit_key = small_units.unit_key
    inner join units as large_units on large.unit_key = large_units.unit_key
    where
        small.is_stated_by_report
        and large_units.base_unit_key = small_units.base_unit_key
        and small.magnitude >= 10
),

contradicted as (
    select
        same_lines.report_id,
        same_lines.table_seq,
        -- The power of ten by which all such lines differ is the unit.
        case when count(distinct round(same_lines.power)) = 1 then cast(pow(10, min(round(same_lines.power))) as integer) end as factor
    from same_lines
    where abs(same_lines.power - round(same_lines.power)) < 0.02 and round(same_lines.power) in (3, 6)
    group by all
),

stated_units_of_tables as (
    select distinct report_id, table_seq, report_unit_key
    from numbers
    where report_unit_key is not null
),

contradictions as (
    select
        contradicted.report_id,
        contradicted.table_seq,
        real_units.unit_key as contradicting_unit_key
    from contradicted
    inner join stated_units_of_tables as stated using (report_id, table_seq)
    inner join units as stated_units on stated.report_unit_key = stated_units.unit_key
    left join units as real_units
        on stated_units.base_unit_key = real_units.base_unit_key
            and stated_units.factor_to_base * contradicted.factor = real_units.factor_to_base
)

select
    report_id,
    table_seq,
    coalesce(told_by_rows.unit_key, shared_totals.unit_key, settled.unit_key, contradictions.contradicting_unit_key) as unit_key,
    contradictions.report_id is not null as is_report_unit_contradicted
from settled
full outer join shared_totals using (report_id, table_seq)
full outer join contradictions using (report_id, table_seq)
full outer join told_by_rows using (report_id, table_seq)
