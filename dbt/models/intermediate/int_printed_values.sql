-- What each value says by itself and by its header, row and table; units of money that are printed nowhere come later.
with
parts as (select * from {{ ref('int_parts') }}),

columns as (select * from {{ ref('int_columns') }}),

rows as (select * from {{ ref('int_rows') }}),

tables as (select * from {{ ref('int_tables') }}),

kinds as (select * from {{ ref('int_table_kinds') }}),

row_months as (select * from {{ ref('int_row_months') }}),

reports as (select * from {{ ref('int_reports') }}),

unit_words as (select * from {{ ref('unit_words') }}),

money_words as (select * from {{ ref('money_words') }}),

money_headers as (select * from {{ ref('money_headers') }}),

account_aliases as (select * from {{ ref('account_aliases') }}),

accounts as (select * from {{ ref('accounts') }}),

cell_units as (
    select term, arg_min(unit_key, context) as unit_key
    from unit_words
    where context in ('any', 'cell')
    group by all
),

suffix_units as (
    select term, arg_min(unit_key, context) as unit_key
    from unit_words
    where context in ('any', 'suffix')
    group by all
),

-- The unit that a row label states: behind a comma or in brackets at its end, "i tkr", or the whole label.
label_suffixes as (
    select
        report_id,
        table_seq,
        row_index,
        label_words,
        translate(trim(coalesce(
            nullif(regexp_extract(label_plain, '\(([^()]+)\)$', 1), ''),
            -- "kostnader, inkl avskrivning mkr": the last word is the unit, what stands behind the comma is none.
            nullif(regexp_extract(label_plain, ',\s*({{ money_pattern() }})$', 1), ''),
            nullif(regexp_extract(label_plain, ',[^,()]*?[^\d\s,]\s+({{ money_pattern() }})$', 1), ''),
            nullif(regexp_extract(label_plain, ',\s*([^,()]+)$', 1), ''),
            nullif(regexp_extract(label_plain, '\si\s+([^,()]+)$', 1), ''),
            nullif(regexp_extract(label_plain, '(?:^|[^\d\s]\s+)({{ money_pattern() }}|%|procent)$', 1), ''),
            -- Money per årsarbetare is money.
            case
                when not regexp_matches(label_plain, '(?:/| per )\s*årsarbetare$')
                    then nullif(regexp_extract(label_plain, '(?:^|[^\d\s]\s+)(årsarbetare)$', 1), '')
            end,
            nullif(regexp_extract(label_plain, '[^\d\s,]\s+((?:{{ money_pattern() }}) ?(?:/| per )[a-zåäö]+)$', 1), '')
        ), ' *'), '²³', '23') as suffix,
        -- A unit of money amid a label (Investeringar i mkr (netto)), where its end states none.
        regexp_extract(label_plain, '[a-zåäö][,(]?\s+\(?({{ large_money_pattern() }})(?:[ ,:)]|$)', 1) as inner_suffix,
        trim(coalesce(
            nullif(regexp_extract(section_plain, '\(([^()]+)\)$', 1), ''),
            nullif(regexp_extract(section_plain, '(?:,|\si)\s+([^,()]+)$', 1), ''),
            nullif(regexp_extract(section_plain, '[^\d\s]\s+({{ money_pattern() }}|%|procent)$', 1), ''),
            nullif(regexp_extract(unit_line, '({{ money_pattern() }}|procent|%)\)?[.:]?$', 1), '')
        ), ' *') as section_suffix
    from rows
),

-- The unit that the words of a row label tell: "Andel" first, then staff, index and days, "Antal" last. A number and the
-- word behind it (inom 4 månader, 15 dagar) are a condition, not a unit; nor is what something is counted per.
hint_texts as (
    select
        report_id,
        table_seq,
        row_index,
        label_words,
        regexp_replace(label_words, ' (?:\d+|per) [a-zåäö]+ ', ' ', 'g') as hint_words
    from label_suffixes
),

hint_phrases as (
    {{ phrases_of('hint_texts', 'hint_words') }}
),

