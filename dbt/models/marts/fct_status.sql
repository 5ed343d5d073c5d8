with
named_values as (select * from {{ ref('int_values') }})

select
    fact_key,
    report_key,
    organisation_key,
    period_key,
    scenario_key,
    unit_key,
    coalesce(status_key, 'unknown') as status_key,
    try_cast(nullif(regexp_extract(left(comment_text, 60), '((?:19|20)\d\d-\d\d-\d\d)', 1), '') as date) as status_date,
    kind as subject,
    row_label as subject_text,
    try_cast(nullif(regexp_extract(assignment_note, 'Uppdragsår\s*((?:19|20)\d\d)', 1), '') as integer) as issued_year,
    nullif(regexp_extract(assignment_note, 'Typ av \S+ (.*)$', 1), '') as assignment_type,
    comment_text,
    {{ provenance_columns() }}
from named_values
where fact_table = 'fct_status'
