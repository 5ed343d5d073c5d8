"""From files to their rows, several at once, so that one bad document costs only itself and holds up no other.

Belongs here: opening files, how many are read at once, and what becomes of a reader that fails or dies. Does not belong
here: how a format is read (``extract``), the processes that read (``extract.sandbox``), and where the rows go.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from typing import Final

import pyarrow as pa

from dagster_project.extract.document import ExtractionError, Limits, StructureWords
from dagster_project.extract.sandbox import Children, GaveUpError
from dagster_project.warehouse.intake.extractions import Extraction, KeptExtractions
from dagster_project.warehouse.intake.scan import PLAIN, FoundFile

CHILD_BYTES: Final = 256 * 1024
"""Text for which one more child process pays: starting one takes about as long as reading half of it."""

PARSED_WEIGHT: Final = 8
"""A byte of a document that is no text takes about so many times as long as one of text."""

PAUSES: Final = (0.1, 0.5, 2.0)
"""Seconds before a file that could not be opened is tried again."""

PASSING: Final = frozenset(
    (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.ENOLCK, errno.ESTALE, errno.ETIMEDOUT, errno.ETXTBSY)
)
"""Errors of a file that is locked, or of a network, and not of the file."""

AHEAD: Final = 4
"""Documents in flight per process: enough to keep it busy, few enough to bound memory."""

MAX_CHUNK_ROWS: Final = 500_000
"""Rows of one chunk, whatever else it may hold: they are all in memory."""


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
    was_kept: bool = False
    """Whether the same content had been read before by the same readers, and was not read again."""


def read_reports(
    files: Sequence[FoundFile], limits: Limits, words: StructureWords, workers: int = 0
) -> Iterator[ReadReport]:
    """Read ``files`` and yield one result for each, as they are finished; see :func:`read_chunks`."""
    for chunk in read_chunks(files, limits, words, workers, most=1):
        yield from chunk


def read_chunks(
    files: Sequence[FoundFile],
    limits: Limits,
    words: StructureWords,
    workers: int = 0,
    *,
    most: int,
    seconds: float = 60.0,
    on_read: Callable[[str], None] | None = None,
    kept: KeptExtractions | None = None,
) -> Generator[list[ReadReport]]:
    """Read ``files`` in child processes and yield the results in chunks, as they are finished.

    A document that takes long holds up neither the others nor their chunks. Within a chunk the results stand in the
    order of ``files``; with one process all of them do.

    Args:
        files: what :func:`~dagster_project.warehouse.intake.scan.find_reports` found; refused ones pass unread.
        limits: bounds for one document.
        words: structure words for the readers.
        workers: processes that read; 0 decides by the amount.
        most: documents in a chunk.
        seconds: time after which a chunk ends that has a document.
        on_read: called with the file name of each document when it is done.
        kept: what was read before; documents in it are not read again, and what is read is put there.
    """
    count = workers or _useful_workers(files)
    waiting = iter(enumerate(files))
    flying: dict[Future[ReadReport], int] = {}
    chunk: list[tuple[int, ReadReport]] = []
    due = time.monotonic() + seconds
    # One thread more than processes: it puts a result into rows while they read.
    with Children(count) as children, ThreadPoolExecutor(count + 1, "reading") as executor:
        try:
            while True:
                for number, file in islice(waiting, count * AHEAD - len(flying)):
                    flying[executor.submit(read_report, file, limits, words, children, kept)] = number
                patience = max(0.0, due - time.monotonic()) if chunk else None
                if not wait(flying, patience, FIRST_COMPLETED).done and not flying:
                    return
                for future in [future for future in flying if future.done()]:
                    result = future.result()
                    chunk.append((flying.pop(future), result))
                    if on_read is not None:
                        on_read(result.file.file_name)
                    if _is_full(chunk, most):
                        break
                if chunk and (_is_full(chunk, most) or not flying or time.monotonic() >= due):
                    yield [result for _, result in sorted(chunk, key=itemgetter(0))]
                    chunk.clear()
                    due = time.monotonic() + seconds
        finally:
            # Whoever reads no further waits for no document.
            for future in flying:
                future.cancel()
            children.kill()


def _is_full(chunk: Sequence[tuple[int, ReadReport]], most: int) -> bool:
    rows = sum(batch.num_rows for _, result in chunk for batch in result.rows.values())
    return len(chunk) >= most or rows >= MAX_CHUNK_ROWS


def _useful_workers(files: Sequence[FoundFile]) -> int:
    """How many processes pay for themselves: with little to read, starting one takes longer than reading."""
    total = sum(_weight(file) for file in files if file.refusal is None)
    return max(1, min(os.cpu_count() or 1, len(files), total // CHILD_BYTES))


def _weight(file: FoundFile) -> int:
    is_text = file.path.suffix.lower() in PLAIN
    return (file.size_bytes or 0) * (1 if is_text else PARSED_WEIGHT)


def read_report(
    file: FoundFile, limits: Limits, words: StructureWords, children: Children, kept: KeptExtractions | None = None
) -> ReadReport:
    """Read one file in one of ``children``, or take what was read of the same content before.

    Never raises for what the file holds: the reason stands in ``error``.
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
    suffix = file.path.suffix.lower()
    extraction = kept.get(digest, suffix) if kept else None
    was_kept = extraction is not None
    if extraction is None:
        try:
            extraction = Extraction.of(children.extract(data, file.file_name, limits, words))
        except GaveUpError as error:
            return ReadReport(file, now, len(data), digest, str(error), may_pass=True)
        except ExtractionError as error:
            extraction = Extraction(error=str(error))
        except Exception as error:  # a reader's own fault must not cost the other documents
            return ReadReport(file, now, len(data), digest, f"the reader failed: {type(error).__name__}: {error}")
        if kept:
            kept.put(digest, suffix, extraction)
    return ReadReport(
        file,
        now,
        len(data),
        digest,
        extraction.error,
        media_type=extraction.media_type,
        page_count=extraction.page_count,
        title=extraction.title,
        extractor=extraction.extractor,
        extractor_version=extraction.extractor_version,
        rows=extraction.rows_of(file.report_id),
        notes=extraction.notes,
        was_kept=was_kept,
    )


def _content(file: FoundFile, limits: Limits) -> bytes:
    """The file, one byte more than allowed at most; tried again where a lock, a network or a writer is to blame."""
    for pause in (*PAUSES, None):
        try:
            with file.path.open("rb") as handle:
                before = os.fstat(handle.fileno())
                # The size was looked at before, but the file may have grown since.
                data = handle.read(limits.max_bytes + 1)
                after = os.fstat(handle.fileno())
            # Half a file may read like a whole one, with figures missing or cut short.
            is_whole = len(data) >= min(after.st_size, limits.max_bytes + 1)
            if not is_whole or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise OSError(errno.ETXTBSY, "it changed while it was read")
            return data
        except OSError as error:
            if error.errno not in PASSING or pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")
