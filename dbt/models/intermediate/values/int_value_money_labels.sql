with
label_suffixes as (select * from {{ ref('int_value_label_suffixes') }}),

money_words as (select * from {{ ref('money_words') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

accounts as (select * from {{ ref('accounts') }}),

label_starts as (
    {{ first_phrases_of('label_suffixes', 'label_words') }}
)

select distinct label_starts.label_words
from label_starts
inner join money_words on label_starts.phrase = money_words.term
union
select label_words from label_suffixes
where
    contains(label_words, ' belopp ')
    or regexp_matches(label_words, ' (?:[a-zåäö]*kapital|[a-zåäö]*skulder|[a-zåäö]*fordringar|[a-zåäö]*kostnader|[a-zåäö]*intäkter|avskrivningar|avsättningar) $')
union
-- Lines of the statements of a municipality are money wherever they stand.
select label_suffixes.label_words
from label_suffixes
inner join account_aliases on trim(label_suffixes.label_words) = trim({{ words('account_aliases.alias') }})
inner join accounts using (account_key)
where accounts.statement in ('income_statement', 'balance_requirement', 'equity')
