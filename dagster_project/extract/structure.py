"""From lines and grids to headings, paragraphs and tables; shared by all readers.

Belongs here: tables of contents, the outline, header rows and their spans, tables that a page break cut, status
blocks. Does not belong here: file formats (the readers) and meaning (dbt).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Self

from dagster_project.extract.document import (
    Cell,
    Document,
    ExtractionError,
    Heading,
    Limits,
    Paragraph,
    StructureWords,
    Table,
    collapse,
    fault_of,
)
from dagster_project.extract.mending import KnownWords


@dataclass(frozen=True, slots=True)
class Line:
    """One line or paragraph; ``level`` is given where the format marks headings.

    ``outline`` says that the level is the author's own (Word, HTML), which goes before the depth of the number; the
    marks in text made from PDF are not. ``body`` says that the format rules a heading out: list items, captions,
    definitions, footnotes. ``is_prose`` says that the layout marks headings and that this line is none, however much it
    looks like one; the contents may still list it.
    """

    text: str
    level: int | None = None
    bold: bool = False
    page: int | None = None
    outline: bool = False
    body: bool = False
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one table as far as the format shows it; rows may be of different length.

    The optional fields are for formats that state them. A merged cell has its text in its first row and column and
    ``""`` in the others.
    """

    rows: tuple[tuple[str, ...], ...]
    page: int | None = None
    header_rows: int | None = None
    """Header rows as the format marks them; None: to be inferred from the cells."""
    spans: tuple[tuple[int, int, int, int], ...] = ()
    """Cells known to be merged, or known not to be, as (row, column, row span, column span)."""
    follows: bool | None = None
    """Whether the layout shows that it goes on with the grid before: a page break between, columns in the same
    places. None where there is no layout and the content has to tell."""
    whole: bool = False
    """The format says where the table begins and ends: it never goes on from the table before."""
    caption: str | None = None
    """The caption where the format marks it."""


Item = Line | Grid
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points from the top left corner of the page as it is shown."""


class PrintedText(str):
    """The text of a cell that knows where on its page it is printed.

    It goes wherever the text goes, through every step that moves rows and cells about, and is lost where a step makes
    a new text: then the place is not known, and never a wrong one.
    """

    __slots__ = ("box",)
    box: Box | None

    def __new__(cls, text: str, box: Box | None) -> Self:
        """Text and place."""
        printed = super().__new__(cls, text)
        printed.box = box
        return printed


def box_of(text: str) -> Box | None:
    """Where a text is printed, if it knows."""
    return text.box if isinstance(text, PrintedText) else None


Spans = dict[tuple[int, int], tuple[int, int]]
"""Row and column of a merged cell to its row span and column span."""

NUMBER = re.compile(
    r"[+\-−–—‒‐‑]?\s?"
    r"(?:\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)"
)
"""A number as Swedish reports print it, without unit."""
NUMERIC_CELL = re.compile(
    rf"(?:{NUMBER.pattern}\s?[½¼¾]?|[½¼¾])\s?(?:%|‰|[€$]|[:,.]?-|[a-zåäö]{{1,5}}\.?)?\*?[⁰¹²³⁴-⁹⁽⁾]*(?:\s*\([^()]*\))?",
    re.IGNORECASE,
)
YEAR_CELL = re.compile(
    r"(?:(?:19|20)\d\d(?:\s?[-–/]\s?(?:\d\d|(?:19|20)\d\d))?|(?:19|20)\d\d-\d\d(?:-\d\d)?)\s?[*⁰¹²³⁴-⁹]{0,3}"
)
"""A year, two of them or a date, with the mark of a footnote."""
YEAR_HEAD = re.compile(
    r"(?:19|20)\d\d\s?\((?!(?:19|20)\d\d|\d)[^()]+\)|(?:19|20)\d\d [^\W\d_][^()\d]*(?:\([^()\d]+\))?"
)
"""A year and what its column holds: ``2022 (kr)``, ``2021 Riket``, ``2024 Antal (andel)``."""
MAX_HEAD = 3
"""First rows of a table that may be its header."""
DASH_CELL = re.compile(r"[-–—−]{1,3}")
NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)(\.?)[\s\t]+(\S.*)", re.DOTALL)
ENTRY_PAGE = re.compile(r"(?:[\t ]|(?<=[.…_]))\d{1,3}$")
RUNNING_PAGE = re.compile(r"\s*\d{1,4}(?:\s*\(\d{1,4}\))?$")
MAX_PAGE_MARK = 40
"""Characters at the end of a line in which the number of its page stands."""
LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}")
PAGE_NUMBER = re.compile(r"\d{1,3}")
TITLE_START = re.compile(r"[A-ZÅÄÖÉ\"”“(]|\d{1,2}(?:\.\d{1,2})*\.?\s+[A-ZÅÄÖÉ(\"”]")
NUMBERED_START = re.compile(r"[A-ZÅÄÖÉ(\"”]")
LEADER_MARKS = ("....", ". .", "……", "____")
SENTENCE_BREAK = re.compile(r"[.!?]\s+[A-ZÅÄÖ]")
BULLET = re.compile(r"[-–—•·*o▪➢✓]\s")
PAGE_DEBRIS = re.compile(
    r"(?:sida\s+)?(?!(?:19|20)\d\d$)\d{1,4}(?:\s*(?:\(\d{1,4}\)|av\s+\d{1,4}|/\s*\d{1,4}))?|[-–]\s?\d{1,4}\s?[-–]",
    re.IGNORECASE,
)

LEADING_MARKS = re.compile(r"^[^\w(\"]+")

MAX_WORD_LENGTH = 80
"""Characters of a line that may be a structure word."""
MAX_ENTRY_LENGTH = 800
"""Characters of a heading that may stand in a table of contents; the longest met has 420."""
CAPTION_NUMBER: Final = re.compile(r"(?:tabell|tab\.?|diagram|figur|fig\.?|bild) ?\d+(?:[.:]\d+)*[.:]?", re.IGNORECASE)
MAX_CAPTION_LENGTH: Final = 300
MAX_HEADING_LENGTH = 160
"""Characters. Longer unmarked lines are prose; the longest sub-heading met has 131."""
MAX_FRONT_LINES = 4
"""Lines that make the front of a document without a table of contents."""
MAX_LINES_INSIDE = 2
"""Lines that may stand between two parts of one table."""
MIN_PROSE_WORDS = 6
"""Words from which a cell is running text that a page break may cut."""
SHORT_PARAGRAPH_WORDS = 3
MIN_CONTENTS_RUN = 3
MAX_UNTITLED_RUN = 100
"""Entries of a run without a title that are looked at together; the rest is a run of its own."""
MIN_MISSING_ENTRIES = 3
"""Entries at the end of a table of contents that the text lacks, from which it counts as cut off."""


@lru_cache(maxsize=16_384)  # each line is looked up several times, and headers recur
def normalise(text: str) -> str:
    """Lower case, single spaces, no marks or full stop at the ends: the form in which structure words are compared."""
    return LEADING_MARKS.sub("", collapse(text).casefold().rstrip(" .:"))


def is_word(text: str, words: frozenset[str]) -> bool:
    """Whether a line is one of the structure words; long lines are prose and not even looked at."""
    return len(text) <= MAX_WORD_LENGTH and normalise(text) in words


def place_of(items: Sequence[Item]) -> str:
    """Where a flow has come to, for a note: below its last heading, or its last line."""
    lines = [item for item in items if isinstance(item, Line)]
    marked = next((line for line in reversed(lines) if line.level is not None), lines[-1] if lines else None)
    return f"below {marked.text!r}" if marked is not None else "at the beginning"


def assemble(
    source: Sequence[Item],
    limits: Limits,
    words: StructureWords,
    *,
    cut_off: bool = False,
    faults: Sequence[str] = (),
) -> Document:
    """Build the document from what a reader saw.

    Args:
        source: lines and grids in reading order.
        limits: bounds for tables.
        words: structure words.
        cut_off: the file does not end with the end of a line.
        faults: what the reader had to leave out by a fault of ours.

    Raises:
        ExtractionError: no table, a table beyond the limits, or a text that is evidently cut off.
    """
    source = _with_whole_words(source)
    flow, entries, front_end = without_contents(list(source), words)
    builder = _Builder(flow, entries, front_end, limits, words)
    builder.notes.extend(faults)
    builder.run()
    if not builder.tables:
        raise ExtractionError("; ".join(["no table found", *builder.notes]))
    last = source[-1]
    if cut_off and isinstance(last, Grid) and len(last.rows) > 1 and len(last.rows[-1]) < len(last.rows[-2]):
        raise ExtractionError(
            f"cut off in the middle of a table row: the last row has {len(last.rows[-1])} cells, "
            f"the one before has {len(last.rows[-2])}"
        )
    _refuse_cut_off(entries, builder.headings)
    return Document(
        media_type="",
        title=builder.title,
        page_count=None,
        extractor="",
        extractor_version="",
        headings=tuple(builder.headings),
        paragraphs=tuple(builder.paragraphs),
        tables=tuple(builder.tables),
        cells=tuple(builder.cells),
        notes=tuple(builder.notes),
    )


# --- broken words ----------------------------------------------------------------------------------------------------


def _with_whole_words(source: Sequence[Item]) -> Sequence[Item]:
    """The items with the words joined that narrow columns of a page broke in the first rows of its tables."""
    printed = [
        index
        for index, item in enumerate(source)
        if isinstance(item, Grid) and any(isinstance(cell, PrintedText) for row in item.rows[:MAX_HEAD] for cell in row)
    ]
    if not printed:
        return source
    known = KnownWords(_settled_texts(source))
    result = list(source)
    for index in printed:
        grid = result[index]
        if isinstance(grid, Grid):
            heads = tuple(
                tuple(PrintedText(known.mended(cell), box_of(cell)) if " " in cell else cell for cell in row)
                for row in grid.rows[:MAX_HEAD]
            )
            result[index] = replace(grid, rows=(*heads, *grid.rows[MAX_HEAD:]))
    return result


def _settled_texts(source: Sequence[Item]) -> Iterator[str]:
    """All texts but the heads of columns, and of these those of one word."""
    for item in source:
        if isinstance(item, Line):
            yield item.text
            continue
        for index, row in enumerate(item.rows):
            yield from (cell for cell in row if index >= MAX_HEAD or " " not in cell)


# --- tables of contents ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table of contents: printed number, normalised text, whether a page number follows."""

    number: str | None
    text: str
    has_page: bool


