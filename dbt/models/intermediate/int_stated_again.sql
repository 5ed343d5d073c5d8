-- Figures that another print bears out: another report, or another table of the same one, states the same number.
with
named_values as (select * from {{ ref('int_values') }}),

reports as (select * from {{ ref('int_reports') }}),

report_versions as (select * from {{ ref('int_report_versions') }}),

signs as (select * from {{ ref('int_signs') }}),

-- A table that is printed twice, or read twice, is one print.
table_prints as (
    select
        report_id,
        table_seq,
        md5(string_agg(value_text, '|' order by row_index, col_index, part_index)) as table_print
    from named_values
    group by all
),

statements as (
    select
        named_values.fact_key,
        named_values.figure_key,
        named_values.report_id,
        named_values.table_seq,
        named_values.stated_on,
        -- Versions of one report repeat its figures, whether or not they are known to be versions.
        {{ hash_key(['reports.report_type', 'reports.fiscal_year', 'reports.period_end']) }} as edition,
        table_prints.table_print,
        case when named_values.amount_sek is null then named_values.unit_key else 'kr' end as measure,
        coalesce(cast(named_values.amount_sek as double), named_values.value_numeric) as stated,
        cast(named_values.amount_sek * signs.sign_factor as double) as stated_normalised,
        stated / named_values.value_numeric as to_measure,
        named_values.rounding * abs(to_measure) as half
    from named_values
    inner join reports using (report_id)
    inner join report_versions using (report_id)
    inner join table_prints using (report_id, table_seq)
    left join signs using (report_id, fact_key)
    where
        named_values.value_numeric != 0
        and not named_values.is_ambiguous_column
        -- Where a report contradicts itself, a third statement does not say which of the two is right.
        and not named_values.is_contradicted
        and report_versions.copy_of_report_id is null
),

-- The most exact of those that agree.
witnesses as (
    select
        statements.fact_key,
        others.fact_key as other_fact_key,
        {{ identity_key("'stated again'", 'least(statements.fact_key, others.fact_key)', 'greatest(statements.fact_key, others.fact_key)') }} as identity_key
    from statements
    inner join statements as others
        on statements.figure_key = others.figure_key and statements.measure = others.measure and statements.fact_key != others.fact_key
    where
        case
            when statements.report_id = others.report_id
                then statements.table_seq != others.table_seq and statements.table_print != others.table_print
            else statements.edition != others.edition
        end
        -- Two reports may print costs with different signs.
        and least(abs(statements.stated - others.stated), abs(statements.stated_normalised - others.stated_normalised))
        <= greatest(statements.half, others.half) * (1 + 1e-9)
        -- Small and round numbers are the same by chance.
        and {{ significant_digits('statements.stated', 'greatest(statements.half, others.half)') }} > 2
    qualify row_number() over (
            partition by statements.fact_key
            order by others.half, others.stated_on desc nulls last, others.fact_key
        ) = 1
),

-- Each of a pair is borne out by the other.
paired as (
    select identity_key, fact_key, other_fact_key from witnesses
    union
    select identity_key, other_fact_key as fact_key, fact_key as other_fact_key from witnesses
)

select
    paired.identity_key,
    paired.fact_key,
    (statements.stated - case when sign(statements.stated) = sign(others.stated) then others.stated else -others.stated end)
    / statements.to_measure as difference,
    greatest(statements.half, others.half) / abs(statements.to_measure) as tolerance
from paired
inner join statements on paired.fact_key = statements.fact_key
inner join statements as others on paired.other_fact_key = others.fact_key
