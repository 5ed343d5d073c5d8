with
own_words as (select * from {{ ref('int_column_headers') }}),

scenario_words as (select * from {{ ref('scenario_words') }}),

scenario_phrases as (
    {{ phrases_of('own_words', 'scenario_text') }}
),

-- Compound words (Investeringsbudget, Avgiftsutfall): every ending of every word.
scenario_endings as (
    select distinct
        scenario_text,
        unnest(list_transform(range(1, length(word) - 1), lambda i: word[i:])) as phrase
    from (
        select distinct
            scenario_text,
            unnest(string_split(trim(scenario_text), ' ')) as word
        from own_words
    )
)

select
    scenario_phrases.scenario_text,
    scenario_words.scenario_key,
    scenario_words.term,
    scenario_words.priority,
    scenario_words.match as basis
from scenario_phrases
inner join scenario_words
    on scenario_phrases.phrase = scenario_words.term and scenario_words.match = 'word'
union all
select
    scenario_endings.scenario_text,
    scenario_words.scenario_key,
    scenario_words.term,
    scenario_words.priority,
    scenario_words.match as basis
from scenario_endings
inner join scenario_words
    on scenario_endings.phrase = scenario_words.term and scenario_words.match = 'ending'
