-- Whether each figure is the one that holds.
with
named_values as (select * from {{ ref('int_values') }}),

report_versions as (select * from {{ ref('int_report_versions') }}),

-- Of what later reports do not state again the latest statement holds. A copy and a version that was replaced state nothing,
-- also where the later version leaves a figure out: whoever replaced the report took it back.
stated as (
    select
        named_values.fact_key,
        report_versions.is_current,
        named_values.stated_on,
        max(named_values.stated_on) filter (where report_versions.is_current) over (partition by named_values.figure_key) as latest_stated_on
    from named_values
    inner join report_versions using (report_id)
)

select
    fact_key,
    is_current and coalesce(stated_on >= latest_stated_on, true) as is_current
from stated
