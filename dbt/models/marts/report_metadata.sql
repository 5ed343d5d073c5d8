with
metadata as (select * from {{ ref('int_report_metadata') }}),

reports as (select * from {{ ref('int_reports') }}),

-- First and apart: DuckDB before 1.5 loses rows of a union whose second part is a union (docs/connect).
versions as (
    -- Most reports say nothing of their version: no row, and nothing to settle.
    select
        report_id,
        'version_status' as attribute,
        version_status as value,
        left(version_evidence, 300) as evidence,
        version_place as place,
        case version_place when 'reports.yml' then 'reports.yml' else 'word for the version' end as rule,
        cast(case version_place when 'reports.yml' then 1 else 0.9 end as double) as confidence,
        true as is_accepted
    from reports
    where version_status is not null
    union all
    select
        report_id,
        'decided_on' as attribute,
        cast(decided_on as varchar) as value,
        left(decided_evidence, 300) as evidence,
        decided_place as place,
        case decided_place when 'reports.yml' then 'reports.yml' else 'date beside a word of decision' end as rule,
        cast(case decided_place when 'reports.yml' then 1 else 0.9 end as double) as confidence,
        true as is_accepted
    from reports
    where decided_on is not null
)

select * from versions
union all
select
    report_id,
    attribute,
    value,
    evidence,
    place,
    rule,
    confidence,
    is_accepted
from metadata
