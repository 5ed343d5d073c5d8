"""Readings that are certain enough to be tables, and the refusal of those that are not.

Belongs here: the bar for a table, the shape that all tables of a page have. Does not belong here: which reading wins
(``choice``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.lattice import find_lattices
from dagster_project.extract.pdf.lines import join_texts, make_lines
from dagster_project.extract.pdf.readings.choice import choose
from dagster_project.extract.pdf.readings.doubts import doubt_about
from dagster_project.extract.pdf.readings.evidence import probability, weights
from dagster_project.extract.pdf.readings.lines import PrintedLine, Token, is_figure, page_of, text_of
from dagster_project.extract.pdf.readings.reading import HeaderCell, Reading, Row
from dagster_project.extract.pdf.readings.sums import sums_of
from dagster_project.extract.pdf.rows import OVERPRINTED_EM, SAME_LINE, Untold
from dagster_project.extract.pdf.rules import Drawing
from dagster_project.extract.pdf.tables import PageTable, print_text, refuse_doubtful, refuse_torn_labels

ACCEPTED: Final = 0.8
"""Least probability of a reading that becomes a table."""
BORNE_OUT: Final = 0.6
"""The same where sums cover three quarters of its figures: they prove which figures stand together."""
COVERED: Final = 0.75


@dataclass(frozen=True, slots=True)
class Accepted:
    """A reading as a table."""

    table: PageTable
    probability: float
    generator: str


def may_hold_rest(words: Sequence[Word], taken: Collection[int]) -> bool:
    """Whether what stands outside of tables may hold one: two lines with a figure that stands off."""
    rest = [word for word in words if id(word) not in taken]
    if sum(is_figure(word.text) for word in rest) < 2:
        return False
    lines = make_lines(rest)
    return sum(any(segment.is_number for segment in line.segments) and len(line.segments) > 1 for line in lines) > 1


def read_rest(words: Sequence[Word], drawing: Drawing, taken: Collection[int]) -> list[Accepted]:
    """Tables of a page where nothing else made one.

    Args:
        words: visible words of the page that stand in no running line.
        drawing: rules and areas of the page.
        taken: identities of the words that stand in tables; the page is read as a whole, for what stands beside a table
            may be a part of it, and readings that hold one of these words are left out.
    """
    page = page_of(words, drawing, find_lattices(drawing))
    found: list[Accepted] = []
    for reading in choose(page):
        if not reading.words.isdisjoint(taken):
            continue
        bar = probability(weights("acceptance").odds(reading.evidence))
        table = table_of(reading)
        is_borne_out = bar > ACCEPTED or (
            bar > BORNE_OUT and len(sums_of(reading).covered) >= COVERED * len(reading.figures)
        )
        if is_borne_out and not _is_unreadable(reading, table):
            found.append(Accepted(table, bar, reading.generator))
    return found


def _is_unreadable(reading: Reading, table: PageTable) -> bool:
    """Whether what is printed contradicts itself, whichever way it is read: then no evidence helps."""
    try:
        refuse_doubtful(table)
        refuse_torn_labels(table)
    except Untold:
        return True
    words = [word for line in reading.lines for token in line.tokens for word in token.words]
    return (
        any(word.is_cut for word in words)
        or any(_are_overprinted(a, b) for a, b in pairwise(reading.lines))
        or doubt_about(table, words) is not None
    )


def _are_overprinted(upper: PrintedLine, lower: PrintedLine) -> bool:
    gap, size = lower.y - upper.y, min(upper.size, lower.size)
    return SAME_LINE * size < gap < OVERPRINTED_EM * size and any(
        a.x0 < b.x1 and b.x0 < a.x1 for a in upper.tokens for b in lower.tokens
    )


def table_of(reading: Reading) -> PageTable:
    """The reading as a table of the page."""
    count = reading.n_columns
    rows: list[list[str]] = []
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for header in reading.header:
        rows.append([_header_text(header.get(column)) for column in range(count)])
        spans |= {(len(rows) - 1, column): (1, cell.span) for column, cell in header.items() if cell.span > 1}
    rows += [[_text(row.cells.get(column, [])) for column in range(count)] for row in reading.body]
    extents = [_extent(reading.body, column) for column in range(count)]
    return PageTable(
        min(line.x0 for line in reading.lines),
        max(line.x1 for line in reading.lines),
        reading.lines[0].y - 0.75 * reading.lines[0].size,
        reading.lines[-1].y,
        rows,
        spans,
        [extent or _room(reading, column) for column, extent in enumerate(extents)],
        len(reading.header),
        ruled=False,
        header_rows=len(reading.header) or None,
        words=set(reading.words),
    )


def _header_text(cell: HeaderCell | None) -> str:
    return "" if cell is None else _text(cell.parts)


def _text(lines: Sequence[Sequence[Token]]) -> str:
    """The lines of a cell as a text with its place; figures below each other stay apart."""
    if not lines:
        return ""
    texts = [text_of(line) for line in lines]
    breaks = [index > 0 and is_figure(texts[index - 1]) and is_figure(text) for index, text in enumerate(texts)]
    return print_text(join_texts(texts, breaks), [word for line in lines for token in line for word in token.words])


def _extent(rows: Sequence[Row], column: int) -> tuple[float, float] | None:
    tokens = [token for row in rows for line in row.cells.get(column, ()) for token in line]
    return (min(t.x0 for t in tokens), max(t.x1 for t in tokens)) if tokens else None


def _room(reading: Reading, column: int) -> tuple[float, float]:
    """The room between the separators of a column that holds nothing but its header."""
    edges = (min(line.x0 for line in reading.lines), *reading.separators, max(line.x1 for line in reading.lines))
    return edges[column], edges[column + 1]
