-- What a document does not say surely enough, with the entry for reports.yml that would settle it.
with
metadata as (select * from {{ ref('int_report_metadata') }}),

reports as (select * from {{ ref('int_reports') }}),

open_questions as (
    select
        report_id,
        attribute,
        value,
        evidence,
        rule,
        confidence,
        list_position(['municipality', 'committee', 'report_type', 'fiscal_year', 'interim_date'], attribute) as sort_order,
        case attribute when 'interim_date' then 'period_end' else attribute end as entry_key,
        case attribute
            when 'committee' then '; none for the municipality itself'
            when 'report_type' then '; annual_report, interim_report, plan, budget or tariff'
            when 'interim_date' then '; the last day that the figures cover'
            else ''
        end as hint,
        case
            when value is null then ''
            when attribute = 'committee' then '"' || replace(value, '"', '') || '"'
            else value
        end as entry_value
    from metadata
    where
        not is_accepted
        and attribute not in ('period', 'place_municipality')
        -- A body of its own has no committee.
        and (
            attribute != 'committee'
            or report_id not in (
                select reports.report_id from reports
                where reports.body_name is not null
            )
        )
),

entries as (
    select
        report_id,
        string_agg(attribute, ', ' order by sort_order) as open_attributes,
        string_agg(
            '  ' || entry_key || ': ' || entry_value || '  # '
            || case when value is null then rule || hint else 'a guess (' || rule || ', confidence ' || format('{:.2f}', confidence) || ')' end
            || case when evidence is null then '' else ': ' || left(evidence, 80) end,
            chr(10) order by sort_order
        ) as entry_lines
    from open_questions
    group by report_id
)

select
    entries.report_id,
    reports.file_name,
    entries.open_attributes,
    '"' || replace(replace(reports.file_name, '\', '\\'), '"', '\"') || '":' || chr(10) || entries.entry_lines as entry
from entries
inner join reports using (report_id)
