-- Two reports of which one is a copy or a later version of the other.
with
reports as (select * from {{ ref('int_reports') }}),

organisations as (select * from {{ ref('int_report_organisations') }}),

report_texts as (select * from {{ ref('int_report_lines') }}),

named_values as (select * from {{ ref('int_values') }}),

-- What a report says, so that another file or format says the same in the same words: letters of the label, what kind of
-- figure and for when, and the number. Headings, headers and units are left out: another format may lose them.
statements as (
    select distinct
        report_id,
        hash(letters, period_key) as line_hash,
        hash(letters, period_key, scenario_key, coalesce(cast(round(value_numeric, 6) as varchar), lower(value_text))) as statement_hash
    from (
        select *, regexp_replace(lower(coalesce(row_label, '')), '[^a-zåäöéü0-9]', '', 'g') as letters
        from named_values
        where cell_type != 'dash'
    )
),

report_lines as (select distinct report_id, line_hash from statements),

statement_counts as (
    select report_id, count(*) as n_statements, sum(cast(statement_hash as hugeint)) as statements_sum
    from statements
    group by all
),

line_counts as (
    select report_id, count(*) as n_lines
    from report_lines
    group by all
),

known_units as (
    select
        report_id,
        count(*) filter (where unit_key != 'unknown') as n_units,
        count(distinct round(abs(value_numeric), 6)) filter (where {{ significant_digits('value_numeric', 'rounding') }} > 2) as n_long_numbers
    from named_values
    group by all
),

-- The words on the front of a report.
fronts as (
    select report_id, list_distinct(flatten(list(string_split(trim(line_words), ' ')))) as front_words
    from report_texts
    where place = 'front'
    group by all
),

described as (
    select
        reports.report_id,
        reports.sha256,
        case when reports.municipality_code != 'none' then reports.municipality_code end as known_municipality,
        organisations.known_level,
        organisations.committee_form,
        organisations.organisation_key,
        nullif(reports.report_type, 'unknown') as report_type,
        reports.fiscal_year,
        reports.period_end,
        reports.version_status,
        reports.printed_on,
        reports.modified_at,
        coalesce(statement_counts.n_statements, 0) as n_statements,
        statement_counts.statements_sum,
        coalesce(line_counts.n_lines, 0) as n_lines,
        coalesce(known_units.n_long_numbers, 0) as n_long_numbers,
        coalesce(fronts.front_words, []) as front_words,
        -- Versions of one report: the same body, kind and year, and of interim reports the same day.
        case
            when
                organisations.known_level != 'unknown' and reports.report_type != 'unknown' and reports.fiscal_year is not null
                and (reports.report_type != 'interim_report' or reports.period_end is not null)
                then {{ hash_key(['organisations.organisation_key', 'reports.report_type', 'reports.fiscal_year', "case when reports.report_type = 'interim_report' then reports.period_end end"]) }}
        end as family_key,
        -- Which of several alike is the one that counts: that of which people have said something, most was read and most
        -- is known; then the one with pages. The name of the file decides only between the very same bytes.
        row_number() over (
            order by
                reports.is_settled_by_hand desc, statement_counts.n_statements desc nulls last, known_units.n_units desc nulls last,
                len(list_filter(
                    [
                        reports.report_type != 'unknown', organisations.known_level != 'unknown',
                        reports.fiscal_year is not null, reports.municipality_code != 'none'
                    ],
                    lambda is_known: is_known
                )) desc,
                reports.page_count is null, reports.sha256, reports.report_id
        ) as standing
    from reports
    inner join organisations using (report_id)
    left join statement_counts using (report_id)
    left join line_counts using (report_id)
    left join known_units using (report_id)
    left join fronts using (report_id)
),

same_bytes as (
    select
        copy.report_id,
        kept.report_id as other_report_id,
        kept.standing
    from described as copy
    inner join described as kept on copy.sha256 = kept.sha256 and copy.standing > kept.standing
),

-- The same figures in another file. A web page may lack the date that the printed report has, and say less of whose it is;
-- a draft and a decision are never copies.
same_figures as (
    select
        copy.report_id,
        kept.report_id as other_report_id,
        kept.standing
    from described as copy
    inner join described as kept
        on copy.statements_sum = kept.statements_sum
            and copy.n_statements = kept.n_statements
            and copy.standing > kept.standing
    where
        -- Fewer could be the same by chance.
        copy.n_statements >= 5
        and copy.version_status is not distinct from kept.version_status
        and coalesce(copy.printed_on = kept.printed_on, true)
        and coalesce(copy.report_type = kept.report_type, true)
        and coalesce(copy.fiscal_year = kept.fiscal_year, true)
        and (copy.report_type is distinct from 'interim_report' or coalesce(copy.period_end = kept.period_end, true))
        and coalesce(copy.known_municipality = kept.known_municipality, true)
        and (
            -- Where nobody knows whose either is, two may have filled in one form alike: then the numbers must be long, and
            -- no front may say what the other does not.
            (
                copy.known_level = 'unknown' and kept.known_level = 'unknown'
                and copy.n_long_numbers >= 5
                and len(list_intersect(copy.front_words, kept.front_words)) = least(len(copy.front_words), len(kept.front_words))
            )
            or (copy.known_level = 'unknown') != (kept.known_level = 'unknown')
            or copy.organisation_key = kept.organisation_key
            -- Of no known municipality every report has an organisation of its own.
            or (
                copy.known_level = kept.known_level
                and copy.known_level not in ('other', 'unknown')
                and copy.committee_form is not distinct from kept.committee_form
            )
        )
),

