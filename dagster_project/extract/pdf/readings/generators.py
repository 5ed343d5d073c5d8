"""Readings of a page: which stretches of lines, under which separators, with which rows.

Belongs here: small named makers of readings, the zones of a page that may stand side by side. Does not belong here: how
a reading is built (``reading``) and which one is right (``choice``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.readings.evidence import SIGNS, is_contents, sight_of, weights
from dagster_project.extract.pdf.readings.lines import Page, PrintedLine, is_year, printed_lines
from dagster_project.extract.pdf.readings.reading import BLOCKS, GIVEN, LINES, RULES, Reading, build, header_runs
from dagster_project.extract.pdf.readings.separators import Separators, separator_sets

MAX_BREAKS: Final = 6
"""Places of a core at which a table may begin or end."""
FINALISTS: Final = 3
"""Sets of separators of a stretch that are tried with every header, end and kind of row."""
MAX_HEADER_LINES: Final = 7
MAX_LINES: Final = 400
"""Lines of a zone beyond which it is not read: a page holds some seventy."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Lines of one part of a page, and all readings of them."""

    lines: list[PrintedLine]
    readings: list[Reading]


def read_zone(page: Page, words: Sequence[Word]) -> Zone:
    """All readings of the words of one part of a page; of those that say the same, the first."""
    lines = printed_lines(words, page.space)
    if not lines or len(lines) > MAX_LINES:
        return Zone([], [])
    seen: set[tuple[object, ...]] = set()
    readings: list[Reading] = []
    for reading in (*_in_lattices(page, lines), *_in_gutters(page, lines)):
        key = (reading.first, reading.end, len(reading.header), reading.claims)
        if key not in seen:
            seen.add(key)
            readings.append(reading)
    return Zone(lines, readings)


def _weighed(page: Page, zone: Sequence[PrintedLine], reading: Reading | None) -> Reading | None:
    """The reading with its evidence; None for lists of contents."""
    if reading is None:
        return None
    sight = sight_of(page, zone, reading)
    if is_contents(sight):
        return None
    reading.evidence = {name: sign(sight) for name, sign in SIGNS.items()}
    reading.weight = weights("choice").odds(reading.evidence)
    return reading


# --- lattices --------------------------------------------------------------------------------------------------------


def _in_lattices(page: Page, lines: Sequence[PrintedLine]) -> Iterator[Reading]:
    """Columns and rows as rules draw them, and columns alone."""
    for lattice in page.lattices:
        inside = [
            index
            for index, line in enumerate(lines)
            if any(lattice.holds((t.x0 + t.x1) / 2, t.y - 0.3 * t.size) for t in line.tokens)
        ]
        if len(lattice.xs) < 3 or len(inside) < 2:
            continue
        words = [
            word
            for index in range(inside[0], inside[-1] + 1)
            for token in lines[index].tokens
            for word in token.words
            if lattice.holds((word.x0 + word.x1) / 2, word.y - 0.3 * word.size)
        ]
        own = printed_lines(words, page.space)
        widths = (1.0,) * (len(lattice.xs) - 2)
        for policy, ends in ((GIVEN, lattice.ys[1:-1]), (LINES, ())):
            reading = build(page, own, (0, len(own)), lattice.xs[1:-1], widths, "lattice", policy, ends)
            if reading is not None:
                sight_zone = own
                weighed = _weighed(page, sight_zone, reading)
                if weighed is not None:
                    weighed.first, weighed.end = inside[0], inside[-1] + 1
                    yield weighed


# --- gutters and vertical rules --------------------------------------------------------------------------------------


def _in_gutters(page: Page, lines: Sequence[PrintedLine]) -> Iterator[Reading]:
    for core in _cores(lines):
        first, last = core[0], core[-1]
        pitches = [b.y - a.y for a, b in pairwise(lines[first : last + 1])]
        usual = median(pitches) if pitches else 12.0
        breaks = _breaks(lines, first, last, usual)
        for begin in sorted({first, *breaks}):
            for end in sorted({last + 1, *breaks}):
                if end > begin and sum(line.figures for line in lines[begin:end]) > 1:
                    yield from _of_stretch(page, lines, begin, end, usual)