label_hints as (
    select
        hint_texts.report_id,
        hint_texts.table_seq,
        hint_texts.row_index,
        unit_words.unit_key
    from hint_texts
    inner join hint_phrases using (hint_words)
    inner join unit_words on hint_phrases.phrase = unit_words.term and unit_words.context = 'word'
    where unit_words.unit_key != 'percent' or starts_with(hint_texts.label_words, ' ' || unit_words.term || ' ')
    qualify row_number() over (
            partition by hint_texts.report_id, hint_texts.table_seq, hint_texts.row_index
            order by
                list_position(['percent', 'fte', 'index', 'days', 'hours', 'count'], unit_words.unit_key),
                unit_words.term
        ) = 1
),

label_starts as (
    {{ first_phrases_of('label_suffixes', 'label_words') }}
),

money_labels as (
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
),

-- What stands over a table or column and speaks of money (Ramar 2027-2029, Belopp).
money_contexts as (
    select
        tables.report_id,
        tables.table_seq,
        columns.col_index,
        tables.first_header_words || tables.near_words || columns.column_words as context_words
    from tables
    inner join columns using (report_id, table_seq)
    where columns.column_role = 'value'
),

context_phrases as (
    {{ phrases_of('money_contexts', 'context_words') }}
),

money_columns as (
    select distinct
        money_contexts.report_id,
        money_contexts.table_seq,
        money_contexts.col_index
    from money_contexts
    inner join context_phrases using (context_words)
    inner join money_headers on context_phrases.phrase = money_headers.term
),

