"""The raw tables: their columns, and a document as rows of them.

Belongs here: names, types and what may be null, for Arrow and DuckDB alike. Does not belong here: reading files, and
transactions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from dagster_project.extract.document import Document

SCHEMA = "raw"


def _columns(**types: pa.DataType | tuple[pa.DataType, None]) -> pa.Schema:
    """A type says NOT NULL, a type and None says that null is allowed."""
    return pa.schema(
        [
            pa.field(name, type_[0], nullable=True)
            if isinstance(type_, tuple)
            else pa.field(name, type_, nullable=False)
            for name, type_ in types.items()
        ]
    )


_TEXT, _INT, _BIGINT, _BOOL, _DATE = pa.string(), pa.int32(), pa.int64(), pa.bool_(), pa.date32()
_REAL = pa.float32()
_INSTANT = pa.timestamp("us", tz="UTC")

TABLES: Mapping[str, pa.Schema] = {
    "report": _columns(
        report_id=_TEXT,
        file_name=_TEXT,
        media_type=(_TEXT, None),
        sha256=(_TEXT, None),
        size_bytes=(_BIGINT, None),
        page_count=(_INT, None),
        title=(_TEXT, None),
        extractor=(_TEXT, None),
        extractor_version=(_TEXT, None),
        extracted_at=_INSTANT,
        modified_at=(_INSTANT, None),
        status=_TEXT,
        error=(_TEXT, None),
        stale_since=(_INSTANT, None),
        stale_reason=(_TEXT, None),
        is_held_back=(_BOOL, None),
    ),
    "heading": _columns(
        report_id=_TEXT, heading_seq=_INT, level=_INT, number=(_TEXT, None), text=_TEXT, page=(_INT, None)
    ),
    "paragraph": _columns(report_id=_TEXT, paragraph_seq=_INT, heading_seq=(_INT, None), page=(_INT, None), text=_TEXT),
    "report_table": _columns(
        report_id=_TEXT,
        table_seq=_INT,
        heading_seq=(_INT, None),
        page_first=(_INT, None),
        page_last=(_INT, None),
        caption=(_TEXT, None),
        n_rows=_INT,
        n_cols=_INT,
        header_rows=_INT,
        fragments=_INT,
    ),
    "cell": _columns(
        report_id=_TEXT,
        table_seq=_INT,
        row_index=_INT,
        col_index=_INT,
        text=_TEXT,
        is_header=_BOOL,
        row_span=_INT,
        col_span=_INT,
        page=(_INT, None),
        x0=(_REAL, None),
        y0=(_REAL, None),
        x1=(_REAL, None),
        y1=(_REAL, None),
        extraction_basis=(_TEXT, None),
        vouched_by=(_TEXT, None),
    ),
    "running_line": _columns(report_id=_TEXT, line_seq=_INT, text=_TEXT),
    "word_fate": _columns(report_id=_TEXT, page=_INT, fate=_TEXT, reason=(_TEXT, None), n_words=_INT, sample=_TEXT),
    "report_override": _columns(
        report_id=_TEXT,
        municipality=(_TEXT, None),
        committee=(_TEXT, None),
        report_type=(_TEXT, None),
        title=(_TEXT, None),
        period_start=(_DATE, None),
        period_end=(_DATE, None),
        fiscal_year=(_INT, None),
        version_status=(_TEXT, None),
        decided_on=(_DATE, None),
    ),
    "report_history": _columns(
        report_id=_TEXT,
        file_name=_TEXT,
        event=_TEXT,
        happened_at=_INSTANT,
        sha256=(_TEXT, None),
        previous_sha256=(_TEXT, None),
        previous_report_id=(_TEXT, None),
        reason=(_TEXT, None),
    ),
    "figure_history": _columns(
        fact_key=_TEXT,
        report_id=_TEXT,
        file_name=_TEXT,
        committee=(_TEXT, None),
        section=(_TEXT, None),
        group_label=(_TEXT, None),
        row_label=(_TEXT, None),
        column_label=(_TEXT, None),
        scenario=(_TEXT, None),
        period_start=(_DATE, None),
        period_end=(_DATE, None),
        value_text=(_TEXT, None),
        unit=(_TEXT, None),
        indicator_key=(_TEXT, None),
        last_release=_TEXT,
        gone_at=_INSTANT,
        reason=_TEXT,
        replaced_by=(_TEXT, None),
        replaced_basis=(_TEXT, None),
    ),
}
"""Table to columns; every table is there after a load, empty or not."""

HISTORIES = frozenset({"report_history", "figure_history"})
"""Tables that tell how the content came about: taken over from release to release, also of reports that are gone."""

_DOCUMENT_PARTS = {
    "heading": "headings",
    "paragraph": "paragraphs",
    "report_table": "tables",
    "cell": "cells",
    "running_line": "running_lines",
    "word_fate": "word_fates",
}

DOCUMENT_TABLES = tuple(_DOCUMENT_PARTS)
"""Tables whose rows a document gives."""

_DUCKDB_TYPES = {
    _TEXT: "varchar",
    _INT: "integer",
    _BIGINT: "bigint",
    _BOOL: "boolean",
    _DATE: "date",
    _REAL: "real",
    _INSTANT: "timestamptz",
}


def create_statement(table: str) -> str:
    """DDL of one raw table. Keys are tested by dbt: an index on every cell would cost more than all the rest."""
    columns = ", ".join(
        f"{field.name} {_DUCKDB_TYPES[field.type]}{'' if field.nullable else ' not null'}" for field in TABLES[table]
    )
    return f"create table {SCHEMA}.{table} ({columns})"


def document_rows(report_id: str, document: Document) -> dict[str, pa.RecordBatch]:
    """The document's rows in reading order: a batch for each table but ``report``."""
    batches = {}
    for table, part in _DOCUMENT_PARTS.items():
        rows = getattr(document, part)
        schema = TABLES[table]
        columns: list[list[Any]] = [
            [report_id] * len(rows) if name == "report_id" else [getattr(row, name) for row in rows]
            for name in schema.names
        ]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        batches[table] = pa.record_batch(arrays, schema=schema)
    return batches
