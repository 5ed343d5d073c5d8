"""Quack's messages as they stand on the wire: requests taken apart strictly, the short answers made.

Belongs here: the bytes. Does not belong here: sessions and answers (``server``), rows (DuckDB writes those itself, see
``encoder``). Nothing here runs native code, and nothing of what a client sent reaches DuckDB as it was sent: a request
is read whole, field by field, or refused. Seen in the traffic of quack 1.5.5: a message is a header {1: kind,
2: session, 3: number of the client's query} and a body; each is a list of fields, a 16-bit number and a value, ended by
the number 0xFFFF. Whole numbers are LEB128.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from dagster_project.serving.policy import CATALOG

_END: Final = b"\xff\xff"
_NO_NUMBER: Final = b"\xff" * 9 + b"\x01"
MOST_CONNECT_BYTES: Final = 4_096
"""Of a request that opens a session: a token, a version and a platform."""

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


class Kind(IntEnum):
    """Of a message."""

    CONNECT = 1
    CONNECTED = 2
    PREPARE = 3
    PREPARED = 4
    FETCH = 7
    FETCHED = 8
    APPEND = 9
    SUCCESS = 10
    DISCONNECT = 11
    ERROR = 100


class BrokenMessageError(Exception):
    """It is no request that this server knows."""


@dataclass(frozen=True, slots=True)
class Header:
    """How every request begins."""

    kind: int
    session: str
    end: int
    """Bytes of it."""


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's wish for a session."""

    token: str
    client: tuple[str, str, int, int]
    """Version, platform, oldest and newest version of the protocol."""


class _Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def field(self) -> int:
        return int.from_bytes(self._take(2), "little")

    def number(self) -> int:
        value, shift = 0, 0
        while True:
            (byte,) = self._take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise BrokenMessageError("a number has more than 64 bits")

    def text(self) -> str:
        length = self.number()
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise BrokenMessageError("a text is not UTF-8") from None

    def end(self) -> None:
        if self.at != len(self._data):
            raise BrokenMessageError("something follows after its end")

    def _take(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            raise BrokenMessageError("it is cut off")
        self.at += length
        return self._data[self.at - length : self.at]


def read_header(data: bytes) -> Header:
    """The header at the beginning of a request, of which the rest need not be there yet.

    Raises:
        BrokenMessageError: there is none.
    """
    reader = _Reader(data)
    kind, session = 0, ""
    last = 0
    while (name := reader.field()) != 0xFFFF:
        if name <= last or name > 3:
            raise BrokenMessageError("its header is not known")
        last = name
        if name == 1:
            kind = reader.number()
        elif name == 2:
            session = reader.text()
        else:
            reader.number()
    return Header(kind, session, reader.at)


def read_connect(data: bytes, header: Header) -> Connect:
    """What a request for a session says.

    Raises:
        BrokenMessageError: it is no such request.
    """
    reader = _Reader(data, header.end)
    texts, numbers = {1: "", 2: "", 3: ""}, {4: 0, 5: 0}
    last = 0
    while (name := reader.field()) != 0xFFFF:
        if name <= last or name > 5:
            raise BrokenMessageError("its body is not known")
        last = name
        if name in texts:
            texts[name] = reader.text()
        else:
            numbers[name] = reader.number()
    reader.end()
    return Connect(texts[1], (texts[2], texts[3], numbers[4], numbers[5]))


def read_prepare(data: bytes, header: Header) -> str:
    """The statement of a request to run one.

    Raises:
        BrokenMessageError: it is no such request.
    """
    reader = _Reader(data, header.end)
    sql = ""
    if (name := reader.field()) == 1:
        sql = reader.text()
        name = reader.field()
    if name != 0xFFFF:
        raise BrokenMessageError("its body is not known")
    reader.end()
    return sql


def read_fetch(data: bytes, header: Header) -> bytes:
    """The name of the answer of which a request wants more, as it is written.

    Raises:
        BrokenMessageError: it is no such request.
    """
    reader = _Reader(data, header.end)
    if reader.field() != 1:
        raise BrokenMessageError("its body is not known")
    start = reader.at
    reader.number()
    reader.number()
    name = data[start : reader.at]
    if reader.field() != 0xFFFF:
        raise BrokenMessageError("its body is not known")
    reader.end()
    return name


def connect(token: str, client: tuple[str, str, int, int]) -> bytes:
    """A request for a session."""
    version, platform, oldest, newest = client
    body = _field(1) + _text(token) + _field(2) + _text(version) + _field(3) + _text(platform)
    if oldest:
        body += _field(4) + _number(oldest)
    if newest:
        body += _field(5) + _number(newest)
    return _header(Kind.CONNECT) + body + _END


def prepare(session: str, sql: str) -> bytes:
    """A request to run a statement."""
    return _header(Kind.PREPARE, session) + _field(1) + _text(sql) + _END


def fetch(session: str, name: bytes) -> bytes:
    """A request for more of an answer."""
    return _header(Kind.FETCH, session) + _field(1) + name + _END


def disconnect(session: str) -> bytes:
    """A request to end a session."""
    return _header(Kind.DISCONNECT, session) + _END


def with_session(connected: bytes, session: str) -> bytes:
    """The answer to a request for a session, with another session's name in it."""
    return _header(Kind.CONNECTED, session) + connected[read_header(connected).end :]


def error(message: str) -> bytes:
    """An answer that the client raises."""
    return _header(Kind.ERROR) + _field(1) + _text(message.replace("\0", "")) + _END


def success() -> bytes:
    """An answer that all is well."""
    return _header(Kind.SUCCESS) + _END


def error_of(answer: bytes) -> str | None:
    """The message of an answer that is an error."""
    header = read_header(answer)
    return read_prepare(answer, header) if header.kind == Kind.ERROR else None


def name_at_end(prepared: bytes) -> tuple[bytes, bytes]:
    """The first part of an answer up to the name that the server gave it, and that name: its last two numbers."""
    stop = len(prepared) - len(_END)
    start = stop
    for _ in range(2):
        start -= 1
        while prepared[start - 1] >= 0x80:
            start -= 1
    if prepared[start - 2 : start] != _field(5) or prepared[stop:] != _END:
        raise BrokenMessageError("an answer does not end in its name")
    return prepared[:start], prepared[start:stop]


def named(beginning: bytes, name: bytes) -> bytes:
    """The first part of an answer under a name of ours."""
    return beginning + name + _END


def new_name(random_bytes: bytes) -> bytes:
    """A name for an answer from 16 random bytes."""
    upper = int.from_bytes(random_bytes[:7], "little") | 1 << 61  # signed, and written in one way only
    return _number(upper) + _number(int.from_bytes(random_bytes[8:16], "little"))


def _header(kind: Kind, session: str = "") -> bytes:
    named_session = _field(2) + _text(session) if session else b""
    return _field(1) + _number(kind) + named_session + _field(3) + _NO_NUMBER + _END


def _field(name: int) -> bytes:
    return name.to_bytes(2, "little")


def _number(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _number(len(encoded)) + encoded
