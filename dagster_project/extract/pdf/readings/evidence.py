"""What speaks for and against a reading: named signs, each a number, weighed by ``weights.csv``.

Belongs here: one function a sign, what it says, and the table of all of them. Does not belong here: the choice between
readings, and the weights (``weights.csv``).
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from dagster_project.extract.pdf.readings.lines import Page, PrintedLine, Token, has_letter, is_figure, is_year
from dagster_project.extract.pdf.readings.reading import BLOCKS, GIVEN, RULES, Reading, header_runs
from dagster_project.extract.pdf.readings.sums import decimals_of, value_of

ALIGNED: Final = 1.6
"""Points within which the edges of the figures of a column stand below each other."""
INSIDE: Final = 1.2
"""The same for words behind a gap inside cells."""
MOST_WORDS: Final = 11
"""Words of a cell beyond which it is prose."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What several signs look at, made once for a reading. Lengths in points."""

    page: Page
    zone: Sequence[PrintedLine]
    reading: Reading
    em: float
    figure_rows: list[int]
    by_column: dict[int, list[tuple[str, Token, Token, int]]]
    labels: list[str]
    """Texts of the first column in rows with figures."""

    @property
    def n_figures(self) -> int:
        """Figures of the body."""
        return len(self.reading.figures)


def sight_of(page: Page, zone: Sequence[PrintedLine], reading: Reading) -> Sight:
    """What the signs look at."""
    by_column: dict[int, list[tuple[str, Token, Token, int]]] = defaultdict(list)
    for row, column, text, first, last in reading.figures:
        by_column[column].append((text, first, last, row))
    rows = sorted({row for row, *_ in reading.figures})
    labels = [reading.texts[row][0] for row in rows if 0 in reading.texts[row]]
    return Sight(page, zone, reading, median(line.size for line in reading.lines), rows, dict(by_column), labels)


# --- labels ----------------------------------------------------------------------------------------------------------


def _label(sight: Sight) -> float:
    """Share of the rows with figures that have a text left of the first."""
    texts = sight.reading.texts
    first = {row: min(column for r, column, *_ in sight.reading.figures if r == row) for row in sight.figure_rows}
    return _share(any(c < first[row] and not is_figure(t) for c, t in texts[row].items()) for row in sight.figure_rows)


def _label_column(sight: Sight) -> float:
    """Share of the rows with figures that have something in the first column."""
    return _share(0 in sight.reading.texts[row] for row in sight.figure_rows)


def _label_words(sight: Sight) -> float:
    """Share of the rows with figures whose first column holds words."""
    texts = sight.reading.texts
    return _share(0 in texts[row] and has_letter(texts[row][0]) for row in sight.figure_rows)


def _label_tail(sight: Sight) -> float:
    """Labels that end in a figure a gap away, or in two: a column was left in the labels. Share, negative."""

    def is_tail(a: Token, b: Token) -> bool:
        return b.is_figure and (a.is_figure or b.x0 - a.x1 > 0.55 * b.size)

    body = sight.reading.body
    found = sum(
        1
        for row in sight.figure_rows
        for line in body[row].cells.get(0, ())
        if any(is_tail(a, b) for a, b in pairwise(line))
    )
    return -found / len(sight.figure_rows)


def _hanging(sight: Sight) -> float:
    """Share of labels that break off, negative."""
    ends = ("-", " och", " of", " and", " i", " av", " för", " the", ",")
    return -_share(label.endswith(ends) or label.count("(") != label.count(")") for label in sight.labels)


# --- columns ---------------------------------------------------------------------------------------------------------


def _missed_gutter(sight: Sight) -> float:
    """How many cells of one column have a gap inside at the same place: a gutter was missed. Negative."""
    missed = 0.0
    for column in range(sight.reading.n_columns):
        cells = [cells[column] for row in sight.figure_rows if column in (cells := sight.reading.body[row].cells)]
        if len(cells) >= 4:
            xs = [b.x0 for cell in cells for a, b in pairwise(cell[0]) if b.x0 - a.x1 > 0.32 * b.size]
            missed += max(0.0, _most_together(xs, INSIDE) / len(cells) - 0.4)
    return -missed


