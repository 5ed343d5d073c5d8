"""From a figure back to the cell that prints it: its table, the headings above, its page and its file.

Belongs here: what the published warehouse says about one figure, and whether the file is still the one that was read.
Does not belong here: how it is shown (``console``, ``commands.show``) and drawn (``extract.picture``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import duckdb

from dagster_project.extract.structure import Box
from dagster_project.warehouse.ask.query import QueryError, as_text, first_line
from dagster_project.warehouse.intake.scan import path_of

PDF: Final = "application/pdf"
NAMED: Final = 8
"""Keys that a message about an ambiguous one lists."""


class SourceError(Exception):
    """The page of a figure cannot be shown; the message says why."""


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """One cell of the table as it was read."""

    row_index: int
    col_index: int
    text: str
    is_header: bool
    row_span: int
    col_span: int
    page: int | None
    box: Box | None
    """Points from the top left corner of the page; None where the format has no pages or the place is not known."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A sum or variance that a figure takes part in, another print of it, or a national statistic."""

    kind: str
    is_holding: bool
    is_proving: bool
    """Whether it proves the number of the figure."""
    is_broken: bool
    """Whether it does not hold here though it holds elsewhere in the table."""
    difference: float
    """Printed less computed, in the unit of the figure."""
    tolerance: float
    """How much of that rounding can explain."""
    figures: tuple[Mapping[str, Any], ...]
    """What takes part: rows of ``marts.figure_identity`` with ``value_text``, ``row_label`` and ``column_label``.
    The one that is computed comes first; of statements, the figure itself."""
    source: str
    """The statistic, its publisher's edition and its number; empty for other kinds."""


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is known about where a figure comes from."""

    figure: Mapping[str, Any]
    """Its row of ``marts.report_values``."""
    beside: tuple[str, ...]
    """Keys of other figures that the same cell prints."""
    report: Mapping[str, Any]
    """Its document's row of ``raw.report``."""
    headings: tuple[str, ...]
    """The headings above the table, outermost first, with their numbers."""
    table: Mapping[str, Any]
    """Its table's row of ``raw.report_table``."""
    cells: tuple[PrintedCell, ...]
    cell: PrintedCell
    """The one that prints the figure."""
    identities: tuple[Identity, ...] = ()
    """What its number was held against, what proves it first."""


def find_trace(connection: duckdb.DuckDBPyConnection, key: str) -> Trace:
    """Trace a figure.

    Args:
        connection: the published warehouse, as :func:`~dagster_project.warehouse.ask.query.open_published` gives it.
        key: a ``fact_key``, or the beginning of one that no other figure has.

    Raises:
        QueryError: no figure or several have such a key, or the warehouse cannot be asked.
    """
    try:
        return _find(connection, key.strip().lower())
    except duckdb.Error as error:
        raise QueryError(f"The warehouse cannot be asked where a figure stands: {first_line(error)}") from error


def _find(connection: duckdb.DuckDBPyConnection, key: str) -> Trace:
    figure = _figure(connection, key)
    report_id, table_seq = figure["report_id"], figure["table_seq"]
    place = (figure["row_index"], figure["col_index"])
    beside = _rows(
        connection,
        "select fact_key from marts.report_values where report_id = ? and table_seq = ? and row_index = ?"
        " and col_index = ? and fact_key <> ? order by part_index, fact_key",
        [report_id, table_seq, *place, figure["fact_key"]],
    )
    report = _rows(connection, "select * from raw.report where report_id = ? and status = 'loaded'", [report_id])
    table = _rows(
        connection, "select * from raw.report_table where report_id = ? and table_seq = ?", [report_id, table_seq]
    )
    cells = tuple(
        _cell(row)
        for row in _rows(
            connection,
            "select * from raw.cell where report_id = ? and table_seq = ? order by row_index, col_index",
            [report_id, table_seq],
        )
    )
    cell = next((cell for cell in cells if (cell.row_index, cell.col_index) == place), None)
    if cell is None or not report or not table:
        raise QueryError(f"The cell of the figure {figure['fact_key']} is not in the warehouse: refresh it.")
    headings = _headings(connection, report_id, table[0]["heading_seq"])
    keys = tuple(row["fact_key"] for row in beside)
    return Trace(figure, keys, report[0], headings, table[0], cells, cell, _identities(connection, figure["fact_key"]))


