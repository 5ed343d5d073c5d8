"""From lines and grids to headings, paragraphs and tables; shared by all readers.

Belongs here: tables of contents, the outline, header rows and their spans, tables that a page break cut, status
blocks. Does not belong here: file formats (the readers) and meaning (dbt).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line or paragraph; ``level`` is given where the format marks headings.

    ``is_prose`` says that the format marks its headings and that this line is none, however much it looks like one.
    """

    text: str
    level: int | None = None
    bold: bool = False
    page: int | None = None
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one table as far as the format shows it; rows may be of different length."""

    rows: tuple[tuple[str, ...], ...]
    page: int | None = None
    header_rows: int | None = None
    """Header rows that the format marks; None where it marks none and the content has to tell."""
    spans: tuple[tuple[int, int, int, int], ...] = ()
    """Cells known to be merged or known not to be: row, column, row span, column span."""
    follows: bool | None = None
    """Whether the layout shows that it goes on with the grid before: a page break between, columns in the same
    places. None where there is no layout and the content has to tell."""


Item = Line | Grid

NUMBER = re.compile(r"[+\-−–]?\s?(?:\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+|\d+)(?:[.,]\d+)?")
"""A number as Swedish reports print it, without unit."""
NUMERIC_CELL = re.compile(
    rf"(?:{NUMBER.pattern})\s?(?:%|‰|[a-zåäö]{{1,5}}\.?)?\*?[⁰¹²³⁴-⁹⁾]*(?:\s*\([^()]*\))?", re.IGNORECASE
)
YEAR_CELL = re.compile(r"(?:19|20)\d\d(?:\s?[-–/]\s?(?:\d\d|(?:19|20)\d\d))?|(?:19|20)\d\d-\d\d(?:-\d\d)?")
DASH_CELL = re.compile(r"[-–—−]{1,3}")
NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)(\.?)[\s\t]+(\S.*)", re.DOTALL)
ENTRY_PAGE = re.compile(r"[\t ]\d{1,3}$")
LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}|_{4,}")
SENTENCE_BREAK = re.compile(r"[.!?]\s+[A-ZÅÄÖ]")
BULLET = re.compile(r"[-–—•·*o▪➢✓]\s")
PAGE_DEBRIS = re.compile(r"(?:sida\s+)?\d{1,4}(?:\s*(?:\(\d{1,4}\)|av\s+\d{1,4}|/\s*\d{1,4}))?|[-–]\s?\d{1,4}\s?[-–]", re.IGNORECASE)

LEADING_MARKS = re.compile(r"^[^\w(\"]+")

MAX_WORD_LENGTH = 80
"""Characters of a line that may be a structure word."""
MAX_ENTRY_LENGTH = 800
"""Characters of a heading that may stand in a table of contents; the longest met has 420."""
MAX_HEADING_LENGTH = 160
"""Characters. Longer unmarked lines are prose; the longest sub-heading met has 131."""
MIN_PROSE_WORDS = 6
"""Words from which a cell is running text that a page break may cut."""
SHORT_PARAGRAPH_WORDS = 3
MIN_CONTENTS_RUN = 3
MIN_MISSING_ENTRIES = 3
"""Entries at the end of a table of contents that the text lacks, from which it counts as cut off."""


def normalise(text: str) -> str:
    """Lower case, single spaces, no marks or full stop at the ends: the form in which structure words are compared."""
    return LEADING_MARKS.sub("", collapse(text).casefold().rstrip(" .:"))


def is_word(text: str, words: frozenset[str]) -> bool:
    """Whether a line is one of the structure words; long lines are prose and not even looked at."""
    return len(text) <= MAX_WORD_LENGTH and normalise(text) in words


def assemble(source: Sequence[Item], limits: Limits, words: StructureWords, *, cut_off: bool = False) -> Document:
    """Build the document from what a reader saw.

    Args:
        source: lines and grids in reading order.
        limits: bounds for tables.
        words: structure words.
        cut_off: the file does not end with the end of a line.

    Raises:
        ExtractionError: no table, a table beyond the limits, or a text that is evidently cut off.
    """
    flow, entries, front_end = without_contents(list(source), words)
    builder = _Builder(flow, entries, front_end, limits, words)
    builder.run()
    if not builder.tables:
        raise ExtractionError("no table found")
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
    )


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
    kept: list[Item] = []
    entries: list[Entry] = []
    front_end: int | None = None
    index = 0
    while index < len(source):
        item = source[index]
        titled = isinstance(item, Line) and is_word(_without_number(item.text), words.contents_titles)
        start = index + 1 if titled else index
        end, found = _contents_run(source, start, lenient=titled)
        if found and (titled or (len(found) >= MIN_CONTENTS_RUN and _led(source[start:end]))):
            front_end = len(kept) if front_end is None else front_end
            entries.extend(found)
            index = end
            continue
        kept.append(item)
        index += 1
    return kept, entries, front_end


def _contents_run(source: list[Item], start: int, *, lenient: bool) -> tuple[int, list[Entry]]:
    """The run of entries from ``start``: the index behind its last entry with a page number, and the entries.

    Lenient runs (under a title) may hold numbered lines without a page, for page breaks tear entries apart.
    """
    found: list[Entry] = []
    end, sure = start, 0
    for index in range(start, len(source)):
        rows = _rows_of(source[index])
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


def _without_number(text: str) -> str:
    match = NUMBERED.fullmatch(text)
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
            f"cut off: the table of contents lists {missing} headings from {entry.text!r} on that the text does not have"
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
        self.title: str | None = None
        self._current: Heading | None = None
        self._strong: Heading | None = None
        self._chapter = 0
        self._open: _OpenTable | None = None
        self._front: list[str] = []
        self._repeated = self._repeated_lines()
        self._label_depths = self._depths_with_labels()

    def run(self) -> None:
        index = 0
        while index < len(self.flow):
            item = self.flow[index]
            if isinstance(item, Grid):
                self._grid(item, index)
                index += 1
                continue
            if PAGE_DEBRIS.fullmatch(item.text):
                index += 1
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
            and re.match(r"[A-ZÅÄÖÉ\"”“(]|\d{1,2}(?:\.\d{1,2})*\.?\s+[A-ZÅÄÖÉ(\"”]", text) is not None
            and text[-1] not in ".,;:!?-–…"
            and not SENTENCE_BREAK.search(re.sub(r"^[\d.]+\s", "", text))
            and not BULLET.match(text)
        )

    def _heading_of(self, item: Line, index: int) -> tuple[int, str | None, str, bool] | None:
        """Level, number, text and whether the format or the contents mark it; None for prose."""
        match = NUMBERED.fullmatch(item.text)
        number = None
        text = item.text
        if match and re.match(r"[A-ZÅÄÖÉ(\"”]", match[3]):
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
                return depth, number, text, True
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
        if item.bold:
            return (self._strong.level if self._strong else 0) + 1, None, text, True
        return (self._strong.level if self._strong else 0) + 1, None, text, False

    def _goes_on(self, index: int) -> bool:
        """The next line begins in lower case: this one is torn prose."""
        following = self.flow[index + 1] if index + 1 < len(self.flow) else None
        return isinstance(following, Line) and following.text[:1].islower()

    def _line(self, item: Line, index: int) -> None:
        found = self._heading_of(item, index)
        if found is None:
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
        if number is None and len(self._front) == index and index < (3 if self.front_end is None else self.front_end):
            self._front.append(text)
        self.headings.append(heading)
        self._current = heading
        if marked:
            self._strong = heading

    def _paragraph(self, item: Line) -> None:
        self.paragraphs.append(
            Paragraph(
                len(self.paragraphs) + 1, self._current.heading_seq if self._current else None, item.page, item.text
            )
        )

    # status blocks

    def _status_block(self, index: int) -> int | None:
        """A subject, a label line and a value line (``Bedömning måluppfyllelse`` / ``Uppnått``) as a table of one row.

        Called on the subject; also understands ``label: value`` on one line. Returns the index behind the block.
        """
        subject = self.flow[index]
        lines = [item for item in self.flow[index + 1 : index + 3] if isinstance(item, Line)]
        if not isinstance(subject, Line) or not lines:
            return None
        label, _, value = lines[0].text.partition(":")
        used = 2
        if not value.strip() and len(lines) == 2:
            value, used = lines[1].text, 3
        if not is_word(label, self.words.status_labels) or not is_word(value, self.words.status_values):
            return None
        if self._is_status_line(subject.text):
            return None
        found = self._heading_of(subject, index)
        if found and found[3]:
            self._line(subject, index)
            text = found[2]
        else:
            # Goals stand side by side: the next one ends the sub-headings of the one before.
            text = subject.text
            self._current = self._strong or self._current
        rows = (("", label.strip()), (text, collapse(value)))
        last = lines[used - 2].page
        pages = [lines[0].page, subject.page]
        self._open = _OpenTable(rows, 1, subject.page, self._current, None, last, pages, [{}, {}])
        self._close_table()
        return index + used

    def _is_status_line(self, text: str) -> bool:
        label = text.partition(":")[0]
        return is_word(label, self.words.status_labels) or is_word(text, self.words.status_values)

    # tables

    def _grid(self, grid: Grid, index: int) -> None:
        filled = [index for index, row in enumerate(grid.rows) if any(row)]
        rows = [tuple(grid.rows[index]) for index in filled]
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
        if max(len(row) for row in rows) > self.limits.max_columns:
            raise ExtractionError(f"a table has more than {self.limits.max_columns} columns")
        spans = _spans_by_row(grid, filled)
        if self._open and self._open.take(rows, grid, spans):
            return
        self._close_table()
        before = self.flow[index - 1] if index else None
        caption = before.text if isinstance(before, Line) and self._caption_like(before.text) else None
        depth = grid.header_rows if grid.header_rows is not None else header_depth(rows)
        self._open = _OpenTable(
            tuple(rows), depth, grid.page, self._current, caption, grid.page, [grid.page] * len(rows), spans
        )
        self._open.drop_repeated_headers()

    def _caption_like(self, text: str) -> bool:
        return self._titlelike(text) or (len(text) <= MAX_HEADING_LENGTH and text[0] + text[-1] in ("()", "[]"))

    def _close_table(self) -> None:
        table, self._open = self._open, None
        if table is None:
            return
        seq = len(self.tables) + 1
        n_cols = max(len(row) for row in table.rows)
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
        self.cells.extend(replace(cell, table_seq=seq) for cell in table.cells(n_cols))
        if len(self.cells) > self.limits.max_cells:
            raise ExtractionError(f"the document has more than {self.limits.max_cells} table cells")


@dataclass(slots=True)
class _OpenTable:
    """A table that may go on after a page break."""

    rows: tuple[tuple[str, ...], ...]
    header_rows: int
    page: int | None
    heading: Heading | None
    caption: str | None
    last_page: int | None
    pages: list[int | None]
    """Page of every row; of a row that was cut in two, the page of its first half."""
    spans: list[dict[int, tuple[int, int]]]
    """Of every row, the cells whose spans the format shows: column to row span and column span."""
    fragments: int = 1

    def drop_repeated_headers(self) -> None:
        """A header that is repeated between rows without a blank line is a page break too."""
        header = self.rows[: self.header_rows]
        if not header:
            return
        kept = list(range(len(header)))
        index = self.header_rows
        while index < len(self.rows):
            if self.rows[index : index + len(header)] == header:
                self.fragments += 1
                index += len(header)
                continue
            kept.append(index)
            index += 1
        self.rows = tuple(self.rows[index] for index in kept)
        self.pages = [self.pages[index] for index in kept]
        self.spans = [self.spans[index] for index in kept]

    def take(self, rows: list[tuple[str, ...]], grid: Grid, spans: list[dict[int, tuple[int, int]]]) -> bool:
        """Take a fragment that follows with nothing but blank lines between, if it belongs to this table.

        Where the layout tells whether it follows, blank lines mean nothing: a table that stands below another one on
        the same page is a table of its own, equal header or not.
        """
        if grid.follows is False:
            return False
        header = list(self.rows[: self.header_rows])
        width = max(len(row) for row in self.rows)
        start = 0
        if header and (_padded(rows[: len(header)]) == _padded(header) or (grid.follows and _reads_as(rows, header))):
            start = len(header)
        elif max(len(row) for row in rows) != width or not (self._continues(rows) or self._goes_on_below(rows, grid)):
            return False
        if rows[start:] and len(self.rows) > self.header_rows and self._is_cut(self.rows[-1], rows[start]):
            self.rows = (*self.rows[:-1], _join_rows(self.rows[-1], rows[start]))
            start += 1
        self.rows = (*self.rows, *rows[start:])
        self.pages.extend(grid.page for _ in rows[start:])
        self.spans.extend(spans[start:])
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
        if len(self.rows) == self.header_rows:
            return False
        first = next((row for row in rows if any(row[1:])), None)
        if first is not None and any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in first[1:]):
            return any(is_number(cell) for row in self.rows[self.header_rows :] for cell in row[1:])
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
            (a, b) for a, b in pairs if len(a.split()) >= MIN_PROSE_WORDS and a[-1] not in ".!?:)”\"" and not is_number(b)
        ]
        if not first[0] and any(first[1:]):
            return bool(pairs)
        if any(b[0].islower() for _, b in unfinished):
            return True
        return any(self._begins_unlike_its_column(last.index(a), b) for a, b in unfinished)

    def _begins_unlike_its_column(self, column: int, text: str) -> bool:
        begins = [row[column] for row in self.rows[self.header_rows :] if len(row) > column and row[column]]
        short = sum(1 for cell in begins if _first_words(cell) <= SHORT_PARAGRAPH_WORDS)
        return len(begins) > 1 and short >= 0.8 * len(begins) and _first_words(text) > SHORT_PARAGRAPH_WORDS

    def cells(self, n_cols: int) -> list[Cell]:
        """The non-empty cells; header cells of the upper levels span the empty ones to their right."""
        result: list[Cell] = []
        for row_index, row in enumerate(_padded(self.rows, n_cols)):
            is_header = row_index < self.header_rows
            is_upper = row_index + 1 < self.header_rows
            for col_index, text in enumerate(row):
                if not text:
                    continue
                row_span, col_span = self.spans[row_index].get(col_index, (1, 0))
                if not col_span:
                    col_span = 1
                    if is_upper and col_index:
                        while col_index + col_span < n_cols and not row[col_index + col_span]:
                            col_span += 1
                page = self.pages[row_index]
                result.append(Cell(0, row_index, col_index, text, is_header, row_span, col_span, page))
        return result


def _spans_by_row(grid: Grid, filled: Sequence[int]) -> list[dict[int, tuple[int, int]]]:
    """The known spans of the rows that are kept; a row span counts kept rows only."""
    result: list[dict[int, tuple[int, int]]] = [{} for _ in filled]
    place = {row: index for index, row in enumerate(filled)}
    for row, column, row_span, col_span in grid.spans:
        if row in place:
            rows = sum(1 for other in range(row, row + row_span) if other in place)
            result[place[row]][column] = (rows, col_span)
    return result


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
    """The two halves of a row: the sentence that was cut is joined by a space, whole paragraphs by a newline."""
    joined = []
    for a, b in zip(*_padded([last, first]), strict=True):
        glue = "\n" if a and a[-1] in ".!?" else " "
        joined.append(f"{a}{glue}{b}" if a and b else a or b)
    return tuple(joined)


def is_number(cell: str) -> bool:
    """Whether a cell prints a number (with or without unit) or the dash that stands for one."""
    return NUMERIC_CELL.fullmatch(cell) is not None or DASH_CELL.fullmatch(cell) is not None


def header_depth(rows: Sequence[tuple[str, ...]]) -> int:
    """How many of the first rows are header rows: 0 where the first row already holds figures, at most 3.

    A row goes on with the header if it fills gaps of the row above (``Ansökt | | Beviljat |`` over years), or if it is
    all years under words that stand over an empty first cell.
    """
    padded = _padded(rows)
    if any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in padded[0][1:]):
        return 0
    depth = 1
    while depth < min(3, len(padded)) and _is_next_header(padded, depth):
        depth += 1
    return depth


def _is_next_header(padded: list[tuple[str, ...]], depth: int) -> bool:
    above, row, below = padded[depth - 1], padded[depth], padded[depth + 1 :]
    filled = [(column, cell) for column, cell in enumerate(row) if column and cell]
    if not filled or any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for _, cell in filled):
        return False
    if row[0] and above[0]:
        return False
    fills_gap = any(not above[column] for column, _ in filled)
    years = all(YEAR_CELL.fullmatch(cell) for _, cell in filled)
    over_figures = any(is_number(other[column]) for column, _ in filled for other in below)
    template = not any(any(other[1:]) for other in below)
    if fills_gap and any(above[1:]):
        return years or over_figures or template
    return years and not any(YEAR_CELL.search(cell) for cell in above[1:]) and any(above[1:])
