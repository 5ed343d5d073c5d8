with
joined as (select * from {{ ref('int_value_facts') }}),

with_forms as (
    select
        *,
        {{ period_form('own_period_text') }} as own_period_form
    from joined
),

with_periods as (
    select
        * exclude (month_bounds),
        coalesce({{ period_bounds('own_period_text', 'own_period_form', 'fiscal_year') }}, month_bounds) as own_bounds
    from with_forms
),

with_flags as (
    select
        *,
        -- In a table of money the words of a label are about what the money is for (Timmar och mertid), unless it begins
        -- with how many or how large a share.
        kind in ('financial', 'org_result', 'grant', 'measure')
        and table_unit_key is not null
        and (kind = 'org_result' or not regexp_matches(label_words, '^ (?:totalt |genomsnittligt )?(?:antal|antalet|andel|andelen) ')) as is_money_table
    from with_periods
)

-- Where rows are scenarios, a variance below a forecast or budget is about its period (Prognos helår | Avvikelse mot budget).
select
    * exclude (own_bounds),
    case
        when own_bounds is null and row_scenario_key = 'variance' and column_period_form is null
            then last_value(case when row_scenario_key in ('forecast', 'budget') then own_bounds end ignore nulls) over (
                    partition by report_id, table_seq, col_index order by row_index, part_index
                    rows between unbounded preceding and 1 preceding
                )
        else own_bounds
    end as own_bounds
from with_flags
