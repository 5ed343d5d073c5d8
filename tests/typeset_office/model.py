"""A report as a writer sees it: headings, paragraphs and tables in one order, taken from the text version.

Belongs here: what all writers share, and how well two documents agree. Does not belong here: any file format.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dagster_project.extract import Document, Heading, Paragraph, StructureWords, Table, extract
from dagster_project.extract.document import Cell

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "seeds/reports"


@cache
def structure_words() -> StructureWords:
    """The structure words that the project ships."""
    words: dict[str, set[str]] = {}
    with (ROOT / "seeds/vocabulary/structure_words.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            words.setdefault(row["role"], set()).add(row["word"])
    return StructureWords(
        status_labels=frozenset(words["status_label"]),
        status_values=frozenset(words["status_value"]),
        contents_titles=frozenset(words["contents_title"]),
        captions=frozenset(words.get("caption", ())),
    )


def report_paths() -> list[Path]:
    """The text reports that come with the project."""
    return sorted(REPORTS.glob("*.txt"))


@cache
def text_version(name: str) -> Document:
    """A report as the text reader reads it."""
    return extract((REPORTS / name).read_bytes(), name, words=structure_words())


@dataclass(frozen=True)
class TableBlock:
    """One table to write: cells by (row, column)."""

    table: Table
    cells: dict[tuple[int, int], Cell]


Block = Heading | Paragraph | TableBlock


def blocks(document: Document) -> list[Block]:
    """The document in an order that a writer can follow: the paragraphs of a heading, then its tables.

    A paragraph that is the caption of a table stands before it.
    """
    cells: dict[int, dict[tuple[int, int], Cell]] = {}
    for cell in document.cells:
        cells.setdefault(cell.table_seq, {})[cell.row_index, cell.col_index] = cell
    result: list[Block] = []
    for heading in (None, *document.headings):
        seq = heading.heading_seq if heading else None
        if heading:
            result.append(heading)
        tables = [table for table in document.tables if table.heading_seq == seq]
        paragraphs = [paragraph for paragraph in document.paragraphs if paragraph.heading_seq == seq]
        captions: dict[str, Paragraph] = {}
        for table in tables:
            for paragraph in paragraphs:
                if paragraph.text == table.caption:
                    captions.setdefault(paragraph.text, paragraph)
        result.extend(paragraph for paragraph in paragraphs if captions.get(paragraph.text) is not paragraph)
        for table in tables:
            if table.caption in captions:
                result.append(captions[table.caption])
            result.append(TableBlock(table, cells.get(table.table_seq, {})))
    return result


def heading_text(heading: Heading) -> str:
    """A heading as printed."""
    return f"{heading.number} {heading.text}" if heading.number else heading.text


@dataclass(frozen=True)
class Score:
    """How well the cells of two documents agree: right table, row, column and text."""

    precision: float
    recall: float


def score(found: Document, truth: Document) -> Score:
    """Precision and recall of the cells that were found."""

    def places(document: Document) -> Counter[tuple[int, int, int, str, bool]]:
        return Counter((c.table_seq, c.row_index, c.col_index, c.text, c.is_header) for c in document.cells)

    mine, true = places(found), places(truth)
    agreed = (mine & true).total()
    return Score(agreed / max(1, mine.total()), agreed / max(1, true.total()))


def shape(document: Document) -> list[tuple[int, int, int, str | None]]:
    """Rows, columns, header rows and the heading of each table."""
    headings = {heading.heading_seq: heading_text(heading) for heading in document.headings}
    return [
        (t.n_rows, t.n_cols, t.header_rows, headings[t.heading_seq] if t.heading_seq else None) for t in document.tables
    ]


def outline(document: Document) -> list[tuple[int, str | None, str]]:
    """Level, number and text of each heading."""
    return [(heading.level, heading.number, heading.text) for heading in document.headings]
