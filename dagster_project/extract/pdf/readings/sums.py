"""Sums that hold among the figures of a reading.

Belongs here: values of figures, identities over rows and columns. Arithmetic accepts a reading, it does not choose one:
with its labels slipped by a row a table balances as well. Does not belong here: what the warehouse states (dbt).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from dagster_project.extract.pdf.readings.reading import Reading

_EMPTY: Final = re.compile(r"[-–—−.]{1,2}$")
_NEGATIVE: Final = re.compile(r"\(?[-−–(]")
MAX_CELLS: Final = 1500
"""Cells of a reading beyond which no sums are sought: the search is quadratic in its columns."""
MIN_ROWS: Final = 3
"""Rows on which a relation of columns must hold."""
MIN_SHARE: Final = 0.8


@lru_cache(maxsize=200_000)
def value_of(text: str) -> float | None:
    """The number of a figure, None where it has none; comma and point are read as the figure itself suggests."""
    digits = re.sub(r"[^\d.,]", "", text).rstrip(".,")
    if not digits:
        return None
    if "," in digits and "." in digits:
        thousands, decimal = (",", ".") if digits.rfind(",") < digits.rfind(".") else (".", ",")
        digits = digits.replace(thousands, "").replace(decimal, ".")
    elif re.fullmatch(r"\d{1,3}(,\d{3})+", digits):
        digits = digits.replace(",", "")
    else:
        digits = digits.replace(",", ".")
    try:
        value = float(digits)
    except ValueError:
        return None
    return -value if _NEGATIVE.match(text) and not _EMPTY.match(text) else value


@lru_cache(maxsize=200_000)
def decimals_of(text: str) -> int:
    """Decimals that a figure prints."""
    found = re.search(r"[.,](\d+)\D*$", text)
    return 0 if found is None or (len(found[1]) == 3 and "," in text) else len(found[1])


@dataclass(frozen=True, slots=True)
class Sums:
    """What arithmetic says of a reading."""

    identities: int
    covered: frozenset[tuple[int, int]]
    """Row and column of each figure that takes part in an identity."""


Matrix = list[list[float | None]]


def sums_of(reading: Reading) -> Sums:
    """The identities among the figures of a reading."""
    columns = sorted({column for _, column, *_ in reading.figures})
    rows = sorted({row for row, *_ in reading.figures})
    if len(rows) * len(columns) >= MAX_CELLS:
        return Sums(0, frozenset())
    texts = {(row, column): text for row, column, text, *_ in reading.figures}
    values: Matrix = [[value_of(texts.get((row, column), "")) for column in columns] for row in rows]
    places = [[decimals_of(texts.get((row, column), "")) for column in columns] for row in rows]
    found = [*_totals(values, places), *_relations(values, places)]
    covered = {(rows[row], columns[column]) for _, cells in found for row, column in cells}
    return Sums(len(found), frozenset(covered))


Identity = tuple[str, list[tuple[int, int]]]


def _totals(values: Matrix, places: Sequence[Sequence[int]]) -> list[Identity]:
    """Rows that are the sum of a run of rows right above, column by column."""
    found: list[Identity] = []
    for column in range(len(values[0]) if values else 0):
        filled = [(row, value) for row, line in enumerate(values) if (value := line[column]) is not None]
        for index in range(2, len(filled)):
            total = filled[index][1]
            unit = 10.0 ** -max(places[row][column] for row, _ in filled[: index + 1])
            if abs(total) < 5 * unit:
                continue
            first = _first_summand(filled, index, abs(total), unit)
            if first is not None:
                found.append(("total", [(row, column) for row, _ in filled[first : index + 1]]))
    return found


def _first_summand(filled: Sequence[tuple[int, float]], index: int, total: float, unit: float) -> int | None:
    added = 0.0
    for first in range(index - 1, -1, -1):
        added += filled[first][1]
        count = index - first
        tolerance = 0.01 * unit if count < 3 else 0.5 * unit * math.sqrt(count) + 0.01 * unit
        if (
            count >= 2
            and abs(abs(added) - total) <= tolerance
            and sum(value != 0 for _, value in filled[first:index]) >= 2
        ):
            return first
    return None


def _relations(values: Matrix, places: Sequence[Sequence[int]]) -> list[Identity]:
    """Columns that are the sum or difference of two others on most rows."""
    found: list[Identity] = []
    count = len(values[0]) if values else 0
    for column in range(count):
        for a, b in combinations([other for other in range(count) if other != column], 2):
            for sign in (1, -1):
                rows = _related(values, places, (a, b, column), sign)
                if rows:
                    found.append(("relation", [(row, c) for row in rows for c in (a, b, column)]))
    return found


def _related(values: Matrix, places: Sequence[Sequence[int]], columns: tuple[int, int, int], sign: int) -> list[int]:
    tried, held = 0, []
    for row, line in enumerate(values):
        a, b, result = (line[column] for column in columns)
        if a is None or b is None or result is None or not (a or b):
            continue
        tried += 1
        unit = 10.0 ** -max(places[row][column] for column in columns)
        if a and b and abs(abs(a + sign * b) - abs(result)) <= 1.01 * unit:
            held.append(row)
    return held if len(held) >= MIN_ROWS and len(held) >= MIN_SHARE * tried else []
