"""Finds the tables and titles on a sheet: a plane of cells on which authors place what they like.

Belongs here: what blank rows and columns, titles and merged cells say on a sheet of any format. Does not belong here:
file formats (``xlsx``, ``csv``) and header rows (``structure``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords, fault_of
from dagster_project.extract.spelling import shown
from dagster_project.extract.structure import YEAR_CELL, Grid, Item, Line, assemble, header_depth, is_number

Place = tuple[int, int]
"""Row and column, from 0, hidden ones not counted."""
Area = tuple[int, int, int, int]
"""First row, first column, row behind the last, column behind the last."""
TITLE_WIDER = 1.5
"""How many times longer than all other texts of its column a title over the middle of a table is."""
NUMBERED_TITLE = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+[A-ZÅÄÖ][^\W\d_]{2,}")
"""A heading that a figure with its unit looks like."""
NAMED = 5
"""Rows, columns or cells that a remark names."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One non-empty cell as shown."""

    text: str
    bold: bool = False


@dataclass(slots=True)
class StoredSheet:
    """One sheet as stored, its hidden parts included; rows and columns count from 0.

    ``merged`` are merged cells by area, ``tables`` the areas that the author declared to be tables, ``without_value``
    names cells whose formula has no stored result, ``unseen`` those whose text has the colour of its ground.
    """

    name: str
    cells: dict[Place, SheetCell] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    tables: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    without_value: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is visible of a sheet, rows and columns counted without the hidden ones.

    ``merged`` gives the row and column span of merged cells by their first place.
    """

    cells: Mapping[Place, SheetCell]
    merged: Mapping[Place, tuple[int, int]]
    tables: tuple[Area, ...] = ()


def workbook(
    sheets: Iterable[tuple[str, Callable[[], StoredSheet]]],
    hidden_sheets: Sequence[str],
    limits: Limits,
    words: StructureWords,
) -> Document:
    """The document of a workbook: each sheet under its name as a heading; what is hidden is left out and noted.

    Args:
        sheets: names, and what reads each; a sheet on which that fails by a fault of ours is left out and noted.
        hidden_sheets: names of sheets that are left out.
        limits: bounds for tables.
        words: structure words.

    Raises:
        ExtractionError: no table, or one beyond the limits.
    """
    notes = [f"hidden sheets left out: {_some(hidden_sheets)}"] if hidden_sheets else []
    items: list[Item] = []
    for name, read in sheets:
        try:
            sheet, remarks = visible_part(read())
            found = sheet_items(sheet, limits)
        except Exception as error:
            notes.append(f"sheet {name!r}: left out, {fault_of(error)}")
            continue
        notes.extend(remarks)
        if found:
            items.append(Line(shown(name) or "?", level=1, outline=True))
            items.extend(found)
    if not any(isinstance(item, Grid) for item in items):
        raise ExtractionError("; ".join(["no table found", *notes]))
    document = assemble(items, limits, words)
    return replace(document, notes=(*notes, *document.notes))


def visible_part(stored: StoredSheet) -> tuple[Sheet, list[str]]:
    """The visible part of a sheet, and remarks on what was left out of it."""
    rows, columns = sorted(stored.hidden_rows), sorted(stored.hidden_columns)

    def moved(place: Place) -> Place:
        return place[0] - bisect_left(rows, place[0]), place[1] - bisect_left(columns, place[1])

    cells: dict[Place, SheetCell] = {}
    lost_rows: set[int] = set()
    lost_columns: set[int] = set()
    for place, cell in stored.cells.items():
        if place[0] in stored.hidden_rows:
            lost_rows.add(place[0])
        elif place[1] in stored.hidden_columns:
            lost_columns.add(place[1])
        else:
            cells[moved(place)] = cell
    merged: dict[Place, tuple[int, int]] = {}
    for area in stored.merged:
        first, end = moved(area[:2]), moved(area[2:])
        origin = stored.cells.get(area[:2])
        if end[0] > first[0] and end[1] > first[1] and origin is not None:
            # A merged cell whose first row or column is hidden still shows its text.
            cells.setdefault(first, origin)
            for place in _covered(cells, first, end):
                del cells[place]
            merged[first] = (end[0] - first[0], end[1] - first[1])
    notes = []
    if lost_rows:
        notes.append(
            f"sheet {stored.name!r}: hidden rows left out: {_some([str(row + 1) for row in sorted(lost_rows)])}"
        )
    if lost_columns:
        names = [column_name(column) for column in sorted(lost_columns)]
        notes.append(f"sheet {stored.name!r}: hidden columns left out: {_some(names)}")
    if stored.unseen:
        notes.append(f"sheet {stored.name!r}: text in the colour of its ground left out: {_some(stored.unseen)}")
    if stored.without_value:
        notes.append(
            f"sheet {stored.name!r}: formulas without a stored result left out: {_some(stored.without_value)};"
            " open the workbook in a spreadsheet program and save it"
        )
    tables = tuple((*moved(area[:2]), *moved(area[2:])) for area in stored.tables)
    return Sheet(cells, {place: span for place, span in merged.items() if span != (1, 1)}, tables), notes


def _covered(cells: Mapping[Place, SheetCell], first: Place, end: Place) -> list[Place]:
    """Cells under a merged one: they keep a value that is not shown."""
    area = (*first, *end)
    places: Iterable[Place] = cells
    if (end[0] - first[0]) * (end[1] - first[1]) < len(cells):
        places = ((row, column) for row in range(first[0], end[0]) for column in range(first[1], end[1]))
    return [place for place in places if place != first and place in cells and _is_in(place, area)]


def column_name(column: int) -> str:
    """The letters of a column, counted from 0: ``A``, ``Z``, ``AA``."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The column of letters, from 0: ``A``, ``Z``, ``AA``."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - ord("A") + 1
    return index - 1


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def sheet_items(sheet: Sheet, limits: Limits) -> list[Item]:
    """Cut a sheet into lines and grids, from top to bottom and left to right.

    Raises:
        ExtractionError: a table beyond the limits.
    """
    return _Cutter(sheet, limits).items()


