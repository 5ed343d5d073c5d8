"""The statements of our own questions, in the SQL that every reader may ask.

Belongs here: SQL. Does not belong here: what was passed and what goes out (``questions``). Every value is written as a
literal: the processes that run statements take no parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_project.asking.names import folded
from dagster_project.site.links import figure_page_sql, report_page_sql
from dagster_project.warehouse.ask.search import INDEX_SCHEMA
from dagster_project.warehouse.release.releases import INDEX
from dagster_project.warehouse.sql import literal

MISSING: Final = """
    case
        when is_contradicted then 'the report prints two different figures'
        when is_misprint then 'the figure breaks a sum of its table'
        when value_bound = 'suppressed' then 'the report does not tell the figure'
        when value_bound is not null then 'the report prints a bound, no number'
        when is_dash then 'the report prints a dash'
        when value_numeric is null then 'the report prints words, no number'
    end
"""
"""Why a figure has no number that can be relied on; in the words of ``marts.municipality_comparison``."""

NOT_PRINTED: Final = "the reports of the municipality print no such figure, or none that is understood as it"
NOT_COMPUTED: Final = "the reports of the municipality do not print what it is computed from"
_NOT_DIVIDED: Final = """
    (
        select max(b.per_inhabitant_missing_reason) from marts.measures as b
        where b.municipality_code = m.municipality_code and c.measure_key = b.measure_key || '_per_inhabitant'
            and (y.year is null or b.year = y.year)
    )
"""
"""Why an amount that is there is not there per inhabitant."""

_NOT_THERE: Final = """
    case
        when not exists (from marts.dim_report as r where r.municipality_code = m.municipality_code)
            then 'no report of the municipality is in the warehouse'
        when y.year is not null and not exists (
            from marts.dim_report as r
            where r.municipality_code = m.municipality_code
                and (r.fiscal_year = y.year or y.year between year(r.period_start) and year(r.period_end))
        ) then 'no report of the municipality for the year is in the warehouse'
        else {printed}
    end
"""
"""Why a figure that was named is not there."""

FIGURE_COLUMNS: Final = {
    "fact_key": ("string", "Key of the figure; null where there is none and missing_reason says why."),
    "concept_key": ("string", "Concept that it measures; null while not mapped."),
    "concept_name": ("string", "Name of the concept in Swedish."),
    "account_key": ("string", "Line of account; null for what is no financial figure."),
    "municipality_code": ("string", "Four-digit code of the municipality (SCB)."),
    "municipality_name": ("string", 'Its name without "kommun".'),
    "committee": ("string", "Committee (nämnd) as the report names it."),
    "org_unit": ("string", "Department or activity that the row names."),
    "entity": (
        "string",
        "Null for the municipality's own, `group` for it with its companies, else whom it is compared with.",
    ),
    "kind": ("string", "Kind of table: indicator, financial, grant, goal and so on."),
    "section": ("string", "Nearest heading above the table."),
    "group_label": ("string", "Rows above that give the row its meaning."),
    "row_label": ("string", "Label of the row as printed."),
    "column_label": ("string", "Header of the column as printed."),
    "scenario": ("string", "What kind of figure it is: actual, budget, target, variance and so on."),
    "year": ("integer", "Calendar year in which the period begins."),
    "period_start": ("date", "First day of the period."),
    "period_end": ("date", "Last day of the period."),
    "value_numeric": ("number", "The number in the unit printed; null where missing_reason says why."),
    "unit": ("string", "Unit of the number: mnkr, tkr, kr, percent, count, days and so on."),
    "amount_sek": ("number", "An amount of money in kronor."),
    "value_text": ("string", "The figure as printed."),
    "value_bound": ("string", "What is printed instead of a number: lt, le, gt, ge or suppressed."),
    "bound_low": ("number", "What the figure is at least, in the unit printed."),
    "bound_high": ("number", "What the figure is at most, in the unit printed."),
    "missing_reason": ("string", "Why there is no number; null where there is one."),
    "is_total": ("boolean", "A total of others: never to be added to them."),
    "is_of_which": ("boolean", "A part of the row above: never to be added to it."),
    "is_ambiguous_column": ("boolean", "The header leaves open what the column is about."),
    "is_current": ("boolean", "False where a later report states the same figure."),
    "report_id": ("string", "Report that prints it."),
    "report_type": ("string", "annual_report, interim_report, plan, budget, tariff or unknown."),
    "fiscal_year": ("integer", "Fiscal year of the report."),
    "file_name": ("string", "File of the report."),
    "page": ("integer", "Page, from 1; null where the format has no pages."),
    "table_seq": ("integer", "Number of the table in the document, from 1."),
    "row_index": ("integer", "Row in the table, from 0."),
    "col_index": ("integer", "Column in the table, from 0."),
    "page_link": ("string", "The page of the site on which the cell is marked."),
    "figure_link": ("string", "All that is known of the figure: /api/figure/KEY."),
}
"""Columns of ``/api/figures``: type and meaning."""

_MADE: Final = ("value_numeric", "amount_sek", "missing_reason", "page_link", "figure_link")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which figures; an empty list stands for any."""

    concepts: Sequence[tuple[str, str]] = ()
    """Key and name."""
    accounts: Sequence[str] = ()
    municipalities: Sequence[tuple[str, str]] = ()
    """Code and name."""
    years: Sequence[int] = ()
    scenarios: Sequence[str] = ()
    reports: Sequence[str] = ()
    committee: str = ""
    """A part of its name."""
    words: str = ""
    """That stand in heading, labels or name of the concept."""
    is_current: bool = True
    """Only figures that no later report states again."""

    @property
    def names_absent(self) -> int:
        """How many figures could be missing by name: of a municipality, concept and year."""
        if not self.municipalities:
            return 0
        return len(self.municipalities) * max(1, len(self.years)) * max(1, len(self.concepts))