def _inner_text(sight: Sight) -> float:
    """-1 where a column of texts stands between columns of figures right of labels: two tables, or a chart."""
    texts, columns = sight.reading.texts, sorted(sight.by_column)
    rows = len(sight.figure_rows)
    if 2 * sum(0 in texts[row] and has_letter(texts[row][0]) for row in sight.figure_rows) <= rows:
        return 0.0
    between = [c for c in range(columns[0] + 1, columns[-1]) if c not in sight.by_column]
    filled = (
        sum(column in texts[row] and has_letter(texts[row][column]) for row in sight.figure_rows) for column in between
    )
    return -float(any(count > 0.6 * rows for count in filled))


def _format(sight: Sight) -> float:
    """Share of figures that print the decimals and the per cent that are usual in their column."""
    usual = sum(
        max(Counter((decimals_of(text), "%" in text) for text, *_ in found).values())
        for found in sight.by_column.values()
    )
    return usual / sight.n_figures


_EDGES: Final[tuple[Callable[[Token, Token, str], float], ...]] = (
    lambda first, last, text: last.x1,
    lambda first, last, text: first.x0,
    lambda first, last, text: (first.x0 + last.x1) / 2,
    # The decimal sign, from the width of what stands behind it.
    lambda first, last, text: (
        last.x1 - 0.55 * last.size * (decimals_of(text) + 1.6 * ("%" in text) + 0.6 * text.endswith(")"))
    ),
)


def _aligned(sight: Sight) -> float:
    """Share of figures that stand flush with those of their column at one edge, in the middle or at the decimals."""
    flush = sum(
        max(_most_together([edge(a, b, text) for text, a, b, _ in found], ALIGNED) for edge in _EDGES)
        for found in sight.by_column.values()
    )
    return flush / sight.n_figures


def _gutter(sight: Sight) -> float:
    """Logarithm of the room at the narrowest separator."""
    return math.log(max(0.1, min(sight.reading.widths, default=1.0)))


def _fill(sight: Sight) -> float:
    """Share of filled cells in columns of figures."""
    return sight.n_figures / (len(sight.figure_rows) * len(sight.by_column))


def _axis(sight: Sight) -> float:
    """Share of columns whose figures rise or fall by equal steps, as those of an axis do. Negative."""
    even = 0
    for found in sight.by_column.values():
        values = [value for text, *_ in found if (value := value_of(text)) is not None]
        steps = {round(b - a, 6) for a, b in pairwise(values)}
        even += len(values) > 3 and len(steps) == 1 and steps != {0.0}
    return -even / len(sight.by_column)


# --- rows ------------------------------------------------------------------------------------------------------------


def _row_gap(sight: Sight) -> float:
    """How much wider the narrowest gap between rows is than the widest inside one, as a logarithm within -1 and 1."""
    body = sight.reading.body
    between = [b.top - a.bottom for a, b in pairwise(body)]
    inside: list[float] = []
    for row in body:
        heights = sorted({tokens[0].y for lines in row.cells.values() for tokens in lines})
        inside += [b - a for a, b in pairwise(heights) if b - a > 1]
    if not inside or not between:
        return 0.0
    return max(-1.0, min(1.0, 3 * math.log(max(1.0, min(between)) / max(inside))))


def _two_in_row(sight: Sight) -> float:
    """Share of rows with two lines of figures in one cell, negative."""
    return -_share(
        any(
            column > 0
            and len(lines) > 1
            and any(token.is_figure for token in lines[0])
            and any(token.is_figure for token in lines[1])
            for column, lines in row.cells.items()
        )
        for row in sight.reading.body
    )


