"""Answering a query within limits, from the newest release, in a DuckDB that can reach nothing else.

Belongs here: releases, limits of time, memory and size, and following the link. Does not belong here: the protocol and
who asks (``server``). Every release has a DuckDB instance of its own, without access to files or the network and with
its configuration locked, so that a query that is running keeps its release, and nothing that a reader writes can get
out.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from dagster_project.serving.policy import CATALOG, DEFAULT_SCHEMA, MAX_CHARACTERS, Published, RefusedError, judge
from dagster_project.warehouse.query import QueryError, first_line
from dagster_project.warehouse.releases import name_of

JUDGED: Final = 2_000
"""Statements whose judgement is remembered for a release: dashboards ask the same again and again."""

REMEMBERED_CHARACTERS: Final = 10_000

CLIENTS_CATALOG_QUERY: Final = (
    "SELECT schema_name, sql, 'table' FROM duckdb_tables() "
    "UNION ALL SELECT schema_name, view_name, 'view' FROM duckdb_views()"
)
"""How an attached client asks what there is (quack 1.5.5). It then reads a table by its name alone, whatever the
schema, but a view by schema and name: so it is told that all are views."""

CATALOG_QUERY: Final = f"""
    select schema_name, table_name, 'view' from duckdb_tables() where database_name = '{CATALOG}'
    union all
    select schema_name, view_name, 'view' from duckdb_views() where database_name = '{CATALOG}' and not internal
"""

HIDDEN_SCHEMAS: Final = ("information_schema", "pg_catalog", "main")
ROWS_AT_ONCE: Final = 20_000
WATCH_SECONDS: Final = 0.05


Identity = tuple[str, int, int]
"""Path, inode and time of change of a release: no two are the same, though their files have the same name."""


def identity_of(path: Path) -> Identity:
    """What tells a release from every other one."""
    facts = path.stat()
    return str(path), facts.st_ino, facts.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries may cost."""

    seconds: float = 30.0
    """A query, from its start to its last row."""
    memory_mb: int = 2048
    """10^6 bytes that DuckDB may use for all queries of a release together."""
    threads: int = 2
    running: int = 4
    """Queries at a time; the others wait their turn."""
    answer_mb: int = 256
    """10^6 bytes of one answer."""


class LimitError(Exception):
    """A limit was reached; the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query and what it cost."""

    rows: pa.Table
    release: tuple[str, Identity]
    """Name and identity of the release that was asked."""
    is_repeatable: bool
    """Whether the release would give it again."""
    waited_ms: float
    ran_ms: float


