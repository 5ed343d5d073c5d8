"""What the pages show, read from the published marts.

Belongs here: questions to the warehouse, their answers as plain rows. Does not belong here: HTML, and anything computed
that the marts do not say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import duckdb

from dagster_project.exporting.relations import list_relations, list_sources

Row = dict[str, Any]


def rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """The answer to a question, a dictionary a row."""
    result = connection.execute(sql, list(parameters))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def grouped(found: list[Row], *keys: str) -> dict[Any, list[Row]]:
    """Rows by the value of one column, or by a tuple of several."""
    return grouped_by(found, itemgetter(*keys))


def grouped_by(found: list[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Rows by what ``key`` says of each."""
    groups: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in found:
        groups[key(row)].append(row)
    return groups


@dataclass(slots=True)
class Overview:
    """Everything but the cells of the reports, which are read a report at a time."""

    totals: Row
    reports: list[Row]
    quarantined: list[Row]
    municipalities: list[Row]
    organisations: dict[str, Row]
    indicators: list[Row]
    budgets: dict[Any, list[Row]]
    targets: dict[Any, list[Row]]
    grants: dict[Any, list[Row]]
    assignments: dict[Any, list[Row]]
    concepts: dict[str, list[Row]]
    measures: dict[Any, list[Row]]
    restatements: list[Row]
    gone: dict[Any, list[Row]]
    news: list[Row]
    failures: list[Row]
    rejected: list[Row]
    unmapped: list[Row]
    relations: list[Row]
    columns: dict[Any, list[Row]] = field(default_factory=dict)
    sources: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    """Editions of other publishers by schema, relation and column that holds facts of theirs."""


TOTALS = """
select
    (select count(*) from marts.dim_report where report_id != 'unknown') as reports,
    (
        select count(distinct municipality_code) from marts.dim_report where municipality_code != 'none'
    ) as municipalities,
    (select count(*) from marts.report_values) as figures,
    (select sum(cells) from marts.coverage) as cells,
    (select sum(value_cells) / nullif(sum(value_cells) + sum(rejected), 0) from marts.coverage) as share_interpreted,
    (select sum(proven) / nullif(sum(quantities), 0) from marts.coverage) as share_proven,
    (select count(*) from marts.reconciliation) as identities,
    (select count(*) from marts.reconciliation where is_holding) as identities_holding,
    (select min(fiscal_year) from marts.dim_report) as first_year,
    (select max(fiscal_year) from marts.dim_report) as last_year,
    (select max(extracted_at) from raw.report) as read_at
"""

REPORTS = """
select
    dim_report.report_id, dim_report.file_name, dim_report.title, dim_report.report_type, dim_report.fiscal_year,
    dim_report.period_start, dim_report.period_end, dim_report.page_count, dim_report.sha256,
    dim_report.organisation_key, dim_municipality.municipality_code, dim_municipality.municipality_name,
    dim_report.copy_of_report_id, dim_report.superseded_by_report_id, dim_report.is_current,
    coalesce(dim_organisation.committee, dim_organisation.body_name) as committee,
    coverage.tables, coverage.cells, coverage."values" as figures, coverage.rejected,
    coverage.share_interpreted, coverage.share_proven, coverage.doubtful, report.media_type
from marts.dim_report
inner join marts.dim_municipality using (municipality_code)
inner join marts.dim_organisation using (organisation_key)
left join marts.coverage using (report_id)
left join raw.report using (report_id)
where dim_report.report_id != 'unknown'
order by municipality_name, committee nulls first, fiscal_year, report_id
"""

ORGANISATIONS = """
select
    organisation_key, municipality_code, municipality_name, coalesce(committee, body_name) as committee,
    unit_name, level
from marts.dim_organisation inner join marts.dim_municipality using (municipality_code)
"""

CONCEPT_DEFINITIONS = "select * from vocabulary.concepts order by name, concept_key"

MEASURE_DEFINITIONS = "select *, null as inhabitants_key from vocabulary.measure_definitions order by name_sv"

