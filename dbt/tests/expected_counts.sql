-- Tables, cells and values of the reports that come with the project, as written down when they were right cell by
-- cell: a lost table and a new one both fail. Only the very file that was counted (sha256) is compared.
{{ config(meta={'dagster': {'ref': {'name': 'report_values'}}}) }}

with
expected_counts as (select * from {{ ref('expected_counts') }}),

reports as (select * from {{ ref('stg_reports') }}),

tables as (select * from {{ ref('stg_tables') }}),

cells as (select * from {{ ref('stg_cells') }}),

facts as (select * from {{ ref('report_values') }}),

counted_reports as (
    select distinct reports.report_id
    from reports
    inner join expected_counts using (report_id, sha256)
),

expected as (
    select
        expected_counts.report_id,
        expected_counts.table_seq,
        expected_counts.cells,
        expected_counts.values
    from expected_counts
    inner join counted_reports using (report_id)
),

table_cells as (
    select report_id, table_seq, count(*) as n_cells
    from cells
    group by all
),

table_values as (
    select report_id, table_seq, count(*) as n_values
    from facts
    group by all
),

found as (
    select
        tables.report_id,
        tables.table_seq,
        coalesce(table_cells.n_cells, 0) as n_cells,
        coalesce(table_values.n_values, 0) as n_values
    from tables
    inner join counted_reports using (report_id)
    left join table_cells using (report_id, table_seq)
    left join table_values using (report_id, table_seq)
)

select
    report_id,
    table_seq,
    case
        when found.n_cells is null then 'lost table'
        when expected.cells is null then 'new table'
        else 'other counts'
    end as problem,
    expected.cells as expected_cells,
    found.n_cells as found_cells,
    expected.values as expected_values,
    found.n_values as found_values
from expected
full outer join found using (report_id, table_seq)
where
    expected.cells is distinct from found.n_cells
    or expected.values is distinct from found.n_values
