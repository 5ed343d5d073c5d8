"""What the writer itself tagged (Word, LibreOffice, browsers): headings, paragraphs and cells from the tag tree.

Belongs here: the calls for the tree, its blocks in reading order, the columns of rows that lack their empty cells. Does
not belong here: what a page looks like, and tables without tags (``tables``).
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


@dataclass(slots=True)
class TaggedBlock:
    """A table, or a text that is one paragraph, heading or list item, in the order in which it is to be read."""

    ids: list[int] = field(default_factory=list)
    rows: list[TaggedRow] = field(default_factory=list)
    level: int | None = None
    """Level of a heading; 1 where the tag does not say."""
    is_item: bool = False
    """Whether it belongs to a list or to a caption: never a heading."""


INLINE = frozenset(
    {
        "Span",
        "NonStruct",
        "Private",
        "Quote",
        "Reference",
        "BibEntry",
        "Code",
        "Link",
        "Annot",
        "Ruby",
        "RB",
        "RT",
        "RP",
    }
    | {"Warichu", "WT", "WP", "Em", "Strong", "Sub", "Lbl", "LBody", "Figure", "Formula"}
)
"""Elements that belong to the text around them, unless a block stands inside."""
ITEMS = frozenset({"LI", "Caption", "Note", "FENote"})


def read_tags(page: Any) -> list[TaggedBlock]:
    """The tagged content of a page in reading order; ``page`` is a PDFium handle.

    Tables that hold tables are layout: the inner ones count.
    """
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return []
    try:
        budget = [MAX_ELEMENTS]
        blocks: list[TaggedBlock] = []
        for index in range(max(0, pdfium.FPDF_StructTree_CountChildren(tree))):
            child = pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)
            if child:
                _flow(child, blocks, TaggedBlock(), budget, 0)
        return [block for block in blocks if block.ids or block.rows]
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def _flow(element: Any, blocks: list[TaggedBlock], open_block: TaggedBlock, budget: list[int], depth: int) -> None:
    """Add what an element holds to the blocks; text of inline elements goes to the open block."""
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        return
    kind = _type(element)
    if kind == "Table":
        inner: list[TaggedBlock] = []
        for child in _children(element):
            _flow(child, inner, TaggedBlock(), budget, depth + 1)
        if any(block.rows for block in inner):
            blocks.extend(inner)
            return
        rows: list[TaggedRow] = []
        _rows(element, rows, budget, depth)
        blocks.append(TaggedBlock(rows=rows))
        return
    block = open_block
    if kind not in INLINE:
        level = int(kind[1:] or 1) if (kind[:1] == "H" and kind[1:].isdigit()) or kind in ("H", "Title") else None
        block = TaggedBlock(level=level, is_item=kind in ITEMS or open_block.is_item)
        blocks.append(block)
    for index in range(max(0, pdfium.FPDF_StructElement_CountChildren(element))):
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if child:
            before = len(blocks)
            _flow(child, blocks, block, budget, depth + 1)
            if len(blocks) > before:
                # A block inside ends the text around it; what follows is a text of its own.
                block = TaggedBlock(level=block.level, is_item=block.is_item)
                blocks.append(block)
            continue
        content = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)
        if content >= 0:
            block.ids.append(content)


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
        # A column without text leaves no trace; where rows have to be placed by their looks, one may belong there.
        return _without_empty_columns(counted, extents) if len(full) == len(rows) else None
    columns = [extent for extent in extents if extent is not None]
    if any(a[1] > b[0] + SLACK for a, b in pairwise(columns)):
        return None
    result: list[PlacedCell] = []
    covered: dict[int, int] = {}
    for index, row in enumerate(rows):
        taken = {column for column, last in covered.items() if last >= index}
        if index in full:
            starts = {id(placed): start for start, _, placed in counted[index]}
            line = [(starts[id(cell)], cell) for cell in row]
        else:
            cells = [cell for cell in row if cell.words]
            found = _place(cells, columns, taken)
            if found is None:
                return None
            line = list(zip(found, cells, strict=True))
        for column, cell in line:
            if cell.row_span > 1:
                covered |= dict.fromkeys(range(column, column + cell.col_span), index + cell.row_span - 1)
            if cell.words:
                result.append(PlacedCell(index, column, cell))
    return result if _in_order(result) else None


def _without_empty_columns(
    counted: Sequence[Sequence[tuple[int, int, TaggedCell]]], extents: Sequence[tuple[float, float] | None]
) -> list[PlacedCell] | None:
    kept = [column for column, extent in enumerate(extents) if extent is not None]
    result: list[PlacedCell] = []
    for index, row in enumerate(counted):
        for start, end, cell in row:
            inside = [place for place, column in enumerate(kept) if start <= column < end]
            if cell.words and not inside:
                return None
            if cell.words:
                cell.col_span = len(inside)
                result.append(PlacedCell(index, inside[0], cell))
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


def _place(cells: Sequence[TaggedCell], columns: Sequence[tuple[float, float]], taken: set[int]) -> list[int] | None:
    """The columns where the cells of a row begin, of all ways that keep their order the one nearest to the columns.

    None if no way fits, or another one fits nearly as well.
    """
    ways: list[tuple[float, list[int]]] = [(0.0, [])]
    for cell in cells:
        starts = _starts(cell, columns, taken)
        longer: dict[int, list[tuple[float, list[int]]]] = {}
        for off, way in ways:
            end = way[-1] + cells[len(way) - 1].col_span if way else 0
            for start, distance in starts:
                if start >= end:
                    longer.setdefault(start, []).append((off + distance, [*way, start]))
        # Whatever comes behind, only the two best ways to each place can win or come near.
        ways = [way for found in longer.values() for way in sorted(found)[:2]]
    ways.sort()
    if not ways or (len(ways) > 1 and ways[1][0] - ways[0][0] < CLEAR):
        return None
    return ways[0][1]


def _starts(cell: TaggedCell, columns: Sequence[tuple[float, float]], taken: set[int]) -> list[tuple[int, float]]:
    """Columns where a cell may begin so that its text meets no column beyond those it takes, and how far off it is."""
    x0, x1 = cell.x0, cell.x1
    found = []
    for start in range(len(columns) - cell.col_span + 1):
        inside = range(start, start + cell.col_span)
        if taken & set(inside):
            continue
        if any(
            x0 < other[1] - SLACK and x1 > other[0] + SLACK
            for index, other in enumerate(columns)
            if index not in inside
        ):
            continue
        first, last = columns[start], columns[start + cell.col_span - 1]
        off = min(abs(x0 - first[0]), abs(x1 - last[1]), abs(x0 + x1 - first[0] - last[1]) / 2)
        if cell.col_span > 1:
            off = min(abs(x0 - first[0]), abs(x0 + x1 - first[0] - last[1]) / 2)
        found.append((start, off))
    return found


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
