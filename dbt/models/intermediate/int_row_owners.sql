-- Rows whose group names a part of the organisation, which owns them: the innermost such group. The sum of a group belongs
-- to it wherever the sum stands (Summa socialnämnden); the sum of everything belongs to the report's own organisation.
with
rows as (select * from {{ ref('int_rows') }}),

row_groups as (select * from {{ ref('int_row_groups') }}),

named as (select * from {{ ref('int_organisation_labels') }}),

report_organisations as (select * from {{ ref('int_report_organisations') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

total_words as (select * from {{ ref('total_words') }}),

group_levels as (
    select
        row_groups.report_id,
        row_groups.table_seq,
        row_groups.row_index,
        unnest(string_split(row_groups.group_label, ' > ')) as label,
        unnest(range(1, len(string_split(row_groups.group_label, ' > ')) + 1)) as depth
    from row_groups
    inner join rows using (report_id, table_seq, row_index)
    where row_groups.group_label is not null and not rows.is_of_which
),

total_forms as (
    select
        rows.report_id,
        rows.table_seq,
        rows.row_index,
        {{ organisation_form("ltrim(lower(rows.row_label)[length(total_words.term) + 1:])") }} as total_form,
        length(total_words.term) as term_length
    from rows
    inner join total_words on starts_with(rows.label_words, ' ' || total_words.term || ' ')
    where rows.row_role = 'data' and not rows.is_plain_total
),

owners as (
    select
        group_levels.report_id,
        group_levels.table_seq,
        group_levels.row_index,
        group_levels.label,
        named.name_form,
        named.is_committee,
        1 as rank,
        group_levels.depth
    from group_levels
    inner join named using (report_id, label)
    where named.is_organisation
    union all
    select
        total_forms.report_id,
        total_forms.table_seq,
        total_forms.row_index,
        named.label,
        named.name_form,
        named.is_committee,
        0 as rank,
        total_forms.term_length as depth
    from total_forms
    inner join named on total_forms.report_id = named.report_id and total_forms.total_form = named.name_form
    where named.is_organisation or named.is_activity
)

select
    owners.report_id,
    owners.table_seq,
    owners.row_index,
    owners.label as owner_label
from owners
inner join report_organisations using (report_id)
inner join kinds using (report_id, table_seq)
where
    -- What names the report's own committee names no part of it.
    owners.name_form is distinct from report_organisations.committee_form
    -- Above the indicators of a committee, what it does is a subject (Bibliotek above Antal besök).
    and (owners.is_committee or report_organisations.known_level = 'municipality' or kinds.kind not in ('indicator', 'staffing', 'goal', 'assignment', 'other'))
qualify row_number() over (
        partition by owners.report_id, owners.table_seq, owners.row_index
        order by owners.rank, owners.depth desc, owners.label
    ) = 1
