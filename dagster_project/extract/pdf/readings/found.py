"""A table that rules have found, as a reading: so that the evidence can be asked about it too.

Belongs here: from the cells of a table back to tokens. Does not belong here: what follows from the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from dagster_project.extract.pdf.readings.lines import Page, PrintedLine, Token, place
from dagster_project.extract.pdf.readings.reading import GIVEN, LINES, USUAL_PITCH, HeaderCell, Reading, Row
from dagster_project.extract.pdf.tables import PageTable
from dagster_project.extract.structure import box_of

FOUND = "rules of thumb"


def reading_of(page: Page, zone: Sequence[PrintedLine], table: PageTable) -> Reading | None:
    """The reading that a table is; None where its cells do not say where they stand, or hold no two figures."""
    held = [i for i, line in enumerate(zone) if any(id(w) in table.words for t in line.tokens for w in t.words)]
    if len(held) < 2 or len(table.columns) < 2:
        return None
    first, end = held[0], held[-1] + 1
    lines = list(zone[first:end])
    separators = tuple((a[1] + b[0]) / 2 for a, b in pairwise(table.columns))
    size = median(line.size for line in lines)
    widths = tuple(max(0.1, (b[0] - a[1]) / size) for a, b in pairwise(table.columns))
    tokens = [t for line in lines for t in line.tokens if any(id(w) in table.words for w in t.words)]
    depth = table.header_rows if table.header_rows is not None else table.marked
    header: list[dict[int, HeaderCell]] = []
    body: list[Row] = []
    for index, texts in enumerate(table.rows):
        cells = {column: _lines_in(tokens, text) for column, text in enumerate(texts) if text}
        if any(not parts for parts in cells.values()):
            return None
        if index < depth:
            header.append({c: HeaderCell(table.spans.get((index, c), (1, 1))[1], p) for c, p in cells.items()})
        elif cells:
            body.append(_row(cells))
    if not body:
        return None
    placed = [place(line, separators) for line in lines]
    above = next((i for i, line in enumerate(lines) if line.y >= body[0].top - 0.5), 0)
    pitches = [b.y - a.y for a, b in pairwise(lines[above:])]
    reading = Reading(
        first,
        end,
        lines,
        separators,
        widths,
        FOUND,
        GIVEN if table.ruled else LINES,
        above,
        [columns for columns, _ in placed],
        [crossing for _, crossing in placed],
        header,
        body,
        median(pitches) if pitches else USUAL_PITCH,
        [],
    )
    return reading if len(reading.figures) >= 2 else None


def _lines_in(tokens: Sequence[Token], text: str) -> list[list[Token]]:
    """The tokens that a cell prints, line by line."""
    box = box_of(text)
    if box is None:
        return []
    inside = [
        t for t in tokens if box[0] - 1 <= (t.x0 + t.x1) / 2 <= box[2] + 1 and box[1] <= t.y - 0.3 * t.size <= box[3]
    ]
    lines: list[list[Token]] = []
    for token in sorted(inside, key=lambda t: (t.y, t.x0)):
        if lines and token.y - lines[-1][-1].y < 0.22 * token.size:
            lines[-1].append(token)
        else:
            lines.append([token])
    return lines


def _row(cells: dict[int, list[list[Token]]]) -> Row:
    tokens = [token for parts in cells.values() for part in parts for token in part]
    return Row(
        0,
        min(token.y for token in tokens),
        max(token.y for token in tokens),
        cells,
        any(token.is_figure for column, parts in cells.items() if column for part in parts for token in part),
        all(token.is_bold for token in tokens),
        min((token.x0 for part in cells.get(0, []) for token in part), default=None),
    )
