"""What makes a table that rules have found doubtful, so that readings may contest it.

Belongs here: signs that are seen without another reading. Does not belong here: what stands instead (``acceptance``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.readings.sums import value_of
from dagster_project.extract.pdf.tables import PageTable
from dagster_project.extract.structure import YEAR_CELL, box_of, is_number

UNLABELLED: Final = "its rows have no labels"
OUTSIDE: Final = "its labels stand outside of it"
AXIS: Final = "its first column is the axis of a chart"
MIN_TICKS: Final = 3
CROWDED: Final = "a cell holds many figures"
MANY: Final = 6
"""Figures of one cell that are a column which nothing has parted into rows."""
_FIGURES: Final = re.compile(r"(?<!\S)[+\-−–(]?\d[\d.,]*\)?%?(?!\S)")


def doubt_about(table: PageTable, words: Sequence[Word]) -> str | None:
    """Why a table may be read wrong; None where nothing speaks against it. ``words`` are those of its page."""
    if table.lines is not None:
        return None
    if any(_is_crowded(cell) for row in table.rows for cell in row):
        return CROWDED
    if table.is_tagged:
        return None
    depth = table.header_rows if table.header_rows is not None else table.marked
    if _is_axis([row[0] for row in table.rows if row[0]]):
        return AXIS
    rows = [row for row in table.rows[depth:] if any(_is_figure(cell) for cell in row)]
    if rows and 2 * sum(_is_labelled(row) for row in rows) < len(rows):
        return UNLABELLED
    if rows and not any(_has_words(row[0]) for row in rows) and _stand_beside(table, rows, words):
        return OUTSIDE
    return None


def _is_axis(labels: Sequence[str]) -> bool:
    """Whether labels are numbers that fall by equal steps; years and numbers of a list rise."""
    values = [value_of(label) for label in labels if _is_figure(label)]
    if len(values) < MIN_TICKS or len(values) < len(labels) or any(value is None for value in values):
        return False
    steps = {round(a - b, 6) for a, b in pairwise(value for value in values if value is not None)}
    return len(steps) == 1 and min(steps) > 0


def _is_labelled(row: Sequence[str]) -> bool:
    """Whether anything stands left of the last figure of a row: a label may be a number (an age, an account)."""
    last = max(column for column, cell in enumerate(row) if _is_figure(cell))
    return any(row[:last])


def _stand_beside(table: PageTable, rows: Sequence[Sequence[str]], words: Sequence[Word]) -> bool:
    """Whether words stand left of the table on most of its rows."""
    first = [box for row in rows if (box := box_of(next(cell for cell in row if cell))) is not None]
    heights = [
        word.y - 0.3 * word.size
        for word in words
        if word.x1 < table.x0 + 1 and id(word) not in table.words and _has_words(word.text)
    ]
    return 2 * sum(any(box[1] < y < box[3] for y in heights) for box in first) > len(rows)


def _has_words(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _is_figure(cell: str) -> bool:
    return is_number(cell) and YEAR_CELL.fullmatch(cell.strip()) is None


def _is_crowded(cell: str) -> bool:
    """Whether a cell holds a column, or several rows: figures, with at most as many words between them."""
    figures = len(_FIGURES.findall(cell))
    return figures >= MANY and figures >= 0.5 * len(cell.split())
