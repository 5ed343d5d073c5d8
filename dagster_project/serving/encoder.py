"""The process that turns an answer into the messages of Quack: rows come as Arrow, DuckDB's own server writes them.

Belongs here: a Quack server of DuckDB that only this process can ask, and asking it. Does not belong here: queries of
readers, of which only the rows get here, and their sessions.
"""

from __future__ import annotations

import http.client
import os
import resource
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import duckdb
import pyarrow as pa

from dagster_project.serving import quack
from dagster_project.serving.containment import MESSAGES_PER_ANSWER, address_space
from dagster_project.serving.extensions import load_extension
from dagster_project.serving.frames import BrokenFrameError, Frame, receive, send
from dagster_project.warehouse.ask.query import first_line, unique_names

SMALL_BYTES: Final = 4_000_000
"""Of messages that are sent as they are; more goes as a file in memory."""

CHUNK_ROWS: Final = 2048
"""Of DuckDB: an answer of one chunk is in the first message whole."""

SLACK_BYTES: Final = 192_000_000
"""Address space beyond twice the largest answer: threads of Quack's server, messages."""

SECONDS: Final = 60.0


def main(link: socket.socket, settings: Mapping[str, Any], holds: Mapping[str, Any]) -> None:
    """Start, say so, and turn answers into messages until the other side closes.

    Args:
        link: to the server.
        settings: ``answer_mb``, the most that an answer has; ``ports`` of which it takes one.
        holds: what holds this process; see ``containment.close``.
    """
    try:
        encoder = Encoder(int(settings["answer_mb"]), settings["ports"])
    except (duckdb.Error, OSError) as error:
        send(link, {"error": first_line(error)})
        return
    send(link, {"error": None, "holds": holds})
    while True:
        try:
            frame = receive(link)
        except BrokenFrameError:
            return
        try:
            if "connect" in frame.head:
                send(link, {"outcome": "connected"}, encoder.connected(tuple(frame.head["connect"])))
            else:
                encoder.encode(link, frame)
        except (duckdb.OutOfMemoryException, MemoryError):
            send(link, {"outcome": "stopped", "reason": "the answer needs more memory than there is for one"})
        except (duckdb.Error, pa.ArrowException, quack.BrokenMessageError, OSError, http.client.HTTPException) as error:
            send(link, {"outcome": "failed", "reason": first_line(error)})
        finally:
            for file in frame.files:
                os.close(file)


class Encoder:
    """An empty DuckDB in memory that serves it over Quack to nobody but itself."""

    def __init__(self, answer_mb: int, ports: Sequence[int]) -> None:
        self._answer_mb = answer_mb
        self._token = secrets.token_hex(32)
        self._database = duckdb.connect(config={"threads": 1, "memory_limit": f"{answer_mb + 128}MB"})
        # DuckDB's server draws the names of sessions with the cryptography of httpfs, and fails without a word where it
        # is not there; it would fetch it by itself, which a closed network does not let it.
        load_extension(self._database, "httpfs")
        load_extension(self._database, "quack")
        self._database.execute("attach ':memory:' as answers")
        self._number = 0
        for self._port in ports:
            try:
                self._database.execute(f"call quack_serve('quack:127.0.0.1:{self._port}', token => '{self._token}')")
                break
            except duckdb.Error:  # somebody was quicker
                if self._port == ports[-1]:
                    raise
        version = self._database.execute("select version()").fetchone()
        platform = self._database.execute("pragma platform").fetchone()
        self._session = _session(self._ask(quack.connect(self._token, (str(version), str(platform), 1, 1))))
        self._encode_nothing()  # what is made at the first use is made now, before the limit counts
        most = address_space() + MESSAGES_PER_ANSWER * 1_000_000 * answer_mb + SLACK_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def _encode_nothing(self) -> None:
        rows = pa.table({"a": pa.array([1])})
        list(self._messages(rows.to_reader()))

    def connected(self, client: tuple[str, str, int, int]) -> bytes:
        """What DuckDB's server says to such a client: welcome, or that their versions do not fit."""
        said = self._ask(quack.connect(self._token, client))
        with suppress(quack.BrokenMessageError):
            self._ask(quack.disconnect(_session(said)))
        return said

    def encode(self, link: socket.socket, frame: Frame) -> None:
        """Send the messages with which an answer is told, joined, and the length of each."""
        source = pa.OSFile(f"/proc/self/fd/{frame.files[0]}") if frame.files else pa.BufferReader(frame.body)
        lengths: list[int] = []
        small: list[bytes] = []
        file: int | None = None
        try:
            with pa.ipc.open_stream(source) as reader:
                for message in self._messages(reader):
                    lengths.append(len(message))
                    if sum(lengths) > MESSAGES_PER_ANSWER * 1_000_000 * self._answer_mb:
                        raise MemoryError
                    if file is None and sum(lengths) > SMALL_BYTES:
                        file = os.memfd_create("messages")
                        _write(file, b"".join(small))
                        small = []
                    if file is None:
                        small.append(message)
                    else:
                        _write(file, message)
            send(link, {"outcome": "encoded", "lengths": lengths}, b"".join(small), [] if file is None else [file])
        finally:
            if file is not None:
                os.close(file)

    def _messages(self, rows: pa.RecordBatchReader) -> Iterator[bytes]:
        """The first message and those that follow; the last says that there are no more."""
        self._number += 1
        table = f"answers.main.answer_{self._number}"
        try:
            self._database.register("answer_of_query", _with_unique_names(rows))
            try:
                created = self._database.execute(f"create table {table} as from answer_of_query").fetchone()
            finally:
                self._database.unregister("answer_of_query")
            prepared = self._ask(quack.prepare(self._session, f"from {table}"))
            yield prepared
            if created and created[0] <= CHUNK_ROWS:
                return
            _, name = quack.name_at_end(prepared)
            while True:
                fetched = self._ask(quack.fetch(self._session, name), may_fail=True)
                if quack.error_of(fetched) is not None:
                    return  # the first message held all
                yield fetched
                if len(fetched) < 64:
                    return
        finally:
            self._database.execute(f"drop table if exists {table}")

    def _ask(self, message: bytes, *, may_fail: bool = False) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request("POST", "/quack", message, {"Content-Type": "application/octet-stream"})
            response = connection.getresponse()
            said = response.read()
            if response.status != 200:
                raise OSError(f"DuckDB's server says {response.status}")
        finally:
            connection.close()
        wrong = quack.error_of(said)
        if wrong is not None and not may_fail:
            raise duckdb.Error(wrong)
        return said


def _session(connected: bytes) -> str:
    return quack.read_header(connected).session


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _with_unique_names(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    names = unique_names(rows.schema.names)
    if names == rows.schema.names:
        return rows
    schema = pa.schema([field.with_name(name) for field, name in zip(rows.schema, names, strict=True)])
    return pa.RecordBatchReader.from_batches(schema, (batch.rename_columns(names) for batch in rows))
