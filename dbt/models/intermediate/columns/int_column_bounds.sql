with
with_roles as (select * from {{ ref('int_column_roles') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

settled as (
    select
        * exclude (first_role, sum_bounds),
        coalesce(
            sum_bounds,
            -- Twelve months up to the report's own day, where no other is printed (R12).
            case
                when
                    period_form = 'rolling' and report_type in ('annual_report', 'interim_report')
                    and not regexp_matches(column_text, '\d{4}|(?:^|[^a-zåäö])(?:{{ month_pattern() }})(?:[^a-zåäö]|$)')
                    and regexp_matches(column_text, '12|tolv|rullande(?: (?:år|helår)| *$)')
                    then { 'first': cast(outcome_end + interval 1 day - interval 1 year as date), 'last': outcome_end }
            end,
            {{ period_bounds('column_text', 'period_form', 'fiscal_year') }},
            -- "Periodens budget" and "Ack. budget" of an interim report are to the day of its outcome.
            case
                when report_type = 'interim_report'
                    and coalesce(scenario_key, 'actual') != 'forecast'
                    and regexp_matches(column_words, ' (?:period|perioden|periodens|periodbudget|periodutfall|ack|ackumulerat|ackumulerad) ')
                    then { 'first': make_date(fiscal_year, 1, 1), 'last': outcome_end }
            end,
            case
                when
                    period_form is null and heading_year is not null and not (report_type = 'interim_report' and heading_year = fiscal_year)
                    and count(period_form) filter (where first_role = 'value') over (
                        partition by report_id, table_seq
                    ) = 0
                    and count(scenario_key) filter (where first_role = 'value') over (
                        partition by report_id, table_seq
                    ) > 0
                    then { 'first': make_date(heading_year, 1, 1), 'last': make_date(heading_year, 12, 31) }
            end
        ) as printed_bounds
    from with_roles
),

-- "Ack utfall 2023" beside "Ack utfall 2024", "Utfall perioden 2024": to the same day of their year.
bounded as (
    select
        * exclude (printed_bounds),
        case
            when
                report_type = 'interim_report' and period_form in ('year', 'whole_year')
                and coalesce(scenario_key, 'actual') in ('actual', 'budget', 'variance')
                and regexp_matches(column_words, ' ack| (?:period|perioden|periodens) ')
                -- "Ack helår 2025" in a report of 2026 is the whole of it.
                and not (regexp_matches(column_words, ' helår ') and year(printed_bounds.first) < fiscal_year)
                then {
                        'first': printed_bounds.first,
                        'last': cast(outcome_end - (fiscal_year - year(printed_bounds.first)) * interval 1 year as date)
                    }
            else printed_bounds
        end as bounds
    from settled
)

-- The columns of money between two frames (Ram 2023 | Löner | Hyror | Ram 2024), or between a budget as decided and as it
-- was changed (Ursprunglig budget | Mar | Okt | Justerad budget), are what changed the one into the other.
select
    * exclude (frame_before, frame_after),
    coalesce(
        scenario_key is null and column_unit_key is null and column_role = 'value' and not is_total_column
        and trim(column_words) not in (select trim({{ words('alias') }}) from account_aliases)
        and (
            (
                frame_before.scenario_key = 'budget' and frame_after.scenario_key = 'budget' and period_form is null
                and frame_after.first_year = frame_before.first_year + 1
            )
            or (
                frame_before.scenario_key = 'budget_original' and frame_after.scenario_key = 'budget_revised'
                and coalesce(period_form, 'month') = 'month'
            )
        ), false
    ) as is_between_frames
from (
    select
        *,
        last_value(case when scenario_key is not null then { 'scenario_key': scenario_key, 'first_year': year(bounds.first) } end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
        ) as frame_before,
        first_value(case when scenario_key is not null then { 'scenario_key': scenario_key, 'first_year': year(bounds.first) } end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between 1 following and unbounded following
        ) as frame_after
    from bounded
)
