"""Documents to raw tables: pure functions of one document's bytes.

Belongs here: decoding, layout, headings, tables, header rows, page breaks. Does not belong here: what a word or a
number means (dbt), where results are stored (DuckDB) and when it runs (Dagster).
"""

from __future__ import annotations

from dagster_project.extract.document import (
    Cell,
    Document,
    ExtractionError,
    Heading,
    Limits,
    Paragraph,
    StructureWords,
    Table,
    report_id_for,
)
from dagster_project.extract.pdf import read_pdf
from dagster_project.extract.text import read_text

__all__ = [
    "Cell",
    "Document",
    "ExtractionError",
    "Heading",
    "Limits",
    "Paragraph",
    "StructureWords",
    "Table",
    "extract",
    "report_id_for",
]

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip container (Word, Excel or OpenDocument)"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"{\\rtf", "an RTF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
"""First bytes of formats that no reader exists for yet."""

PDF_MARK = b"%PDF-"
PDF_MARK_WITHIN = 1024
"""Bytes within which a PDF says what it is; mail gateways and printers put lines before it."""


def extract(
    data: bytes,
    file_name: str,
    limits: Limits | None = None,
    words: StructureWords | None = None,
) -> Document:
    """Read one document.

    Args:
        data: the whole file.
        file_name: its path below the reports folder; used for messages only, the type is found from the content.
        limits: upper bounds; the defaults of :class:`Limits` if None.
        words: structure words; none if None.

    Returns:
        The document with its headings, paragraphs, tables and cells in reading order.

    Raises:
        ExtractionError: the document is empty, unreadable, too large, cut off or holds no table; the message is the
            reason in plain words.
    """
    limits = limits or Limits()
    if not data.strip():
        raise ExtractionError("the file is empty" if not data else "the file holds nothing but white space")
    if len(data) > limits.max_bytes:
        raise ExtractionError(f"the file is too large: {len(data)} bytes, the limit is {limits.max_bytes}")
    if PDF_MARK in data[:PDF_MARK_WITHIN]:
        return read_pdf(data, limits, words or StructureWords())
    for signature, name in SIGNATURES:
        if data.startswith(signature):
            raise ExtractionError(f"format not supported yet: the content is {name}")
    return read_text(data, limits, words or StructureWords())