def without_contents(source: list[Item], words: StructureWords) -> tuple[list[Item], list[Entry], int | None]:
    """Take the tables of contents out of the flow; also returns where the first one stood in what is left.

    A table of contents looks like a table (text, tab, page number) and is none. It is known by its title, or by a run
    of lines with leader dots. Grids are looked at row by row, as entries and tables are never mixed in one grid.
    """
    last_seen = {
        normalise(_without_number(item.text)): position
        for position, item in enumerate(source)
        if isinstance(item, Line) and len(item.text) <= MAX_ENTRY_LENGTH
    }
    kept: list[Item] = []
    entries: list[Entry] = []
    front_end: int | None = None
    index = 0
    while index < len(source):
        item = source[index]
        if isinstance(item, Grid) and _is_contents_grid(item, last_seen, words):
            front_end = len(kept) if front_end is None else front_end
            entries.extend(entry for row in _rows_of(item) if (entry := _entry(row)) is not None)
            index += 1
            continue
        titled = isinstance(item, Line) and is_word(_without_number(item.text), words.contents_titles)
        if not titled and not _may_be_led(item):
            kept.append(item)
            index += 1
            continue
        start = index + 1 if titled else index
        end, found = _contents_run(source, start, lenient=titled)
        if titled and not found:
            end, found = _plain_contents(source, start, last_seen)
        if found and (titled or (len(found) >= MIN_CONTENTS_RUN and _led(source[start:end]))):
            front_end = len(kept) if front_end is None else front_end
            entries.extend(found)
            index = end
            continue
        kept.append(item)
        index += 1
    return kept, entries, front_end


def _plain_contents(source: list[Item], start: int, last_seen: dict[str, int]) -> tuple[int, list[Entry]]:
    """Entries without page numbers, under a title: the lines that stand again further down."""
    found: list[Entry] = []
    index = start
    while index < len(source):
        item = source[index]
        if not isinstance(item, Line) or len(item.text) > MAX_ENTRY_LENGTH:
            break
        match = NUMBERED.fullmatch(item.text)
        text = normalise(match[3] if match else item.text)
        if last_seen.get(text, index) <= index:
            break
        found.append(Entry(match[1] if match else None, text, False))
        index += 1
    return index, found


