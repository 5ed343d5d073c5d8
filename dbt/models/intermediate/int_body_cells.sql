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

read_cells as (
    select
        *,
        case when is_torn then 'other' else {{ value_form('plain_text') }} end as printed_form,
        lower(regexp_extract(plain_text, '{{ unit_first_pattern() }}', 1)) as first_unit
    from cells
    where not is_header
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
        else 'text'
    end as cell_type
from typed
left join status_words as whole on typed.cell_word = whole.term
left join status_words as first_line
    on typed.first_word = first_line.term and contains(typed.cell_text, chr(10))
left join prefixes using (report_id, table_seq, row_index, col_index)
