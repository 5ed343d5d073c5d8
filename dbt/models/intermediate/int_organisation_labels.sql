-- What each different label, group and heading of a report names: a committee, another part of the organisation, or neither.
with
reports as (select * from {{ ref('int_reports') }}),

report_organisations as (select * from {{ ref('int_report_organisations') }}),

rows as (select * from {{ ref('int_rows') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

tables as (select * from {{ ref('stg_tables') }}),

cells as (select * from {{ ref('stg_cells') }}),

headings as (select * from {{ ref('stg_headings') }}),

organisation_names as (select * from {{ ref('organisation_names') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

metadata_words as (select * from {{ ref('metadata_words') }}),

column_owners as (select * from {{ ref('int_column_owners') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

labels as (
    select report_id, row_label as label from rows
    where row_label != ''
    union
    select report_id, unnest(string_split(group_label, ' > ') || [group_label]) as label from rows
    where group_label != ''
    union
    select report_id, group_unit_name as label from rows
    where group_unit_name != ''
    union
    select report_id, heading_text as label from headings
    union
    select report_id, caption as label from tables
    where caption is not null
    union
    select report_id, value_text as label from cells
    where is_header and col_index = 0
    union
    select report_id, owner_label as label from column_owners
),

formed as (
    select
        labels.*,
        reports.municipality_code,
        reports.period_start,
        report_organisations.known_level,
        {{ words('labels.label') }} as label_words,
        labels.own_name,
        {{ organisation_form('labels.own_name') }} as printed_form,
        regexp_full_match(
            case when labels.label = upper(labels.label) then upper(left(labels.label, 1)) || lower(labels.label[2:]) else labels.label end,
            '{{ committee_pattern() }}'
        ) as has_committee_form
    from (
        -- "varav kommunstab" names the kommunstab; "socialnämnden" is Socialnämnden.
        select
            report_id,
            label,
            upper(left(printed_name, 1)) || printed_name[2:] as own_name
        from (
            select *, regexp_replace(label, '^[-–•* ]*(?:[Vv]arav|[Dd]ärav|[Dd]är av|[Vv]ar av) ', '') as printed_name
            from labels
        )
    ) as labels
    inner join reports using (report_id)
    inner join report_organisations using (report_id)
),

renamed as (
    select
        formed.*,
        organisation_names.canonical_name,
        organisation_names.level as canonical_level
    from formed
    left join organisation_names
        on formed.printed_form = {{ organisation_form('organisation_names.name') }}
            and coalesce(organisation_names.municipality_code, formed.municipality_code) = formed.municipality_code
            and coalesce(formed.period_start >= organisation_names.valid_from, organisation_names.valid_from is null)
            and coalesce(formed.period_start <= organisation_names.valid_to, organisation_names.valid_to is null)
    qualify row_number() over (
            partition by formed.report_id, formed.label
            order by organisation_names.municipality_code is not null desc, organisation_names.valid_from desc nulls last, organisation_names.canonical_name
        ) = 1
),

no_committees as (
    select {{ organisation_form('metadata_words.word') }} as word_form
    from metadata_words
    where role = 'not_committee'
),

account_lines as (
    select distinct {{ words('alias') }} as label_words from account_aliases
),

label_starts as (
    {{ first_phrases_of('formed', 'label_words') }}
),

organisation_label_words as (
    select distinct label_starts.label_words
    from label_starts
    inner join organisation_words on label_starts.phrase = organisation_words.term and organisation_words.place = 'label_start'
    union
    select distinct formed.label_words
    from formed
    inner join organisation_words on ends_with(formed.label_words, organisation_words.term || ' ') and organisation_words.place = 'label_end'
),

-- What one table lists as departments, others may have as groups.
listed_units as (
    select distinct rows.report_id, rows.row_label as label
    from rows
    inner join kinds using (report_id, table_seq)
    where
        kinds.has_organisation_rows and kinds.kind not in ('goal', 'assignment')
        and rows.row_role = 'data' and not rows.has_total_word and not rows.is_period_row
),

-- Where a table tells of departments and its rows are lines of accounts, the groups are the departments.
group_units as (
    select distinct
        rows.report_id,
        unnest(string_split(rows.group_label, ' > ')) as label
    from rows
    inner join kinds using (report_id, table_seq)
    where kinds.has_organisation_groups and rows.group_label is not null and not rows.is_of_which
),

column_units as (
    select distinct report_id, owner_label as label
    from column_owners
)

select
    renamed.report_id,
    renamed.label,
    coalesce(renamed.canonical_name, renamed.own_name) as name,
    coalesce({{ organisation_form('renamed.canonical_name') }}, renamed.printed_form) as name_form,
    -- The board of a company or federation is no committee of a municipality.
    renamed.known_level != 'other' and coalesce(
        renamed.canonical_level = 'committee',
        renamed.has_committee_form
        and renamed.printed_form not in (select no_committees.word_form from no_committees)
    ) as is_committee,
    trim(renamed.label_words) in (
        select organisation_words.term from organisation_words
        where organisation_words.place = 'chapter'
    ) as is_activity,
    account_lines.label_words is null
    and (
        renamed.canonical_level is not null
        or renamed.has_committee_form
        or organisation_label_words.label_words is not null
        or listed_units.label is not null
        or group_units.label is not null
        or column_units.label is not null
    ) as is_organisation
from renamed
left join account_lines using (label_words)
left join organisation_label_words using (label_words)
left join listed_units using (report_id, label)
left join group_units using (report_id, label)
left join column_units using (report_id, label)
