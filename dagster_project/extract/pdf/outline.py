"""What stands beside tables: running headers and footers, paragraphs, headings and their levels.

Belongs here: comparing lines over pages, joining lines to paragraphs, style clusters. Does not belong here: tables,
and which heading stands above what (``structure``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.lines import (
    TextLine,
    first_token,
    is_contents_line,
    is_list_mark,
    join_texts,
)
from dagster_project.extract.structure import MAX_HEADING_LENGTH, NUMBERED, PAGE_DEBRIS

MARGIN = 0.15
"""Share of the page's height, at either end, in which running headers and footers stand."""
MARGIN_LINES = 5
MAX_STYLED_HEADING = 420
"""Characters; the longest heading met (a goal worded as a sentence) has 420."""
LINE_PITCH_EM = 1.75
"""Lines further apart than this many times their size are different paragraphs."""
LEAST_PITCH_EM = 0.85
"""Lines closer than this many times their size stand beside each other."""

HeadingStyle = tuple[float, bool, int]
"""Size, bold, colour."""


@dataclass(slots=True)
class Paragraph:
    """Lines that are one paragraph or heading."""

    text: str
    style: HeadingStyle
    y: float
    lines: int
    is_tagged: bool = False
    """Whether the file says what it is: ``level`` of a heading, None for any other text."""
    level: int | None = None
    is_item: bool = False
    """A list item or caption."""
    words: frozenset[int] = frozenset()
    """Identities of its words."""


def running_words(pages: Sequence[tuple[float, Sequence[TextLine]]]) -> list[set[int]]:
    """Identities of the words in running headers and footers, page by page.

    A line is running if pages print it, digits aside, at the same height near the edge, and nothing but running lines
    stands between it and the edge. The repeated header row of a table is none: columns stand below it.

    Args:
        pages: height of every page (points) and its lines from top to bottom.
    """
    seen: Counter[tuple[str, bool, int]] = Counter()
    candidates: list[list[tuple[TextLine, bool]]] = []
    for height, lines in pages:
        found = []
        for top, edge in ((True, lines[:MARGIN_LINES]), (False, lines[::-1][:MARGIN_LINES])):
            for line in edge:
                if (line.y < MARGIN * height) if top else (line.y > (1 - MARGIN) * height):
                    found.append((line, top))
                    for shift in (-1, 0, 1):
                        seen[_key(line.text), top, round(line.y / 3) + shift] += 1
        candidates.append(found)
    needed = 2 if len(pages) < 5 else 3
    result: list[set[int]] = []
    for (_, lines), found in zip(pages, candidates, strict=True):
        words: set[int] = set()
        open_edge = {True: True, False: True}
        for line, top in found:
            # The title of the document in small print is a running header, however few its pages are.
            is_running = seen[_key(line.text), top, round(line.y / 3)] >= needed or (
                top and lines is not pages[0][1] and _repeats_titles(line, pages[0][1])
            )
            is_number = PAGE_DEBRIS.fullmatch(line.text) is not None
            if not open_edge[top] or not (is_running or is_number) or _heads_columns(line, lines):
                open_edge[top] = False
                continue
            words |= {id(word) for segment in line.segments for word in segment.words}
        result.append(words)
    return result


TITLE_TIMES = 1.2
"""How many times larger than a running header the title that it repeats is printed, at the least."""


def _repeats_titles(line: TextLine, first: Sequence[TextLine]) -> bool:
    """Whether all texts of a line stand on lines of their own, in larger print, on the first page."""
    titles = {other.text for other in first if other.size >= TITLE_TIMES * line.size}
    return all(segment.text in titles for segment in line.segments)


def running_texts(pages: Sequence[Sequence[TextLine]], running: Sequence[set[int]]) -> list[str]:
    """The running headers and footers as text, from the first page to the last.

    Args:
        pages: the lines of every page.
        running: what ``running_words`` found on them; it may go on over more pages.
    """
    return [
        _line_text(line)
        for lines, words in zip(pages, running, strict=False)
        for line in lines
        if all(id(word) in words for segment in line.segments for word in segment.words)
    ]