def text_list(values: Iterable[object]) -> str:
    """Texts in brackets, for ``in``."""
    return "(" + ", ".join(literal(value) for value in values) + ")"


def holds(words: str, *columns: str) -> str:
    """Whether all words stand in some of the columns, whatever their accents and capitals."""
    text = f"concat_ws(' ', {', '.join(columns)})"
    # A pattern with every accent takes a tenth of the time of strip_accents.
    patterns = (f"(?i){''.join(map(_any_accent, word))}" for word in folded(words).split())
    return " and ".join(f"regexp_matches({text}, {literal(pattern)})" for pattern in patterns) or "true"


def _accents() -> dict[str, str]:
    """The letters of Latin scripts by the plain letter that each is read as."""
    found: dict[str, str] = {}
    for letter in map(chr, range(0xC0, 0x250)):
        if len(plain := folded(letter)) == 1 and plain != letter and letter.islower():
            found[plain] = found.get(plain, "") + letter
    return found


_ACCENTS: Final = _accents()


def _any_accent(letter: str) -> str:
    return f"[{letter}{_ACCENTS[letter]}]" if letter in _ACCENTS else re.escape(letter)


def figures(wanted: Wanted, site: str, *, limit: int | None = None, offset: int = 0) -> str:
    """A row for each figure, and one for each that is missing by name."""
    made = {
        "value_numeric": "case when missing_reason is null then value_numeric end",
        "amount_sek": "case when missing_reason is null then amount_sek end",
        "missing_reason": "missing_reason",
        "page_link": figure_page_sql(site, "report_id", "fact_key"),
        "figure_link": "'/api/figure/' || fact_key",
    }
    columns = ",\n    ".join(f"{made[name]} as {name}" if name in _MADE else name for name in FIGURE_COLUMNS)
    absent = _absent(wanted)
    everything = f"from told union all by name {absent}" if absent else "from told"
    page = (f"limit {limit} " if limit is not None else "") + (f"offset {offset}" if offset else "")
    return f"""
with found as (select *, {MISSING} as missing_reason from marts.report_values where {_conditions(wanted)}),
told as (
    select {columns}
    from found
)
{everything}
order by
    concept_name nulls last, concept_key, municipality_name, municipality_code, committee nulls first,
    org_unit nulls first, year nulls last, report_id, table_seq, row_index, col_index, fact_key nulls last
{page}
"""


