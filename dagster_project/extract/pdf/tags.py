"""Tables that the writer itself tagged (Word, LibreOffice, browsers): rows and cells from the tag tree, not from looks.

Belongs here: the calls for the tree, its tables as rows of cells, the columns of rows that lack their empty cells. Does
not belong here: text outside tables, and tables without tags (``tables``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.characters import Word

MAX_ELEMENTS = 60_000
"""Elements of the tree of one page that are looked at."""
MAX_DEPTH = 60
MAX_SPAN = 500
SLACK = 1.0
"""Points by which the text of two columns may run into each other."""
CLEAR = 3.0
"""Points by which one column must be nearer than any other to be the place of a cell that touches none."""


@dataclass(slots=True)
class TaggedCell:
    """One cell: the marked content that it holds, the cells that it takes, whether it is tagged as a header."""

    ids: list[int]
    row_span: int
    col_span: int
    is_header: bool
    words: list[Word] = field(default_factory=list)

    @property
    def x0(self) -> float:
        """Left end of its text."""
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        """Right end of its text."""
        return max(word.x1 for word in self.words)


TaggedRow = list[TaggedCell]


def read_tags(page: Any) -> list[list[TaggedRow]]:
    """The tagged tables of a page, row by row; ``page`` is a PDFium handle. Tables that hold tables are layout."""
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return []
    try:
        budget = [MAX_ELEMENTS]
        tables: list[list[TaggedRow]] = []
        for index in range(max(0, pdfium.FPDF_StructTree_CountChildren(tree))):
            child = pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)
            if child:
                _tables(child, tables, budget, 0)
        return tables
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _tables(element: Any, tables: list[list[TaggedRow]], budget: list[int], depth: int) -> None:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        return
    inner: list[list[TaggedRow]] = []
    for child in _children(element):
        _tables(child, inner, budget, depth + 1)
    if _type(element) == "Table" and not inner:
        rows: list[TaggedRow] = []
        _rows(element, rows, budget, depth)
        if rows:
            tables.append(rows)
    tables.extend(inner)


def _children(element: Any) -> Iterator[Any]:
    for index in range(max(0, pdfium.FPDF_StructElement_CountChildren(element))):
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if child:
            yield child


def _rows(element: Any, rows: list[TaggedRow], budget: list[int], depth: int) -> None:
    for child in _children(element):
        budget[0] -= 1
        if budget[0] < 0 or depth > MAX_DEPTH:
            return
        if _type(child) == "TR":
            rows.append(
                [
                    TaggedCell(
                        _ids(cell, budget, depth + 1), _span(cell, "RowSpan"), _span(cell, "ColSpan"), kind == "TH"
                    )
                    for cell in _children(child)
                    if (kind := _type(cell)) in ("TH", "TD")
                ]
            )
        elif _type(child) != "Caption":
            _rows(child, rows, budget, depth + 1)


def _ids(element: Any, budget: list[int], depth: int) -> list[int]:
    """Marked content on this page below an element, in reading order."""
    found: list[int] = []
    for index in range(max(0, pdfium.FPDF_StructElement_CountChildren(element))):
        budget[0] -= 1
        if budget[0] < 0 or depth > MAX_DEPTH:
            break
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if child:
            found.extend(_ids(child, budget, depth + 1))
            continue
        content = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)
        if content >= 0:
            found.append(content)
    return found


def _type(element: Any) -> str:
    buffer = ctypes.create_string_buffer(64)
    written = pdfium.FPDF_StructElement_GetType(element, buffer, 64)
    return buffer.raw[: max(0, min(written, 64) - 2)].decode("utf-16-le", "replace")


def _span(element: Any, name: str) -> int:
    value = ctypes.c_float()
    for index in range(max(0, pdfium.FPDF_StructElement_GetAttributeCount(element))):
        attribute = pdfium.FPDF_StructElement_GetAttributeAtIndex(element, index)
        entry = pdfium.FPDF_StructElement_Attr_GetValue(attribute, name.encode()) if attribute else None
        if entry and pdfium.FPDF_StructElement_Attr_GetNumberValue(entry, value) and value.value >= 1:
            return min(MAX_SPAN, int(value.value))
    return 1


# --- columns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell with text and the row and column where it begins."""

    row: int
    column: int
    cell: TaggedCell


