with
label_rests as (select * from {{ ref('int_row_labels') }}),

reports as (select * from {{ ref('int_reports') }}),

entity_words as (select * from {{ ref('entity_words') }}),

place_names as (select * from {{ ref('int_place_names') }}),

-- Whose figures a row holds; other municipalities by name only where several are compared.
compared_rows as (
    select
        label_rests.report_id,
        label_rests.table_seq,
        label_rests.row_index,
        coalesce(
            entity_words.entity,
            -- "Kommunens resultat", "Koncernens resultat".
            case
                when regexp_matches(label_rests.label_words, '^ kommunens [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ') then 'own'
                when regexp_matches(label_rests.label_words, '^ (?:kommun)?koncernens [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ') then 'group'
            end,
            case when place_names.municipality_code = reports.municipality_code then 'own' else place_names.place_name end
        ) as entity,
        entity_words.entity is null and place_names.place_name is not null as is_place
    from label_rests
    inner join reports using (report_id)
    left join entity_words on label_rests.rest = entity_words.term and entity_words.place = 'any'
    left join place_names on label_rests.rest = place_names.place_words
    where
        entity_words.entity is not null
        or place_names.place_name is not null
        or regexp_matches(label_rests.label_words, '^ (?:kommunens|(?:kommun)?koncernens) [a-zåäö ]*(?:resultat|soliditet|tillgångar|kapital|skulder|låneskuld|intäkter|kostnader|nettokostnader|investeringar|likviditet) ')
    qualify row_number() over (
            partition by label_rests.report_id, label_rests.table_seq, label_rests.row_index
            order by place_names.municipality_code is null, place_names.place_name
        ) = 1
)

select report_id, table_seq, row_index, entity
from compared_rows
qualify not is_place or count(distinct entity) over (partition by report_id, table_seq) > 1
