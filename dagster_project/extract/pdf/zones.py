"""Parts of a page that are read one after the other: columns of text, tables side by side.

Belongs here: cutting a page at white space that runs down it. Does not belong here: the columns of one table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.lines import Segment, TextLine, are_rows, make_lines
from dagster_project.extract.pdf.rules import Rule
from dagster_project.extract.pdf.tables import PageTable, Refused

MIN_GUTTER = 9.0
"""Points of white space that divide two columns of text."""
MIN_TABLE_GUTTER = 24.0
"""Points of white space that divide two tables side by side."""
TABLE_GUTTER_TIMES = 2.5
"""How many times wider than any gap inside the tables that white space must be."""
MIN_GAP = 6.0
"""Points of white space between two columns that the order of drawing tells apart."""
MIN_COLUMN_EM = 14.0
"""Width of a column of the page, as a multiple of the size."""
MIN_LINES = 6
MIN_WORDS = 4
"""Words of a line of prose in a narrow column, at the median."""
HIGHER_EM = 4.0
"""How much higher than the first text of a column others of its first row may begin, as a multiple of the size."""
CANDIDATES = 6
STRIP = 3.0
"""Points: the grain at which white space is looked for."""
EDGE = 0.2
"""Share of the width of the text, at either side, in which no gutter between columns of a page is looked for."""
FREE_SHARE = 0.6
"""Share of a page's lines that may cross the white space: titles, and text above and below the columns."""


@dataclass(slots=True)
class Zone:
    """Words and tables with rules that are read together, from top to bottom."""

    words: list[Word]
    tables: list[PageTable | Refused]


def zones(words: Sequence[Word], tables: Sequence[PageTable | Refused], rules: Sequence[Rule]) -> list[Zone]:
    """Cut a page into zones in reading order.

    Args:
        words: the words outside ``tables``.
        tables: tables that were found by their rules.
        rules: horizontal rules of the page.
    """
    cut = _as_drawn(words, rules) or _side_by_side(rules, words) or _gutter(make_lines(words), rules)
    if cut is None:
        return [Zone(list(words), list(tables))]
    x, top, bottom = cut

    def place(at: float, y: float) -> int:
        if y < top:
            return 0
        if y > bottom:
            return 3
        return 1 if at < x else 2

    parts = [Zone([], []) for _ in range(4)]
    for word in words:
        parts[place((word.x0 + word.x1) / 2, word.y)].words.append(word)
    for table in tables:
        # A table with rules at the height of the columns stands in one of them, or, over both, before them.
        over = isinstance(table, PageTable) and table.x0 < x < table.x1
        parts[0 if over and table.top < bottom else place(table.x0, table.top)].tables.append(table)
    left_over = parts[3]
    result = [part for part in parts[:3] if part.words or part.tables]
    inside = [rule for rule in rules if rule.at > bottom]
    if len(left_over.words) + len(left_over.tables) + len(inside) < len(words) + len(tables) + len(rules):
        result.extend(zones(left_over.words, left_over.tables, inside))
    else:
        result.append(left_over)
    return [part for part in result if part.words or part.tables]


def _side_by_side(rules: Sequence[Rule], words: Sequence[Word]) -> tuple[float, float, float] | None:
    """Where the rules of two tables stand side by side: the x between them, and the height that they take."""
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in rules:
        if rule.end - rule.start > 60:
            groups.setdefault((round(rule.start / 3), round(rule.end / 3)), []).append(rule)
    blocks = [
        (found[0].start, found[0].end, min(r.at for r in found), max(r.at for r in found))
        for found in groups.values()
        if len(found) > 1
    ]
    for a in blocks:
        for b in blocks:
            if b[0] - a[1] < 6:
                continue
            top, bottom = min(a[2], b[2]), max(a[3], b[3])
            if min(a[3], b[3]) - max(a[2], b[2]) < 0.3 * (bottom - top):
                continue
            x = (a[1] + b[0]) / 2
            if not any(w.x0 < x < w.x1 and top - 4 <= w.y <= bottom + 4 for w in words):
                above = [w.y for w in words if top - 3 * w.size < w.y < top]
                return x, min([top - 4, *(y - 4 for y in above if _free(words, x, y))]), _end(words, x, bottom + 4)
    return None