@dataclass(frozen=True, slots=True)
class _Head:
    """First and last column of a table, and its columns of figures."""

    edges: tuple[int, int]
    figures: set[int]


class _Cutter:
    def __init__(self, sheet: Sheet, limits: Limits) -> None:
        self._sheet = sheet
        self._limits = limits
        # Merged cells keep rows and columns together that would else look blank.
        self._taken: dict[int, set[int]] = {}
        for (row, column), _ in sheet.cells.items():
            rows, columns = sheet.merged.get((row, column), (1, 1))
            if rows * columns > limits.max_table_cells:
                raise ExtractionError(f"a table has more than {limits.max_table_cells} cells")
            for at in range(row, row + rows):
                self._taken.setdefault(at, set()).update(range(column, column + columns))

    def items(self) -> list[Item]:
        """All items of the sheet."""
        placed: list[tuple[Place, list[Item]]] = []
        rest = set(self._sheet.cells)
        for area in self._sheet.tables:
            inside = {place for place in rest if _is_in(place, area)}
            if len(inside) > 1:
                rest -= inside
                placed.append((area[:2], [self._grid(sorted(inside))]))
        for block in self._blocks(sorted(rest)):
            placed.append((block[0], self._block(block)))
        # Stable: blocks of one band stay from left to right, and declared tables go between by their first cell.
        if self._sheet.tables:
            placed.sort(key=lambda entry: entry[0])
        return [item for _, items in placed for item in items]

    # cutting

    def _blocks(self, places: list[Place]) -> list[list[Place]]:
        """Blocks that blank rows and blank columns divide; titles are blocks of their own."""
        result: list[list[Place]] = []
        stack = [places] if places else []
        while stack:
            block = stack.pop()
            bands = self._bands(block)
            if len(bands) > 1:
                stack.extend(reversed(bands))
                continue
            titles = self._titles(block)
            result.extend([place] for place in block[:titles])
            parts = self._columns(block[titles:])
            if len(parts) > 1:
                stack.extend(reversed(parts))
            else:
                result.append(parts[0])
        return result

    def _titles(self, block: list[Place]) -> int:
        """How many of the first rows hold nothing but a cell at the left edge, with more cells in a row below."""
        left = min(column for _, column in block)
        width = max(column for _, column in block) - left + 1
        titles = 0
        while width > 1 and titles + 1 < len(block):
            place = block[titles]
            rows, columns = self._sheet.merged.get(place, (1, 1))
            is_alone = block[titles + 1][0] > place[0] and rows == 1
            is_title = place[1] == left or columns >= width or self._stands_over(place, block, left)
            text = self._sheet.cells[place].text
            # "2.3 Mål" is a heading, whatever else a short word behind a number may be.
            if not is_alone or not is_title or (is_number(text) and not NUMBERED_TITLE.fullmatch(text)):
                break
            titles += 1
        return titles

    def _stands_over(self, place: Place, block: list[Place], left: int) -> bool:
        """Whether a cell alone in its row, neither at the edge nor merged, is a title set over the middle of a table.

        It then runs out of its column, and stands over neither the labels nor the first figures; what is no wider
        than its column is the head of it.
        """
        if place[1] < left + 2 or self._sheet.merged.get(place, (1, 1))[1] > 1:
            return False
        below = [len(self._sheet.cells[other].text) for other in block if other[1] == place[1] and other != place]
        return len(self._sheet.cells[place].text) > TITLE_WIDER * max(below, default=0)

    def _bands(self, block: list[Place]) -> list[list[Place]]:
        """Parts between blank rows; a part without a header goes on with the table above it."""
        bands: list[list[Place]] = []
        reach = -1
        for place in block:
            if place[0] > reach:
                bands.append([])
            bands[-1].append(place)
            reach = max(reach, place[0] + self._sheet.merged.get(place, (1, 1))[0])
        joined = bands[:1]
        head = self._head(bands[0])
        for band in bands[1:]:
            if head and band[0][0] - joined[-1][-1][0] == 2 and self._goes_on(head, band):
                joined[-1].extend(band)
            else:
                joined.append(band)
                head = self._head(band)
        return joined

    def _head(self, band: list[Place]) -> _Head | None:
        """The columns of a table with a header and figures, to which a band below may belong."""
        if len({column for _, column in band}) < 2:
            return None
        rows = self._grid(band).rows
        figures = any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for row in rows for cell in row[1:])
        if not figures or header_depth(rows) == 0:
            return None
        top = band[0][0]
        return _Head(_edges(band), self._figures([place for place in band if place[0] > top]))

    def _goes_on(self, head: _Head, band: list[Place]) -> bool:
        """Whether a band after one blank row holds more rows of the table above: figures from its first row on, below
        the name of a group at most, and in the columns of the figures above.
        """
        first = min(row for row, _ in band)
        in_first = sum(row == first for row, _ in band)
        if in_first == 1 < len(band) and not is_number(self._sheet.cells[band[0]].text):
            band = band[1:]
        if header_depth(self._grid(band).rows) > 0:
            return False
        figures = self._figures(band)
        if _edges(band) == head.edges:
            return bool(figures)
        # A label in another column than the first (a sum without an account number), every figure in its place.
        return figures == head.figures and len(figures) > 1 and _edges(band)[0] > head.edges[0]

    def _figures(self, band: list[Place]) -> set[int]:
        """Columns with figures, those of labels left out: a code may be a number too."""
        texts = {place: self._sheet.cells[place].text for place in band}
        labels = {column for (_, column), text in texts.items() if not is_number(text)}
        first = min(labels, default=-1)
        return {column for (_, column), text in texts.items() if column > first and is_number(text)}

    def _columns(self, block: list[Place]) -> list[list[Place]]:
        """Parts between blank columns, where the part to the right is a table of its own and no mere gap."""
        first, last = block[0][0], max(row for row, _ in block)
        taken = sorted(set().union(*(self._taken.get(row, set()) for row in range(first, last + 1))))
        own = {column for _, column in block}
        gaps = [right for left, right in pairwise(taken) if right - left > 1 and min(own) < right <= max(own)]
        parts: list[list[Place]] = []
        rest = block
        for gap in gaps:
            left_part = [place for place in rest if place[1] < gap]
            right_part = [place for place in rest if place[1] >= gap]
            is_remark = self._is_remark(left_part, right_part)
            if is_remark or (self._is_table(left_part) and self._is_table(right_part)):
                parts.append(left_part)
                rest = right_part
        return [*parts, rest]

    def _is_remark(self, left: list[Place], right: list[Place]) -> bool:
        """Whether a part beside a blank column is a remark on the table to its left: texts below the first row only."""
        return (
            len({column for _, column in right}) == 1
            and min(right)[0] > min(left)[0]
            and self._is_table(left)
            and len({row for row, _ in left}) > 1
            and not any(is_number(self._sheet.cells[place].text) for place in right)
        )

    def _is_table(self, places: list[Place]) -> bool:
        """Whether a part beside a blank column stands on its own: two columns or more, of which the first labels."""
        columns = {column for _, column in places}
        if len(columns) < 2:
            return False
        cells = [self._sheet.cells[place].text for place in places if place[1] == min(columns)]
        body = cells[1:] if len(cells) > 1 else cells
        if all(YEAR_CELL.fullmatch(cell) for cell in body):
            return len({row for row, _ in places}) > 2
        return sum(1 for cell in body if not is_number(cell)) * 2 >= len(body) > 0

    # what a block is

    def _block(self, block: list[Place]) -> list[Item]:
        if len({column for _, column in block}) > 1 and not self._is_letterhead(block):
            return [self._grid(block)]
        lines: list[Item] = []
        for place in block:
            cell = self._sheet.cells[place]
            lines.extend(Line(line, bold=cell.bold) for line in cell.text.split("\n"))
        return lines

    def _is_letterhead(self, block: list[Place]) -> bool:
        """Whether a block is what stands around a title: the committee at the left, a date at the right, lines below.

        One row has several texts, columns apart from each other, the others one at the edge, and there is no figure.
        """
        counts = Counter(row for row, _ in block)
        several = [row for row, count in counts.items() if count > 1]
        if len(several) != 1 or len(counts) == 1:
            return False
        columns = [column for row, column in block if row == several[0]]
        return (
            all(right - left > 1 for left, right in pairwise(columns))
            and all(column == columns[0] for row, column in block if row != several[0])
            and not any(is_number(text) and not YEAR_CELL.fullmatch(text) for text in self._texts(block))
        )

    def _texts(self, block: list[Place]) -> Iterable[str]:
        return (self._sheet.cells[place].text for place in block)

    def _grid(self, places: list[Place]) -> Grid:
        """The table of a block, without its blank rows and columns."""
        rows = sorted({row for row, _ in places})
        columns = sorted({column for _, column in places})
        if len(rows) * len(columns) > self._limits.max_table_cells:
            raise ExtractionError(f"a table has more than {self._limits.max_table_cells} cells")
        row_at = {row: index for index, row in enumerate(rows)}
        column_at = {column: index for index, column in enumerate(columns)}
        texts = [[""] * len(columns) for _ in rows]
        spans: list[tuple[int, int, int, int]] = []
        for place in places:
            texts[row_at[place[0]]][column_at[place[1]]] = self._sheet.cells[place].text
            if place in self._sheet.merged:
                height, width = self._sheet.merged[place]
                row_span = sum(1 for row in range(place[0], place[0] + height) if row in row_at)
                col_span = sum(1 for column in range(place[1], place[1] + width) if column in column_at)
                if row_span > 1 or col_span > 1:
                    spans.append((row_at[place[0]], column_at[place[1]], row_span, col_span))
        return Grid(tuple(tuple(row) for row in texts), spans=tuple(spans), whole=True)


def _edges(places: list[Place]) -> tuple[int, int]:
    return min(column for _, column in places), max(column for _, column in places)


def _is_in(place: Place, area: Area) -> bool:
    return area[0] <= place[0] < area[2] and area[1] <= place[1] < area[3]
