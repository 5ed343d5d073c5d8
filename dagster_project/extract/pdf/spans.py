"""Which columns a header stands over.

Belongs here: upper headers over several columns, placed by where they stand over the columns below. Does not belong
here: which segments run over columns (``columns``) and which rows are header (``structure``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dagster_project.extract.pdf.rows import Row, Untold
from dagster_project.extract.pdf.rules import Rule

AMBIGUOUS = "it is not certain over which columns a header stands"


def place_headers(
    texts: list[list[str]],
    spans: dict[tuple[int, int], tuple[int, int]],
    rows: Sequence[Row],
    widths: Sequence[tuple[float, float]],
    body: int,
    rules: Sequence[Rule] = (),
) -> None:
    """Move header cells that stand over several columns to the first of them.

    Where each has a rule of its own below it, the rules say over which columns they stand. Else all cells of such a row
    are placed together: of all ways to give each a run of the columns that have a header of their own below, the one
    whose middles are nearest to those of the texts and that leaves fewest columns over.
    """
    n_cols = len(widths)
    for index in range(min(body, len(rows)) - 2, -1, -1):
        below = list(texts[index + 1])
        for (row, column), (_, width) in spans.items():
            if row == index + 1:
                below[column + 1 : column + width] = [f"{below[column]} {i}" for i in range(1, width)]
        boxes = _boxes(rows[index], index, texts[index], spans, widths)
        own = {column for column in boxes if not below[column] and (index, column) not in spans}
        bare = {c for c in range(1, n_cols) if not any(texts[row][c] for row in range(body))}
        open_columns = [c for c in range(1, n_cols) if (below[c] or c in bare) and c not in own]
        moved = [column for column in sorted(boxes) if column not in own]
        if not moved:
            continue
        moved_boxes = [boxes[column] for column in moved]
        runs = (
            _runs_underlined(moved_boxes, _rules_between(rows[index], rows[index + 1], rules), open_columns, widths)
            or _runs_over(moved_boxes, open_columns, _edges(rows[index + 1 :], body - index - 1, widths), below)
            or _runs_below(moved_boxes, open_columns, widths, below)
        )
        if runs is None:
            continue
        old = [texts[index][column] for column in moved]
        for column in moved:
            texts[index][column] = ""
            spans.pop((index, column), None)
        for (start, end), text in zip(runs, old, strict=True):
            texts[index][start] = text
            while end - start > 1 and end < n_cols and not any(texts[row][end] for row in range(body)):
                # A column without any header stands under the one that runs over its neighbours.
                end += 1
            if end - start > 1:
                spans[index, start] = (1, end - start)


def _boxes(
    row: Row,
    index: int,
    texts: list[str],
    spans: dict[tuple[int, int], tuple[int, int]],
    widths: Sequence[tuple[float, float]],
) -> dict[int, tuple[float, float]]:
    """Left and right end of what stands in each column of a row but the first."""
    across = _cells_across(row, index, texts, spans, widths)
    boxes: dict[int, tuple[float, float]] = {}
    for column in range(1, len(widths)):
        found = [e.segment for e in row.entries if (e.column if e.column is not None else across.get(id(e))) == column]
        if texts[column] and found:
            boxes[column] = (min(s.x0 for s in found), max(s.x1 for s in found))
    return boxes


def _is_plain(runs: Sequence[tuple[int, int]], below: Sequence[str]) -> bool:
    """Whether the same headers stand below every text, or one alone: then it is certain which belong to which."""
    heads = {tuple(below[start:end]) for start, end in runs}
    return len(heads) == 1 or all(end - start == 1 for start, end in runs)


# --- runs by rules below the headers ----------------------------------------------------------------------------------

SLACK = 2.0
"""Points by which a rule may be shorter than what it underlines."""


def _rules_between(upper: Row, lower: Row, rules: Sequence[Rule]) -> list[Rule]:
    """The rules between the texts of a row and those of the next."""
    top, bottom = (max(e.segment.y for e in upper.entries), min(e.segment.y for e in lower.entries))
    return [rule for rule in rules if top < rule.at < bottom]


def _runs_underlined(
    boxes: Sequence[tuple[float, float]],
    rules: Sequence[Rule],
    columns: Sequence[int],
    widths: Sequence[tuple[float, float]],
) -> list[tuple[int, int]] | None:
    """The run of columns (first, end) below the rule of each header; None where one has no rule of its own."""
    runs: list[tuple[int, int]] = []
    for x0, x1 in boxes:
        found = [rule for rule in rules if rule.start - SLACK <= x0 and x1 <= rule.end + SLACK]
        if len(found) != 1:
            return None
        (rule,) = found
        under = [c for c in columns if rule.start - SLACK <= sum(widths[c]) / 2 <= rule.end + SLACK]
        if not under or under != list(range(under[0], under[-1] + 1)) or (runs and under[0] < runs[-1][1]):
            return None
        runs.append((under[0], under[-1] + 1))
    # One rule below all of them parts the header from the next row and says nothing.
    return runs if len(runs) > 1 else None


# --- runs by the edges of the columns ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the texts of the body of a column end, if they are flush with one side (points)."""

    left: float
    right: float
    is_left: bool
    """Flush left."""
    is_right: bool
    """Flush right."""