def _cores(lines: Sequence[PrintedLine]) -> list[list[int]]:
    """Runs of lines with figures that stand close enough to be one table."""
    cores: list[list[int]] = []
    for index, line in enumerate(lines):
        if not line.figures or not (len(line.tokens) > 1 or line.tokens[0].is_figure):
            continue
        last = cores[-1][-1] if cores else None
        if last is not None and index - last <= 4 and line.y - lines[last].y < 7 * line.size:
            cores[-1].append(index)
        else:
            cores.append([index])
    return [core for core in cores if sum(lines[index].figures for index in core) > 1]


def _breaks(lines: Sequence[PrintedLine], first: int, last: int, usual: float) -> list[int]:
    """Lines at which a new table may begin, those with most room above first."""

    def may_begin(index: int) -> bool:
        line, above = lines[index], lines[index - 1]
        if line.y - above.y > 1.35 * usual:
            return True
        if not line.figures:
            return above.figures > 0 and (line.is_bold or len(line.tokens) > 8)
        return not line.tokens[0].is_figure and all(is_year(t.text) for t in line.tokens if t.is_figure)

    found = [index for index in range(first + 1, last + 1) if may_begin(index)]
    found.sort(key=lambda index: lines[index - 1].y - lines[index].y)
    return found[:MAX_BREAKS]


def _of_stretch(page: Page, lines: Sequence[PrintedLine], begin: int, end: int, usual: float) -> Iterator[Reading]:
    above = _lines_above(lines, begin)
    first_look: list[tuple[float, int, Reading, Separators, list[int]]] = []
    for found in separator_sets(lines[begin:end], _rules_between(page, lines[begin:end])):
        heads = _header_starts(lines, begin, above, found.xs)
        start = heads[1] if len(heads) > 2 else heads[0]
        reading = build(page, lines, (start, end), found.xs, found.widths, found.generator)
        weighed = _weighed(page, lines, reading)
        if weighed is not None:
            first_look.append((-weighed.weight, len(first_look), weighed, found, heads))
    first_look.sort(key=lambda item: item[:2])
    for _, _, seen, found, heads in first_look[:FINALISTS]:
        yield seen
        for start in heads:
            for stop in _ends(lines, end, usual):
                for policy in (LINES, BLOCKS, RULES):
                    if (start, stop, policy) == (seen.first, seen.end, LINES):
                        continue
                    reading = build(page, lines, (start, stop), found.xs, found.widths, found.generator, policy)
                    weighed = _weighed(page, lines, reading)
                    if weighed is not None:
                        yield weighed


def _lines_above(lines: Sequence[PrintedLine], begin: int) -> list[int]:
    """The first line and those above it, from bottom to top, that stand near enough for a header."""
    above = [begin]
    for index in range(begin - 1, max(-1, begin - MAX_HEADER_LINES - 1), -1):
        if lines[index + 1].y - lines[index].y > 3.2 * lines[index].size:
            break
        above.append(index)
    return above


def _header_starts(
    lines: Sequence[PrintedLine], begin: int, above: Sequence[int], separators: Sequence[float]
) -> list[int]:
    """Where the header may begin: at the body, one line above, at the highest line that may head columns."""
    found = [begin]
    for index in above[1:]:
        runs = header_runs(lines[index].tokens, separators)
        is_right = any(run[0].x0 > separators[0] - 3 for run in runs)
        if (len(runs) == 1 and not is_right) or max(len(run) for run in runs) > 9:
            break
        found.append(index)
    return sorted({found[0], found[-1], *found[1:2]})


def _ends(lines: Sequence[PrintedLine], end: int, usual: float) -> list[int]:
    """The end and up to two lines of texts below that may be the rest of the last label."""
    ends = [end]
    for room in (1.25, 1.1):
        index = ends[-1]
        if index >= len(lines) or lines[index].figures or lines[index].y - lines[index - 1].y >= room * usual:
            break
        ends.append(index + 1)
    return ends


