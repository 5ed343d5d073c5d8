"""Which rows of a table are totals of rows above them, found by arithmetic.

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

ROW_TYPE: Final = "struct(row_index integer, row_class varchar, printed double[], roundings double[])[]"
"""SQL type of what ``find_totals`` takes."""
TOTAL_TYPE: Final = "struct(row_index integer, component_rows integer[], method varchar)[]"
"""SQL type of what it returns."""

BLOCK: Final = 128
"""Rows of the stack that are passed over together where none of them can begin a sum."""

Numbers = NDArray[np.float64]
Counts = NDArray[np.int_]


def find_totals(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The totals among ``rows``, in their order, with the rows that each of them takes.

    A stack holds the rows that no total has taken yet. A row that equals the sum of the last k of them (or the
    difference of the last two) takes them and stands for them: the k with which most columns hold, then the longest.

    Args:
        rows: of one table, from the top: ``row_index``; ``row_class``, one of ``total``, ``word``, ``subtotal``,
            ``unknown`` and ``line``; ``printed``, a number or None for each column; ``roundings``, by how much each of
            them may be off.

    Returns:
        For each total its ``row_index``, ``component_rows`` from the top, and ``method``: ``sum``, ``difference`` (the
        first less the second) or ``reverse``.
    """
    if not rows:
        return []
    # A line for each column, so that what is summed lies side by side. What is not printed adds nothing.
    values = np.nan_to_num(np.array([row["printed"] for row in rows], dtype=float).T)
    roundings = np.array([row["roundings"] for row in rows], dtype=float).T
    stack = _Stack(*values.shape)
    totals = []
    for position, row in enumerate(rows):
        if stack.rows and row["row_class"] != "line":
            best = _best(row["row_class"], stack, values[:, position], roundings[:, position])
            if best is not None:
                taken = [other["row_index"] for other in stack.pop(best.rows)]
                totals.append({"row_index": row["row_index"], "component_rows": taken, "method": best.method})
        stack.push(row, values[:, position], roundings[:, position])
    return totals


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