FLUSH_SPREAD = 1.2
"""Points by which ends of texts that are flush may differ."""


def _edges(rows: Sequence[Row], body: int, widths: Sequence[tuple[float, float]]) -> list[Edges]:
    """Every column's ends and how its texts are set.

    Args:
        rows: the rows below the header in question.
        body: index of the first of them that is no header.
        widths: left and right end of every column, for those without any text in ``rows``.
    """
    found: list[Edges] = []
    for column, (x0, x1) in enumerate(widths):
        inside = [e.segment for row in rows for e in row.entries if e.column == column]
        figures = [e.segment for row in rows[body:] for e in row.entries if e.column == column]
        if not figures:
            ends = (min(s.x0 for s in inside), max(s.x1 for s in inside)) if inside else (x0, x1)
            found.append(Edges(*ends, False, False))
            continue
        left, right = min(s.x0 for s in inside), max(s.x1 for s in inside)
        lefts, rights = [s.x0 for s in figures], [s.x1 for s in figures]
        # Where all texts are of one width, it is a wider header that shows to which side they are set.
        is_right = max(lefts) - left > FLUSH_SPREAD and right - min(rights) < FLUSH_SPREAD
        is_left = right - min(rights) > FLUSH_SPREAD and max(lefts) - left < FLUSH_SPREAD
        found.append(Edges(left, right, is_left, is_right))
    return found


FITS = 1.6
"""Points within which a header stands exactly where it would stand over its run."""
CLEARLY = 0.4
"""Points by which one way must fit better than any other."""
OPEN = 0.75
"""Points that a column without an upper header counts."""
REPEATED = 0.7
"""Points by which a way is preferred in which the same headers stand below every text."""
VAGUE = 0.5
"""Points that a run counts of which it is not certain where the first cell begins."""
PADS = [0.5 * step for step in range(2, 25)]
"""Points of room that the text of a cell keeps from its edge, as far as it is looked for."""


def _runs_over(
    boxes: Sequence[tuple[float, float]], columns: Sequence[int], edges: Sequence[Edges], below: Sequence[str]
) -> list[tuple[int, int]] | None:
    """The run of columns (first, end) that each header text stands over; None if nothing fits, or no run has several.

    All headers of a row are set alike: in the middle of their cells, at the left or at the right, with the same room
    to the edges. A run does not hold the same header twice, for then its columns could not be told apart.

    Raises:
        Untold: two ways fit alike.
    """
    if not boxes or len(columns) <= len(boxes):
        return None
    room = max(
        1.0, min(b.left - a.right for a, b in zip(edges[columns[0] :], edges[columns[0] + 1 :], strict=False)) / 2
    )
    pads = [pad for pad in PADS if pad <= room + 0.75] or PADS[:1]
    costs: dict[tuple[tuple[int, int], ...], float] = {}
    for way in _ways(boxes, columns, edges):
        fits = [
            off + less_usual + beside * _open_beside(way, columns)
            for how, less_usual, beside in HOW
            for pad in pads
            if (off := _off(boxes, way, edges, how, pad)) <= FITS
        ]
        if fits:
            left_over = len(columns) - sum(end - start for start, end in way)
            vague = sum(end - start > 1 and _is_vague(edges, start) for start, end in way)
            heads = {tuple(below[start:end]) for start, end in way}
            repeated = len(way) > 1 and len(heads) == 1 and len(next(iter(heads))) > 1
            costs[way] = min(fits) + OPEN * left_over + VAGUE * vague - REPEATED * repeated
    told = [way for way in costs if all(_are_distinct(below, *run) for run in way)] or list(costs)
    if not told:
        return None
    told.sort(key=lambda way: costs[way])
    best = told[0]
    if len(told) > 1 and costs[told[1]] - costs[best] < CLEARLY:
        raise Untold(AMBIGUOUS)
    if any(end - start > 1 for start, end in best):
        return list(best)
    open_columns = set(columns) - {start for start, _ in best}
    if any(start - 1 in open_columns and end in open_columns for start, end in best):
        # It may head the column below it, or that one and its neighbours.
        raise Untold(AMBIGUOUS)
    return None


