"""Lines and segments of text on one page.

Belongs here: words on one baseline as a line, gaps that part it into segments, joining the lines of a paragraph or
cell to one text. Does not belong here: what is a table (``lattice``, ``columns``, ``rows``) or a heading (``outline``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Final

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.structure import CAPTION_NUMBER, is_number

SPACED_GAP_EM = 0.85
"""A gap with a space printed in it that may part two cells: justified prose stretches its spaces up to about this."""
CONJUNCTIONS = frozenset({"och", "eller", "samt", "respektive"})
"""Before these a hyphen at the end of a line is printed with a space behind it, as Swedish spelling has it."""
BASELINE_EM = 0.22
SPACE_EM = 0.13
"""A gap from which words are parted by a space, printed or not."""
LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}|(?:\s\.){3,}")
BULLETS = frozenset("•·▪●○◦■□–—-*➢✓▸►o§")
ENUMERATION = re.compile(r"\(?(?:\d{1,2}|[a-zA-Z])[.)]")


@dataclass(slots=True)
class Segment:
    """Words with no wide gap between them. ``y`` is the baseline; lengths in points."""

    x0: float
    x1: float
    y: float
    size: float
    text: str
    words: list[Word]

    @property
    def bold(self) -> bool:
        """Whether every word is bold."""
        return all(word.style.bold for word in self.words)

    @property
    def order(self) -> int:
        """Place in the order of drawing."""
        return min(word.order for word in self.words)

    @property
    def top(self) -> float:
        """Height of capital letters above the baseline, roughly."""
        return self.y - 0.75 * self.size

    @property
    def is_number(self) -> bool:
        """Whether it prints one number, with or without unit, or the dash for none."""
        return _is_number(self.text)


_is_number = lru_cache(maxsize=65_536)(is_number)
"""It is asked many times for every segment."""


@dataclass(slots=True)
class TextLine:
    """Segments on one baseline, from left to right."""

    y: float
    segments: list[Segment]
    size: float = field(init=False)
    """Size of the largest segment."""

    def __post_init__(self) -> None:
        """Looked up many times for every line."""
        self.size = max(segment.size for segment in self.segments)

    @property
    def x0(self) -> float:
        """Left end."""
        return self.segments[0].x0

    @property
    def x1(self) -> float:
        """Right end."""
        return self.segments[-1].x1

    @property
    def text(self) -> str:
        """The whole line, segments parted by a space."""
        return " ".join(segment.text for segment in self.segments)


def make_lines(words: Iterable[Word]) -> list[TextLine]:
    """Lines from top to bottom."""
    groups: list[list[Word]] = []
    last = 0.0
    for word in sorted(words, key=lambda w: (w.y, w.x0)):
        if groups and word.y - last <= BASELINE_EM * min(word.size, groups[-1][-1].size):
            groups[-1].append(word)
        else:
            groups.append([word])
            last = word.y
    for group in groups:
        group.sort(key=lambda w: (w.x0, w.x1))
    stretched = _stretched(groups)
    lines = []
    for group in groups:
        segments = make_segments(group, stretched)
        if _is_numbered_caption(segments):
            segments = [segment_of(group)]
        if segments:
            lines.append(TextLine(segments[0].y, segments))
    return lines


def is_of_caption(lines: Sequence[TextLine], index: int) -> bool:
    """Whether a line is a caption with a number (Tabell 3. …), or goes on with the one above it, below its words."""
    for above in range(index, -1, -1):
        line = lines[above]
        if len(line.segments) > 1 or (above < index and lines[above + 1].y - line.y > CAPTION_LEADING_EM * line.size):
            return False
        words = line.segments[0].words
        for count in (1, 2):
            if len(words) > count and CAPTION_NUMBER.fullmatch(" ".join(word.text for word in words[:count])):
                return above == index or abs(words[count].x0 - lines[index].x0) < FLUSH
        if abs(line.x0 - lines[index].x0) > FLUSH:
            return False
    return False


CAPTION_LEADING_EM: Final = 1.6
FLUSH: Final = 1.5
"""Points within which two lines begin at one place."""


def _is_numbered_caption(segments: Sequence[Segment]) -> bool:
    """Whether a line is a caption whose number stands apart from its words: no columns."""
    return (
        len(segments) == 2
        and CAPTION_NUMBER.fullmatch(segments[0].text) is not None
        and " " in segments[1].text
        and not any(char.isdigit() for char in segments[1].text.split()[0])
    )


EVEN = 1.2
"""How many times wider than the narrowest gap of justified text the widest may be."""
MIN_STRETCHED_WORDS = 3
MAX_STRETCHED_EM = 3.0


def _stretched(groups: Sequence[Sequence[Word]]) -> frozenset[int]:
    """Identities of words that are parted from the word before by a space of justified prose.

    Its gaps are all alike, and it stands flush above or below other words of prose.
    """
    found: set[int] = set()
    for index, group in enumerate(groups):
        for run in _even_runs(group):
            near = [groups[i] for i in (index - 1, index + 1) if 0 <= i < len(groups)]
            if any(_is_flush_prose(run, other) for other in near):
                found |= {id(word) for word in run[1:]}
    return frozenset(found)


def _even_runs(group: Sequence[Word]) -> list[Sequence[Word]]:
    """Runs of words of one line with gaps that are all alike and wider than a space."""
    if len(group) < MIN_STRETCHED_WORDS:
        return []
    runs: list[Sequence[Word]] = []
    run: list[Word] = [group[0]]
    narrow, wide = float("inf"), 0.0

    def close() -> None:
        figures = sum(is_number(word.text) for word in run)
        if len(run) >= MIN_STRETCHED_WORDS and 3 * figures <= len(run):
            runs.append(run)

    for before, word in pairwise(group):
        gap = word.x0 - before.x1
        narrow, wide = min(narrow, gap), max(wide, gap)
        if wide < EVEN * narrow + 0.3 and wide < MAX_STRETCHED_EM * word.size:
            run.append(word)
            continue
        close()
        run, narrow, wide = [word], float("inf"), 0.0
    close()
    return runs


def _is_flush_prose(run: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether another line has words of prose that begin where the run begins."""
    first = run[0]
    words = [word for word in other if first.x0 - 1 <= word.x0 <= run[-1].x1]
    return (
        len(words) >= MIN_STRETCHED_WORDS
        and abs(words[0].x0 - first.x0) < 1
        and abs(words[0].y - first.y) < 1.9 * first.size
        and words[0].size == first.size
        and 3 * sum(is_number(word.text) for word in words) <= len(words)
    )


