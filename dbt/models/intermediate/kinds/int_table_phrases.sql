with
tables as (select * from {{ ref('int_tables') }}),

column_facts as (select * from {{ ref('int_table_columns') }}),

places as (
    select
        report_id,
        table_seq,
        spot.place,
        spot.words
    from (
        select
            tables.report_id,
            tables.table_seq,
            unnest([
                { 'place': 'header', 'words': tables.header_words },
                { 'place': 'first_header', 'words': coalesce(column_facts.label_header_words, tables.first_header_words) },
                { 'place': 'heading', 'words': tables.near_words },
                { 'place': 'far_heading', 'words': tables.far_words }
            ]) as spot
        from tables
        inner join column_facts using (report_id, table_seq)
    )
),

phrases as (
    {{ phrases_of('places', 'words') }}
)

select
    places.*,
    phrases.phrase
from places
inner join phrases using (words)