def _orphans(sight: Sight) -> float:
    """Share of rows that are a label alone, not bold, and nearer to what stands above. Negative."""
    body = sight.reading.body
    alone = [
        index for index, row in enumerate(body) if not row.has_figures and not row.is_bold and set(row.cells) == {0}
    ]

    def is_orphan(index: int) -> bool:
        if index + 1 >= len(body):
            return True
        above = body[index].top - body[max(0, index - 1)].bottom
        return index > 0 and body[index + 1].top - body[index].bottom > above + 1

    return -sum(is_orphan(index) for index in alone) / len(body)


def _prose(sight: Sight) -> float:
    """Cells of many words to a row, negative, at least -1."""
    long_texts = sum(len(text.split()) > MOST_WORDS for texts in sight.reading.texts for text in texts.values())
    return -min(1.0, long_texts / len(sight.reading.body))


# --- size ------------------------------------------------------------------------------------------------------------


def _n_figures(sight: Sight) -> float:
    """Logarithm of the number of figures."""
    return math.log(sight.n_figures)


def _n_rows(sight: Sight) -> float:
    """Logarithm of the number of rows with figures."""
    return math.log(len(sight.figure_rows))


def _n_columns(sight: Sight) -> float:
    """Logarithm of the number of columns of figures."""
    return math.log(len(sight.by_column))


# --- header and bounds -----------------------------------------------------------------------------------------------


def _headed(sight: Sight) -> float:
    """Share of columns of figures that a header text stands over."""
    over = {
        column
        for row in sight.reading.header
        for first, cell in row.items()
        for column in range(first, first + cell.span)
    }
    return _share(column in over for column in sight.by_column)


def _years(sight: Sight) -> float:
    """Header texts with a year to a column of figures, at most 1."""
    reading = sight.reading
    runs = [run for line in reading.lines[: reading.depth] for run in header_runs(line.tokens, reading.separators)]
    return min(1.0, sum(any(is_year(token.text) for token in run) for run in runs) / len(sight.by_column))


def _bold_head(sight: Sight) -> float:
    """1 where the line above the body is bold and the last is not."""
    reading = sight.reading
    return float(reading.depth > 0 and reading.lines[reading.depth - 1].is_bold and not reading.lines[-1].is_bold)


def _rule_edge(sight: Sight) -> float:
    """How many of the two ends have a rule over half of the width: 0, .5 or 1."""
    lines, em = sight.reading.lines, sight.em
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    top, bottom = lines[0].y - 1.8 * lines[0].size, lines[-1].y + em
    across = [
        rule.at
        for rule in sight.page.drawing.across
        if top - 6 < rule.at < bottom + 8 and min(rule.end, right) - max(rule.start, left) > 0.5 * (right - left)
    ]
    above = any(abs(at - (lines[0].y - lines[0].size)) < 1.2 * em for at in across)
    below = any(abs(at - lines[-1].y - 0.4 * em) < 1.2 * em for at in across)
    return (above + below) / 2


def _rule_columns(sight: Sight) -> float:
    """Share of separators with a rule all the way down."""
    reading, em = sight.reading, sight.em
    top, bottom = reading.lines[reading.depth].y, reading.lines[-1].y - em
    down = [rule.at for rule in sight.page.drawing.down if rule.start < top and rule.end > bottom]
    return _share(any(abs(at - x) < 1.2 * em for at in down) for x in reading.separators)


def _left_outside(sight: Sight) -> float:
    """How many of the two ends leave a figure outside that stands close, negative."""
    reading, usual = sight.reading, sight.reading.usual_pitch

    def has_figure(line: PrintedLine) -> bool:
        return any(token.is_figure and not is_year(token.text) for token in line.tokens)

    found = 0
    if reading.first > 0:
        above = sight.zone[reading.first - 1]
        found += reading.lines[0].y - above.y < 1.8 * usual and has_figure(above)
    if reading.end < len(sight.zone):
        below = sight.zone[reading.end]
        found += below.y - reading.lines[-1].y < 1.8 * usual and has_figure(below)
    return -float(found)