def count_figures(wanted: Wanted) -> str:
    """How many rows that would be."""
    absent = _absent(wanted)
    more = f" + (select count(*) from ({absent}))" if absent else ""
    return f"""
with found as (from marts.report_values where {_conditions(wanted)})
select (select count(*) from found){more} as total
"""


def _conditions(wanted: Wanted, key: str = "concept_key") -> str:
    conditions = ["is_current"] if wanted.is_current else []
    for column, values in (
        (key, [one for one, _ in wanted.concepts]),
        ("account_key", wanted.accounts),
        ("municipality_code", [code for code, _ in wanted.municipalities]),
        ("scenario", wanted.scenarios),
        ("report_id", wanted.reports),
    ):
        if values:
            conditions.append(f"{column} in {text_list(values)}")
    if wanted.years:
        conditions.append(f"year in ({', '.join(str(int(year)) for year in wanted.years)})")
    if wanted.committee:
        conditions.append(holds(wanted.committee, "committee"))
    if wanted.words:
        conditions.append(holds(wanted.words, "section", "group_label", "row_label", "column_label", "concept_name"))
    return " and ".join(conditions) or "true"


def _absent(wanted: Wanted, key: str = "concept_key", name: str = "concept_name") -> str:
    """A row for each municipality, concept and year that was named and has no figure; empty where none was named."""
    if not wanted.municipalities:
        return ""
    places = ", ".join(f"({literal(code)}, {literal(name)})" for code, name in wanted.municipalities)
    concepts = ", ".join(f"({literal(key)}, {literal(name)})" for key, name in wanted.concepts) or "(null, null)"
    years = ", ".join(f"({int(year)})" for year in wanted.years) or "(null)"
    is_measure = key == "measure_key"
    reason = _NOT_THERE.format(printed=literal(NOT_COMPUTED if is_measure else NOT_PRINTED))
    if is_measure:
        reason = f"coalesce({_NOT_DIVIDED}, {reason})"
    return f"""
select
    c.{key}, c.{name}, m.municipality_code, m.municipality_name, y.year, {reason} as missing_reason
from (values {places}) as m(municipality_code, municipality_name)
cross join (values {concepts}) as c({key}, {name})
cross join (values {years}) as y(year)
where not exists (
    from found
    where found.municipality_code = m.municipality_code
        and (c.{key} is null or found.{key} = c.{key})
        and (y.year is null or found.year = y.year)
)
"""


def compared_concepts(wanted: Wanted, site: str) -> str:
    """Outcomes of concepts: a row for each municipality or committee and year, and one for each missing by name."""
    absent = _absent(wanted)
    return f"""
with chosen as (from marts.municipality_comparison where {_conditions(wanted)}),
places as (select fact_key, file_name, page, period_start, period_end from marts.report_values),
found as (
    select
        chosen.*, 'actual' as scenario, places.* exclude (fact_key),
        {figure_page_sql(site, "report_id", "fact_key")} as page_link, '/api/figure/' || fact_key as figure_link
    from chosen
    left join places using (fact_key)
)
from found {f"union all by name {absent}" if absent else ""}
order by concept_name, concept_key, year, municipality_name, municipality_code, committee nulls first, organisation_key
"""


def compared_measures(wanted: Wanted, site: str) -> str:
    """The same of measures, each with the figures that it rests on."""
    absent = _absent(wanted, "measure_key", "measure_name")
    return f"""
with chosen as (from marts.measures where {_conditions(wanted, "measure_key")}),
keys as (
    select
        measure_key, organisation_key, year, unnest(fact_keys) as fact_key, unnest(range(len(fact_keys))) as place
    from chosen
),
places as (
    select
        measure_key, keys.organisation_key, keys.year,
        arg_min(file_name, place) as file_name, arg_min(page, place) as page,
        list({figure_page_sql(site, "report_id", "fact_key")} order by place) as page_links,
        list('/api/figure/' || fact_key order by place) as figure_links
    from keys
    inner join marts.report_values using (fact_key)
    group by all
),
found as (select * from chosen left join places using (measure_key, organisation_key, year))
from found {f"union all by name {absent}" if absent else ""}
order by measure_name, measure_key, year, municipality_name, municipality_code, committee nulls first, organisation_key
"""