# The statistic that follows each concept: of those that have values the one with most, Kolada's own before the other.
# What is no sum must be divided by the same thing. `slot` says where its compared value stands: beside the printed
# values, or beside those per inhabitant.
STATISTICS = """
with
links as (
    select concept_key, kolada_kpi_id as statistic_key, 1 as link_rank from vocabulary.concepts
    union all
    select concept_key, statistic_key, 2 from vocabulary.concepts
),

counted as (select statistic_key, count(*) as n_values from marts.statistic_comparison group by all)

select
    concepts.concept_key, dim_statistic.statistic_key, dim_statistic.title,
    case when dim_statistic.is_additive and concepts.per is null then 'per' else 'value' end as slot,
    cast(units.factor_to_base / concept_units.factor_to_base as double) as factor
from links
inner join vocabulary.concepts using (concept_key)
inner join counted on links.statistic_key = counted.statistic_key
inner join marts.dim_statistic on links.statistic_key = dim_statistic.statistic_key
inner join marts.dim_unit as units on dim_statistic.unit_key = units.unit_key
inner join marts.dim_unit as concept_units on concepts.unit_key = concept_units.unit_key
where
    units.base_unit_key = concept_units.base_unit_key
    and (
        concepts.per is not distinct from dim_statistic.per
        or (dim_statistic.is_additive and concepts.per = 'inhabitant' and concept_units.factor_to_base = 1)
    )
qualify row_number() over (partition by concept_key order by n_values desc, link_rank) = 1
"""

COMPARISONS = """
select
    municipality_code, municipality_name, county_name, year, value_numeric, compared_value, similar_median,
    county_value, country_value
from marts.statistic_comparison where statistic_key = ?
order by municipality_code, year
"""

PRICES = "select year, factor_to_price_year, price_year, source_key from marts.price_index order by year"

SOURCES = """
select source_key, publisher, title, licence, attribution from marts.dim_source order by source_key
"""

STATISTIC_SOURCES = """
select distinct statistic_key, source_key from marts.statistic_comparison order by statistic_key, source_key
"""

INHABITANT_SOURCES = (
    "select distinct source_key from marts.inhabitants where source_key is not null order by source_key"
)

# One row a value; the page of an indicator shows them all, newest statement first.
INDICATORS = """
select
    dim_indicator.indicator_key, dim_indicator.indicator_name, dim_indicator.group_name,
    dim_indicator.section as indicator_section, dim_indicator.qualifier, dim_indicator.unit_key,
    dim_indicator.kolada_kpi_id,
    report_values.* exclude (unit_basis, fact_table, part_index)
from marts.fct_indicator_value
inner join marts.dim_indicator using (indicator_key)
inner join marts.report_values using (fact_key)
order by
    dim_indicator.indicator_name, dim_indicator.group_name, dim_indicator.indicator_key, report_values.period_start,
    report_values.period_end, report_values.scenario, report_values.report_id, report_values.fact_key
"""

BUDGETS = """
select
    budget_variance.* exclude (organisation_key), report.organisation_key, cell.col_index,
    account.statement as account_statement
from marts.budget_variance
inner join marts.dim_account as account using (account_key)
inner join marts.dim_report as report using (report_id)
inner join marts.report_values as cell on budget_variance.actual_fact_key = cell.fact_key
order by budget_variance.year desc, budget_variance.statement, report_id, table_seq, row_index, period_key
"""

TARGETS = """
select
    target_outcome.* exclude (organisation_key), dim_report.organisation_key, outcome.report_id, outcome.table_seq,
    outcome.row_index, outcome.col_index, target.unit_detail as target_unit,
    case when target_outcome.outcome_fact_key is not null then outcome.unit_detail end as outcome_unit
from marts.target_outcome
inner join marts.dim_report
    on coalesce(target_outcome.outcome_report_id, target_outcome.target_report_id) = dim_report.report_id
left join marts.report_values as outcome
    on coalesce(target_outcome.outcome_fact_key, target_outcome.target_fact_key) = outcome.fact_key
left join marts.report_values as target on target_outcome.target_fact_key = target.fact_key
order by target_outcome.year desc, indicator_name, target_outcome.section, target_outcome.group_label,
    indicator_key, period_key
"""

GRANTS = """
select
    dim_report.organisation_key, dim_grantor.grantor_name, report_values.* exclude (organisation_key)
from marts.fct_financial
inner join marts.dim_grantor using (grantor_key)
inner join marts.report_values using (fact_key)
inner join marts.dim_report on report_values.report_id = dim_report.report_id
where report_values.kind = 'grant' and not report_values.is_total and report_values.is_current
order by report_values.report_id, report_values.table_seq, report_values.row_index, report_values.col_index
"""

ASSIGNMENTS = """
select
    dim_report.organisation_key, fct_status.subject, fct_status.subject_text, fct_status.status_date,
    fct_status.issued_year, dim_status.name_sv as status_sv, dim_status.name_en as status_en, fct_status.value_text,
    dim_report.report_id, fct_status.table_seq, fct_status.row_index, fct_status.col_index
from marts.fct_status
inner join marts.dim_status using (status_key)
inner join marts.dim_report using (report_key)
where fct_status.is_current
order by report_id, table_seq, row_index, col_index
"""

