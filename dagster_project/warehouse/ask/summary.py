"""What stands in the published warehouse, in numbers.

Belongs here: counts for people. Does not belong here: how they are shown (``console``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.warehouse.ask.query import open_published

FACTS = ("marts.fct_indicator_value", "marts.fct_financial", "marts.fct_status")


@dataclass(frozen=True, slots=True)
class Report:
    """One document of the published warehouse; counts are None where nothing was loaded."""

    file_name: str
    status: str
    error: str | None
    tables: int | None
    cells: int | None
    values: int | None
    rejected: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over the whole published warehouse."""

    version: Path
    size_bytes: int
    loaded: int
    quarantined: int
    tables: int
    cells: int
    values: int
    facts: int
    rejected: int


def summarise(link: Path) -> Summary:
    """Count.

    Raises:
        QueryError: nothing is published.
        duckdb.Error: the published file lacks a table that belongs to it.
    """
    with open_published(link) as connection:
        version = link.resolve()
        return Summary(
            version=version,
            size_bytes=version.stat().st_size,
            loaded=_count(connection, "raw.report where status = 'loaded'"),
            quarantined=_count(connection, "raw.report where status = 'quarantined'"),
            tables=_count(connection, "raw.report_table"),
            cells=_count(connection, "raw.cell"),
            values=_count(connection, "marts.report_values"),
            facts=sum(_count(connection, fact) for fact in FACTS),
            rejected=_count(connection, "marts.cell_roles where role = 'rejected'"),
        )


def list_reports(link: Path) -> list[Report]:
    """Every document, sorted by file name.

    Raises:
        QueryError: nothing is published.
        duckdb.Error: the published file lacks a table that belongs to it.
    """
    with open_published(link) as connection:
        rows = connection.execute("""
            select r.file_name, r.status, r.error, c.tables, c.cells, c."values", c.rejected
            from raw.report as r
            left join marts.coverage as c on r.report_id = c.report_id and r.status = 'loaded'
            order by r.file_name
        """).fetchall()
    return [Report(*row) for row in rows]


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    row = connection.execute(f"select count(*) from {what}").fetchone()
    return int(row[0]) if row else 0
