with
framed as (select * from {{ ref('int_column_bounds') }}),

-- A bare year is an outcome in a report, a budget or plan in a plan; no word at all is an outcome, in a plan a budget. What
-- others reach is an outcome everywhere. Where the rows are changes (Förändring | tkr), so are the figures.
with_scenarios as (
    select
        * exclude (scenario_key, last_year),
        case
            -- A closed account of a year that had not begun when the plan was made is the budget of the first year, a plan of others.
            when is_future_outcome and year(bounds.last) = fiscal_year then 'budget'
            when is_future_outcome then 'plan'
            when scenario_key is not null then scenario_key
            when is_between_frames then 'adjustment'
            when bounds is null and regexp_matches(label_header_words, ' förändring(?:ar)? ')
                then case when {{ is_money_unit('column_unit_key') }} then 'adjustment' else 'change' end
            when column_entity not in ('own', 'group') or (column_entity = 'own' and is_comparison_table) then 'actual'
            when bounds is null and report_type = 'interim_report' and has_forecast_heading then 'forecast'
            -- Bare years from the last one on, under a heading that forecasts and budgets nothing, are forecasts in a plan.
            when
                report_type in ('plan', 'budget') and has_forecast_heading and not has_budget_heading
                and year(bounds.first) >= fiscal_year - 1
                then 'forecast'
            when report_type in ('plan', 'budget') and regexp_matches(column_words, ' (?:ack|ackumulerat|tom|t o m|upparbetat) ') then 'actual'
            when report_type in ('plan', 'budget') and period_form = 'year_span' and year(bounds.last) > fiscal_year then 'plan'
            -- A budget is decided for a calendar year: what a plan prints below a school year that reaches into it is planned.
            when report_type in ('plan', 'budget') and period_form = 'school_year' and year(bounds.last) >= fiscal_year then 'plan'
            when report_type in ('plan', 'budget') and coalesce(year(bounds.first), fiscal_year) in (fiscal_year - 1, fiscal_year) then 'budget'
            when report_type in ('plan', 'budget') and year(bounds.first) >= fiscal_year then 'plan'
            when report_type = 'tariff' then 'tariff'
            -- What a report says of years to come is no outcome, nor is the year beside them where nothing says what the report is.
            when report_type not in ('plan', 'budget') and year(bounds.first) > fiscal_year then 'plan'
            when report_type = 'unknown' and year(bounds.first) = fiscal_year and last_year > fiscal_year then 'plan'
            -- What a project costs in all, beside years to come, is no outcome either.
            when bounds is null and last_year > fiscal_year and regexp_matches(column_words, ' total[a-zåäö]* | projekt[a-zåäö]* | kalkyl[a-zåäö]* ') then 'plan'
            else 'actual'
        end as scenario_key,
        scenario_key is not null as has_scenario_word
    from (
        select
            *,
            coalesce(
                report_type in ('plan', 'budget') and scenario_key = 'actual' and year(bounds.last) >= fiscal_year
                and regexp_matches(column_words, ' (?:bokslut|utfall) '), false
            ) as is_future_outcome,
            max(case when column_role = 'value' then year(bounds.last) end) over (partition by report_id, table_seq) as last_year
        from framed
    )
)

-- "Prognos oktober" and "Prognos T2" are made then, about the year.
select
    * exclude (bounds),
    case
        when
            (scenario_key = 'forecast' or regexp_matches(column_words, ' prognos'))
            and period_form in ('month', 'to_month', 'tertial', 'quarter', 'year_month')
            then { 'first': make_date(year(bounds.first), 1, 1), 'last': make_date(year(bounds.first), 12, 31) }
        else bounds
    end as bounds
from with_scenarios
