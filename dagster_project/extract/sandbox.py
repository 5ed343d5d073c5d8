"""Reads documents in child processes, so that one that crashes or hangs its parser costs that document only.

Belongs here: starting, limiting, reusing and ending the children, and what crosses the pipe. Does not belong here:
reading (``extract``) and which documents are read in parallel (the caller's executor).
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from dagster_project.extract import extract, load_readers
from dagster_project.extract.document import (
    Cell,
    Document,
    ExtractionError,
    Heading,
    Limits,
    Paragraph,
    RunningLine,
    StructureWords,
    Table,
)
from dagster_project.extract.structure import Box

BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from dagster_project.extract.sandbox import serve; serve()"
ROOT = str(Path(__file__).resolve().parents[2])
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
"""What a child needs to start; tokens and passwords of the caller stay with the caller."""
MAX_JOBS = 500
"""Documents after which a child is replaced: parsers leak."""
OPEN_FILES = 64
LENGTH = struct.Struct(">Q")
GRACE_SECONDS = 5
OUT_OF_MEMORY = "memory"
FAILED = "error"
READ = "document"
DRAWN = "picture"
SENSELESS = "the reader's answer makes no sense"
PARTS: dict[str, Any] = {
    "headings": Heading,
    "paragraphs": Paragraph,
    "tables": Table,
    "cells": Cell,
    "running_lines": RunningLine,
}
"""Fields of a document that hold records, and of which kind."""
Job = tuple[str, Limits, tuple[Any, ...]]
"""What is to be done (:data:`READ`, :data:`DRAWN`), the limits for it, and its arguments."""


class GaveUpError(ExtractionError):
    """The document was not read for want of time or memory, or its reader died: on another day it may be."""


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

    def __init__(self) -> None:
        self._idle: list[_Child] = []
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

    def extract(
        self, data: bytes, file_name: str, limits: Limits | None = None, words: StructureWords | None = None
    ) -> Document:
        """Read one document; see :func:`extract_in_child`."""
        limits = limits or Limits()
        content = self._run((READ, limits, (data, file_name, limits, words)), limits)
        try:
            return _document(content)
        except (ValueError, TypeError, KeyError) as error:
            raise ExtractionError(SENSELESS) from error

    def picture(self, pdf_bytes: bytes, page: int, box: Box | None, limits: Limits | None = None) -> bytes:
        """A page of a PDF with a frame around a cell, as a PNG file; see :func:`.picture.render_cell`.

        Raises:
            ExtractionError: the page cannot be drawn, or not within the limits.
        """
        limits = limits or Limits()
        content = self._run((DRAWN, limits, (pdf_bytes, page, box)), limits)
        try:
            return base64.b64decode(content)
        except (ValueError, TypeError) as error:
            raise ExtractionError(SENSELESS) from error

    def _run(self, job: Job, limits: Limits) -> Any:
        """Have one job done: its result as plain values."""
        packed = pickle.dumps(job)
        while True:
            child = self._take()
            fresh = child.jobs == 0
            try:
                kind, content = child.run(packed, limits)
            except BaseException:
                child.kill()
                raise
            if kind == OUT_OF_MEMORY:
                child.kill()
                if not fresh:
                    # What earlier documents left behind may have filled it: once more, in an empty one.
                    continue
                raise GaveUpError(f"needs more memory than the limit of {limits.max_memory_bytes // 2**20} MiB")
            self._give_back(child)
            if kind == FAILED:
                raise ExtractionError(str(content))
            return content

    def _take(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Child()

    def _give_back(self, child: _Child) -> None:
        with self._lock:
            keep = not self._closed and child.jobs < MAX_JOBS
            if keep:
                self._idle.append(child)
        if not keep:
            child.end()


class _Child:
    """One child process and its two pipes."""

    def __init__(self) -> None:
        self.jobs = 0
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-c", BOOT, ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # An interrupt from the keyboard is the parent's business.
            start_new_session=True,
        )

    def run(self, job: bytes, limits: Limits) -> tuple[str, Any]:
        """Have one job done: the kind of answer, and the result as plain values or the reason why there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(limits.max_seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            _send(self._process.stdin, job)
            answer = _receive(self._process.stdout)
        except (BrokenPipeError, EOFError):
            answer = b""
        finally:
            timer.cancel()
            # It may be about to kill a child that has answered, and that would then fail the next document.
            timer.join()
        if not answer or late.is_set():
            raise GaveUpError(self._reason(limits, is_late=late.is_set()))
        self.jobs += 1
        try:
            kind, content = json.loads(answer)
            return str(kind), content
        except (ValueError, TypeError, RecursionError) as error:
            raise ExtractionError(SENSELESS) from error

    def _reason(self, limits: Limits, *, is_late: bool) -> str:
        """Why the child ended without an answer."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        code = self._process.returncode
        if is_late or code == -signal.SIGXCPU:
            return f"reading took longer than the limit of {limits.max_seconds} seconds"
        if code == -signal.SIGKILL:
            return "the reader was ended by the system, as a rule for want of memory"
        if code is not None and code < 0:
            return f"the reader crashed on this document ({signal.Signals(-code).name})"
        return f"the reader ended on this document without an answer (exit code {code})"

    def end(self) -> None:
        """Let the child end by itself."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._release()

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()
        self._release()

    def _release(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


# --- what crosses the pipe ------------------------------------------------------------------------------------------


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    content = pipe.read(LENGTH.unpack(head)[0])
    if len(content) < LENGTH.unpack(head)[0]:
        raise EOFError
    return content


def _document(content: Any) -> Document:
    """The document from what the child sent. JSON, not pickle: a child that was taken over must not take the parent."""
    return Document(
        **{
            **content,
            **{name: tuple(kind(*row) for row in content[name]) for name, kind in PARTS.items()},
            "notes": tuple(content["notes"]),
        }
    )


def _plain(document: Document) -> dict[str, Any]:
    content = {field.name: getattr(document, field.name) for field in fields(document)}
    for name, kind in PARTS.items():
        values = attrgetter(*(field.name for field in fields(kind)))
        content[name] = [values(row) for row in content[name]]
    return content


# --- the child ------------------------------------------------------------------------------------------------------


def serve() -> None:
    """The child: read documents from standard input until it is closed."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        _limit(limit, most)
    # Before any limit of a document: what the parsers need must not count against it.
    load_readers()
    for job in _jobs(source):
        answer = _answer(job)
        _send(target, json.dumps(answer).encode())
        if answer[0] == OUT_OF_MEMORY:
            return


def _jobs(source: IO[bytes]) -> Iterator[Job]:
    while True:
        try:
            yield pickle.loads(_receive(source))  # noqa: S301 - from the parent, which is trusted
        except EOFError:
            return


def _answer(job: Job) -> tuple[str, Any]:
    what, limits, arguments = job
    _limit(resource.RLIMIT_AS, limits.max_memory_bytes)
    used = resource.getrusage(resource.RUSAGE_SELF)
    # The parent counts wall time; this ends a child whose parent is gone.
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + limits.max_seconds + 1)
    try:
        return what, _drawn(*arguments) if what == DRAWN else _plain(extract(*arguments))
    except ExtractionError as error:
        return FAILED, str(error)
    except MemoryError:
        return OUT_OF_MEMORY, ""
    except RecursionError:
        return FAILED, "nested too deep"
    except Exception as error:  # whatever a parser raises is the document's fault here, and its reason
        return FAILED, f"the reader failed on this document ({type(error).__name__}: {error})"


def _drawn(pdf_bytes: bytes, page: int, box: Box | None) -> str:
    from dagster_project.extract.picture import render_cell

    buffer = io.BytesIO()
    render_cell(pdf_bytes, page, box).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _limit(what: int, most: int) -> None:
    """Set a soft limit; systems that do not know it, or forbid it, go without."""
    _, hard = resource.getrlimit(what)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