# Where a municipality or committee has no value though figures are printed, missing_reason says why.
CONCEPTS = """
select municipality_comparison.*, report_values.period_start, report_values.period_end, dim_indicator.indicator_key
from marts.municipality_comparison
left join marts.report_values using (fact_key)
left join marts.fct_indicator_value using (fact_key)
left join marts.dim_indicator on fct_indicator_value.indicator_key = dim_indicator.indicator_key
order by concept_name, concept_key, municipality_name, municipality_code, committee nulls first, organisation_key, year
"""

MEASURES = """
select
    measures.*, measure_definitions.name_en as measure_name_en, measure_definitions.definition_sv,
    measure_definitions.definition,
    cell.table_seq, cell.row_index, cell.col_index
from marts.measures
inner join vocabulary.measure_definitions using (measure_key)
left join marts.report_values as cell on measures.fact_keys[1] = cell.fact_key
order by municipality_code, committee nulls first, organisation_key, measure_key, year desc
"""

RESTATEMENTS = """
select * from marts.restatements
order by municipality_name, row_label, period_key, earlier_fact_key, later_fact_key
"""

# The figure that stands for one that is gone may be of a report with another name.
GONE = """
select figure_history.*, report_values.report_id as now_report_id
from marts.figure_history
left join marts.report_values on figure_history.replaced_by = report_values.fact_key
order by figure_history.report_id, figure_history.gone_at desc, figure_history.fact_key
"""

# What the newest refresh that changed anything brought.
NEWS = """
select report_id, file_name, event, happened_at from marts.report_history
where happened_at::date = (select max(happened_at)::date from marts.report_history)
order by happened_at desc, file_name, event, report_id
"""

FAILURES = """
select * from marts.reconciliation
where not is_holding
order by report_id, table_seq, row_index, col_index, identity_type
"""

REJECTED = """
select report_id, table_seq, row_index, col_index, value_text, reason
from marts.cell_roles where role = 'rejected'
order by report_id, table_seq, row_index, col_index
"""

UNMAPPED = "select * from marts.unmapped_labels order by reports desc, label_type, label"

RELATIONS = """
select schema_name, table_name, comment, estimated_size as n_rows from duckdb_tables() where not internal
union all
select schema_name, view_name, comment, null from duckdb_views() where not internal
order by 1, 2
"""

COLUMNS = """
select schema_name, table_name, column_name, data_type, comment from duckdb_columns()
where not internal order by schema_name, table_name, column_index
"""

CELLS = """
select
    cell.report_id, cell.table_seq, cell.row_index, cell.col_index, cell.text, cell.is_header, cell.row_span,
    cell.col_span, cell.page, cell.x0, cell.y0, cell.x1, cell.y1, cell_roles.role, cell_roles.reason
from raw.cell
left join marts.cell_roles using (report_id, table_seq, row_index, col_index)
where cell.report_id = ?
order by table_seq, row_index, col_index
"""

TABLES = """
select report_table.report_id, table_seq, n_rows, n_cols, header_rows, caption, page_first, page_last,
    heading.number as heading_number, heading.text as heading_text, report_table.heading_seq
from raw.report_table left join raw.heading using (report_id, heading_seq)
where report_id = ?
order by table_seq
"""

FIGURES = """
select report_values.*, fct_indicator_value.indicator_key, dim_indicator.concept_basis
from marts.report_values
left join marts.fct_indicator_value using (fact_key)
left join marts.dim_indicator on fct_indicator_value.indicator_key = dim_indicator.indicator_key
where report_values.report_id = ?
order by table_seq, row_index, col_index, part_index
"""

# One row a figure that is proven or doubtful: the identity that says so, and in it the figure that is computed, or the
# other statement.
PROOFS = """
with deciding as (
    select
        figure_identity.*, report_values.proof, report_values.is_doubtful
    from marts.report_values inner join marts.figure_identity using (fact_key)
    where
        report_values.report_id = ?
        and (
            (figure_identity.is_proving and figure_identity.kind = report_values.proof)
            or (figure_identity.is_broken and report_values.is_doubtful)
        )
    qualify row_number() over (
            partition by fact_key order by figure_identity.sign is not null, figure_identity.identity_key
        ) = 1
)

select
    deciding.fact_key, deciding.proof, deciding.kind as identity_kind, deciding.identity_type, deciding.is_doubtful,
    told.fact_key as told_key, told.report_id as told_report_id, told.row_label, told.column_label, told.table_seq,
    compared.statistic_title, compared.source_key
from deciding
left join marts.figure_identity as other
    on
        deciding.identity_key = other.identity_key
        and case when other.role = 'statement' then other.fact_key != deciding.fact_key else other.sign is null end
left join marts.report_values as told on other.fact_key = told.fact_key
left join temp.compared_nationally as compared
    on deciding.kind = 'national' and deciding.fact_key = compared.fact_key
order by deciding.table_seq, deciding.row_index, deciding.col_index, deciding.fact_key
"""

