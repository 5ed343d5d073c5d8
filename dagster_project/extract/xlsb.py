"""Reader for binary workbooks (xlsb): every visible sheet as it is shown, stored results instead of formulas.

Belongs here: values by calamine, and what it does not tell (number formats, hidden rows and columns, errors, weights)
from the records of the file. Does not belong here: where on a sheet the tables are (``sheets``) and how a
number is shown (``numberformat``). Formulas and macros are never run.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

from openpyxl.styles.numbers import BUILTIN_FORMATS
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.grids import superscript
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.package import Package
from dagster_project.extract.sheets import Place, SheetCell, StoredSheet, workbook
from dagster_project.extract.spelling import shown_lines

EXTRACTOR = "xlsb"
VERSION = "1"

# Numbers of records, as [MS-XLSB] lists them.
ROW, FIRST_CELL, LAST_CELL, ERROR, SHARED_TEXT, FORMULA_ERROR, RICH_TEXT = 0, 1, 11, 3, 7, 11, 62
SHARED_ITEM = 19
FUTURE_BEGINS, FUTURE_ENDS = 35, 36
"""Between them stand records of later programs, whose numbers may mean anything."""
FONT, FORMAT, LOOK, COLUMNS, BUNDLED_SHEET, MERGED = 43, 44, 47, 60, 156, 176
BEGIN_LOOKS, END_LOOKS = 617, 618
ROW_HIDDEN = 0x10
STRUCK = 0x08
BOLD_WEIGHT = 600
MAX_COLUMN = 16_384
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
DAMAGED = "damaged: the workbook cannot be read"


SUPERSCRIPT = 1


@dataclass(frozen=True, slots=True)
class _Font:
    """How text is set."""

    bold: bool = False
    struck: bool = False
    raised: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """What a cell style says."""

    code: str
    font: _Font


@dataclass(frozen=True, slots=True)
class _Rich:
    """A text in several fonts: the places from which they are used, and their numbers."""

    text: str
    runs: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Records:
    """What the records of one sheet say beside the values."""

    looks: dict[Place, int] = field(default_factory=dict)
    errors: dict[Place, str] = field(default_factory=dict)
    rich: dict[Place, _Rich] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def read_xlsb(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a binary workbook; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    package = Package(data, limits)
    package.refuse_doctypes()
    try:
        parts = _sheet_parts(package)
        fonts, looks = _looks(package)
        shared = _rich_texts(package)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ExtractionError(f"{DAMAGED} (a record is cut off)") from error
    if len(parts) > limits.max_sheets:
        raise ExtractionError(f"the workbook has {len(parts)} sheets, the limit is {limits.max_sheets}")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        metadata = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    except Exception as error:  # the library raises whatever broken records lead it to
        raise ExtractionError(f"{DAMAGED} ({type(error).__name__}: {error})") from error
    hidden = [sheet.name for sheet in metadata if sheet.visible != SheetVisibleEnum.Visible]
    sheets: list[tuple[str, Callable[[], StoredSheet]]] = []
    cells = 0
    for sheet in metadata:
        if sheet.visible != SheetVisibleEnum.Visible:
            continue
        if sheet.name not in parts:
            raise ExtractionError(f"{DAMAGED} (the sheet {sheet.name!r} is not in it)")
        try:
            records = _records(package.read(parts[sheet.name]), shared)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ExtractionError(f"{DAMAGED} (a record of the sheet {sheet.name!r} is cut off)") from error
        cells += len(records.looks)
        if cells > 4 * limits.max_cells:
            raise ExtractionError(f"the workbook has more than {limits.max_cells} cells")
        sheets.append((sheet.name, partial(_sheet, book, sheet.name, records, fonts, looks)))
    document = workbook(sheets, hidden, limits, words)
    return replace(
        document,
        media_type="application/vnd.ms-excel.sheet.binary.macroEnabled.12",
        extractor=EXTRACTOR,
        extractor_version=VERSION,
    )


def _each_record(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of every record of a part that is not of a later program."""
    depth = 0
    for kind, record in _all_records(data):
        if kind == FUTURE_BEGINS:
            depth += 1
        elif kind == FUTURE_ENDS:
            depth -= 1
        elif depth <= 0:
            yield kind, record