class Release:
    """One version of the published file, opened for reading; closes itself when retired and idle."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Open.

        Raises:
            QueryError: it is no DuckDB file that can be read.
        """
        self.path = path
        self.name = name_of(path)
        self.identity = identity_of(path)
        self._lock = threading.Lock()
        self._users = 0
        self._retired = False
        self._judged: OrderedDict[str, bool | str] = OrderedDict()
        self._cursors: queue.LifoQueue[duckdb.DuckDBPyConnection] = queue.LifoQueue()
        self._database = duckdb.connect(
            config={
                "arrow_lossless_conversion": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": f"{limits.memory_mb}MB",
                "python_enable_replacements": False,
                "temp_directory": "",
                "threads": limits.threads,
            }
        )
        try:
            quoted = str(path).replace("'", "''")
            self._database.execute(f"attach '{quoted}' as {CATALOG} (read_only)")
            self._database.execute("set global TimeZone = 'UTC'")
            self.published = _published(self._database)
            if any(schema.startswith("fts_") for schema in self.published.macros):
                with suppress(duckdb.Error):  # without it everything is answered but full-text search
                    load_extension(self._database, "fts")
            for _ in range(limits.running):
                cursor = self._database.cursor()
                cursor.execute(f"use {CATALOG}.{DEFAULT_SCHEMA}")
                self._cursors.put(cursor)
            self._parser = self._database.cursor()
            self._parser_lock = threading.Lock()
            self._database.execute("set enable_external_access = false")
            self._database.execute("set lock_configuration = true")
        except duckdb.Error as error:
            self._database.close()
            raise QueryError(f"The release {self.name} cannot be opened: {first_line(error)}") from error

    @contextmanager
    def used(self) -> Iterator[None]:
        """While this is open, the release stays open."""
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
            self._close_if_idle()

    def enter(self) -> bool:
        """Count one user more; False if it is retired already."""
        with self._lock:
            if self._retired:
                return False
            self._users += 1
            return True

    def retire(self) -> None:
        """Close as soon as the last query has ended."""
        with self._lock:
            self._retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        with self._lock:
            if not self._retired or self._users:
                return
            self._users = -1  # closed once
        while not self._cursors.empty():
            self._cursors.get().close()
        self._parser.close()
        self._database.close()

    def judge(self, sql: str) -> bool:
        """Pass, or say why not. Returns whether the answer can be kept.

        Raises:
            RefusedError: see ``policy``.
        """
        with self._lock:
            judgement = self._judged.get(sql)
        if judgement is None:
            judgement = self._judgement(sql)
            if len(sql) <= REMEMBERED_CHARACTERS:
                with self._lock:
                    self._judged[sql] = judgement
                    if len(self._judged) > JUDGED:
                        self._judged.popitem(last=False)
        if isinstance(judgement, str):
            raise RefusedError(judgement)
        return judgement

    def _judgement(self, sql: str) -> bool | str:
        """Whether the answer can be kept, or why it may not be run."""
        if len(sql) > MAX_CHARACTERS:
            return f"a query has {MAX_CHARACTERS:,} characters at most"
        try:
            with self._parser_lock:
                row = self._parser.execute("select json_serialize_sql(?::varchar)", [sql]).fetchone()
            return judge(json.loads(row[0]) if row and row[0] else {}, self.published)
        except RefusedError as error:
            return str(error)
        except (duckdb.Error, RecursionError, ValueError, KeyError, TypeError) as error:
            return f"the query cannot be understood ({first_line(error)[:200]})"

    def cursor(self, seconds: float) -> duckdb.DuckDBPyConnection:
        """A connection for one query.

        Raises:
            LimitError: none became free in ``seconds``.
        """
        try:
            return self._cursors.get(timeout=seconds)
        except queue.Empty:
            raise LimitError(f"the server is busy: no turn in {seconds:g} seconds; try again") from None

    def give_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Return what ``cursor`` gave."""
        self._cursors.put(cursor)


class Engine:
    """The newest release, the limits, and the clock that stops what takes too long."""

    def __init__(self, link: Path, limits: Limits) -> None:
        """Open the release that ``link`` leads to now.

        Raises:
            QueryError: nothing is published, or it cannot be opened.
        """
        if not link.exists():
            raise QueryError(f"There is no warehouse at {link} yet. `kommunlager refresh` makes it.")
        self.limits = limits
        self._link = link
        self._release = Release(link.resolve(), limits)
        self._failed: Identity | None = None
        self._running: dict[duckdb.DuckDBPyConnection, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._stop_what_takes_too_long, name="watch", daemon=True)
        self._watch.start()

    @property
    def release(self) -> tuple[str, Identity]:
        """Name and identity of the release that is asked now."""
        return self._release.name, self._release.identity

    def follow(self) -> str | None:
        """Open what the link leads to now, if that is another file. Queries that run keep theirs.

        Returns:
            The name of the new release, or None.

        Raises:
            QueryError: it cannot be opened; the old one stays. Said once for each file.
        """
        try:
            target = self._link.resolve(strict=True)
            identity = identity_of(target)
        except OSError:
            return None  # between two renames, or taken away: what is open stays open
        if identity in (self._release.identity, self._failed):
            return None
        try:
            new = Release(target, self.limits)
        except QueryError:
            self._failed = identity
            raise
        old, self._release, self._failed = self._release, new, None
        old.retire()
        return new.name

    def answer(self, sql: str) -> Answer:
        """Judge and run.

        Raises:
            RefusedError: the query may not be run.
            LimitError: it took too long, its answer is too large, or there was no turn for it.
            duckdb.Error: DuckDB's own word on it.
        """
        release = self._release
        while not release.enter():  # retired in between
            if self._closed.is_set():
                raise LimitError("the server is stopping")
            release = self._release
        with release.used():
            sql = CATALOG_QUERY if " ".join(sql.split()) == CLIENTS_CATALOG_QUERY else sql
            is_repeatable = release.judge(sql)
            began = time.perf_counter()
            cursor = release.cursor(self.limits.seconds)
            started = time.perf_counter()
            try:
                rows = self._run(cursor, sql, started)
            finally:
                release.give_back(cursor)
            ended = time.perf_counter()
        return Answer(
            rows, (release.name, release.identity), is_repeatable, (started - began) * 1e3, (ended - started) * 1e3
        )

    def _run(self, cursor: duckdb.DuckDBPyConnection, sql: str, started: float) -> pa.Table:
        deadline = started + self.limits.seconds
        with self._lock:
            self._running[cursor] = deadline
        too_long = f"the query took longer than {self.limits.seconds:g} seconds and was stopped"
        try:
            reader = cursor.execute(sql).to_arrow_reader(ROWS_AT_ONCE)
            batches, size = [], 0
            for batch in reader:
                batches.append(batch)
                size += batch.nbytes
                if size > self.limits.answer_mb * 1_000_000:
                    raise LimitError(f"the answer is larger than {self.limits.answer_mb} MB: ask for less of it")
                if time.perf_counter() > deadline:
                    raise LimitError(too_long)
            return _with_unique_names(pa.Table.from_batches(batches, reader.schema))
        except (
            duckdb.InterruptException,
            pa.ArrowException,
            OSError,
        ) as error:  # Arrow hands DuckDB's errors on as its own
            if time.perf_counter() >= deadline:
                raise LimitError(too_long) from None
            raise duckdb.Error(str(error)) from None
        finally:
            with self._lock:
                self._running.pop(cursor, None)

    def _stop_what_takes_too_long(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            now = time.perf_counter()
            with self._lock:  # held while interrupting: a query that has ended is not in the table any more
                for cursor, deadline in self._running.items():
                    if now > deadline:
                        cursor.interrupt()

    def close(self, grace: float = 5.0) -> None:
        """End: queries that run may go on for ``grace`` seconds."""
        until = time.perf_counter() + grace
        while self._running and time.perf_counter() < until:
            time.sleep(WATCH_SECONDS)
        with self._lock:
            for cursor in self._running:
                cursor.interrupt()
        self._closed.set()
        self._watch.join()
        self._release.retire()


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB, from its wheel where that is installed.

    Raises:
        duckdb.Error: there is neither a wheel nor a copy in DuckDB's folder for extensions.
    """
    try:
        from duckdb_extensions import import_extension

        import_extension(name)
    except (ImportError, OSError):  # then it may lie in DuckDB's own folder
        pass
    connection.execute(f"load {name}")


