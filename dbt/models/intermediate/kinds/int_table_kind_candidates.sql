with
column_facts as (select * from {{ ref('int_table_columns') }}),

place_phrases as (select * from {{ ref('int_table_phrases') }}),

table_kinds as (select * from {{ ref('table_kinds') }})

select
    place_phrases.report_id,
    place_phrases.table_seq,
    table_kinds.kind,
    table_kinds.priority,
    table_kinds.term
from place_phrases
inner join column_facts using (report_id, table_seq)
inner join table_kinds
    on place_phrases.phrase = table_kinds.term
        and (
            replace(place_phrases.place, 'far_', '') = table_kinds.place
            or (
                table_kinds.place = 'only_header'
                and place_phrases.place = 'header'
                and place_phrases.words = ' ' || table_kinds.term || ' '
            )
        )
where
    table_kinds.kind not in ('goal', 'assignment')
    or (column_facts.has_status_column and not column_facts.has_numbers)