# The view is made of everything: asked for each report, it would cost more than all else of its page.
COMPARED_NATIONALLY = """
create temp table compared_nationally as
select fact_key, statistic_title, national_value, unit, source_key from marts.printed_and_national
"""

# One row a figure of each identity that a figure of the report takes part in; what is computed comes first.
IDENTITIES = """
select
    part.identity_key, part.kind, part.is_holding, part.is_proving, part.is_broken, part.sign, part.fact_key,
    part.value_numeric, part.report_id, report_values.value_text, report_values.row_label, report_values.column_label,
    compared.statistic_title, compared.national_value, compared.unit as national_unit, compared.source_key
from marts.figure_identity as part
inner join marts.report_values on part.fact_key = report_values.fact_key
left join temp.compared_nationally as compared on part.kind = 'national' and part.fact_key = compared.fact_key
where part.identity_key in (select identity_key from marts.figure_identity where report_id = ?)
order by
    list_position(['sum', 'variance', 'stated again', 'national'], part.kind), part.identity_key,
    part.sign is not null, part.report_id, part.table_seq, part.row_index, part.col_index, part.fact_key
"""


class Outside:
    """Definitions, and what other publishers say beside the printed figures."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.concepts = rows(connection, CONCEPT_DEFINITIONS)
        self.measures = rows(connection, MEASURE_DEFINITIONS)
        self._statistics = {row["concept_key"]: row for row in rows(connection, STATISTICS)}
        self.units = {
            row["unit_key"]: (row["name_sv"], row["name_en"])
            for row in rows(connection, "select unit_key, name_sv, name_en from marts.dim_unit")
        }
        self.municipalities = {
            row["municipality_code"]
            for row in rows(
                connection, "select municipality_code from marts.dim_report where municipality_code != 'none'"
            )
        }
        prices = rows(connection, PRICES)
        self.prices: Row = {
            "year": prices[0]["price_year"] if prices else None,
            "factors": {row["year"]: row["factor_to_price_year"] for row in prices},
        }
        self._sources = {row["source_key"]: row for row in rows(connection, SOURCES)}
        self._of_prices = {row["source_key"] for row in prices}
        self._of_inhabitants = {row["source_key"] for row in rows(connection, INHABITANT_SOURCES)}
        self._of_statistics = grouped(rows(connection, STATISTIC_SOURCES), "statistic_key")

    def statistic_of(self, concept: Row) -> Row | None:
        """The statistic that is published of every municipality; None where there is none with values."""
        return self._statistics.get(concept["concept_key"])

    def comparisons(self, statistic_key: str) -> list[Row]:
        """A statistic by municipality and year, with similar municipalities, county and country."""
        return rows(self._connection, COMPARISONS, [statistic_key])

    def sources_of(self, about: Row, statistic: Row | None) -> list[Row]:
        """The editions that a concept or measure rests on beside the reports."""
        keys = {row["source_key"] for row in self._of_statistics[statistic["statistic_key"]]} if statistic else set()
        if about["unit_key"] == "kr":
            keys |= self._of_prices
        if about.get("is_additive") or about["unit_key"] == "kr":
            keys |= self._of_inhabitants
        return [self._sources[key] for key in sorted(keys) if key in self._sources]


HEADINGS = """
select
    report_id, heading_seq, text,
    exists (
        select 1 from raw.report_table
        where report_table.report_id = heading.report_id and report_table.heading_seq = heading.heading_seq
    ) as has_table