def _with_unique_names(rows: pa.Table) -> pa.Table:
    """Names that occur twice get a number, as DuckDB gives them in a table: ``a``, ``a_1``."""
    seen: set[str] = set()
    names = []
    for given in rows.column_names:
        name, number = given, 0
        while name.lower() in seen:
            number += 1
            name = f"{given}_{number}"
        seen.add(name.lower())
        names.append(name)
    return rows if names == rows.column_names else rows.rename_columns(names)


def _published(connection: duckdb.DuckDBPyConnection) -> Published:
    """What stands in the release, and what DuckDB itself finds without a schema."""

    def by_schema(sql: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        rows: list[tuple[Any, ...]] = connection.execute(sql, [CATALOG, list(HIDDEN_SCHEMAS)]).fetchall()
        for schema, name in rows:
            found.setdefault(str(schema).lower(), set()).add(str(name).lower())
        return {schema: frozenset(names) for schema, names in found.items()}

    relations = by_schema("""
        select schema_name, table_name from duckdb_tables()
        where database_name = $1 and not list_contains($2, schema_name) and not internal
        union all
        select schema_name, view_name from duckdb_views()
        where database_name = $1 and not list_contains($2, schema_name) and not internal
    """)
    macros = by_schema("""
        select schema_name, function_name from duckdb_functions()
        where database_name = $1 and not list_contains($2, schema_name) and function_type in ('macro', 'table_macro')
    """)
    system = connection.execute(
        "select lower(view_name) from duckdb_views() where internal "
        "union all select lower(table_name) from duckdb_tables() where internal"
    ).fetchall()
    return Published(relations, macros, frozenset(name for (name,) in system))
