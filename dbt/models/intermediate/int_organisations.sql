-- Whose the figures of a row are, for each name that may give its unit: its label, the groups above it, a column, or none.
-- A row of a municipality's report that names a committee has the organisation of that committee's own report.
with
report_organisations as (select * from {{ ref('int_report_organisations') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('stg_tables') }}),

cells as (select * from {{ ref('stg_cells') }}),

headings as (select * from {{ ref('stg_headings') }}),

named as (select * from {{ ref('int_organisation_labels') }}),

column_owners as (select * from {{ ref('int_column_owners') }}),

row_owners as (select * from {{ ref('int_row_owners') }}),

-- Over a table: its caption and the header of its labels, then the headings.
table_headings as (
    select report_id, table_seq, caption as label, 0 as distance from tables
    where caption is not null
    union all
    select report_id, table_seq, value_text as label, 0 as distance from cells
    where is_header and col_index = 0
    union all
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
    union
    select report_id, table_seq, row_index, row_label as unit_label, row_label as unit_name from rows
    where row_label != ''
    union
    select
        report_id,
        table_seq,
        row_index,
        group_name as unit_label,
        group_name as unit_name
    from (
        select report_id, table_seq, row_index, unnest(coalesce(string_split(group_label, ' > '), []) || [group_label, group_unit_name]) as group_name
        from rows
        where group_label is not null or group_unit_name is not null
    )
    where group_name != ''
    union
    select report_id, table_seq, row_index, owner_label as unit_label, owner_label as unit_name from row_owners
    union
    select
        rows.report_id,
        rows.table_seq,
        rows.row_index,
        column_owners.owner_label as unit_label,
        column_owners.owner_label as unit_name
    from rows
    inner join column_owners using (report_id, table_seq)
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
    qualify row_number() over (
            partition by table_headings.report_id, table_headings.table_seq order by table_headings.distance, named.name_form
        ) = 1
),

-- What is accounted for by itself (VA-verksamheten) has chapters of its own, in any report.
activities as (
    select
        table_headings.report_id,
        table_headings.table_seq,
        named.name as unit_name,
        named.name_form as unit_form
    from table_headings
    inner join named using (report_id, label)
    where named.is_activity
    qualify row_number() over (
            partition by table_headings.report_id, table_headings.table_seq order by table_headings.distance, named.name_form
        ) = 1
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
    left join column_owners
        on row_labels.report_id = column_owners.report_id
            and row_labels.table_seq = column_owners.table_seq
            and row_labels.unit_label = column_owners.owner_label
    -- A column owns its own figures only.
    where named.is_committee and row_labels.unit_label is distinct from rows.row_label and column_owners.owner_label is null
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
        report_organisations.municipality_code,
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
        case
            when row_labels.unit_label = '' then activities.unit_name
            when not coalesce(named.is_committee, false) then named.name
        end as unit_name,
        case
            when row_labels.unit_label = '' then activities.unit_form
            when not coalesce(named.is_committee, false) then named.name_form
        end as unit_form
    from row_labels
    inner join report_organisations using (report_id)
    left join named on row_labels.report_id = named.report_id and row_labels.unit_name = named.label
    left join groups using (report_id, table_seq, row_index)
    left join chapters using (report_id, table_seq)
    left join activities using (report_id, table_seq)
),

levelled as (
    select
        *,
        case
            when known_level = 'other' then 'other'
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
    municipality_code,
    level,
    committee_name,
    unit_name,
    case
        when level = 'unknown' or (level = 'other' and unit_form is null) then report_organisation_key
        when level = 'other' or (known_level = 'unknown' and committee_form is null)
            then {{ hash_key(['report_organisation_key', 'level', 'unit_form']) }}
        else {{ organisation_key('municipality_code', 'level', 'committee_form', 'unit_form', 'report_id') }}
    end as organisation_key
from levelled
