"""Which rows of a table are totals of rows above or below them, found by arithmetic.

Belongs here: the search, over the numbers of one table. Does not belong here: which tables are searched and what a row
calls itself (``int_total_rows``, which calls this as the SQL function ``find_totals``). It is no SQL because each row
is asked against what the rows before it have left, and a recursion in SQL copies and sums that anew for every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

EPSILON: Final = 1e-6
"""What is added to the roundings before figures are compared: decimals are not exact in binary."""

MOST_LED: Final = 200
"""Rows that a total above them may lead."""
CERTAIN_ROUNDINGS: Final = 1000
"""So many roundings (500, where whole numbers are printed) make a figure that is the sum of others by no chance."""
LEAST_INDENT: Final = 3.0
"""Points by which a label stands further in than the one that leads it."""

ROW_TYPE: Final = "struct(row_index integer, row_class varchar, indent double, printed double[], roundings double[])[]"
"""SQL type of what ``find_totals`` takes."""
TOTAL_TYPE: Final = "struct(row_index integer, component_rows integer[], method varchar)[]"
"""SQL type of what it returns."""

BLOCK: Final = 128
"""Rows of the stack that are passed over together where none of them can begin a sum."""

Numbers = NDArray[np.float64]
Counts = NDArray[np.int_]


def find_totals(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The totals among ``rows``, in their order, with the rows that each of them takes.

    First those that stand above their parts. Then, from the top, a stack holds the rows that no total has taken yet. A
    row that equals the sum of the last k of them (or the difference of the last two) takes them and stands for them:
    the k with which most columns hold, then the longest.

    Args:
        rows: of one table, from the top: ``row_index``; ``row_class``, one of ``total``, ``word``, ``subtotal``,
            ``unknown`` and ``line``; ``indent``, where the label begins, in points, None where that is not known;
            ``printed``, a number or None for each column; ``roundings``, by how much each of them may be off.

    Returns:
        For each total its ``row_index``, ``component_rows`` from the top, and ``method``: ``sum``, ``sum_below`` for
        one that stands above its parts, ``difference`` (the first less the second) or ``reverse``.
    """
    if not rows:
        return []
    # A line for each column, so that what is summed lies side by side. What is not printed adds nothing.
    values = np.nan_to_num(np.array([row["printed"] for row in rows], dtype=float).T)
    roundings = np.array([row["roundings"] for row in rows], dtype=float).T
    leads = _leads(rows, values, roundings)
    stack = _Stack(*values.shape)
    totals = []
    open_leads: list[tuple[int, int]] = []  # the last row of each, and how high the stack was with the lead on top
    for position, row in enumerate(rows):
        best = None
        if position in leads:
            totals.append(_total(row, [rows[part] for part in leads[position].parts], "sum_below"))
        elif stack.rows and row["row_class"] != "line":
            best = _best(row["row_class"], stack, values[:, position], roundings[:, position])
        if best is not None:
            # A lead whose parts are taken before they are all seen leads nothing more.
            totals.append(_total(row, stack.pop(best.rows), best.method))
            open_leads = [(last, height) for last, height in open_leads if height <= len(stack.rows)]
        stack.push(row, values[:, position], roundings[:, position])
        if position in leads:
            open_leads.append((leads[position].last, len(stack.rows)))
        while open_leads and open_leads[-1][0] <= position:
            stack.pop(len(stack.rows) - open_leads.pop()[1])
    return totals


def _total(row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], method: str) -> dict[str, Any]:
    return {"row_index": row["row_index"], "component_rows": [part["row_index"] for part in parts], "method": method}


class _Lead(NamedTuple):
    """Positions of the parts of a total above them, and of the last row below it, parts of parts included."""

    parts: list[int]
    last: int


def _leads(rows: Sequence[Mapping[str, Any]], values: Numbers, roundings: Numbers) -> dict[int, _Lead]:
    """Totals above their parts, by position.

    Such a row calls itself nothing (Expansionsinvestering above Parkmiljö and Lekplatser), so all its figures must be
    the sums, and two of them too large for chance; where the labels of exactly its parts stand further in, one will do.
    """
    below: list[int] = []  # what no lead has taken yet, the nearest last
    ends = list(range(len(rows)))
    indents = [row["indent"] for row in rows if row["indent"] is not None]
    # Where no label stands further in than another, groups are not told so.
    is_indented = bool(indents) and max(indents) - min(indents) >= LEAST_INDENT
    leads = {}
    for position in range(len(rows) - 1, -1, -1):
        near = below[: -MOST_LED - 1 : -1]
        count = _led(rows, values, roundings, position, near, _inner(rows, position, near) if is_indented else None)
        if count:
            parts = near[:count]
            ends[position] = ends[parts[-1]]
            leads[position] = _Lead(parts, ends[position])
            del below[-count:]
        below.append(position)
    return leads


