"""What every reader returns: a document as headings, paragraphs, tables and cells.

Belongs here: the records of the ``raw`` layer as plain immutable Python, the limits a reader obeys and the one
error it may raise. Does not belong here: how a format is read, what a word means, and anything of Dagster or DuckDB.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

MAX_RUNNING_LINES = 30
"""Running lines kept of a document; more are chapter titles, which the text holds anyhow."""
MAX_RUNNING_LENGTH = 300


class ExtractionError(ValueError):
    """A document that cannot be read; the message is the reason, in plain words, for ``raw.report.error``."""


def fault_of(error: Exception) -> str:
    """What to say of a table or sheet that is left out because a reader failed on it: a fault of ours costs no more.

    Raises:
        ExtractionError, MemoryError, RecursionError: what is said on purpose, and what the whole document leads to.
    """
    if isinstance(error, (ExtractionError, MemoryError, RecursionError)):
        raise error
    return f"the reader failed on it ({type(error).__name__}: {error})"


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one document. A document beyond one of them is quarantined, never cut short."""

    max_bytes: int = 64 * 1024 * 1024
    """Size of the file in bytes."""
    max_cells: int = 500_000
    """Cells of all tables together."""
    max_columns: int = 512
    """Columns of one table."""
    max_pages: int = 3_000
    """Pages of a document, for formats that have pages."""
    max_characters: int = 20_000_000
    """Characters of a document, counted before they are read, for formats that tell."""
    max_table_cells: int = 200_000
    """Cells of one table, the empty ones too: merged cells can claim an area far larger than the file."""
    max_depth: int = 200
    """Elements inside each other, and tables inside tables, in HTML and Word."""
    max_sheets: int = 200
    """Sheets of a workbook, the hidden ones too."""
    max_zip_members: int = 5_000
    """Files inside a zip container (Word, Excel, OpenDocument)."""
    max_unpacked_bytes: int = 512 * 1024 * 1024
    """Size of all files inside a zip container together, unpacked."""
    max_zip_ratio: int = 250
    """Unpacked over packed size of one file of a zip container above 1 MiB; office documents stay below 100."""
    max_seconds: int = 120
    """Wall time for one document, where it is read in a child process."""
    max_memory_bytes: int = 2 * 1024 * 1024 * 1024
    """Address space of the child process that reads a document, with its program and libraries."""
    ocr: bool = False
    """Whether pages without a text layer and pictures that may hold a table are read too."""
    max_ocr_seconds: int = 1_800
    """Processor time for the pictures of one document; its wall time is as much longer."""
    max_ocr_pixels: int = 20_000_000
    """Size of a page as it is drawn to be read; a larger one is drawn coarser."""

    @property
    def all_seconds(self) -> int:
        """Wall time for one document, pictures included."""
        return self.max_seconds + (self.max_ocr_seconds if self.ocr else 0)


@dataclass(frozen=True, slots=True)
class StructureWords:
    """Words that mark structure in documents without layout, handed in by the caller (seeds/vocabulary).

    Reading stays a pure function of bytes and these words; what they *mean* is decided in dbt.
    """

    status_labels: frozenset[str] = frozenset()
    """Normalised lines that announce a status block (``bedömning måluppfyllelse``)."""
    status_values: frozenset[str] = frozenset()
    """Normalised lines that can stand as the value of such a block (``inte uppnått``)."""
    contents_titles: frozenset[str] = frozenset({"innehållsförteckning", "innehåll"})
    """Normalised headings of a table of contents."""
    captions: frozenset[str] = frozenset()
    """Words with which the line that says the unit of the table below begins (``belopp``, ``tkr``)."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading. ``level`` counts from 1; ``number`` as printed (``3.10``) or None."""

    heading_seq: int
    level: int
    number: str | None
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or single line outside tables; ``heading_seq`` is None above the first heading."""

    paragraph_seq: int
    heading_seq: int | None
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One non-empty cell. Indexes count from 0 over the joined table; spans are at least 1.

    Paragraphs inside a cell are divided by a newline. ``x0`` to ``y1`` are the left, top, right and bottom of what is
    printed, in points from the top left corner of the page as it is shown; None where that is not known.
    """

    table_seq: int
    row_index: int
    col_index: int
    text: str
    is_header: bool
    row_span: int = 1
    col_span: int = 1
    page: int | None = None
    x0: float | None = None
    y0: float | None = None
    x1: float | None = None
    y1: float | None = None
    extraction_basis: str | None = None
    """``ocr`` where it was read from a picture; None where the file says it."""
    vouched_by: str | None = None
    """What bears a cell out that was read from a picture: ``arithmetic``, ``two readings``, ``stated in text``."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, fragments joined. ``table_seq`` counts from 1 in reading order."""

    table_seq: int
    heading_seq: int | None
    page_first: int | None
    page_last: int | None
    caption: str | None
    n_rows: int
    n_cols: int
    header_rows: int
    fragments: int


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A line of the page headers or footers, or a title that is shown beside the text (of a web page).

    It is no part of the text, but often the only place that says whose the document is.
    """

    line_seq: int
    text: str


@dataclass(frozen=True, slots=True)
class WordFate:
    """What became of the words with a digit on one page that share a fate; together all of them, each once.

    ``fate`` is one of ``table``, ``text`` (heading, paragraph, caption), ``contents`` (a list of contents, a title that
    is printed again), ``running`` (page headers and footers), ``sideways`` (turned text outside of tables), ``refused``
    (with the ``reason`` for which its table was left out) and ``nothing``, which no page should have.
    """

    page: int
    fate: str
    reason: str | None
    n_words: int
    sample: str
    """The first of them, as printed, for a human."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read; the sequences are in reading order."""

    media_type: str
    title: str | None
    page_count: int | None
    extractor: str
    extractor_version: str
    headings: tuple[Heading, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    tables: tuple[Table, ...] = ()
    cells: tuple[Cell, ...] = ()
    running_lines: tuple[RunningLine, ...] = ()
    """Each different line once; digits aside, for they are page numbers."""
    word_fates: tuple[WordFate, ...] = ()
    """For formats in which words stand at places and a table must be found; empty for the others."""
    notes: tuple[str, ...] = field(default=())
    """Remarks for a human: an encoding other than UTF-8, a lying extension."""


def collapse(text: str) -> str:
    """Whitespace of every kind (also no-break and thin spaces) to single plain spaces, ends trimmed."""
    return " ".join(text.split())


def running_lines(texts: Iterable[str]) -> tuple[RunningLine, ...]:
    """The different lines among ``texts`` in the order given, those without a letter left out."""
    kept: dict[str, str] = {}
    for text in map(collapse, texts):
        if any(char.isalpha() for char in text) and len(text) <= MAX_RUNNING_LENGTH:
            kept.setdefault(re.sub(r"\d+", "#", text.casefold()), text)
    return tuple(
        RunningLine(number, text) for number, text in enumerate(list(kept.values())[:MAX_RUNNING_LINES], start=1)
    )


def report_id_for(relative_path: str) -> str:
    """Slug of a path below the reports folder: ``2023/Årsbokslut Växjö.txt`` -> ``2023-arsbokslut-vaxjo``."""
    stem = str(PurePosixPath(relative_path.replace("\\", "/")).with_suffix(""))
    # Letter by letter, for to sort a run of marks takes the square of its length, and all marks go.
    plain = "".join(unicodedata.normalize("NFKD", char) for char in stem.casefold())
    plain = plain.encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
