"""HTTP/1.1 with bounds on everything that a stranger can make wait or grow: connections, heads, bodies, idling.

Belongs here: accepting, reading requests (h11 parses) and writing responses. Does not belong here: what a request means
and who may ask, which the handler finds out; nothing before it depends on either.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import h11

BACKLOG: Final = 512
"""Connections that may wait to be accepted; the system's own default is overrun by 50 clients that begin together."""

READ_BYTES: Final = 65_536
GONE_SECONDS: Final = 0.25
"""How soon it is seen that a client whose request is being answered has gone."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of what is accepted."""

    connections: int = 512
    per_address: int = 256
    """Of one address; behind a proxy all readers have its address."""
    head_bytes: int = 16_384
    head_seconds: float = 10.0
    """From the opening, or the last response, to the end of a request's head."""
    body_seconds: float = 20.0
    """For a body, once for its beginning and once for the rest."""
    bodies_bytes: int = 64_000_000
    """Of all requests that are being answered together."""
    write_seconds: float = 30.0
    """For a client to take a response, and more for a long one:"""
    write_bytes_a_second: float = 20_000.0


class HttpError(Exception):
    """The request gets a status and no more."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back."""

    status: int
    body: bytes
    content_type: str = "application/octet-stream"
    closes: bool = False
    """Whether the connection ends with it."""


class Request:
    """A request whose head is there; the body is read as far as the handler wants."""

    def __init__(self, connection: _Connection, event: h11.Request) -> None:
        self.method = event.method.decode("ascii")
        self.path = event.target.decode("ascii").partition("?")[0]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        """Names in lower case."""
        self.address = connection.address
        self._connection = connection
        self._body = bytearray()
        self._is_whole = False

    async def beginning(self, length: int) -> bytes:
        """At least so many bytes of the body, or all that there are.

        Raises:
            HttpError: it does not come.
        """
        await self._read(length)
        return bytes(self._body)

    async def body(self, most: int) -> bytes:
        """The whole body.

        Raises:
            HttpError: it is longer than ``most`` bytes, or does not come.
        """
        stated = self.headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > most:
            raise HttpError(413, f"the body is longer than {most} bytes")
        await self._read(most + 1)
        if len(self._body) > most:
            raise HttpError(413, f"the body is longer than {most} bytes")
        return bytes(self._body)

    async def _read(self, length: int) -> None:
        try:
            async with asyncio.timeout(self._connection.bounds.body_seconds):
                while not self._is_whole and len(self._body) < length:
                    event = await self._connection.body_part()
                    if isinstance(event, h11.Data):
                        self._connection.account.add(len(event.data))
                        self._body += event.data
                    else:
                        self._is_whole = True
        except TimeoutError:
            raise HttpError(408, "the body does not come") from None


@dataclass(slots=True)
class Bodies:
    """What the bodies of requests take; what a connection holds of it is part of what all hold."""

    most: int
    size: int = 0
    whole: Bodies | None = None

    def add(self, length: int) -> None:
        """Note more of one.

        Raises:
            HttpError: that is too much.
        """
        if self.size + length > self.most:
            raise HttpError(503, "too many long requests at once: try again")
        if self.whole:
            self.whole.add(length)
        self.size += length

    def clear(self) -> None:
        """Note that the request is answered."""
        if self.whole:
            self.whole.size -= self.size
        self.size = 0


class Held(Protocol):
    """A connection as a ``Room`` sees it."""

    address: str
    is_aborted: bool

    @property
    def is_answering(self) -> bool:
        """Whether it has made its request."""
        ...

    def abort(self) -> None:
        """End it at once."""
        ...