def _led(
    rows: Sequence[Mapping[str, Any]],
    values: Numbers,
    roundings: Numbers,
    position: int,
    near: Sequence[int],
    inner: int | None,
) -> int:
    """How many of the rows ``near`` below it the row at ``position`` is the sum of, 0 for none.

    ``inner`` is the number of those whose labels stand further in, None where that says nothing.
    """
    printed = np.array([value is not None for value in rows[position]["printed"]])
    # A total or a result among the parts is no part (Intäkter, Kostnader, Resultat).
    named = [rows[place]["row_class"] not in ("unknown", "line") for place in near]
    near = near[: inner if inner is not None else named.index(True) if True in named else None]
    if not values[:, position].any() or not near or any(named[: len(near)]):
        return 0
    if inner is None and rows[position]["row_class"] != "unknown":
        return 0
    total, off = values[:, position, None], roundings[:, position, None]
    parts, offs = values[:, near], np.cumsum(roundings[:, near], axis=1)
    holds = (np.abs(total - np.cumsum(parts, axis=1)) <= off + offs + EPSILON)[printed].all(axis=0)
    if inner is not None:
        return inner if holds[-1] else 0
    large = np.abs(total) >= CERTAIN_ROUNDINGS * np.maximum(off, EPSILON)
    several = np.cumsum(parts != 0, axis=1) > 1
    for count in np.flatnonzero(holds & (np.count_nonzero(large & several, axis=0) > 1)):
        # Budget and outcome to the same digit are one witness.
        if len(np.unique(total[(large & several)[:, count]])) > 1:
            return int(count) + 1
    return 0


def _inner(rows: Sequence[Mapping[str, Any]], position: int, near: Sequence[int]) -> int | None:
    """How many of the rows right below begin further in than this one; None where that is not known."""
    indent = rows[position]["indent"]
    if indent is None:
        return None
    count = 0
    for place in near:
        other = rows[place]["indent"]
        if other is None:
            return None
        if other < indent + LEAST_INDENT:
            break
        count += 1
    # Where no label of the table stands further in than another, groups are not told so.
    return (
        count
        if count or any(row["indent"] is not None and row["indent"] > indent + LEAST_INDENT for row in rows)
        else None
    )


