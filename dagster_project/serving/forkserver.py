"""Processes that may die: started by forking one that has imported what they need, contained, killed, and told apart.

Belongs here: starting such a process, ending it, and how it ended. Does not belong here: what it does (``runner``,
``encoder``), what it may (``containment``) and who gets it (``workers``). The fork server is a program of its own with
an environment of its own: neither it nor its children ever held a reader's token. It opens no database itself, so that
it has one thread when it forks.

    python -m dagster_project.serving.forkserver DESCRIPTOR
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dagster_project.serving.containment import close
from dagster_project.serving.frames import BrokenFrameError, Frame, receive, send

ROOT: Final = Path(__file__).resolve().parents[2]

KEPT_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "HOME", "LD_LIBRARY_PATH", "PYTHONHOME")
"""What Python and DuckDB's extensions need; HOME is where the wheels put them."""

EXTENSIONS: Final = ("fts", "httpfs", "quack")
"""Of DuckDB, which its processes load."""

SECONDS_TO_START: Final = 60.0
LOWEST_PRIORITY: Final = 19
TICKS: Final = os.sysconf("SC_CLK_TCK")
_PR_SET_NO_NEW_PRIVS: Final = 38


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended."""

    signal: int
    """That killed it; 0 if none did."""
    code: int
    cpu_seconds: float

    @property
    def is_from_outside(self) -> bool:
        """Whether an operator ended it, or the system for want of memory, or it is not known."""
        return self.signal in (signal.SIGKILL, signal.SIGTERM) or self.code < 0

    @property
    def words(self) -> str:
        """For the log."""
        if not self.signal:
            return f"it ended with code {self.code}" if self.code >= 0 else "it ended"
        with suppress(ValueError):
            return f"it was killed by {signal.Signals(self.signal).name}"
        return f"it was killed by signal {self.signal}"


class Child:
    """A process that was forked, and the socket to it."""

    def __init__(self, server: ForkServer, pid: int, handle: int, link: socket.socket) -> None:
        self.pid = pid
        self.link = link
        self._server = server
        self._handle = handle
        self._ending: Ending | None = None
        self._lock = threading.Lock()  # for what takes no time: the event loop waits for it
        self._end_lock = threading.Lock()

    def is_alive(self) -> bool:
        """Whether it has not ended by itself."""
        with self._lock:
            return self._ending is None and not select.select([self._handle], [], [], 0)[0]

    def kill(self) -> None:
        """End it at once. The number may be another process's by now: the handle never is."""
        with self._lock:
            if self._ending is None:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self) -> Ending:
        """Kill it if it is alive, wait until it is dead, and say how it ended."""
        self.kill()
        with self._end_lock:
            if self._ending is None:
                self.wait(None)
                ending = self._server.ending_of(self.pid)
                with self._lock:
                    self._ending = ending
                    os.close(self._handle)
                    self.link.close()
            return self._ending

    def wait(self, seconds: float | None) -> None:
        """Wait until it is dead, at most so long: what was killed may take a while to go on a busy machine."""
        with suppress(OSError, ValueError):  # closed meanwhile, by whoever has waited too
            select.select([self._handle], [], [], seconds)

    def cpu_seconds(self) -> float:
        """Processor time of all its threads since it was started."""
        with self._lock, suppress(OSError, ValueError, IndexError):
            if self._ending is None:
                fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / TICKS
        return 0.0

    def give_way(self) -> None:
        """Let all its threads go behind others; there is no way back."""
        with self._lock, suppress(OSError):
            if self._ending is None:
                for thread in Path(f"/proc/{self.pid}/task").iterdir():
                    _give_way(int(thread.name))


