"""The process that runs readers' queries: one release, opened read-only, one query at a time, within limits.

Belongs here: what happens to a statement in the process that may be killed for it: parsing, judging, running. Does not
belong here: who asks, the queue, the clock that kills (``workers``). DuckDB has no access to files or the network here
and its configuration is locked; the system bounds memory and processor time, because DuckDB's own limits do not hold
for every function.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from dagster_project.serving.containment import address_space
from dagster_project.serving.extensions import load_extension
from dagster_project.serving.frames import BrokenFrameError, receive, send
from dagster_project.serving.policy import CATALOG, DEFAULT_SCHEMA, MAX_CHARACTERS, Published, RefusedError, judge
from dagster_project.warehouse.ask.query import csv_value, first_line, json_value, unique_names
from dagster_project.warehouse.release.releases import INDEX, INDEX_FILE
from dagster_project.warehouse.sql import literal

JUDGED: Final = 500
"""Statements whose judgement is remembered: dashboards ask the same again and again."""

REMEMBERED_CHARACTERS: Final = 10_000
HIDDEN_SCHEMAS: Final = ("information_schema", "pg_catalog", "main")
ROWS_AT_ONCE: Final = 20_000
TEXT_ROWS_AT_ONCE: Final = 1_000
"""Python's objects take more room than Arrow's columns."""

SMALL_BYTES: Final = 1_000_000
"""Of an answer that is sent as it is; a larger one needs a permit and goes as a file in memory."""

SLACK_BYTES: Final = 64_000_000
"""Address space beyond what DuckDB may use: stacks, Arrow, an answer of few bytes."""


class _StoppedError(Exception):
    """A limit was reached; the message says which."""


def main(link: socket.socket, settings: Mapping[str, Any], holds: Mapping[str, Any]) -> None:
    """Open the release, say so, and answer until the other side closes.

    Args:
        link: to the server.
        settings: ``path`` of the release, ``threads``, ``memory_mb`` for the query, ``answer_mb``.
        holds: what holds this process; see ``containment.close``.
    """
    try:
        runner = Runner(Path(settings["path"]), settings["threads"], settings["memory_mb"], settings["answer_mb"])
    except duckdb.Error as error:
        send(link, {"error": first_line(error)})
        return
    send(link, {"error": None, "holds": holds})
    while True:
        try:
            frame = receive(link)
        except BrokenFrameError:
            return
        runner.answer(link, frame.body.decode(), frame.head)


class Runner:
    """A release, and the connection that queries run on."""

    def __init__(self, path: Path, threads: int, memory_mb: int, answer_mb: int) -> None:
        self._memory_mb = memory_mb
        self._answer_mb = answer_mb
        self._threads = threads
        self._judged: OrderedDict[str, bool | str] = OrderedDict()
        self._connection = duckdb.connect(
            config={
                "arrow_lossless_conversion": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": f"{memory_mb}MB",
                "python_enable_replacements": False,
                "temp_directory": "",
                "threads": threads,
            }
        )
        self._connection.execute(f"attach {literal(path)} as {CATALOG} (read_only)")
        self._connection.execute("set global TimeZone = 'UTC'")
        index = path.with_name(INDEX_FILE)
        if index.exists():
            with suppress(duckdb.Error):  # without it everything is answered but full-text search
                load_extension(self._connection, "fts")
                self._connection.execute(f"attach {literal(index)} as {INDEX} (read_only)")
        self._published = _published(self._connection)
        self._parser = self._connection.cursor()
        self._connection.execute(f"use {CATALOG}.{DEFAULT_SCHEMA}")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")
        _limit_cpu(1)  # for what it does without a query
        self._judge("select 1")  # what is made at the first use is made now, before the limit counts
        room = memory_mb * 1_000_000 + SLACK_BYTES
        self._worn_beyond = address_space() + room // 2
        """What is not given back after a query is not there for the next."""
        most = address_space() + room
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def answer(self, link: socket.socket, sql: str, wish: Mapping[str, Any]) -> None:
        """Judge and run, and send what came of it.

        Args:
            link: to the server.
            sql: the statement.
            wish: ``seconds`` that it may take, and how its rows are written: ``form``, ``most_rows``, ``exact``
                (``workers.Form``).
        """
        seconds = float(wish["seconds"])
        began = time.perf_counter()
        cpu_before = _cpu_seconds()
        _limit_cpu(seconds * self._threads)
        head: dict[str, Any]
        body, file = b"", None
        try:
            is_repeatable = self._judge(sql)
            with self._interrupted_after(seconds):
                head, body, file = self._run(link, sql, wish, began + seconds)
            head["is_repeatable"] = is_repeatable
        except RefusedError as error:
            head = {"outcome": "refused", "reason": str(error)}
        except _StoppedError as error:
            head = {"outcome": "stopped", "reason": str(error)}
        except (duckdb.OutOfMemoryException, MemoryError):
            reason = f"the query needs more memory than a query may use ({self._memory_mb} MB)"
            head = {"outcome": "stopped", "reason": reason}
        except duckdb.Error as error:
            head = {"outcome": "failed", "reason": str(error)}
        except (
            ValueError,
            OverflowError,
            RecursionError,
        ) as error:  # a date of the year 290,000, a list in a list in …
            head = {"outcome": "failed", "reason": f"a value cannot be written as text ({first_line(error)[:200]})"}
        head |= {
            "cpu_seconds": _cpu_seconds() - cpu_before,
            "ran_ms": (time.perf_counter() - began) * 1e3,
            "is_worn": address_space() > self._worn_beyond,
        }
        send(link, head, body, [] if file is None else [file])
        if file is not None:
            os.close(file)

    def _judge(self, sql: str) -> bool:
        """Whether the same release gives the same answer again.

        Raises:
            RefusedError: see ``policy``.
        """
        judgement = self._judged.get(sql)
        if judgement is None:
            judgement = self._judgement(sql)
            if len(sql) <= REMEMBERED_CHARACTERS:
                self._judged[sql] = judgement
                if len(self._judged) > JUDGED:
                    self._judged.popitem(last=False)
        if isinstance(judgement, str):
            raise RefusedError(judgement)
        return judgement

    def _judgement(self, sql: str) -> bool | str:
        if len(sql) > MAX_CHARACTERS:
            return f"a query has {MAX_CHARACTERS:,} characters at most"
        try:
            row = self._parser.execute("select json_serialize_sql(?::varchar)", [sql]).fetchone()
            return judge(json.loads(row[0]) if row and row[0] else {}, self._published)
        except RefusedError as error:
            return str(error)
        except (duckdb.OutOfMemoryException, MemoryError):
            raise
        except (duckdb.Error, RecursionError, ValueError, KeyError, TypeError) as error:
            return f"the query cannot be understood ({first_line(error)[:200]})"

    @contextmanager
    def _interrupted_after(self, seconds: float) -> Iterator[None]:
        """Ask DuckDB to stop then. Not every function listens: the server kills this process a little later."""
        timer = threading.Timer(seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _run(
        self, link: socket.socket, sql: str, wish: Mapping[str, Any], deadline: float
    ) -> tuple[dict[str, Any], bytes, int | None]:
        too_long = f"the query took longer than {float(wish['seconds']):g} seconds and was stopped"
        answer = _AnswerFile(link, self._answer_mb)
        rows = 0
        try:
            cursor = self._connection.execute(sql)
            types = [str(column[1]) for column in cursor.description or []]
            if wish["form"] != "arrow":
                names = unique_names([column[0] for column in cursor.description or []])
                for text, count in _written(cursor, names, wish):
                    rows = count
                    answer.write(text.encode(errors="replace"))
                    if time.perf_counter() > deadline:
                        raise _StoppedError(too_long)
                is_cut = wish["most_rows"] is not None and cursor.fetchone() is not None
                head = {"outcome": "answered", "columns": names, "types": types, "rows": rows, "is_cut": is_cut}
                return head, *answer.content()
            reader = cursor.to_arrow_reader(ROWS_AT_ONCE)
            with pa.ipc.new_stream(answer, reader.schema) as stream:
                for batch in reader:
                    rows += batch.num_rows
                    answer.expect(rows * max(1, batch.num_columns))
                    stream.write_batch(batch)
                    if time.perf_counter() > deadline:
                        raise _StoppedError(too_long)
            names = reader.schema.names
            head = {"outcome": "answered", "columns": names, "types": types, "rows": rows, "is_cut": False}
            return head, *answer.content()
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # Arrow hands DuckDB's errors on as its own
            if time.perf_counter() >= deadline:
                raise _StoppedError(too_long) from None
            if "Out of Memory Error" in str(error) or isinstance(error, pa.ArrowMemoryError):
                raise MemoryError from None
            raise error if isinstance(error, duckdb.Error) else duckdb.Error(str(error)) from None
        finally:
            answer.close()


class _AnswerFile:
    """What Arrow writes an answer to: bytes while it is small, then a file in memory."""

    def __init__(self, link: socket.socket, answer_mb: int) -> None:
        self._link = link
        self._most_mb = answer_mb
        self._size = 0
        self._parts: list[bytes] = []
        self._file: int | None = None
        self.closed = False

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._size += len(part)
        self.expect(self._size)
        if self._file is None:
            self._parts.append(part)
        else:
            self._to_file(part)
        return len(part)

    def expect(self, size: int) -> None:
        """Be ready for so many bytes; a value has one at least, though Arrow may write a null as none."""
        if size > self._most_mb * 1_000_000:
            raise _StoppedError(f"the answer is larger than {self._most_mb} MB: ask for less of it")
        if size > SMALL_BYTES and self._file is None:
            self._permitted()
            self._file = os.memfd_create("answer")
            self._to_file(b"".join(self._parts))
            self._parts = []

    def _permitted(self) -> None:
        """Few large answers are made at a time: wait for a turn."""
        send(self._link, {"outcome": "large"})
        receive(self._link)

    def _to_file(self, data: bytes) -> None:
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def flush(self) -> None:
        """Nothing waits."""

    def content(self) -> tuple[bytes, int | None]:
        """The bytes, or the file, which is the caller's from now on."""
        file, self._file = self._file, None
        return b"".join(self._parts), file

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _written(cursor: duckdb.DuckDBPyConnection, names: list[str], wish: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The rows as text, piece by piece, and how many there are up to there."""
    is_json, exact, left = wish["form"] == "json", bool(wish["exact"]), wish["most_rows"]
    keys = [json_value(name) for name in names]
    count = 0
    yield ("[" if is_json else ",".join(csv_value(name, exact=exact) for name in names) + "\n"), count
    while rows := cursor.fetchmany(TEXT_ROWS_AT_ONCE if left is None else min(left, TEXT_ROWS_AT_ONCE)):
        lines = []
        for row in rows:
            if is_json:
                pairs = ", ".join(f"{key}: {json_value(value)}" for key, value in zip(keys, row, strict=True))
                lines.append(("," if count else "") + "\n{" + pairs + "}")
            else:
                lines.append(",".join(csv_value(value, exact=exact) for value in row) + "\n")
            count += 1
        yield "".join(lines), count
        left = None if left is None else left - len(rows)
    if is_json:
        yield "\n]" if count else "]", count


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
    macros = by_schema(f"""
        select database_name || '.' || schema_name, function_name from duckdb_functions()
        where database_name in ($1, '{INDEX}') and not list_contains($2, schema_name)
            and function_type in ('macro', 'table_macro')
    """)
    system = connection.execute(
        "select lower(view_name) from duckdb_views() where internal "
        "union all select lower(table_name) from duckdb_tables() where internal"
    ).fetchall()
    return Published(relations, macros, frozenset(name for (name,) in system))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _limit_cpu(seconds: float) -> None:
    """From now on; the system ends the process beyond."""
    most = int(_cpu_seconds() + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