joined as (
    select
        parts.*,
        columns.column_label,
        columns.column_words,
        columns.column_text,
        columns.scenario_key as column_scenario_key,
        columns.period_form as column_period_form,
        columns.period_start as column_period_start,
        columns.period_end as column_period_end,
        columns.is_ambiguous,
        columns.is_total_column,
        rows.row_label,
        rows.row_note,
        rows.assignment_note,
        rows.label_words,
        rows.label_plain,
        rows.group_label,
        rows.grantor_name,
        rows.begins_with_total_word,
        rows.is_plain_total,
        tables.section,
        tables.table_unit_key,
        tables.plain_unit_key,
        tables.report_unit_key,
        kinds.kind,
        kinds.has_organisation_rows,
        kinds.is_investment,
        reports.report_key,
        reports.fiscal_year,
        reports.default_start,
        reports.default_end,
        reports.outcome_end,
        reports.report_type,
        reports.stated_on,
        cell_units.unit_key as cell_unit_key,
        -- A unit column that says something unknown still says that it is not what the table says.
        case
            when rows.unit_text is null or regexp_full_match(rows.unit_text, '-+') then null
            when ratio_units.unit_key is not null then ratio_units.unit_key
            when regexp_matches(rows.unit_text, '%|procent') then 'percent'
            else coalesce(row_units.unit_key, comma_units.unit_key, 'unknown')
        end as row_unit_key,
        case
            when suffix_ratio_units.unit_key is not null then suffix_ratio_units.unit_key
            when suffix_units.unit_key is null and regexp_full_match(label_suffixes.suffix, '(?:andel )?(?:i )?(?:%|procent)') then 'percent'
            else coalesce(suffix_units.unit_key, inner_units.unit_key)
        end as label_unit_key,
        section_units.unit_key as section_unit_key,
        -- What no unit of a table can make money of.
        case
            when regexp_matches(rows.label_words, '[a-zåäö] antal gånger $') then 'index'
            when regexp_matches(rows.label_words, ' (?:i|andel i) (?:%|procent) | (?:%|procent) av |[a-zåäö] (?:%|procent) $| [a-zåäö]+s andel av ') then 'percent'
            -- What heads the group says it of each row that says nothing (Antal besökare above Simhallen).
            when kinds.kind in ('financial', 'indicator') and regexp_matches(rows.section_plain, '^(?:totalt )?(?:antal|antalet|andel|andelen) ')
                and label_hints.unit_key is null and suffix_units.unit_key is null and money_labels.label_words is null
                then case when contains(rows.section_plain, 'andel') then 'percent' else 'count' end
            when kinds.kind in ('financial', 'indicator') and regexp_matches(rows.label_words, '{{ no_money_pattern() }}')
                and not regexp_matches(rows.label_words, ' per (?:invånare|anställd|årsarbetare|elev|barn) ')
                then case
                        when regexp_matches(rows.label_words, '{{ tax_rate_pattern() }}') then 'kr'
                        when label_hints.unit_key is not null then label_hints.unit_key
                        else 'count'
                    end
        end as certain_unit_key,
        ratio_units.unit_key is not null or suffix_ratio_units.unit_key is not null or regexp_matches(parts.unit_text, '/| per ')
            as has_ratio_unit,
        columns.column_unit_key,
        case
            -- "Resultat i % av skatter och bidrag": the label says it in its middle.
            when regexp_matches(rows.label_words, ' (?:i|andel i) (?:%|procent) | (?:%|procent) av ') then 'percent'
            -- Nöjd medarbetare-index, brukarnöjdhetsindex
            when regexp_matches(rows.label_words, '[a-zåäö]index(?:et)? ') and coalesce(label_hints.unit_key, 'count') = 'count' then 'index'
            -- betaldagar, sjukdygn
            when label_hints.unit_key in ('count', 'hours') or label_hints.unit_key is null
                then case
                        when regexp_matches(rows.label_words, '[a-zåäö]{3}(?:dagar|dygn) ')
                            and not regexp_matches(rows.label_words, ' per [a-zåäö]*(?:dag|dagar|dygn) ') then 'days'
                        else label_hints.unit_key
                    end
            else label_hints.unit_key
        end as hint_unit_key,
        money_labels.label_words is not null as has_money_label,
        money_columns.report_id is not null as has_money_context,
        columns.has_scenario_word,
        columns.is_witnessed,
        columns.column_entity,
        columns.is_unknown_header,
        columns.is_future_outcome,
        rows.is_of_which,
        rows.group_unit_name,
        rows.has_total_word,
        rows.row_scenario_key,
        tables.table_entity,
        tables.has_ratio_header,
        {{ iso_dates("lower(coalesce(
            parts.part_label,
            -- The half year or date of an assignment stands in its own cell, behind the status.
            case when kinds.kind = 'assignment' then left(parts.comment_text, 40) end,
            -- Years, months or quarters as rows; with months or quarters as columns, both together.
            case
                when rows.has_row_period and columns.period_form is null then rows.label_plain
                when rows.has_row_period and not regexp_matches(columns.column_text, '(?:19|20)\d\d')
                    then rows.label_plain || ' ' || columns.column_text
                when rows.has_row_period and not regexp_matches(rows.label_plain, '(?:19|20)\d\d')
                    then rows.label_plain || ' ' || columns.column_text
            end
        ))") }} as own_period_text,
        case
            when row_months.period_start is not null and columns.period_form is null
                then { 'first': row_months.period_start, 'last': row_months.period_end }
        end as month_bounds
    from parts
    left join row_months using (report_id, table_seq, row_index)
    inner join columns using (report_id, table_seq, col_index)
    inner join rows using (report_id, table_seq, row_index)
    inner join tables using (report_id, table_seq)
    inner join kinds using (report_id, table_seq)
    inner join reports using (report_id)
    left join cell_units on regexp_replace(replace(parts.unit_text, '%-', '%'), ' ?(?:/| per ).*$', '') = cell_units.term
    left join suffix_units as row_units on rows.unit_text = row_units.term
    -- "Kostnad, tkr": the unit behind what it is a unit of.
    left join suffix_units as comma_units on regexp_extract(rows.unit_text, ', ?([^,]+)$', 1) = comma_units.term
    left join label_suffixes using (report_id, table_seq, row_index)
    left join suffix_units on label_suffixes.suffix = suffix_units.term
    left join suffix_units as inner_units on label_suffixes.inner_suffix = inner_units.term
    -- kr/elev, tkr per plats: the part before the slash is the unit.
    left join suffix_units as ratio_units
        on regexp_extract(rows.unit_text, '(?:^|, ?| )([^\s,]+?) ?(?:/| per )', 1) = ratio_units.term
    left join suffix_units as suffix_ratio_units
        on regexp_extract(label_suffixes.suffix, '^(.+?),? ?(?:/| per )', 1) = suffix_ratio_units.term
    left join suffix_units as section_units on label_suffixes.section_suffix = section_units.term
    left join label_hints using (report_id, table_seq, row_index)
    left join money_labels on rows.label_words = money_labels.label_words
    left join money_columns using (report_id, table_seq, col_index)
),

with_forms as (
    select
        *,
        {{ period_form('own_period_text') }} as own_period_form
    from joined
),

with_periods as (
    select
        * exclude (month_bounds),
        coalesce({{ period_bounds('own_period_text', 'own_period_form', 'fiscal_year') }}, month_bounds) as own_bounds
    from with_forms
),

with_flags as (
    select
        *,
        -- In a table of money the words of a label are about what the money is for (Timmar och mertid), unless it begins
        -- with how many or how large a share.
        kind in ('financial', 'org_result', 'grant', 'measure')
        and table_unit_key is not null
        and (kind = 'org_result' or not regexp_matches(label_words, '^ (?:totalt |genomsnittligt )?(?:antal|antalet|andel|andelen) ')) as is_money_table
    from with_periods
),

-- Where rows are scenarios, a variance below a forecast or budget is about its period (Prognos helår | Avvikelse mot budget).
with_row_periods as (
    select
        * exclude (own_bounds),
        case
            when own_bounds is null and row_scenario_key = 'variance' and column_period_form is null
                then last_value(case when row_scenario_key in ('forecast', 'budget') then own_bounds end ignore nulls) over (
                        partition by report_id, table_seq, col_index order by row_index, part_index
                        rows between unbounded preceding and 1 preceding
                    )
            else own_bounds
        end as own_bounds
    from with_flags
),

-- The label wins over the unit of the table and of a column of money; a column of shares (Förändring, %) wins over what a
-- label counts. A department may have a name that begins with what is counted.
with_certainty as (
    select
        *,
        certain_unit_key is not null
        and (not is_money_table or kind = 'financial' or (kind = 'org_result' and certain_unit_key = 'percent'))
        and (certain_unit_key = 'percent' or {{ is_money_unit("coalesce(column_unit_key, 'kr')") }}) as is_certain
    from with_row_periods
),

described as (
    select
        *,
        case
            when part_role = 'change' then 'change'
            when cell_type = 'status' and kind = 'goal' then 'status'
            when not has_scenario_word and row_scenario_key is not null then row_scenario_key
            -- Budget, its adjustments and their sum: what stands before is the original, what stands behind the revised.
            when kind = 'budget_adjustment' and is_total_column then 'budget_revised'
            when kind = 'budget_adjustment' and column_scenario_key = 'budget' then 'budget_original'
            when kind = 'assignment' then 'status'
            else column_scenario_key
        end as scenario_key,
        cast(case
            when {{ is_unclear_period('own_period_form', 'own_bounds.first', 'own_bounds.last') }} then null
            when own_bounds is not null and own_bounds.first is not null then own_bounds.first
            else coalesce(column_period_start, default_start)
        end - case when part_role = 'previous' then interval 1 year else interval 0 year end as date) as period_start,
        cast(case
            when {{ is_unclear_period('own_period_form', 'own_bounds.first', 'own_bounds.last') }} then null
            when own_bounds is not null and own_bounds.last is not null then own_bounds.last
            when column_scenario_key in ('actual', 'status') then coalesce(column_period_end, outcome_end)
            else coalesce(column_period_end, default_end)
        end - case when part_role = 'previous' then interval 1 year else interval 0 year end as date) as period_end,
        case
            when cell_type in ('status', 'text') then coalesce(status_unit_key, 'text')
            when cell_unit_key is not null then cell_unit_key
            -- A column of changes in percent, whatever it is that has changed.
            when column_unit_key = 'percent' and column_scenario_key in ('change', 'variance') then 'percent'
            when row_unit_key is not null then row_unit_key
            when label_unit_key is not null then label_unit_key
            when is_certain then certain_unit_key
            when column_unit_key is not null then column_unit_key
            when hint_unit_key is not null and not is_money_table then hint_unit_key
            when section_unit_key is not null then section_unit_key
            when plain_unit_key is not null then plain_unit_key
            when table_unit_key is not null then table_unit_key
            -- "… ska vara minst 1 %": in no table of money.
            when regexp_matches(label_words, ' (?:%|procent) ') and not has_money_label and kind = 'indicator' then 'percent'
        end as printed_unit_key,
        case
            when cell_type in ('status', 'text') then 'word'
            when cell_unit_key is not null then 'cell'
            when column_unit_key = 'percent' and column_scenario_key in ('change', 'variance') then 'header'
            when row_unit_key is not null then 'row'
            when label_unit_key is not null then 'label'
            when is_certain then 'label'
            when column_unit_key is not null then 'header'
            when hint_unit_key is not null and not is_money_table then 'label'
            when section_unit_key is not null then 'label'
            when plain_unit_key is not null then 'table'
            when table_unit_key is not null then 'table'
            when regexp_matches(label_words, ' (?:%|procent) ') and not has_money_label and kind = 'indicator' then 'label'
        end as printed_unit_basis,
        -- What tells that it is an outcome, a budget or another: the header, the row, or only what reports of its kind print.
        case
            when part_role = 'change' or (cell_type = 'status' and kind = 'goal') then 'cell'
            when has_scenario_word then 'header'
            when row_scenario_key is not null then 'row'
            when is_witnessed then 'stated_again'
            when column_period_form is not null then 'period'
            else 'default'
        end as scenario_basis,
        has_money_label
        or kind in ('financial', 'org_result', 'grant', 'budget_adjustment')
        -- The effect of a measure is money unless its words count something.
        or (kind = 'measure' and hint_unit_key is null) as expects_money,
        -- Money per something (kr/invånare, kostnad per elev) is a ratio and never summed; so is a rate of tax.
        has_ratio_unit
        or (has_ratio_header and kind = 'indicator')
        or (kind = 'indicator' and regexp_matches(label_words, '{{ per_pattern() }}|^ (?:genomsnittlig|medel|snitt)[a-zåäö]* '))
        or regexp_matches(column_words, '{{ per_pattern() }}')
        or regexp_matches(label_words || column_words, ' (?:{{ money_pattern() }}) (?:inv|invånare|elev|barn|brukare|plats|dygn|inskriven)')
        -- A slash before what money is counted per reads as "per" (nettokostnader/invånare kr); barn/elever are two groups.
        or (
            regexp_matches({{ words("replace(label_plain, '/', ' per ')") }}, ' per {{ ratio_object_pattern() }}')
            and not regexp_matches(label_plain, '(?:barn|elever|brukare|personer) ?/ ?(?:elever|barn|brukare|personer|hushåll)(?:[^a-zåäö]|$)')
        )
        -- A tax of a few kronor is a rate (Kommunalskatt, kr | 21,61).
        or (regexp_matches(label_words, '^ (?:kommunal|landstings|region)?skatt(?:en)? (?:i )?(?:kr|kronor) ') and abs(value_numeric) < 100)
        or regexp_matches(label_words, ' skattekrona')
        or (
            regexp_matches(label_words, ' per [a-zåäö0-9]')
            and not regexp_matches(label_words, ' per (?:den|helår |år|kvartal|tertial|månad|verksamhet|nämnd|avdelning|enhet|\d|{{ month_pattern() }})')
        ) as is_ratio,
        -- Prices and rates of tax, which are printed in kronor; thousands beside the same words are what they come to
        -- (Pris och lön, tkr).
        (kind = 'indicator' and regexp_matches(label_words, '{{ price_pattern() }}'))
        or regexp_matches(column_words, '{{ price_pattern() }}')
        or regexp_matches(label_words, ' skattesats|{{ tax_rate_pattern() }}') as is_price,
        coalesce(scenario_key = 'target' and cell_type = 'number' and value_bound is not null, false) as is_bound_target
    from with_certainty
),

-- No outcome is older than what tells of it: in a plan it is where the plan begins (Nuläge), in other reports a plan.
dated as (
    select
        * exclude (scenario_key),
        case
            when scenario_key = 'actual' and report_type in ('plan', 'budget', 'tariff') and year(period_start) >= fiscal_year then 'baseline'
            -- A report of outcomes is made after its year, whatever date is printed in it.
            when
                scenario_key = 'actual'
                and period_start > case when report_type in ('annual_report', 'interim_report') then greatest(stated_on, default_end) else stated_on end
                then 'plan'
            else scenario_key
        end as scenario_key
    from described
),

-- A target that is a bound is known exactly (minst 90 %): 90, and the side on which it is met.
rated as (
    select
        * exclude (is_ratio, is_price, value_numeric, value_bound, bound_low, bound_high),
        case when is_bound_target then coalesce(bound_low, bound_high) else value_numeric end as value_numeric,
        case when not is_bound_target then value_bound end as value_bound,
        case when is_bound_target then value_bound end as target_bound,
        case when not is_bound_target then bound_low end as bound_low,
        case when not is_bound_target then bound_high end as bound_high,
        is_ratio or (is_price and (coalesce(printed_unit_key, 'kr') = 'kr' or not {{ is_money_unit('printed_unit_key') }})) as is_ratio
    from dated
),

-- "varav" is measured as the row that it is part of, unless it says otherwise itself.
wholes as (
    select
        *,
        last_value(case when not is_of_which then struct_pack(unit_key := printed_unit_key, is_ratio := is_ratio) end ignore nulls) over (
            partition by report_id, table_seq, col_index
            order by row_index, part_index desc
            rows between unbounded preceding and 1 preceding
        ) as whole,
        is_of_which and coalesce(printed_unit_basis, 'table') in ('table', 'label') and label_unit_key is null
        and certain_unit_key is null and part_role = 'value' and cell_type not in ('status', 'text') as follows_whole,
        -- Rows of nothing but zeros are as well measured in the only unit of money that the table prints.
        max(abs(value_numeric)) over (partition by report_id, table_seq, row_index) = 0
        and (
            expects_money
            or 2 * count(*) filter (where {{ is_money_unit('printed_unit_key') }} and not is_ratio) over (partition by report_id, table_seq)
            > count(*) over (partition by report_id, table_seq)
        ) as is_zero_row,
        min(case when {{ is_money_unit('printed_unit_key') }} and not is_ratio then printed_unit_key end) over (partition by report_id, table_seq) as first_money,
        max(case when {{ is_money_unit('printed_unit_key') }} and not is_ratio then printed_unit_key end) over (partition by report_id, table_seq) as last_money
    from rated
)

select
    * exclude (
        section_unit_key, certain_unit_key, is_certain, printed_unit_key, printed_unit_basis, is_ratio,
        whole, follows_whole, is_zero_row, first_money, last_money, is_bound_target, report_type, stated_on, is_witnessed
    ),
    case
        when follows_whole and whole.unit_key is not null then whole.unit_key
        when printed_unit_key is null and is_zero_row and first_money = last_money then first_money
        else printed_unit_key
    end as printed_unit_key,
    case
        when follows_whole and whole.unit_key is not null then 'label'
        when printed_unit_key is null and is_zero_row and first_money = last_money then 'table'
        else printed_unit_basis
    end as printed_unit_basis,
    is_ratio or (follows_whole and coalesce(whole.is_ratio, false)) as is_ratio
from wholes
