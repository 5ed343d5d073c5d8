"""What was read of documents, kept by their content: no document is read twice by the same readers.

Belongs here: one file for each document and version of the readers, written once and never changed, in a folder or at
any address that fsspec knows, so that several machines can share them. Does not belong here: reading
(``intake.reading``) and which rows a document has (``intake.raw``).

What is kept is ``<address>/<fingerprint of the readers>/<sha256 of the document><suffix>.parquet``: one row, with a
list of rows for each raw table. A document that is refused for good has the reason in the place of its rows. One that
was not read for want of time or memory, or could not be opened, is not kept: it may be read another day.

What is kept saves time and nothing else. A file that cannot be read or written, or is not what it should be, costs a
remark in the log, and the document is read.
"""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.extract.document import Document
from dagster_project.settings import Settings
from dagster_project.warehouse.intake.raw import DOCUMENT_TABLES, TABLES, document_rows
from dagster_project.warehouse.state import journal

VERSIONS_KEPT: Final = 3
"""Versions of the readers of which a local folder keeps what they read; the ones used last. Whoever gives an address
of a service decides about it."""

NOBODY: Final = ""
"""The report_id of rows that are kept: a document may lie under several names."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a document gave: rows, or the reason why there are none."""

    error: str | None = None
    media_type: str | None = None
    page_count: int | None = None
    title: str | None = None
    extractor: str | None = None
    extractor_version: str | None = None
    notes: tuple[str, ...] = ()
    rows: dict[str, pa.RecordBatch] | None = None
    """By raw table, without ``report_id``'s value (:func:`rows_of` gives it)."""

    @classmethod
    def of(cls, document: Document) -> Extraction:
        """A document that was read."""
        return cls(
            media_type=document.media_type,
            page_count=document.page_count,
            title=document.title,
            extractor=document.extractor,
            extractor_version=document.extractor_version,
            notes=document.notes,
            rows=document_rows(NOBODY, document),
        )

    def rows_of(self, report_id: str) -> dict[str, pa.RecordBatch]:
        """The rows as those of a report."""
        return {
            table: batch.set_column(
                batch.schema.get_field_index("report_id"),
                TABLES[table].field("report_id"),
                pa.repeat(pa.scalar(report_id, pa.string()), batch.num_rows),
            )
            for table, batch in (self.rows or {}).items()
        }


_ABOUT: Final = pa.schema(
    [
        pa.field("error", pa.string()),
        pa.field("media_type", pa.string()),
        pa.field("page_count", pa.int32()),
        pa.field("title", pa.string()),
        pa.field("extractor", pa.string()),
        pa.field("extractor_version", pa.string()),
        pa.field("notes", pa.list_(pa.string())),
    ]
)


def _row_type(table: str) -> pa.StructType:
    return pa.struct([field for field in TABLES[table] if field.name != "report_id"])


SCHEMA: Final = pa.schema(
    [
        pa.field("extraction_of", pa.string()),
        *_ABOUT,
        *(pa.field(table, pa.list_(_row_type(table))) for table in DOCUMENT_TABLES),
    ]
)
"""Of a kept file, which has one row; ``extraction_of`` is what its name should be, below the address."""