IDENTITIES: Final = """
select
    own.identity_key, own.kind, own.is_holding, own.is_proving, own.is_broken, own.difference, own.tolerance,
    other.role, other.sign, other.fact_key, other.value_numeric, other.unit, other.report_id, other.table_seq,
    other.row_index, other.col_index, report_values.value_text, report_values.row_label, report_values.column_label,
    compared.statistic_title, compared.national_value, compared.unit as national_unit, compared.source_key
from marts.figure_identity as own
inner join marts.figure_identity as other using (identity_key)
inner join marts.report_values on other.fact_key = report_values.fact_key
left join marts.printed_and_national as compared on own.kind = 'national' and own.fact_key = compared.fact_key
where own.fact_key = ?
order by
    own.is_proving desc, list_position(['sum', 'variance', 'stated again', 'national'], own.kind), own.identity_key,
    case when other.role = 'statement' then other.fact_key != own.fact_key else other.sign is not null end,
    other.report_id, other.table_seq, other.row_index, other.col_index, other.fact_key
"""


def _identities(connection: duckdb.DuckDBPyConnection, fact_key: str) -> tuple[Identity, ...]:
    found: list[Identity] = []
    with suppress(duckdb.CatalogException):  # a release of before figures were proven
        rows = _rows(connection, IDENTITIES, [fact_key])
        for _, group in groupby(rows, key=itemgetter("identity_key")):
            figures = tuple(group)
            first = figures[0]
            source = ""
            if first["kind"] == "national":
                source = f"{first['statistic_title']}: {as_text(first['national_value'])} {first['national_unit']}"
                source += f" ({first['source_key']})"
            found.append(
                Identity(
                    first["kind"],
                    first["is_holding"],
                    first["is_proving"],
                    first["is_broken"],
                    first["difference"],
                    first["tolerance"],
                    figures,
                    source,
                )
            )
    return tuple(found)


def _figure(connection: duckdb.DuckDBPyConnection, key: str) -> dict[str, Any]:
    if not key:
        raise QueryError("An empty key names no figure; the keys stand in marts.report_values.fact_key.")
    found = _rows(
        connection,
        "select * from marts.report_values where starts_with(fact_key, ?)"
        f" order by fact_key <> ?, fact_key limit {NAMED + 1}",
        [key, key],
    )
    if not found:
        raise QueryError(
            figure_gone(connection, key)
            or f"No figure has the key {key!r}; the keys stand in marts.report_values.fact_key."
        )
    if len(found) > 1 and found[0]["fact_key"] != key:
        listed = "".join(
            f"\n  {row['fact_key']}  {row['report_id']}: {row['row_label'] or '-'} | {row['column_label'] or '-'}"
            f" | {row['value_text']}"
            for row in found[:NAMED]
        )
        more = "\n  ..." if len(found) > NAMED else ""
        raise QueryError(f"The key {key!r} is the beginning of several; add characters:{listed}{more}")
    return found[0]


REASONS: Final = {
    "removed": "its report was withdrawn",
    "renamed": "its report has another name",
    "quarantined": "its report is quarantined",
    "corrected": "its report was replaced by another content",
    "reinterpreted": "its report is understood otherwise, by other rules, vocabulary or reports.yml",
}
"""Why a figure is gone, by ``reason`` of ``marts.figure_history``."""


def figure_gone(connection: duckdb.DuckDBPyConnection, key: str) -> str:
    """What became of the figure whose key begins with ``key`` and that is no more; empty where there was none."""
    with suppress(duckdb.CatalogException):  # a release of before keys were remembered
        gone = _rows(
            connection,
            "select * from marts.figure_history where starts_with(fact_key, ?)"
            f" order by fact_key <> ?, fact_key limit {NAMED + 1}",
            [key, key],
        )
        if len(gone) == 1 or (gone and gone[0]["fact_key"] == key):
            return _told(connection, gone[0])
        if gone:
            listed = "".join(f"\n  {_named(row)}" for row in gone[:NAMED])
            more = "\n  ..." if len(gone) > NAMED else ""
            return f"No figure has the key {key!r}; several that are gone had one that begins so:{listed}{more}"
    return ""


