"""The Quack server: DuckDB's own protocol outside, our judgement, limits and log inside.

Belongs here: the hooks that Quack calls, and starting and stopping. Does not belong here: what may be asked
(``policy``) and how it is answered (``engine``).

Quack runs what a client sends on a connection of its own, which nothing can interrupt. So it never gets to run that:
the authorisation hook judges the statement, has the engine answer it, puts the answer into a table of an empty database
in memory, and hands Quack ``from`` that table instead. A hook that returns NULL refuses.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import queue
import secrets
import socket
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
from duckdb.func import FunctionNullHandling

from dagster_project.serving.engine import Answer, Engine, Identity, LimitError, load_extension
from dagster_project.serving.policy import RefusedError
from dagster_project.serving.tokens import Reader, Tokens
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.query import QueryError, first_line

SESSIONS: Final = 100_000
"""Sessions whose reader is remembered; Quack does not tell when one ends."""

BACKLOG: Final = 512
"""Connections that may wait to be accepted. Quack asks for 5, which 50 clients that begin together overrun."""

KEPT_SECONDS: Final = 60.0
"""How long an answer that nobody fetches is kept."""

FETCHING_SECONDS: Final = 0.25
"""Between Quack's first look at an answer and its removal; what it has begun to read stays readable to it."""

TIDY_SECONDS: Final = 0.1

CACHED_BYTES: Final = 64_000_000
"""Of answers kept for whoever asks the same again of the same release."""

CACHED_ANSWER_BYTES: Final = 1_000_000
"""Of one answer that is kept."""

_Key = tuple[tuple[str, Identity], str]
"""Release and query."""

Logger = Any  # structlog's bound loggers have no common type


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 9494

    @property
    def uri(self) -> str:
        """As DuckDB writes it."""
        return f"quack:[{self.host}]:{self.port}" if ":" in self.host else f"quack:{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class _Cached:
    number: int
    rows: int
    size: int


