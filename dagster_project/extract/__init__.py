"""Documents to raw tables: pure functions of one document's bytes.

Belongs here: decoding, layout, headings, tables, header rows, page breaks. Does not belong here: what a word or a
number means (dbt), where results are stored (DuckDB) and when it runs (Dagster).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dagster_project.extract.csv import read_csv
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
from dagster_project.extract.docx import read_docx
from dagster_project.extract.html import read_html
from dagster_project.extract.ods import read_ods
from dagster_project.extract.pdf import read_pdf
from dagster_project.extract.sniff import LABELS, sniff
from dagster_project.extract.text import read_text
from dagster_project.extract.xls import read_xls
from dagster_project.extract.xlsb import read_xlsb
from dagster_project.extract.xlsx import read_xlsx

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

Reader = Callable[[bytes, Limits, StructureWords], Document]

READERS: dict[str, Reader] = {
    "text": read_text,
    "csv": read_csv,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
    "xlsx": read_xlsx,
    "xlsb": read_xlsb,
    "xls": read_xls,
    "ods": read_ods,
}
"""The reader of each kind that :func:`~dagster_project.extract.sniff.sniff` tells."""


def extract(
    data: bytes,
    file_name: str,
    limits: Limits | None = None,
    words: StructureWords | None = None,
) -> Document:
    """Read one document.

    Args:
        data: the whole file.
        file_name: its path below the reports folder; the type is found from the content, and a name that says
            otherwise is noted.
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
    kind = sniff(data, file_name, limits)
    if kind.name not in READERS:
        raise ExtractionError(f"format not supported yet: the content is {LABELS[kind.name]}")
    try:
        document = READERS[kind.name](data, limits, words or StructureWords())
    except RecursionError as error:
        raise ExtractionError("elements are nested too deep") from error
    return replace(document, notes=(*kind.notes, *document.notes))
