"""The server that Quack's clients speak to: sessions, tokens, answers that are fetched in parts, and the log.

Belongs here: what each request of the protocol comes to, starting and stopping. Does not belong here: bytes on the wire
(``quack``), connections (``web``), running a statement (``workers``) and writing its rows (``encoders``).

DuckDB's own Quack server runs what it is sent in its own process, on a connection that nothing can interrupt. So it
never sees a client: this process, which holds the tokens, runs no native code on anything that comes from outside. A
statement goes to a worker process, and its rows go through a process that writes them as messages.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections import Counter, OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from dagster_project.serving import quack
from dagster_project.serving.addresses import is_local, with_port
from dagster_project.serving.encoders import Encoders, Messages
from dagster_project.serving.policy import MAX_CHARACTERS
from dagster_project.serving.tokens import Guesses, Reader, Tokens
from dagster_project.serving.web import Bounds, HttpError, Request, Response, WebServer
from dagster_project.serving.workers import Answer, Identity, StatementError, Workers
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.ask.query import QueryError

PATH: Final = "/quack"
CONTENT_TYPE: Final = "application/vnd.duckdb"

SESSIONS: Final = 50_000
SESSIONS_OF_READER: Final = 5_000
"""Sessions that are remembered; one that was not used for longest is forgotten first."""

MOST_BODY_BYTES: Final = 4 * MAX_CHARACTERS + quack.MOST_CONNECT_BYTES
KEPT_SECONDS: Final = 60.0
"""How long an answer is kept for a client that does not fetch the rest of it."""

ENDED_SECONDS: Final = 10.0
"""How long the end of an answer is repeated: clients fetch with several threads."""

KEPT_ANSWERS: Final = 2
"""Largest answers that can be kept for being fetched."""

CACHED_BYTES: Final = 32_000_000
"""Of answers kept for whoever asks the same again of the same release."""

CACHED_ANSWER_BYTES: Final = 1_000_000
ENCODED_BYTES_A_SECOND: Final = 25_000_000.0
"""About; for the account of a reader with large answers."""

LOGGED_CHARACTERS: Final = 2_000
"""Of a statement in the log."""

TIDY_SECONDS: Final = 1.0

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
        return f"quack:{with_port(self.host, self.port)}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_local(self.host)


@dataclass(slots=True)
class _Kept:
    """An answer of several messages that a client fetches."""

    reader: Reader
    messages: Messages
    until: float
    told: int = 1


@dataclass(frozen=True, slots=True)
class _Session:
    reader: Reader
    name: str
    """In the log: who knows the session's own could speak for it."""


@dataclass(frozen=True, slots=True)
class _Told:
    messages: Messages
    rows: int
    release: str
    times: dict[str, float | bool]


