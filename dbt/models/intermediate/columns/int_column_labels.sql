with
tables as (select * from {{ ref('int_tables') }}),

reports as (select * from {{ ref('int_reports') }}),

cells as (select * from {{ ref('stg_cells') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

column_roles as (select * from {{ ref('column_roles') }}),

total_words as (select * from {{ ref('total_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

grid as (
    select
        report_id,
        table_seq,
        contains(header_words || near_words, ' läsår') as has_school_years,
        regexp_matches(
            header_words || near_words || lead_words || {{ words('reports.committee') }},
            ' [a-zåäö]*(?:barn|elever|skola|skolor|skolan|förskoleklass|utbildningsnämnden|bildningsnämnden) '
        ) as is_about_schools,
        -- "Ram 2028" heads columns that print no year themselves.
        case
            when len(list_distinct(regexp_extract_all(near_words, '(?:19|20)\d\d'))) = 1
                then try_cast(regexp_extract(near_words, ' [a-zåäö]*(?:ram|ramar|budget|bokslut|utfall|prognos) ((?:19|20)\d\d) ', 1) as integer)
        end as heading_year,
        -- "Helårsprognos per verksamhet" says what its columns are that say nothing themselves.
        (regexp_matches(near_words, ' [a-zåäö]*prognos(?:er)? ') or starts_with(lead_words, ' prognos')) and not regexp_matches(near_words, ' [a-zåäö]*(?:utfall|bokslut|uppföljning) ')
            as has_forecast_heading,
        regexp_matches(near_words || lead_words, ' [a-zåäö]*(?:budget|budgeten|plan|ram|ramar|mål) ') as has_budget_heading,
        unnest(range(0, n_cols)) as col_index
    from tables
    inner join reports using (report_id)
),

-- A header cell of an upper level heads all the columns that it spans.
printed_labels as (
    select
        grid.report_id,
        grid.table_seq,
        grid.col_index,
        string_agg(cells.value_text, ' | ' order by cells.row_index) as column_label
    from grid
    inner join cells
        on grid.report_id = cells.report_id
            and grid.table_seq = cells.table_seq
            and cells.is_header
            and grid.col_index >= cells.col_index
            and grid.col_index < cells.col_index + cells.col_span
    group by all
),

-- A narrow column may break a word without a hyphen ("Målvärd e 2025", "Avvikel se"): two parts that are no words of the
-- vocabulary and together are one.
known_words as (
    select distinct unnest(string_split(term, ' ')) as word
    from (
        select term from scenario_words
        union all
        select term from column_roles
        union all
        select term from total_words
        union all
        select trim({{ words('alias') }}) as term from account_aliases
    )
),

word_pairs as (
    select distinct
        column_label,
        unnest(list_transform(range(1, len(word_list)), lambda i: { 'first': word_list[i], 'rest': word_list[i + 1] })) as pair
    from (
        select distinct
            column_label,
            string_split(trim({{ words('column_label') }}), ' ') as word_list
        from printed_labels
    )
),

broken_words as (
    select
        word_pairs.column_label,
        string_agg(word_pairs.pair.first, '|' order by word_pairs.pair.first, word_pairs.pair.rest) as first_parts,
        string_agg(word_pairs.pair.rest, '|' order by word_pairs.pair.first, word_pairs.pair.rest) as rests
    from word_pairs
    inner join known_words on word_pairs.pair.first || word_pairs.pair.rest = known_words.word
    left join known_words as known_first on word_pairs.pair.first = known_first.word
    left join known_words as known_rest on word_pairs.pair.rest = known_rest.word
    where
        length(word_pairs.pair.first) >= 3
        and regexp_full_match(word_pairs.pair.first || word_pairs.pair.rest, '[a-zåäöé]+')
        and known_first.word is null
        and known_rest.word is null
    group by all
),

labels as (
    select
        printed_labels.* exclude (column_label),
        -- 26/27, 27/28, 28/29: years one after the other.
        count(*) filter (
            where
            regexp_matches(printed_labels.column_label, '(?:^|[^0-9/])\d\d/\d\d$')
            and try_cast(left(right(printed_labels.column_label, 5), 2) as integer) + 1 = try_cast(right(printed_labels.column_label, 2) as integer)
        ) over (partition by printed_labels.report_id, printed_labels.table_seq) as n_year_pairs,
        case
            when broken_words.column_label is null then printed_labels.column_label
            else regexp_replace(
                    printed_labels.column_label, '(?i)(' || broken_words.first_parts || ') (' || broken_words.rests || ')', '\1\2', 'g'
                )
        end as column_label
    from printed_labels
    left join broken_words using (column_label)
)

select
    grid.*,
    labels.column_label,
    {{ words(thousands_named("coalesce(labels.column_label, '')")) }} as column_words,
    -- "Riket 22/23" beside "Läsår 22/23" is the same school year.
    case
        when
            (grid.has_school_years or (grid.is_about_schools and labels.n_year_pairs > 2))
            and regexp_matches(labels.column_label, '(?:^|[^0-9/])(?:\d\d)?\d\d/(?:\d\d)?\d\d$')
            then 'läsår '
        else ''
    end || {{ iso_dates("lower(" ~ plain_minus("coalesce(labels.column_label, '')") ~ ")") }} as column_text
from grid
left join labels using (report_id, table_seq, col_index)
