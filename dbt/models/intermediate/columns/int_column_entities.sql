with
own_words as (select * from {{ ref('int_column_headers') }}),

reports as (select * from {{ ref('int_reports') }}),

entity_words as (select * from {{ ref('entity_words') }}),

place_names as (select * from {{ ref('int_place_names') }}),

header_levels as (
    select distinct
        column_words,
        unnest(string_split(column_label, ' | ')) as level_text
    from own_words
    where column_label is not null
),

-- Whose figures a column holds: a level of its header names the group or those that the municipality is compared with.
column_levels as (
    select distinct
        header_levels.column_words,
        {{ without_period(words("header_levels.level_text")) }} as level_words
    from header_levels
),

column_entities as (
    select
        column_levels.column_words,
        entity_words.entity
    from column_levels
    inner join entity_words on column_levels.level_words = entity_words.term
    union
    -- "Genomsnitt liknande kommuner": which measure of the others it is says nothing about whose it is.
    select
        column_levels.column_words,
        entity_words.entity
    from column_levels
    inner join entity_words on {{ without_average('column_levels.level_words') }} = entity_words.term and entity_words.place = 'any'
    where entity_words.entity not in ('own', 'group')
),

first_entities as (
    {{ chosen('column_entities', key='column_words', order='length(entity) desc, entity') }}
),

-- Other municipalities and counties by name (Gävle | Falun | Riket). A name that is a word as well (Mark, Vara) is one only
-- beside another that is compared.
place_candidates as (
    select
        own_words.report_id,
        own_words.table_seq,
        own_words.col_index,
        place_names.place_name,
        place_names.municipality_code,
        place_names.is_also_word
    from own_words
    inner join column_levels using (column_words)
    inner join place_names on {{ without_average('column_levels.level_words') }} = place_names.place_words
),

column_places as (
    {{ chosen(
        'place_candidates', key='report_id, table_seq, col_index', order='municipality_code is null, place_name'
    ) }}
),

compared_columns as (
    select
        report_id,
        table_seq,
        col_index,
        coalesce(
            first_entities.entity,
            case
                when column_places.municipality_code = reports.municipality_code then 'own'
                else column_places.place_name
            end
        ) as entity,
        coalesce(column_places.is_also_word, false) as is_also_word
    from own_words
    inner join reports using (report_id)
    left join first_entities using (column_words)
    left join column_places using (report_id, table_seq, col_index)
    where first_entities.entity is not null or column_places.place_name is not null
)

select report_id, table_seq, col_index, entity
from compared_columns
qualify not is_also_word or count(distinct entity) over (partition by report_id, table_seq) > 1
