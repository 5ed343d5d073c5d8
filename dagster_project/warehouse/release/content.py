"""What a database holds, as hashes: of each table, of each report's rows in it, and of the whole.

Belongs here: hashing rows whatever their order. Does not belong here: what is done with the hashes (``publishing``,
``difference``).

The same documents, rules and versions give the same hashes, in whatever order and in however many refreshes they were
read. Left out is what says when and not what: columns of type timestamptz, and the histories of reports and figures.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb

from dagster_project.warehouse.intake.raw import HISTORIES, SCHEMA
from dagster_project.warehouse.sql import quoted

PRIVATE_SCHEMAS: Final = ("main", "dbt_test__audit", "intermediate")
"""Not for readers: notes of the refresh to itself, rows that failed tests, and the steps from cells to figures."""

NOT_CONTENT: Final = frozenset(f"{SCHEMA}.{table}" for table in HISTORIES)
"""Tables that tell how the content came about."""

REPORT_COLUMNS: Final = ("report_id", "report_key")
"""Columns that say to which report a row belongs."""


@dataclass(frozen=True, slots=True)
class TableContent:
    """Rows and hash of one table."""

    rows: int
    hash: str
    by_report: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Rows and hash by the value of the report column; one entry ``""`` for a table without one."""


@dataclass(frozen=True, slots=True)
class Content:
    """Tables by ``schema.name``, sorted, and the hash over all of them and over the definitions of tables and views."""

    tables: Mapping[str, TableContent]
    hash: str


def content_of(connection: duckdb.DuckDBPyConnection, database: str) -> Content:
    """Hash every table of ``database`` (attached under that name) but the private ones."""
    private = ", ".join(f"'{schema}'" for schema in PRIVATE_SCHEMAS)
    columns: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    listed = connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        f"where database_name = ? and schema_name not in ({private}) and not internal and table_name in "
        "(select table_name from duckdb_tables() where database_name = ? and schema_name = duckdb_columns.schema_name) "
        "order by schema_name, table_name, column_index",
        [database, database],
    ).fetchall()
    for table, column, type_ in listed:
        columns[table].append((column, type_))
    tables = {table: _table(connection, database, table, columns[table]) for table in sorted(columns)}
    digest = hashlib.sha256()
    for table, content in tables.items():
        if table not in NOT_CONTENT:
            digest.update(f"{table} {columns[table]} {content.rows} {content.hash}\n".encode())
    views = connection.execute(
        "select schema_name, view_name, sql from duckdb_views() "
        f"where database_name = ? and schema_name not in ({private}) and not internal order by all",
        [database],
    ).fetchall()
    for view in views:
        digest.update(f"{view}\n".encode())
    return Content(tables, digest.hexdigest())


def row_hash(columns: list[tuple[str, str]], alias: str = "") -> str:
    """SQL for the hash of one row: all columns but those of the time of something.

    The last digits of a sum of doubles depend on the order in which they were added, so doubles count to nine decimals.
    """
    kept = [
        f"round({alias}{quoted(name)}, 9)" if type_ == "DOUBLE" else f"{alias}{quoted(name)}"
        for name, type_ in columns
        if type_ != "TIMESTAMP WITH TIME ZONE"
    ]
    return f"hash({', '.join(kept) or 'null'})"


def relation(database: str, table: str) -> str:
    """``schema.name`` in a database as SQL."""
    schema, _, name = table.partition(".")
    return f"{quoted(database)}.{quoted(schema)}.{quoted(name)}"


def report_column(columns: list[tuple[str, str]]) -> str | None:
    """The column that says to which report a row belongs; None for a table without."""
    names = {name for name, _ in columns}
    return next((name for name in REPORT_COLUMNS if name in names), None)


def _table(
    connection: duckdb.DuckDBPyConnection, database: str, table: str, columns: list[tuple[str, str]]
) -> TableContent:
    owner = report_column(columns)
    # A sum does not depend on the order of the rows, and counts one that is there twice twice.
    rows = connection.execute(
        f"select {quoted(owner) if owner else 'null'}, count(*), sum({row_hash(columns)}::hugeint) "
        f"from {relation(database, table)} group by all"
    ).fetchall()
    rows = [row for row in rows if row[1]]  # of an empty table without a report column comes one row that counts none
    by_report = {str(name or ""): (int(count), _digest(count, total)) for name, count, total in rows}
    count, total = sum(row[1] for row in rows), sum(int(row[2]) for row in rows)
    return TableContent(count, _digest(count, total), by_report)


def _digest(rows: int, total: int) -> str:
    return hashlib.sha256(f"{rows} {int(total)}".encode()).hexdigest()[:32]