def _is_contents_grid(grid: Grid, last_seen: dict[str, int], words: StructureWords) -> bool:
    """A grid of texts and rising page numbers that is headed as contents, or whose texts all stand again as lines."""
    last_row = next((row for row in reversed(grid.rows) if any(row)), ())
    if not PAGE_NUMBER.fullmatch(next((cell for cell in reversed(last_row) if cell), "")):
        return False
    rows = [[cell for cell in row if cell] for row in grid.rows]
    rows = [row for row in rows if row]
    titled = bool(rows) and is_word(rows[0][0], words.contents_titles)
    body = rows[1:] if titled else rows
    if len(body) < (1 if titled else MIN_CONTENTS_RUN) or any(len(row) < 2 for row in body):
        return False
    pages = [int(row[-1]) for row in body if PAGE_NUMBER.fullmatch(row[-1])]
    if len(pages) != len(body) or pages != sorted(pages):
        return False
    recurring = sum(1 for row in body if normalise(_without_number(row[-2])) in last_seen)
    return titled or recurring * 3 >= len(body) * 2


def _contents_run(source: list[Item], start: int, *, lenient: bool) -> tuple[int, list[Entry]]:
    """The run of entries from ``start``: the index behind its last entry with a page number, and the entries.

    Lenient runs (under a title) may hold numbered lines without a page, for page breaks tear entries apart.
    """
    found: list[Entry] = []
    end, sure = start, 0
    for index in range(start, len(source)):
        item = source[index]
        if not lenient and ((isinstance(item, Grid) and item.whole) or len(found) > MAX_UNTITLED_RUN):
            break
        rows = _rows_of(item)
        parsed = [_entry(row) for row in rows]
        if any(entry is None for entry in parsed):
            break
        new = [entry for entry in parsed if entry is not None]
        if not lenient and not all(entry.has_page for entry in new):
            break
        found.extend(new)
        if new and new[-1].has_page:
            end, sure = index + 1, len(found)
    return end, found[:sure]


def _may_be_led(item: Item) -> bool:
    """Whether an item can begin an untitled table of contents: leader dots, found without a regular expression."""
    rows = (item.text,) if isinstance(item, Line) else item.rows[0]
    return any(mark in text for text in rows for mark in LEADER_MARKS)


def _rows_of(item: Item) -> list[str]:
    if isinstance(item, Line):
        return [item.text]
    return ["\t".join(row) for row in item.rows]


def _entry(row: str) -> Entry | None:
    """One line as an entry of a table of contents, or None."""
    text = row.strip("\t \n")
    if len(text) > MAX_ENTRY_LENGTH:
        return None
    page = ENTRY_PAGE.search(text[-5:])
    led = LEADERS.search(text) is not None
    if not page and not led and not text[:1].isdigit():
        return None
    body = text[: -len(page[0])] if page else text
    if page and not led and "\t" not in text:
        return None
    body = collapse(LEADERS.sub(" ", body).replace("\t", " "))
    match = NUMBERED.fullmatch(body)
    if not re.search(r"[^\W\d]", body) or (not page and not led and not match):
        return None
    return Entry(match[1] if match else None, normalise(match[3] if match else body), page is not None or led)


def _led(run: list[Item]) -> bool:
    rows = [row for item in run for row in _rows_of(item)]
    return sum(1 for row in rows if LEADERS.search(row)) * 2 >= len(rows)


def _without_page(text: str) -> str:
    """A running line, normalised, without the page number at its end."""
    if text[-1:] not in tuple("0123456789)"):
        return normalise(text)
    # Only its end is looked at: a search through a long line for blanks before a number takes the square of its length.
    return normalise(text[:-MAX_PAGE_MARK] + RUNNING_PAGE.sub("", text[-MAX_PAGE_MARK:]))


def _without_number(text: str) -> str:
    match = NUMBERED.fullmatch(text) if text[:1].isdigit() else None
    return match[3] if match else text


def _refuse_cut_off(entries: list[Entry], headings: list[Heading]) -> None:
    """Refuse a text whose table of contents goes on after the text has ended.

    Only where the entries before the gap are found nearly all: contents and headings are not always worded alike.
    """
    compact = {re.sub(r"\W", "", normalise(heading.text)) for heading in headings}
    present = [re.sub(r"\W", "", entry.text) in compact for entry in entries]
    missing = 0
    while missing < len(present) and not present[-1 - missing]:
        missing += 1
    before = present[: len(present) - missing]
    if missing >= MIN_MISSING_ENTRIES and before and sum(before) >= 0.8 * len(before):
        entry = entries[len(before)]
        raise ExtractionError(
            f"cut off: the table of contents lists {missing} headings from {entry.text!r} on that the text lacks"
        )


# --- headings, paragraphs, tables -----------------------------------------------------------------------------------


