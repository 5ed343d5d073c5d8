with
own_words as (select * from {{ ref('int_column_headers') }}),

reports as (select * from {{ ref('int_reports') }}),

year_sums as (select * from {{ ref('int_year_sums') }}),

entities as (select * from {{ ref('int_column_entities') }}),

scenario_candidates as (select * from {{ ref('int_column_scenario_candidates') }}),

unit_candidates as (select * from {{ ref('int_column_unit_candidates') }}),

role_candidates as (select * from {{ ref('int_column_role_candidates') }}),

scenarios as (
    {{ chosen('scenario_candidates', key='scenario_text', order='priority desc, length(term) desc, term') }}
),

column_units as (
    {{ chosen(
        'unit_candidates', key='column_words',
        order="context = 'any' desc, unit_key = 'count', length(term) desc, term"
    ) }}
),

roles as (
    {{ chosen(
        'role_candidates', key='column_words',
        order='is_whole_header desc, begins_header desc, length(term) desc, term'
    ) }}
)

select
    described.*,
    case
        when trim(described.column_text) in ('+/-', '+-') then 'variance'
        -- Upp, Ned and Oförändrad under Utveckling assess, they measure nothing; nor does Ja under "Avvikelse funnen".
        when scenarios.scenario_key in ('change', 'variance') and described.n_statuses > 0 and described.n_numbers = 0 then 'status'
        when described.is_change and scenarios.scenario_key in ('actual', 'forecast') then 'change'
        when described.is_comparison and scenarios.scenario_key in ('actual', 'forecast') then 'variance'
        -- "Jämfört med föregående prognos", and nothing else: how far it is from that.
        when described.is_change and trim(described.scenario_text) = '' then 'change'
        when described.is_comparison and trim(described.scenario_text) = '' then 'variance'
        -- Without a year BU may be a department.
        when scenarios.scenario_key is null and regexp_matches(described.column_words, ' bu 20\d\d ') then 'budget'
        else scenarios.scenario_key
    end as scenario_key,
    entities.entity as column_entity,
    coalesce(bool_or(entities.entity not in ('own', 'group')) over (partition by described.report_id, described.table_seq), false)
        as is_comparison_table,
    regexp_extract(described.column_text, '\(\s*(?:föreg[a-zåäö.]* år|fg år|fjol[a-zåäö]*|(?:19|20)\d\d|samma period[^)]*)\s*\)') != '' as has_previous_header,
    column_units.unit_key as column_unit_key,
    roles.role as header_role,
    coalesce(roles.is_whole_header, false) as is_role_header,
    case when year_sums.col_index is not null then 'year_span' else {{ period_form('described.column_text') }} end as period_form,
    case
        when year_sums.col_index is not null
            then { 'first': make_date(year_sums.first_year, 1, 1), 'last': make_date(year_sums.last_year, 12, 31) }
    end as sum_bounds,
    reports.fiscal_year,
    reports.report_type,
    reports.outcome_end,
    (described.n_numbers + described.n_statuses + described.n_dashes) * 2 >= described.n_cells
    and described.n_cells > 0 as is_mostly_values
from own_words as described
inner join reports using (report_id)
left join scenarios using (scenario_text)
left join column_units using (column_words)
left join roles using (column_words)
left join entities using (report_id, table_seq, col_index)
left join year_sums using (report_id, table_seq, col_index)