def _rules_between(page: Page, lines: Sequence[PrintedLine]) -> list[float]:
    """x of vertical rules that part what stands on the lines."""
    top, bottom = lines[0].y, lines[-1].y
    left, right = lines[0].x0, max(line.x1 for line in lines)
    height = bottom - top + 10
    found = sorted(
        {
            float(round(rule.at))
            for rule in page.drawing.down
            if min(rule.end, bottom) - max(rule.start, top - 10) > 0.55 * height and left - 5 < rule.at < right
        }
    )
    tokens = [token for line in lines for token in line.tokens]
    return [x for x in found if any(t.x1 < x for t in tokens) and any(t.x0 > x for t in tokens)]


# --- zones -----------------------------------------------------------------------------------------------------------

STRIP: Final = 4.0
"""Width (points) of the strip that must be free between two zones, and the step at which it is sought."""
MIN_LINES_FREE: Final = 6
MIN_LINES_BESIDE: Final = 4
MAX_CUTS: Final = 3


def divisions(page: Page) -> list[list[Sequence[Word]]]:
    """Ways to see the page: as a whole, and with two parts side by side between what stands above and below them."""
    found: list[list[Sequence[Word]]] = [[page.words]]
    for x, top, bottom in _cuts(page):
        parts: list[list[Word]] = [[], [], [], []]
        for word in page.words:
            if word.y < top - 0.1:
                parts[0].append(word)
            elif word.y > bottom + 0.1:
                parts[3].append(word)
            else:
                parts[1 if (word.x0 + word.x1) / 2 < x else 2].append(word)
        found.append([part for part in parts if part])
    return found


def _cuts(page: Page) -> list[tuple[float, float, float]]:
    """x, first and last baseline of free strips with words beginning at their right: no columns of figures."""
    lines = printed_lines(page.words, page.space)
    if len(lines) < 2 * MIN_LINES_BESIDE or len(lines) > MAX_LINES:
        return []
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    strips: list[list[tuple[int, float, float, float]]] = []
    x = left + 0.25 * (right - left)
    while x < left + 0.75 * (right - left):
        run = _longest_free_run(lines, x)
        if _stands_between(lines, run, x):
            found = (len(run), x, lines[run[0]].y, lines[run[-1]].y)
            if strips and x - strips[-1][-1][1] < STRIP + 1:
                strips[-1].append(found)
            else:
                strips.append([found])
        x += STRIP
    best = [max(strip) for strip in strips]
    kept = [cut for cut in best if _words_begin(lines, cut)]
    return [(x, top, bottom) for _, x, top, bottom in sorted(kept, reverse=True)[:MAX_CUTS]]


def _longest_free_run(lines: Sequence[PrintedLine], x: float) -> list[int]:
    run: list[int] = []
    best: list[int] = []
    for index, line in enumerate(lines):
        if any(token.x0 < x + STRIP and token.x1 > x - STRIP for token in line.tokens):
            run = []
        else:
            run.append(index)
            if len(run) > len(best):
                best = list(run)
    return best


def _stands_between(lines: Sequence[PrintedLine], run: Sequence[int], x: float) -> bool:
    lefts = sum(any(token.x1 < x for token in lines[index].tokens) for index in run)
    rights = sum(any(token.x0 > x for token in lines[index].tokens) for index in run)
    return len(run) >= MIN_LINES_FREE and lefts >= MIN_LINES_BESIDE and rights >= MIN_LINES_BESIDE


def _words_begin(lines: Sequence[PrintedLine], cut: tuple[int, float, float, float]) -> bool:
    _, x, top, bottom = cut
    right = [
        next(token for token in line.tokens if token.x0 > x)
        for line in lines
        if top - 0.1 <= line.y <= bottom + 0.1 and line.tokens[-1].x0 > x
    ]
    return sum(not token.is_figure for token in right) >= 0.6 * len(right)
