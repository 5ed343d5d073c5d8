"""Tables drawn with characters in plain text: Markdown pipes, and columns aligned by runs of spaces.

Belongs here: telling such tables from prose, and refusing what could be cut in two ways. Does not belong here: tabs,
markup and encodings (``text``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter

from dagster_project.extract.structure import is_number

PIPE = re.compile(r"(?<!\\)\|")
PIPE_RULE = re.compile(r"\|?\s*+:?-{2,}+:?\s*+(?:[|+]\s*+:?-{2,}+:?\s*+)*+\|?")
BOX_LINE = re.compile(r"[+|:=\-\u2500-\u257f ]++")
BOX_DASHES = re.compile(r"[-=\u2500\u2501\u2550]{2}|\+")
"""A line of a drawn box, ``+-----+=====+`` or the same in line characters: nothing but the first, and the second
somewhere."""
BOX_PIPES = str.maketrans(dict.fromkeys("\u2502\u2503\u2551", "|"))
BOX_STARTS = ("+-", "+=", "\u250c", "\u250f", "\u2554")
RULE_LINE = re.compile(r"\s*+[-=_\u2013\u2014\u2500]{3,}+(?:\s++[-=_\u2013\u2014\u2500]{3,}+)*+\s*+")
"""A line of dashes under a header or over a sum."""
SEGMENT = re.compile(r"\S+(?: \S+)*")
MAX_WORDY_SEGMENT = 40
"""Characters of a cell behind the first column in an aligned table that holds no figures."""
MAX_WORDY_LABEL = 80
LOOK_AHEAD = 30
"""Lines at the beginning of a block that must show signs of columns."""
MAX_LINE = 1000
"""Characters of one line of an aligned table."""
MIN_WORDY_COLUMNS = 3
AMBIGUOUS = "columns cannot be told apart"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A block of lines that draw a table: the index behind it, its rows, or None and the reason.

    ``whole`` says that the drawing shows where the table begins and ends.
    """

    end: int
    rows: tuple[tuple[str, ...], ...] | None
    reason: str | None = None
    whole: bool = False


Segment = tuple[int, int, str]
"""An entry of a line: first place, place behind the last, text."""