def _all_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 0, len(data)
    while at < end:
        kind = data[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | (data[at] & 0x7F) << 7
            at += 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        if at + size > end:
            raise IndexError("a record is cut off")
        yield kind, data[at : at + size]
        at += size


def _text(record: bytes, at: int) -> tuple[str, int]:
    """A string with its length before it, and the place behind it."""
    (length,) = struct.unpack_from("<I", record, at)
    if length == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * length
    if end > len(record):
        raise IndexError("a text is cut off")
    return record[at + 4 : end].decode("utf-16-le"), end


def _workbook_part(package: Package) -> str:
    return next(iter(package.related("").get("officeDocument", [])), "xl/workbook.bin")


def _sheet_parts(package: Package) -> dict[str, str]:
    """The part of every sheet by its name."""
    main = _workbook_part(package)
    targets = package.targets(main)
    parts: dict[str, str] = {}
    for kind, record in _each_record(package.read(main)):
        if kind == BUNDLED_SHEET:
            identifier, behind = _text(record, 8)
            name, _ = _text(record, behind)
            if identifier in targets:
                parts[name] = targets[identifier]
    return parts


def _rich(record: bytes, at: int) -> _Rich:
    """A text that may change its font on the way."""
    text, behind = _text(record, at + 1)
    if not record[at] & 1:
        return _Rich(text, ())
    (count,) = struct.unpack_from("<I", record, behind)
    runs = struct.unpack_from(f"<{2 * min(count, len(record))}H", record, behind + 4)
    return _Rich(text, tuple(zip(runs[::2], runs[1::2], strict=True)))


def _rich_texts(package: Package) -> dict[int, _Rich]:
    """Shared texts in several fonts, by their number."""
    part = next(iter(package.related(_workbook_part(package)).get("sharedStrings", [])), "")
    items = (record for kind, record in _each_record(package.read(part)) if kind == SHARED_ITEM)
    return {number: _rich(record, 0) for number, record in enumerate(items) if record[0] & 1}


def _looks(package: Package) -> tuple[list[_Font], list[_Look]]:
    """The fonts and the cell styles in their order."""
    part = next(iter(package.related(_workbook_part(package)).get("styles", [])), "")
    codes: dict[int, str] = dict(BUILTIN_FORMATS)
    fonts: list[_Font] = []
    looks: list[_Look] = []
    is_cell_style = False
    for kind, record in _each_record(package.read(part)):
        if kind == FORMAT:
            codes[struct.unpack_from("<H", record)[0]] = _text(record, 2)[0]
        elif kind == FONT:
            flags, weight, escapement = struct.unpack_from("<HHH", record, 2)
            fonts.append(_Font(weight >= BOLD_WEIGHT, bool(flags & STRUCK), escapement == SUPERSCRIPT))
        elif kind in (BEGIN_LOOKS, END_LOOKS):
            is_cell_style = kind == BEGIN_LOOKS
        elif kind == LOOK and is_cell_style:
            number, font = struct.unpack_from("<HH", record, 2)
            looks.append(_Look(codes.get(number, "General"), fonts[font]))
    return fonts, looks


def _records(data: bytes, shared: dict[int, _Rich]) -> _Records:
    """What the records of a sheet say beside the values."""
    found = _Records()
    row = 0
    for kind, record in _each_record(data):
        if kind == ROW:
            (row,) = struct.unpack_from("<I", record)
            if record[11] & ROW_HIDDEN:
                found.hidden_rows.add(row)
        elif FIRST_CELL <= kind <= LAST_CELL or kind == RICH_TEXT:
            column, look = struct.unpack_from("<II", record)
            found.looks[row, column] = look & 0xFFFFFF
            if kind in (ERROR, FORMULA_ERROR):
                found.errors[row, column] = ERRORS.get(record[8], "#VALUE!")
            elif kind == RICH_TEXT:
                found.rich[row, column] = _rich(record, 8)
            elif kind == SHARED_TEXT and (number := struct.unpack_from("<I", record, 8)[0]) in shared:
                found.rich[row, column] = shared[number]
        elif kind == COLUMNS:
            first, last, width, _, flags = struct.unpack_from("<IIIIH", record)
            if flags & 1 or width == 0:
                found.hidden_columns.update(range(first, min(last, MAX_COLUMN) + 1))
        elif kind == MERGED:
            first, last, left, right = struct.unpack_from("<IIII", record)
            found.merged.append((first, left, last + 1, right + 1))
    return found


def _sheet(book: CalamineWorkbook, name: str, records: _Records, fonts: list[_Font], looks: list[_Look]) -> StoredSheet:
    """A sheet with its cells as shown."""
    try:
        sheet = book.get_sheet_by_name(name)
        values = sheet.to_python(skip_empty_area=True)
        top, left = sheet.start or (0, 0)
    except Exception as error:  # the library raises whatever broken records lead it to
        raise ExtractionError(f"{DAMAGED} ({type(error).__name__}: {error})") from error
    stored = StoredSheet(
        name, merged=records.merged, hidden_rows=records.hidden_rows, hidden_columns=records.hidden_columns
    )
    for place, number in records.looks.items():
        if number >= len(looks):
            raise ExtractionError(f"{DAMAGED} (the number format of a cell is not in it)")
        look = looks[number]
        if place in records.rich:
            text = _rich_text(records.rich[place], look.font, fonts)
        elif look.font.struck:
            continue
        else:
            text = records.errors.get(place) or _shown(_value(values, place[0] - top, place[1] - left), look.code)
        if text := shown_lines(text):
            stored.cells[place] = SheetCell(text, look.font.bold)
    return stored


def _value(values: list[list[Any]], row: int, column: int) -> Any:
    return values[row][column] if 0 <= row < len(values) and 0 <= column < len(values[row]) else ""


def _rich_text(rich: _Rich, own: _Font, fonts: list[_Font]) -> str:
    """A text in several fonts; struck parts are left out, and footnote marks are set apart."""
    shown = ""
    starts = [(0, -1), *rich.runs, (len(rich.text), -1)]
    for (start, number), (end, _) in pairwise(starts):
        if number >= len(fonts):
            raise ExtractionError(f"{DAMAGED} (a font is not in it)")
        font = own if number < 0 else fonts[number]
        part = rich.text[start:end]
        if part and not font.struck:
            shown += superscript(shown, part) if font.raised else part
    return shown


def _shown(value: Any, code: str) -> str:
    if value in ("", None):
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return shown_value(int(value) if whole else value, code)
