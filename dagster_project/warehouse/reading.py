"""From a file to its rows, one document at a time or several at once, so that one bad document costs only itself.

Belongs here: opening files, processes that read them, and what becomes of a reader that fails or dies. Does not belong
here: how a format is read (``extract``), and where the rows go.
"""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa

from dagster_project.extract import ExtractionError, Limits, StructureWords, extract
from dagster_project.extract.sandbox import Children, GaveUpError
from dagster_project.extract.sniff import is_plain_text
from dagster_project.warehouse.raw import document_rows
from dagster_project.warehouse.scan import PLAIN, FoundFile

POOL_FROM_BYTES: Final = 8 * 1024 * 1024
"""Below this a second process costs more than it saves: starting one takes about as long as reading 2 MB."""

PARSED_WEIGHT: Final = 8
"""A byte of a document that is no text takes about so many times as long as one of text."""

PAUSES: Final = (0.1, 0.5, 2.0)
"""Seconds before a file that could not be opened is tried again."""

PASSING: Final = frozenset(
    (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.ENOLCK, errno.ESTALE, errno.ETIMEDOUT, errno.ETXTBSY)
)
"""Errors of a file that is locked, or of a network, and not of the file."""

HERE_BYTES: Final = 4 * 1024 * 1024
"""Text up to this size is read without a child process: ten times the longest report met, and seconds at most."""

AHEAD: Final = 4
"""Documents in flight per process: enough to keep it busy, few enough to bound memory."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What became of one file: rows, or the reason why there are none."""

    file: FoundFile
    extracted_at: datetime
    """UTC."""
    size_bytes: int | None
    sha256: str | None = None
    error: str | None = None
    media_type: str | None = None
    page_count: int | None = None
    title: str | None = None
    extractor: str | None = None
    extractor_version: str | None = None
    rows: dict[str, pa.RecordBatch] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    may_pass: bool = False
    """Whether ``error`` is of a kind that may be gone the next time, so that the next refresh tries again."""


def read_reports(
    files: Sequence[FoundFile], limits: Limits, words: StructureWords, workers: int = 0
) -> Iterator[ReadReport]:
    """Read ``files`` and yield one result for each, in the order given.

    Args:
        files: what :func:`dagster_project.warehouse.scan.find_reports` found; refused ones are passed through unread.
        limits: bounds for one document.
        words: structure words for the readers.
        workers: 1 reads in this process, more read in that many others, 0 decides by the amount.
    """
    total = sum(_weight(file) for file in files if file.refusal is None)
    if workers == 0:
        workers = (os.cpu_count() or 1) if total >= POOL_FROM_BYTES and len(files) > 1 else 1
    if workers == 1:
        with Children() as children:
            for file in files:
                yield read_report(file, limits, words, children)
    else:
        yield from _read_in_processes(files, limits, words, workers)


def _weight(file: FoundFile) -> int:
    is_text = file.path.suffix.lower() in PLAIN
    return (file.size_bytes or 0) * (1 if is_text else PARSED_WEIGHT)


def read_report(file: FoundFile, limits: Limits, words: StructureWords, children: Children) -> ReadReport:
    """Read one file. Never raises for what the file holds: the reason stands in ``error``.

    Text is read in this process unless there is much of it; what needs a parser (PDF, Word, Excel, HTML) in one of
    ``children``, so that a crash or a hang of the parser costs this document only.
    """
    now = datetime.now(UTC)
    if file.refusal is not None:
        return ReadReport(file, now, file.size_bytes, error=file.refusal, may_pass=file.may_pass)
    try:
        data = _content(file, limits)
    except OSError as error:
        return ReadReport(file, now, file.size_bytes, error=f"the file cannot be read: {error.strerror}", may_pass=True)
    if len(data) > limits.max_bytes:
        return ReadReport(file, now, None, error=f"the file is too large: the limit is {limits.max_bytes} bytes")
    digest = hashlib.sha256(data).hexdigest()
    try:
        is_text = len(data) <= HERE_BYTES and is_plain_text(data, file.file_name, limits)
        document = (extract if is_text else children.extract)(data, file.file_name, limits, words)
        rows = document_rows(file.report_id, document)
    except ExtractionError as error:
        return ReadReport(file, now, len(data), digest, str(error), may_pass=isinstance(error, GaveUpError))
    except Exception as error:  # a reader's own fault must not cost the other documents
        return ReadReport(file, now, len(data), digest, f"the reader failed: {type(error).__name__}: {error}")
    return ReadReport(
        file,
        now,
        len(data),
        digest,
        media_type=document.media_type,
        page_count=document.page_count,
        title=document.title,
        extractor=document.extractor,
        extractor_version=document.extractor_version,
        rows=rows,
        notes=document.notes,
    )


def _content(file: FoundFile, limits: Limits) -> bytes:
    """The file, one byte more than allowed at most; tried again where a lock or a network may be to blame."""
    for pause in (*PAUSES, None):
        try:
            with file.path.open("rb") as handle:
                # The size was looked at before, but the file may have grown since.
                return handle.read(limits.max_bytes + 1)
        except OSError as error:
            if error.errno not in PASSING or pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _read_in_processes(
    files: Sequence[FoundFile], limits: Limits, words: StructureWords, workers: int
) -> Iterator[ReadReport]:
    waiting = deque(files)
    flying: deque[tuple[FoundFile, Future[ReadReport]]] = deque()
    while waiting:
        with _pool(workers) as pool:
            try:
                while waiting or flying:
                    while waiting and len(flying) < workers * AHEAD:
                        # Taken off only when handed over: submit raises where a reader has just died.
                        flying.append((waiting[0], pool.submit(_read_in_worker, waiting[0], limits, words)))
                        waiting.popleft()
                    yield flying[0][1].result()
                    flying.popleft()
            except BrokenProcessPool:
                # A reader died and took the pool with it; which document killed it shows when each is read alone.
                for file, _ in flying:
                    yield _read_alone(file, limits, words)
                flying.clear()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _read_alone(file: FoundFile, limits: Limits, words: StructureWords) -> ReadReport:
    with _pool(1) as pool:
        try:
            return pool.submit(_read_in_worker, file, limits, words).result()
        except BrokenProcessPool:
            reason = "the reader died on this document (out of memory or a crash)"
            return ReadReport(file, datetime.now(UTC), file.size_bytes, error=reason, may_pass=True)


_children: Final = Children()
"""The child processes of a process of the pool: they end when it ends, for their standard input is then closed."""


def _read_in_worker(file: FoundFile, limits: Limits, words: StructureWords) -> ReadReport:
    return read_report(file, limits, words, _children)


def _pool(workers: int) -> ProcessPoolExecutor:
    # spawn: a fork of a process with threads (DuckDB's, Dagster's) may deadlock.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_worker)


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