def make_segments(words: Sequence[Word], stretched: frozenset[int] = frozenset()) -> list[Segment]:
    """Part the words of one line, sorted from left to right, at wide gaps; not before words of stretched prose."""
    parts: list[list[Word]] = []
    for word in words:
        before = parts[-1][-1] if parts else None
        limit = SPACED_GAP_EM if word.spaced else word.cell_gap
        is_wide = before is None or word.x0 - before.x1 > limit * max(word.size, before.size)
        if is_wide and id(word) not in stretched:
            parts.append([word])
        else:
            parts[-1].append(word)
    return [segment_of(figure) for part in parts for figure in _figures(part)]


DECIMALS = re.compile(r"[+\-−–]?\d+,\d+")
WIDER_GAP = 1.35
"""How many times wider than the spaces inside figures the room between two of them is, at the least."""


def _figures(words: list[Word]) -> list[list[Word]]:
    """Figures that stand close beside each other, each on its own; one part where it is not certain where one ends.

    One ends with its decimals, or before room that is wider than all the spaces that part its thousands.
    """
    if len(words) < MIN_STRETCHED_WORDS or not all(word.text[-1].isdigit() for word in words):
        return [words]
    gaps = [b.x0 - a.x1 for a, b in pairwise(words)]
    if all(DECIMALS.fullmatch(word.text) for word in words):
        return [[word] for word in words]
    least = min(gaps)
    wide = [gap for gap in gaps if gap > WIDER_GAP * least]
    if not wide or any(1.1 * least < gap <= WIDER_GAP * least for gap in gaps):
        return [words]
    parts: list[list[Word]] = [[words[0]]]
    for gap, word in zip(gaps, words[1:], strict=True):
        if gap > WIDER_GAP * least:
            parts.append([word])
        else:
            parts[-1].append(word)
    several = sum(len(part) > 1 for part in parts)
    return parts if 2 * several >= len(parts) and all(is_number(segment_of(part).text) for part in parts) else [words]