def place_cells(rows: Sequence[TaggedRow], words: Mapping[int, Sequence[Word]]) -> list[PlacedCell] | None:
    """The cells of a tagged table in their columns; None where the tags do not tell.

    Browsers leave empty cells out of the tree, so only the widest rows can be counted through; the cells of the others
    are placed by where their text stands. Text of one column that stands over another shows that a row was miscounted.

    Args:
        rows: the rows of the table.
        words: the words of the page by marked content.
    """
    for row in rows:
        for cell in row:
            cell.words = [word for content in cell.ids for word in words.get(content, ())]
    counted = _counted(rows)
    width = max((end for row in counted for _, end, _ in row), default=0)
    if width < 2:
        return None
    full = [index for index, row in enumerate(counted) if _is_full(row, width)]
    extents = _extents([placed for index in full for placed in counted[index]], width)
    if any(extent is None for extent in extents):
        return None
    columns = [extent for extent in extents if extent is not None]
    if any(a[1] > b[0] + SLACK for a, b in pairwise(columns)):
        return None
    result: list[PlacedCell] = []
    covered: dict[int, int] = {}
    for index, row in enumerate(rows):
        free_from = 0
        taken = {column for column, last in covered.items() if last >= index}
        for cell in row:
            if index in full:
                column = next(start for start, _, placed in counted[index] if placed is cell)
            elif not cell.words:
                continue
            else:
                found = _place(cell, columns, free_from, taken)
                if found is None:
                    return None
                column = found
            free_from = column + cell.col_span
            for reached in range(column, column + cell.col_span):
                if cell.row_span > 1:
                    covered[reached] = index + cell.row_span - 1
            if cell.words:
                result.append(PlacedCell(index, column, cell))
    return result if _in_order(result) else None


def _counted(rows: Sequence[TaggedRow]) -> list[list[tuple[int, int, TaggedCell]]]:
    """First column and end of every cell, counted as if no cell were missing."""
    covered: dict[int, int] = {}
    counted = []
    for index, row in enumerate(rows):
        column = 0
        line = []
        for cell in row:
            while covered.get(column, -1) >= index:
                column += 1
            line.append((column, column + cell.col_span, cell))
            for reached in range(column, column + cell.col_span):
                if cell.row_span > 1:
                    covered[reached] = index + cell.row_span - 1
            column += cell.col_span
        counted.append(line)
    return counted


def _is_full(row: Sequence[tuple[int, int, TaggedCell]], width: int) -> bool:
    return bool(row) and row[-1][1] == width


def _extents(cells: Sequence[tuple[int, int, TaggedCell]], width: int) -> list[tuple[float, float] | None]:
    """Where the text of every column stands (points); None for a column without any."""
    extents: list[tuple[float, float] | None] = [None] * width
    for start, end, cell in cells:
        if end == start + 1 and cell.words:
            known = extents[start]
            extents[start] = (
                min(cell.x0, known[0]) if known else cell.x0,
                max(cell.x1, known[1]) if known else cell.x1,
            )
    return extents


def _place(cell: TaggedCell, columns: Sequence[tuple[float, float]], free_from: int, taken: set[int]) -> int | None:
    """The column where a cell begins: the only one at which its text meets no column beyond those that it takes."""
    x0, x1 = cell.x0, cell.x1
    starts = [
        start
        for start in range(free_from, len(columns) - cell.col_span + 1)
        if not taken & set(range(start, start + cell.col_span))
        and not any(
            x0 < columns[other][1] - SLACK and x1 > columns[other][0] + SLACK
            for other in range(len(columns))
            if not start <= other < start + cell.col_span
        )
    ]
    meeting = [
        start
        for start in starts
        if x0 < columns[start + cell.col_span - 1][1] - SLACK and x1 > columns[start][0] + SLACK
    ]
    if len(meeting) == 1:
        return meeting[0]
    offs = sorted((_off(x0, x1, columns[start], columns[start + cell.col_span - 1]), start) for start in meeting or starts)
    if not offs or (len(offs) > 1 and offs[1][0] - offs[0][0] < CLEAR):
        return None
    return offs[0][1]


def _off(x0: float, x1: float, first: tuple[float, float], last: tuple[float, float]) -> float:
    return min(abs(x0 - first[0]), abs(x1 - last[1]), abs((x0 + x1) / 2 - (first[0] + last[1]) / 2))


def _in_order(placed: Sequence[PlacedCell]) -> bool:
    """Whether columns go from left to right and rows downwards, as on paper: else the tags lie."""
    extents: dict[int, tuple[float, float]] = {}
    tops: dict[int, float] = {}
    bottoms: dict[int, float] = {}
    for item in placed:
        cell = item.cell
        if cell.col_span == 1:
            known = extents.get(item.column, (cell.x0, cell.x1))
            extents[item.column] = min(known[0], cell.x0), max(known[1], cell.x1)
        tops[item.row] = min([tops.get(item.row, float("inf")), *(word.y for word in cell.words)])
        if cell.row_span == 1:
            bottoms[item.row] = max([bottoms.get(item.row, 0.0), *(word.y for word in cell.words)])
    columns = [extents[column] for column in sorted(extents)]
    if any(a[1] > b[0] + SLACK for a, b in pairwise(columns)):
        return False
    ordered = sorted(tops)
    return all(bottoms.get(a, 0.0) < tops[b] + 1 for a, b in pairwise(ordered) if a in bottoms)
