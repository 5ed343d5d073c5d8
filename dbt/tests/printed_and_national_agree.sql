-- Printed figures that differ from the national ones by more than rounding: a wrong report, a wrong reading, or a figure
-- that was revised without a word. A warning, for the report may be right.
{{ config(severity='warn') }}

with
compared as (select * from {{ ref('printed_and_national') }})

select
    municipality_name,
    year,
    concept_name,
    value_text,
    printed_value,
    national_value,
    explanation,
    fact_key
from compared
where not is_agreeing