class _Builder:
    """One pass over the flow; the lists are the result."""

    def __init__(
        self, flow: list[Item], entries: list[Entry], front_end: int | None, limits: Limits, words: StructureWords
    ) -> None:
        self.flow = flow
        self.front_end = front_end
        self.entries = {entry.text: entry for entry in entries}
        self.limits = limits
        self.words = words
        self.headings: list[Heading] = []
        self.paragraphs: list[Paragraph] = []
        self.tables: list[Table] = []
        self.cells: list[Cell] = []
        self.notes: list[str] = []
        self.title: str | None = None
        self._current: Heading | None = None
        self._strong: Heading | None = None
        self._outline_level = 0
        self._chapter = 0
        self._open: _OpenTable | None = None
        self._front: list[str] = []
        first_grid = next((position for position, item in enumerate(flow) if isinstance(item, Grid)), len(flow))
        front = flow[: front_end if front_end is not None else min(MAX_FRONT_LINES, first_grid)]
        self._front_words = {
            word for item in front if isinstance(item, Line) for word in re.findall(r"\w+", item.text.casefold())
        }
        self._line_counts = Counter(
            _without_page(item.text) for item in flow if isinstance(item, Line) and len(item.text) <= MAX_HEADING_LENGTH
        )
        self._marks_headings = sum(isinstance(item, Line) and item.level is not None for item in flow) > 1
        self._repeated = self._repeated_lines()
        self._label_depths = self._depths_with_labels()

    def run(self) -> None:
        index = 0
        while index < len(self.flow):
            item = self.flow[index]
            if isinstance(item, Grid):
                self._guarded_grid(item, index)
                index += 1
                continue
            if not item.body and PAGE_DEBRIS.fullmatch(item.text):
                index += 1
                continue
            if skipped := self._guarded_lines(index):
                index += skipped
                continue
            self._close_table()
            if block := self._status_block(index):
                index = block
                continue
            self._line(item, index)
            index += 1
        self._close_table()
        front = self._front or [heading.text for heading in self.headings[:1]]
        self.title = " – ".join(front) or None

    def _guarded_lines(self, index: int) -> int:
        """How many lines stand inside the open table; none where our own fault keeps us from telling."""
        try:
            return self._lines_inside_table(index) if self._open else 0
        except Exception as error:
            fault_of(error)  # the grid that leads to it is told of when it is taken
            return 0

    def _lines_inside_table(self, index: int) -> int:
        """How many lines from ``index`` stand inside the open table: running headers, or section rows without cells.

        They do if figures without a header of their own follow, as wide as the table; lines that the front of the
        document or other pages print too are taken away, others become rows.
        """
        lines: list[Line] = []
        while isinstance(item := self._item(index + len(lines)), Line) and len(lines) < MAX_LINES_INSIDE:
            lines.append(item)
        grid = self._item(index + len(lines))
        if self._open is None or not isinstance(grid, Grid) or grid.whole or grid.follows is False:
            return 0
        rows = [row for row in grid.rows if any(row)]
        debris = [self._is_running(line.text) or PAGE_DEBRIS.fullmatch(line.text) is not None for line in lines]
        others = [line for line, is_debris in zip(lines, debris, strict=True) if not is_debris]
        if not rows or any(self._is_marked(line) or len(line.text) > MAX_HEADING_LENGTH for line in others):
            return 0
        same_header = self._open.has_header(rows)
        goes_on = header_depth(rows) == 0 and max(map(len, rows)) == self._open.width
        if not (goes_on or (same_header and not others)):
            return 0
        for line in others:
            self._open.add_row((line.text, *("",) * (self._open.width - 1)))
        return len(lines)

    def _item(self, index: int) -> Item | None:
        return self.flow[index] if index < len(self.flow) else None

    def _is_marked(self, line: Line) -> bool:
        return bool(line.level or line.bold or NUMBERED.fullmatch(line.text) or normalise(line.text) in self.entries)

    def _is_running(self, text: str) -> bool:
        """A running header or footer: made of what stands on the front, or repeated, with or without a page number."""
        plain = _without_page(text)
        words = set(re.findall(r"\w+", plain))
        return bool(re.search(r"[^\W\d]", plain)) and (words <= self._front_words or self._line_counts[plain] > 2)

    # lines

    def _repeated_lines(self) -> set[str]:
        """Unmarked lines that the document prints more than once, or as a marked heading too: labels of blocks.

        ``Nämndens/bolagets verksamheter`` under each goal names a part of the goal, not a part of the outline.
        """
        counts: Counter[str] = Counter()
        for item in self.flow:
            if isinstance(item, Line) and self._titlelike(item.text):
                match = NUMBERED.fullmatch(item.text)
                counts[normalise(match[3] if match else item.text)] += 1
        return {text for text, count in counts.items() if count > 1}

    def _depths_with_labels(self) -> set[int]:
        """Depths of the numbering at which the line below a heading is, as a rule, the label of a block.

        One goal of eleven may print ``Nämndens verksamheter/Status`` where the others repeat the same words.
        """
        seen: Counter[int] = Counter()
        labels: Counter[int] = Counter()
        for index in range(1, len(self.flow)):
            depth = self._depth_before(index)
            item = self.flow[index]
            if depth and isinstance(item, Line):
                seen[depth] += 1
                labels[depth] += normalise(item.text) in self._repeated
        return {depth for depth, count in seen.items() if count > 2 and labels[depth] * 2 > count}

    def _depth_before(self, index: int) -> int | None:
        """Depth of the numbered heading directly above a line, or None."""
        before = self.flow[index - 1] if index else None
        match = NUMBERED.fullmatch(before.text) if isinstance(before, Line) else None
        return match[1].count(".") + 1 if match else None

    @staticmethod
    def _titlelike(text: str) -> bool:
        return (
            0 < len(text) <= MAX_HEADING_LENGTH
            and TITLE_START.match(text) is not None
            and text[-1] not in ".,;:!?-–…"
            and not SENTENCE_BREAK.search(_without_number(text))
            and not BULLET.match(text)
        )

    def _heading_of(self, item: Line, index: int) -> tuple[int, str | None, str, bool] | None:
        """Level, number, text and whether the format or the contents mark it; None for prose."""
        if item.body:
            return None
        match = NUMBERED.fullmatch(item.text)
        number = None
        text = item.text
        if match and NUMBERED_START.match(match[3]):
            number, text = match[1], match[3]
        listed = self.entries.get(normalise(text)) if self.entries and len(text) <= MAX_ENTRY_LENGTH else None
        if listed and listed.number and not number and normalise(text) in self._repeated:
            listed = None
        if number and not (item.is_prose and not listed):
            depth = number.count(".") + 1
            first = int(number.split(".")[0])
            in_order = first in (self._chapter, self._chapter + 1) if depth > 1 else first == self._chapter + 1
            dotted_list = match is not None and match[2] == "." and depth == 1
            plausible = in_order and (not dotted_list or self._titlelike(text)) and (depth > 1 or self._titlelike(text))
            if item.level or item.bold or listed or plausible:
                self._chapter = first
                return (item.level if item.outline and item.level else depth), number, text, True
            return None
        if item.level:
            return item.level, None, text, True
        if item.is_prose and not listed:
            return None
        if listed and self._titlelike(text):
            level = listed.number.count(".") + 1 if listed.number else 1
            return level, listed.number, text, True
        if not self._titlelike(text) or self._goes_on(index):
            return None
        if isinstance(self._item(index + 1), Grid) and (
            self._is_caption(text) or (self._marks_headings and not item.bold)
        ):
            # Where headings are marked, an unmarked line above a table is its caption.
            return None
        if item.bold:
            return self._outline_level + 1, None, text, True
        return (self._strong.level if self._strong else 0) + 1, None, text, False

    def _is_caption(self, text: str) -> bool:
        """A line that says the unit of the table below (``Belopp i tkr``) and is no heading."""
        first = normalise(text.strip("()"))
        return len(text) <= MAX_HEADING_LENGTH and any(
            first == word or first.startswith((f"{word} ", f"{word},")) for word in self.words.captions
        )

    def _goes_on(self, index: int) -> bool:
        """The next line begins in lower case: this one is torn prose."""
        following = self.flow[index + 1] if index + 1 < len(self.flow) else None
        return isinstance(following, Line) and following.text[:1].islower()

    def _line(self, item: Line, index: int) -> None:
        found = self._heading_of(item, index)
        if found is None:
            if YEAR_CELL.fullmatch(item.text) and len(self._front) == index:
                self._front.append(item.text)
            self._paragraph(item)
            return
        level, number, text, marked = found
        is_label = normalise(text) in self._repeated or self._depth_before(index) in self._label_depths
        if not marked and is_label:
            # The label of a block ends whatever unmarked sub-heading stood before it.
            self._current = self._strong or self._current
            self._paragraph(item)
            return
        heading = Heading(len(self.headings) + 1, level, number, text, item.page)
        if number is None and len(self._front) == index and self._on_front(index):
            self._front.append(text)
        self.headings.append(heading)
        self._current = heading
        if marked:
            self._strong = heading
            if number or item.level or not item.bold:
                # Bold lines stand side by side under the last heading that states its level.
                self._outline_level = level

    def _on_front(self, index: int) -> bool:
        """Whether a line is part of the title: above the contents, else among the first lines with a title below it."""
        if self.front_end is not None:
            return index < self.front_end
        below = self._item(index + 1)
        return index < MAX_FRONT_LINES and isinstance(below, Line) and self._titlelike(below.text)

    def _paragraph(self, item: Line) -> None:
        self.paragraphs.append(
            Paragraph(
                len(self.paragraphs) + 1, self._current.heading_seq if self._current else None, item.page, item.text
            )
        )

    # status blocks

    def _status_block(self, index: int) -> int | None:
        """A subject, a label line and a value line (``Bedömning måluppfyllelse`` / ``Uppnått``) as a table of one row.

        Called on the subject, or on the label where no single sentence stands above it: then the heading is the
        subject.
        Also understands ``label: value`` on one line. Returns the index behind the block.
        """
        first = self.flow[index]
        if not isinstance(first, Line):
            return None
        if (end := self._label_and_value(index)) is not None and self._current is not None:
            return self._status_table(self._current.text, index, *end)
        end = self._label_and_value(index + 1)
        is_sentence = len(first.text) <= MAX_ENTRY_LENGTH and not SENTENCE_BREAK.search(_without_number(first.text))
        if end is None or not is_sentence or self._is_status_line(first.text):
            return None
        found = self._heading_of(first, index)
        if found and found[3]:
            self._line(first, index)
            return self._status_table(found[2], index, *end)
        # Goals stand side by side: the next one ends the sub-headings of the one before.
        self._current = self._strong or self._current
        return self._status_table(first.text, index, *end)

    def _label_and_value(self, index: int) -> tuple[str, str, int] | None:
        """Label, value and the index behind them, if the lines from ``index`` are those of a status."""
        lines = self.flow[index : index + 2]
        if not lines or not isinstance(lines[0], Line):
            return None
        label, _, value = lines[0].text.partition(":")
        used = 1
        if not value.strip() and len(lines) == 2 and isinstance(lines[1], Line):
            value, used = lines[1].text, 2
        if not is_word(label, self.words.status_labels) or not is_word(value, self.words.status_values):
            return None
        return label.strip(), collapse(value), index + used

    def _status_table(self, subject: str, index: int, label: str, value: str, end: int) -> int:
        item = self.flow[index]
        last = self.flow[end - 1].page
        rows = (("", label), (subject, value))
        self._open = _OpenTable(rows, 1, item.page, self._current, None, last, [last, item.page])
        self._close_table()
        return end

    def _is_status_line(self, text: str) -> bool:
        label = text.partition(":")[0]
        return is_word(label, self.words.status_labels) or is_word(text, self.words.status_values)

    # tables

    def _guarded_grid(self, grid: Grid, index: int) -> None:
        """Take a grid; one that our own fault keeps us from is left out, and so is the table that it goes on with."""
        try:
            self._grid(grid, index)
        except Exception as error:
            place = f"page {grid.page}" if grid.page is not None else place_of(self.flow[:index])
            self.notes.append(f"{place}: a table was left out, {fault_of(error)}")
            self._open = None

    def _grid(self, grid: Grid, index: int) -> None:
        alone = len(grid.rows) == 1
        kept = [
            number
            for number, row in enumerate(grid.rows)
            if any(row) and (grid.whole or not self._is_running_row(row, alone=alone))
        ]
        rows = [tuple(grid.rows[number]) for number in kept]
        if not rows:
            return
        if len(rows) == 1 and (match := NUMBERED.fullmatch("\t".join(rows[0]).strip())) and "\t" not in match[3]:
            self._close_table()
            self._line(Line(f"{match[1]} {match[3]}", page=grid.page), index)
            return
        if all(BULLET.fullmatch(row[0] + " ") or not row[0] for row in rows) and all(len(row) == 2 for row in rows):
            self._close_table()
            for row in rows:
                self._paragraph(Line(" ".join(row).strip(), page=grid.page))
            return
        if all(len(row) == 2 and row[0].endswith(":") and row[1] for row in rows):
            # "Diarienummer: | SBN 24/0311": what the document says about itself, no table.
            self._close_table()
            for row in rows:
                self._paragraph(Line(" ".join(row), page=grid.page))
            return
        if max(len(row) for row in rows) > self.limits.max_columns:
            raise ExtractionError(f"a table has more than {self.limits.max_columns} columns")
        spans = moved_spans({(row, column): (down, across) for row, column, down, across in grid.spans}, kept)
        if self._open and not grid.whole and self._open.take(rows, grid, spans):
            return
        self._close_table()
        before = self.flow[index - 1] if index else None
        caption = grid.caption
        if caption is None and isinstance(before, Line) and self._caption_like(before.text):
            caption = before.text
        if grid.header_rows is None and not (grid.whole and spans):
            depth = header_depth(rows)
        else:
            depth = spanned_depth(rows, grid, spans)
        depth = _without_groups(_padded(rows), depth, spans)
        pages = [grid.page] * len(rows)
        self._open = _OpenTable(
            rows, depth, grid.page, self._current, caption, grid.page, pages, spans, whole=grid.whole
        )
        self._open.drop_repeated_headers()

    def _is_running_row(self, row: tuple[str, ...], *, alone: bool) -> bool:
        """A running header whose parts are divided by tabs: words of the front and a page number.

        Among other rows it must have two parts before the number: ``Socialnämnden | 5`` is a figure.
        """
        filled = [cell for cell in row if cell]
        if len(filled) < (2 if alone else 3) or not PAGE_NUMBER.fullmatch(filled[-1]):
            return False
        texts = filled[:-1]
        words = set(re.findall(r"\w+", " ".join(texts).casefold()))
        return all(re.search(r"[^\W\d]", text) for text in texts) and words <= self._front_words

    def _caption_like(self, text: str) -> bool:
        return (
            self._titlelike(text)
            or self._is_caption(text)
            or (len(text) <= MAX_HEADING_LENGTH and text[0] + text[-1] in ("()", "[]"))
            # Numbered, however long; "Tabell 3 visar …" is a sentence.
            or (
                len(text) <= MAX_CAPTION_LENGTH
                and (number := CAPTION_NUMBER.match(text)) is not None
                and re.match(r" \W*[A-ZÅÄÖ]", text[number.end() :]) is not None
            )
        )

    def _close_table(self) -> None:
        table, self._open = self._open, None
        if table is None:
            return
        seq = len(self.tables) + 1
        n_cols = max(len(row) for row in table.rows)
        cells = list(table.cells(seq, n_cols))
        self.tables.append(
            Table(
                table_seq=seq,
                heading_seq=table.heading.heading_seq if table.heading else None,
                page_first=table.page,
                page_last=table.last_page,
                caption=table.caption,
                n_rows=len(table.rows),
                n_cols=n_cols,
                header_rows=table.header_rows,
                fragments=table.fragments,
            )
        )
        self.cells.extend(cells)
        if len(self.cells) > self.limits.max_cells:
            raise ExtractionError(f"the document has more than {self.limits.max_cells} table cells")


