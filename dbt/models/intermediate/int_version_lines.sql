-- Lines by which a report says which version of itself it is (Utkast, Antagen av fullmäktige 2024-11-25), and its dates.
with
reports as (select * from {{ ref('stg_reports') }}),

lines as (select * from {{ ref('int_report_lines') }}),

version_words as (select * from {{ ref('version_words') }}),

-- Headings and text speak of other documents too. A line of text has all its letters, a file's name often not.
texts as (
    select
        report_id,
        line_seq,
        place,
        line_text,
        line_words,
        {{ iso_dates('lower(line_text)') }} as dated_text,
        false as is_plain
    from lines
    where place in ('front', 'running') and length(line_text) <= 160
    union all
    select
        report_id,
        0 as line_seq,
        'file_name' as place,
        file_name as line_text,
        strip_accents({{ words("regexp_replace(nfc_normalize(regexp_extract(file_name, '([^/]*)\\.[^./]*$', 1)), '[-_.]+', ' ', 'g')") }}) as line_words,
        {{ iso_dates("lower(regexp_extract(file_name, '([^/]*)\\.[^./]*$', 1))") }} as dated_text,
        true as is_plain
    from reports
),

with_dates as (
    select
        *,
        list_filter(
            list_concat(
                list_transform(
                    regexp_extract_all(regexp_replace(dated_text, '([^0-9-])', '\1\1', 'g'), '(?:^|[^0-9-])((?:19|20)\d\d-\d\d-\d\d)(?:[^0-9-]|$)', 1),
                    lambda printed: try_cast(printed as date)
                ),
                list_transform(
                    regexp_extract_all(dated_text, '\d{1,2} (?:{{ month_pattern() }}) (?:19|20)\d\d'),
                    lambda printed: try(make_date(
                        cast(right(printed, 4) as integer),
                        {{ month_number("split_part(printed, ' ', 2)") }},
                        cast(split_part(printed, ' ', 1) as integer)
                    ))
                )
            ),
            lambda printed: printed is not null
        ) as printed_dates
    from texts
),

spaced_words as (
    select *, ' ' || term || ' ' as spaced_term, false as is_plain from version_words
    union all
    select *, ' ' || strip_accents(term) || ' ' as spaced_term, true as is_plain from version_words
),

matches as (
    select
        with_dates.report_id,
        with_dates.place,
        with_dates.line_seq,
        version_words.term,
        version_words.version_status,
        strpos(with_dates.line_words, version_words.spaced_term) as term_position
    from with_dates
    inner join spaced_words as version_words
        on with_dates.is_plain = version_words.is_plain and contains(with_dates.line_words, version_words.spaced_term)
    where len(with_dates.printed_dates) > 0 or not version_words.needs_date
),

-- What comes first is what the line is about: "Förslag till reviderad budget" is a proposal, "Beslutad enligt förslag" is
-- decided. One that is decided and revised is the revised one.
led as (
    select
        report_id,
        place,
        line_seq,
        arg_min(version_status, (term_position, -length(term))) filter (where version_status is not null) as first_status,
        bool_or(version_status = 'revised') as has_revision
    from matches
    group by all
)

select
    with_dates.report_id,
    with_dates.place,
    with_dates.line_seq,
    with_dates.line_text,
    case when led.first_status = 'decided' and led.has_revision then 'revised' else led.first_status end as version_status,
    with_dates.printed_dates
from with_dates
left join led using (report_id, place, line_seq)
where
    led.report_id is not null
    -- A date alone on the front is that of the document.
    or (with_dates.place = 'front' and regexp_full_match(trim(with_dates.dated_text), '\d{4}-\d\d-\d\d') and len(with_dates.printed_dates) = 1)