class Server:
    """Serves the newest release until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        tokens: Tokens,
        address: Address,
        logger: Logger,
        *,
        log_queries: Literal["text", "hash"] = "text",
        poll_seconds: float = 1.0,
    ) -> None:
        self._engine = engine
        self._tokens = tokens
        self._address = address
        self._log = logger
        self._log_queries = log_queries
        self._poll_seconds = poll_seconds
        self._readers: OrderedDict[str, Reader] = OrderedDict()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._numbers = iter(range(1, 2**62))
        self._due: dict[int, float] = {}  # answer to the moment when it may be dropped
        self._cached: OrderedDict[_Key, _Cached] = OrderedDict()  # by release and query
        self._asked: dict[_Key, threading.Event] = {}  # what is being answered now
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("follow", self._follow), ("tidy", self._tidy))
        ]
        self._front: duckdb.DuckDBPyConnection
        self._cursors: queue.LifoQueue[duckdb.DuckDBPyConnection] = queue.LifoQueue()

    def start(self) -> None:
        """Listen; returns when clients can connect.

        Raises:
            ConfigurationError: the address is in use or not ours.
        """
        load_quack_error = "The extension quack cannot be loaded"
        self._front = duckdb.connect(
            config={"threads": 1, "memory_limit": f"{max(256, 4 * self._engine.limits.answer_mb)}MB"}
        )
        try:
            load_extension(self._front, "quack")
        except duckdb.Error as error:
            raise ConfigurationError(f"{load_quack_error}: {first_line(error)}") from error
        self._front.execute("attach ':memory:' as answers")
        for _ in range(self._engine.limits.running):
            self._cursors.put(self._front.cursor())
        text, yes = "VARCHAR", "BOOLEAN"
        self._front.create_function("kommunlager_admits", self._admits, [text, text, text], yes, side_effects=True)
        self._front.create_function(
            "kommunlager_answers",
            self._answers,
            [text, text],
            text,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
        # Not marked as having side effects: so it is called once, when Quack plans the reading of an answer.
        self._front.create_function("kommunlager_begun", self._note_begun, ["BIGINT"], yes)
        self._front.execute("set global quack_authentication_function = 'kommunlager_admits'")
        self._front.execute("set global quack_authorization_function = 'kommunlager_answers'")
        _check_free(self._address)
        try:
            # Quack wants a token of its own to compare with; ours are compared by the hook, and this one is nobody's.
            self._front.execute(
                f"call quack_serve('{self._address.uri}', token => '{secrets.token_hex(32)}', "
                f"allow_other_hostname => {not self._address.is_local})"
            )
        except duckdb.Error as error:
            raise ConfigurationError(f"Cannot listen on {self._address.uri}: {first_line(error)}") from None
        _widen_backlog(self._address.port)
        for thread in self._threads:
            thread.start()
        self._log.info("serving", address=self._address.uri, release=self._engine.release[0])

    def stop(self, grace: float = 5.0) -> None:
        """Take no more connections, let what runs go on for ``grace`` seconds, and end."""
        self._log.info("stopping")
        self._stopped.set()
        closing = threading.Thread(target=self._stop_listening, name="close", daemon=True)
        closing.start()
        self._engine.close(grace)
        closing.join(grace)
        for thread in self._threads:
            thread.join(grace)
        self._log.info("stopped")

    def _stop_listening(self) -> None:
        with suppress(duckdb.Error):
            self._front.execute(f"call quack_stop('{self._address.uri}')")

    # --- the hooks: called by Quack's threads, for many clients at a time ---------------------------------------------

    def _admits(self, session: str, token: str, _quacks_own: str) -> bool:
        """Whether a client may open a session."""
        reader = self._tokens.reader_of(token or "")
        if reader is None:
            self._log.warning("not admitted", session=_short(session))
            return False
        with self._lock:
            self._readers[session] = reader
            if len(self._readers) > SESSIONS:
                self._readers.popitem(last=False)
        return True

    def _answers(self, session: str | None, sql: str | None) -> str | None:
        """What Quack shall run in the place of ``sql``; None refuses."""
        began = time.perf_counter()
        try:
            with self._lock:
                reader = self._readers.get(session or "")
            if reader is None or reader not in self._tokens.current():
                self._note(session, reader, sql, began, "refused", reason="the token is not valid any more")
                return None
            return self._answer(session, reader, sql or "", began)
        except Exception as error:  # whatever it is: nothing is run, and it is in the log
            self._log.exception("hook failed", session=_short(session), error=first_line(error))
            return None

    def _answer(self, session: str | None, reader: Reader, sql: str, began: float) -> str | None:
        release = self._engine.release
        cached, first = self._cached_answer(release, sql)
        if not cached and first:  # somebody asks the very same: wait for their answer
            first.wait(self._engine.limits.seconds)
            cached, first = self._cached_answer(release, sql)
        if cached:
            self._note(session, reader, sql, began, "answered", rows=cached.rows, release=release[0], cached=True)
            return f"from answers.main.answer_{cached.number}"
        done = threading.Event()
        with self._lock:
            self._asked.setdefault((release, sql), done)
        try:
            return self._run(session, reader, sql, began)
        finally:
            with self._lock:
                if self._asked.get((release, sql)) is done:
                    del self._asked[(release, sql)]
            done.set()

    def _run(self, session: str | None, reader: Reader, sql: str, began: float) -> str | None:
        try:
            answer = self._engine.answer(sql)
            instead = self._put(answer, sql)
        except RefusedError as error:
            self._note(session, reader, sql, began, "refused", reason=str(error))
            # Quack asks about rows that a client wants to append as if they were an INSERT, and takes any text for a
            # yes: so only a query gets its reason told.
            return _error(f"Refused: {error}") if self._is_query(sql) else None
        except LimitError as error:
            self._note(session, reader, sql, began, "stopped", reason=str(error))
            return _error(str(error))
        except duckdb.Error as error:
            self._note(session, reader, sql, began, "failed", reason=first_line(error))
            return _error(str(error))
        times = {"waited_ms": round(answer.waited_ms, 1), "ran_ms": round(answer.ran_ms, 1)}
        self._note(
            session, reader, sql, began, "answered", rows=answer.rows.num_rows, release=answer.release[0], **times
        )
        return instead

    def _is_query(self, sql: str) -> bool:
        """Whether DuckDB takes the text for nothing but queries."""
        try:
            statements = self._front.extract_statements(sql)
        except duckdb.Error:
            return True  # which Quack cannot run either: its reason may be told
        return all(statement.type == duckdb.StatementType.SELECT for statement in statements)

    def _cached_answer(self, release: tuple[str, Identity], sql: str) -> tuple[_Cached | None, threading.Event | None]:
        """An answer that is kept; without one, what is set when somebody who asks the same has theirs."""
        with self._lock:
            cached = self._cached.get((release, sql))
            if cached:
                self._cached.move_to_end((release, sql))
            return cached, self._asked.get((release, sql))

    def _put(self, answer: Answer, sql: str) -> str:
        """The answer as a table that Quack can read; returns the query that reads it."""
        number = next(self._numbers)
        cursor = self._cursors.get()
        try:
            cursor.register("answer_of_engine", answer.rows.to_reader())
            cursor.execute(f"create table answers.main.answer_{number} as from answer_of_engine")
            cursor.unregister("answer_of_engine")
        except duckdb.OutOfMemoryException:
            raise LimitError("too many large answers are being fetched at once: try again") from None
        finally:
            self._cursors.put(cursor)
        with self._lock:
            if answer.is_repeatable and answer.rows.nbytes <= CACHED_ANSWER_BYTES:
                self._cache((answer.release, sql), _Cached(number, answer.rows.num_rows, answer.rows.nbytes + len(sql)))
                return f"from answers.main.answer_{number}"
            self._due[number] = time.monotonic() + KEPT_SECONDS
        return f"from answers.main.answer_{number} where kommunlager_begun({number}::bigint)"

    def _cache(self, key: _Key, cached: _Cached) -> None:
        """Keep an answer; let go of those of other releases and of the one longest not asked for. Under the lock."""
        before = self._cached.pop(key, None)  # two asked the same at the same time
        gone = [before] if before else []
        gone += [self._cached.pop(other) for other in list(self._cached) if other[0] != key[0]]
        self._cached[key] = cached
        while sum(kept.size for kept in self._cached.values()) > CACHED_BYTES:
            gone.append(self._cached.popitem(last=False)[1])
        for one in gone:  # whoever was pointed there has that long to come for it
            self._due[one.number] = time.monotonic() + KEPT_SECONDS

    def _note_begun(self, number: int) -> bool:
        with self._lock:
            self._due[number] = time.monotonic() + FETCHING_SECONDS
        return True

    def _note(
        self,
        session: str | None,
        reader: Reader | None,
        sql: str | None,
        began: float,
        outcome: str,
        **more: Any,
    ) -> None:
        text = sql or ""
        as_logged = (
            {"sql": text} if self._log_queries == "text" else {"sql_sha256": hashlib.sha256(text.encode()).hexdigest()}
        )
        self._log.info(
            "query",
            reader=reader.name if reader else None,
            session=_short(session),
            **as_logged,
            outcome=outcome,
            ms=round((time.perf_counter() - began) * 1e3, 1),
            **more,
        )

    # --- threads ------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Open new releases as they are published."""
        while not self._stopped.wait(self._poll_seconds):
            try:
                if new := self._engine.follow():
                    self._log.info("release", release=new)
            except QueryError as error:
                self._log.error("release not opened; the one before stays", error=str(error))

    def _tidy(self) -> None:
        """Drop answers that are fetched, and those that nobody came for."""
        cursor = self._front.cursor()
        while not self._stopped.wait(TIDY_SECONDS):
            now = time.monotonic()
            with self._lock:
                due = [number for number, moment in self._due.items() if moment <= now]
            for number in due:
                cursor.execute(f"drop table if exists answers.main.answer_{number}")
                with self._lock:
                    self._due.pop(number, None)


def _error(message: str) -> str:
    quoted = message.replace("\0", "").replace("'", "''")
    return f"select error('{quoted}')"


def _short(session: str | None) -> str | None:
    """A name for a session in the log: who knows the session's own could speak for it."""
    return hashlib.sha256(session.encode()).hexdigest()[:12] if session else None


def _check_free(address: Address) -> None:
    """Quack shares its port with whoever listens there already, and clients would meet now one, now the other."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[0][4])
    except OSError as error:
        raise ConfigurationError(f"Cannot listen on {address.uri}: {error.strerror or error}") from None


def _widen_backlog(port: int) -> None:
    """Ask the system for a longer queue on the socket that Quack has opened; where that fails, nothing is lost."""
    for entry in Path("/proc/self/fd").glob("*"):
        with suppress(OSError, ValueError):
            if not str(entry.readlink()).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as found:
                listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if listens and found.getsockname()[1] == port:
                    found.listen(BACKLOG)