class _OpenTable:
    """A table that may go on after a page break, row by row for as long as the document is.

    What is asked of all of its rows is kept as they come: a table of a thousand fragments is asked a thousand times.
    """

    def __init__(
        self,
        rows: Sequence[tuple[str, ...]],
        header_rows: int,
        page: int | None,
        heading: Heading | None,
        caption: str | None,
        last_page: int | None,
        pages: list[int | None],
        spans: Spans | None = None,
        *,
        whole: bool = False,
    ) -> None:
        """``pages`` has the page of every row; of a row that was cut in two, the page of its first half."""
        self.rows = list(rows)
        self.header_rows = header_rows
        self.page = page
        self.heading = heading
        self.caption = caption
        self.last_page = last_page
        self.pages = pages
        self.spans: Spans = spans if spans is not None else {}
        self.whole = whole
        self.fragments = 1
        self._seen = _Seen()

    @property
    def header(self) -> list[tuple[str, ...]]:
        """The header rows."""
        return self.rows[: self.header_rows]

    def drop_repeated_headers(self) -> None:
        """A header that is repeated between rows without a blank line is a page break too."""
        header = self.header
        if not header:
            return
        kept = list(range(self.header_rows))
        index = self.header_rows
        while index < len(self.rows):
            if self.rows[index : index + len(header)] == header:
                self.fragments += 1
                index += len(header)
                continue
            kept.append(index)
            index += 1
        self.rows = [self.rows[index] for index in kept]
        self.pages = [self.pages[index] for index in kept]
        self.spans = moved_spans(self.spans, kept)

    @property
    def width(self) -> int:
        """Columns of the widest row."""
        return self._look().width

    def _look(self) -> _Seen:
        """What is known of all rows; the last one may still be joined with its other half and is looked at anew."""
        self._seen.add(self.rows, self.header_rows, len(self.rows) - 1)
        return self._seen.with_last(self.rows, self.header_rows)

    def has_header(self, rows: Sequence[tuple[str, ...]]) -> bool:
        """Whether rows begin with the header of this table."""
        header = self.header
        return bool(header) and _padded(rows[: len(header)]) == _padded(header)

    def add_row(self, row: tuple[str, ...]) -> None:
        """A row that was printed as a line."""
        self.rows.append(row)
        self.pages.append(self.last_page)

    def take(self, rows: list[tuple[str, ...]], grid: Grid, spans: Spans) -> bool:
        """Take a fragment that follows with nothing but blank lines between, if it belongs to this table.

        Where the layout tells whether it follows, blank lines mean nothing: a table that stands below another one on
        the same page is a table of its own, equal header or not.
        """
        if grid.follows is False:
            return False
        header = self.header
        start = 0
        if self.has_header(rows) or (header and grid.follows and _reads_as(rows, header)):
            start = len(header)
        elif max(len(row) for row in rows) != self.width or not (
            self._continues(rows) or self._goes_on_below(rows, grid)
        ):
            return False
        if rows[start:] and len(self.rows) > self.header_rows and self._is_cut(self.rows[-1], rows[start]):
            self.rows[-1] = _join_rows(self.rows[-1], rows[start])
            start += 1
        above = len(self.rows) - start
        self.spans.update({(row + above, column): span for (row, column), span in spans.items() if row >= start})
        self.rows.extend(rows[start:])
        self.pages.extend(grid.page for _ in rows[start:])
        self.fragments += 1
        self.last_page = grid.page
        return True

    def _goes_on_below(self, rows: list[tuple[str, ...]], grid: Grid) -> bool:
        """Rows in the columns of the page before, without a header of their own: marked, or told by the content."""
        if not grid.follows:
            return False
        if grid.header_rows is not None:
            return grid.header_rows == 0
        years = any(YEAR_CELL.fullmatch(cell) for cell in rows[0][1:])
        return header_depth(rows) == 0 and not years

    def _continues(self, rows: list[tuple[str, ...]]) -> bool:
        """Rows that go on without a header: their first values are numbers, or their first row was cut in two."""
        seen = self._look()
        first = next((row for row in rows if any(row[1:])), None)
        if first is not None and any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in first[1:]):
            return not seen.has_body or seen.has_number
        if not seen.has_body:
            return False
        return self._is_cut(self.rows[-1], rows[0])

    def _is_cut(self, last: tuple[str, ...], first: tuple[str, ...]) -> bool:
        """Whether a page break went through one row, of which ``last`` and ``first`` are the halves.

        Rows of figures are never taken for halves. In running text the signs are: no first cell, a sentence that goes
        on in lower case, or a sentence without an end before a cell that does not begin as its column does elsewhere.
        """
        pairs = [(a, b) for a, b in zip(last, first, strict=False) if a and b]
        if any(is_number(cell) for cell in (*last[1:], *first[1:])):
            return False
        unfinished = [
            (a, b)
            for a, b in pairs
            if len(a.split()) >= MIN_PROSE_WORDS and a[-1] not in '.!?:)”"' and not is_number(b)
        ]
        if not first[0] and any(first[1:]):
            return bool(pairs)
        if any(b[0].islower() for _, b in unfinished):
            return True
        return any(self._begins_unlike_its_column(last.index(a), b) for a, b in unfinished)

    def _begins_unlike_its_column(self, column: int, text: str) -> bool:
        begins, short = self._look().begins.get(column, (0, 0))
        return begins > 1 and short >= 0.8 * begins and _first_words(text) > SHORT_PARAGRAPH_WORDS

    def cells(self, table_seq: int, n_cols: int) -> list[Cell]:
        """The non-empty cells; header cells of the upper levels span the empty ones to their right.

        The latter only where neither the layout knows better nor the format states merged cells in the header itself.
        """
        stated = self.whole and any(row < self.header_rows for row, _ in self.spans)
        result: list[Cell] = []
        for row_index, row in enumerate(_padded(self.rows, n_cols)):
            is_header = row_index < self.header_rows
            is_upper = row_index + 1 < self.header_rows
            for col_index, text in enumerate(row):
                if not text:
                    continue
                known = self.spans.get((row_index, col_index))
                row_span, span = known or (1, 1)
                if is_upper and col_index and known is None and not stated:
                    while col_index + span < n_cols and not row[col_index + span]:
                        span += 1
                box = box_of(text) or (None, None, None, None)
                page = self.pages[row_index]
                result.append(Cell(table_seq, row_index, col_index, str(text), is_header, row_span, span, page, *box))
        return result


