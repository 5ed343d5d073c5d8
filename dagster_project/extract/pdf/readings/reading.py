"""One reading of a stretch of lines as a table: the record, and how it is built from bounds and separators.

Belongs here: header depth, lines to rows, cells. Does not belong here: which bounds and separators to try
(``generators``), and whether to believe the reading (``evidence``, ``choice``, ``acceptance``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Final

from dagster_project.extract.pdf.lines import join_texts
from dagster_project.extract.pdf.readings.lines import Page, PrintedLine, Token, is_figure, is_year, place, text_of

LINES: Final = "lines"
"""Rows are lines; a line of texts alone goes with the row above or below where that is likelier."""
BLOCKS: Final = "blocks"
"""Rows are blocks of lines with tight leading."""
RULES: Final = "rules"
"""Rows stand between rules."""
GIVEN: Final = "given"
"""Rows stand between the rules of a lattice."""

USUAL_PITCH: Final = 12.0
"""Points between the lines of a table of one line."""
UNSURE: Final = 1.0
"""Margin between the two best places of a line of texts below which its rows are in doubt."""
OPEN_ENDS: Final = (" and", " of", " och", " i", " av", " för", " the", " to", " till", " samt", " på", " med")
"""Words after which a text is not at its end."""


@dataclass(slots=True, eq=False)
class Row:
    """One row of the body; ``cells`` holds the lines of each column, each line its tokens."""

    first: int
    """Index of its first line in the stretch."""
    top: float
    """Baseline of its first line."""
    bottom: float
    """Baseline of its last line."""
    cells: dict[int, list[list[Token]]]
    has_figures: bool
    is_bold: bool
    label_x: float | None
    is_doubtful: bool = False
    """Whether a line of texts may belong to another row."""
    next_is_doubtful: bool = False
    heads_next: bool = False
    """Whether its texts are the beginning of the row below."""


@dataclass(slots=True, eq=False)
class HeaderCell:
    """A header text over ``span`` columns."""

    span: int
    parts: list[list[Token]]


@dataclass(eq=False)
class Reading:
    """Lines ``first`` to ``end`` (excluded) of a zone as a table."""

    first: int
    end: int
    lines: list[PrintedLine]
    separators: tuple[float, ...]
    widths: tuple[float, ...]
    """Room at each separator, as a multiple of the size of type."""
    generator: str
    policy: str
    depth: int
    """Lines of the stretch above the body."""
    columns: list[dict[int, list[Token]]]
    crossing: list[int]
    header: list[dict[int, HeaderCell]]
    body: list[Row]
    usual_pitch: float
    margins: list[float]
    """How clearly each line of texts alone has found its row."""
    evidence: dict[str, float] = field(default_factory=dict)
    weight: float = 0.0
    """Log odds that its figures stand in their rows."""
    probability: float = 0.0

    @property
    def n_columns(self) -> int:
        """Columns, the one of labels too."""
        return len(self.separators) + 1

    @cached_property
    def words(self) -> frozenset[int]:
        """Identities of the words that it holds."""
        cells = [part for row in self.body for lines in row.cells.values() for part in lines]
        cells += [part for row in self.header for cell in row.values() for part in cell.parts]
        return frozenset(id(word) for part in cells for token in part for word in token.words)

    @cached_property
    def texts(self) -> list[dict[int, str]]:
        """The texts of the rows of the body by column."""
        return [
            {column: join_texts([text_of(line) for line in lines]) for column, lines in sorted(row.cells.items())}
            for row in self.body
        ]

    @cached_property
    def figures(self) -> list[tuple[int, int, str, Token, Token]]:
        """Row, column, text, first and last token of every figure right of the labels."""
        return [
            (index, column, text, row.cells[column][0][0], row.cells[column][-1][-1])
            for index, (row, texts) in enumerate(zip(self.body, self.texts, strict=True))
            for column, text in texts.items()
            if column > 0 and is_figure(text)
        ]

    @cached_property
    def count(self) -> int:
        """Figures, those of the header (years) too."""
        heads = sum(
            is_figure(join_texts([text_of(part) for part in cell.parts]))
            for row in self.header
            for cell in row.values()
        )
        return len(self.figures) + heads

    @cached_property
    def claims(self) -> frozenset[tuple[str, str]]:
        """What it says: each figure with the first text of its row."""
        found = []
        for texts in self.texts:
            first = min(texts)
            found += [
                (text, texts[first] if column != first else "") for column, text in texts.items() if is_figure(text)
            ]
        return frozenset(found)


def build(
    page: Page,
    zone: Sequence[PrintedLine],
    bounds: tuple[int, int],
    separators: Sequence[float],
    widths: Sequence[float],
    generator: str,
    policy: str = LINES,
    row_ends: Sequence[float] = (),
) -> Reading | None:
    """The reading of the lines within ``bounds`` under ``separators``; None if nothing there reads as a body.

    Args:
        page: facts.
        zone: all lines of the part of the page.
        bounds: first line and line behind the last.
        separators: x between each two columns (points), from left to right.
        widths: see :class:`Reading`.
        generator: name of what made the separators.
        policy: how lines become rows.
        row_ends: y between rows, with ``GIVEN``.
    """
    lines = list(zone[bounds[0] : bounds[1]])
    placed = [place(line, separators) for line in lines]
    columns = [found for found, _ in placed]
    depth = _depth(columns, [crossing for _, crossing in placed])
    if depth is None:
        return None
    pitches = [b.y - a.y for a, b in pairwise(lines[depth:])]
    usual = median(pitches) if pitches else USUAL_PITCH
    if policy == BLOCKS:
        ends = _block_ends(lines, depth)
    elif policy == RULES:
        ends = _rule_ends(page, lines, depth)
    else:
        ends = list(row_ends)
    if policy != LINES and ends is None:
        return None
    margins: list[float] = []
    if policy == LINES:
        body = _Rows(page, lines, columns, depth, usual, margins).made()
    else:
        body = _rows_between(lines, columns, depth, ends or [])
    reading = Reading(
        bounds[0],
        bounds[1],
        lines,
        tuple(separators),
        tuple(widths),
        generator,
        policy,
        depth,
        columns,
        [crossing for _, crossing in placed],
        _header(page, lines, columns, depth, separators),
        body,
        usual,
        margins,
    )
    return reading if len(reading.figures) >= 2 else None


def _depth(columns: Sequence[dict[int, list[Token]]], crossing: Sequence[int]) -> int | None:
    """Lines above the body, whose figures are years only; None where there is no body."""
    body = next(
        (
            index
            for index, found in enumerate(columns)
            if any(
                column > 0 and any(token.is_figure and not is_year(token.text) for token in tokens)
                for column, tokens in found.items()
            )
        ),
        None,
    )
    if body is None:
        body = next((index for index, found in enumerate(columns) if 0 in found and _has_figure(found)), None)
        if body is None:
            return None
    depth = body
    # Lines of nothing but a label right above are labels of the body, unless they are all that stands above.
    while depth > 1 and set(columns[depth - 1]) == {0} and not crossing[depth - 1]:
        depth -= 1
    return depth if depth > 0 else body


def _has_figure(found: dict[int, list[Token]]) -> bool:
    return any(column > 0 and any(token.is_figure for token in tokens) for column, tokens in found.items())


# --- lines to rows ---------------------------------------------------------------------------------------------------


def _block_ends(lines: Sequence[PrintedLine], depth: int) -> list[float] | None:
    """Heights between blocks of tight leading: the widest step between two pitches parts them; None where none does."""
    pitches = sorted(b.y - a.y for a, b in pairwise(lines[depth:]))
    if len(pitches) < 3:
        return None
    best: tuple[float, float] | None = None
    for a, b in pairwise(pitches):
        is_step = b > 1.12 * a and b - a > 1.0 and a < 1.5 * lines[depth].size
        if is_step and (best is None or b / a > best[0]):
            best = (b / a, (a + b) / 2)
    if best is None:
        return None
    return [(a.y + b.y) / 2 - 0.3 * a.size for a, b in pairwise(lines[depth:]) if b.y - a.y > best[1]]


def _rule_ends(page: Page, lines: Sequence[PrintedLine], depth: int) -> list[float] | None:
    left, right = lines[depth].x0, max(line.x1 for line in lines)
    ends = sorted(
        {
            round(rule.at, 1)
            for rule in page.drawing.across
            if lines[depth].y < rule.at < lines[-1].y
            and min(rule.end, right) - max(rule.start, left) > 0.5 * (right - left)
        }
    )
    return ends if len(ends) > 1 else None


def _rows_between(
    lines: Sequence[PrintedLine], columns: Sequence[dict[int, list[Token]]], depth: int, ends: Sequence[float]
) -> list[Row]:
    rows: list[Row] = []
    last = -1
    for index in range(depth, len(lines)):
        line = lines[index]
        band = sum(line.y - 0.3 * line.size > y for y in ends)
        if rows and band == last:
            _append(rows[-1], columns[index], line.y)
            continue
        last = band
        rows.append(_row(line, columns[index], index))
    return rows


def _row(line: PrintedLine, found: dict[int, list[Token]], index: int) -> Row:
    return Row(
        index,
        line.y,
        line.y,
        {column: [tokens] for column, tokens in found.items()},
        _has_figure(found),
        line.is_bold,
        found[0][0].x0 if 0 in found else None,
    )


def _append(row: Row, found: dict[int, list[Token]], y: float) -> None:
    for column, tokens in found.items():
        row.cells.setdefault(column, []).append(tokens)
    row.bottom = y


@dataclass(slots=True)
class _Rows:
    """Rows from lines: a line without figures goes on with the row above, begins the row below, or is its own."""

    page: Page
    lines: Sequence[PrintedLine]
    columns: Sequence[dict[int, list[Token]]]
    depth: int
    usual: float
    margins: list[float]

    def made(self) -> list[Row]:
        rows: list[Row] = []
        for index in range(self.depth, len(self.lines)):
            self._take(rows, index)
        return rows

    def _take(self, rows: list[Row], index: int) -> None:
        line, found = self.lines[index], self.columns[index]
        row = _row(line, found, index)
        before = rows[-1] if rows else None
        if before is not None and not row.has_figures:
            scores = sorted(
                (
                    (self._up(before, index), "up"),
                    (self._own(before, index), "own"),
                    (self._down(before, index), "down"),
                ),
                reverse=True,
            )
            self.margins.append(scores[0][0] - scores[1][0])
            is_unsure = self.margins[-1] < UNSURE
            if is_unsure:
                before.is_doubtful = row.is_doubtful = row.next_is_doubtful = True
            if scores[0][1] == "up":
                _append(before, found, line.y)
                before.next_is_doubtful = is_unsure
                return
            row.heads_next = scores[0][1] == "down"
        elif before is not None and (before.heads_next or self._labels(before, row)):
            for column, parts in before.cells.items():
                row.cells[column] = parts + row.cells.get(column, [])
            row.top = before.top
            row.is_doubtful = row.is_doubtful or before.is_doubtful
            rows.pop()
        if before is not None and before.next_is_doubtful:
            row.is_doubtful = True
        rows.append(row)

    def _labels(self, before: Row, row: Row) -> bool:
        """Whether the row before is the label of figures that stand a little below it."""
        return (
            0 not in row.cells
            and not before.has_figures
            and set(before.cells) == {0}
            and row.top - before.bottom < 0.6 * self.lines[row.first].size
        )

    def _text(self, index: int) -> str:
        found = self.columns[index]
        return text_of(found[min(found)])

    def _label(self, index: int) -> str:
        found = self.columns[index] if index < len(self.columns) else {}
        return text_of(found[0]) if 0 in found else ""

    def _below(self, index: int) -> float:
        return self.lines[index + 1].y - self.lines[index].y if index + 1 < len(self.lines) else 99.0

    def _up(self, before: Row, index: int) -> float:
        line, found, text = self.lines[index], self.columns[index], self._text(index)
        gap = line.y - before.bottom
        last = text_of(before.cells[0][-1]) if 0 in before.cells else ""
        score = (
            1.2 * (gap < self._below(index) - 1) + 1.5 * text[:1].islower() + 1.5 * (bool(last) and last[-1] in "-,–/&")
        )
        score += (
            0.7 * (gap < 0.92 * self.usual) - 2.0 * (gap > 1.3 * self.usual) - 1.5 * (line.is_bold != before.is_bold)
        )
        score += 0.6 * (0 in found and before.label_x is not None and found[0][0].x0 > before.label_x + 3)
        score -= 3.0 * self._is_ruled(before.bottom, line.y) + 1.0 * (0 not in before.cells)
        return score + 1.0 * (last.count("(") > last.count(")")) + 1.2 * last.endswith(OPEN_ENDS)

    def _own(self, before: Row, index: int) -> float:
        line, text = self.lines[index], self._text(index)
        gap = line.y - before.bottom
        score = 0.9 + 1.0 * text.endswith(":") + 0.8 * (gap > self._below(index) + 1)
        return score + 1.2 * (line.is_bold and not before.is_bold)

    def _down(self, before: Row, index: int) -> float:
        if index + 1 >= len(self.lines) or not _has_figure(self.columns[index + 1]):
            return 0.0
        line, text, below = self.lines[index], self._text(index), self._below(index)
        has_label, label = 0 in self.columns[index + 1], self._label(index + 1)
        score = 3.0 * (not has_label) + 1.6 * label[:1].islower() + 0.7 * (below < 0.92 * self.usual)
        score += 0.8 * (below < line.y - before.bottom - 1) - 3.0 * self._is_ruled(line.y, self.lines[index + 1].y)
        score -= 1.0 * (has_label and not label[:1].islower())
        return score + 1.5 * (text[-1:] in tuple("-,–/")) + 1.2 * text.endswith(OPEN_ENDS)

    def _is_ruled(self, top: float, bottom: float) -> bool:
        left = self.lines[0].x0
        return any(top < rule.at < bottom - 1 and rule.start < left + 40 for rule in self.page.drawing.across)


# --- the header ------------------------------------------------------------------------------------------------------


def _header(
    page: Page,
    lines: Sequence[PrintedLine],
    columns: Sequence[dict[int, list[Token]]],
    depth: int,
    separators: Sequence[float],
) -> list[dict[int, HeaderCell]]:
    """Header rows: texts with the columns that they stand over, from the edges of what stands below."""
    n_columns = len(separators) + 1
    extents = [
        (
            min((token.x0 for found in columns[depth:] for token in found.get(column, ())), default=1e9),
            max((token.x1 for found in columns[depth:] for token in found.get(column, ())), default=-1e9),
        )
        for column in range(n_columns)
    ]
    edges = (-1e9, *separators, 1e9)
    rows: list[dict[int, HeaderCell]] = []
    last = 0.0
    for index in range(depth):
        row: dict[int, HeaderCell] = {}
        for run in header_runs(lines[index].tokens, separators):
            x0, x1 = run[0].x0, run[-1].x1
            over = [c for c in range(n_columns) if min(x1, extents[c][1]) - max(x0, extents[c][0]) > 1]
            if not over:
                over = [max(range(n_columns), key=lambda c, a=x0, b=x1: min(b, edges[c + 1]) - max(a, edges[c]))]  # type: ignore[misc]
            earlier = row.get(over[0])
            if earlier is not None:
                earlier.parts[-1] = [*earlier.parts[-1], *run]
                earlier.span = max(earlier.span, over[-1] - over[0] + 1)
            else:
                row[over[0]] = HeaderCell(over[-1] - over[0] + 1, [list(run)])
        line = lines[index]
        is_close = rows and line.y - last < 1.35 * line.size
        is_ruled = any(last < rule.at < line.y - 1 and rule.start < lines[0].x0 + 40 for rule in page.drawing.across)
        if is_close and not is_ruled and _is_one_header(rows[-1], row):
            for column, cell in row.items():
                above = rows[-1].get(column)
                if above is None:
                    rows[-1][column] = cell
                else:
                    above.parts.extend(cell.parts)
        else:
            rows.append(row)
        last = line.y
    return rows


def _is_one_header(above: dict[int, HeaderCell], row: dict[int, HeaderCell]) -> bool:
    """Whether a line goes on with the header cells of the line above: the same columns, each over one of them."""
    is_single = all(cell.span == 1 for cell in (*above.values(), *row.values()))
    return is_single and (set(row) <= set(above) or set(row) >= set(above))


def header_runs(tokens: Sequence[Token], separators: Sequence[float]) -> list[list[Token]]:
    """Tokens of a header line as texts: parted at wide gaps, at narrower ones with a separator, between figures."""
    runs: list[list[Token]] = []
    for token in tokens:
        if runs:
            before = runs[-1][-1]
            gap = (token.x0 - before.x1) / token.size
            is_cut = any(before.x1 - 1 <= x <= token.x0 + 1 for x in separators)
            if gap < 0.7 and not (is_cut and gap > 0.3) and not (token.is_figure and before.is_figure):
                runs[-1].append(token)
                continue
        runs.append([token])
    return runs