class ForkServer:
    """The caller's side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            # Not the folder that the server happens to be started in, where a library would be looked for first.
            [sys.executable, "-P", "-m", "dagster_project.serving.forkserver", str(theirs.fileno())],
            env=kept
            | {
                "PYTHONPATH": str(ROOT),
                "MALLOC_ARENA_MAX": "2",  # every arena takes address space, which is what is limited
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "ARROW_DEFAULT_MEMORY_POOL": "system",  # the others start a thread, and a fork wants none
            },
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for the server, which then ends them
        )
        theirs.close()
        ours.settimeout(SECONDS_TO_START)
        self._link = ours

    def fork(self, work: str, **settings: Any) -> Child:
        """Start a process that does ``work`` (``runner`` or ``encoder``).

        Raises:
            BrokenFrameError: there is no process to be had now.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            ours, theirs = socket.socketpair()
            try:
                send(self._link, {"fork": work, "settings": settings}, files=[theirs.fileno()])
                frame = receive(self._link)
            except (OSError, BrokenFrameError) as error:
                ours.close()
                self._stop()
                raise BrokenFrameError(f"the fork server is gone: {error}") from None
            finally:
                theirs.close()
            if "error" in frame.head:
                ours.close()
                raise BrokenFrameError(f"no process can be started: {frame.head['error']}")
            return Child(self, int(frame.head["pid"]), frame.files[0], ours)

    def ending_of(self, pid: int) -> Ending:
        """How a child that is dead ended."""
        with self._lock:
            try:
                send(self._link, {"ending": pid})
                said = receive(self._link).head
                return Ending(int(said["signal"]), int(said["code"]), float(said["cpu_seconds"]))
            except (OSError, BrokenFrameError):
                return Ending(0, -1, 0.0)

    def stop(self) -> None:
        """End it and, with it, its children."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._link.close()
            self._process.kill()
            self._process.wait()
            self._process = None


# --- the fork server's own side ---------------------------------------------------------------------------------------


def main() -> None:
    """Fork when asked to, until the caller is gone."""
    import pandas  # noqa: F401 - DuckDB imports it in each child otherwise, for as long as all the rest takes

    import dagster_project.serving.encoder
    import dagster_project.serving.runner

    works: dict[str, Work] = {
        "runner": dagster_project.serving.runner.main,
        "encoder": dagster_project.serving.encoder.main,
    }
    link = socket.socket(fileno=int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _control(_PR_SET_NO_NEW_PRIVS, 1)
    _install_extensions()
    with suppress(OSError, BrokenFrameError):  # children end by themselves: see _fork
        while True:
            frame = receive(link)
            if "fork" in frame.head:
                _fork(link, works, frame)
            else:
                send(link, _ending(int(frame.head["ending"])))


Work = Callable[[socket.socket, Mapping[str, Any], Mapping[str, Any]], None]
"""What a child does: over a socket, with its settings, and what it says of its own confinement."""


def _install_extensions() -> None:
    """Put DuckDB's extensions where they are loaded from; the children may write nothing. In a process that ends."""
    pid = os.fork()
    if not pid:
        try:
            import duckdb

            from dagster_project.serving.extensions import load_extension

            with duckdb.connect() as connection:
                for name in EXTENSIONS:
                    with suppress(duckdb.Error):  # who needs it says so
                        load_extension(connection, name)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _fork(link: socket.socket, works: Mapping[str, Work], frame: Frame) -> None:
    work, settings = str(frame.head["fork"]), frame.head["settings"]
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:  # too many processes, or no memory: another time perhaps
        send(link, {"error": str(error)})
        for file in frame.files:
            os.close(file)
        return
    if not pid:
        code = 70
        try:
            _close_all_but(frame.files[0])
            theirs = socket.socket(fileno=frame.files[0])
            if settings.get("gives_way"):
                _give_way(0)
            # While there is one thread: what is given up is given up by it and those that it starts.
            holds = close(work, settings, parent)
            works[work](theirs, settings, holds)
            code = 0
        finally:
            os._exit(code)
    handle = os.pidfd_open(pid)
    send(link, {"pid": pid}, files=[handle])
    for file in (handle, *frame.files):
        os.close(file)


def _ending(pid: int) -> dict[str, Any]:
    try:
        _, status, usage = os.wait4(pid, 0)
    except ChildProcessError:  # of a fork server before this one
        return {"signal": 0, "code": -1, "cpu_seconds": 0.0}
    code = os.waitstatus_to_exitcode(status)
    return {"signal": max(0, -code), "code": max(0, code), "cpu_seconds": usage.ru_utime + usage.ru_stime}


def _give_way(thread: int) -> None:
    """Let a thread, 0 for this one, go behind others; not to where it never comes to its end on a busy machine."""
    os.setpriority(os.PRIO_PROCESS, thread, LOWEST_PRIORITY)


def _close_all_but(kept: int) -> None:
    """Leave the socket; what goes to the standard channels goes nowhere: nobody reads it as the server's log."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    for file in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if file > 2 and file != kept:
            with suppress(OSError):
                os.close(file)


def _control(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