def _open_beside(way: Sequence[tuple[int, int]], columns: Sequence[int]) -> int:
    """How many columns right of the first run have no header above."""
    covered = {column for start, end in way for column in range(start, end)}
    return sum(column > way[0][0] and column not in covered for column in columns)


def _are_distinct(below: Sequence[str], start: int, end: int) -> bool:
    heads = [text for text in below[start:end] if text]
    return len(set(heads)) == len(heads)


def _off(
    boxes: Sequence[tuple[float, float]],
    way: Sequence[tuple[int, int]],
    edges: Sequence[Edges],
    how: Callable[[float, float, Sequence[Edges], int, int, float], float],
    pad: float,
) -> float:
    """How far the text that fits worst is from where it would stand; over one column it may stand as it likes."""
    return max(
        how(*box, edges, *run, pad) if run[1] - run[0] > 1 else min(each(*box, edges, *run, pad) for each, *_ in HOW)
        for box, run in zip(boxes, way, strict=True)
    )


MAX_WAYS = 3000


def _ways(
    boxes: Sequence[tuple[float, float]], columns: Sequence[int], edges: Sequence[Edges]
) -> list[tuple[tuple[int, int], ...]]:
    """All ways to give each text, in order, a run of neighbouring columns that it meets."""
    ways: list[tuple[tuple[int, int], ...]] = [()]
    for x0, x1 in boxes:
        longer: list[tuple[tuple[int, int], ...]] = []
        for way in ways:
            done = way[-1][1] if way else 0
            for first in range(len(columns)):
                start = columns[first]
                if start < done:
                    continue
                for last in range(first, len(columns)):
                    end = columns[last] + 1
                    if end - start != last - first + 1:
                        break
                    before = edges[start - 1].right if start else edges[start].left
                    after = edges[end].left if end < len(edges) else edges[end - 1].right + PADS[-1]
                    if before - 1 <= x0 and x1 <= after + 1:
                        longer.append((*way, (start, end)))
        ways = longer
        if len(ways) > MAX_WAYS:
            return []
    return ways


Interval = tuple[float, float]


def _cell(edges: Sequence[Edges], start: int, end: int, pad: float) -> tuple[Interval, Interval]:
    """Between which x the left edge of a cell over a run of columns lies, and its right edge (points)."""
    first, last = edges[start], edges[end - 1]
    if start and edges[start - 1].is_right:
        left = (edges[start - 1].right + pad,) * 2
    elif first.is_left or not start:
        left = (first.left - pad,) * 2
    else:
        left = (edges[start - 1].right + pad, max(first.left - pad, edges[start - 1].right + pad))
    after = edges[end].left - pad if end < len(edges) else last.right + pad + (last.left - edges[end - 2].right)
    if last.is_right:
        right = (last.right + pad,) * 2
    elif end < len(edges) and edges[end].is_left:
        right = (after,) * 2
    else:
        right = (last.right + pad, max(after, last.right + pad))
    return left, right


def _is_vague(edges: Sequence[Edges], start: int) -> bool:
    (least, most), _ = _cell(edges, start, start + 1, PADS[0])
    return most - least > 8


def _off_middle(x0: float, x1: float, edges: Sequence[Edges], start: int, end: int, pad: float) -> float:
    left, right = _cell(edges, start, end, pad)
    middle = (x0 + x1) / 2
    return max(0.0, (left[0] + right[0]) / 2 - middle, middle - (left[1] + right[1]) / 2)


