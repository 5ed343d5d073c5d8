"""Writes a report as an HTML page, as a content management system would.

Belongs here: markup. Does not belong here: what the tests expect of it.
"""

from __future__ import annotations

from html import escape

from dagster_project.extract import Document, Heading, Paragraph
from tests.typeset_office.model import TableBlock, blocks, heading_text


def write_html(document: Document, *, mark_headers: bool = True) -> bytes:
    """The document as a page; without marked headers, every cell is a ``td``."""
    parts = ['<!DOCTYPE html><html lang="sv"><head><meta charset="utf-8"><title>Rapport</title></head><body>']
    for block in blocks(document):
        match block:
            case Heading():
                level = min(block.level, 6)
                parts.append(f"<h{level}>{escape(heading_text(block))}</h{level}>")
            case Paragraph():
                parts.append(f"<p>{escape(block.text)}</p>")
            case TableBlock():
                parts.append(_table(block, mark_headers=mark_headers))
    parts.append("</body></html>")
    return "\n".join(parts).encode()


def _table(block: TableBlock, *, mark_headers: bool) -> str:
    rows = []
    for row in range(block.table.n_rows):
        tag = "th" if mark_headers and row < block.table.header_rows else "td"
        cells = []
        column = 0
        while column < block.table.n_cols:
            cell = block.cells.get((row, column))
            span = cell.col_span if cell else 1
            text = "".join(f"<p>{escape(part)}</p>" for part in cell.text.split("\n")) if cell else ""
            if cell and "\n" not in cell.text:
                text = escape(cell.text)
            cells.append(f'<{tag} colspan="{span}">{text}</{tag}>' if span > 1 else f"<{tag}>{text}</{tag}>")
            column += span
        rows.append("<tr>" + "".join(cells) + "</tr>")
    head = rows[: block.table.header_rows] if mark_headers else []
    body = rows[len(head) :]
    return f"<table>{'<thead>' + ''.join(head) + '</thead>' if head else ''}<tbody>{''.join(body)}</tbody></table>"