class _Seen:
    """What the rows of a table that were looked at have, so that none is looked at twice."""

    def __init__(self) -> None:
        self.rows = 0
        self.width = 0
        self.has_body = False
        """Whether a row below the header has more than its first cell."""
        self.has_number = False
        """Whether one of these cells is a number."""
        self.begins: dict[int, tuple[int, int]] = {}
        """By column: cells below the header, and how many of them begin with a short paragraph."""

    def add(self, rows: Sequence[tuple[str, ...]], header_rows: int, end: int) -> None:
        """Look at the rows up to ``end`` that were not looked at yet."""
        for index in range(self.rows, end):
            self._add_row(rows[index], in_body=index >= header_rows)
        self.rows = max(self.rows, end)

    def with_last(self, rows: Sequence[tuple[str, ...]], header_rows: int) -> _Seen:
        """The same with the last row."""
        seen = _Seen()
        seen.width, seen.has_body, seen.has_number = self.width, self.has_body, self.has_number
        seen.begins = dict(self.begins)
        seen.add(rows[-1:], header_rows - len(rows) + 1, 1)
        return seen

    def _add_row(self, row: tuple[str, ...], *, in_body: bool) -> None:
        self.width = max(self.width, len(row))
        if not in_body:
            return
        if any(row[1:]):
            self.has_body = True
            self.has_number = self.has_number or any(is_number(cell) for cell in row[1:])
        for column, cell in enumerate(row):
            if cell:
                begins, short = self.begins.get(column, (0, 0))
                is_short = _first_words(cell) <= SHORT_PARAGRAPH_WORDS
                self.begins[column] = (begins + 1, short + is_short)


