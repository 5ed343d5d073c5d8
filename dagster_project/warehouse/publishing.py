"""From an audited working file to the file that readers open.

Belongs here: the compact copy, its check, the one atomic step that makes it the current one, and old versions. Does not
belong here: whether the content is right; the working file says that it passed its tests.

Readers open a link. It leads to a versioned file that never changes, so whoever has the old version open keeps it
whole, and whoever opens the link gets the new version whole.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from dagster_project.settings import ConfigurationError, Settings
from dagster_project.warehouse import search
from dagster_project.warehouse.transform import AUDIT_TABLE

PRIVATE_SCHEMAS: Final = ("main", "dbt_test__audit")
"""Not for readers: notes of the refresh to itself, and rows that failed tests."""


SMALL_BLOCK: Final = 16_384
LARGE_WAREHOUSE: Final = 1024**3
"""Bytes of the working file from which DuckDB's own block size is the better one."""


class PublishError(Exception):
    """The warehouse could not be published; what was published before is as it was."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is now the current one."""

    link: Path
    version: Path
    size_bytes: int
    tables: int
    views: int
    removed: tuple[Path, ...]
    """Older versions that were deleted."""


def check_target(link: Path) -> None:
    """Whether a warehouse can be published at ``link``; asked before any work is done.

    Raises:
        ConfigurationError: something that is no link stands there, or the folder cannot be written to.
    """
    if link.suffix != ".duckdb":
        raise ConfigurationError(f"The warehouse file {link} must end in .duckdb.")
    if not link.is_symlink() and link.exists():
        what = "folder" if link.is_dir() else "file"
        raise ConfigurationError(
            f"{link} is a {what}, not a link that a refresh made. It is left as it is: move it away, or choose another "
            "place with --warehouse or KOMMUNLAGER_WAREHOUSE."
        )
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"The folder {link.parent} cannot be made: {error.strerror}.") from None
    if not os.access(link.parent, os.W_OK | os.X_OK):
        raise ConfigurationError(f"The folder {link.parent} cannot be written to.")


def publish(settings: Settings) -> Published:
    """Copy the audited working file to a new version and make it the current one.

    Raises:
        PublishError: the working file did not pass its tests, holds no report where the published one has some, or
            the copy failed. The link leads where it led before, and nothing is left behind.
        ConfigurationError: see :func:`check_target`.
    """
    link = settings.warehouse
    check_target(link)
    _check_working_file(settings.working_file, link)
    remove_leftovers(link)
    unfinished = link.parent / f".{link.stem}-{os.getpid()}.unfinished"
    try:
        tables, views = _copy(settings.working_file, unfinished)
        search.add_index(unfinished)
        digest = _sync(unfinished)
        version = link.parent / f"{link.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest[:8]}.duckdb"
        unfinished.rename(version)
        _point(link, version)
    except (duckdb.Error, OSError) as error:
        raise PublishError(f"The new version could not be written: {error}") from error
    finally:
        remove_leftovers(link)
    return Published(link, version, version.stat().st_size, tables, views, _prune(link, settings.keep))


def versions(link: Path) -> list[Path]:
    """The versioned files of ``link``, oldest first."""
    pattern = re.compile(re.escape(link.stem) + r"-\d{8}T\d{6}Z-[0-9a-f]{8}\.duckdb")
    if not link.parent.is_dir():
        return []
    return sorted(path for path in link.parent.iterdir() if pattern.fullmatch(path.name))


def remove_leftovers(link: Path) -> None:
    """Delete what a publication of ``link`` that was cut off left behind. Only for the holder of the refresh lock."""
    pattern = re.compile(r"\." + re.escape(link.stem) + r"-\d+\.unfinished(\.wal|\.link)?")
    if link.parent.is_dir():
        for path in link.parent.iterdir():
            if pattern.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()


def _check_working_file(working_file: Path, link: Path) -> None:
    try:
        with duckdb.connect(working_file, read_only=True) as connection:
            schema, table = AUDIT_TABLE.split(".")
            audited = connection.execute(
                "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
            ).fetchone()
            loaded = _loaded_reports(connection)
    except duckdb.Error as error:
        raise PublishError(f"The working file {working_file} cannot be read: {error}") from error
    if audited != (1,):
        raise PublishError("The working file was not built whole and tested: run the whole refresh.")
    if loaded == 0 and link.exists():
        with suppress(duckdb.Error), duckdb.connect(link.resolve(), read_only=True) as connection:
            loaded_before = _loaded_reports(connection)
            if loaded_before:
                raise PublishError(
                    f"Not one report could be loaded, and the published warehouse holds {loaded_before}: "
                    "it is left as it is. `kommunlager refresh` lists the reasons."
                )


