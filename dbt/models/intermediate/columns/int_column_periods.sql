with
forecasts as (select * from {{ ref('int_column_scenarios') }}),

-- A variance without a period of its own is about that of the budget or forecast before it; so is one below a year that also
-- heads the budget and outcome of a part of it (2025 | Budget T1). A change is about the month or part of a year before it.
with_neighbours as (
    select
        *,
        -- Of two months side by side the later one, in whichever order they stand.
        max(struct_pack(last := bounds.last, first := bounds.first)) over (
            partition by report_id, table_seq order by col_index rows between 2 preceding and 1 preceding
        ) as previous_bounds,
        lag(period_form) over (partition by report_id, table_seq order by col_index) as previous_form,
        last_value(case when scenario_key in ('budget', 'budget_original', 'budget_revised', 'forecast') then bounds end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
        ) as budget_bounds,
        last_value(case when scenario_key = 'actual' and period_form != 'previous_year' then bounds end ignore nulls) over (
            partition by report_id, table_seq order by col_index rows between unbounded preceding and 1 preceding
        ) as outcome_bounds
    from forecasts
),

-- What the columns of a table together tell of the periods of each.
running_years as (
    select
        *,
        bool_or(column_role = 'value' and scenario_key = 'actual' and has_scenario_word and is_running_year) over of_table as has_running_outcome,
        bool_or(column_role = 'value' and scenario_key = 'variance') over of_table as has_variance,
        case
            when min(year(bounds.last)) over of_table = max(year(bounds.last)) over of_table then min(year(bounds.last)) over of_table
        end as only_year
    from (
        select
            with_neighbours.*,
            period_form = 'year' and year(bounds.first) = fiscal_year and not regexp_matches(column_words, 'helår|prognos') as is_running_year,
            -- "Utfall fg år" of an interim report: the same months of the year before, unless it says that it is the whole of it.
            coalesce(
                report_type = 'interim_report' and period_form = 'previous_year' and scenario_key in ('actual', 'budget', 'variance', 'status')
                and not regexp_matches(column_words, ' (?:bokslut|helår|helårs[a-zåäö]*|årsbokslut|årsutfall|årsbudget) '), false
            ) as is_same_months,
            scenario_key = 'variance' and period_form = 'year' and contains(column_label, ' | ')
            and not regexp_matches(regexp_extract(column_label, '[^|]*$'), '\d') as has_period_above,
            -- "Utfall april" above "Utgifter | Inkomster | Netto" is one month.
            count(distinct case when period_form = 'month' then bounds.first end) over (partition by report_id, table_seq) as n_month_columns,
            bool_or(regexp_matches(column_words, ' ack')) over (partition by report_id, table_seq) as has_accumulated,
            bool_or(column_role = 'value' and scenario_key = 'actual' and has_scenario_word and bounds is null) over (partition by report_id, table_seq) as has_outcome,
            bool_or(has_forecast_heading or scenario_key = 'forecast' or regexp_matches(column_words, 'prognos|helår')) over (partition by report_id, table_seq) as has_forecast
        from with_neighbours
    )
    window of_table as (partition by report_id, table_seq)
)

select
    * exclude (bounds, budget_bounds, outcome_bounds, previous_bounds, previous_form, is_same_months, is_to_date, is_of_only_year, only_year),
    case
        when is_same_months then cast(coalesce(outcome_bounds.first, make_date(fiscal_year, 1, 1)) - interval 1 year as date)
        when is_to_date then make_date(fiscal_year, 1, 1)
        when is_of_only_year then make_date(only_year, 1, 1)
        when bounds is null and scenario_key = 'forecast' then make_date(fiscal_year, 1, 1)
        when bounds is null and scenario_key = 'variance' then budget_bounds.first
        when has_period_above and year(budget_bounds.last) = year(bounds.last) then budget_bounds.first
        when bounds is null and scenario_key = 'change' and previous_form not in ('year', 'year_pair', 'year_span') then previous_bounds.first
        -- A change between two years is about the later one.
        when period_form = 'year_span' and scenario_key in ('change', 'variance') then make_date(year(bounds.last), 1, 1)
        -- The last month of an interim report, alone in a header, is the year to date, and so is that of the year before,
        -- unless other columns say themselves that they are (Avvikelse maj | Avvikelse ack).
        when
            report_type = 'interim_report' and period_form = 'month' and not has_accumulated
            and bounds.last = cast(outcome_end - (fiscal_year - year(bounds.last)) * interval 1 year as date)
            and n_month_columns < 3 and scenario_key in ('actual', 'budget', 'variance', 'status')
            and (has_scenario_word or starts_with(column_words, ' läge '))
            then make_date(year(bounds.last), 1, 1)
        else bounds.first
    end as period_start,
    case
        when is_same_months then {{ a_year_before('coalesce(outcome_bounds.last, outcome_end)') }}
        when is_to_date then outcome_end
        when is_of_only_year then make_date(only_year, 12, 31)
        when bounds is null and scenario_key = 'forecast' then make_date(fiscal_year, 12, 31)
        when bounds is null and scenario_key = 'variance' and budget_bounds is not null then budget_bounds.last
        -- "Budget | Utfall | Differens" of an interim report, with no forecast to differ from: what differs is the outcome.
        when bounds is null and scenario_key = 'variance' and report_type = 'interim_report' and has_outcome and not has_forecast
            then outcome_end
        when has_period_above and year(budget_bounds.last) = year(bounds.last) then budget_bounds.last
        when bounds is null and scenario_key = 'change' and previous_form not in ('year', 'year_pair', 'year_span') then previous_bounds.last
        else bounds.last
    end as period_end
from (
    select
        *,
        -- An outcome of the year that an interim report tells of goes as far as the report; with no forecast in the table
        -- its budget, and how they differ, is about the same months.
        coalesce(
            report_type = 'interim_report' and has_running_outcome
            and (
                (scenario_key = 'actual' and is_running_year)
                or (
                    has_variance and not has_forecast
                    and ((scenario_key = 'budget' and is_running_year) or (scenario_key = 'variance' and (bounds is null or is_running_year)))
                )
            ), false
        ) as is_to_date,
        coalesce(bounds is null and fiscal_year is null and scenario_key in ('budget', 'forecast') and only_year is not null, false)
            as is_of_only_year
    from running_years
)
