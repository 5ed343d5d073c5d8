-- Whose the figures of a row are, for each name that the row may give its unit: its label, the groups above it, or none.
-- A row of a municipality's report that names a committee has the organisation of that committee's own report.
with
reports as (select * from {{ ref('int_reports') }}),

report_organisations as (select * from {{ ref('int_report_organisations') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('stg_tables') }}),

headings as (select * from {{ ref('stg_headings') }}),

organisation_names as (select * from {{ ref('organisation_names') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

table_headings as (
    select
        tables.report_id,
        tables.table_seq,
        unnest([heading.heading_text, parent.heading_text, grandparent.heading_text]) as label,
        unnest([1, 2, 3]) as distance
    from tables
    inner join headings as heading using (report_id, heading_seq)
    left join headings as parent
        on heading.report_id = parent.report_id and heading.parent_heading_seq = parent.heading_seq
    left join headings as grandparent
        on parent.report_id = grandparent.report_id and parent.parent_heading_seq = grandparent.heading_seq
),

row_labels as (
    select report_id, table_seq, row_index, '' as unit_label, cast(null as varchar) as unit_name from rows
    union all
    select report_id, table_seq, row_index, row_label as unit_label, row_label as unit_name from rows
    where row_label is not null and row_label != ''
    union all
    select distinct
        report_id,
        table_seq,
        row_index,
        group_name as unit_label,
        group_name as unit_name
    from (
        select report_id, table_seq, row_index, row_label, unnest(string_split(group_label, ' > ') || [group_label]) as group_name
        from rows
        where group_label is not null
    )
    where group_name is distinct from row_label and group_name != ''
),

-- Each different label once: what it names, if it names a committee or has another name in this municipality.
labels as (
    select report_id, unit_name as label from row_labels
    where unit_name is not null
    union
    select report_id, label from table_headings
    where label is not null
),

formed as (
    select
        labels.*,
        reports.municipality_key,
        reports.period_start,
        {{ organisation_form('labels.label') }} as printed_form,
        regexp_full_match(
            case when labels.label = upper(labels.label) then upper(left(labels.label, 1)) || lower(labels.label[2:]) else labels.label end,
            '{{ committee_pattern() }}'
        ) as has_committee_form
    from labels
    inner join reports using (report_id)
),

renamed as (
    select
        formed.*,
        organisation_names.canonical_name,
        organisation_names.level as canonical_level
    from formed
    left join organisation_names
        on formed.printed_form = {{ organisation_form('organisation_names.name') }}
            and coalesce(organisation_names.municipality_key, formed.municipality_key) = formed.municipality_key
            and coalesce(formed.period_start >= organisation_names.valid_from, organisation_names.valid_from is null)
            and coalesce(formed.period_start <= organisation_names.valid_to, organisation_names.valid_to is null)
    qualify row_number() over (
            partition by formed.report_id, formed.label
            order by organisation_names.municipality_key is not null desc, organisation_names.valid_from desc nulls last, organisation_names.canonical_name
        ) = 1
),

no_committees as (
    select {{ organisation_form('metadata_words.word') }} as word_form
    from metadata_words
    where role = 'not_committee'
),

named as (
    select
        report_id,
        label,
        coalesce(canonical_name, label) as name,
        coalesce({{ organisation_form('canonical_name') }}, printed_form) as name_form,
        coalesce(
            canonical_level = 'committee',
            has_committee_form
            and printed_form not in (select word_form from no_committees)
        ) as is_committee
    from renamed
),

-- A chapter of a municipality's report may be that of a committee.
chapters as (
    select
        table_headings.report_id,
        table_headings.table_seq,
        named.name as committee_name,
        named.name_form as committee_form
    from table_headings
    inner join named using (report_id, label)
    where named.is_committee
    qualify row_number() over (partition by table_headings.report_id, table_headings.table_seq order by table_headings.distance) = 1
),

groups as (
    select
        row_labels.report_id,
        row_labels.table_seq,
        row_labels.row_index,
        named.name as committee_name,
        named.name_form as committee_form
    from row_labels
    inner join rows using (report_id, table_seq, row_index)
    inner join named on row_labels.report_id = named.report_id and row_labels.unit_label = named.label
    where named.is_committee and row_labels.unit_label is distinct from rows.row_label
    qualify row_number() over (
            partition by row_labels.report_id, row_labels.table_seq, row_labels.row_index
            order by strpos(rows.group_label, row_labels.unit_label) desc, named.name_form
        ) = 1
),

-- In a committee's report everything is that committee's, but a row that names another.
placed as (
    select
        row_labels.report_id,
        row_labels.table_seq,
        row_labels.row_index,
        row_labels.unit_label,
        report_organisations.municipality_key,
        report_organisations.known_level,
        report_organisations.organisation_key as report_organisation_key,
        case
            when named.is_committee then named.name
            when report_organisations.known_level = 'municipality' then coalesce(groups.committee_name, chapters.committee_name)
            else report_organisations.committee_name
        end as committee_name,
        case
            when named.is_committee then named.name_form
            when report_organisations.known_level = 'municipality' then coalesce(groups.committee_form, chapters.committee_form)
            else report_organisations.committee_form
        end as committee_form,
        case when not coalesce(named.is_committee, false) then named.name end as unit_name,
        case when not coalesce(named.is_committee, false) then named.name_form end as unit_form
    from row_labels
    inner join report_organisations using (report_id)
    left join named on row_labels.report_id = named.report_id and row_labels.unit_name = named.label
    left join groups using (report_id, table_seq, row_index)
    left join chapters using (report_id, table_seq)
),

levelled as (
    select
        *,
        case
            when unit_form is not null then 'unit'
            when committee_form is not null then 'committee'
            else known_level
        end as level
    from placed
)

select
    report_id,
    table_seq,
    row_index,
    unit_label,
    municipality_key,
    level,
    committee_name,
    unit_name,
    case
        when level = 'unknown' then report_organisation_key
        when known_level = 'unknown' and committee_form is null
            then {{ hash_key(['report_organisation_key', 'level', 'unit_form']) }}
        else {{ organisation_key('municipality_key', 'level', 'committee_form', 'unit_form', 'report_id') }}
    end as organisation_key
from levelled