def _off_left(x0: float, x1: float, edges: Sequence[Edges], start: int, end: int, pad: float) -> float:
    (least, most), _ = _cell(edges, start, end, pad)
    return max(0.0, least + pad - x0, x0 - most - pad)


def _off_right(x0: float, x1: float, edges: Sequence[Edges], start: int, end: int, pad: float) -> float:
    _, (least, most) = _cell(edges, start, end, pad)
    return max(0.0, least - pad - x1, x1 - most + pad)


HOW = ((_off_middle, 0.0, 0.0), (_off_left, 0.5, 0.75), (_off_right, 1.5, 0.0))
"""How headers over several columns may be set, how much less usual that is, and what an open column right of one counts
then, in points: a text at the left of its cell does not show where the cell ends, which is where the next begins."""


# --- runs by what is nearest -----------------------------------------------------------------------------------------

LEFT_OVER = 8.0
"""Points that a column without a header above counts when runs of columns are compared."""


FLUSH = 4.0
"""Points that a header flush with the first of its columns counts: one in the middle may be flush by chance."""


def _runs_below(
    boxes: Sequence[tuple[float, float]],
    columns: Sequence[int],
    widths: Sequence[tuple[float, float]],
    below: Sequence[str],
) -> list[tuple[int, int]] | None:
    """A run of columns (first, end) for each header text; None where none has a run of several, or no way fits."""
    if not boxes or len(columns) <= len(boxes):
        return None
    ways: list[tuple[float, int, list[tuple[int, int]]]] = [(0.0, 0, [])]
    for x0, x1 in boxes:
        longer: dict[int, tuple[float, int, list[tuple[int, int]]]] = {}
        for off, done, way in ways:
            for first in range(done, len(columns)):
                for last in range(first, len(columns)):
                    start, end = columns[first], columns[last] + 1
                    if end - start != last - first + 1:
                        break
                    left, right = _room(widths, start, end)
                    if not left - 1 <= (x0 + x1) / 2 <= right + 1:
                        continue
                    distance = _distance(x0, x1, widths, start, end)
                    cost = off + distance + LEFT_OVER * (first - done)
                    if last + 1 not in longer or cost < longer[last + 1][0]:
                        longer[last + 1] = (cost, last + 1, [*way, (start, end)])
        ways = list(longer.values())
    if not ways:
        return None
    best = min(ways, key=lambda way: (way[0] + LEFT_OVER * (len(columns) - way[1]), way[1]))
    exact = _exact_runs(boxes, columns, widths)
    return exact or _equal_runs(boxes, columns, widths, below, best[0]) or best[2]


def _distance(x0: float, x1: float, widths: Sequence[tuple[float, float]], start: int, end: int) -> float:
    """How far a header text is from where it would stand over a run of columns: in their middle, or at their left."""
    found = [abs((x0 + x1) / 2 - middle) for middle in _middles(widths, start, end)]
    found.append(abs(x0 - widths[start][0]) + FLUSH)
    if end - start > 1 and start:
        # Columns as wide as the distance between their right ends: the text is flush with the left edge of the first.
        pitch = (widths[end - 1][1] - widths[start][1]) / (end - 1 - start)
        found.append(abs(x0 - (widths[start][1] - pitch + CELL_PADS)) + FLUSH)
    return min(found)


CELL_PADS = 10.0
"""Points from the text of one cell to that of the next, at the least: what both keep from the edge between them."""

EXACT = 1.5
"""Points within which a text stands exactly where it would stand over its run."""


def _exact_runs(
    boxes: Sequence[tuple[float, float]], columns: Sequence[int], widths: Sequence[tuple[float, float]]
) -> list[tuple[int, int]] | None:
    """Runs one beside the other, up to the last column, over the middles of which all texts stand exactly.

    The middles of all are meant alike; None where there are no such runs, or several.
    """
    found: set[tuple[tuple[int, int], ...]] = set()
    for alike in range(3):
        ways: list[tuple[tuple[int, int], ...]] = [()]
        for x0, x1 in boxes:
            longer = []
            for way in ways:
                for first in columns if not way else [way[-1][1]]:
                    for last in range(first, columns[-1] + 1):
                        if last in columns and abs((x0 + x1) / 2 - _middles(widths, first, last + 1)[alike]) < EXACT:
                            longer.append((*way, (first, last + 1)))
            ways = longer
        found |= {way for way in ways if way[-1][1] == columns[-1] + 1}
    several = [way for way in found if any(end - start > 1 for start, end in way)]
    return list(several[0]) if len(several) == 1 and columns[-1] - columns[0] == len(columns) - 1 else None


