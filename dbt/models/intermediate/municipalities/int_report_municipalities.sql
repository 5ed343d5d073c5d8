-- Which municipality a report names, from every mention of one: how surely a mention tells depends on its place and its
-- form. Mentions of different kinds support each other, mentions of another municipality speak against it.
with
graded as (select * from {{ ref('int_municipality_evidence') }}),

-- Headings and text tell by how often, and by the share of all that is named in the same way.
tier_counts as (
    select
        report_id,
        municipality_code,
        rule,
        max(line_confidence) as line_confidence,
        count(*) as n_mentions,
        count(distinct line_text) as n_lines
    from graded
    group by all
),

tiers as (
    select
        *,
        n_mentions / sum(n_mentions) over (partition by report_id, rule) as share
    from tier_counts
),

weighed as (
    select
        *,
        case
            when rule in ('front_named', 'front_name', 'front_address', 'file_name') then line_confidence
            when rule in ('running_named', 'running_name', 'running_address') then line_confidence
            when share < 0.5 then 0.3 * share
            when rule = 'postal_address' then share * line_confidence
            when rule = 'heading_named' then share * case when n_lines >= 2 then 0.85 else 0.6 end
            when rule = 'text_address' then share * case when n_mentions >= 2 then 0.85 else 0.75 end
            when rule = 'text_named'
                then share * case when n_mentions >= 6 then 0.9 when n_mentions >= 3 then 0.82 when n_mentions = 2 then 0.65 else 0.5 end
            when rule = 'heading_name' then share * case when n_lines >= 3 then 0.78 when n_lines = 2 then 0.7 else 0.45 end
            else share * case when n_mentions >= 10 then 0.6 when n_mentions >= 3 then 0.45 else 0.25 end
        end as confidence
    from tiers
),

-- Kinds of evidence are taken as independent: the odds of two multiply.
strengths as (
    select
        report_id,
        municipality_code,
        1 / product(1 - least(confidence, 0.99)) - 1 as strength,
        string_agg(rule, ', ' order by confidence desc, rule) as rules
    from weighed
    where confidence > 0
    group by all
),

lines_of_evidence as (
    select
        graded.*,
        weighed.confidence
    from graded
    inner join weighed using (report_id, municipality_code, rule)
),

best_lines as (
    {{ chosen(
        'lines_of_evidence', key='report_id, municipality_code',
        order='confidence desc, line_confidence desc nulls last, line_seq, rule, line_text'
    ) }}
),

ranked as (
    select
        *,
        strength / (1 + sum(strength) over (partition by report_id)) as confidence
    from strengths
)

select
    ranked.report_id,
    ranked.municipality_code,
    ranked.rules as rule,
    best_lines.line_text as evidence,
    best_lines.place,
    best_lines.line_seq,
    ranked.confidence
from ranked
inner join best_lines using (report_id, municipality_code)
qualify row_number() over (partition by ranked.report_id order by ranked.confidence desc, ranked.municipality_code) = 1
