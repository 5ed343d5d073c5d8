with
label_rests as (select * from {{ ref('int_row_labels') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

account_lines as (
    select distinct trim({{ words('alias') }}) as line_words
    from account_aliases
)

select
    label_rests.report_id,
    label_rests.table_seq,
    label_rests.row_index,
    label_rests.rest != trim(label_rests.label_words) as has_period,
    scenario_words.scenario_key
from label_rests
left join account_lines on label_rests.rest = account_lines.line_words
left join scenario_words
    on label_rests.rest = scenario_words.term
        and scenario_words.match = 'word'
        -- "Anslag" among lines of a statement is one of them, like "Kommunbidrag" and "Resultat".
        and (
            label_rests.rest != trim(label_rests.label_words)
            or (label_rests.rest != 'anslag' and account_lines.line_words is null)
        )
where label_rests.rest in ('', 'ack', 'helår') or scenario_words.term is not null
qualify row_number() over (
        partition by label_rests.report_id, label_rests.table_seq, label_rests.row_index
        order by scenario_words.priority desc, scenario_words.scenario_key
    ) = 1