def _as_drawn(words: Sequence[Word], rules: Sequence[Rule]) -> tuple[float, float, float] | None:
    """Where everything in a column of the page was drawn before anything in the column right of it.

    That is how the cells of one row are drawn too, so the left column must hold more than a cell does: many lines,
    lines of different looks, or a table of its own beside another one.
    """
    ordered = sorted(words, key=lambda w: w.order)
    for index in range(MIN_LINES, len(ordered)):
        before, word = ordered[index - 1], ordered[index]
        if word.y > before.y - 3 * word.size or word.x0 < before.x0:
            continue
        top = word.y
        for right_of in ordered[index:]:
            # Cells of the first row that are higher than the one that was drawn first.
            if right_of.x0 < word.x0 - 1 or right_of.y < word.y - HIGHER_EM * word.size:
                break
            top = min(top, right_of.y)
        top -= 1.2 * word.size
        start = index
        while start and ordered[start - 1].y >= top and ordered[start - 1].x1 < word.x0 - MIN_GAP:
            start -= 1
        left = ordered[start:index]
        x1 = max(w.x1 for w in left) if left else 0.0
        end = index
        while end < len(ordered) and ordered[end].y >= top and ordered[end].x0 > x1 + MIN_GAP:
            end += 1
        right = ordered[index:end]
        rows = bool(left) and are_rows(left)
        if not left or not (rows or _is_column(left)):
            continue
        if len({round(w.y) for w in right}) < 3 and not are_rows(right):
            continue
        x = (x1 + min(w.x0 for w in right)) / 2
        bottom = max(w.y for w in (*left, *right)) + 1
        if any(w.x0 < x < w.x1 and top < w.y < bottom for w in words):
            continue
        others = [*ordered[:start], *ordered[end:]]
        if rows or not (
            _is_ruled(rules, x, top, bottom)
            or _is_row(words, x, top, bottom)
            or _goes_on_beside(left, right, [w for w in others if not top < w.y < bottom])
        ):
            return x, top, bottom
    return None


def _goes_on_beside(left: Sequence[Word], right: Sequence[Word], others: Sequence[Word]) -> bool:
    """Whether cells flush with both sides were drawn above or below them as well, the left one first: rows of a table.

    Between the parts of a page that is set in columns, a heading runs over both.
    """
    x0, x1 = min(w.x0 for w in left), min(w.x0 for w in right)
    top, bottom = min(w.y for w in (*left, *right)), max(w.y for w in (*left, *right))
    over = [s.y for line in make_lines(others) for s in line.segments if s.x0 < x1 - 1 < s.x1]
    upper = max((y for y in over if y < top), default=0.0)
    lower = min((y for y in over if y > bottom), default=float("inf"))
    first, last = min(w.order for w in left), max(w.order for w in right)
    for side in (
        [w for w in others if bottom < w.y < lower],
        [w for w in others if upper < w.y < top],
    ):
        lefts = [w.order for w in side if abs(w.x0 - x0) < 1]
        rights = [w.order for w in side if abs(w.x0 - x1) < 1]
        begins = min((order for order in lefts if order > last), default=None)
        ends = max((order for order in rights if order < first), default=None)
        if (begins is not None and max(rights, default=0) > begins) or (
            ends is not None and min(lefts, default=first) < ends
        ):
            return True
    return False


def _is_row(words: Sequence[Word], x: float, top: float, bottom: float) -> bool:
    """Whether the lines right above or below leave the same white space free: then the two sides are cells of a row."""
    above = [w for w in words if top - 3.5 * w.size < w.y < top]
    below = [w for w in words if bottom < w.y < bottom + 3.5 * w.size]
    return any(
        side and all(w.x1 < x or w.x0 > x for w in side) and any(w.x0 > x for w in side) and any(w.x1 < x for w in side)
        for side in (above, below)
    )


def _is_column(words: Sequence[Word]) -> bool:
    lines = make_lines(words)
    looks = {(line.size, all(s.bold for s in line.segments)) for line in lines}
    wide = max(line.x1 for line in lines) - min(line.x0 for line in lines) > MIN_COLUMN_EM * lines[0].size
    rows = sum(1 for line in lines if len(line.segments) > 1)
    return wide and len(lines) >= MIN_LINES and (len(lines) >= 2 * MIN_LINES or len(looks) > 1 or rows > 1)