def _told(connection: duckdb.DuckDBPyConnection, gone: Mapping[str, Any]) -> str:
    lines = [
        f"The figure {gone['fact_key']} is gone: {REASONS[gone['reason']]}.",
        f"It was {_named(gone)}",
        f"last release that has it: {gone['last_release']}, followed {gone['gone_at']:%Y-%m-%d %H:%M}",
    ]
    key, seen = gone["replaced_by"], {gone["fact_key"]}
    while key is not None and key not in seen:
        seen.add(key)
        now = _rows(connection, "select * from marts.report_values where fact_key = ?", [key])
        if now:
            return "\n".join([*lines, f"now it is {_named(now[0])}"])
        key = next(
            iter(_rows(connection, "select replaced_by from marts.figure_history where fact_key = ?", [key])), {}
        ).get("replaced_by")
    return "\n".join([*lines, "No figure is certain to stand for it now."])


def _named(row: Mapping[str, Any]) -> str:
    """A figure in one line, as far as it is known: a report that is gone is not quoted any more."""
    labels = " | ".join(
        str(row[name]) for name in ("section", "group_label", "row_label", "column_label", "value_text") if row[name]
    )
    period = f"{row['period_start']} to {row['period_end']}" if row["period_start"] else "no period"
    return (
        f"{row['fact_key']}  {row['file_name']}: {labels or 'words that are printed no more'}"
        f" ({row['scenario']}, {row['unit']}, {period})"
    )


def _cell(row: Mapping[str, Any]) -> PrintedCell:
    # A warehouse that was made before places were kept has no such columns.
    edges = [row.get(name) for name in ("x0", "y0", "x1", "y1")]
    x0, y0, x1, y1 = edges
    return PrintedCell(
        row["row_index"],
        row["col_index"],
        row["text"],
        row["is_header"],
        row["row_span"],
        row["col_span"],
        row["page"],
        None if x0 is None or y0 is None or x1 is None or y1 is None else (x0, y0, x1, y1),
    )


def _headings(connection: duckdb.DuckDBPyConnection, report_id: str, heading_seq: int | None) -> tuple[str, ...]:
    if heading_seq is None:
        return ()
    above = _rows(
        connection,
        "select level, number, text from raw.heading where report_id = ? and heading_seq <= ?"
        " order by heading_seq desc",
        [report_id, heading_seq],
    )
    path: list[str] = []
    level = None
    for heading in above:
        if level is None or heading["level"] < level:
            level = heading["level"]
            path.append(" ".join(part for part in (heading["number"], heading["text"]) if part))
    return tuple(reversed(path))


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> list[dict[str, Any]]:
    result = connection.execute(sql, values)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def source_path(trace: Trace, reports: Path) -> Path:
    """Where the file of a figure should be."""
    return path_of(reports, str(trace.report["file_name"]))


def read_source(trace: Trace, reports: Path) -> bytes:
    """The file of a figure, if it is still the one that was read.

    Raises:
        SourceError: it is gone, cannot be read, or has changed since.
    """
    path = source_path(trace, reports)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"The file {path} is gone; its folder can be set with --reports.") from None
    except OSError as error:
        raise SourceError(f"The file {path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != trace.report["sha256"]:
        raise SourceError(
            f"The file {path} has changed since it was read (its SHA-256 differs): refresh, then ask again."
        )
    return data


def page_to_draw(trace: Trace) -> tuple[int, Box]:
    """Page and place of a figure's cell.

    Raises:
        SourceError: the document has no pages, or the place is not known.
    """
    media_type = trace.report["media_type"]
    if media_type != PDF:
        raise SourceError(f"Only pages of PDF files can be drawn; {trace.report['file_name']} is {media_type}.")
    if trace.cell.page is None or trace.cell.box is None:
        raise SourceError(
            "The place of this cell on its page is not known: a page break cuts it, or the warehouse was made before"
            " places were kept. Refresh, then ask again."
        )
    return trace.cell.page, trace.cell.box
