"""Which reports make a check fail, and leaving them out.

Belongs here: running a failed test again over fewer reports, and taking a report out of the raw tables. Does not belong
here: running dbt (``transform``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from dagster_project.warehouse import working
from dagster_project.warehouse.content import REPORT_COLUMNS, quoted
from dagster_project.warehouse.history import write_history
from dagster_project.warehouse.raw import SCHEMA, TABLES


def suspects(working_file: Path, tests: Mapping[str, str], reports: Sequence[str]) -> dict[str, list[str]]:
    """Reports that make a test fail by themselves, with the tests that they fail.

    Args:
        working_file: after the build that failed.
        tests: name to compiled SQL.
        reports: among which to look; halved again and again, so that few culprits among many are found quickly.

    A test that fails only over several reports together names none of them.
    """
    found: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        place = str(working_file).replace("'", "''")
        connection.execute(f"attach '{place}' as whole (read_only)")
        connection.execute("create table main.suspect (report_id varchar, report_key varchar)")
        _make_views(connection)
        for name, sql in tests.items():
            for report_id in _failing(connection, sql, list(reports)):
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
            if table not in ("report", "report_history"):
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
        condition = f" where {owner} in (select {owner} from main.suspect)" if owner else ""
        connection.execute(f"create schema if not exists {quoted(schema)}")
        connection.execute(
            f"create view {quoted(schema)}.{quoted(table)} as "
            f"select * from whole.{quoted(schema)}.{quoted(table)}{condition}"
        )


def _failing(connection: duckdb.DuckDBPyConnection, sql: str, reports: list[str]) -> Iterable[str]:
    if not reports or not _fails(connection, sql, reports):
        return
    if len(reports) == 1:
        yield reports[0]
        return
    middle = len(reports) // 2
    yield from _failing(connection, sql, reports[:middle])
    yield from _failing(connection, sql, reports[middle:])


def _fails(connection: duckdb.DuckDBPyConnection, sql: str, reports: list[str]) -> bool:
    connection.execute("delete from main.suspect")
    # The key as dbt makes it (macro hash_key): of the models that have it, not computed here once more.
    connection.execute("insert into main.suspect select unnest(?::varchar[]), null", [reports])
    with suppress(duckdb.Error):  # not built: what failed came before it
        connection.execute(
            "update main.suspect set report_key = keyed.report_key from whole.intermediate.int_reports as keyed "
            "where suspect.report_id = keyed.report_id"
        )
    try:
        row = connection.execute(f"select count(*) from (select 1 from ({sql}\n) limit 1)").fetchone()
    except duckdb.Error:
        return False  # a test that cannot be run says nothing about a report
    return row is not None and row[0] > 0