def _loaded_reports(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from raw.report where status = 'loaded'").fetchone()
    return int(row[0]) if row else 0


def _copy(source: Path, target: Path) -> tuple[int, int]:
    """A compact copy without the private schemas. Returns the number of tables and of views."""
    with duckdb.connect() as connection, _attached(connection, source, "source", "read_only"):
        with _attached(connection, target, "target", *_storage_options(source)):
            connection.execute("copy from database source to target")
            for schema in PRIVATE_SCHEMAS:
                _clear(connection, schema)
            connection.execute("checkpoint target")
        with _attached(connection, target, "target", "read_only"):
            return _compare(connection)


def _storage_options(source: Path) -> tuple[str, ...]:
    """Small blocks for a small warehouse: every column of every table takes whole ones, 20 MB for five reports."""
    return (f"block_size {SMALL_BLOCK}",) if source.stat().st_size < LARGE_WAREHOUSE else ()


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *options: str) -> Iterator[None]:
    quoted = str(path).replace("'", "''")
    connection.execute(f"attach '{quoted}' as {name}" + (f" ({', '.join(options)})" if options else ""))
    try:
        yield
    finally:
        connection.execute(f"detach {name}")


def _clear(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    for kind, listing in (("view", "duckdb_views"), ("table", "duckdb_tables")):
        names = connection.execute(
            f"select {kind}_name from {listing}() where database_name = 'target' and schema_name = ? and not internal",
            [schema],
        ).fetchall()
        for (name,) in names:
            connection.execute(f"drop {kind} target.{schema}.{_quoted(name)}")
    if schema != "main":  # which DuckDB keeps
        connection.execute(f"drop schema if exists target.{schema}")


def _compare(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Every table with its rows, every view in working order, every comment and constraint: or no publication."""
    private = ", ".join(f"'{schema}'" for schema in PRIVATE_SCHEMAS)
    of_interest = f"database_name = ? and schema_name not in ({private}) and not internal"
    listings = {
        "tables": f"select schema_name, table_name, comment from duckdb_tables() where {of_interest}",
        "views": f"select schema_name, view_name, comment from duckdb_views() where {of_interest}",
        "columns": "select schema_name, table_name, column_name, column_index, data_type, is_nullable, comment "
        f"from duckdb_columns() where {of_interest}",
        "constraints": "select schema_name, table_name, constraint_text from duckdb_constraints() "
        f"where {of_interest.replace(' and not internal', '')}",
    }
    counts: dict[str, int] = {}
    for what, query in listings.items():
        was, now = (sorted(connection.execute(query, [name]).fetchall(), key=repr) for name in ("source", "target"))
        if was != now:
            different = [row for row in was if row not in now] + [row for row in now if row not in was]
            raise PublishError(f"The copy differs from the working file in its {what}: {different[:3]}")
        counts[what] = len(was)
    tables = connection.execute(
        f"select schema_name, table_name from duckdb_tables() where {of_interest}", ["target"]
    ).fetchall()
    for schema, table in tables:
        name = f"{_quoted(schema)}.{_quoted(table)}"
        rows = [
            connection.execute(f"select count(*) from {database}.{name}").fetchone()
            for database in ("source", "target")
        ]
        if rows[0] != rows[1]:
            raise PublishError(f"The copy of {name} has {rows[1]} rows instead of {rows[0]}")
    views = connection.execute(
        f"select schema_name, view_name from duckdb_views() where {of_interest}", ["target"]
    ).fetchall()
    for schema, view in views:
        # A view that names its database would bind in the working file and nowhere else.
        connection.execute(f"select * from target.{_quoted(schema)}.{_quoted(view)} limit 0")
    return counts["tables"], counts["views"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sync(path: Path) -> str:
    """Force the file to disk. Returns its SHA-256 in hexadecimal."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        os.fsync(handle.fileno())
    return digest


def _point(link: Path, version: Path) -> None:
    """Let ``link`` lead to ``version``: one rename, before which the old version is current and after which the new."""
    new_link = link.parent / f".{link.stem}-{os.getpid()}.unfinished.link"
    new_link.symlink_to(version.name)  # relative: the folder can be moved
    new_link.replace(link)
    folder = os.open(link.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _prune(link: Path, keep: int) -> tuple[Path, ...]:
    current = link.resolve()
    removed = []
    for path in versions(link)[:-keep]:
        if path.resolve() != current:
            with suppress(OSError):  # a version that cannot be deleted now will be next time
                path.unlink()
                removed.append(path)
    return tuple(removed)
