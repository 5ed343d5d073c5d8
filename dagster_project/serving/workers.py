"""Running a reader's statement in a process that can be killed: the interface for whatever protocol asks.

Belongs here: the pool of processes, limits, turns, following releases, and what a statement came to:
``await workers.answer(reader, sql)`` gives columns, types and rows, or raises a ``StatementError`` that says what
happened. Does not belong here: protocols and sessions (``server``), what may be asked (``policy``), the process itself
(``runner``). Everything but the reading of a socket happens on one event loop.

The seats. The ``running`` seats in the foreground are for readers whose statements have not been costly in the last
minute (``shares``); the ``background`` seats, of low priority, for the others. A query that has used half a second of
processor time is long, and moves to the background when there is a seat; where there is none and somebody waits, a long
one of whoever weighs most is stopped. So nobody holds the server, whatever DuckDB does with a statement.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa

from dagster_project.serving.forkserver import Child, ForkServer
from dagster_project.serving.frames import BrokenFrameError, Frame, receive, send
from dagster_project.serving.shares import Shares, fairest, weight_of
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.ask.query import QueryError
from dagster_project.warehouse.release.releases import name_of

Identity = tuple[str, int, int]
"""Path, inode and time of change of a release: no two are the same, though their files have the same name."""

Outcome = Literal["refused", "failed", "stopped", "crashed"]

LONG_CPU_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 2.0
IMPATIENT_CPU_SECONDS: Final = 0.1
"""What makes a query long while somebody has waited longer than that. Stopped for it, it waits for another turn:
it asked for nothing that a quiet machine would have called long."""

MOST_PUT_BACK: Final = 2
"""After so many turns that it had to leave, a query keeps the next until it is long."""

PERMIT_SECONDS: Final = 10.0
"""So long a query waits for the permit to make a large answer; it has its seat meanwhile."""

DYING_SECONDS: Final = 2.0
"""So long a seat waits for its last process to be gone, with its memory, before it gets another."""

TICK_SECONDS: Final = 0.05
GRACE_SECONDS: Final = 1.0
"""After its deadline a query that does not listen is killed with its process."""

KILL_COSTS: Final = 5.0
STOP_COSTS: Final = 1.0
"""Weight of a statement that cost a worker, and of one that ran into a limit, in seconds of processor time."""

FATAL_SECONDS: Final = 60.0
"""A statement that cost a worker, or ran out of time or memory, is not tried again on the same release for so long."""

REMEMBERED: Final = 5_000
MOST_WAITING: Final = 500
"""Statements of one reader."""

SECONDS_TO_START: Final = 60.0
BASE_MB: Final = 800
"""What the server's processes take before anybody asks."""

