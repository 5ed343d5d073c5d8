"""Documents to raw tables: pure functions of one document's bytes.

Belongs here: decoding, layout, headings, tables, header rows, page breaks. Does not belong here: what a word or a
number means (dbt), where results are stored (DuckDB) and when it runs (Dagster).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

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
    "load_reader",
    "report_id_for",
]

Reader = Callable[[bytes, Limits, StructureWords], Document]

READERS = frozenset({"text", "csv", "html", "pdf", "docx", "xlsx", "xlsb", "xls", "ods"})
"""The kinds that a reader exists for: a module of that name with a function ``read_<name>``."""


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
    # Only now: who asks for help or the warehouse takes the limits from here and reads nothing.
    from dagster_project.extract.damage import damage
    from dagster_project.extract.sniff import LABELS, sniff

    limits = limits or Limits()
    if not data.strip():
        raise ExtractionError("the file is empty" if not data else "the file holds nothing but white space")
    if len(data) > limits.max_bytes:
        raise ExtractionError(f"the file is too large: {len(data)} bytes, the limit is {limits.max_bytes}")
    kind = sniff(data, file_name, limits)
    if kind.name not in READERS:
        raise ExtractionError(f"format not supported yet: the content is {LABELS[kind.name]}")
    try:
        document = load_reader(kind.name)(data, limits, words or StructureWords())
    except RecursionError as error:
        raise ExtractionError("elements are nested too deep") from error
    return replace(document, notes=(*kind.notes, *document.notes, *damage(document)))


def load_reader(kind: str) -> Reader:
    """The reader of one of :data:`READERS`."""
    # Only now: the parsers take a second to import, and who asks the warehouse or for help needs none of them.
    reader: Reader = getattr(import_module(f"dagster_project.extract.{kind}"), f"read_{kind}")
    return reader