def _end(words: Sequence[Word], x: float, bottom: float) -> float:
    """The height down to which lines below the last rule leave the white space free: rows without a rule of theirs."""
    for line in make_lines([w for w in words if w.y > bottom]):
        crossed = any(s.x0 < x < s.x1 for s in line.segments)
        if crossed or len(line.segments) < 2 or line.y - bottom > 2.2 * line.size:
            break
        bottom = line.y + 1
    return bottom


def _free(words: Sequence[Word], x: float, y: float) -> bool:
    line = [w for w in words if abs(w.y - y) < 2]
    return all(w.x1 < x - 2 or w.x0 > x + 2 for w in line) and any(w.x0 > x for w in line)


def _gutter(lines: Sequence[TextLine], rules: Sequence[Rule]) -> tuple[float, float, float] | None:
    """White space between two columns of prose, or two tables: its middle, the first and the last baseline beside."""
    best: tuple[int, float, float, float] | None = None
    for x in _candidates(lines):
        for run in _free_runs(lines, x):
            found = _cut(run, x)
            if (
                found is not None
                and not _is_part_of_rows(lines, run, x)
                and not _is_ruled(rules, x, found[1], found[2])
                and (best is None or len(run) > best[0])
            ):
                best = (len(run), *found)
    return best[1:] if best is not None else None


def _candidates(lines: Sequence[TextLine]) -> list[float]:
    """Middles of the strips, away from the edges of the text, that fewest lines cross."""
    if not lines:
        return []
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    strips = range(int((left + EDGE * (right - left)) / STRIP), int((right - EDGE * (right - left)) / STRIP) + 1)
    crossed = Counter(
        strip
        for line in lines
        for segment in line.segments
        for strip in range(int(segment.x0 / STRIP), int(segment.x1 / STRIP) + 1)
    )
    groups: list[list[int]] = []
    for strip in strips:
        if crossed[strip] > FREE_SHARE * len(lines):
            continue
        if groups and groups[-1][-1] == strip - 1 and crossed[strip] == crossed[strip - 1]:
            groups[-1].append(strip)
        else:
            groups.append([strip])
    groups.sort(key=lambda group: (crossed[group[0]], -len(group), group[0]))
    return [(group[0] + group[-1] + 1) / 2 * STRIP for group in groups[:CANDIDATES]]


def _is_ruled(rules: Sequence[Rule], x: float, top: float, bottom: float) -> bool:
    """Whether rules run over both sides: between the lines, or above and below them as round a row of a table."""
    over = [rule for rule in rules if rule.start < x < rule.end]
    inside = any(top < rule.at < bottom for rule in over)
    return inside or (any(rule.at <= top for rule in over) and any(rule.at >= bottom for rule in over))


def _free_runs(lines: Sequence[TextLine], x: float) -> list[list[TextLine]]:
    """Runs of lines that leave x free; titles over both columns part them."""
    runs: list[list[TextLine]] = [[]]
    for line in lines:
        if any(segment.x0 - 2 < x < segment.x1 + 2 for segment in line.segments):
            runs.append([])
        else:
            runs[-1].append(line)
    return [run for run in runs if len(run) >= MIN_LINES]


def _cut(run: Sequence[TextLine], x: float) -> tuple[float, float, float] | None:
    left = [[s for s in line.segments if s.x1 <= x] for line in run]
    right = [[s for s in line.segments if s.x0 >= x] for line in run]
    lefts, rights = [side for side in left if side], [side for side in right if side]
    if len(lefts) < MIN_LINES or len(rights) < MIN_LINES:
        return None
    gutter0, gutter1 = max(side[-1].x1 for side in lefts), min(side[0].x0 for side in rights)
    top, bottom = run[0].y - run[0].size, run[-1].y + 1
    if gutter1 - gutter0 >= MIN_GUTTER and not _has_header(run, x) and not _drawn_as_cells(run, x):
        prose = _is_prose(lefts), _is_prose(rights)
        running = (prose[0] and _runs_on(lefts) and _is_wide(rights)) or (
            prose[1] and _runs_on(rights) and _is_wide(lefts)
        )
        if (all(prose) or running) and not _are_figures(lefts, rights):
            return (gutter0 + gutter1) / 2, top, bottom
    beside = [line for line, *sides in zip(run, left, right, strict=True) if all(sides)]
    if len(beside) < MIN_LINES:
        return None
    lefts = [[s for s in line.segments if s.x1 <= x] for line in beside]
    rights = [[s for s in line.segments if s.x0 >= x] for line in beside]
    gutter0, gutter1 = max(side[-1].x1 for side in lefts), min(side[0].x0 for side in rights)
    several = all(sum(len(line) > 1 for line in side) * 2 > len(side) for side in (lefts, rights))
    labels = all(sum(not line[0].is_number for line in side) * 3 > 2 * len(side) for side in (lefts, rights))
    least = max(MIN_TABLE_GUTTER, TABLE_GUTTER_TIMES * _widest_column_gap(lefts, rights)) if several else 0.0
    if several and labels and gutter1 - gutter0 > least:
        return (gutter0 + gutter1) / 2, beside[0].y - beside[0].size, beside[-1].y + 1
    return None


