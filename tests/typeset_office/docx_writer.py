"""Writes a report as a Word document with python-docx.

Belongs here: styles and tables as Word users make them. Does not belong here: what the tests expect of it.
"""

from __future__ import annotations

import io

import docx
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement

from dagster_project.extract import Document, Heading, Paragraph
from tests.typeset_office.model import TableBlock, blocks, heading_text


def write_docx(document: Document, *, mark_headers: bool = True) -> bytes:
    """The document as bytes; with marked headers, header rows are set to repeat on each page."""
    word = docx.Document()
    for block in blocks(document):
        match block:
            case Heading():
                word.add_heading(heading_text(block), min(block.level, 9))
            case Paragraph():
                word.add_paragraph(block.text)
            case TableBlock():
                _table(word, block, mark_headers=mark_headers)
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def _table(word: WordDocument, block: TableBlock, *, mark_headers: bool) -> None:
    table = word.add_table(rows=block.table.n_rows, cols=block.table.n_cols)
    for (row, column), cell in block.cells.items():
        place = table.cell(row, column)
        if cell.col_span > 1:
            place = place.merge(table.cell(row, column + cell.col_span - 1))
        first, *others = cell.text.split("\n")
        place.paragraphs[0].text = first
        for other in others:
            place.add_paragraph(other)
    if mark_headers:
        for row in range(block.table.header_rows):
            table.rows[row]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    # Word puts a paragraph between tables, else it takes them for one.
    word.add_paragraph("")
