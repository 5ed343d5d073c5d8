"""Reader for Excel workbooks (xlsx, xlsm): every visible sheet as it is shown, stored results instead of formulas.

Belongs here: sheets, hidden parts, merged cells and stored values of SpreadsheetML. Does not belong here: where on a
sheet the tables are (``sheets``), how a number is shown (``numberformat``), formulas and macros (never run).
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from lxml import etree
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.grids import superscript
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.package import Package
from dagster_project.extract.sheets import Area, SheetCell, StoredSheet, workbook
from dagster_project.extract.spelling import shown_lines

EXTRACTOR = "xlsx"
VERSION = "2"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

SHEET_END = re.compile(rb"</((?:\w+:)?)sheetData\s*>|<((?:\w+:)?)sheetData\s*/>")
CELL_START = re.compile(rb"<(?:\w+:)?c[ >/]")
VALUE_START = re.compile(rb"<(?:\w+:)?(?:v|is)>")
FORMULA_START = re.compile(rb"<(?:\w+:)?f[ >/]")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']")
EMPTY_CELLS_SHARE = 4
"""Formatted cells, filled or not, over the limit of filled ones: the reader holds them all in memory."""
WHITE_INDEXES = (1, 9)
"""White in the palette of old workbooks."""
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_COLUMN = 16_384


def read_xlsx(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a workbook; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    package = Package(data, limits)
    package.refuse_doctypes()
    parts, hidden_sheets = _sheet_parts(package, limits)
    if not parts:
        raise ExtractionError("no table found: no sheet is visible" if hidden_sheets else "damaged: no sheet is found")
    leaned = {part: _lean(package.read(part)) for part in parts.values()}
    _refuse_large(leaned.values(), limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(
                io.BytesIO(_lean_package(package, leaned)), data_only=True, keep_links=False, rich_text=True
            )
    except Exception as error:  # the library raises whatever broken XML leads it to
        raise ExtractionError(f"damaged: the workbook cannot be read ({type(error).__name__}: {error})") from error
    if len(book.worksheets) != len(parts):
        raise ExtractionError("damaged: the workbook does not have the sheets that it lists")
    document = workbook(
        (
            (name, partial(_sheet, sheet, name, package, part, leaned[part]))
            for sheet, (name, part) in zip(book.worksheets, parts.items(), strict=True)
        ),
        hidden_sheets,
        limits,
        words,
    )
    return replace(document, media_type=MEDIA_TYPE, extractor=EXTRACTOR, extractor_version=VERSION)


# --- what is handed to the library ----------------------------------------------------------------------------------


def _workbook_part(package: Package) -> str:
    return next(iter(package.related("").get("officeDocument", [])), "xl/workbook.xml")


def _sheet_parts(package: Package, limits: Limits) -> tuple[dict[str, str], list[str]]:
    """Name and part of every visible sheet with cells, in order, and the names of the hidden ones."""
    main = _workbook_part(package)
    root = package.xml(main)
    if root is None:
        raise ExtractionError("damaged: the container has no workbook")
    sheets = list(root.iterfind("{*}sheets/{*}sheet"))
    if len(sheets) > limits.max_sheets:
        raise ExtractionError(f"the workbook has {len(sheets)} sheets, the limit is {limits.max_sheets}")
    worksheets = set(package.related(main).get("worksheet", []))
    targets = package.targets(main)
    visible: dict[str, str] = {}
    hidden: list[str] = []
    for sheet in sheets:
        identifier = next((str(value) for key, value in sheet.attrib.items() if str(key).endswith("}id")), "")
        part, name = targets.get(identifier, ""), str(sheet.get("name") or "")
        if part not in worksheets:
            continue
        if sheet.get("state", "visible") == "visible":
            visible[name] = part
        else:
            hidden.append(name)
    return visible, hidden


def _lean(sheet: bytes) -> bytes:
    """A sheet up to its cells. What follows (rules, filters, links, merged cells) the library need not see: it fails on
    much of what other programs write there, and builds every cell of a merged area however large.
    """
    end = SHEET_END.search(sheet)
    if end is None:
        return sheet
    prefix = end[1] if end[1] is not None else end[2]
    return sheet[: end.end()] + b"</" + prefix + b"worksheet>"


def _refuse_large(sheets: Iterable[bytes], limits: Limits) -> None:
    cells = values = 0
    for sheet in sheets:
        cells += sum(1 for _ in CELL_START.finditer(sheet))
        values += sum(1 for _ in VALUE_START.finditer(sheet))
    if values > limits.max_cells or cells > EMPTY_CELLS_SHARE * limits.max_cells:
        raise ExtractionError(f"the workbook has more than {limits.max_cells} cells")


def _lean_package(package: Package, sheets: dict[str, bytes]) -> bytes:
    """The workbook without drawings, links, pivot tables, names and hidden sheets' contents: none of them is read."""
    main = _workbook_part(package)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        root = package.xml(main)
        related = package.related(main)
        assert root is not None
        for name in ("pivotCaches", "definedNames", "externalReferences", "extLst"):
            for node in root.findall(f"{{*}}{name}"):
                root.remove(node)
        wanted = set(sheets)
        for listing in root.findall("{*}sheets"):
            targets = package.targets(main)
            for sheet in list(listing):
                identifier = next((str(value) for key, value in sheet.attrib.items() if str(key).endswith("}id")), "")
                if targets.get(identifier) not in wanted:
                    listing.remove(sheet)
        views = root.findall("{*}bookViews")
        for view in views:
            root.remove(view)
        target.writestr(main, etree.tostring(root))
        for part, content in sheets.items():
            target.writestr(part, content)
        for kind in ("styles", "sharedStrings", "theme"):
            for part in related.get(kind, []):
                target.writestr(part, package.read(part))
        folder, _, base = main.rpartition("/")
        for name in ("[Content_Types].xml", "_rels/.rels", f"{folder}/_rels/{base}.rels".lstrip("/")):
            target.writestr(name, package.read(name))
    return buffer.getvalue()


