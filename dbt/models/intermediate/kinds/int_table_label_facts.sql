with
labels as (select * from {{ ref('int_table_labels') }}),

organisation_headings as (select * from {{ ref('int_table_organisation_headings') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

organisation_words as (select * from {{ ref('organisation_words') }}),

total_words as (select * from {{ ref('total_words') }}),

headed_tables as (
    select report_id, table_seq from organisation_headings
    where basis = 'header'
),

heading_tables as (
    select report_id, table_seq from organisation_headings
    where basis = 'heading'
),

alias_words as (
    select distinct {{ words('alias') }} as label_words from account_aliases
),

sectioned_labels as (
    select
        *,
        -- What a row without figures says of those below it (Antal besökare).
        coalesce(last_value(case when not has_figures then label_words end ignore nulls) over (
            partition by report_id, table_seq order by row_index rows between unbounded preceding and 1 preceding
        ), '') as section_words
    from labels
),

label_starts as (
    {{ first_phrases_of('labels', 'label_words') }}
),

organisation_labels as (
    select distinct label_starts.label_words
    from label_starts
    inner join organisation_words on label_starts.phrase = organisation_words.term
    where organisation_words.place = 'label_start'
    union
    -- A label ends with its kind: Barn- och utbildningsnämnden.
    select distinct labels.label_words
    from labels
    inner join organisation_words on ends_with(labels.label_words, organisation_words.term || ' ')
    where organisation_words.place = 'label_end'
),

label_accounts as (
    select
        labels.report_id,
        labels.table_seq,
        avg(case when alias_words.label_words is not null then 1.0 else 0.0 end) as account_share
    from labels
    left join alias_words using (label_words)
    group by all
),

-- What one table of a report lists as departments are departments in its other tables too (Sjukfrånvaro % | 2022 | 2023).
report_units as (
    select distinct labels.report_id, labels.label_words
    from labels
    inner join headed_tables using (report_id, table_seq)
    union
    select distinct labels.report_id, labels.label_words
    from labels
    inner join heading_tables using (report_id, table_seq)
    inner join label_accounts using (report_id, table_seq)
    where label_accounts.account_share < 0.25
)

select
    labels.report_id,
    labels.table_seq,
    -- A bare "Summa" is as well the sum of departments.
    coalesce(
        avg(case when alias_words.label_words is not null then 1.0 else 0.0 end)
        filter (where trim(labels.label_words) not in (select term from total_words)), 0
    ) as account_share,
    coalesce(avg(case when organisation_labels.label_words is not null then 1.0 else 0.0 end) filter (where labels.is_line), 0) as organisation_share,
    -- A row without figures says so itself (Per verksamhetsområde).
    bool_or(not labels.is_line and trim(labels.label_words) in (
        select organisation_words.term from organisation_words
        where organisation_words.place = 'heading'
    )) as has_unit_section,
    coalesce(avg(case when report_units.label_words is not null then 1.0 else 0.0 end) filter (
        where trim(labels.label_words) not in (select term from total_words)
    ), 0) as known_unit_share,
    avg(case
        when regexp_matches(labels.label_words, '^ (?:antal|antalet|andel|andelen) | % $')
            or regexp_matches(labels.section_words, '^ (?:antal|antalet|andel|andelen) ')
            then 1.0
        else 0.0
    end) as counting_share,
    -- What is no money beside money: shares, counts, persons, money per inhabitant.
    avg(case when regexp_matches(labels.label_words, '{{ no_money_pattern() }}') then 1.0 else 0.0 end) as no_money_share,
    count(*) filter (where regexp_matches(labels.label_words, '{{ no_money_pattern() }}')) as n_no_money,
    avg(case when regexp_matches(labels.label_text, '{{ share_pattern() }}') or regexp_matches(labels.label_words, '{{ no_money_pattern() }}') then 1.0 else 0.0 end) as share_share
from sectioned_labels as labels
left join alias_words using (label_words)
left join organisation_labels using (label_words)
left join report_units using (report_id, label_words)
group by all