class Drawings:
    """Finds the tables that are drawn in the lines of a page; ask for one line after the other, from the first on.

    A table may begin with any line, and whether it does depends on all lines of its block. What is found out about a
    block is kept until another one begins, so that a block is looked at once, however many of its lines begin none.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._piped = _PipedBlock(0, -1)
        self._no_box_until = 0
        self._block = _AlignedBlock([], 0, 0)
        self._looks: dict[int, _Look] = {}

    def table(self, start: int) -> Drawn | None:
        """The table that begins with line ``start``, if one is drawn there; None for prose."""
        lines = self._lines
        if lines[start].lstrip().startswith(BOX_STARTS):
            return self._boxed(start)
        if "|" in lines[start]:
            return self._with_pipes(start)
        if "  " in lines[start].strip():
            return self._aligned(start)
        # A head over the second column only begins with blanks.
        indented = lines[start].startswith("  ") and start + 1 < len(lines) and "  " in lines[start + 1].strip()
        return self._aligned(start) if indented and lines[start].strip() else None

    def _with_pipes(self, start: int) -> Drawn | None:
        """Lines with pipes, with the rule of dashes under the head, or with a pipe at both ends of each line."""
        lines = self._lines
        if start >= self._piped.end:
            end, last_open = start, -1
            while end < len(lines) and "\t" not in lines[end] and ("|" in lines[end] or _is_crossed(lines[end])):
                line = lines[end].strip()
                if not (len(line) > 1 and line[0] == line[-1] == "|"):
                    last_open = end
                end += 1
            self._piped = _PipedBlock(end, last_open)
        block = self._piped
        if block.end - start < 2 or block.is_narrow:
            return None
        if block.last_open >= start and PIPE_RULE.fullmatch(lines[start + 1].strip()) is None:
            return None
        stripped = [line.strip() for line in lines[start : block.end]]
        rows = [
            tuple(cell.strip().replace("\\|", "|") for cell in PIPE.split(line.removeprefix("|").removesuffix("|")))
            for line in stripped
            if not PIPE_RULE.fullmatch(line)
        ]
        if max((len(row) for row in rows), default=0) < 2:
            block.is_narrow = True
            return None
        return Drawn(block.end, tuple(rows), whole=True)

    def _boxed(self, start: int) -> Drawn | None:
        """A table in a box: rules between all rows, each then of one line or more, or only around the header."""
        if start < self._no_box_until:
            return None
        lines, end = self._lines, start
        groups: list[list[tuple[str, ...]]] = []
        while end < len(lines) and (line := lines[end].strip().translate(BOX_PIPES)):
            if BOX_LINE.fullmatch(line) and BOX_DASHES.search(line):
                groups.append([])
            elif len(line) > 1 and line[0] == line[-1] == "|":
                groups[-1].append(tuple(cell.strip().replace("\\|", "|") for cell in PIPE.split(line[1:-1])))
            else:
                break
            end += 1
        filled = [group for group in groups if group]
        if len(groups) < 2 or not filled or max(len(row) for group in filled for row in group) < 2:
            # What the whole block has not, the rest of it has not either.
            self._no_box_until = end
            return None
        if len({len(row) for group in filled for row in group}) > 1:
            # Merged cells: which columns they cover, only the eye can tell.
            return Drawn(end, None, AMBIGUOUS)
        if len(filled) > 2 or all(len(group) == 1 for group in filled):
            rows = [
                tuple(" ".join(part for part in parts if part) for parts in zip(*group, strict=True))
                for group in filled
            ]
        elif all(row[0] for row in filled[-1]):
            rows = [row for group in filled for row in group]
        else:
            return Drawn(end, None, AMBIGUOUS)
        return Drawn(end, tuple(rows), whole=True)

    def _aligned(self, start: int) -> Drawn | None:
        """A run of lines whose words stand in columns."""
        lines = self._lines
        near = range(start, _block_end(lines, start, LOOK_AHEAD))
        if any(len(lines[index]) > MAX_LINE for index in near):
            return None
        # The first lines of a block show figures behind a gap, or short words only: this keeps long prose cheap.
        looks = [self._look(index) for index in near]
        if not (any(look.has_figure for look in looks) or all(look.is_wordy for look in looks)):
            return None
        if not self._block.begin <= start < self._block.end:
            end = _block_end(lines, start, len(lines))
            self._block = _AlignedBlock([self._look(index) for index in range(start, end)], start, end)
            self._looks.clear()
        return self._block.table(start)

    def _look(self, index: int) -> _Look:
        if self._block.begin <= index < self._block.end:
            return self._block.looks[index - self._block.begin]
        if index not in self._looks:
            self._looks[index] = _look(self._lines[index])
        return self._looks[index]


@dataclass(slots=True)
class _PipedBlock:
    """A run of lines with pipes: its end, and the last line that is not closed by pipes on both sides."""

    end: int
    last_open: int
    is_narrow: bool = False
    """Whether it has one column only."""


def _is_crossed(line: str) -> bool:
    """The rule under a header as databases print it: ``-----+-----``."""
    return "+" in line and PIPE_RULE.fullmatch(line.strip()) is not None


@dataclass(frozen=True, slots=True)
class _Look:
    """What one line shows: its entries (none of a rule), whether one behind the first is a figure, and whether all
    are short words."""

    segments: list[Segment]
    has_figure: bool
    is_wordy: bool


def _look(line: str) -> _Look:
    if RULE_LINE.fullmatch(line):
        return _Look([], has_figure=False, is_wordy=True)
    segments = _segments(line)
    return _Look(segments, any(is_number(text) for _, _, text in segments[1:]), _is_wordy(segments))


class _AlignedBlock:
    """A run of lines with text, of which each may begin a table that goes to its end.

    Two lines with figures behind a gap are evidence, or lines of short words in three columns. Each column must be
    clear: no line has two entries in one, and one line fills all of them.
    """

    def __init__(self, looks: list[_Look], begin: int, end: int) -> None:
        self.looks = looks
        self.begin, self.end = begin, end
        # The entries of all lines but rules, those behind the last with two entries left out.
        self._entries = [(index, look) for index, look in enumerate(looks, start=begin) if look.segments]
        self._table_end = end
        while self._entries and len(self._entries[-1][1].segments) < 2:
            self._entries.pop()
            self._table_end = self._entries[-1][0] + 1 if self._entries else begin
        self._places = [index for index, _ in self._entries]
        many = [len(look.segments) > 1 for _, look in self._entries]
        figures = [is_many and look.has_figure for is_many, (_, look) in zip(many, self._entries, strict=True)]
        wordy = [is_many and look.is_wordy for is_many, (_, look) in zip(many, self._entries, strict=True)]
        self._many, self._figures = _sums_to_end(many), _sums_to_end(figures)
        self._wordy_from = max((index + 1 for index, is_wordy in enumerate(wordy) if not is_wordy), default=0)
        self._clear_from: list[bool] | None = None

    def table(self, start: int) -> Drawn | None:
        """The table from line ``start`` to the end of the block, or the reason why there is none; None for prose."""
        first = bisect_left(self._places, start)
        many, with_figures = self._many[first], self._figures[first]
        figures = with_figures >= 2 or (with_figures == 1 and many == 2)
        if many < 2 or not (figures or first >= self._wordy_from):
            return None
        if not figures:
            if self._clear_from is None:
                self._clear_from = _clear_from([look.segments for _, look in self._entries[self._wordy_from :]])
            if not self._clear_from[first - self._wordy_from]:
                return None
        block = [look.segments for _, look in self._entries[first:]]
        columns = _columns([segments for segments in block if len(segments) > 1])
        cells = [[_column_of(columns, segment) for segment in segments] for segments in block if len(segments) > 1]
        singles = {index: _single(columns, segments[0]) for index, segments in enumerate(block) if len(segments) == 1}
        clear = len(columns) >= (2 if figures else MIN_WORDY_COLUMNS) and all(
            len(set(row)) == len(row) for row in cells
        )
        clear = clear and max(len(row) for row in cells) == len(columns)
        if not clear or None in singles.values():
            return Drawn(self._table_end, None, AMBIGUOUS) if figures else None
        rows = []
        for index, segments in enumerate(block):
            row = [""] * len(columns)
            for segment in segments:
                row[singles.get(index) or 0 if index in singles else _column_of(columns, segment)] = segment[2]
            rows.append(tuple(row))
        return Drawn(self._table_end, tuple(rows))


def _sums_to_end(marks: Sequence[bool]) -> list[int]:
    """How many are true from each place to the end."""
    return [*accumulate(reversed(marks), initial=0)][::-1]


def _clear_from(lines: list[list[Segment]]) -> list[bool]:
    """For each line, whether it and those below stand in three columns or more, no line with two entries in one, and
    one line with all of them.

    From the last line up columns only grow together, so from the first line that has two entries in one, none is clear
    above it. Only where columns have grown together the lines below are looked at again.
    """
    result = [False] * len(lines)
    columns: list[tuple[int, int]] = []
    most = 0
    for index in range(len(lines) - 1, -1, -1):
        before = len(columns)
        fresh = 0
        for start, end, _ in lines[index]:
            at = bisect_left(columns, start, key=itemgetter(1))
            if at < len(columns) and columns[at][1] == start:
                at += 1  # side by side is not one above the other
            last = at
            while last < len(columns) and columns[last][0] < end:
                last += 1
            over = columns[at:last]
            fresh += not over
            columns[at:last] = (
                [(min(start, *(a for a, _ in over)), max(end, *(b for _, b in over)))] if over else [(start, end)]
            )
        again = lines[index:] if len(columns) < before + fresh else lines[index : index + 1]
        if any(len({_column_of(columns, segment) for segment in segments}) < len(segments) for segments in again):
            break
        most = max(most, len(lines[index]))
        result[index] = most == len(columns) >= MIN_WORDY_COLUMNS
    return result


def _block_end(lines: Sequence[str], start: int, most: int) -> int:
    """The index behind the run of lines with text from ``start``, or behind ``most`` of them."""
    end = start
    while (
        end < min(len(lines), start + most) and lines[end].strip() and "\t" not in lines[end] and "|" not in lines[end]
    ):
        end += 1
    return end


def _segments(line: str) -> list[Segment]:
    """Entries of a line that two blanks or more divide: first and last place, text."""
    return [(match.start(), match.end(), match[0]) for match in SEGMENT.finditer(line.expandtabs())]


def _columns(lines: list[list[Segment]]) -> list[tuple[int, int]]:
    """Stretches of the line that entries cover without a gap common to all lines."""
    columns: list[tuple[int, int]] = []
    for start, end in sorted((start, end) for segments in lines for start, end, _ in segments):
        if columns and start < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(end, columns[-1][1]))
        else:
            columns.append((start, end))
    return columns


def _column_of(columns: list[tuple[int, int]], segment: Segment) -> int:
    return bisect_right(columns, segment[0], key=itemgetter(0)) - 1


def _single(columns: list[tuple[int, int]], segment: Segment) -> int | None:
    """The column of a line's only entry: the first if it begins there, else the one it stands over; None if unclear."""
    if segment[0] < columns[0][1]:
        return 0
    over = [index for index, (start, end) in enumerate(columns) if segment[0] < end and segment[1] > start]
    return over[0] if len(over) == 1 else None


def _is_wordy(segments: list[Segment]) -> bool:
    """Whether the entries of a line are short words and no sentences."""
    texts = [text for _, _, text in segments]
    return (
        len(texts[0]) <= MAX_WORDY_LABEL
        and all(len(text) <= MAX_WORDY_SEGMENT for text in texts[1:])
        and not any(text[-1] in ".!?;," for text in texts)
    )