class Room:
    """The connections that there are, so many at most, and so many of one address."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._held: dict[str, OrderedDict[Held, None]] = {}
        self._count = 0

    def enter(self, connection: Held) -> bool:
        """Take one in; whether there was room for it.

        The oldest that has not made its request yet is let go for it: who is slow loses, who comes does not.
        """
        of_address = self._held.get(connection.address, OrderedDict())
        is_room = True
        if len(of_address) >= self._bounds.per_address:
            is_room = _let_one_go(of_address)
        elif self._count >= self._bounds.connections:
            is_room = any(_let_one_go(one) for one in sorted(self._held.values(), key=lambda group: -len(group)))
        if is_room:
            self._held.setdefault(connection.address, OrderedDict())[connection] = None
            self._count += 1
        return is_room

    def leave(self, connection: Held) -> None:
        """Note that one has ended."""
        self._count -= 1
        of_address = self._held[connection.address]
        del of_address[connection]
        if not of_address:
            del self._held[connection.address]

    def clear(self) -> None:
        """End all."""
        for connections in list(self._held.values()):
            for connection in list(connections):
                connection.abort()


def _let_one_go(connections: OrderedDict[Held, None]) -> bool:
    for connection in connections:
        if not connection.is_answering and not connection.is_aborted:
            connection.abort()
            return True
    return False


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound, for a server to listen on.

    Raises:
        OSError: the address is in use or not ours.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


Handler = Callable[[Request], Awaitable[Response]]


class WebServer:
    """Listens until it is closed."""

    def __init__(self, handler: Handler, bounds: Bounds) -> None:
        self._handler = handler
        self._bounds = bounds
        self._room = Room(bounds)
        self._bodies = Bodies(bounds.bodies_bytes)
        self._server: asyncio.Server

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            OSError: the address is in use or not ours.
        """
        listening = listening_socket(host, port)
        try:
            self._server = await asyncio.start_server(self._accept, sock=listening, backlog=BACKLOG, limit=READ_BYTES)
        except OSError:
            listening.close()
            raise

    async def close(self) -> None:
        """Take no more connections; end those that there are."""
        self._server.close()
        self._room.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        connection = _Connection(reader, writer, str(peer[0]) if peer else "", self._bounds, self._bodies)
        if not self._room.enter(connection):
            connection.abort()
            return
        try:
            await connection.serve(self._handler)
        finally:
            self._room.leave(connection)


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, bounds: Bounds, bodies: Bodies
    ) -> None:
        self.address = address
        self.is_answering = False
        self.is_aborted = False
        self._reader = reader
        self._writer = writer
        self.bounds = bounds
        self.account = Bodies(bodies.most, whole=bodies)
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=bounds.head_bytes)

    def abort(self) -> None:
        self.is_aborted = True
        self._writer.transport.abort()

    async def serve(self, handler: Handler) -> None:
        try:
            while await self._serve_one(handler):
                self._protocol.start_next_cycle()
        except (OSError, TimeoutError, h11.ProtocolError, asyncio.IncompleteReadError):
            pass  # it went away, or is not worth a word
        finally:
            with suppress(OSError, RuntimeError):
                self._writer.close()

    async def _serve_one(self, handler: Handler) -> bool:
        """Answer one request; whether there may be another."""
        try:
            async with asyncio.timeout(self.bounds.head_seconds):
                event = await self._next_event()
        except h11.RemoteProtocolError as error:
            await self._refuse(HttpError(error.error_status_hint, "this is no request"))
            return False
        if not isinstance(event, h11.Request):
            return False
        try:
            response = await self._answered(handler(Request(self, event)))
        except HttpError as error:
            await self._refuse(error)
            return False
        self.is_answering = True
        await self._send(response)
        return self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE

    async def _answered(self, work: Awaitable[Response]) -> Response:
        """Wait for the handler, unless the client goes away meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=GONE_SECONDS))[0]:
                if self._reader.at_eof() or self._writer.is_closing():
                    raise ConnectionResetError
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
            self.account.clear()
            self.is_answering = False

    async def body_part(self) -> Any:
        """The next part of the body, or its end."""
        try:
            if self._protocol.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                self._writer.write(self._protocol.send(go_on) or b"")
            event = await self._next_event()
        except h11.RemoteProtocolError:
            raise HttpError(400, "the body makes no sense") from None
        if not isinstance(event, (h11.Data, h11.EndOfMessage)):
            raise ConnectionResetError
        self.is_answering = isinstance(event, h11.EndOfMessage)
        return event

    async def _next_event(self) -> Any:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._reader.read(READ_BYTES))
        return event

    async def _refuse(self, error: HttpError) -> None:
        with suppress(h11.LocalProtocolError):
            await self._send(Response(error.status, f"{error}\n".encode(), "text/plain; charset=utf-8", closes=True))

    async def _send(self, response: Response) -> None:
        headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        if response.closes:
            headers.append(("Connection", "close"))
        head = self._protocol.send(h11.Response(status_code=response.status, headers=headers)) or b""
        self._protocol.send(h11.Data(data=response.body))  # for its account of the length; sent as it is
        self._protocol.send(h11.EndOfMessage())
        seconds = self.bounds.write_seconds + len(response.body) / self.bounds.write_bytes_a_second
        async with asyncio.timeout(seconds):
            whole = memoryview(head + response.body)
            for start in range(0, len(whole), READ_BYTES):
                self._writer.write(whole[start : start + READ_BYTES])
                await self._writer.drain()
