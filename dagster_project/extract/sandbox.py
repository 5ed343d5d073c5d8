"""Reads documents in child processes, so that one that crashes or hangs its parser costs that document only.

Belongs here: starting, limiting, reusing and ending the children. Does not belong here: what a child does (``child``)
and may not do (``confinement``), reading (``extract``) and which documents are read in parallel (the caller's
executor).
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dagster_project.extract.child import (
    ASKED,
    DRAWN,
    FAILED,
    FONTS,
    LENGTH,
    MAX_MESSAGE,
    OUT_OF_MEMORY,
    READ,
    SMALL,
    Box,
    Job,
    Start,
    document_of,
    framed,
)
from dagster_project.extract.confinement import SYSTEM_LIBRARIES, Layer
from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.ocr import READABLE as READ_BY_OCR

BOOT = (
    "import json, sys; start = json.loads(sys.argv[1]);"
    "sys.path += [start['root'], *start['libraries']];"
    "from dagster_project.extract.child import Start, serve; serve(Start(**start))"
)
OPTIONS = ("-I", "-S", "-B", "-X", "utf8")
"""Nothing of Python's own configuration, no packages but ours, no bytecode written."""
ROOT = str(Path(__file__).resolve().parents[2])
LIBRARIES = (
    *("PIL", "et_xmlfile", "lxml", "numpy", "openpyxl"),
    *("pypdfium2", "pypdfium2_raw", "python_calamine", "selectolax", "xlrd"),
    *("rapidocr", "tesserocr"),
)
"""Packages that readers are made of."""
KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH",)
"""What of the caller's environment a child may need to start; tokens and passwords of the caller stay with the
caller."""
OWN_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy starts no threads, which a child may not have, and keeps no memory for them."""
MAX_JOBS = 500
"""Documents after which a child is replaced: parsers leak."""
GROWN_SHARE = 0.5
"""Share of the memory from which a child is replaced."""
GRACE_SECONDS = 5
PART = 1024 * 1024
"""Bytes that are taken from a pipe at a time."""
SENSELESS = "the reader's answer makes no sense"
CONTAINER = "bubblewrap"


class GaveUpError(ExtractionError):
    """The document was not read for want of time or memory, or its reader died: on another day it may be."""


class _DiedError(GaveUpError):
    """The reader died, of this document or of something else."""


def extract_in_child(
    data: bytes, file_name: str, limits: Limits | None = None, words: StructureWords | None = None
) -> Document:
    """Read one document in a child process of its own; for many, use :class:`Children`.

    Arguments, result and error are those of :func:`dagster_project.extract.extract`; a document that crashes its
    reader, takes longer than ``limits.max_seconds`` or more memory than ``limits.max_memory_bytes`` is an
    :class:`ExtractionError` too.
    """
    with Children() as children:
        return children.extract(data, file_name, limits, words)


class Children:
    """Child processes that read one document after another; as many as there are calls at the same time.

    :meth:`extract` may be called from any number of threads, so that a ``concurrent.futures.ThreadPoolExecutor`` with
    one thread a core reads on all cores. Use it as a context manager: its end is the end of the children.
    """

    def __init__(self, most: int = 64) -> None:
        """``most`` is how many there may be at the same time; more calls than that wait for each other."""
        self._places = threading.BoundedSemaphore(most)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children that are idle, and the others when they have finished."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def kill(self) -> None:
        """End all children now; what they read is given up, and no more is read."""
        self.close()
        with self._lock:
            busy = list(self._busy)
        for child in busy:
            child.stop()

    def extract(
        self, data: bytes, file_name: str, limits: Limits | None = None, words: StructureWords | None = None
    ) -> Document:
        """Read one document; see :func:`extract_in_child`."""
        limits = limits or Limits()
        content = self._run((READ, (data, file_name, limits, words)), limits)
        try:
            return document_of(content)
        except (ValueError, TypeError, KeyError) as error:
            raise ExtractionError(SENSELESS) from error

    def picture(self, pdf_bytes: bytes, page: int, box: Box | None, limits: Limits | None = None) -> bytes:
        """A page of a PDF with a frame around a cell, as a PNG file; see :func:`.picture.render_cell`.

        Raises:
            ExtractionError: the page cannot be drawn, or not within the limits.
        """
        content = self._run((DRAWN, (pdf_bytes, page, box)), limits or Limits())
        try:
            return base64.b64decode(content)
        except (ValueError, TypeError) as error:
            raise ExtractionError(SENSELESS) from error

    def small_page(
        self, pdf_bytes: bytes, page: int, width: int, quality: int, limits: Limits | None = None
    ) -> tuple[bytes, int, int, float | None]:
        """A page of a PDF as a small WebP file, its size and scale; see :class:`.picture.PagePicture`.

        Raises:
            ExtractionError: the page cannot be drawn, or not within the limits.
        """
        content = self._run((SMALL, (pdf_bytes, page, width, quality)), limits or Limits())
        try:
            picture, across, down, scale = content
            return base64.b64decode(picture), int(across), int(down), None if scale is None else float(scale)
        except (ValueError, TypeError) as error:
            raise ExtractionError(SENSELESS) from error

    def confinement(self, limits: Limits | None = None) -> tuple[list[Layer], dict[str, bool]]:
        """What holds a child on this machine, by its own word: every layer, and what it tried and whether that worked.

        Raises:
            ExtractionError: no child starts.
        """
        content = self._run((ASKED, ()), limits or Limits())
        try:
            layers = [Layer(**layer) for layer in content[0]]
            return [*layers, Layer(CONTAINER, missing=_container()[1])], {
                str(k): bool(v) for k, v in content[1].items()
            }
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ExtractionError(SENSELESS) from error

    def _run(self, job: Job, limits: Limits) -> Any:
        """Have one job done: its result as plain values."""
        packed = pickle.dumps(job)
        with self._places:
            kind, content = self._answer(packed, limits)
        if kind == FAILED:
            raise ExtractionError(str(content))
        return content

    def _answer(self, job: bytes, limits: Limits) -> tuple[str, Any]:
        """The kind of answer that a child gives, and what it is; a child that dies is given one more try."""
        has_died = False
        while True:
            child = self._take(limits)
            fresh = child.jobs == 0
            try:
                kind, content = child.run(job)
            except _DiedError:
                self._drop(child)
                # It may have been ended from outside, or by what an earlier document left behind.
                if has_died or self._closed:
                    raise
                has_died = True
                continue
            except BaseException:
                self._drop(child)
                raise
            if kind != OUT_OF_MEMORY:
                self._give_back(child)
                return kind, content
            self._drop(child)
            if fresh:
                raise GaveUpError(f"needs more memory than the limit of {limits.max_memory_bytes // 2**20} MiB")
            # What earlier documents left behind may have filled it: once more, in an empty one.

    def _take(self, limits: Limits) -> _Child:
        with self._lock:
            if self._closed:
                raise GaveUpError("reading was broken off")
            # Its limits are for good: other limits need another child.
            child = next((child for child in reversed(self._idle) if child.suits(limits)), None)
            if child is not None:
                self._idle.remove(child)
                self._busy.add(child)
                return child
        child = _Child(limits)
        with self._lock:
            self._busy.add(child)
        return child

    def _drop(self, child: _Child) -> None:
        child.kill()
        with self._lock:
            self._busy.discard(child)

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
            keep = not self._closed and not child.is_spent
            if keep:
                self._idle.append(child)
        if not keep:
            child.end()


class _Child:
    """One child process and its two pipes."""

    def __init__(self, limits: Limits) -> None:
        self.jobs = 0
        self._limits = limits
        self._cpu_seconds = 0.0
        self._memory_bytes = 0
        # From a thread that lasts: the system ends the child with the thread that started it.
        self._process: subprocess.Popen[bytes] = _starter().submit(_start, limits).result()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._sink, self._source = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._sink, self._source):
            os.set_blocking(pipe, False)

    def suits(self, limits: Limits) -> bool:
        """Whether it was started with these limits on the process."""
        own = self._limits
        return (own.all_seconds, own.max_memory_bytes, own.ocr) == (
            limits.all_seconds,
            limits.max_memory_bytes,
            limits.ocr,
        )

    @property
    def is_spent(self) -> bool:
        """Whether it has done enough, or has not all of the time and memory left for another document."""
        return (
            self.jobs >= MAX_JOBS
            or self._cpu_seconds > self._limits.all_seconds
            or self._memory_bytes > GROWN_SHARE * self._limits.max_memory_bytes
        )

    def run(self, job: bytes) -> tuple[str, Any]:
        """Have one job done: the kind of answer, and the result as plain values or the reason why there is none."""
        due = time.monotonic() + self._limits.all_seconds
        try:
            self._send(framed(job), due)
            (length,) = LENGTH.unpack(self._receive(LENGTH.size, due))
            if length > MAX_MESSAGE:
                raise ExtractionError(SENSELESS)
            answer = self._receive(length, due)
        except (TimeoutError, BrokenPipeError, EOFError) as error:
            raise self._end_without_answer(is_late=isinstance(error, TimeoutError)) from error
        self.jobs += 1
        try:
            kind, content, cpu_seconds, memory_bytes = json.loads(answer)
            self._cpu_seconds, self._memory_bytes = float(cpu_seconds), int(memory_bytes)
            return str(kind), content
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise ExtractionError(SENSELESS) from error

    def _send(self, content: bytes, due: float) -> None:
        rest = memoryview(content)
        while rest:
            self._wait_for(self._sink, select.POLLOUT, due)
            rest = rest[os.write(self._sink, rest) :]

    def _receive(self, count: int, due: float) -> bytearray:
        content = bytearray()
        while len(content) < count:
            self._wait_for(self._source, select.POLLIN, due)
            part = os.read(self._source, min(count - len(content), PART))
            if not part:
                raise EOFError
            content += part
        return content

    @staticmethod
    def _wait_for(pipe: int, event: int, due: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, due - time.monotonic()) * 1000):
            raise TimeoutError

    def _end_without_answer(self, *, is_late: bool) -> GaveUpError:
        """Why the child ended without an answer."""
        if is_late:
            self.stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        code = self._process.returncode
        if code is not None and code > 128:
            code = 128 - code  # what the container says of a signal inside
        if is_late or code == -signal.SIGXCPU:
            return GaveUpError(f"reading took longer than the limit of {self._limits.all_seconds} seconds")
        if code == -signal.SIGKILL:
            return _DiedError("the reader was ended by the system, as a rule for want of memory")
        if code is not None and code < 0:
            return _DiedError(f"the reader crashed on this document ({_signal_name(-code)})")
        return _DiedError(f"the reader ended on this document without an answer (exit code {code})")

    def end(self) -> None:
        """Let the child end by itself."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop()
        self._release()

    def stop(self) -> None:
        """End the child under the hands of the thread that waits for its answer, with the container around it."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the child at once."""
        self.stop()
        self._release()

    def _release(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# --- starting -------------------------------------------------------------------------------------------------------


@functools.cache
def _starter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "starts-readers")


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    container, _ = _container()
    start = Start(
        root=ROOT,
        libraries=_library_folders(),
        memory_bytes=limits.max_memory_bytes,
        # The clock is the parent's. This ends a child that nobody waits for any more, and leaves every document its
        # time, for one that has used half of it is replaced.
        cpu_seconds=2 * limits.all_seconds + 1,
        parent=0 if container else os.getpid(),
        ocr=limits.ocr,
    )
    environment = OWN_ENVIRONMENT | {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [*container, sys.executable, *OPTIONS, "-c", BOOT, json.dumps(asdict(start))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=environment,
        cwd="/",
        # An interrupt from the keyboard is the parent's business.
        start_new_session=True,
    )


@functools.cache
def _library_folders() -> tuple[str, ...]:
    """The folders that hold the packages of the readers, wherever they were installed."""
    specs = (find_spec(name) for name in LIBRARIES)
    folders = (str(Path(spec.origin).resolve().parents[1]) for spec in specs if spec is not None and spec.origin)
    return tuple(dict.fromkeys(folders))


@functools.cache
def _container() -> tuple[tuple[str, ...], str | None]:
    """The command that shuts a child into namespaces of its own, or none and why not."""
    program = shutil.which("bwrap")
    if program is None:
        return (), "not installed"
    read_only = [
        *(sys.base_prefix, sys.prefix, str(Path(sys.executable).resolve().parent), *_library_folders()),
        *(str(Path(ROOT) / "dagster_project"), *SYSTEM_LIBRARIES, *FONTS, *READ_BY_OCR),
    ]
    places = [path for path in dict.fromkeys(read_only) if not path.startswith("/dev/")]
    command = (
        *(program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev"),
        *(part for path in places for part in ("--ro-bind-try", path, path)),
        "--",
    )
    try:
        tried = subprocess.run(  # noqa: S603
            [*command, sys.executable, *OPTIONS, "-c", "pass"], capture_output=True, timeout=GRACE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return (), f"refused: {error}"
    if tried.returncode:
        return (), f"refused: {tried.stderr.decode(errors='replace').strip() or tried.returncode}"
    return command, None
