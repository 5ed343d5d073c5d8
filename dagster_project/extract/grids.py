"""Building blocks of the readers of marked-up formats (HTML, Word, Excel): merged cells laid out, raised marks.

Belongs here: what two of these readers need alike. Does not belong here: one format's elements (its reader), and
header rows, headings and table joins (``structure``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from dagster_project.extract.document import ExtractionError, Limits
from dagster_project.extract.spelling import shown
from dagster_project.extract.structure import Grid, Item, Line

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
POWER_BASE = re.compile(r"(?:^|[\s\d/(])[kcdm]?m$")
LONGEST_BASE = 3
"""Characters of a unit with what stands before it."""
LONGEST_GAP = 200
"""White space before a footnote mark behind which nothing is looked for."""
FOOTNOTE_MARK = re.compile(r"[\d,; ]{1,8}|[a-z]")
MIN_MARKED = 2
"""Marked headings from which a document marks all of them."""
MAX_NESTED = 8
"""Tables inside tables; printed documents have two."""


def superscript(before: str, raised: str) -> str:
    """How a superscript goes on after ``before``: a power stays one (``m²``), a footnote mark is set apart (``(1)``).

    Glued to a figure, a footnote mark would be a digit of it: 82 with the mark 1 would read 821.
    """
    mark = shown(raised).strip("()")
    if not mark:
        return ""
    # Its end only, for a paragraph may have as many marks as words.
    if mark in ("2", "3") and POWER_BASE.search(before[-LONGEST_BASE:]):
        return mark.translate(SUPERSCRIPTS)
    if FOOTNOTE_MARK.fullmatch(mark) and before[-LONGEST_GAP:].strip():
        return f" ({mark})"
    return shown(raised)


class GridBuilder:
    """Lays out the cells of one table row by row, with spans both ways, as browsers do.

    Raises :class:`ExtractionError` from :meth:`place` if the area goes beyond the limits.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rows: list[dict[int, str]] = []
        self._spans: list[tuple[int, int, int, int]] = []
        self._group = 0
        self._busy_until: dict[int, int] = {}
        self._column = 0
        self._width = 0

    def next_row(self) -> None:
        """Begin a row."""
        self._rows.append({})
        self._column = 0
        self._check()

    def end_group(self) -> None:
        """End a group of rows: no cell reaches over its end."""
        end = len(self._rows)
        for index in range(self._group, len(self._spans)):
            row, column, rows, columns = self._spans[index]
            self._spans[index] = (row, column, min(rows, end - row), columns)
        self._group = len(self._spans)
        self._busy_until.clear()

    def skip(self, columns: int) -> None:
        """Leave columns of the current row empty."""
        self._column += columns
        self._check()

    def place(self, text: str, row_span: int = 1, col_span: int = 1) -> None:
        """Put a cell on the next free place of the current row; a row span of 0 or less reaches to the group's end."""
        row = len(self._rows) - 1
        while self._busy_until.get(self._column, 0) > row:
            self._column += 1
        column = self._column
        self._column += col_span
        self._width = max(self._width, column + 1)
        self._check()
        reach = row + row_span if row_span > 0 else row + self._limits.max_table_cells
        for busy in range(column, self._column):
            self._busy_until[busy] = reach
        self._rows[row][column] = text
        if col_span > 1 or row_span != 1:
            self._spans.append((row, column, reach - row, col_span))

    def _check(self) -> None:
        if self._column > 4 * self._limits.max_columns:
            raise ExtractionError(f"a table has more than {self._limits.max_columns} columns")
        if len(self._rows) * max(self._width, 1) > self._limits.max_table_cells:
            raise ExtractionError(f"a table has more than {self._limits.max_table_cells} cells")

    def _starts(self) -> list[int]:
        return sorted({column for row in self._rows for column in row})

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns; columns that no cell begins in do not count."""
        return len(self._rows), len(self._starts())

    def grid(self, header_rows: int | None = None, caption: str | None = None) -> Grid:
        """The table, without columns that no cell begins in; spans are cut at its edges."""
        starts = self._starts()
        rows = tuple(tuple(row.get(column, "") for column in starts) for row in self._rows)
        spans = []
        for row, column, row_span, col_span in self._spans:
            cut_rows = min(row_span, len(rows) - row)
            cut_columns = bisect_left(starts, column + col_span) - bisect_left(starts, column)
            if self._rows[row][column] and (cut_rows > 1 or cut_columns > 1):
                spans.append((row, bisect_left(starts, column), cut_rows, cut_columns))
        return Grid(rows, header_rows=header_rows, spans=tuple(spans), whole=True, caption=caption)


def marked_header_rows(marks: Sequence[bool]) -> int | None:
    """Header rows of a table whose format marks rows as header: the leading ones; None if it marks none, or all."""
    leading = next((index for index, marked in enumerate(marks) if not marked), len(marks))
    return None if leading == 0 or 1 < leading == len(marks) else leading


def with_prose(items: Sequence[Item]) -> list[Item]:
    """The items of a document that marks its headings, with the lines that it does not mark as prose.

    One marked heading may be the title of a document whose author knew no more of them. Bold lines stay what they were:
    many set sub-headings so, beside headings that are marked.
    """
    marked = sum(1 for item in items if isinstance(item, Line) and item.level)
    if marked < MIN_MARKED:
        return list(items)
    return [
        replace(item, is_prose=True) if isinstance(item, Line) and not item.level and not item.bold else item
        for item in items
    ]


def is_layout(size: tuple[int, int], *, texts: int, has_tables: bool, has_headings: bool) -> bool:
    """Whether a table only arranges the page: one cell, or other tables or headings in one row or one column.

    Args:
        size: rows and columns.
        texts: cells with a text of their own.
        has_tables: whether a cell holds a table.
        has_headings: whether a cell holds a marked heading.
    """
    if min(size) <= 1:
        return max(size) <= 1 or has_tables or has_headings
    return has_tables and texts <= 1
