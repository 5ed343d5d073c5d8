"""Reader for OpenDocument spreadsheets (ods): every visible sheet as a program set to Swedish shows it.

Belongs here: sheets, styles, repeated and merged cells and hidden parts of OpenDocument. Does not belong here: where on
a sheet the tables are (``sheets``) and how a number is shown (``numberformat``). The text that the file keeps beside
each number is not used: it is written as the last program was set, ``283,648`` where English.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.grids import shown_lines
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.package import PASSWORD, Package
from dagster_project.extract.sheets import SheetCell, StoredSheet, workbook

EXTRACTOR = "ods"
VERSION = "1"
DATE_PARTS = {
    "year": ("yy", "yyyy"),
    "month": ("m", "mm"),
    "day": ("d", "dd"),
    "day-of-week": ("ddd", "dddd"),
    "hours": ("h", "hh"),
    "minutes": ("m", "mm"),
    "seconds": ("s", "ss"),
    "am-pm": ("AM/PM", "AM/PM"),
}
"""Parts of a date style, short and long, as format codes."""
BOLD = frozenset(("bold", "600", "700", "800", "900"))
HIDDEN = frozenset(("collapse", "filter"))
BREAKS = {"tab": " ", "line-break": "\n"}
NOT_SHOWN = frozenset(("annotation", "note", "ruby-text", "tracked-changes"))


def read_ods(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a spreadsheet; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    package = Package(data, limits)
    manifest = package.xml("META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise ExtractionError(PASSWORD)
    root = package.xml("content.xml")
    body = None if root is None else root.find("{*}body/{*}spreadsheet")
    if root is None or body is None:
        raise ExtractionError("damaged: the container has no spreadsheet")
    styles = _Styles([part for part in (package.xml("styles.xml"), root) if part is not None])
    tables = list(body.iterfind("{*}table"))
    if len(tables) > limits.max_sheets:
        raise ExtractionError(f"the workbook has {len(tables)} sheets, the limit is {limits.max_sheets}")
    hidden = [_attribute(table, "name") for table in tables if _attribute(table, "style-name") in styles.unseen]
    visible = (
        _sheet(table, styles, limits) for table in tables if _attribute(table, "style-name") not in styles.unseen
    )
    document = workbook(visible, hidden, limits, words)
    return replace(
        document,
        media_type="application/vnd.oasis.opendocument.spreadsheet",
        extractor=EXTRACTOR,
        extractor_version=VERSION,
    )


def _name(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _attribute(node: etree._Element, name: str) -> str:
    return next((str(value) for key, value in node.attrib.items() if str(key).rpartition("}")[2] == name), "")


def _count(node: etree._Element, name: str) -> int:
    text = _attribute(node, name)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1


class _Styles:
    """Number formats, weights and visibility by style name."""

    def __init__(self, parts: list[etree._Element]) -> None:
        self.unseen: set[str] = set()
        self._codes: dict[str, str] = {}
        self._looks: dict[str, etree._Element] = {}
        for part in parts:
            for kind in ("number", "percentage", "currency", "date", "time"):
                for style in part.iter(f"{{*}}{kind}-style"):
                    self._codes[_attribute(style, "name")] = _code(style)
            for style in part.iter("{*}style"):
                self._looks[_attribute(style, "name")] = style
                if any(_attribute(look, "display") == "false" for look in style.iterfind("{*}table-properties")):
                    self.unseen.add(_attribute(style, "name"))

    def _chain(self, name: str) -> Iterator[etree._Element]:
        seen: set[str] = set()
        while name in self._looks and name not in seen:
            seen.add(name)
            yield self._looks[name]
            name = _attribute(self._looks[name], "parent-style-name")

    def code(self, name: str) -> str:
        """The number format of a cell style, as a format code."""
        stated = (_attribute(style, "data-style-name") for style in self._chain(name))
        return next((self._codes[data] for data in stated if data in self._codes), "General")

    def is_bold(self, name: str) -> bool:
        """Whether a cell style prints bold."""
        looks = (look for style in self._chain(name) for look in style.iterfind("{*}text-properties"))
        return next((weight in BOLD for look in looks if (weight := _attribute(look, "font-weight"))), False)


def _code(style: etree._Element) -> str:
    """A data style as a format code."""
    parts: list[str] = []
    for node in style:
        name, is_long = _name(node), _attribute(node, "style") == "long"
        if name == "number":
            decimals = _attribute(node, "decimal-places")
            whole = "#,##0" if _attribute(node, "grouping") == "true" else "0"
            places = int(decimals) if decimals.isascii() and decimals.isdigit() and len(decimals) < 3 else None
            if places is None and not parts and len(style) == 1:
                return "General"
            parts.append(whole + ("." + "0" * places if places else ""))
        elif name in DATE_PARTS:
            short, long = DATE_PARTS[name]
            textual = name == "month" and _attribute(node, "textual") == "true"
            parts.append(("mmmm" if is_long else "mmm") if textual else (long if is_long else short))
        elif name in ("text", "currency-symbol"):
            text = node.text or ""
            is_percent = _name(style) == "percentage-style" and "%" in text
            parts.append("%" if is_percent else '"' + text.replace('"', "") + '"')
        elif name == "scientific-number":
            return "0.00E+00"
    return "".join(parts) or "General"


def _sheet(table: etree._Element, styles: _Styles, limits: Limits) -> StoredSheet:
    stored = StoredSheet(_attribute(table, "name"))
    column = 0
    defaults: list[tuple[int, str]] = []
    for node in table.iter("{*}table-column"):
        repeated = _count(node, "number-columns-repeated")
        if _attribute(node, "visibility") in HIDDEN:
            stored.hidden_columns.update(range(column, column + min(repeated, 40 * limits.max_columns)))
        column += repeated
        defaults.append((column, _attribute(node, "default-cell-style-name")))
    row = 0
    for node in table.iter("{*}table-row"):
        repeated = _count(node, "number-rows-repeated")
        cells = _cells(node, styles, defaults, limits)
        if not cells:
            row += repeated
            continue
        if repeated * len(cells) + len(stored.cells) > limits.max_cells:
            raise ExtractionError(f"the workbook has more than {limits.max_cells} cells")
        for _ in range(repeated):
            if _attribute(node, "visibility") in HIDDEN:
                stored.hidden_rows.add(row)
            for at, cell, rows, columns in cells:
                stored.cells[row, at] = cell
                if (rows, columns) != (1, 1):
                    stored.merged.append((row, at, row + rows, at + columns))
            row += 1
    return stored


def _cells(
    row: etree._Element, styles: _Styles, defaults: list[tuple[int, str]], limits: Limits
) -> list[tuple[int, SheetCell, int, int]]:
    """The cells of a row that hold text: column, cell, rows and columns that they span."""
    column = 0
    result: list[tuple[int, SheetCell, int, int]] = []
    for node in row:
        if _name(node) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = _count(node, "number-columns-repeated")
        style = _attribute(node, "style-name") or _attribute(row, "default-cell-style-name")
        if not style:
            style = next((name for end, name in defaults if column < end), "")
        text = _shown(node, styles.code(style)) if _name(node) == "table-cell" else ""
        if text:
            if repeated > limits.max_columns:
                raise ExtractionError(f"a table has more than {limits.max_columns} columns")
            cell = SheetCell(text, styles.is_bold(style))
            spans = _count(node, "number-rows-spanned"), _count(node, "number-columns-spanned")
            result.extend((column + offset, cell, *spans) for offset in range(repeated))
        column += repeated
    return result


def _shown(cell: etree._Element, code: str) -> str:
    """A cell as shown: numbers and dates by their format, all else by its text."""
    kind = _attribute(cell, "value-type")
    try:
        if kind in ("float", "percentage", "currency"):
            value = float(_attribute(cell, "value"))
            return shown_value(int(value) if value.is_integer() else value, code)
        if kind == "date":
            return shown_value(datetime.datetime.fromisoformat(_attribute(cell, "date-value")), code)
    except (ValueError, OverflowError):
        return ""
    return shown_lines("\n".join(_text(paragraph) for paragraph in cell.iterfind("{*}p")))


def _text(node: etree._Element) -> str:
    parts = [node.text or ""]
    for child in node:
        name = _name(child)
        if name == "s":
            parts.append(" ")
        elif name in BREAKS:
            parts.append(BREAKS[name])
        elif name not in NOT_SHOWN:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)