def _gap_above(sight: Sight) -> float:
    """Room above in pitches, at most 3."""
    reading = sight.reading
    if not reading.first:
        return 3.0
    return min(3.0, (reading.lines[0].y - sight.zone[reading.first - 1].y) / reading.usual_pitch)


def _gap_below(sight: Sight) -> float:
    """Room below in pitches, at most 3."""
    reading = sight.reading
    if reading.end >= len(sight.zone):
        return 3.0
    return min(3.0, (sight.zone[reading.end].y - reading.lines[-1].y) / reading.usual_pitch)


def _is_policy(policy: str) -> Callable[[Sight], float]:
    def is_made_so(sight: Sight) -> float:
        return float(sight.reading.policy == policy)

    is_made_so.__doc__ = f"1 where rows were made by: {policy}."
    return is_made_so


# --- the table of signs ----------------------------------------------------------------------------------------------

SIGNS: Final[dict[str, Callable[[Sight], float]]] = {
    "label": _label,
    "label_column": _label_column,
    "label_words": _label_words,
    "label_tail": _label_tail,
    "hanging": _hanging,
    "missed_gutter": _missed_gutter,
    "inner_text": _inner_text,
    "format": _format,
    "aligned": _aligned,
    "gutter": _gutter,
    "fill": _fill,
    "axis": _axis,
    "row_gap": _row_gap,
    "two_in_row": _two_in_row,
    "orphans": _orphans,
    "prose": _prose,
    "n_figures": _n_figures,
    "n_rows": _n_rows,
    "n_columns": _n_columns,
    "headed": _headed,
    "years": _years,
    "bold_head": _bold_head,
    "rule_edge": _rule_edge,
    "rule_columns": _rule_columns,
    "left_outside": _left_outside,
    "gap_above": _gap_above,
    "gap_below": _gap_below,
    "by_blocks": _is_policy(BLOCKS),
    "by_rules": _is_policy(RULES),
    "by_lattice": _is_policy(GIVEN),
}
"""Every sign by its name; the function's first line says what it is."""

LEADERS: Final = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}")


def is_contents(sight: Sight) -> bool:
    """Whether a reading is a list of contents: one column of page numbers that rise, with leaders or no header."""
    if len(sight.by_column) != 1 or sight.n_figures < 4 or not sight.labels:
        return False
    values = [value_of(text) for text, *_ in next(iter(sight.by_column.values()))]
    pages = [value for value in values if value is not None and value == int(value) and 0 < value < 500]
    if len(pages) < len(values) or sum(a <= b for a, b in pairwise(pages)) < 0.9 * (len(pages) - 1):
        return False
    leaders = sum(bool(LEADERS.search(label)) for label in sight.labels)
    return leaders >= 0.3 * len(sight.labels) or sight.reading.depth == 0


@dataclass(frozen=True, slots=True)
class Weights:
    """Log odds of a unit of each sign."""

    bias: float
    of: dict[str, float]

    def odds(self, evidence: dict[str, float]) -> float:
        """Log odds of a reading."""
        return self.bias + sum(self.of[name] * value for name, value in evidence.items() if name in self.of)


@cache
def weights(purpose: str) -> Weights:
    """The weights of one column of ``weights.csv``: ``choice`` between readings, or ``acceptance`` of the chosen."""
    with Path(__file__).with_name("weights.csv").open(encoding="utf-8", newline="") as handle:
        found = {row["sign"]: float(row[purpose]) for row in csv.DictReader(handle)}
    return Weights(found.pop("bias"), found)


def probability(odds: float) -> float:
    """Log odds as a probability."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found) if found else 0.0


def _most_together(values: Sequence[float], room: float) -> int:
    """How many of the values lie within ``room`` of each other, at the most."""
    ordered = sorted(values)
    first = most = 0
    for index, value in enumerate(ordered):
        while value - ordered[first] > room:
            first += 1
        most = max(most, index - first + 1)
    return most
