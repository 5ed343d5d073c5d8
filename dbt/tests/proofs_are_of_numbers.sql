-- What vouches for the reading of a picture is no identity. Else nothing is proven but a number that is not 0, nor by itself: an identity that proves has other figures, or a statistic.
{{ config(meta={'dagster': {'ref': {'name': 'figure_identity'}}}) }}

with
figures as (select * from {{ ref('report_values') }}),

identities as (select * from {{ ref('figure_identity') }}),

alone as (
    select identity_key
    from identities
    where kind != 'national'
    group by identity_key
    having count(*) < 2 and bool_or(is_proving)
)

select figures.fact_key, figures.proof, figures.is_doubtful, figures.value_numeric
from figures
left join identities on figures.fact_key = identities.fact_key and figures.proof = identities.kind and identities.is_proving
left join alone on identities.identity_key = alone.identity_key
where
    (figures.proof in ('sum', 'variance', 'stated again', 'national') and (coalesce(figures.value_numeric, 0) = 0 or identities.fact_key is null or alone.identity_key is not null))
    or (figures.proof in ('sum', 'variance', 'stated again', 'national') and figures.is_doubtful)
    or (figures.extraction_basis = 'ocr' and figures.proof is null)
