-- What each printed indicator measures: a concept that other municipalities print too, Kolada's indicator, or neither.
with
named_values as (select * from {{ ref('int_values') }}),

printed_rows as (select * from {{ ref('int_rows') }}),

names as (select * from {{ ref('int_indicator_names') }}),

concepts as (select * from {{ ref('concepts') }}),

kpis as (select * from {{ ref('kolada_kpis') }}),

municipalities as (select * from {{ ref('municipalities') }}),

context_words as (select * from {{ ref('context_words') }}),

units as (select * from {{ ref('units') }}),

context as (
    select
        list(term order by term) filter (where role = 'neutral') as neutral_terms,
        list(term order by term) filter (where role in ('group', 'total')) as dependent_terms,
        ' (?:' || string_agg(term, '|' order by term) filter (where role = 'group') || ') ' as group_pattern,
        ' (?:' || string_agg(term, '|' order by term) filter (where role = 'activity') || ')[a-zåäö]*' as activity_pattern
    from context_words
),

-- One row per indicator; a unit column that makes it a ratio (kr/inv) belongs to its name.
printed as (
    select
        named_values.indicator_key,
        min(named_values.row_label) as row_label,
        min(named_values.group_label) as group_label,
        min(named_values.indicator_section) as section_name,
        min(named_values.qualifier) as qualifier,
        -- As finely as it is printed (weeks, not a count), of the numbers that are no change beside another.
        coalesce(
            min(named_values.unit_detail_key) filter (where named_values.value_numeric is not null and named_values.part_role = 'value'),
            min(named_values.unit_detail_key)
        ) as unit_key,
        min(named_values.municipality_code) as municipality_code,
        min(named_values.organisation_committee) as committee,
        min(named_values.organisation_level) as organisation_level,
        string_agg(distinct named_values.section, ' ' order by named_values.section) as sections,
        coalesce(bool_or(named_values.is_ratio), false) as is_ratio,
        coalesce(bool_and(named_values.unit_basis = 'default') filter (where named_values.value_numeric is not null), false) as is_without_unit,
        min(printed_rows.unit_text) filter (where regexp_matches(printed_rows.unit_text, '/| per ')) as ratio_text
    from named_values
    inner join printed_rows using (report_id, table_seq, row_index)
    where named_values.fact_table = 'fct_indicator_value'
    group by named_values.indicator_key
),

texts as (
    select
        *,
        concat_ws(' ', row_label, case when not contains(lower(row_label), ' per ') then ratio_text end) as label_text,
        coalesce(committee, '') as committee_text,
        coalesce(sections, '') as section_text
    from printed
),

with_words as (
    select
        * exclude (label_text, committee_text, section_text),
        {{ name_words('label_text') }} as label_words,
        {{ name_words('committee_text') }} as committee_words,
        {{ name_words('section_text') }} as section_words
    from texts
),

-- What stands around a label, level by level: the rows above it, then the column, and the heading where one report
-- prints the label under several.
levels as (
    select indicator_key, 'above' as place, unnest(string_split(group_label, ' > ')) as level_text
    from with_words
    where group_label is not null
    union all
    select indicator_key, 'beside' as place, qualifier as level_text
    from with_words
    where qualifier is not null
    union all
    select indicator_key, 'heading' as place, section_name as level_text
    from with_words
    where section_name is not null
),

own_levels as (
    select
        levels.indicator_key,
        levels.place,
        -- "Kvinnor" or "Totalt" is a part of what the row above says.
        levels.place = 'above'
        and list_has_all(context.dependent_terms, string_split(with_words.label_words, ' ')) as is_needed,
        replace(lower(levels.level_text), lower(coalesce(municipalities.municipality_name, '')), '') as level_text
    from levels
    inner join with_words using (indicator_key)
    cross join context
    left join municipalities using (municipality_code)
),

level_words as (
    select
        indicator_key,
        place,
        is_needed,
        {{ name_words('level_text') }} as words
    from own_levels
),

-- Words like "Nyckeltal" or "Personal" say nothing more about what is measured; nor does a goal in a whole sentence, which
-- is why the indicator is followed, unless it singles out a group of persons.
meaningful_levels as (
    select
        level_words.indicator_key,
        nullif(string_agg(level_words.words, ' ') filter (where level_words.place = 'above'), '') as words_above,
        nullif(string_agg(level_words.words, ' ' order by level_words.place) filter (where level_words.place != 'above'), '') as words_beside
    from level_words
    cross join context
    where
        level_words.words != ''
        and (
            level_words.is_needed
            or not list_has_all(
                context.neutral_terms,
                list_filter(string_split(level_words.words, ' '), lambda word: not regexp_full_match(word, '\d+'))
            )
        )
        and (
            not regexp_matches(level_words.words, '^(?:mål|målet|delmål|inriktningsmål|effektmål|nämndmål|fokusområde|målområde) .* | ska | skall ')
            or regexp_matches(' ' || replace(level_words.words, ' ', '  ') || ' ', context.group_pattern)
        )
    group by all
),

