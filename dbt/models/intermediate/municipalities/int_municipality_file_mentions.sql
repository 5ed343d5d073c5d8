with
reports as (select * from {{ ref('stg_reports') }}),

forms as (select * from {{ ref('int_municipality_name_forms') }}),

file_forms as (
    select distinct municipality_code, is_ambiguous, replace(strip_accents(name_form), '-', ' ') as name_form
    from forms
),

file_words as (
    select
        report_id,
        file_name,
        list_filter(
            regexp_split_to_array(strip_accents(lower(nfc_normalize(regexp_replace(file_name, '\.[A-Za-z0-9]+$', '')))), '[^a-z]+'),
            lambda word: word != ''
        ) as parts
    from reports
),

file_positions as (
    select *, unnest(range(1, len(parts) + 1)) as position
    from file_words
),

file_candidates as (
    select report_id, file_name, parts[position] as name_form, coalesce(parts[position + 1], '') as next_part from file_positions
    union all
    select
        report_id,
        file_name,
        parts[position] || ' ' || parts[position + 1] as name_form,
        coalesce(parts[position + 2], '') as next_part
    from file_positions
    where position < len(parts)
)

select
    file_candidates.report_id,
    file_candidates.file_name,
    file_forms.municipality_code,
    case
        when file_candidates.next_part in ('kommun', 'kommuns', 'stad', 'stads') then 'named'
        when file_forms.is_ambiguous then 'none'
        else 'bare'
    end as form,
    count(distinct file_forms.municipality_code) over (partition by file_candidates.report_id) as n_municipalities
from file_candidates
inner join file_forms using (name_form)
