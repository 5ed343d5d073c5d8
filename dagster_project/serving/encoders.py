"""The pool of processes that write answers as Quack's messages.

Belongs here: handing an answer to one and taking the messages, and replacing one that died of it. Does not belong here:
the process itself (``encoder``), and who fetches the messages (``server``).
"""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Final

from dagster_project.serving.forkserver import Child, ForkServer
from dagster_project.serving.frames import BrokenFrameError, Frame, receive, send
from dagster_project.serving.workers import Answer, StatementError
from dagster_project.settings import ConfigurationError

SMALL: Final = 2
"""Processes for answers that come as bytes; one more writes the large ones, so that those hold nobody up."""

SMALL_MB: Final = 8
PORTS: Final = 10
"""That a process is offered."""

SECONDS_TO_START: Final = 60.0
SMALL_SECONDS: Final = 5.0
"""For one that came as bytes: what takes longer is begun again where the large ones wait for each other."""

SECONDS: Final = 60.0
"""For one answer."""


@dataclass(slots=True)
class Messages:
    """The messages that tell an answer, in order; to be closed."""

    lengths: list[int]
    data: bytes
    file: int | None
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._starts = [0, *accumulate(self.lengths)]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def size(self) -> int:
        """Bytes of all."""
        return self._starts[-1]

    def __getitem__(self, number: int) -> bytes:
        start, length = self._starts[number], self.lengths[number]
        if self.file is None:
            return self.data[start : start + length]
        return os.pread(self.file, length, start)

    def close(self) -> None:
        """Let go of them."""
        if self.file is not None:
            os.close(self.file)
            self.file = None


class Encoders:
    """The pool; starts a process when it is needed first."""

    def __init__(self, forks: ForkServer, answer_mb: int) -> None:
        self._forks = forks
        self._answer_mb = answer_mb
        self._small: asyncio.Queue[Child | None] = asyncio.Queue()
        self._large: asyncio.Queue[Child | None] = asyncio.Queue()
        self._threads = ThreadPoolExecutor(SMALL + 1, thread_name_prefix="encoder")
        self._connected: dict[tuple[str, str, int, int], bytes] = {}

    async def start(self) -> None:
        """Start the processes for small answers.

        Raises:
            ConfigurationError: they do not start.
        """
        for _ in range(SMALL):
            try:
                self._small.put_nowait(await self._on_thread(self._start, False))
            except BrokenFrameError as error:
                raise ConfigurationError(f"The extension quack cannot be loaded: {error}") from None
        self._large.put_nowait(None)

    def close(self) -> None:
        """No more answers."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def encode(self, answer: Answer) -> Messages:
        """Write an answer.

        Raises:
            StatementError: it cannot be written.
        """
        files = [] if answer.file is None else [answer.file]
        frame = await self._ask(bool(files), {"encode": True}, answer.data, files)
        if frame is None:
            frame = await self._ask(True, {"encode": True}, answer.data, files)
        if frame is None:
            raise StatementError("stopped", "the answer cannot be written in time")
        return Messages(list(frame.head["lengths"]), frame.body, frame.files[0] if frame.files else None)

    async def connected(self, client: tuple[str, str, int, int]) -> bytes:
        """What DuckDB's own server says to a client of such a version that opens a session.

        Raises:
            StatementError: it does not let it in.
        """
        if client not in self._connected:
            frame = await self._ask(False, {"connect": client}, b"", [])
            if frame is None:
                raise StatementError("stopped", "the server is busy: try again")
            if len(self._connected) > 100:
                self._connected.clear()
            self._connected[client] = frame.body
        return self._connected[client]

    async def _ask(self, is_large: bool, head: dict[str, Any], body: bytes, files: list[int]) -> Frame | None:
        """What a process says, or None if it took too long or was ended by somebody else."""
        places = self._large if is_large else self._small
        child = await places.get()
        try:
            return_to = child
            try:
                if child is None:
                    child = return_to = await self._on_thread(self._start, is_large)
                frame: Frame = await asyncio.shield(self._on_thread(_converse, child, head, body, files))
            except (TimeoutError, BrokenFrameError) as error:
                return_to = None
                ending = await self._on_thread(child.end) if child else None
                if isinstance(error, TimeoutError) or (ending and ending.is_from_outside):
                    return None
                why = f"the process that wrote it died ({ending.words})" if ending else str(error)
                raise StatementError("crashed", f"the answer cannot be written: {why}") from None
            except asyncio.CancelledError:  # what it says next would be for somebody else
                return_to = None
                if child is not None:
                    self._on_thread(child.end)
                raise
        finally:
            places.put_nowait(return_to)
        if frame.head.get("outcome") in ("failed", "stopped"):
            raise StatementError(frame.head["outcome"], str(frame.head["reason"]))
        return frame

    def _start(self, is_large: bool) -> Child:
        answer_mb = self._answer_mb if is_large else SMALL_MB
        child = self._forks.fork("encoder", answer_mb=answer_mb, ports=_free_ports())
        child.link.settimeout(SECONDS_TO_START)
        try:
            wrong = receive(child.link).head["error"]
        except (TimeoutError, BrokenFrameError, KeyError):
            wrong = child.end().words
        if wrong:
            child.end()
            raise BrokenFrameError(str(wrong))
        child.link.settimeout(SECONDS if is_large else SMALL_SECONDS)
        return child

    def _on_thread(self, work: Any, *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))


def _converse(child: Child, head: dict[str, Any], body: bytes, files: list[int]) -> Frame:
    try:
        send(child.link, head, body, files)
    except TimeoutError:
        raise
    except OSError as error:
        raise BrokenFrameError(str(error)) from None
    return receive(child.link)


def _free_ports() -> list[int]:
    """Some that nobody has now: a process can take no others once it is closed, and somebody may be quicker."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(PORTS)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