CONCEPTS: Final = """
select
    concepts.concept_key, concepts.name as concept_name, concepts.definition, concepts.definition_sv,
    concepts.area, concepts.unit_key as unit, concepts.per, concepts.scope, concepts.good_direction,
    concepts.kolada_kpi_id, count(figures.fact_key) as figures,
    count(distinct figures.municipality_code) as municipalities,
    min(figures.year) as first_year, max(figures.year) as last_year
from vocabulary.concepts
left join marts.report_values as figures on concepts.concept_key = figures.concept_key and figures.is_current
where {conditions}
group by all
order by concept_name, concepts.concept_key
"""

MEASURES: Final = """
select
    definitions.measure_key, definitions.name_sv as measure_name, definitions.name_en as measure_name_en,
    definitions.definition, definitions.definition_sv, definitions.unit_key as unit, definitions.good_direction,
    count(measures.year) as "values", count(distinct measures.municipality_code) as municipalities,
    min(measures.year) as first_year, max(measures.year) as last_year
from vocabulary.measure_definitions as definitions
left join marts.measures on definitions.measure_key = measures.measure_key
group by all
order by measure_name, definitions.measure_key
"""

MUNICIPALITIES: Final = """
with reports as (
    select
        municipality_code, count(*) as reports, list(distinct committee order by committee) as committees,
        min(fiscal_year) as first_year, max(fiscal_year) as last_year
    from marts.dim_report
    where report_id != 'unknown'
    group by all
),
figures as (select municipality_code, count(*) as figures from marts.report_values where is_current group by all)
select
    municipality_code, municipality_name, county_code, county_name, coalesce(reports, 0) as reports,
    coalesce(figures, 0) as figures, first_year, last_year, coalesce(committees, []) as committees
from marts.dim_municipality
left join reports using (municipality_code)
left join figures using (municipality_code)
where {conditions}
order by municipality_name, municipality_code
"""


def reports(site: str) -> str:
    """A row for each report."""
    return f"""
select
    dim_report.report_id, dim_report.municipality_code, municipality_name, dim_report.committee, report_type,
    dim_report.title, fiscal_year, period_start, period_end, file_name, page_count, version_status,
    dim_report.is_current, coverage."values" as figures, coverage.rejected,
    {report_page_sql(site, "dim_report.report_id")} as page_link
from marts.dim_report
inner join marts.dim_municipality using (municipality_code)
left join marts.coverage using (report_id)
where dim_report.report_id != 'unknown'
order by municipality_name, dim_report.committee nulls first, fiscal_year, dim_report.report_id
"""


RELATIONS: Final = """
with listed as (
    select schema_name, table_name as name, comment from duckdb_tables()
    where database_name = current_database() and not internal
    union all
    select schema_name, view_name, comment from duckdb_views()
    where database_name = current_database() and not internal
)
select schema_name as schema, name, trim(regexp_replace(comment, '\\s+', ' ', 'g')) as description
from listed
where {conditions}
order by schema, name
"""

COLUMNS: Final = """
select
    schema_name as schema, table_name as name, column_name as "column", data_type as type,
    trim(regexp_replace(comment, '\\s+', ' ', 'g')) as description
from duckdb_columns()
where database_name = current_database() and not internal and schema_name = {schema} and table_name = {name}
order by column_index
"""

NAMES: Final = (
    "select concept_key as key, name from vocabulary.concepts order by key",
    "select measure_key as key, name_sv as name from vocabulary.measure_definitions order by key",
    "select municipality_code as key, municipality_name as name from marts.dim_municipality where key != 'none' "
    "order by key",
    "select scenario_key as key, name_sv as name from marts.dim_scenario where key != 'unknown' order by key",
    "select account_key as key, name_sv as name from marts.dim_account where key != 'unknown' order by key",
    "select report_id as key, coalesce(title, report_id) as name from marts.dim_report where key != 'unknown' "
    "order by key",
)
"""What can be named: concepts, measures, municipalities, scenarios, lines of account, reports."""

CANDIDATES: Final = 8