EQUAL = 12.0
"""Points for each header by which runs of equal length may fit worse and still be the ones meant."""


def _equal_runs(
    boxes: Sequence[tuple[float, float]],
    columns: Sequence[int],
    widths: Sequence[tuple[float, float]],
    below: Sequence[str],
    least: float,
) -> list[tuple[int, int]] | None:
    """Runs of columns of one length, whose heads repeat; None if the texts do not stand over any such."""
    if len(boxes) < 2:
        return None
    for size in range(len(columns) // len(boxes), 1, -1):
        best: tuple[float, list[tuple[int, int]]] | None = None
        for offset in range(len(columns) - size * len(boxes) + 1):
            firsts = [offset + size * i for i in range(len(boxes))]
            runs = [(columns[first], columns[first + size - 1] + 1) for first in firsts]
            if any(end - start != size for start, end in runs):
                # A column that is not open stands between.
                continue
            heads = [below[start:end] for start, end in runs]
            repeated = sum(a == b for head in heads[1:] for a, b in zip(heads[0], head, strict=True))
            if 2 * repeated < size * (len(runs) - 1):
                continue
            off = _off_runs(boxes, runs, widths)
            if off is not None and (best is None or off < best[0]):
                best = (off, runs)
        if best is not None and best[0] <= least + EQUAL * len(boxes):
            return best[1]
    return None


def _off_runs(
    boxes: Sequence[tuple[float, float]], runs: Sequence[tuple[int, int]], widths: Sequence[tuple[float, float]]
) -> float | None:
    """How far texts are from the middles of their runs, together; None if one stands beside its run."""
    off = 0.0
    for (x0, x1), (start, end) in zip(boxes, runs, strict=True):
        left, right = _room(widths, start, end)
        if not left - 1 <= (x0 + x1) / 2 <= right + 1:
            return None
        off += _distance(x0, x1, widths, start, end)
    return off


def _room(widths: Sequence[tuple[float, float]], start: int, end: int) -> tuple[float, float]:
    """From the end of the column before to the beginning of the one behind."""
    return (
        widths[start - 1][1] if start else widths[start][0],
        widths[end][0] if end < len(widths) else widths[end - 1][1],
    )


def _middles(widths: Sequence[tuple[float, float]], start: int, end: int) -> list[float]:
    """Where the middle of a run of columns may be: their text may stand at the left, in the middle or at the right."""
    before, after = _room(widths, start, end)
    left, right = widths[start][0], widths[end - 1][1]
    found = [(left + right) / 2, (left + after) / 2, (before + right) / 2]
    if end - start > 1:
        # Columns as wide as the distance between them, their texts at the right or at the left.
        last = end - 1
        rights = (right - widths[start][1]) / (last - start)
        lefts = (widths[last][0] - left) / (last - start)
        found += [(widths[start][1] - rights + right) / 2, (left + widths[last][0] + lefts) / 2]
    return found


def _cells_across(
    row: Row,
    index: int,
    texts: Sequence[str],
    spans: dict[tuple[int, int], tuple[int, int]],
    widths: Sequence[tuple[float, float]],
) -> dict[int, int]:
    """First column of the cell that holds each line of text that runs across columns, by the identity of the line.

    A header in the middle of its cell may reach beyond the figures below it, into the room before the next cell.
    """
    own = {entry.column for entry in row.entries}
    cells = [column for column, text in enumerate(texts) if text and column not in own]
    found: dict[int, int] = {}
    for entry in row.entries:
        if entry.column is None and cells:

            def shared(column: int, x0: float = entry.segment.x0, x1: float = entry.segment.x1) -> float:
                last = column + spans.get((index, column), (1, 1))[1] - 1
                return min(x1, widths[last][1]) - max(x0, widths[column][0])

            found[id(entry)] = max(cells, key=shared)
    return found
