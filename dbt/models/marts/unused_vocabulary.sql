-- Words that stand in no cell, heading or caption of any report cannot have decided anything.
with
cells as (select * from {{ ref('stg_cells') }}),

headings as (select * from {{ ref('stg_headings') }}),

tables as (select * from {{ ref('stg_tables') }}),

reports as (select * from {{ ref('stg_reports') }}),

indicators as (select * from {{ ref('int_indicators') }}),

names as (select * from {{ ref('int_indicator_names') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

column_roles as (select * from {{ ref('column_roles') }}),

concepts as (select * from {{ ref('concepts') }}),

concept_aliases as (select * from {{ ref('concept_aliases') }}),

context_words as (select * from {{ ref('context_words') }}),

entity_words as (select * from {{ ref('entity_words') }}),

money_words as (select * from {{ ref('money_words') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

report_types as (select * from {{ ref('report_types') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

status_words as (select * from {{ ref('status_words') }}),

table_kinds as (select * from {{ ref('table_kinds') }}),

total_words as (select * from {{ ref('total_words') }}),

unit_words as (select * from {{ ref('unit_words') }}),

printed_texts as (
    select cell_text as printed_text from cells
    union
    select heading_text as printed_text from headings
    union
    select caption as printed_text
    from tables
    where caption is not null
),

word_lists as (
    select distinct string_split(trim({{ words('printed_text') }}), ' ') as word_list
    from printed_texts
),

starts as (
    select word_list, unnest(range(1, len(word_list) + 1)) as first_word
    from word_lists
),

lengths as (select unnest(range(1, 7)) as n_words),

-- Every run of up to six words.
phrases as (
    select distinct array_to_string(starts.word_list[starts.first_word:starts.first_word + lengths.n_words - 1], ' ') as phrase
    from starts
    cross join lengths
    where starts.first_word + lengths.n_words - 1 <= len(starts.word_list)
),

cell_words as (
    select distinct {{ word('cell_text') }} as printed_word
    from cells
),

titles as (
    select string_agg(regexp_replace(lower(concat_ws(' ', reports.title, reports.file_name)), '[^a-zåäöé]', '', 'g'), ' ') as letters
    from reports
),

-- Whole words of headers, labels and headings.
terms as (
    select 'column_roles' as seed, term, role as meaning from column_roles
    union all
    select 'context_words' as seed, term, role as meaning
    from context_words
    where role != 'activity'
    union all
    select 'entity_words' as seed, term, entity as meaning from entity_words
    union all
    select 'money_words' as seed, term, null as meaning from money_words
    union all
    select 'organisation_words' as seed, term, place as meaning from organisation_words
    union all
    select 'scenario_words' as seed, term, scenario_key as meaning
    from scenario_words
    where match = 'word'
    union all
    select 'table_kinds' as seed, term, kind as meaning from table_kinds
    union all
    select 'total_words' as seed, term, null as meaning from total_words
    union all
    select 'unit_words' as seed, term, unit_key || ' (' || context || ')' as meaning from unit_words
    union all
    select 'account_aliases' as seed, alias as term, account_key as meaning from account_aliases
),

unused_terms as (
    select terms.*
    from terms
    left join phrases on trim({{ words('terms.term') }}) = phrases.phrase
    where phrases.phrase is null and trim({{ words('terms.term') }}) != ''
),

unused_statuses as (
    select 'status_words' as seed, status_words.term, status_words.status_key as meaning
    from status_words
    left join cell_words on status_words.term = cell_words.printed_word
    where cell_words.printed_word is null
),

unused_report_types as (
    select 'report_types' as seed, report_types.term, report_types.report_type as meaning
    from report_types
    cross join titles
    where not coalesce(contains(titles.letters, report_types.term), false)
),

used_names as (
    select replace(words, ' ', '') as name_key from indicators
    union
    select turned_key as name_key from indicators
),

used_patterns as (
    select distinct concept_key
    from indicators
    where concept_basis = 'pattern'
),

unused_aliases as (
    select
        'concept_aliases' as seed,
        concat_ws(' > ', names.group_label, names.label) as term,
        names.concept_key as meaning
    from names
    left join used_names on names.name_key = used_names.name_key
    left join used_patterns
        on names.match = 'pattern' and names.concept_key = used_patterns.concept_key
    where names.concept_key is not null and used_names.name_key is null and used_patterns.concept_key is null
),

-- A concept without a name can never be found.
unused_concepts as (
    select 'concepts' as seed, concepts.concept_key as term, concepts.name as meaning
    from concepts
    left join concept_aliases using (concept_key)
    where concept_aliases.concept_key is null
)

select * from unused_terms
union
select * from unused_statuses
union
select * from unused_report_types
union
select * from unused_aliases
union
select * from unused_concepts
