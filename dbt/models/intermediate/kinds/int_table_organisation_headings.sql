with
tables as (select * from {{ ref('int_tables') }}),

column_facts as (select * from {{ ref('int_table_columns') }}),

labels as (select * from {{ ref('int_table_labels') }}),

place_phrases as (select * from {{ ref('int_table_phrases') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

-- Tables of projects: their rows are none of the organisation, whoever the heading says they are divided by.
project_tables as (
    select distinct place_phrases.report_id, place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    where organisation_words.place = 'no_rows' and place_phrases.place in ('header', 'first_header')
    union
    -- Their sum says so too (Summa projekt).
    select report_id, table_seq
    from labels
    where regexp_full_match(trim(label_words), '(?:del)?(?:summa|totalt|total) [a-zåäö]*projekt(?:en)?')
),

-- A table whose label header names a level of the organisation: its rows are departments.
headed_tables as (
    select distinct
        place_phrases.report_id,
        place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    inner join column_facts using (report_id, table_seq)
    inner join tables using (report_id, table_seq)
    where
        organisation_words.place = 'first_header'
        and place_phrases.place = 'first_header'
        -- What is assessed by areas (Område | Antal mål | Bedömning) are goals, no departments.
        and not coalesce(column_facts.has_status_column, false)
        and (
            {{ without_period('place_phrases.words') }} = place_phrases.phrase
            or tables.table_unit_key is not null
            or column_facts.has_budget_and_outcome
        )
),

heading_tables as (
    select distinct
        place_phrases.report_id,
        place_phrases.table_seq
    from place_phrases
    inner join organisation_words on place_phrases.phrase = organisation_words.term
    inner join column_facts using (report_id, table_seq)
    inner join tables using (report_id, table_seq)
    left join project_tables using (report_id, table_seq)
    where
        organisation_words.place = 'heading'
        and project_tables.report_id is null
        -- A heading further up says so only of tables of money.
        and (
            place_phrases.place = 'heading'
            or (place_phrases.place = 'far_heading' and (tables.table_unit_key is not null or column_facts.has_budget_and_outcome))
        )
        and not tables.counts_things
)

select report_id, table_seq, 'header' as basis
from headed_tables
union all
select report_id, table_seq, 'heading' as basis
from heading_tables
