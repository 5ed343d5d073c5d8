"""Reader for old Excel workbooks (xls): every visible sheet as it is shown, stored results instead of formulas.

Belongs here: cells, formats and hidden parts of BIFF, through xlrd. Does not belong here: where on a sheet the tables
are (``sheets``) and how a number is shown (``numberformat``). Formulas and macros are never run.
"""

from __future__ import annotations

import io
import typing
from dataclasses import replace
from functools import partial
from itertools import pairwise

import xlrd

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.grids import superscript
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.package import PASSWORD
from dagster_project.extract.sheets import SheetCell, StoredSheet, workbook
from dagster_project.extract.spelling import shown_lines

EXTRACTOR = "xls"
VERSION = "2"
BOLD_WEIGHT = 600
SUPERSCRIPT = 1
"""Escapement of raised text."""


class _Silence(io.TextIOBase):
    """Takes the warnings that the library prints; a reader may open no file, not even the one that swallows all."""

    def write(self, text: str) -> int:
        """Forget the text."""
        return len(text)


def read_xls(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read an old workbook; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=_Silence())
    except Exception as error:  # the library raises whatever broken records lead it to
        if "encrypted" in str(error).lower():
            raise ExtractionError(PASSWORD) from error
        raise ExtractionError(f"damaged: the workbook cannot be read ({type(error).__name__}: {error})") from error
    if book.nsheets > limits.max_sheets:
        raise ExtractionError(f"the workbook has {book.nsheets} sheets, the limit is {limits.max_sheets}")
    if sum(sheet.row_len(row) for sheet in book.sheets() for row in range(sheet.nrows)) > 4 * limits.max_cells:
        raise ExtractionError(f"the workbook has more than {limits.max_cells} cells")
    hidden = [sheet.name for sheet in book.sheets() if sheet.visibility]
    visible = [(sheet.name, partial(_whole_sheet, book, sheet)) for sheet in book.sheets() if not sheet.visibility]
    document = workbook(visible, hidden, limits, words)
    return replace(document, media_type="application/vnd.ms-excel", extractor=EXTRACTOR, extractor_version=VERSION)


def _whole_sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> StoredSheet:
    try:
        return _sheet(book, sheet)
    except (LookupError, ValueError, TypeError, AttributeError) as error:  # references to what is not there
        raise ExtractionError(f"damaged: the workbook cannot be read ({type(error).__name__}: {error})") from error


def _sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet) -> StoredSheet:
    stored = StoredSheet(str(sheet.name))
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            text, bold = _text(book, sheet, row, column)
            if text:
                stored.cells[row, column] = SheetCell(text, bold)
    stored.hidden_rows = {row for row, info in sheet.rowinfo_map.items() if info.hidden or info.height == 0}
    stored.hidden_columns = {column for column, info in sheet.colinfo_map.items() if info.hidden or info.width == 0}
    stored.merged = [(first, left, end, right) for first, end, left, right in sheet.merged_cells]
    return stored


def _text(book: xlrd.Book, sheet: xlrd.sheet.Sheet, row: int, column: int) -> tuple[str, bool]:
    """A cell as shown, and whether it is bold."""
    kind = sheet.cell_type(row, column)
    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return "", False
    look = book.xf_list[sheet.cell_xf_index(row, column)]
    font = book.font_list[look.font_index]
    is_bold = font.weight >= BOLD_WEIGHT
    value: typing.Any = sheet.cell_value(row, column)
    runs = sheet.rich_text_runlist_map.get((row, column))
    if runs and isinstance(value, str):
        return shown_lines(_rich_text(book, value, look.font_index, runs)), is_bold
    if font.struck_out:
        return "", False
    if kind == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code[int(value)], is_bold
    if kind == xlrd.XL_CELL_BOOLEAN:
        value = bool(value)
    elif kind == xlrd.XL_CELL_DATE:
        try:
            value = xlrd.xldate_as_datetime(float(value), book.datemode)
        except (ValueError, OverflowError):
            return "", False
    return shown_lines(shown_value(value, book.format_map[look.format_key].format_str)), is_bold


def _rich_text(book: xlrd.Book, text: str, font_index: int, runs: list[tuple[int, int]]) -> str:
    """A text in several fonts; struck parts are left out, and footnote marks are set apart."""
    shown = ""
    starts = [(0, font_index), *runs, (len(text), font_index)]
    for (start, index), (end, _) in pairwise(starts):
        font = book.font_list[index]
        part = text[start:end]
        if part and not font.struck_out:
            shown += superscript(shown, part) if font.escapement == SUPERSCRIPT else part
    return shown
