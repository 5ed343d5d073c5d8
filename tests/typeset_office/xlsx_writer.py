"""Writes a report as an Excel workbook with openpyxl.

Belongs here: placing cells on a sheet, numbers with a format where a cell prints a plain number. Does not belong here:
what the tests expect of it.
"""

from __future__ import annotations

import io
import re

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.extract import Document, Heading, Paragraph
from tests.typeset_office.model import TableBlock, blocks, heading_text

WHOLE = re.compile(r"-?(?:[1-9]\d{0,2}(?: \d{3})+|0|[1-9]\d*)")
DECIMAL = re.compile(r"(-?(?:[1-9]\d{0,2}(?: \d{3})+|0|[1-9]\d*)),(\d{1,2})( %)?")


def write_xlsx(document: Document, *, first_column: int = 1) -> bytes:
    """The document on one sheet; cells that print plain numbers are stored as numbers with a number format."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Rapport"
    row = 1
    for block in blocks(document):
        match block:
            case Heading():
                cell = sheet.cell(row, first_column, heading_text(block))
                cell.font = Font(bold=True, size=20 - 2 * min(block.level, 4))
                row += 2
            case Paragraph():
                sheet.cell(row, first_column).value = block.text
                row += 2
            case TableBlock():
                _table(sheet, block, row, first_column)
                row += block.table.n_rows + 1
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _table(sheet: Worksheet, block: TableBlock, top: int, left: int) -> None:
    for (row, column), cell in block.cells.items():
        place = sheet.cell(top + row, left + column)
        value, number_format = stored(cell.text)
        place.value = value
        place.number_format = number_format
        if cell.col_span > 1:
            sheet.merge_cells(
                start_row=top + row,
                start_column=left + column,
                end_row=top + row,
                end_column=left + column + cell.col_span - 1,
            )


def stored(text: str) -> tuple[str | int | float, str]:
    """How Excel stores a printed text: value and number format."""
    if WHOLE.fullmatch(text):
        return int(text.replace(" ", "")), "#,##0" if " " in text else "0"
    if match := DECIMAL.fullmatch(text):
        value = float(match[1].replace(" ", "") + "." + match[2])
        whole = "#,##0" if " " in match[1] else "0"
        if match[3]:
            return round(value / 100, 6), f"{whole}.{'0' * len(match[2])}%"
        return value, f"{whole}.{'0' * len(match[2])}"
    return text, "@" if text[:1] in "=+-" else "General"