def prose_leading(lines: Sequence[TextLine]) -> float:
    """Distance of baselines in the running text of a page, as a multiple of the size; 1.3 where there is none."""
    ratios = sorted(
        (b.y - a.y) / a.size
        for a, b in pairwise(lines)
        if len(a.segments) == len(b.segments) == 1 and a.size == b.size and a.x1 - a.x0 > 15 * a.size and b.y > a.y
    )
    close = [ratio for ratio in ratios if LEAST_PITCH_EM < ratio < LINE_PITCH_EM]
    return close[len(close) // 2] if close else 1.3


def _key(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _heads_columns(line: TextLine, lines: Sequence[TextLine]) -> bool:
    """Whether a line heads columns: it, or a line close to it, stands over several columns of the line below."""
    start = next(index for index, other in enumerate(lines) if other is line)
    block = [line]
    # Rows may be set wide: then those below follow at the same distance.
    below = lines[start + 1 : start + 3]
    pitch = below[1].y - below[0].y if len(below) > 1 and all(len(other.segments) > 1 for other in below) else 0.0
    for other in lines[start + 1 :]:
        gap = other.y - block[-1].y
        several = [member for member in block if len(member.segments) > 1]
        if gap > (max(2.6 * line.size, 1.1 * pitch) if several else 1.5 * line.size):
            break
        if len(other.segments) > 1 and any(
            sum(any(s.x0 < t.x1 and s.x1 > t.x0 for t in other.segments) for s in member.segments) > 1
            for member in several
        ):
            return True
        if gap > 1.5 * line.size:
            break
        block.append(other)
    return False


def paragraphs(lines: Sequence[TextLine]) -> list[Paragraph]:
    """Join lines, from top to bottom, to paragraphs.

    A line goes on with the paragraph above if it has its style, follows at the pitch of lines and begins with a word
    that had no room there, or in lower case.
    """
    if not lines:
        return []
    right = max(line.x1 for line in lines)
    result: list[Paragraph] = []
    open_lines: list[TextLine] = []

    def close() -> None:
        if open_lines:
            text = join_texts([_line_text(line) for line in open_lines])
            held = frozenset(id(word) for line in open_lines for word in _words(line))
            result.append(Paragraph(text, style_of(open_lines[0]), open_lines[0].y, len(open_lines), words=held))
            open_lines.clear()

    for line in lines:
        if open_lines and not _goes_on(open_lines, line, right):
            close()
        open_lines.append(line)
    close()
    return result


def tagged_paragraph(lines: Sequence[TextLine], level: int | None, *, is_item: bool) -> Paragraph:
    """The lines of one tagged text, from top to bottom."""
    text = join_texts([_line_text(line) for line in lines])
    held = frozenset(id(word) for line in lines for word in _words(line))
    return Paragraph(text, style_of(lines[0]), lines[0].y, len(lines), True, level, is_item, held)


def _goes_on(open_lines: Sequence[TextLine], line: TextLine, right: float) -> bool:
    before = open_lines[-1]
    style, last = style_of(line), style_of(before)
    if abs(style[0] - last[0]) > 0.6 or (style[1] != last[1] and _words(line)[0].style.bold != last[1]):
        return False
    if line.y - before.y > LINE_PITCH_EM * before.size or is_list_mark(line.segments[0].words[0].text):
        return False
    if is_contents_line(before) or line.y <= before.y:
        return False
    first = _words(line)[0]
    if first.text[0].islower() and style[1] == last[1]:
        return True
    return before.x1 + 0.25 * before.size + first_token(_words(line)) > right - 0.5 * before.size


def _words(line: TextLine) -> list[Word]:
    return [word for segment in line.segments for word in segment.words]


def _line_text(line: TextLine) -> str:
    """The text of a line; a short number at its far end is parted by a tab, as in a table of contents."""
    last = line.segments[-1]
    if len(line.segments) > 1 and last.text.isdigit() and len(last.text) <= 3:
        return " ".join(segment.text for segment in line.segments[:-1]) + "\t" + last.text
    return line.text


def style_of(line: TextLine) -> HeadingStyle:
    """The style of most of a line's characters; bold only if all of them are."""
    sizes: Counter[float] = Counter()
    colours: Counter[int] = Counter()
    words = _words(line)
    for word in words:
        sizes[word.size] += len(word.text)
        colours[word.style.colour] += len(word.text)
    size = max(sizes, key=lambda key: (sizes[key], key))
    bold = all(word.style.bold for word in words if any(char.isalnum() for char in word.text))
    return size, bold, max(colours, key=lambda key: (colours[key], -key))


def heading_levels(found: Sequence[Paragraph], table_words: Sequence[Word] = ()) -> dict[HeadingStyle, int]:
    """Level of every style that marks headings.

    The style of most characters of sentences is prose; where headings are all the text there is, that of the tables is.
    In a report of tables the headings together are longer than its few sentences. Larger,
    bold or coloured styles are headings, ranked by size, weight and colour; where headings of a style are numbered, the
    depth of their numbers is the level.
    """
    weight: Counter[HeadingStyle] = Counter()
    for paragraph in [one for one in found if _is_prose(one)] or found:
        weight[paragraph.style] += len(paragraph.text)
    if not weight:
        return {}
    body = max(weight, key=lambda key: (weight[key], key))
    if table_words and not any(_is_prose(paragraph) for paragraph in found):
        cells: Counter[HeadingStyle] = Counter()
        for word in table_words:
            cells[word.size, word.style.bold, word.style.colour] += len(word.text)
        body = max(cells, key=lambda key: (cells[key], key))
    depths: dict[HeadingStyle, Counter[int]] = defaultdict(Counter)
    for paragraph in found:
        if is_heading_style(paragraph.style, body) and len(paragraph.text) <= MAX_STYLED_HEADING:
            match = NUMBERED.fullmatch(paragraph.text)
            depths[paragraph.style][match[1].count(".") + 1 if match else 0] += 1
    levels: dict[HeadingStyle, int] = {}
    level = 1
    first = True
    for style in sorted(depths, key=lambda s: (-s[0], not s[1], s[2] == body[2], s[2])):
        counts = depths[style]
        numbered = {depth: count for depth, count in counts.items() if depth}
        if numbered and 2 * sum(numbered.values()) >= counts.total():
            level = max(level, max(numbered, key=lambda depth: (numbered[depth], -depth)))
        elif not first:
            level += 1
        first = False
        levels[style] = level
    return levels


MIN_SENTENCE_WORDS = 4


def _is_prose(paragraph: Paragraph) -> bool:
    """Whether a paragraph is a sentence, or runs over lines as no heading does."""
    text = paragraph.text
    return paragraph.lines > 3 or (text.endswith((".", ":")) and len(text.split()) >= MIN_SENTENCE_WORDS)


def is_heading_style(style: HeadingStyle, body: HeadingStyle) -> bool:
    """Whether a style stands out from that of the prose."""
    if style[0] < body[0] - 0.25:
        return False
    larger = style[0] >= body[0] + 0.75
    return larger or (style[1] and not body[1]) or (style[2] != body[2] and _is_coloured(style[2]))


def _is_coloured(colour: int) -> bool:
    """Whether a colour is more than a shade of grey."""
    parts = colour >> 16, colour >> 8 & 255, colour & 255
    return max(parts) - min(parts) > 40


def can_be_heading(paragraph: Paragraph) -> bool:
    """Whether a paragraph in a heading style is one: long bold paragraphs and sentences are emphasis."""
    text = paragraph.text
    if len(text) > MAX_STYLED_HEADING or not any(char.isalpha() for char in text):
        return False
    return (
        not is_list_mark(text.split(" ", 1)[0])
        or NUMBERED.fullmatch(text) is not None
        or len(text) < MAX_HEADING_LENGTH
    )