class Server:
    """Serves the newest release until it is stopped."""

    def __init__(
        self,
        workers: Workers,
        tokens: Tokens,
        address: Address,
        logger: Logger,
        *,
        log_queries: Literal["text", "hash"] = "text",
        poll_seconds: float = 1.0,
        bounds: Bounds | None = None,
        guesses: Guesses | None = None,
    ) -> None:
        self._workers = workers
        self._encoders = Encoders(workers.forks, workers.limits.answer_mb)
        self._tokens = tokens
        self._guesses = guesses or Guesses()
        self._address = address
        self._log = logger
        self._log_queries = log_queries
        self._poll_seconds = poll_seconds
        self._web = WebServer(self._handle, bounds or Bounds())
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._sessions_of: Counter[Reader] = Counter()
        self._kept: OrderedDict[tuple[_Session, bytes], _Kept] = OrderedDict()
        self._cached: OrderedDict[_Key, _Told] = OrderedDict()
        self._asked: dict[_Key, asyncio.Event] = {}  # what is being answered now
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen; returns when clients can connect.

        Raises:
            ConfigurationError: the address is in use or not ours, or an extension is missing.
            QueryError: the release cannot be opened.
        """
        try:
            await self._web.start(self._address.host, self._address.port)
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {self._address.uri}: {os.strerror(error.errno) if error.errno else error}"
            ) from None
        note_readers(self._workers, self._tokens)
        await asyncio.gather(self._workers.start(), self._encoders.start())
        self._tasks = [
            asyncio.create_task(follow(self._workers, self._tokens, self._log, self._poll_seconds)),
            asyncio.create_task(self._tidy()),
        ]
        self._log.info(
            "serving",
            address=self._address.uri,
            release=self._workers.release[0],
            query_mb=self._workers.limits.query_mb,
            closed_by=self._workers.holds["in_force"],
            not_closed_by=self._workers.holds["missing"],
        )
        if self._workers.holds["open"]:
            self._log.warning("queries are not contained", they_could=self._workers.holds["open"])

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more connections, let what runs go on for ``grace`` seconds, and end."""
        self._log.info("stopping")
        for task in self._tasks:
            task.cancel()
        await self._workers.close(grace)
        await self._web.close()
        self._encoders.close()
        self._log.info("stopped")

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _handle(self, request: Request) -> Response:
        if request.path != PATH:
            raise HttpError(404, "there is nothing here")
        if request.method != "POST":
            raise HttpError(405, "only POST")
        try:
            header = quack.read_header(await request.beginning(128))
        except quack.BrokenMessageError as error:
            raise HttpError(400, f"this is no message of Quack: {error}") from None
        try:
            if header.kind == quack.Kind.CONNECT:
                body = await request.body(quack.MOST_CONNECT_BYTES)
                return await self._connect(quack.read_connect(body, header), request.address)
            if session := self._session(header.session):
                body = await request.body(MOST_BODY_BYTES)
                return _response(await self._asked_for(session, header, body))
        except quack.BrokenMessageError as error:
            raise HttpError(400, f"this is no message of Quack: {error}") from None
        return Response(200, quack.error("Invalid connection id"), CONTENT_TYPE, closes=True)

    async def _asked_for(self, session: _Session, header: quack.Header, body: bytes) -> bytes:
        """What a client with a session gets.

        Raises:
            BrokenMessageError: its request is not known.
        """
        if header.kind == quack.Kind.PREPARE:
            return await self._prepare(session, quack.read_prepare(body, header))
        if header.kind == quack.Kind.FETCH:
            return self._fetch(session, quack.read_fetch(body, header))
        if header.kind == quack.Kind.DISCONNECT:
            self._forget(header.session)
            return quack.success()
        if header.kind == quack.Kind.APPEND:
            self._note(session, "", time.perf_counter(), "refused", reason="rows to append")
            return quack.error("Refused: rows cannot be added: the warehouse is only read here")
        raise quack.BrokenMessageError(f"kind {header.kind}")

    def _session(self, name: str) -> _Session | None:
        session = self._sessions.get(name)
        if session is None:
            return None
        if session.reader not in self._tokens.current():
            self._note(session, "", time.perf_counter(), "refused", reason="the token is not valid any more")
            self._forget(name)
            return None
        self._sessions.move_to_end(name)
        return session

    async def _connect(self, wish: quack.Connect, address: str) -> Response:
        reader = self._tokens.reader_of(wish.token)
        if reader is None or not self._guesses.is_passed(address, reader):
            async with self._guesses.slowed(address) as was_looked_at:
                if was_looked_at:
                    self._log.warning("not admitted", address=address)
                    return _response(quack.error("Authentication failed"))
            raise HttpError(429, "too many wrong tokens from this address: try again later")
        try:
            welcome = await self._encoders.connected(wish.client)
        except StatementError as error:
            return _response(quack.error(str(error)))
        name = secrets.token_hex(16).upper()
        self._sessions[name] = _Session(reader, hashlib.sha256(name.encode()).hexdigest()[:12])
        self._sessions_of[reader] += 1
        if self._sessions_of[reader] > SESSIONS_OF_READER:
            self._forget(next(name for name, session in self._sessions.items() if session.reader == reader))
        elif len(self._sessions) > SESSIONS:
            self._forget(next(iter(self._sessions)))
        return _response(quack.with_session(welcome, name))

    def _forget(self, name: str) -> None:
        session = self._sessions.pop(name)
        self._sessions_of[session.reader] -= 1
        for key in [key for key in self._kept if key[0] == session]:
            self._kept.pop(key).messages.close()

    async def _prepare(self, session: _Session, sql: str) -> bytes:
        began = time.perf_counter()
        try:
            told = await self._told(session.reader, sql)
            first = self._first(session, told.messages)
        except StatementError as error:
            release = {"release": error.release} if error.release else {}
            self._note(session, sql, began, error.outcome, reason=str(error), **release)
            if error.outcome != "failed":
                await asyncio.sleep(self._workers.shares.pause_after_offence(session.reader.account))
            return quack.error(f"Refused: {error}" if error.outcome == "refused" else str(error))
        except Exception as error:  # whatever it is: it is in the log, and the server goes on
            self._log.exception("request failed", session=session.name, error=str(error))
            return quack.error("the server failed; its log says how")
        self._note(session, sql, began, "answered", rows=told.rows, release=told.release, **told.times)
        return first

    async def _told(self, reader: Reader, sql: str) -> _Told:
        """The messages that answer a statement, of a release that is there now.

        Raises:
            StatementError: it has no answer.
        """
        if " ".join(sql.split()) == quack.CLIENTS_CATALOG_QUERY:
            sql = quack.CATALOG_QUERY
        key = (self._workers.release, sql)
        if key not in self._cached and key in self._asked:  # somebody asks the very same: wait for their answer
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked[key].wait(), self._workers.limits.turn_seconds)
        if cached := self._cached.get(key):
            self._cached.move_to_end(key)
            return _Told(cached.messages, cached.rows, cached.release, {"cached": True})
        done = self._asked.setdefault(key, asyncio.Event())
        try:
            with await self._workers.answer(reader.account, sql) as answer:
                messages = await self._written(reader, sql, answer)
            return self._cache(sql, answer, messages)
        finally:
            done.set()
            if self._asked.get(key) is done:
                del self._asked[key]

    async def _written(self, reader: Reader, sql: str, answer: Answer) -> Messages:
        try:
            messages = await self._encoders.encode(answer)
        except StatementError as error:
            self._workers.note_unwritten(reader.account, sql, answer, error)
            raise
        self._workers.shares.charge(reader.account, messages.size / ENCODED_BYTES_A_SECOND)
        return messages

    def _cache(self, sql: str, answer: Answer, messages: Messages) -> _Told:
        """Keep a small answer that can be given again; let go of those of other releases and of the oldest."""
        times: dict[str, float | bool] = {
            "waited_ms": round(answer.waited_ms, 1),
            "ran_ms": round(answer.ran_ms, 1),
            "cpu_ms": round(answer.cpu_seconds * 1e3, 1),
        }
        told = _Told(messages, answer.rows, answer.release[0], times)
        if answer.is_repeatable and messages.file is None and messages.size <= CACHED_ANSWER_BYTES:
            self._cached[(answer.release, sql)] = told
            for other in [key for key in self._cached if key[0] != self._workers.release]:
                del self._cached[other]
            size = sum(kept.messages.size + len(key[1]) for key, kept in self._cached.items())
            while size > CACHED_BYTES:
                key, kept = self._cached.popitem(last=False)
                size -= kept.messages.size + len(key[1])
        return told

    # --- answers that are fetched in parts ----------------------------------------------------------------------------

    def _first(self, session: _Session, messages: Messages) -> bytes:
        """The first message; what follows is kept.

        Raises:
            StatementError: there is no room.
        """
        if len(messages) == 1:
            first = messages[0]
            messages.close()
            return first
        try:
            self._make_room(session.reader, messages.size)
            beginning, _ = quack.name_at_end(messages[0])
        except StatementError:
            messages.close()
            raise
        name = quack.new_name(secrets.token_bytes(16))
        self._kept[(session, name)] = _Kept(session.reader, messages, time.monotonic() + KEPT_SECONDS)
        return quack.named(beginning, name)

    def _make_room(self, reader: Reader, size: int) -> None:
        """Let go of what is kept for whoever has most there, unless that is the reader."""
        most = KEPT_ANSWERS * 1_000_000 * self._workers.limits.answer_mb
        while True:
            kept_for: Counter[Reader] = Counter()
            for kept in self._kept.values():
                kept_for[kept.reader] += kept.messages.size
            if kept_for.total() + size <= most:
                return
            greediest = max(kept_for, key=lambda one: kept_for[one], default=reader)
            if kept_for[greediest] <= kept_for[reader] + size:
                raise StatementError("stopped", "too many large answers are being fetched at once: try again")
            oldest = next(key for key, kept in self._kept.items() if kept.reader == greediest)
            self._kept.pop(oldest).messages.close()

    def _fetch(self, session: _Session, name: bytes) -> bytes:
        kept = self._kept.get((session, name))
        if kept is None:
            return quack.error("the rest of the answer is not kept any more: ask again")
        number = min(kept.told, len(kept.messages) - 1)
        kept.told = number + 1
        is_ended = kept.told == len(kept.messages)
        kept.until = time.monotonic() + (ENDED_SECONDS if is_ended else KEPT_SECONDS)
        return kept.messages[number]

    # --- the log and the clock ----------------------------------------------------------------------------------------

    def _note(self, session: _Session, sql: str, began: float, outcome: str, **more: Any) -> None:
        if self._log_queries == "text":
            text = self._tokens.masked(sql)
            as_logged = {"sql": text[:LOGGED_CHARACTERS]}
            if len(text) > LOGGED_CHARACTERS:
                as_logged["sql"] += f"… ({len(text):,} characters)"
        else:
            as_logged = {"sql_sha256": hashlib.sha256(sql.encode()).hexdigest()}
        if "reason" in more:
            more["reason"] = self._tokens.masked(str(more["reason"]))[:LOGGED_CHARACTERS]
        self._log.info(
            "query",
            reader=session.reader.name,
            session=session.name,
            **as_logged,
            outcome=outcome,
            ms=round((time.perf_counter() - began) * 1e3, 1),
            **more,
        )

    async def _tidy(self) -> None:
        """Let go of answers that nobody fetches."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            now = time.monotonic()
            for key in [key for key, kept in self._kept.items() if kept.until < now]:
                self._kept.pop(key).messages.close()


async def follow(workers: Workers, tokens: Tokens | None, log: Logger, poll_seconds: float = 1.0) -> None:
    """Open new releases as they are published, until it is cancelled."""
    while True:
        await asyncio.sleep(poll_seconds)
        note_readers(workers, tokens)
        try:
            if new := await workers.follow():
                log.info("release", release=new)
        except QueryError as error:
            log.error("release not opened; the one before stays", error=str(error))
        except Exception as error:
            log.exception("following failed", error=str(error))


def note_readers(workers: Workers, tokens: Tokens | None) -> None:
    """Let the workers know whether there is more than one reader."""
    workers.shares.is_shared = tokens is not None and len(tokens.current()) > 1


def _response(message: bytes) -> Response:
    return Response(200, message, CONTENT_TYPE)
