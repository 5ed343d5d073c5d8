"""An ASGI application behind uvicorn, within the bounds of ``serving.web`` and behind the tokens of ``serving.tokens``.

Belongs here: connections, what a request may weigh and how long it may take, who may ask. Does not belong here: what is
asked (``api``, ``tools``). uvicorn bounds neither how long a head may take nor how long a client may take to read, and
lets what nobody waits for go on; its protocol is completed here for that.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, Final

import uvicorn
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from dagster_project.serving.tokens import Guesses, Reader, Tokens
from dagster_project.serving.web import BACKLOG, Bodies, Bounds, HttpError, Room, listening_socket
from dagster_project.warehouse.ask.query import json_value

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROBLEM: Final = "application/problem+json"
TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    410: "Gone",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
GRACE_SECONDS: Final = 5
MOST_BODY_BYTES: Final = 1_000_000
"""Of one body: the longest query, in JSON."""


def problem(status: int, reason: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """An answer that says what is wrong, as RFC 9457 has it."""
    body = {"title": TITLES.get(status, "Error"), "status": status, "detail": reason, **more}
    extra = {"Retry-After": "5"} if status in (429, 503) else {}
    return Response(json_value(body) + "\n", status, {**extra, **(headers or {})}, media_type=PROBLEM)


class Web:
    """Serves an application until it is stopped."""

    def __init__(self, app: App, bounds: Bounds, log: Any) -> None:
        self._app, self._bounds, self._log = app, bounds, log
        self._server: _Uvicorn
        self._running: asyncio.Task[None]

    async def start(self, host: str, port: int) -> None:
        """Listen; returns when clients can connect.

        Raises:
            OSError: the address is in use or not ours.
        """
        _log_errors(self._log)
        listening = listening_socket(host, port)
        config = uvicorn.Config(
            self._app,
            http=_protocol(self._bounds),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # whoever connects could say so of itself
            server_header=False,
            h11_max_incomplete_event_size=self._bounds.head_bytes,
            timeout_keep_alive=int(self._bounds.head_seconds),
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=BACKLOG,
        )
        self._server = _Uvicorn(config)
        self._running = asyncio.create_task(self._server.serve([listening]))
        while not self._server.started:
            if self._running.done():
                listening.close()
                self._running.result()
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Take no more connections, let what is answered be answered for some seconds, and end."""
        self._server.should_exit = True
        await self._running


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The command looks after signals."""
        yield


class _Bounded(H11Protocol):
    """One connection; subclasses have the bounds and the room that they share."""

    bounds: ClassVar[Bounds]
    room: ClassVar[Room]

    is_aborted = False
    is_welcome = False
    address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._asking: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._taken_until = 0.0
        self.app = self._ask
        self.address = self.client[0] if self.client else ""
        self.is_welcome = self.room.enter(self)
        if not self.is_welcome:
            self.abort()
            return
        self._wait_for_head()

    @property
    def is_answering(self) -> bool:
        """Whether a request came that is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def abort(self) -> None:
        """End it at once."""
        self.is_aborted = True
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_welcome:
            self.room.leave(self)
        for timer in (self._timer, self._writing):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        if self._asking is not None:  # nobody waits for it any more
            self._asking.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._taken_until = self.loop.time() + self._seconds_to_take()
        self._wait_for_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writing = self.loop.call_later(self._seconds_to_take(), self.abort)

    def resume_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
        super().resume_writing()

    def _seconds_to_take(self) -> float:
        """For the client, what is written and not sent yet."""
        waiting = self.transport.get_write_buffer_size()
        return self.bounds.write_seconds + waiting / self.bounds.write_bytes_a_second

    def _wait_for_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self.bounds.head_seconds, self._look)

    def _look(self) -> None:
        if self.is_answering:
            return
        if self.transport.get_write_buffer_size() and self.loop.time() < self._taken_until:
            self._wait_for_head()  # it is still taking the answer before
        else:
            self.abort()

    async def _ask(self, scope: Any, receive: Any, send: Any) -> None:
        self._asking = asyncio.current_task()
        try:
            await self.config.loaded_app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.cycle.disconnected:
                raise
        finally:
            self._asking = None