-- The figure of a department that only the heading names is not the committee's. Asked once for each section, for the
-- pattern is made of the vocabulary, and DuckDB would compile it anew for each indicator.
sections as (
    select
        named_sections.committee_words,
        named_sections.section_words,
        len(list_filter(
            regexp_extract_all(' ' || named_sections.section_words || ' ', context.activity_pattern),
            lambda activity: not contains(' ' || named_sections.committee_words, left(activity, 6))
        )) > 0 as is_of_other_activity
    from (select distinct committee_words, section_words from with_words) as named_sections
    cross join context
),

worded as (
    select
        with_words.*,
        ' ' || with_words.committee_words || ' ' || with_words.section_words || ' ' as area_words,
        units.base_unit_key,
        meaningful_levels.words_above,
        meaningful_levels.words_beside,
        sections.is_of_other_activity
    from with_words
    inner join units using (unit_key)
    inner join sections
        on with_words.committee_words is not distinct from sections.committee_words
            and with_words.section_words is not distinct from sections.section_words
    left join meaningful_levels using (indicator_key)
),

keyed as (
    select
        *,
        concat_ws(' ', words_above, label_words, words_beside) as words,
        replace(concat_ws('', words_above, label_words, words_beside), ' ', '') as name_key,
        replace(concat_ws('', label_words, words_beside, words_above), ' ', '') as turned_key
    from worded
),

candidates as (
    select
        keyed.indicator_key,
        names.concept_key,
        names.kolada_kpi_id,
        names.area is not null as is_area_stated,
        case
            when lower(keyed.row_label) = lower(names.label) and coalesce(names.group_label, '') = coalesce(keyed.group_label, '')
                then 1
            else 2
        end as basis_rank
    from keyed
    inner join names on keyed.name_key = names.name_key and {{ name_fits('keyed', 'names') }}
    union all
    select
        keyed.indicator_key,
        names.concept_key,
        names.kolada_kpi_id,
        names.area is not null as is_area_stated,
        2 as basis_rank
    from keyed
    inner join names on keyed.turned_key = names.name_key and {{ name_fits('keyed', 'names') }}
    where keyed.turned_key != keyed.name_key
    union all
    select
        keyed.indicator_key,
        names.concept_key,
        names.kolada_kpi_id,
        names.area is not null as is_area_stated,
        3 as basis_rank
    from keyed
    inner join names
        on split_part(keyed.words, ' ', 1) = names.first_word
            and {{ name_fits('keyed', 'names') }}
            and regexp_full_match(keyed.words, names.words)
),

-- The surest of the names that fit; where two concepts are equally sure, neither is taken.
best_candidates as (
    select candidates.*
    from candidates
    inner join keyed using (indicator_key)
    inner join concepts using (concept_key)
    -- Every organisation has staff and money: there the name does not say whose.
    where concepts.area not in ('staff', 'economy') or not keyed.is_of_other_activity
    qualify rank() over (
            partition by candidates.indicator_key order by candidates.is_area_stated desc, candidates.basis_rank
        ) = 1
),

sure_concepts as (
    select
        indicator_key,
        min(concept_key) as concept_key,
        min(basis_rank) as basis_rank
    from best_candidates
    group by all
    having count(distinct concept_key) = 1
),

sure_kpis as (
    select indicator_key, min(kolada_kpi_id) as kolada_kpi_id
    from candidates
    where kolada_kpi_id is not null
    group by all
    having count(distinct kolada_kpi_id) = 1
)

select
    keyed.indicator_key,
    keyed.row_label,
    keyed.label_words,
    keyed.words,
    keyed.turned_key,
    keyed.unit_key,
    keyed.base_unit_key,
    keyed.is_ratio,
    sure_concepts.concept_key,
    case sure_concepts.basis_rank when 1 then 'exact' when 2 then 'normalised' when 3 then 'pattern' end as concept_basis,
    -- The id that the label prints, its title, or the concept: the last only where the figure is the whole municipality's.
    coalesce(
        upper(nullif(regexp_extract(keyed.row_label, '^([NUnu]\d{5})(?:[^0-9]|$)', 1), '')),
        titled.kpi_id,
        sure_kpis.kolada_kpi_id,
        case
            when {{ is_of_whole_municipality('keyed', 'concepts') }} then concepts.kolada_kpi_id
        end
    ) as kolada_kpi_id,
    case
        when regexp_matches(keyed.row_label, '^[NUnu]\d{5}(?:[^0-9]|$)') then 'printed id'
        when titled.kpi_id is not null then 'title'
        when sure_kpis.kolada_kpi_id is not null then 'normalised title'
        when {{ is_of_whole_municipality('keyed', 'concepts') }} and concepts.kolada_kpi_id is not null then 'concept'
    end as kolada_basis
from keyed
left join sure_concepts using (indicator_key)
left join concepts on sure_concepts.concept_key = concepts.concept_key
left join sure_kpis using (indicator_key)
left join kpis as titled on lower({{ collapsed('keyed.row_label') }}) = lower({{ collapsed('titled.title') }})
