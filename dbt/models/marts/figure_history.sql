{{ config(materialized='view') }}

with
figure_history as (select * from {{ ref('stg_figure_history') }}),

report_values as (select * from {{ ref('report_values') }})

select figure_history.*
from figure_history
-- A figure that is there again has its old key.
anti join report_values using (fact_key)
