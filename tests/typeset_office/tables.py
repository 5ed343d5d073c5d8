"""What the hand-made cases compare: a document's tables as rows of text.

Belongs here: views of a document. Does not belong here: the cases.
"""

from __future__ import annotations

from dagster_project.extract import Document


def rows(document: Document, table_seq: int = 1) -> list[list[str]]:
    """The rows of one table, ``""`` where there is no cell."""
    table = document.tables[table_seq - 1]
    result = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in document.cells:
        if cell.table_seq == table_seq:
            result[cell.row_index][cell.col_index] = cell.text
    return result


def spans(document: Document) -> dict[str, tuple[int, int]]:
    """Row and column span of the merged cells, by their text."""
    merged = (cell for cell in document.cells if (cell.row_span, cell.col_span) != (1, 1))
    return {cell.text: (cell.row_span, cell.col_span) for cell in merged}


def paragraphs(document: Document) -> list[str]:
    """The texts of all paragraphs."""
    return [paragraph.text for paragraph in document.paragraphs]


def headings(document: Document) -> list[tuple[int, str]]:
    """Level and printed text of all headings."""
    return [(h.level, f"{h.number} {h.text}" if h.number else h.text) for h in document.headings]