from raw.heading where text != '' order by report_id, heading_seq
"""

PARAGRAPHS = """
select report_id, paragraph_seq, page, heading_path, paragraph_text from marts.narrative
order by report_id, paragraph_seq
"""

LABELS = """
select report_id, fact_key, group_label, row_label, column_label, value_text from marts.report_values
where value_numeric is not null order by report_id, table_seq, row_index, col_index, part_index
"""


def contents(connection: duckdb.DuckDBPyConnection) -> tuple[list[Row], list[Row], list[Row]]:
    """Headings, paragraphs and figures of all reports, for the search."""
    return rows(connection, HEADINGS), rows(connection, PARAGRAPHS), rows(connection, LABELS)


def paragraphs(connection: duckdb.DuckDBPyConnection, report_id: str) -> list[Row]:
    """What a report says beside its tables."""
    return rows(connection, f"select * from ({PARAGRAPHS}) where report_id = ? order by paragraph_seq", [report_id])


def overview(connection: duckdb.DuckDBPyConnection) -> Overview:
    """All that the pages need beside the cells of the reports."""
    indicators = rows(connection, INDICATORS)
    return Overview(
        totals=rows(connection, TOTALS)[0],
        reports=rows(connection, REPORTS),
        quarantined=rows(
            connection,
            "select report_id, file_name, error from raw.report where status != 'loaded' order by file_name, report_id",
        ),
        municipalities=rows(
            connection,
            "select municipality_code, municipality_name, county_name from marts.dim_municipality "
            "where municipality_code in (select municipality_code from marts.dim_report where report_id != 'unknown') "
            "order by municipality_name",
        ),
        organisations={row["organisation_key"]: row for row in rows(connection, ORGANISATIONS)},
        indicators=indicators,
        budgets=grouped(rows(connection, BUDGETS), "organisation_key"),
        targets=grouped(rows(connection, TARGETS), "organisation_key"),
        grants=grouped(rows(connection, GRANTS), "organisation_key"),
        assignments=grouped(rows(connection, ASSIGNMENTS), "organisation_key"),
        concepts=grouped(rows(connection, CONCEPTS), "concept_key"),
        measures=grouped(rows(connection, MEASURES), "organisation_key"),
        restatements=rows(connection, RESTATEMENTS),
        gone=grouped(rows(connection, GONE), "report_id"),
        news=rows(connection, NEWS),
        failures=rows(connection, FAILURES),
        rejected=rows(connection, REJECTED),
        unmapped=rows(connection, UNMAPPED),
        relations=rows(connection, RELATIONS),
        columns=grouped(rows(connection, COLUMNS), "schema_name", "table_name"),
        sources={
            (relation.schema, relation.name, column): [dict(edition) for edition in editions]
            for relation in list_relations(connection)
            for column, editions in list_sources(connection, relation).items()
        },
    )


def figure_keys(connection: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], str]:
    """The key of the first figure of each cell that has one, by report, table, row and column."""
    found = connection.execute(
        "select report_id, table_seq, row_index, col_index, arg_min(fact_key, (part_index, fact_key)) "
        "from marts.report_values group by all"
    ).fetchall()
    return {row[:4]: row[4] for row in found}


def compare_nationally(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what figures were compared with, for as long as the connection; ``proofs`` and ``identities`` read it."""
    connection.execute(COMPARED_NATIONALLY)


def proofs(connection: duckdb.DuckDBPyConnection, report_id: str) -> list[Row]:
    """What proves the figures of a report, and what makes some doubtful."""
    return rows(connection, PROOFS, [report_id])


def identities(connection: duckdb.DuckDBPyConnection, report_id: str) -> list[Row]:
    """The sums, variances and other statements that figures of a report take part in, a row a figure."""
    return rows(connection, IDENTITIES, [report_id])


@dataclass(slots=True)
class PrintedTable:
    """One table of a report as printed."""

    about: Row
    lines: list[list[Row]]
    """Cells of each row, covered ones left out; each knows the figures that were read from it (``figures``)."""


def printed_tables(connection: duckdb.DuckDBPyConnection, report_id: str) -> Iterator[PrintedTable]:
    """The tables of one report in reading order."""
    cells = grouped(rows(connection, CELLS, [report_id]), "table_seq")
    figures = grouped(rows(connection, FIGURES, [report_id]), "table_seq", "row_index", "col_index")
    for about in rows(connection, TABLES, [report_id]):
        table = about["table_seq"]
        standing = {(cell["row_index"], cell["col_index"]): cell for cell in cells.get(table, [])}
        covered = {
            (cell["row_index"] + down, cell["col_index"] + right)
            for cell in standing.values()
            for down in range(cell["row_span"])
            for right in range(cell["col_span"])
            if (down, right) != (0, 0)
        }
        lines = []
        for row_index in range(about["n_rows"]):
            line = []
            for col_index in range(about["n_cols"]):
                place = (row_index, col_index)
                if place in covered and place not in standing:
                    continue
                cell = standing.get(place) or {
                    "row_index": row_index,
                    "col_index": col_index,
                    "text": "",
                    "is_header": row_index < about["header_rows"],
                    "row_span": 1,
                    "col_span": 1,
                    "role": None,
                    "reason": None,
                }
                line.append(cell | {"figures": figures.get((table, *place), [])})
            lines.append(line)
        yield PrintedTable(about, lines)
