{{ config(materialized='view') }}

-- What became of each report: what happened to the file, and what later reports say differently.
with
report_history as (select * from {{ ref('stg_report_history') }}),

restatements as (select * from {{ ref('restatements') }}),

reports as (select * from {{ ref('dim_report') }}),

file_events as (
    select
        report_id,
        file_name,
        event,
        happened_at,
        previous_report_id as related_report_id,
        cast(null as integer) as figures,
        sha256,
        previous_sha256,
        reason
    from report_history
),

-- A later report that prints other figures takes nothing back: both stay, the earlier ones are no longer current.
restated_pairs as (
    select earlier_report_id, later_report_id, count(*) as figures
    from restatements
    group by all
),

restated_events as (
    select
        restated_pairs.earlier_report_id as report_id,
        earlier.file_name,
        'restated' as event,
        later.extracted_at as happened_at,
        restated_pairs.later_report_id as related_report_id,
        cast(restated_pairs.figures as integer) as figures,
        earlier.sha256,
        cast(null as varchar) as previous_sha256,
        cast(null as varchar) as reason
    from restated_pairs
    inner join reports as earlier on restated_pairs.earlier_report_id = earlier.report_id
    inner join reports as later on restated_pairs.later_report_id = later.report_id
)

select * from file_events
union all
select * from restated_events