def _protocol(bounds: Bounds) -> type[asyncio.Protocol]:
    """uvicorn's protocol with connections in a room of their own."""
    return type("Bounded", (_Bounded,), {"bounds": bounds, "room": Room(bounds)})


class Gate:
    """Lets requests with a token through to the application, their bodies within bounds; notes whose they are."""

    def __init__(
        self,
        app: App,
        tokens: Tokens,
        guesses: Guesses,
        bounds: Bounds,
        log: Any,
        *,
        public: Collection[str] = (),
        methods: Collection[str] = (),
    ) -> None:
        """Prepare.

        Args:
            app: finds the reader as ``scope["state"]["reader"]``.
            tokens: who may ask.
            guesses: of wrong tokens, shared by all doors.
            bounds: for bodies.
            log: takes structlog's calls.
            public: paths for which no token is needed.
            methods: of requests, where not all are for the application.
        """
        self._app, self._tokens, self._guesses, self._bounds, self._log = app, tokens, guesses, bounds, log
        self._public, self._methods = public, methods
        self._bodies = Bodies(bounds.bodies_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = None
        if headers.get("sec-fetch-site") == "cross-site":  # a page of somebody else, in a browser that knows the token
            refusal = problem(403, "other sites may not ask here from a reader's browser")
        elif scope["path"] not in self._public:
            reader = await self._reader(scope["client"][0] if scope["client"] else "", headers.get("authorization", ""))
            if isinstance(reader, Response):
                refusal = reader
            else:
                scope["state"]["reader"] = reader
        if refusal is None and self._methods and scope["method"] not in self._methods:
            refusal = problem(405, "this cannot be done here", {"Allow": ", ".join(self._methods)})
        if refusal is not None:
            await refusal(scope, receive, send)
        else:
            await self._let_through(scope, receive, send, headers.get("content-length", ""))

    async def _reader(self, address: str, authorization: str) -> Reader | Response:
        token = _token(authorization)
        if not token:
            return _unauthorized("a token is needed: Authorization: Bearer TOKEN")
        reader = self._tokens.reader_of(token)
        if reader is not None and self._guesses.is_passed(address, reader):
            return reader
        async with self._guesses.slowed(address) as was_looked_at:
            if was_looked_at:
                self._log.warning("not admitted", address=address)
                return _unauthorized("the token is wrong or was taken out")
        return problem(429, "too many wrong tokens from this address: try again later")

    async def _let_through(self, scope: Scope, receive: Receive, send: Send, stated: str) -> None:
        account, has_begun, is_whole = Bodies(MOST_BODY_BYTES, whole=self._bodies), False, False
        until = asyncio.get_running_loop().time() + self._bounds.body_seconds

        async def receive_bounded() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HttpError(408, "the body does not come") from None
            is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            if account.size + len(message.get("body", b"")) > account.most:
                raise HttpError(413, f"the body is longer than {account.most:,} bytes")
            account.add(len(message.get("body", b"")))
            return message

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if stated.isdecimal() and int(stated[:20]) > account.most:
                raise HttpError(413, f"the body is longer than {account.most:,} bytes")
            await self._app(scope, receive_bounded, send_noted)
        except HttpError as error:
            if has_begun:
                raise
            # Nothing more is read: the connection has to end.
            await problem(error.status, str(error), {"Connection": "close"})(scope, receive, send)
        finally:
            account.clear()


def _token(authorization: str) -> str:
    """The token of a header: of the kind Bearer, or the password of the kind Basic, which programs know that ask for a
    name and a password."""
    kind, _, given = authorization.partition(" ")
    if kind.lower() == "bearer":
        return given.strip()
    if kind.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    return ""


def _unauthorized(reason: str) -> Response:
    return problem(401, reason, {"WWW-Authenticate": 'Bearer realm="kommunlager", Basic realm="kommunlager"'})


class _Handler(logging.Handler):
    """Hands uvicorn's errors on to our log."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.error("web server", error=record.getMessage().strip(), exc_info=record.exc_info or None)


def _log_errors(log: Any) -> None:
    logger = logging.getLogger("uvicorn")
    logger.handlers = [_Handler(log)]
    logger.propagate = False