LEAST_QUERY_MB: Final = 64
ANSWERS_IN_MEMORY: Final = 5
"""Largest answers that can be in memory at once: one being made, twice in being encoded, two being fetched."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries may cost."""

    seconds: float = 30.0
    """A query, from its start to its last row."""
    turn_seconds: float = 30.0
    """So long a query waits for its turn."""
    memory_mb: int = 4096
    """10^6 bytes for all processes of the server together."""
    threads: int = 2
    """Of one query."""
    running: int = 4
    """Queries at a time, without long ones; the others wait their turn."""
    answer_mb: int = 256
    """10^6 bytes of one answer."""
    reader_cpu_seconds: float | None = None
    """Processor time that one reader may use in a minute; None for any."""
    sent_answers: int = 0
    """Largest answers that may be on their way as text, beside those of Quack."""

    @property
    def background(self) -> int:
        """Queries at a time beside ``running``: long ones, and those of readers whose statements are costly."""
        return max(1, self.running // 2)

    @property
    def query_mb(self) -> int:
        """10^6 bytes for one query.

        Raises:
            ConfigurationError: there is not enough for all.
        """
        seats = self.running + self.background
        kept_mb = BASE_MB + (ANSWERS_IN_MEMORY + self.sent_answers) * self.answer_mb
        left = self.memory_mb - kept_mb
        if left < seats * LEAST_QUERY_MB:
            least = kept_mb + seats * LEAST_QUERY_MB
            raise ConfigurationError(
                f"{self.memory_mb} MB are too little for {self.running} queries at a time with answers of "
                f"{self.answer_mb} MB: at least {least} MB, or fewer queries, or smaller answers."
            )
        return left // seats


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of an answer are written."""

    name: Literal["arrow", "csv", "json"] = "arrow"
    """``csv`` with a line of names, ``json`` as an array of objects."""
    most_rows: int | None = None
    """Rows of text, at most; None for all."""
    exact: bool = False
    """Whether texts in CSV are left as they are that a spreadsheet would take for formulas."""


ARROW: Final = Form()


def _nothing() -> None:
    """No permit was needed."""


class _NoPermitError(TimeoutError):
    """There was no turn for a large answer."""


class _TakenError(Exception):
    """A process was ended from outside: by an operator, or for want of memory, of this query or of something else."""


class _PutBackError(Exception):
    """A query was stopped for others before it was long: it gets another turn."""


class StatementError(Exception):
    """A statement has no answer; the message says why."""

    def __init__(self, outcome: Outcome, reason: str, *, release: str | None = None, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.release = release
        self.may_pass = may_pass
        """Whether it is not the statement's fault, so that the same may be answered another time."""


@dataclass(slots=True)
class Answer:
    """What a statement came to. To be closed, or used with ``with``."""

    columns: Sequence[str]
    """As the query names them; one name may occur twice."""
    types: Sequence[str]
    """DuckDB's names of the columns' types."""
    rows: int
    release: tuple[str, Identity]
    """Name and identity of the release that was asked."""
    is_repeatable: bool
    """Whether the release would give it again."""
    waited_ms: float
    ran_ms: float
    cpu_seconds: float
    data: bytes
    """The rows as a stream of Arrow or as text, unless they are in ``file``."""
    file: int | None = None
    """Descriptor of a file in memory with the rows, when they are many."""
    is_cut: bool = False
    """Whether there are more rows than were wanted."""
    _give_back: Callable[[], None] = _nothing

    @property
    def size(self) -> int:
        """Bytes of the rows as they are written."""
        return len(self.data) if self.file is None else os.fstat(self.file).st_size

    def text(self, start: int = 0, length: int | None = None) -> bytes:
        """The rows as text, or a part of it."""
        if self.file is None:
            return self.data[start : None if length is None else start + length]
        return os.pread(self.file, self.size - start if length is None else length, start)

    def table(self) -> pa.Table:
        """The rows. Those of a file can be used until the answer is closed."""
        source = pa.BufferReader(self.data) if self.file is None else pa.memory_map(f"/proc/self/fd/{self.file}")
        with pa.ipc.open_stream(source) as reader:
            return reader.read_all()

    def close(self) -> None:
        """Let go of the rows."""
        if self.file is not None:
            os.close(self.file)
            self.file = None
        self.leave_to_others()

    def leave_to_others(self) -> None:
        """Let others make large answers; the rows stay."""
        give_back, self._give_back = self._give_back, _nothing
        give_back()

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Release:
    path: Path
    name: str
    identity: Identity

    @property
    def asked(self) -> tuple[str, Identity]:
        return self.name, self.identity


def release_at(link: Path) -> _Release:
    """What a link leads to now.

    Raises:
        OSError: nothing.
    """
    path = link.resolve(strict=True)
    facts = path.stat()
    return _Release(path, name_of(path), (str(path), facts.st_ino, facts.st_mtime_ns))


@dataclass(slots=True)
class _Turn:
    reader: str
    sql: str
    arrived: float
    seat: asyncio.Future[_Seat]
    put_back: int
    """Turns that it had to leave."""


@dataclass(slots=True)
class _Run:
    reader: str
    child: Child
    began: float
    cpu_before: float
    put_back: int
    cpu_seconds: float = 0.0
    is_long: bool = False
    stopped_because: str | None = None
    is_put_back: bool = False
    """Whether it was stopped before it was long."""


@dataclass(slots=True, eq=False)
class _Seat:
    """A place for one process, and what runs there."""

    is_background: bool
    child: Child | None = None
    release: _Release | None = None
    run: _Run | None = None
    dying: Child | None = None
    """What was there before."""
    spare: tuple[Child, _Release] | None = None
    """Of a newer release, for when what runs has ended."""


class Workers:
    """The pool."""

    def __init__(self, link: Path, limits: Limits, log: Any) -> None:
        """Prepare; ``start`` starts.

        Args:
            link: to the published release.
            limits: what queries may cost.
            log: takes structlog's calls.

        Raises:
            QueryError: nothing is published.
            ConfigurationError: the limits cannot be kept.
        """
        if not link.exists():
            raise QueryError(f"There is no warehouse at {link} yet. `kommunlager refresh` makes it.")
        self.limits = limits
        self.shares = Shares(limits.reader_cpu_seconds)
        self.forks = ForkServer()
        self.holds: Mapping[str, Any] = {}
        """What the processes say that holds them on this machine; see ``containment.close``."""
        self._query_mb = limits.query_mb
        self._link = link
        self._log = log
        self._release = release_at(link)
        self._failed: Identity | None = None
        self._seats = [_Seat(is_background=number >= limits.running) for number in range(self._size)]
        self._waiting: list[_Turn] = []
        self._fatal: OrderedDict[tuple[Identity, bytes], tuple[float, StatementError]] = OrderedDict()
        self._large = threading.BoundedSemaphore(1)
        self._threads = ThreadPoolExecutor(3 * self._size + 4, thread_name_prefix="worker")
        self._ends = ThreadPoolExecutor(2 * self._size, thread_name_prefix="end")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    @property
    def _size(self) -> int:
        return self.limits.running + self.limits.background

    @property
    def release(self) -> tuple[str, Identity]:
        """Name and identity of the release that is asked now."""
        return self._release.asked

    async def start(self) -> None:
        """Start the processes.

        Raises:
            QueryError: the release cannot be opened.
        """
        started = await self._start_all(self._release)
        for seat, child in zip(self._seats, started, strict=True):
            seat.child, seat.release = child, self._release
        self._spawn(self._tick())

    async def close(self, grace: float) -> None:
        """End; what runs may go on for ``grace`` seconds."""
        self._is_closed = True
        until = time.monotonic() + grace
        while any(seat.run for seat in self._seats) and time.monotonic() < until:
            await asyncio.sleep(TICK_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.to_thread(self.forks.stop)
        for threads in (self._threads, self._ends):
            threads.shutdown(wait=False, cancel_futures=True)

    async def answer(self, reader: str, sql: str, form: Form = ARROW) -> Answer:
        """Judge and run a statement for a reader.

        Raises:
            StatementError: it has no answer.
        """
        self._raise_if_fatal(sql)
        put_back, is_taken = 0, False
        while True:
            try:
                return await self._answer_once(reader, sql, form, put_back)
            except _PutBackError:
                put_back += 1
            except _TakenError as error:
                if is_taken:
                    reason = f"the process that ran the query was ended twice ({error})"
                    wrong = StatementError("crashed", reason, may_pass=True)
                    self._remember_fatal(self._release, sql, wrong)
                    raise wrong from None
                is_taken = True

    async def _answer_once(self, reader: str, sql: str, form: Form, put_back: int) -> Answer:
        """Run a statement.

        Raises:
            StatementError: it has no answer.
            _TakenError: its process was ended by somebody else.
            _PutBackError: it was stopped for others.
        """
        arrived = time.perf_counter()
        seat = await self._seat_for(_Turn(reader, sql, arrived, asyncio.get_running_loop().create_future(), put_back))
        run = seat.run
        assert run is not None
        task = self._spawn(self._run(seat, run, sql, form, (time.perf_counter() - arrived) * 1e3))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:  # nobody wants it any more
            if seat.run is run:
                run.stopped_because = "the client has gone"
                run.child.kill()
            task.add_done_callback(_close_unwanted)
            raise

    async def follow(self) -> str | None:
        """Open what the link leads to now, if that is another file. Queries that run keep theirs.

        Returns:
            The name of the new release, or None.

        Raises:
            QueryError: it cannot be opened; the old one stays. Said once for each file.
        """
        try:
            new = release_at(self._link)
        except OSError:
            return None  # between two renames, or taken away: what is open stays open
        if new.identity in (self._release.identity, self._failed):
            return None
        try:
            started = await self._start_all(new)
        except QueryError:
            self._failed = new.identity
            raise
        self._release, self._failed = new, None
        self._fatal.clear()
        for seat, child in zip(self._seats, started, strict=True):
            if seat.spare:
                self._end(seat.spare[0])
            seat.spare = child, new
            if seat.run is None:
                self._renew(seat)
        self._dispatch()
        return new.name

    # --- turns --------------------------------------------------------------------------------------------------------

    async def _seat_for(self, turn: _Turn) -> _Seat:
        if self._is_closed:
            raise StatementError("stopped", "the server is stopping", may_pass=True)
        if sum(other.reader == turn.reader for other in self._waiting) >= MOST_WAITING:
            reason = f"{MOST_WAITING} queries of this token wait already: try again later"
            raise StatementError("stopped", reason, may_pass=True)
        self._waiting.append(turn)
        self._dispatch()
        try:
            await asyncio.wait({turn.seat}, timeout=self.limits.turn_seconds)
        except asyncio.CancelledError:  # nobody wants it any more
            if turn.seat.done():
                turn.seat.result().run = None
                self._renew(turn.seat.result())
                self._dispatch()
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
        if turn.seat.done():
            return turn.seat.result()
        why = "the server is busy"
        if not self.shares.may_begin(turn.reader):
            why = f"this token has used its {self.shares.cpu_seconds:g} seconds of processor time a minute"
        reason = f"{why}: no turn in {self.limits.turn_seconds:g} seconds; try again"
        raise StatementError("stopped", reason, may_pass=True)

    def _weight(self, reader: str) -> float:
        """In the last minute, what runs now among it."""
        running = [seat.run.cpu_seconds for seat in self._seats if seat.run and seat.run.reader == reader]
        return self.shares.weight(reader) + sum(weight_of(seconds) for seconds in running)

    def _dispatch(self) -> None:
        """Give free seats to those who wait."""
        for turn in fairest(self._waiting, self._weight):
            seat = self._free_seat(turn.reader)
            if seat and seat.child:
                self._waiting.remove(turn)
                before = seat.child.cpu_seconds()
                seat.run = _Run(turn.reader, seat.child, time.perf_counter(), before, turn.put_back)
                turn.seat.set_result(seat)

    def _free_seat(self, reader: str) -> _Seat | None:
        if not self.shares.may_begin(reader):
            return None
        is_background = not self.shares.is_light(reader)
        for seat in self._seats:
            if seat.child and not seat.run and seat.release == self._release and seat.is_background == is_background:
                return seat
        return None

    async def _tick(self) -> None:
        """Look after processes that were taken and queries that are long."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self._look()
            except Exception as error:  # or nobody would look any more
                self._log.error("looking after the workers failed", error=repr(error))

    def _look(self) -> None:
        for seat in self._seats:
            if seat.child and not seat.run and not seat.child.is_alive():  # the system took it
                self._drop(seat)
                self._renew(seat)
            if seat.run:
                used = seat.run.child.cpu_seconds() - seat.run.cpu_before
                seat.run.cpu_seconds = max(seat.run.cpu_seconds, used)
        light = [turn for turn in self._waiting if self._is_next(turn.reader)]
        self._find_long(impatient=any(time.perf_counter() - turn.arrived > PATIENCE_SECONDS for turn in light))
        for seat in self._seats:
            if seat.run and seat.run.is_long and not seat.is_background:
                self._move_back(seat)
        self._dispatch()
        if any(self._is_next(turn.reader) for turn in self._waiting):
            self._stop_one_long()

    def _is_next(self, reader: str) -> bool:
        """Whether the reader may have a foreground seat."""
        return self.shares.may_begin(reader) and self.shares.is_light(reader)

    def _find_long(self, *, impatient: bool) -> None:
        """Let long queries give way; on a machine so busy that none gets far, the longest when others wait too long."""
        for seat in self._seats:
            if seat.run and seat.is_background:
                seat.run.is_long = seat.run.cpu_seconds > LONG_CPU_SECONDS
        runs = [seat.run for seat in self._seats if seat.run and not seat.is_background]
        may_leave = [run for run in runs if run.put_back < MOST_PUT_BACK]
        longest = max(may_leave, key=lambda run: run.cpu_seconds, default=None)
        for run in runs:
            is_long = run.cpu_seconds > LONG_CPU_SECONDS
            if impatient and run is longest and not any(other.is_long for other in runs):
                is_long |= run.cpu_seconds > IMPATIENT_CPU_SECONDS
            if is_long and not run.is_long:
                run.is_long = True
                run.child.give_way()

    def _move_back(self, seat: _Seat) -> None:
        """Let a free background seat and the seat of a long query change places."""
        free = (other for other in self._seats if other.is_background and other.child and not other.run)
        if other := next(free, None):
            seat.is_background, other.is_background = True, False
            if seat.spare:
                self._end(seat.spare[0])
                seat.spare = None
            self._drop(other)
            self._renew(other)

    def _stop_one_long(self) -> None:
        """Stop a long query, of whoever weighs most, if there are more than there are background seats for."""
        foreground = [seat for seat in self._seats if not seat.is_background]
        long = [seat.run for seat in self._seats if seat.run and seat.run.is_long]
        if any(run.stopped_because for run in long) or any(seat.child is None for seat in foreground):
            return  # a seat will be free in a moment
        if any(seat.run and seat.run.is_long for seat in foreground):
            run = max(long, key=lambda run: (self._weight(run.reader), run.cpu_seconds))
            run.stopped_because = (
                f"the query was stopped after {run.cpu_seconds:.1f} seconds of processor time: others wait, and more "
                "such queries go on than there are places for; try again when the server is less busy"
            )
            run.is_put_back = run.cpu_seconds <= LONG_CPU_SECONDS
            run.child.kill()

    # --- one statement ------------------------------------------------------------------------------------------------

    async def _run(self, seat: _Seat, run: _Run, sql: str, form: Form, waited_ms: float) -> Answer:
        release = seat.release
        assert release is not None
        is_worn, cpu_seconds, penalty, has_permit = True, 0.0, 0.0, False
        try:
            frame, has_permit = await self._on_thread(self._converse, run.child, sql, form)
            said = frame.head
            cpu_seconds = float(said["cpu_seconds"])
            is_worn = bool(said["is_worn"]) or bool(run.stopped_because) or (run.is_long and not seat.is_background)
            if said["outcome"] != "answered":
                wrong = StatementError(said["outcome"], str(said["reason"]), release=release.name)
                if said["outcome"] == "stopped":
                    penalty = STOP_COSTS
                    self._remember_fatal(release, sql, wrong)
                raise wrong
            give_back: Callable[[], None] = self._large.release if has_permit else _nothing
            has_permit = False
            return Answer(
                columns=said["columns"],
                types=said["types"],
                rows=int(said["rows"]),
                release=release.asked,
                is_repeatable=bool(said["is_repeatable"]),
                waited_ms=waited_ms,
                ran_ms=float(said["ran_ms"]),
                cpu_seconds=cpu_seconds,
                data=frame.body,
                file=frame.files[0] if frame.files else None,
                is_cut=bool(said["is_cut"]),
                _give_back=give_back,
            )
        except (TimeoutError, BrokenFrameError, KeyError) as error:
            cpu_seconds = run.cpu_seconds
            if run.stopped_because:
                if run.is_put_back:
                    raise _PutBackError from None
                penalty = STOP_COSTS
                raise StatementError("stopped", run.stopped_because, release=release.name, may_pass=True) from None
            if isinstance(error, _NoPermitError):
                reason = "too many large answers are being made at once: try again"
                raise StatementError("stopped", reason, release=release.name, may_pass=True) from None
            penalty = KILL_COSTS
            ending = None if isinstance(error, TimeoutError) else await self._on_thread(run.child.end)
            if ending is None:
                reason = f"the query took longer than {self.limits.seconds:g} seconds and was stopped"
                wrong = StatementError("stopped", reason, release=release.name)
            elif ending.signal == signal.SIGXCPU:
                reason = "the query used more processor time than a query may and was stopped"
                wrong = StatementError("stopped", reason, release=release.name)
            elif ending.is_from_outside:
                penalty = 0.0
                raise _TakenError(ending.words) from None
            else:
                reason = f"the process that ran the query died of it ({ending.words}); other queries go on"
                wrong = StatementError("crashed", reason, release=release.name)
            self._remember_fatal(release, sql, wrong)
            raise wrong from None
        finally:
            if has_permit:
                self._large.release()
            self.shares.charge(run.reader, cpu_seconds, penalty)
            seat.run = None
            if is_worn or seat.release != self._release:
                self._drop(seat)
            self._renew(seat)
            self._dispatch()

    def _converse(self, child: Child, sql: str, form: Form) -> tuple[Frame, bool]:
        """Hand a statement over and wait; on a thread. Also says whether a permit for a large answer was given."""
        has_permit = False
        deadline = time.monotonic() + self.limits.seconds + GRACE_SECONDS
        child.link.settimeout(self.limits.seconds + GRACE_SECONDS)
        try:
            try:
                wish = {"form": form.name, "most_rows": form.most_rows, "exact": form.exact}
                send(child.link, wish | {"seconds": self.limits.seconds}, sql.encode())
            except TimeoutError:
                raise
            except OSError as error:
                raise BrokenFrameError(str(error)) from None
            frame = receive(child.link)
            if frame.head.get("outcome") == "large":
                has_permit = self._large.acquire(timeout=PERMIT_SECONDS)
                if not has_permit:
                    raise _NoPermitError
                child.link.settimeout(max(0.01, deadline - time.monotonic()))
                send(child.link, {})
                frame = receive(child.link)
            return frame, has_permit
        except BaseException:
            if has_permit:
                self._large.release()
            raise

    def note_unwritten(self, reader: str, sql: str, answer: Answer, wrong: StatementError) -> None:
        """Note that an answer could not be written in some protocol, which cost a process there perhaps."""
        self.shares.charge(reader, 0.0, KILL_COSTS)
        if answer.release == self.release:
            self._remember_fatal(self._release, sql, wrong)

    def _raise_if_fatal(self, sql: str) -> None:
        until, wrong = self._fatal.get((self._release.identity, _digest(sql)), (0.0, None))
        left = until - time.monotonic()
        if wrong is not None and left > 0:
            raise StatementError(
                wrong.outcome,
                f"{wrong} (the same query is not tried again for {left:.0f} seconds)",
                release=wrong.release,
            )

    def _remember_fatal(self, release: _Release, sql: str, wrong: StatementError) -> None:
        self._fatal[(release.identity, _digest(sql))] = time.monotonic() + FATAL_SECONDS, wrong
        if len(self._fatal) > REMEMBERED:
            self._fatal.popitem(last=False)

    # --- processes ----------------------------------------------------------------------------------------------------

    async def _start_all(self, release: _Release) -> list[Child]:
        started = await asyncio.gather(
            *(self._on_thread(self._start, release, seat.is_background) for seat in self._seats),
            return_exceptions=True,
        )
        wrong = [one for one in started if isinstance(one, BaseException)]
        children = [one for one in started if isinstance(one, Child)]
        if wrong:
            for child in children:
                self._end(child)
            raise wrong[0]
        return children

    def _start(self, release: _Release, is_background: bool) -> Child:
        """Start a process; on a thread.

        Raises:
            QueryError: it cannot open the release.
        """
        limits = self.limits
        try:
            child = self.forks.fork(
                "runner",
                path=str(release.path),
                threads=limits.threads,
                memory_mb=self._query_mb,
                answer_mb=limits.answer_mb,
                gives_way=is_background,
            )
        except BrokenFrameError as error:
            raise QueryError(str(error)) from None
        child.link.settimeout(SECONDS_TO_START)
        try:
            said = receive(child.link).head
            wrong = said["error"]
            self.holds = said.get("holds", self.holds)
        except (TimeoutError, BrokenFrameError, KeyError):
            wrong = f"the process that opens it died: {child.end().words}"
        if wrong:
            child.end()
            raise QueryError(f"The release {release.name} cannot be opened: {wrong}")
        return child

    def _renew(self, seat: _Seat) -> None:
        """See to it that the seat has a process of the newest release. Nothing runs there."""
        if seat.spare:
            self._drop(seat)
            (seat.child, seat.release), seat.spare = seat.spare, None
        if seat.child is None and not self._is_closed:
            self._spawn(self._start_again(seat))

    async def _start_again(self, seat: _Seat) -> None:
        if seat.dying:
            await asyncio.get_running_loop().run_in_executor(self._ends, seat.dying.wait, DYING_SECONDS)
        while seat.child is None and not self._is_closed:
            release = self._release
            try:
                child = await self._on_thread(self._start, release, seat.is_background)
            except QueryError as error:
                self._log.error("worker not started", error=str(error))
                await asyncio.sleep(1)
                continue
            if seat.child is None and release == self._release:
                seat.child, seat.release = child, release
            else:  # a spare came, or another release
                self._end(child)
        self._dispatch()

    def _drop(self, seat: _Seat) -> None:
        if seat.child:
            self._end(seat.child)
            seat.dying, seat.child = seat.child, None

    def _end(self, child: Child) -> None:
        child.kill()
        self._spawn(asyncio.get_running_loop().run_in_executor(self._ends, child.end))

    def _on_thread(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _digest(sql: str) -> bytes:
    """What stands for a statement, however long, where it is only to be known again."""
    return hashlib.sha256(sql.encode()).digest()


def _close_unwanted(task: asyncio.Task[Answer]) -> None:
    with suppress(StatementError, _TakenError, _PutBackError, asyncio.CancelledError):
        task.result().close()