def figure(key: str, site: str) -> str:
    """One row: what is known of the figure whose key begins so, and the figures that it could be."""
    link = figure_page_sql(site, "report_id", "fact_key")
    return f"""
with found as (
    from marts.report_values where starts_with(fact_key, {literal(key)})
    order by fact_key != {literal(key)}, fact_key limit {CANDIDATES + 1}
),
one as (from found order by fact_key != {literal(key)}, fact_key limit 1),
cells as (select cell.* from raw.cell inner join one using (report_id, table_seq)),
own_table as (select report_table.* from raw.report_table inner join one using (report_id, table_seq)),
above as (
    -- Outermost first: each heading that is of a higher level than all between it and the table.
    select heading.*, min(level) over (
        order by heading.heading_seq desc rows between unbounded preceding and 1 preceding
    ) as lowest
    from raw.heading
    inner join own_table on heading.report_id = own_table.report_id and heading.heading_seq <= own_table.heading_seq
)
select
    (
        select list({{'fact_key': fact_key, 'report_id': report_id, 'row_label': row_label,
            'column_label': column_label, 'value_text': value_text}} order by fact_key) from found
    ) as candidates,
    (select one from one) as figure,
    (select dim_report from marts.dim_report inner join one using (report_id)) as report,
    (
        select {{'media_type': media_type, 'sha256': sha256, 'extractor': extractor,
            'extractor_version': extractor_version}}
        from raw.report inner join one using (report_id) where status = 'loaded'
    ) as file,
    (
        select {{'text': text, 'page': cells.page, 'x0': x0, 'y0': y0, 'x1': x1, 'y1': y1}} from cells
        inner join one using (row_index, col_index)
    ) as cell,
    (
        select {{'caption': caption, 'page_first': page_first, 'page_last': page_last, 'n_rows': n_rows,
            'n_cols': n_cols, 'header_rows': header_rows}} from own_table
    ) as "table",
    (
        select list(concat_ws(' ', number, text) order by heading_seq) from above
        where lowest is null or level < lowest
    ) as headings,
    (
        select list(text order by cells.row_index) from cells inner join one using (col_index) where is_header
    ) as column_header,
    (select list(text order by cells.col_index) from cells inner join one using (row_index)) as row_cells,
    (
        select list(other.fact_key order by other.part_index, other.fact_key) from marts.report_values as other
        inner join one using (report_id, table_seq, row_index, col_index) where other.fact_key != one.fact_key
    ) as same_cell,
    (
        select list({{'decides': attribute, 'value': value, 'rule': rule, 'evidence': evidence, 'place': place,
            'confidence': confidence}} order by attribute, value)
        from marts.report_metadata inner join one using (report_id) where is_accepted
    ) as report_known_by,
    (
        select {{'concept_basis': concept_basis, 'indicator_key': indicator_key, 'kolada_kpi_id': kolada_kpi_id,
            'kolada_basis': kolada_basis}}
        from marts.dim_indicator
        inner join marts.fct_indicator_value using (indicator_key) inner join one using (fact_key)
    ) as indicator,
    (
        select list({{'identity_type': identity_type, 'components': components, 'printed': printed,
            'computed': computed, 'difference': difference, 'tolerance': tolerance,
            'is_holding': is_holding}} order by identity_type)
        from marts.reconciliation inner join one using (fact_key)
    ) as sums,
    (
        select list({{'fact_key': case when later_fact_key = one.fact_key then earlier_fact_key else later_fact_key end,
            'value_text': case when later_fact_key = one.fact_key then earlier_value_text else later_value_text end,
            'report_id': case when later_fact_key = one.fact_key then earlier_report_id else later_report_id end,
            'is_later': later_fact_key != one.fact_key}} order by later_fact_key, earlier_fact_key)
        from marts.restatements inner join one on one.fact_key in (earlier_fact_key, later_fact_key)
    ) as stated_otherwise,
    (select {link} from one) as page_link,
    (select {report_page_sql(site, "report_id")} from one) as report_link
"""


def gone(key: str) -> str:
    """Figures that are no more and whose keys begin so."""
    return f"""
from marts.figure_history where starts_with(fact_key, {literal(key)})
order by fact_key != {literal(key)}, fact_key limit {CANDIDATES + 1}
"""


