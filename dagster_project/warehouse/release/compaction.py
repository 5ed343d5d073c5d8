"""The working file without what is no longer in it: when it is written anew, and how.

Belongs here: copying one database into a new file, comparing the copy, and putting it in the place of the old one. Does
not belong here: what is published of it (``publishing``).

A file of DuckDB hardly gives space back: what a table held before stands in blocks that are free, until something else
is written there. A release is a copy of the working file, block by block, for that costs next to nothing. So the
working file is written anew not only when much of it is free, but also as soon as rows of a report that is gone or has
changed may still stand in it: nobody shall find them in a release.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from dagster_project.warehouse.release.content import PRIVATE_SCHEMAS
from dagster_project.warehouse.sql import literal, quoted
from dagster_project.warehouse.state import working

FREE_SHARE: Final = 0.5
"""Of the blocks; from here on the file is written anew. A refresh needs some anyway, for what it makes anew."""

LARGE_WAREHOUSE: Final = 1024**3
"""Bytes of the working file from which DuckDB's own block size is the better one."""


class CopyError(Exception):
    """The copy is not what was copied."""


def compact(working_file: Path) -> str:
    """Write the working file anew if that is worth it; only for the holder of the refresh lock.

    Whatever ends this, the old file or the new one stands there whole.

    Returns:
        Why it was written anew; empty if it was not.

    Raises:
        duckdb.Error, OSError, CopyError: it could not be; the old one is as it was.
    """
    reason = _reason(working_file)
    if not reason:
        return ""
    unfinished = working.unfinished_copy(working_file)
    working.remove_unfinished(working_file)
    try:
        with duckdb.connect() as connection, attached(connection, working_file, "source", "read_only"):
            storage = (f"block_size {_block_size(working_file)}", f"storage_version '{working.STORAGE_VERSION}'")
            with attached(connection, unfinished, "target", *storage):
                connection.execute("copy from database source to target")
                connection.execute(f"delete from target.main.meta where key = '{working.STALE}'")
                connection.execute("checkpoint target")
            with attached(connection, unfinished, "target", "read_only"):
                compare(connection, without=())
        with unfinished.open("rb") as handle:
            os.fsync(handle.fileno())
        unfinished.replace(working_file)
    finally:
        working.remove_unfinished(working_file)
    return reason


def _reason(working_file: Path) -> str:
    with duckdb.connect(working_file) as connection:
        connection.execute("checkpoint")  # nothing in a log beside the file, which would outlive its replacement
        is_stale = working.get(connection, working.STALE) is not None
        row = connection.execute("select block_size, total_blocks, free_blocks from pragma_database_size()").fetchone()
    assert row is not None
    size, total, free = (int(value) for value in row)
    if is_stale:
        return "rows of reports that are gone or have changed"
    if free > FREE_SHARE * total:
        return f"{free} of {total} blocks are free"
    if size != _block_size(working_file):
        return "other size of blocks"
    return ""


def _block_size(working_file: Path) -> int:
    """Small blocks for a small warehouse: every column of every table takes whole ones, 20 MB for five reports."""
    return working.SMALL_BLOCK if working_file.stat().st_size < LARGE_WAREHOUSE else working.LARGE_BLOCK


def open_to_publish(database: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
    """A connection for what writes to a file of readers: DuckDB before 1.4.2 can follow its checkpoints.

    A checkpoint keeps what DuckDB 1.4 to 1.5 noted about tables that did not change, and the notes end in a pointer to
    the next block, which may be free by now. DuckDB 1.4.2 and later do not look there; DuckDB 1.2.0 to 1.4.1 end with
    "Failed to load metadata pointer". So all notes are written anew. Every connection that makes a checkpoint of the
    file must be one of these, or its pointers are again those of the checkpoint before.
    """
    connection = duckdb.connect(database)
    setting = "experimental_metadata_reuse"
    if connection.execute("select count(*) from duckdb_settings() where name = ?", [setting]).fetchone() == (1,):
        connection.execute(f"set {setting} = false")  # DuckDB 2.0 has no such setting
    return connection


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *options: str) -> Iterator[None]:
    """The database ``path`` under ``name`` for the duration of the block."""
    connection.execute(f"attach {literal(path)} as {name}" + (f" ({', '.join(options)})" if options else ""))
    try:
        yield
    finally:
        with suppress(duckdb.FatalException):  # a full disk: the connection is beyond use, and so is what it has open
            connection.execute(f"detach {name}")


def compare(connection: duckdb.DuckDBPyConnection, *, without: tuple[str, ...] = PRIVATE_SCHEMAS) -> tuple[int, int]:
    """Whether ``target`` is like ``source`` in every table with its rows, comment and constraint, and every view works.

    Args:
        connection: with the two attached.
        without: schemas that are not looked at.

    Returns:
        The number of tables and of views.

    Raises:
        CopyError: something differs.
        duckdb.Error: a view does not work in a file of another name.
    """
    private = ", ".join(f"'{schema}'" for schema in (*without, ""))
    of_interest = f"database_name = ? and schema_name not in ({private}) and not internal"
    listings = {
        "tables": f"select schema_name, table_name, comment from duckdb_tables() where {of_interest}",
        "views": f"select schema_name, view_name, comment from duckdb_views() where {of_interest}",
        "columns": "select schema_name, table_name, column_name, column_index, data_type, is_nullable, comment "
        f"from duckdb_columns() where {of_interest}",
        "constraints": "select schema_name, table_name, constraint_text from duckdb_constraints() "
        f"where {of_interest.replace(' and not internal', '')}",
    }
    found: dict[str, list[tuple[str, ...]]] = {}
    for what, query in listings.items():
        was, now = (sorted(connection.execute(query, [name]).fetchall(), key=repr) for name in ("source", "target"))
        if was != now:
            different = [row for row in was if row not in now] + [row for row in now if row not in was]
            raise CopyError(f"The copy differs from the working file in its {what}: {different[:3]}")
        found[what] = now
    for schema, table, *_ in found["tables"]:
        name = f"{quoted(schema)}.{quoted(table)}"
        if name == '"main"."meta"':
            continue  # a note less
        rows = [
            connection.execute(f"select count(*) from {database}.{name}").fetchone()
            for database in ("source", "target")
        ]
        if rows[0] != rows[1]:
            raise CopyError(f"The copy of {name} has {rows[1]} rows instead of {rows[0]}")
    for schema, view, *_ in found["views"]:
        # A view that names its database would bind in the working file and nowhere else.
        connection.execute(f"select * from target.{quoted(schema)}.{quoted(view)} limit 0")
    return len(found["tables"]), len(found["views"])