class KeptExtractions:
    """What one version of the readers read, kept at one address; from any number of threads."""

    def __init__(self, address: str, fingerprint: str, *, is_asked: bool = True) -> None:
        """``is_asked`` is whether what is kept is used; what is read is kept anyhow."""
        from fsspec.core import url_to_fs

        self._fs, root = url_to_fs(address)
        self._fingerprint = fingerprint
        self._folder = f"{root.rstrip('/')}/{fingerprint}"
        self._root = Path(root) if self._is_local else None
        self._is_asked = is_asked
        self._has_folder = False
        self._lock = threading.Lock()
        self._told: set[str] = set()

    @property
    def _is_local(self) -> bool:
        protocol = self._fs.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    def get(self, sha256: str, suffix: str) -> Extraction | None:
        """What a document of this content and suffix gave, or None where that is not known."""
        if not self._is_asked:
            return None
        try:
            content = pa.BufferReader(self._fs.cat_file(self._path(sha256, suffix)))
            return _extraction(pq.read_table(content, page_checksum_verification=True), self._name(sha256, suffix))
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever a service, a disk or half a file may lead to
            self._tell("extractions.unreadable", sha256, error)
            return None

    def put(self, sha256: str, suffix: str, extraction: Extraction) -> None:
        """Keep what a document gave."""
        sink = pa.BufferOutputStream()
        try:
            table = _table(extraction, self._name(sha256, suffix))
            pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
            self._write(self._path(sha256, suffix), sink.getvalue().to_pybytes())
        except Exception as error:  # as above
            self._tell("extractions.not_kept", sha256, error)

    def forget_older(self) -> None:
        """Delete what older versions of the readers read, in a local folder."""
        if self._root is None:
            return
        with suppress(OSError):
            os.utime(self._folder)
            versions = sorted(self._root.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
            for folder in versions[VERSIONS_KEPT:]:
                shutil.rmtree(folder, ignore_errors=True)

    def _name(self, sha256: str, suffix: str) -> str:
        return f"{self._fingerprint}/{sha256}{suffix}.parquet"

    def _path(self, sha256: str, suffix: str) -> str:
        return f"{self._folder}/{sha256}{suffix}.parquet"

    def _write(self, path: str, content: bytes) -> None:
        if not self._is_local:
            self._fs.pipe_file(path, content)  # there whole or not at all
            return
        if not self._has_folder:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
            self._has_folder = True
        # Two refreshes may share the folder, and two files the content.
        unfinished = Path(f"{path}.{os.getpid()}-{threading.get_ident()}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _tell(self, event: str, sha256: str, error: Exception) -> None:
        """Once a kind: a disk that is full is full for every document."""
        with self._lock:
            is_new = event not in self._told
            self._told.add(event)
        if is_new:
            reason = f"{type(error).__name__}: {error}"
            journal.event(event, "warning", sha256=sha256, folder=self._folder, error=reason)


def kept_extractions(settings: Settings, fingerprint: str) -> KeptExtractions | None:
    """Where the settings say that extractions are kept; None where nothing is."""
    if settings.extractions == "":
        return None
    return KeptExtractions(settings.extractions, fingerprint, is_asked=not settings.full)


def _table(extraction: Extraction, name: str) -> pa.Table:
    about: dict[str, Any] = {name: getattr(extraction, name) for name in _ABOUT.names}
    about["notes"] = list(extraction.notes)
    columns = [pa.array([name]), *(pa.array([about[field.name]], field.type) for field in _ABOUT)]
    for table in DOCUMENT_TABLES:
        batch = (extraction.rows or {}).get(table)
        count = batch.num_rows if batch is not None else 0
        fields = list(_row_type(table))
        arrays = [batch.column(field.name) if batch is not None else pa.array([], field.type) for field in fields]
        rows = pa.StructArray.from_arrays(arrays, fields=fields)
        columns.append(pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), rows))
    typed = [column.cast(field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(typed, schema=SCHEMA)


def _extraction(kept: pa.Table, name: str) -> Extraction:
    """Raises ValueError where it is not the extraction of this name."""
    if kept.schema != SCHEMA or kept.column("extraction_of").to_pylist() != [name]:
        raise ValueError("it is another extraction, or none")
    about = kept.select(_ABOUT.names).to_pylist()[0]
    notes = tuple(about.pop("notes") or ())
    if about["error"] is not None:
        return Extraction(**about, notes=notes)
    rows = {}
    for table in DOCUMENT_TABLES:
        values = kept.column(table).combine_chunks().flatten()
        columns = {name: values.field(number) for number, name in enumerate(_row_type(table).names)}
        columns["report_id"] = pa.repeat(pa.scalar(NOBODY, pa.string()), len(values))
        rows[table] = pa.record_batch([columns[name] for name in TABLES[table].names], schema=TABLES[table])
    return Extraction(**about, notes=notes, rows=rows)