relatives as (
    select
        one.report_id,
        other.report_id as other_report_id
    from described as one
    inner join described as other
        on one.family_key = other.family_key and one.report_id != other.report_id
),

shared_statements as (
    select relatives.report_id, relatives.other_report_id, count(*) as n_shared
    from relatives
    inner join statements as one on relatives.report_id = one.report_id
    inner join statements as other
        on relatives.other_report_id = other.report_id and one.statement_hash = other.statement_hash
    group by all
),

-- Another reading of the same report that lost some of its tables says nothing that the fuller one does not.
contained as (
    select
        copy.report_id,
        kept.report_id as other_report_id,
        kept.standing
    from shared_statements
    inner join described as copy on shared_statements.report_id = copy.report_id
    inner join described as kept on shared_statements.other_report_id = kept.report_id
    where
        shared_statements.n_shared = copy.n_statements
        and copy.standing > kept.standing
        and copy.version_status is not distinct from kept.version_status
        and coalesce(copy.printed_on = kept.printed_on, true)
),

copies as (
    select
        report_id,
        other_report_id,
        'copy' as relation,
        case when bool_or(is_same_bytes) then 'bytes' else 'figures' end as basis
    from (
        select *, true as is_same_bytes from same_bytes
        union all
        select *, false as is_same_bytes from same_figures
        union all
        select *, false as is_same_bytes from contained
    )
    group by report_id, other_report_id, standing
    qualify row_number() over (partition by report_id order by standing) = 1
),

-- Files that were written within a minute of one another were copied together: that says nothing of what they are.
written as (
    select
        *,
        coalesce(modified_at - lag(modified_at) over (partition by family_key order by modified_at), interval 1 hour) >= interval 1 minute
            as is_apart
    from described
    where family_key is not null and report_id not in (select report_id from copies)
),

staged as (
    select
        *,
        -- What nobody has decided yet does not replace what has been.
        case version_status when 'draft' then 1 when 'proposed' then 2 else 3 end as stage,
        -- A revision comes after what it revises, also where it has no date.
        coalesce(printed_on, case when version_status = 'revised' then date '9999-12-31' else date '0001-01-01' end) as dated,
        coalesce(list_position(['decided', 'revised'], version_status), 0) as advance,
        count(*) filter (where is_apart) over (partition by family_key order by modified_at range unbounded preceding) as file_time
    from written
),

ordered as (
    select
        *,
        row_number() over (
            partition by family_key order by stage, dated, advance, file_time, n_statements, sha256, report_id
        ) as version_order
    from staged
),

shared_lines as (
    select relatives.report_id, relatives.other_report_id, count(*) as n_shared
    from relatives
    inner join report_lines as one on relatives.report_id = one.report_id
    inner join report_lines as other
        on relatives.other_report_id = other.report_id and one.line_hash = other.line_hash
    group by all
),

-- A later version prints most of what the earlier one does. Where neither says that it is a version, most of the numbers
-- too: two departments fill in the same form.
versions as (
    select
        earlier.report_id,
        later.report_id as other_report_id,
        earlier.version_order,
        later.version_order as other_version_order,
        'version' as relation,
        case
            when earlier.stage != later.stage then 'words'
            when earlier.dated != later.dated and earlier.printed_on is not null and later.printed_on is not null then 'date'
            when earlier.dated != later.dated or earlier.advance != later.advance then 'words'
            when earlier.file_time != later.file_time then 'file_time'
            else 'none'
        end as basis
    from ordered as earlier
    inner join ordered as later
        on earlier.family_key = later.family_key and earlier.version_order < later.version_order
    inner join shared_lines
        on earlier.report_id = shared_lines.report_id and later.report_id = shared_lines.other_report_id
    left join shared_statements
        on earlier.report_id = shared_statements.report_id and later.report_id = shared_statements.other_report_id
    where
        shared_lines.n_shared >= 0.6 * earlier.n_lines
        and (
            earlier.version_status is distinct from later.version_status
            or earlier.printed_on != later.printed_on
            or shared_statements.n_shared >= 0.5 * earlier.n_statements
        )
)

select report_id, other_report_id, relation, basis, version_order, other_version_order from versions
union all
select
    report_id,
    other_report_id,
    relation,
    basis,
    cast(null as bigint) as version_order,
    cast(null as bigint) as other_version_order
from copies