def _is_part_of_rows(lines: Sequence[TextLine], run: Sequence[TextLine], x: float) -> bool:
    """Whether cells were drawn above or below a run of lines as well: see ``_goes_on_beside``."""
    inside = {id(line) for line in run}
    words = [w for line in run for s in line.segments for w in s.words]
    others = [w for line in lines if id(line) not in inside for s in line.segments for w in s.words]
    return _goes_on_beside([w for w in words if w.x1 <= x], [w for w in words if w.x0 >= x], others)


def _drawn_as_cells(run: Sequence[TextLine], x: float) -> bool:
    """Whether several lines left of x were drawn, then several right of it, then left ones further down: cells of rows.

    A column of the page is drawn as a whole before the next. Writers that draw line by line show neither.
    """
    lines = sorted((s for line in run for s in line.segments), key=lambda s: s.order)
    blocks: list[tuple[bool, int]] = []
    for segment in lines:
        is_left = segment.x1 <= x
        if blocks and blocks[-1][0] == is_left:
            blocks[-1] = (is_left, blocks[-1][1] + 1)
        else:
            blocks.append((is_left, 1))
    returns = sum(1 for (before, _), (after, _) in pairwise(blocks) if after and not before)
    several = sum(1 for _, count in blocks if count > 1)
    return returns > 0 and 3 * several > len(blocks)


def _widest_column_gap(*sides: Sequence[Sequence[Segment]]) -> float:
    """The widest of the gaps that stay free on every line of either table, between one column and the next."""
    widest = 0.0
    for side in sides:
        rows = [[(s.x0, s.x1) for s in line] for line in side if len(line) > 1]
        count = min(len(row) for row in rows)
        for index in range(count - 1):
            widest = max(widest, min(row[index + 1][0] for row in rows) - max(row[index][1] for row in rows))
    return widest


def _is_prose(side: Sequence[Sequence[Segment]]) -> bool:
    """Whether the lines of one column are running text: one segment each, several words, most of the width."""
    single = [line[0] for line in side if len(line) == 1]
    if len(single) < 0.85 * len(side):
        return False
    x0 = min(s.x0 for s in single)
    x1 = max(s.x1 for s in single)
    full = sum(s.x1 - x0 > 0.7 * (x1 - x0) for s in single)
    words = median(len(s.words) for s in single)
    return words >= MIN_WORDS and full * 2 > len(single)


def _are_figures(lefts: Sequence[Sequence[Segment]], rights: Sequence[Sequence[Segment]]) -> bool:
    """Whether one side holds little but figures on the lines of the other: the figures of those rows, no text."""
    for side, other in ((rights, lefts), (lefts, rights)):
        heights = {round(line[0].y) for line in other}
        figures = sum(all(s.is_number for s in line) and round(line[0].y) in heights for line in side)
        if 2 * figures > len(side):
            return True
    return False


def _runs_on(side: Sequence[Sequence[Segment]]) -> bool:
    """Whether lines follow each other at the pitch of prose: wrapped labels are parted by the room between rows."""
    gaps = [b[0].y - a[0].y for a, b in pairwise(side)]
    least = min(gaps)
    return len(side) >= 8 and sum(gap < 1.1 * least for gap in gaps) >= 0.75 * len(gaps)


def _is_wide(side: Sequence[Sequence[Segment]]) -> bool:
    """Whether a side is wide enough to be a column of the page."""
    return max(line[-1].x1 for line in side) - min(line[0].x0 for line in side) > MIN_COLUMN_EM * side[0][0].size


def _has_header(run: Sequence[TextLine], x: float) -> bool:
    """Whether the first line is bold on both sides: the header of a table with two columns of text."""
    first = run[0].segments
    return len(first) > 1 and first[0].x1 <= x <= first[-1].x0 and all(segment.bold for segment in first)
