"""Whether a table at the top of a page goes on with the one at the bottom of the page before.

Belongs here: comparing the places of columns. Does not belong here: comparing header rows and joining rows
(``structure``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dagster_project.extract.pdf.tables import PageTable

NEAR = 4.0
"""Points by which the edges of a column may differ between pages."""


def follows(before: PageTable, table: PageTable) -> bool:
    """Whether the columns of two tables stand in the same places."""
    if len(before.columns) != len(table.columns):
        return False
    if before.is_tagged and table.is_tagged:
        # The columns are certain; a header alone, or figures alone, need not begin or end where the other part does.
        return all(
            _overlap(a, b) == (i == j) for i, a in enumerate(before.columns) for j, b in enumerate(table.columns)
        )
    same = sum(_same_place(a, b) for a, b in zip(before.columns, table.columns, strict=True))
    if same == len(table.columns):
        return True
    # A column of short texts in the middle of its cells may stand a little aside: it meets no other column.
    return same > 2 * (len(table.columns) - same) and all(
        _overlap(a, b) == (i == j) for i, a in enumerate(before.columns) for j, b in enumerate(table.columns)
    )


def _same_place(a: tuple[float, float], b: tuple[float, float]) -> bool:
    if min(a[1], b[1]) - max(a[0], b[0]) <= 0:
        return False
    if (a[0] - 1 <= b[0] and b[1] <= a[1] + 1) or (b[0] - 1 <= a[0] and a[1] <= b[1] + 1):
        # One is the cell as rules draw it, or a wider text of the same column.
        return True
    middle = abs((a[0] + a[1]) - (b[0] + b[1])) / 2
    return min(abs(a[0] - b[0]), abs(a[1] - b[1]), middle) <= NEAR


def share_columns(parts: Sequence[PageTable]) -> None:
    """Give the parts of what may be one table the same columns, so that they can be compared.

    A column without a value on one page leaves no trace there. Parts are left as they are if a column of one stands
    over two of another.
    """
    if len({len(part.columns) for part in parts}) == 1:
        return
    union: list[tuple[float, float]] = []
    for part in parts:
        for column in part.columns:
            met = [i for i, other in enumerate(union) if _overlap(column, other)]
            if len(met) > 1:
                return
            if met:
                other = union[met[0]]
                union[met[0]] = (min(column[0], other[0]), max(column[1], other[1]))
            else:
                union.append(column)
    union.sort()
    places: list[list[int]] = []
    for part in parts:
        place = [next(i for i, other in enumerate(union) if _overlap(column, other)) for column in part.columns]
        if len(set(place)) < len(place):
            return
        places.append(place)
    for part, place in zip(parts, places, strict=True):
        if len(place) == len(union):
            continue
        part.rows = [[row[place.index(i)] if i in place else "" for i in range(len(union))] for row in part.rows]
        spans = {}
        for (row, first), (row_span, col_span) in part.spans.items():
            end = place[min(first + col_span, len(place)) - 1]
            spans[row, place[first]] = (row_span, end - place[first] + 1)
        part.spans = spans
        part.columns = [part.columns[place.index(i)] if i in place else union[i] for i in range(len(union))]


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return min(a[1], b[1]) - max(a[0], b[0]) > 0.5


def may_follow(before: PageTable, table: PageTable) -> bool:
    """Whether two tables may be parts of one: they take the same width, or most columns stand in the same places."""
    shared = sum(any(_same_place(a, b) for b in before.columns) for a in table.columns)
    return shared >= 2 and 4 * shared >= 3 * min(len(before.columns), len(table.columns))


def goes_on_beside(before: PageTable, table: PageTable) -> bool:
    """Whether a table goes on at the top of the next column of its page: below the same header, columns as wide.

    Two tables of one kind may stand side by side too, so the second must begin above the end of the first, and the
    first must not begin where the second does.
    """
    if before.x1 >= table.x0 or len(before.columns) != len(table.columns):
        return False
    if table.top >= before.top - 1 or table.rows[0] != before.rows[0] or not before.marked:
        return False
    shift = table.columns[0][0] - before.columns[0][0]
    moved = replace(table, columns=[(a - shift, b - shift) for a, b in table.columns])
    return follows(before, moved)