def paragraphs(words: Sequence[str], municipalities: Sequence[str], site: str, *, every: bool, limit: int) -> str:
    """The best paragraphs with the words, each with the first figures of its section."""
    where = f"and municipality_code in {text_list(municipalities)}" if municipalities else ""
    match = f"{INDEX}.{INDEX_SCHEMA}.match_bm25(paragraph_key, {literal(' '.join(words))}, conjunctive := {int(every)})"
    return f"""
with scored as (select *, {match} as score from marts.narrative),
hits as (
    select *, count(*) over () as found from scored where score is not null {where}
    order by round(score, 9) desc, report_id, paragraph_seq limit {limit}
),
beside as (
    select
        paragraph_key, {{'fact_key': fact_key, 'row_label': row_label, 'column_label': column_label,
            'value_text': value_text, 'unit': unit}} as figure,
        row_number() over (
            partition by paragraph_key order by table_seq, row_index, col_index, part_index, fact_key
        ) as place
    from hits
    inner join marts.report_values using (report_id)
    where table_seq between table_first and table_last
    qualify place <= 5
),
figures as (select paragraph_key, list(figure order by place) as figures from beside group by all)
select
    found, round(score, 3) as score, report_id, municipality_name, committee, fiscal_year, heading_path, page,
    paragraph_text, section, hits.figures as n_figures, coalesce(figures.figures, []) as figures,
    {report_page_sql(site, "report_id")} as page_link
from hits
left join figures using (paragraph_key)
order by score desc, report_id, paragraph_seq
"""


def labelled(words: str, municipalities: Sequence[str], site: str, *, limit: int) -> str:
    """Figures whose labels have all the words, or that print the number; outcomes and the newest first."""
    plain = "".join(words.split())
    is_number = plain.replace(",", "").replace(".", "").lstrip("-").isdigit()
    number = f"or replace(replace(value_text, ' ', ''), '\u00a0', '') = {literal(plain)}" if is_number else ""
    where = f"and municipality_code in {text_list(municipalities)}" if municipalities else ""
    labels = holds(words, "section", "group_label", "row_label", "column_label", "concept_name")
    return f"""
with found as (
    select *, {MISSING} as missing_reason from marts.report_values where is_current {where} and ({labels} {number})
)
select
    count(*) over () as found, fact_key, municipality_name, committee, org_unit, concept_key, section, group_label,
    row_label, column_label, scenario, year, case when missing_reason is null then value_numeric end as value_numeric,
    unit, value_text, missing_reason, report_id, page, {figure_page_sql(site, "report_id", "fact_key")} as page_link
from found
order by
    not {holds(words, "row_label", "concept_name")}, concept_key is null, scenario != 'actual', year desc nulls last,
    municipality_name, report_id, table_seq, row_index, col_index, fact_key
limit {limit}
"""


def named(words: str, *, limit: int) -> str:
    """Concepts whose name or definition has all the words; else those whose name is most like them."""
    plain = literal(folded(words))
    return f"""
with likened as (
    select *, {holds(words, "name", "definition", "definition_sv", "concept_key")} as is_held,
        jaro_winkler_similarity(lower(strip_accents(name)), {plain}) as likeness
    from vocabulary.concepts
),
chosen as (from likened where is_held or likeness > 0.88)
select
    concept_key, name as concept_name, definition, definition_sv, unit_key as unit, is_held,
    (select count(*) from marts.report_values as f where f.concept_key = chosen.concept_key and is_current) as figures
from chosen
order by not is_held, likeness desc, concept_key
limit {limit}
"""


def where_printed(keys: Sequence[str], site: str) -> str:
    """The pages of figures."""
    return f"""
select fact_key, {figure_page_sql(site, "report_id", "fact_key")} as page_link
from marts.report_values where fact_key in {text_list(keys)} order by fact_key
"""


OVERVIEW: Final = """
select
    (select count(*) from marts.dim_report where report_id != 'unknown') as reports,
    (select count(*) from marts.report_values) as figures,
    (select count(*) from marts.reconciliation) as sums_checked,
    (select count(*) from marts.reconciliation where is_holding) as sums_holding,
    (select min(fiscal_year) from marts.dim_report) as first_year,
    (select max(fiscal_year) from marts.dim_report) as last_year
"""