def _reads_as(rows: Sequence[tuple[str, ...]], header: Sequence[tuple[str, ...]]) -> bool:
    """Whether rows begin with the words of a header, row by row; where a layout is read, merged cells may shift."""
    return [[cell for cell in row if cell] for row in rows[: len(header)]] == [
        [cell for cell in row if cell] for row in header
    ]


def _first_words(cell: str) -> int:
    return len(cell.split("\n")[0].split())


def _padded(rows: Sequence[tuple[str, ...]], width: int | None = None) -> list[tuple[str, ...]]:
    width = width if width is not None else max((len(row) for row in rows), default=0)
    return [(*row, *("",) * (width - len(row))) for row in rows]


def _join_rows(last: tuple[str, ...], first: tuple[str, ...]) -> tuple[str, ...]:
    """The two halves of a row: the sentence that was cut is joined by a space, whole paragraphs by a newline.

    The row's page is that of its first half, so only what stands there keeps its place.
    """
    joined = []
    for a, b in zip(*_padded([last, first]), strict=True):
        glue = "\n" if a and a[-1] in ".!?" else " "
        joined.append(PrintedText(f"{a}{glue}{b}" if a and b else a or b, box_of(a)))
    return tuple(joined)


def is_number(cell: str) -> bool:
    """Whether a cell prints a number (with or without unit) or the dash that stands for one."""
    return NUMERIC_CELL.fullmatch(cell) is not None or DASH_CELL.fullmatch(cell) is not None


def header_depth(rows: Sequence[tuple[str, ...]]) -> int:
    """How many of the first rows are header rows: 0 where the first row already holds figures, at most 3.

    A row goes on with the header if it fills gaps of the row above (``Ansökt | | Beviljat |`` over years), or if it is
    all years under words that stand over an empty first cell. Years with words or units (``2022 (kr)``) head columns
    where they stand over figures of another kind.
    """
    padded = _padded(rows)
    if any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in padded[0][1:]) and not _is_year_head(padded):
        return 0
    depth = 1
    while depth < min(3, len(padded)) and _is_next_header(padded, depth):
        depth += 1
    return depth


