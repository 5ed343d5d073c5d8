with
cells as (select * from {{ ref('stg_cells') }}),

status_words as (select * from {{ ref('status_words') }}),

unit_words as (select * from {{ ref('unit_words') }}),

units as (select * from {{ ref('units') }}),

-- What may stand before a figure (kr 12); "kl 12" and "v 12" are none.
money_units as (
    select distinct unit_words.term
    from unit_words
    inner join units using (unit_key)
    where (units.dimension = 'money' or unit_key = 'unknown') and unit_words.context in ('any', 'cell')
),

bound_words as (select * from {{ ref('bound_words') }}),

texts as (
    select distinct plain_text, lower(plain_text) as lower_text
    from cells
    where not is_header and length(plain_text) <= 60
),

-- "färre än 5" and "5 eller färre" are a number and what makes it a bound; the longest such words are meant.
bounded_texts as (
    select
        texts.plain_text,
        bound_words.bound_key,
        case
            when bound_words.place = 'before' then trim(substring(texts.plain_text, length(bound_words.term) + 1))
            else trim(left(texts.plain_text, length(texts.plain_text) - length(bound_words.term)))
        end as figure_text
    from texts
    inner join bound_words
        on
            case bound_words.place
                -- A word is set apart from the number, a sign need not be.
                when 'before'
                    then starts_with(texts.lower_text, bound_words.term)
                        and regexp_matches(
                            substring(texts.lower_text, length(bound_words.term) + 1),
                            case when regexp_matches(bound_words.term, '[a-zåäö]') then '^ [+-]?\d' else '^ ?[+-]?\d' end
                        )
                when 'after' then ends_with(texts.lower_text, ' ' || bound_words.term) and regexp_matches(texts.lower_text, '^[+-]?\d')
            end
    where {{ value_form('figure_text') }} = 'number'
    qualify row_number() over (partition by texts.plain_text order by length(bound_words.term) desc, bound_words.term, bound_words.place) = 1
),

-- What stands for a figure that is not told: too few, secret, missing.
suppressed_texts as (
    select term, bound_key from bound_words
    where place = 'whole'
),

figures as (
    select
        cells.* exclude (x0),
        coalesce(bounded_texts.figure_text, cells.plain_text) as figure_text,
        case
            when bounded_texts.bound_key is not null then bounded_texts.bound_key
            when suppressed_texts.bound_key is not null then suppressed_texts.bound_key
            when {{ is_range('cells.plain_text') }} then 'range'
        end as bound_key
    from cells
    left join bounded_texts using (plain_text)
    left join suppressed_texts on lower(cells.plain_text) = suppressed_texts.term
    where not cells.is_header
),

read_cells as (
    select
        *,
        case when is_torn then 'other' else {{ value_form('figure_text') }} end as printed_form,
        lower(regexp_extract(figure_text, '{{ unit_first_pattern() }}', 1)) as first_unit
    from figures
),

typed as (
    select
        * exclude (printed_form, first_unit),
        {{ word('cell_text') }} as cell_word,
        {{ word("split_part(cell_text, chr(10), 1)") }} as first_word,
        case
            when printed_form = 'unit_first' and first_unit not in (select term from money_units) then 'other'
            else printed_form
        end as value_form
    from read_cells
),

-- A status with its comment on one line: Avslutad 2024-12-20 ...
beginnings as (
    select distinct
        cell_word,
        regexp_replace(cell_word, '([(–-])', ' \1', 'g') as spaced_word
    from typed
    where value_form = 'other'
),

first_words as (
    {{ first_phrases_of('beginnings', 'spaced_word') }}
),

status_beginnings as (
    select
        beginnings.cell_word,
        status_words.status_key,
        status_words.unit_key,
        status_words.term
    from beginnings
    inner join first_words using (spaced_word)
    inner join status_words on regexp_replace(first_words.phrase, '[.,;:]+$', '') = status_words.term
),

prefixes as (
    select
        typed.report_id,
        typed.table_seq,
        typed.row_index,
        typed.col_index,
        status_beginnings.status_key,
        status_beginnings.unit_key,
        status_beginnings.term
    from typed
    inner join status_beginnings
        on typed.cell_word = status_beginnings.cell_word
        -- The status ends where something else begins; "Uppnås till viss del" is another status.
            and regexp_matches(
                regexp_replace(typed.value_text, '^[✔✓☑●■•*]+ ?(\S)', '\1')[length(status_beginnings.term) + 1:],
                '^(?:[.,;:]? ?[(–-]|[.;:] |,? ?\d| [A-ZÅÄÖ])'
            )
    where typed.value_form = 'other'
    qualify row_number() over (
            partition by typed.report_id, typed.table_seq, typed.row_index, typed.col_index
            order by length(status_beginnings.term) desc, status_beginnings.term
        ) = 1
)

select
    typed.*,
    prefixes.status_key as prefix_status_key,
    prefixes.term as prefix_term,
    coalesce(whole.status_key, first_line.status_key) as status_key,
    coalesce(whole.unit_key, first_line.unit_key) as status_unit_key,
    whole.status_key is null and first_line.status_key is not null as has_status_and_text,
    case
        when typed.value_form != 'other' then typed.value_form
        when coalesce(whole.status_key, first_line.status_key) is not null then 'status'
        when typed.bound_key = 'suppressed' then 'suppressed'
        else 'text'
    end as cell_type
from typed
left join status_words as whole on typed.cell_word = whole.term
left join status_words as first_line
    on typed.first_word = first_line.term and contains(typed.cell_text, chr(10))
left join prefixes using (report_id, table_seq, row_index, col_index)
