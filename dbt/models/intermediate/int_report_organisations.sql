-- Whose each report is: a committee, or the municipality itself. Other spellings and earlier names of a committee lead to
-- the one name under which it is known (organisation_names).
with
reports as (select * from {{ ref('int_reports') }}),

organisation_names as (select * from {{ ref('organisation_names') }}),

bodies as (select * from {{ ref('int_report_bodies') }}),

formed as (
    select
        report_id,
        municipality_code,
        place_municipality_code,
        committee,
        body_name,
        is_organisation_known,
        period_start,
        {{ organisation_form('committee') }} as printed_form
    from reports
),

renamed as (
    select
        formed.*,
        organisation_names.canonical_name,
        row_number() over (
            partition by formed.report_id
            order by organisation_names.municipality_code is not null desc, organisation_names.valid_from desc nulls last, organisation_names.canonical_name
        ) as choice
    from formed
    left join organisation_names
        on formed.printed_form = {{ organisation_form('organisation_names.name') }}
            and organisation_names.level = 'committee'
            and coalesce(organisation_names.municipality_code, formed.municipality_code) = formed.municipality_code
            and coalesce(formed.period_start >= organisation_names.valid_from, organisation_names.valid_from is null)
            and coalesce(formed.period_start <= organisation_names.valid_to, organisation_names.valid_to is null)
),

named as (
    select
        report_id,
        municipality_code,
        place_municipality_code,
        renamed.body_name,
        {{ organisation_form('renamed.body_name') }} as body_form,
        -- Associations and foundations of one name are one in one place at most; the names of all others are protected.
        case
            when bodies.body_kind in ('association', 'foundation') then coalesce(place_municipality_code, report_id)
        end as body_place,
        is_organisation_known,
        case
            when renamed.body_name is not null then 'other'
            -- A report of nobody known is no report of the municipality: it must not meet that one's figures.
            when not is_organisation_known then 'unknown'
            when committee is null then 'municipality'
            else 'committee'
        end as known_level,
        coalesce(canonical_name, committee) as committee_name,
        coalesce({{ organisation_form('canonical_name') }}, printed_form) as committee_form
    from renamed
    left join bodies using (report_id)
    where renamed.choice = 1
)

select
    report_id,
    municipality_code,
    known_level,
    committee_name,
    committee_form,
    place_municipality_code,
    body_name,
    case
        when known_level = 'other' then {{ hash_key(['known_level', 'body_form', 'body_place']) }}
        when known_level = 'unknown' then {{ hash_key(['municipality_code', 'known_level', 'report_id']) }}
        else {{ organisation_key('municipality_code', 'known_level', 'committee_form', 'cast(null as varchar)', 'report_id') }}
    end as organisation_key
from named