# --- one sheet ------------------------------------------------------------------------------------------------------


def _sheet(sheet: Worksheet, name: str, package: Package, part: str, lean: bytes) -> StoredSheet:
    """A sheet with its cells as shown."""
    stored = StoredSheet(name, without_value=_without_value(lean))
    white: dict[tuple[int, int], tuple[str, str]] = {}
    grounds_are_known = b"<conditionalFormatting" not in package.read(part)
    for (row, column), cell in sheet._cells.items():
        if text := _text(cell):
            if grounds_are_known and _is_white_on_white(cell):
                white[row - 1, column - 1] = str(cell.coordinate), text
                continue
            stored.cells[row - 1, column - 1] = SheetCell(text, bool(cell.font and cell.font.b))
    stored.hidden_rows = {index - 1 for index, row in sheet.row_dimensions.items() if row.hidden or row.height == 0}
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden or dimension.width == 0:
            first, last = dimension.min or 1, dimension.max or 0
            stored.hidden_columns.update(range(first - 1, min(last, first + MAX_COLUMN)))
    stored.merged = list(_merged_areas(package.read(part)))
    tables = (package.xml(table) for table in package.related(part).get("table", []))
    areas = (_area(str(table.get("ref") or "")) for table in tables if table is not None)
    stored.tables = [area for area in areas if area is not None]
    for (row, column), (coordinate, text) in white.items():
        if any(top <= row < end and left <= column < behind for top, left, end, behind in stored.tables):
            # The style of a declared table colours its heads, whatever its cells say.
            stored.cells[row, column] = SheetCell(text, False)
        else:
            stored.unseen.append(coordinate)
    return stored


def _area(reference: str) -> Area | None:
    """``A1:C5`` as rows and columns from 0, the end behind the last."""
    try:
        left, first, right, last = range_boundaries(reference)
    except ValueError:
        return None
    if left is None or first is None or right is None or last is None:
        return None
    return first - 1, left - 1, last, right


def _merged_areas(sheet: bytes) -> Iterable[Area]:
    end = SHEET_END.search(sheet)
    for match in MERGED.finditer(sheet, end.end() if end else 0):
        if (area := _area(match[1].decode())) is not None:
            yield area


def _text(cell: object) -> str:
    """A cell as shown; struck-out text is left out, as in the other formats."""
    value = getattr(cell, "value", None)
    font = getattr(cell, "font", None)
    struck = bool(font is not None and font.strike)
    if value is None or (struck and not isinstance(value, CellRichText)):
        return ""
    if isinstance(value, CellRichText):
        text = ""
        for part in value:
            if not isinstance(part, TextBlock):
                # Only text without a font of its own is set as the cell is.
                text += "" if struck else _unescaped(str(part))
            elif part.font.vertAlign == "superscript":
                text += superscript(text, _unescaped(part.text))
            elif not part.font.strike:
                text += _unescaped(part.text)
        return shown_lines(text)
    value = _unescaped(value) if isinstance(value, str) else value
    return shown_lines(shown_value(value, str(getattr(cell, "number_format", None) or "General")))


def _is_white_on_white(cell: object) -> bool:
    """Whether a cell says that its text is white and that nothing fills it, or white."""
    font, fill = getattr(cell, "font", None), getattr(cell, "fill", None)
    if font is None or fill is None or not _is_white(font.color):
        return False
    return fill.fill_type is None or (fill.fill_type == "solid" and _is_white(fill.fgColor))


def _is_white(colour: object) -> bool:
    kind = getattr(colour, "type", None)
    if kind == "rgb":
        return str(getattr(colour, "rgb", "")).upper().endswith("FFFFFF")
    if kind == "theme":
        return getattr(colour, "theme", None) == 0 and not getattr(colour, "tint", 0)
    return kind == "indexed" and getattr(colour, "indexed", None) in WHITE_INDEXES


def _unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, or only normalised: ``_x000D_`` for the end of a line."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _without_value(sheet: bytes) -> list[str]:
    """The names of cells that hold a formula whose result was never stored."""
    if not FORMULA_START.search(sheet):
        return []
    result: list[str] = []
    for _, cell in etree.iterparse(
        io.BytesIO(sheet), tag="{*}c", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    ):
        value = cell.find("{*}v")
        # An empty text is a result, and is stored as one.
        is_missing = value is None or (not value.text and cell.get("t") != "str")
        if is_missing and cell.find("{*}f") is not None:
            result.append(str(cell.get("r") or "?"))
        cell.clear()
    return result
