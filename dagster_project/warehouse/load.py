"""The raw layer of one refresh: everything below the reports folder into a new working file, in one transaction.

Belongs here: the order of the steps and the transaction. Does not belong here: each step itself (``scan``,
``overrides``, ``words``, ``reading``, ``raw``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from dagster_project.extract.document import report_id_for
from dagster_project.settings import ConfigurationError, Settings
from dagster_project.warehouse.overrides import Override, Overrides, read_overrides
from dagster_project.warehouse.raw import SCHEMA, TABLES, create_statement
from dagster_project.warehouse.reading import ReadReport, read_reports
from dagster_project.warehouse.scan import OVERRIDES_FILE, READABLE, FoundFile, find_reports
from dagster_project.warehouse.words import read_structure_words

BATCH_ROWS: Final = 100_000
"""Rows gathered before they are handed to DuckDB."""

OnRead = Callable[[int, int, str], None]
"""Called with documents done, documents in all, and the file name of the one just done."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file that was not loaded, and why."""

    file_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    rows: dict[str, int]
    """Rows per raw table."""
    loaded: int
    """Reports with status ``loaded``."""
    quarantined: tuple[Quarantined, ...]
    notes: tuple[str, ...]
    """Remarks of the readers, each beginning with the file name."""
    bytes_read: int


def load_raw(settings: Settings, on_read: OnRead | None = None) -> LoadResult:
    """Read every report and write the raw tables into a new working file.

    The working file of an earlier refresh is removed first: it may be damaged, or open in somebody's DuckDB. Rows
    stand in the order of file names, whatever the folder's own order.

    Raises:
        ConfigurationError: there is no reports folder, no report in it, or the vocabulary or ``reports.yml`` cannot
            be read.
    """
    files = find_reports(settings.reports, settings.limits)
    if not files:
        kinds = ", ".join(sorted(READABLE))
        raise ConfigurationError(f"There is no report in {settings.reports}. Put files of the kinds {kinds} there.")
    words = read_structure_words(settings.structure_words)
    overrides = read_overrides(settings.reports, files)
    files = [_refused_by(overrides, file) for file in files]
    results = read_reports(files, settings.limits, words, settings.workers)

    connection = _new_working_file(settings.working_file)
    try:
        connection.begin()
        result = _write(connection, _counted(results, len(files), on_read), overrides)
        connection.commit()
    finally:
        connection.close()
    return result


def _refused_by(overrides: Overrides, file: FoundFile) -> FoundFile:
    reason = overrides.refusals.get(file.file_name)
    return replace(file, refusal=reason) if reason and file.refusal is None else file


def _counted(results: Iterable[ReadReport], total: int, on_read: OnRead | None) -> Iterable[ReadReport]:
    for number, result in enumerate(results, start=1):
        yield result
        if on_read is not None:
            on_read(number, total, result.file.file_name)


def _new_working_file(path: Path) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)
    return duckdb.connect(path)


def _write(connection: duckdb.DuckDBPyConnection, results: Iterable[ReadReport], overrides: Overrides) -> LoadResult:
    connection.execute(f"create schema {SCHEMA}")
    for table in TABLES:
        connection.execute(create_statement(table))
    writers = {table: _Writer(connection, table) for table in TABLES}
    quarantined: list[Quarantined] = []
    notes: list[str] = []
    loaded: set[str] = set()
    bytes_read = 0

    for result in results:
        for table, batch in result.rows.items():
            writers[table].add(batch)
        writers["report"].add(_rows("report", [_report_row(result)]))
        bytes_read += (result.size_bytes or 0) if result.sha256 else 0
        if result.error is None:
            loaded.add(result.file.report_id)
        else:
            quarantined.append(Quarantined(result.file.file_name, result.error))
        notes += [f"{result.file.file_name}: {note}" for note in result.notes]

    if overrides.problem is not None:
        writers["report"].add(_rows("report", [_overrides_row(overrides)]))
        quarantined.append(Quarantined(OVERRIDES_FILE, overrides.problem))
    kept = [{"report_id": name, **asdict(entry)} for name, entry in _sorted(overrides.by_report) if name in loaded]
    writers["report_override"].add(_rows("report_override", kept))

    for writer in writers.values():
        writer.flush()
    counts = {table: writer.written for table, writer in writers.items()}
    return LoadResult(counts, len(loaded), tuple(quarantined), tuple(notes), bytes_read)


def _sorted(by_report: dict[str, Override]) -> list[tuple[str, Override]]:
    return sorted(by_report.items(), key=lambda item: item[0])


def _report_row(result: ReadReport) -> dict[str, Any]:
    return {
        "report_id": result.file.report_id,
        "file_name": result.file.file_name,
        "media_type": result.media_type,
        "sha256": result.sha256,
        "size_bytes": result.size_bytes,
        "page_count": result.page_count,
        "title": result.title,
        "extractor": result.extractor,
        "extractor_version": result.extractor_version,
        "extracted_at": result.extracted_at,
        "status": "loaded" if result.error is None else "quarantined",
        "error": result.error,
    }


def _overrides_row(overrides: Overrides) -> dict[str, Any]:
    """``reports.yml`` is listed like any other file that cannot be used."""
    content = overrides.content or b""
    return {
        "report_id": report_id_for(OVERRIDES_FILE),
        "file_name": OVERRIDES_FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "extracted_at": datetime.now(UTC),
        "status": "quarantined",
        "error": overrides.problem,
    }


def _rows(table: str, rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=TABLES[table])


class _Writer:
    """Gathers batches of one table, so that DuckDB gets few and large ones."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self.written = 0
        self._connection = connection
        self._table = table
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            rows = pa.Table.from_batches(self._batches)
            self._connection.register("batch", rows)
            self._connection.execute(f"insert into {SCHEMA}.{self._table} select * from batch")
            self._connection.unregister("batch")
        self.written += self._waiting
        self._batches, self._waiting = [], 0
