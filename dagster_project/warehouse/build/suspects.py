"""Which reports make a check fail or a model break or take too long, and leaving them out.

Belongs here: running a failed test or model again over fewer reports, and taking a report out of the raw tables. Does
not belong here: running dbt (``transform``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from dagster_project.warehouse.build import costs
from dagster_project.warehouse.build.functions import register
from dagster_project.warehouse.intake.raw import HISTORIES, SCHEMA, TABLES
from dagster_project.warehouse.release.content import REPORT_COLUMNS
from dagster_project.warehouse.sql import literal, quoted
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.history import write_history

DATA_ERRORS: Final = (
    duckdb.ConstraintException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.TypeMismatchException,
)
"""What DuckDB says when rows are not what a query or a table can take; a full disk or a wrong name is none of these."""


@dataclass(frozen=True, slots=True)
class Query:
    """What failed and can be asked again."""

    sql: str
    """As dbt compiled it."""
    is_test: bool
    """Whether it fails by finding rows; a model fails only by an error."""
    columns: str = ""
    """Columns with types and constraints of the table that the rows go into; empty where no contract says so."""
    seconds: int = 0
    """CPU seconds that one report may take; 0 for any. With some, taking longer is how it fails, and the only way."""


def suspects(working_file: Path, failed: Mapping[str, Query], reports: Sequence[str]) -> dict[str, list[str]]:
    """Reports that make a test fail, or a model break or take too long, by themselves, with the names of these.

    Args:
        working_file: after the build that failed.
        failed: by name.
        reports: among which to look; halved again and again, so that few culprits among many are found quickly.

    What fails only over several reports together names none of them; nor does a model that breaks without any report,
    or still without the reports that were found. The reports with the most cells come first: where time is the matter,
    they are the likeliest.
    """
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        register(connection)
        connection.execute(f"attach {literal(working_file)} as whole (read_only)")
        connection.execute("attach ':memory:' as batch")  # as models of a build of a batch know it
        connection.execute("create table main.suspect (report_id varchar, report_key varchar)")
        _make_views(connection)
        sizes = dict(connection.execute("select report_id, count(*) from whole.raw.cell group by report_id").fetchall())
        reports = sorted(reports, key=lambda report: (-sizes.get(report, 0), report))
        for name, query in failed.items():
            if not query.is_test and _fails(connection, query, []):
                continue
            culprits = list(_failing(connection, query, list(reports)))
            others = [one for one in reports if one not in culprits]
            if culprits and not query.is_test and _fails(connection, query, others):
                continue
            for report_id in culprits:
                found.setdefault(report_id, []).append(name)
    return found


def set_aside(working_file: Path, link: Path, reasons: Mapping[str, str], rules: str) -> None:
    """Leave reports out: quarantined in ``raw.report`` with the reason, without rows anywhere else.

    Args:
        working_file: where they are loaded.
        link: the published file, for the history.
        reasons: by report_id.
        rules: fingerprint of the rules that they fail; with others they are tried again.
    """
    names = list(reasons)
    with duckdb.connect(working_file) as connection:
        connection.begin()
        for table in TABLES:
            if table != "report" and table not in HISTORIES:
                connection.execute(
                    f"delete from {SCHEMA}.{table} where report_id in (select unnest(?::varchar[]))", [names]
                )
        for report_id, reason in reasons.items():
            connection.execute(
                "insert or replace into main.set_aside "
                "select report_id, sha256, ?, ? from raw.report where report_id = ? and status = 'loaded'",
                [rules, reason, report_id],
            )
            connection.execute(
                "update raw.report set status = 'quarantined', error = ? where report_id = ? and status = 'loaded'",
                [reason, report_id],
            )
            connection.execute("update main.known_file set is_loaded = false where report_id = ?", [report_id])
        working.add_pending(connection, names)
        working.note_stale(connection)
        write_history(connection, link)
        connection.commit()


def loaded_reports(working_file: Path) -> list[str]:
    """The report_ids that are loaded, sorted."""
    with duckdb.connect(working_file, read_only=True) as connection:
        rows = connection.execute("select report_id from raw.report where status = 'loaded' order by all").fetchall()
    return [str(row[0]) for row in rows]


def _make_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Every table and view under its own name; of those that say whose a row is, the rows of the suspects only."""
    columns = connection.execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns() "
        "where database_name = 'whole' and not internal and schema_name != 'main' group by all order by all"
    ).fetchall()
    for schema, table, names in columns:
        owner = next((name for name in REPORT_COLUMNS if name in names), None)
        condition = f" where {owner} in (select {owner} from memory.main.suspect)" if owner else ""
        for database in ("memory", "batch"):
            connection.execute(f"create schema if not exists {database}.{quoted(schema)}")
            connection.execute(
                f"create view {database}.{quoted(schema)}.{quoted(table)} as "
                f"select * from whole.{quoted(schema)}.{quoted(table)}{condition}"
            )


def _failing(connection: duckdb.DuckDBPyConnection, query: Query, reports: list[str]) -> Iterable[str]:
    if not reports or not _fails(connection, query, reports):
        return
    if len(reports) == 1:
        yield reports[0]
        return
    middle = len(reports) // 2
    yield from _failing(connection, query, reports[:middle])
    yield from _failing(connection, query, reports[middle:])


def _fails(connection: duckdb.DuckDBPyConnection, query: Query, reports: list[str]) -> bool:
    connection.execute("delete from main.suspect")
    # The key as dbt makes it (macro hash_key): of the models that have it, not computed here once more.
    connection.execute("insert into main.suspect select unnest(?::varchar[]), null", [reports])
    with suppress(duckdb.Error):  # not built: what failed came before it
        connection.execute(
            "update main.suspect set report_key = keyed.report_key from whole.intermediate.int_reports as keyed "
            "where suspect.report_id = keyed.report_id"
        )
    seconds = costs.allowed(query.seconds, len(reports)) if query.seconds else 0
    try:
        with costs.stopped_after(seconds, connection.interrupt):
            if query.columns and not query.seconds:
                connection.execute(f"create or replace temp table made ({query.columns})")
                connection.execute(f"insert into temp.made by name {query.sql}")
                return False
            # All columns: one that nobody asks for is not computed, and cannot break.
            connection.execute(f"create or replace temp table made as {query.sql}")
            row = connection.execute("select count(*) from temp.made").fetchone()
    except duckdb.InterruptException:
        return bool(query.seconds)
    except DATA_ERRORS:
        return not query.seconds
    except duckdb.Error:
        return False  # what cannot be asked says nothing about a report
    return query.is_test and not query.seconds and row is not None and row[0] > 0