TWIN_EM: Final = 0.1
"""How far apart, as a multiple of the size, a word stands from itself where it is printed twice to look bold."""


def without_twins(words: Sequence[Word]) -> list[Word]:
    """The words of a page, each once: some programs make bold by printing a word twice, a hair apart."""
    kept: list[Word] = []
    near: dict[tuple[str, float, int, int], list[Word]] = {}
    for word in words:
        reach = TWIN_EM * max(1.0, word.size)
        column, row = int(word.x0 // reach), int(word.y // reach)
        around = (
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in near.get((word.text, word.size, x, y), ())
        )
        if not any(abs(other.x0 - word.x0) < reach and abs(other.y - word.y) < reach for other in around):
            kept.append(word)
            near.setdefault((word.text, word.size, column, row), []).append(word)
    return kept


def first_token(words: Sequence[Word]) -> float:
    """Width (points) up to the first space; writers may print one word in several pieces."""
    end = words[0].x1
    for before, word in pairwise(words):
        if word.spaced or word.x0 - before.x1 >= SPACE_EM * word.size:
            break
        end = word.x1
    return end - words[0].x0


def segment_of(words: Sequence[Word]) -> Segment:
    """One segment of words on one line."""
    text = words[0].text
    for before, word in pairwise(words):
        text += ("" if word.x0 - before.x1 < SPACE_EM * word.size and not word.spaced else " ") + word.text
    size = max(word.size for word in words)
    base = next(word.y for word in words if word.size == size)
    return Segment(words[0].x0, max(word.x1 for word in words), base, size, text, list(words))


def are_rows(words: Sequence[Word]) -> bool:
    """Whether words were drawn as rows of several cells: behind the last cell of one the first of the next."""
    segments = sorted((s for line in make_lines(words) for s in line.segments), key=lambda s: s.order)
    return any(b.x1 < a.x0 and b.y > a.y + 1 for a, b in pairwise(segments))


def is_list_mark(text: str) -> bool:
    """Whether a segment is the bullet or number of a list."""
    return text in BULLETS or ENUMERATION.fullmatch(text) is not None


def is_contents_line(line: TextLine) -> bool:
    """Whether leader dots run through a line."""
    return LEADER.search(line.text) is not None


def join_texts(texts: Sequence[str], breaks: Sequence[bool] | None = None) -> str:
    """The lines of one paragraph or cell as one text.

    A hyphen or dash at the end of a line that hangs on a word joins without a space, and soft hyphens go. A printed
    hyphen stays: nothing tells ``HR-`` + ``perspektiv`` from a word that was divided.

    Args:
        texts: the lines.
        breaks: for every line, whether a new paragraph of the cell begins with it.
    """
    result = ""
    for index, text in enumerate(texts):
        if not result:
            result = text
        elif breaks is not None and breaks[index]:
            result += "\n" + text
        elif result.endswith("\u00ad"):
            result = result[:-1] + text
        elif len(result) > 1 and result[-1] in "-–/\u2010" and result[-2].isalnum() and (text[:1].isalnum()):
            result += text if result[-1] != "-" or not _hanging(text) else " " + text
        else:
            result += " " + text
    return result.replace("\u00ad", "")


def _hanging(text: str) -> bool:
    """``barn-`` / ``och ungdomsvård``: the hyphen stands for the end of the next compound, a space follows."""
    return text.split(" ", 1)[0] in CONJUNCTIONS
