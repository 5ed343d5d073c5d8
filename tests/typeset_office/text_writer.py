"""Writes a report as delimited text, as Markdown with pipe tables, and as text with columns aligned by spaces.

Belongs here: plain text formats other than tabs. Does not belong here: what the tests expect of it.
"""

from __future__ import annotations

import csv
import io

from dagster_project.extract import Document, Heading, Paragraph
from tests.typeset_office.model import TableBlock, blocks, heading_text


def write_csv(document: Document, *, delimiter: str = ";") -> bytes:
    """Headings and paragraphs as rows of one cell, a blank row around each table."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    for block in blocks(document):
        match block:
            case Heading():
                writer.writerows([[heading_text(block)], []])
            case Paragraph():
                writer.writerows([[block.text], []])
            case TableBlock():
                writer.writerows(rows(block))
                writer.writerow([])
    return buffer.getvalue().encode("utf-8-sig")


def write_markdown(document: Document) -> bytes:
    """Headings with ``#``, tables with pipes; paragraphs inside a cell divided by ``<br>``."""
    parts: list[str] = []
    for block in blocks(document):
        match block:
            case Heading():
                parts.append(f"{'#' * min(block.level, 6)} {heading_text(block)}")
            case Paragraph():
                parts.append(block.text)
            case TableBlock():
                lines = [
                    "| " + " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in row) + " |"
                    for row in rows(block)
                ]
                lines.insert(1, "|" + "---|" * block.table.n_cols)
                parts.append("\n".join(lines))
    return "\n\n".join(parts).encode() + b"\n"


def write_aligned(table: list[list[str]]) -> str:
    """One table with its first column to the left and the others to the right, two spaces between."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )


def rows(block: TableBlock) -> list[list[str]]:
    """The rows of a table, every cell."""
    table, cells = block.table, block.cells
    return [
        [cells[row, column].text if (row, column) in cells else "" for column in range(table.n_cols)]
        for row in range(table.n_rows)
    ]