def _is_year_head(padded: list[tuple[str, ...]]) -> bool:
    """Whether all that reads as a number in the first row is a year with words, over figures that are none."""
    columns = [
        column for column, cell in enumerate(padded[0]) if column and is_number(cell) and not YEAR_CELL.fullmatch(cell)
    ]
    below = [row[column] for row in padded[1:] for column in columns if row[column]]
    return (
        all(YEAR_HEAD.fullmatch(padded[0][column]) for column in columns)
        and any(is_number(cell) for cell in below)
        and not any(YEAR_HEAD.fullmatch(cell) for cell in below)
    )


def _is_next_header(padded: list[tuple[str, ...]], depth: int) -> bool:
    above, row, below = padded[depth - 1], padded[depth], padded[depth + 1 :]
    filled = [(column, cell) for column, cell in enumerate(row) if column and cell]
    if not filled or any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for _, cell in filled):
        return False
    gaps = {column for column, cell in enumerate(above) if column and not cell}
    if row[0] and above[0] and not (gaps and gaps <= {column for column, _ in filled}):
        return False
    if (not row[0] or (row[0] and above[0])) and all(
        any(is_number(other[column]) for other in below) for column, _ in filled
    ):
        return True
    fills_gap = any(not above[column] for column, _ in filled)
    years = all(YEAR_CELL.fullmatch(cell) for _, cell in filled)
    over_figures = any(is_number(other[column]) for column, _ in filled for other in below)
    template = not any(any(other[1:]) for other in below)
    if fills_gap and any(above[1:]):
        return years or over_figures or template
    return years and not any(YEAR_CELL.search(cell) for cell in above[1:]) and any(above[1:])


# --- merged cells ---------------------------------------------------------------------------------------------------

MAX_HEADER_ROWS = 4
"""Header rows that merged cells may add up to."""


def moved_spans(spans: Spans, kept: Sequence[int]) -> Spans:
    """The spans after all rows but those at the indexes ``kept``, in order, were taken out."""
    if not spans:
        return {}
    result: Spans = {}
    for (row, column), (row_span, col_span) in spans.items():
        first = bisect_left(kept, row)
        if first < len(kept) and kept[first] == row:
            result[first, column] = (bisect_left(kept, row + row_span) - first, col_span)
    return result


def spanned_depth(rows: Sequence[tuple[str, ...]], grid: Grid, spans: Spans) -> int:
    """Header rows of a table whose format states the header or merged cells; ``rows`` without the empty ones.

    A stated header is taken, and so is what merged cells say: a cell merged over several columns has the heads of
    these columns below it, and a cell merged downwards out of the header ends where the header ends.
    """
    padded = _padded(rows)
    # Columns without any text do not count: a title over all others spans the table.
    width = 1 + max((column for row in padded for column, cell in enumerate(row) if cell), default=0)
    if grid.header_rows is not None:
        empty = sum(1 for row in grid.rows[: grid.header_rows] if not any(row))
        depth = min(grid.header_rows - empty, len(padded))
        if 0 < depth < len(padded) - 1 and _heads_columns(padded, depth, spans):
            # Word repeats as many rows as its user ticked, and that is often the first of two.
            depth += 1
    else:
        titles = 0
        while titles < len(padded) - 1 and spans.get((titles, 0), (1, 1))[1] >= width > 1:
            titles += 1
        depth = min(titles, 2)
        depth += header_depth(padded[depth:])
        if depth < len(padded) - 1 and depth and _heads_columns(padded, depth, spans):
            depth += 1
    ends = [row + row_span for (row, _), (row_span, _) in spans.items() if row < depth]
    deepest = max(ends, default=depth)
    return deepest if depth < deepest <= min(MAX_HEADER_ROWS, len(padded) - 1) else depth


def _without_groups(padded: list[tuple[str, ...]], depth: int, spans: Spans) -> int:
    """Header rows of ``depth`` without those at their end that name the group of the rows below them.

    ``Statistik | 2024 | 2025`` over a lone ``Antal besökare``: every column has its name, and the label column too. In
    small letters or brackets a lone text goes on the header above it.
    """
    while depth > 1:
        texts = [column for column, cell in enumerate(padded[depth - 1]) if cell]
        text = padded[depth - 1][0]
        above = padded[: depth - 1]
        figures = {column for row in padded[depth:] for column, cell in enumerate(row) if column and cell}
        if (
            texts != [0]
            or not text[0].isupper()
            or not figures
            or not any(row[0] for row in above)
            or not all(any(row[column] for row in above) for column in figures)
            or any(row + span >= depth for (row, column), (span, _) in spans.items() if row < depth - 1 and not column)
        ):
            break
        depth -= 1
    return depth


def _heads_columns(padded: list[tuple[str, ...]], depth: int, spans: Spans) -> bool:
    """Whether the row behind the header names the columns under a merged cell, or those that the header leaves out."""
    return _heads_merged(padded, depth, spans) or _heads_gaps(padded, depth)


def _heads_gaps(padded: list[tuple[str, ...]], depth: int) -> bool:
    """Whether a row has a text over every column of figures, and the header above leaves some of them without."""
    row, below = padded[depth], padded[depth + 1 :]
    figures = [
        column
        for column in range(1, len(row))
        if any(is_number(other[column]) and not YEAR_CELL.fullmatch(other[column]) for other in below)
    ]
    unheaded = [column for column in figures if not any(above[column] for above in padded[:depth])]
    named = all(row[column] and (not is_number(row[column]) or YEAR_CELL.fullmatch(row[column])) for column in figures)
    return len(figures) > 1 and bool(unheaded) and len(unheaded) < len(figures) and named


def _heads_merged(padded: list[tuple[str, ...]], depth: int, spans: Spans) -> bool:
    below = [
        padded[depth][column + offset]
        for (row, column), (_, col_span) in spans.items()
        if row == depth - 1 and column and col_span > 1
        for offset in range(col_span)
    ]
    return len(below) > 1 and all(cell and (not is_number(cell) or YEAR_CELL.fullmatch(cell)) for cell in below)
