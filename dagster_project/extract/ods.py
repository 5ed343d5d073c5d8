"""Reader for OpenDocument spreadsheets (ods): every visible sheet as a program set to Swedish shows it.

Belongs here: sheets, styles, repeated and merged cells and hidden parts of OpenDocument. Does not belong here: where on
a sheet the tables are (``sheets``) and how a number is shown (``numberformat``). The text that the file keeps beside
each number is not used: it is written as the last program was set, ``283,648`` where English.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter

from lxml import etree

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.grids import superscript
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.package import PASSWORD, Package
from dagster_project.extract.sheets import Area, SheetCell, StoredSheet, column_index, column_name, workbook
from dagster_project.extract.spelling import shown_lines

EXTRACTOR = "ods"
VERSION = "3"
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
DATA_STYLES = ("number", "percentage", "currency", "date", "time", "boolean", "text")
CONDITION = re.compile(r"value\(\)\s*(<=|>=|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)")
RANGE = re.compile(
    r"(?:\$?(?P<sheet>'(?:[^']|'')*'|[^.']+)\.)?\$?([A-Z]{1,3})\$?(\d{1,7}):(?:.*\.)?\$?([A-Z]{1,3})\$?(\d{1,7})"
)
UNNAMED = "__Anonymous"
"""How the names of ranges begin that only have a filter."""
DATE_DIVIDERS = ("/", "-", ".", ":")
BOLD = frozenset(("bold", "600", "700", "800", "900"))
HIDDEN = frozenset(("collapse", "filter"))
WHITE = "#ffffff"
MAX_BLANKS = 8
MAX_PARENTS = 50
"""Styles that a style may be based on, one on the other; office programs make a handful."""
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
    declared = _declared_tables(body)
    visible = (
        (_attribute(table, "name"), partial(_sheet, table, styles, limits, declared))
        for table in tables
        if _attribute(table, "style-name") not in styles.unseen
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


@dataclass(frozen=True, slots=True)
class _Part:
    """A data style: its own code, and the styles that it hands values to, by condition."""

    code: str
    maps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """How text is set."""

    bold: bool = False
    struck: bool = False
    raised: bool = False
    unseen: bool = False
    """White on white, whatever the value."""


class _Styles:
    """Number formats, weights and visibility by style name."""

    def __init__(self, parts: list[etree._Element]) -> None:
        self.unseen: set[str] = set()
        self._parts: dict[str, _Part] = {}
        self._nodes: dict[str, etree._Element] = {}
        self._looks: dict[str, _Look] = {}
        for part in parts:
            for kind in DATA_STYLES:
                for style in part.iter(f"{{*}}{kind}-style"):
                    self._parts[_attribute(style, "name")] = _Part(_code(style), _maps(style))
            for style in part.iter("{*}style"):
                self._nodes[_attribute(style, "name")] = style
                if any(_attribute(look, "display") == "false" for look in style.iterfind("{*}table-properties")):
                    self.unseen.add(_attribute(style, "name"))

    def _chain(self, name: str) -> Iterator[etree._Element]:
        for _ in range(MAX_PARENTS):
            if name not in self._nodes:
                return
            yield self._nodes[name]
            name = _attribute(self._nodes[name], "parent-style-name")

    def code(self, name: str) -> str:
        """The number format of a cell style, as a format code."""
        stated = (_attribute(style, "data-style-name") for style in self._chain(name))
        return next((self._whole_code(data) for data in stated if data in self._parts), "General")

    def _whole_code(self, name: str) -> str:
        """The code of a data style with those that it hands values to: ``positive;negative;zero``, or by condition."""
        part = self._parts[name]
        codes = {condition: self._parts[style].code for condition, style in part.maps if style in self._parts}
        if not codes:
            return part.code
        if codes.keys() <= {">0", "<0", "=0"}:
            # A part for negative values writes its own sign, here as in Excel.
            zero = codes.get("=0", part.code if {">0", "<0"} <= codes.keys() else codes.get(">0", part.code))
            return ";".join((codes.get(">0", part.code), codes.get("<0", part.code), zero))
        if codes.keys() == {">=0"}:
            return f"{codes['>=0']};{part.code}"
        return ";".join([*(f"[{condition}]{code}" for condition, code in codes.items()), part.code])

    def _is_white(self, name: str) -> bool:
        """Whether nothing fills the cells of a style, or white, and no condition changes that."""
        chain = list(self._chain(name))
        cells = (cell for style in chain for cell in style.iterfind("{*}table-cell-properties"))
        grounds = (_attribute(cell, "background-color") for cell in cells)
        is_filled = next((ground.lower() for ground in grounds if ground), "") not in ("", "transparent", WHITE)
        return not is_filled and all(style.find("{*}map") is None for style in chain)

    def look(self, name: str) -> _Look:
        """How a style sets its text."""
        if name not in self._looks:
            looks = [look for style in self._chain(name) for look in style.iterfind("{*}text-properties")]

            def first(attribute: str) -> str:
                return next((value for look in looks if (value := _attribute(look, attribute))), "")

            struck = first("text-line-through-style") or first("text-line-through-type")
            raised = first("text-position")
            self._looks[name] = _Look(
                first("font-weight") in BOLD,
                struck not in ("", "none"),
                raised.startswith("super") or (raised[:1].isdigit() and not raised.startswith("0")),
                first("color").lower() == WHITE and first("use-window-font-color") != "true" and self._is_white(name),
            )
        return self._looks[name]


def _maps(style: etree._Element) -> tuple[tuple[str, str], ...]:
    """Conditions as ``>=0`` and the data styles that print the values which meet them."""
    found = []
    for node in style.iterfind("{*}map"):
        if match := CONDITION.fullmatch(_attribute(node, "condition")):
            found.append((match[1].replace("!=", "<>") + match[2], _attribute(node, "apply-style-name")))
    return tuple(found)


def _code(style: etree._Element) -> str:
    """A data style as a format code, without the styles that it hands values to."""
    kind = _name(style)
    if kind == "date-style" and _attribute(style, "automatic-order") == "true":
        # The short date of the reader's country, however this one orders its parts.
        return "m/d/yy h:mm" if style.find("{*}hours") is not None else "mm-dd-yy"
    if kind == "boolean-style":
        return '"SANT";"SANT";"FALSKT"'
    parts: list[str] = []
    for node in style:
        name, is_long = _name(node), _attribute(node, "style") == "long"
        if name == "number":
            if not _attribute(node, "decimal-places") and not parts and len(style) == 1:
                return "General"
            parts.append(_digits(node))
        elif name in DATE_PARTS:
            short, long = DATE_PARTS[name]
            textual = name == "month" and _attribute(node, "textual") == "true"
            parts.append(("mmmm" if is_long else "mmm") if textual else (long if is_long else short))
        elif name in ("text", "currency-symbol"):
            text = node.text or ""
            is_percent = kind == "percentage-style" and "%" in text
            is_plain = is_percent or (kind == "date-style" and text in DATE_DIVIDERS)
            parts.append(text.strip() if is_plain else '"' + text.replace('"', "") + '"')
        elif name == "fill-character":
            parts.append('" "')
        elif name == "text-content":
            parts.append("@")
        elif name in ("scientific-number", "fraction"):
            return "0.00E+00" if name == "scientific-number" else "General"
    return "".join(parts) or "General"


def _digits(node: etree._Element) -> str:
    """The placeholders of a number: thousands, least digits, decimals, thousands cut off."""

    def count(name: str, default: int) -> int:
        text = _attribute(node, name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else default

    least = count("min-integer-digits", 1)
    whole = "#,##" + "0" * max(1, least) if _attribute(node, "grouping") == "true" else "0" * least or "#"
    places = count("decimal-places", 0)
    sure = min(places, count("min-decimal-places", places))
    factor = _attribute(node, "display-factor").partition(".")[0]
    cut = (len(factor) - 1) // 3 if factor[:1] == "1" and not factor[1:].strip("0") else 0
    return whole + ("." + "0" * sure + "#" * (places - sure) if places else "") + "," * cut


def _declared_tables(body: etree._Element) -> dict[str, list[Area]]:
    """The areas that the author declared to be tables, by sheet."""
    found: dict[str, list[Area]] = {}
    for node in body.iterfind("{*}database-ranges/{*}database-range"):
        match = RANGE.fullmatch(_attribute(node, "target-range-address"))
        if match and match["sheet"] and not _attribute(node, "name").startswith(UNNAMED):
            sheet = match["sheet"]
            sheet = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
            area = (int(match[3]) - 1, column_index(match[2]), int(match[5]), column_index(match[4]) + 1)
            found.setdefault(sheet, []).append(area)
    return found


def _sheet(table: etree._Element, styles: _Styles, limits: Limits, declared: dict[str, list[Area]]) -> StoredSheet:
    name = _attribute(table, "name")
    stored = StoredSheet(name, tables=declared.get(name, []))
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
                if cell is None:
                    stored.unseen.append(f"{column_name(at)}{row + 1}")
                    continue
                stored.cells[row, at] = cell
                if (rows, columns) != (1, 1):
                    stored.merged.append((row, at, row + rows, at + columns))
            row += 1
    return stored


def _cells(
    row: etree._Element, styles: _Styles, defaults: list[tuple[int, str]], limits: Limits
) -> list[tuple[int, SheetCell | None, int, int]]:
    """The cells of a row that hold text: column, cell (None where nobody sees it), rows and columns that they span."""
    column = 0
    result: list[tuple[int, SheetCell | None, int, int]] = []
    for node in row:
        if _name(node) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = _count(node, "number-columns-repeated")
        style = _attribute(node, "style-name") or _attribute(row, "default-cell-style-name")
        if not style:
            default = bisect_right(defaults, column, key=itemgetter(0))
            style = defaults[default][1] if default < len(defaults) else ""
        look = styles.look(style)
        text = _shown(node, style, styles) if _name(node) == "table-cell" and not look.struck else ""
        if text:
            if repeated > limits.max_columns:
                raise ExtractionError(f"a table has more than {limits.max_columns} columns")
            cell = None if look.unseen else SheetCell(text, look.bold)
            spans = _count(node, "number-rows-spanned"), _count(node, "number-columns-spanned")
            result.extend((column + offset, cell, *spans) for offset in range(repeated))
        column += repeated
    return result


def _shown(cell: etree._Element, style: str, styles: _Styles) -> str:
    """A cell as shown: numbers and dates by their format, all else by its text."""
    kind = _attribute(cell, "value-type")
    try:
        if kind in ("float", "percentage", "currency"):
            value = float(_attribute(cell, "value"))
            return shown_value(int(value) if value.is_integer() else value, styles.code(style))
        if kind == "date":
            return shown_value(datetime.datetime.fromisoformat(_attribute(cell, "date-value")), styles.code(style))
        if kind == "boolean":
            return shown_value(_attribute(cell, "boolean-value") == "true", "General")
    except (ValueError, OverflowError):
        return ""
    return shown_lines("\n".join(_text(paragraph, styles) for paragraph in cell.iterfind("{*}p")))


def _text(node: etree._Element, styles: _Styles) -> str:
    """The text of an element; struck text is left out, and footnote marks are set apart."""
    text = node.text or ""
    for child in node:
        name = _name(child)
        if name == "s":
            text += " " * min(_count(child, "c"), MAX_BLANKS)
        elif name in BREAKS:
            text += BREAKS[name]
        elif name not in NOT_SHOWN:
            look = styles.look(_attribute(child, "style-name")) if name == "span" else _Look()
            inner = "" if look.struck else _text(child, styles)
            text += superscript(text, inner) if look.raised and inner else inner
        text += child.tail or ""
    return text