class _Stack:
    """Rows that no total has taken, and what their sums may be.

    ``_sums[:, j]`` and ``_offs[:, j]`` are the sums of values and roundings of the first j rows. The rows from j on
    make a value v, give or take r, where sums[j] + offs[j] is low enough and sums[j] - offs[j] high enough; the lowest
    of the one and the highest of the other are kept for each full block of j, so that few j are looked at.
    """

    def __init__(self, columns: int, most: int) -> None:
        self.rows: list[Mapping[str, Any]] = []
        self.values, self.roundings = np.zeros((columns, most)), np.zeros((columns, most))
        self._sums, self._offs = np.zeros((columns, most + 1)), np.zeros((columns, most + 1))
        self._low, self._high = np.zeros((columns, most // BLOCK)), np.zeros((columns, most // BLOCK))
        self._largest = np.zeros(columns)

    def push(self, row: Mapping[str, Any], values: Numbers, roundings: Numbers) -> None:
        """Put a row on top."""
        size = len(self.rows)
        self.values[:, size], self.roundings[:, size] = values, roundings
        self._sums[:, size + 1] = self._sums[:, size] + values
        self._offs[:, size + 1] = self._offs[:, size] + roundings
        self._largest = np.maximum(self._largest, np.abs(self._sums[:, size + 1]))
        self.rows.append(row)
        block, rest = divmod(size + 1, BLOCK)
        if rest == 0:
            of_block = slice(size + 1 - BLOCK, size + 1)
            self._low[:, block - 1] = (self._sums[:, of_block] + self._offs[:, of_block]).min(axis=1)
            self._high[:, block - 1] = (self._sums[:, of_block] - self._offs[:, of_block]).max(axis=1)

    def pop(self, count: int) -> list[Mapping[str, Any]]:
        """Take the last ``count`` rows away; returns them from the top of the table."""
        taken = self.rows[-count:]
        del self.rows[-count:]
        return taken

    def runs(self, columns: NDArray[np.bool_], values: Numbers, roundings: Numbers, needed: int) -> Counts:
        """Numbers of rows from the top of the stack that may make ``values`` in at least ``needed`` of ``columns``.

        Not exact: sums of the whole table are rounded more than those of a few rows.
        """
        size = len(self.rows)
        sums, offs = self._sums[columns, : size + 1], self._offs[columns, : size + 1]
        slack = roundings + offs[:, -1] + EPSILON + 4 * size * np.finfo(float).eps * self._largest[columns]
        most, least = (sums[:, -1] - values + slack)[:, None], (sums[:, -1] - values - slack)[:, None]
        full = size // BLOCK
        is_open = (self._low[columns, :full] <= most) & (self._high[columns, :full] >= least)
        blocks = np.flatnonzero(np.count_nonzero(is_open, axis=0) >= needed)
        begins = np.append((blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel(), np.arange(full * BLOCK, size))
        holds = (sums[:, begins] + offs[:, begins] <= most) & (sums[:, begins] - offs[:, begins] >= least)
        runs: Counts = size - begins[np.count_nonzero(holds, axis=0) >= needed]
        return runs


class _Choice(NamedTuple):
    """Rows that a total may take; the greatest is the best."""

    columns: int
    """In which the figures hold."""
    is_sum: bool
    rows: int
    method: str


def _best(row_class: str, stack: _Stack, values: Numbers, roundings: Numbers) -> _Choice | None:
    """What the row with ``values`` takes of the stack, None for nothing."""
    printed = values != 0
    columns, size = int(np.count_nonzero(printed)), len(stack.rows)
    last = stack.rows[-1]["row_class"]
    values, roundings = values[printed], roundings[printed]
    choices = []
    taken = stack.runs(printed, values, roundings, _needed(row_class, columns)) if columns else np.array([], dtype=int)
    if row_class == "unknown" and columns == 1:
        taken = taken[taken == size]
    if taken.size:
        # Summed again from the row upwards, which is as exact as the figures.
        above = slice(size - int(taken.max()), size)
        sums = np.cumsum(stack.values[printed, above][:, ::-1], axis=1)[:, taken - 1]
        offs = np.cumsum(stack.roundings[printed, above][:, ::-1], axis=1)[:, taken - 1]
        holding = np.count_nonzero(np.abs(values[:, None] - sums) <= roundings[:, None] + offs + EPSILON, axis=0)
        is_right = _is_total(row_class, last, columns, holding, taken, size)
        choices += [
            _Choice(int(n), True, int(k), "sum") for n, k in zip(holding[is_right], taken[is_right], strict=True)
        ]
    if size > 1 and row_class != "unknown":
        difference = stack.values[printed, size - 2] - stack.values[printed, size - 1]
        offs = roundings + stack.roundings[printed, size - 2] + stack.roundings[printed, size - 1] + EPSILON
        for method, result in (("difference", difference), ("reverse", -difference)):
            holding = np.count_nonzero(np.abs(values - result) <= offs, keepdims=True)
            if _is_total(row_class, last, columns, holding, np.array([2]), size)[0]:
                choices.append(_Choice(int(holding[0]), False, 2, method))
    if not choices and row_class == "total":
        # A row that calls itself a total and adds up nowhere is shown with all the rows it may be about.
        choices.append(_Choice(0, True, size, "sum"))
    return max(choices, default=None)


def _needed(row_class: str, columns: int) -> int:
    """In how many of the columns at least a sum must hold."""
    if row_class in ("total", "word"):
        return 1
    return max(1, columns if row_class == "unknown" else min(columns, max(2, -(-6 * columns // 10))))


def _is_total(row_class: str, last: str, columns: int, holding: Counts, taken: Counts, whole: int) -> NDArray[np.bool_]:
    """For each number of rows ``taken``, of which ``holding`` columns hold, whether the row is their total.

    ``last`` is the class of the row above it on the stack, ``whole`` the number of rows there.
    """
    is_long = np.ones(len(taken), dtype=bool)
    if row_class == "subtotal":
        # "Årets resultat" below "Resultat efter finansiella poster" with nothing between.
        is_long = (taken > 1) | ((last == "subtotal") & (holding > 1))
    elif row_class == "unknown" and columns == 1:
        # A single column (Ram 2024, changes, Ram 2025): only if all the rows above add up.
        is_long = (taken > 3) & (taken == whole)
    elif row_class == "unknown":
        # The fewer columns, the longer must be the run that is no chance.
        is_long = taken > (2 if columns == 2 else 1)
    return np.logical_and(is_long, holding >= _needed(row_class, columns))
