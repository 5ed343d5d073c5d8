-- Which rows are totals of the rows above, found by arithmetic. A stack holds the rows that no total has taken yet; a
-- row that equals the sum of the last k of them (or their difference, for a net of two) takes them and stands for them.
with recursive
measured_values as (select * from {{ ref('int_measured_values') }}),

rows as (select * from {{ ref('int_rows') }}),

accounts as (select * from {{ ref('int_accounts') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

-- Sums are looked for where figures can be added: in tables of money, and in any table with a total row.
summable_tables as (
    select report_id, table_seq
    from measured_values
    group by all
    having
        any_value(kind) in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure')
        or bool_or(is_plain_total or begins_with_total_word)
),

numbers as (
    select
        measured_values.report_id,
        measured_values.table_seq,
        measured_values.row_index,
        measured_values.col_index,
        -- A dash among figures adds nothing.
        coalesce(measured_values.value_numeric, 0) as value_numeric,
        coalesce(measured_values.rounding, 0) as rounding
    from measured_values
    inner join summable_tables using (report_id, table_seq)
    where
        (measured_values.value_numeric is not null or measured_values.cell_type = 'dash')
        and measured_values.part_index = 1
        and not measured_values.is_composite
        and measured_values.unit_key not in ('percent', 'per_mille', 'index')
),

table_columns as (
    select report_id, table_seq, list(distinct col_index order by col_index) as col_indexes
    from numbers
    group by all
),

row_values as (
    select
        report_id,
        table_seq,
        row_index,
        map_from_entries(list((col_index, value_numeric) order by col_index)) as printed,
        map_from_entries(list((col_index, rounding) order by col_index)) as roundings
    from numbers
    group by all
),

vectors as (
    select
        row_values.report_id,
        row_values.table_seq,
        row_values.row_index,
        row_number() over (
            partition by row_values.report_id, row_values.table_seq order by row_values.row_index
        ) as position,
        list_transform(table_columns.col_indexes, lambda c: row_values.printed[c]) as printed,
        list_transform(table_columns.col_indexes, lambda c: coalesce(row_values.roundings[c], 0.0)) as roundings,
        case
            when rows.is_plain_total and kinds.kind in ('financial', 'org_result', 'grant', 'budget_adjustment', 'measure') then 'total'
            when rows.is_plain_total then 'word'
            when rows.has_total_word then 'word'
            when accounts.is_subtotal then 'subtotal'
            when regexp_matches(rows.label_words, '^ resultat (?:efter|före) |^ [a-zåäö]*nettokostnad(?:er|en)? $') then 'subtotal'
            when accounts.account_key is null then 'unknown'
            else 'line'
        end as row_class
    from row_values
    inner join table_columns using (report_id, table_seq)
    inner join rows using (report_id, table_seq, row_index)
    inner join kinds using (report_id, table_seq)
    left join accounts using (report_id, table_seq, row_index)
    -- "varav" is part of the row above and never added.
    where not rows.is_of_which and coalesce(rows.row_scenario_key, '') != 'variance'
),

stacks as (
    select
        report_id,
        table_seq,
        position,
        row_index,
        [{ 'row_index': row_index, 'printed': printed, 'roundings': roundings, 'row_class': row_class }] as stack,
        cast([] as integer[]) as component_rows,
        cast(null as varchar) as method
    from vectors
    where position = 1

    union all

    select
        scored.report_id,
        scored.table_seq,
        scored.position,
        scored.row_index,
        list_append(
            case when scored.best is null then scored.stack else scored.stack[1:len(scored.stack) - scored.best.k] end,
            { 'row_index': scored.row_index, 'printed': scored.printed, 'roundings': scored.roundings, 'row_class': scored.row_class }
        ) as stack,
        case
            when scored.best is null then cast([] as integer[])
            else list_transform(scored.stack[len(scored.stack) - scored.best.k + 1:len(scored.stack)], lambda s: s.row_index)
        end as component_rows,
        scored.best.method
    from (
        select
            *,
            -- The best candidate: most columns hold, then the longest run of rows.
            list_last(list_sort(list_filter(
                candidates,
                lambda c:
                (row_class in ('total', 'word') and c.n_hold > 0)
                -- A row that calls itself a total and adds up nowhere is shown with all the rows it may be about.
                or (row_class = 'total' and c.k = len(stack) and c.method = 'sum')
                or (row_class = 'subtotal' and c.k > 1 and c.n_hold > 0 and (c.n_hold = n_columns or (c.n_hold > 1 and c.n_hold >= 0.6 * n_columns)))
                -- "Årets resultat" below "Resultat efter finansiella poster" with nothing between.
                or (row_class = 'subtotal' and c.k = 1 and c.n_hold > 1 and c.n_hold >= 0.6 * n_columns and list_last(stack).row_class = 'subtotal')
                or (row_class = 'unknown' and c.k > 2 and c.method = 'sum' and c.n_hold = n_columns and n_columns > 1)
                or (row_class = 'unknown' and c.k = 2 and c.method = 'sum' and c.n_hold = n_columns and n_columns > 2)
                -- A single column (Ram 2024, changes, Ram 2025): only if all the rows above add up.
                or (row_class = 'unknown' and c.k > 3 and c.k = len(stack) and c.method = 'sum' and c.n_hold = 1 and n_columns = 1)
            ))) as best
        from (
            select
                *,
                len(list_filter(printed, lambda v: v is not null and v != 0)) as n_columns,
                list_transform(
                    list_concat(
                        list_transform(range(1, len(stack) + 1), lambda k: { 'k': k, 'method': 'sum' }),
                        case
                            when len(stack) > 1
                                then [{ 'k': cast(2 as bigint), 'method': 'difference' }, { 'k': cast(2 as bigint), 'method': 'reverse' }]
                            else []
                        end
                    ),
                    lambda h: {
                        'n_hold': len(list_filter(
                            range(1, len(printed) + 1), lambda c:
                            printed[c] is not null and printed[c] != 0
                            and abs(printed[c] - case
                                when h.method = 'sum'
                                    then list_sum(list_transform(stack[len(stack) - h.k + 1:len(stack)], lambda s: coalesce(s.printed[c], 0.0)))
                                else (coalesce(stack[len(stack) - 1].printed[c], 0.0) - coalesce(stack[len(stack)].printed[c], 0.0))
                                    * case when h.method = 'reverse' then -1 else 1 end
                            end)
                            <= roundings[c] + list_sum(list_transform(stack[len(stack) - h.k + 1:len(stack)], lambda s: s.roundings[c])) + 1e-6
                        )),
                        'is_sum': h.method = 'sum',
                        'k': h.k,
                        'method': h.method
                    }
                ) as candidates
            from (
                select
                    vectors.*,
                    stacks.stack
                from stacks
                inner join vectors
                    on stacks.report_id = vectors.report_id
                        and stacks.table_seq = vectors.table_seq
                        and vectors.position = stacks.position + 1
            )
        )
    ) as scored
)

select
    stacks.report_id,
    stacks.table_seq,
    stacks.row_index,
    stacks.component_rows,
    stacks.method,
    vectors.row_class
from stacks
inner join vectors using (report_id, table_seq, row_index)
where len(stacks.component_rows) > 0
