"""Tables drawn with characters in plain text: Markdown pipes, and columns aligned by runs of spaces.

Belongs here: telling such tables from prose, and refusing what could be cut in two ways. Does not belong here: tabs,
markup and encodings (``text``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from dagster_project.extract.structure import is_number

PIPE = re.compile(r"(?<!\\)\|")
PIPE_RULE = re.compile(r"\|?\s*:?-{2,}:?\s*(?:[|+]\s*:?-{2,}:?\s*)*\|?")
BOX_RULE = re.compile(r"[+|:=\-\u2500-\u257f ]*(?:[-=\u2500\u2501\u2550]{2}|\+)[+|:=\-\u2500-\u257f ]*")
"""A line of a drawn box: ``+-----+=====+``, or the same in line characters."""
BOX_PIPES = str.maketrans(dict.fromkeys("\u2502\u2503\u2551", "|"))
BOX_STARTS = ("+-", "+=", "\u250c", "\u250f", "\u2554")
RULE_LINE = re.compile(r"\s*[-=_\u2013\u2014\u2500]{3,}(?:\s+[-=_\u2013\u2014\u2500]{3,})*\s*")
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


def drawn_table(lines: Sequence[str], start: int) -> Drawn | None:
    """The table that begins with line ``start``, if one is drawn there; None for prose."""
    if lines[start].lstrip().startswith(BOX_STARTS):
        return _boxed(lines, start)
    if "|" in lines[start]:
        return _piped(lines, start)
    if "  " in lines[start].strip():
        return _aligned(lines, start)
    # A head over the second column only begins with blanks.
    indented = lines[start].startswith("  ") and start + 1 < len(lines) and "  " in lines[start + 1].strip()
    return _aligned(lines, start) if indented and lines[start].strip() else None


def _piped(lines: Sequence[str], start: int) -> Drawn | None:
    """Lines with pipes, with the rule of dashes under the head, or with a pipe at both ends of each line."""
    end = start
    while end < len(lines) and "\t" not in lines[end] and ("|" in lines[end] or _is_crossed(lines[end])):
        end += 1
    block = [line.strip() for line in lines[start:end]]
    ruled = len(block) > 1 and PIPE_RULE.fullmatch(block[1]) is not None
    closed = all(len(line) > 1 and line[0] == line[-1] == "|" for line in block)
    if len(block) < 2 or not (ruled or closed):
        return None
    rows = [
        tuple(cell.strip().replace("\\|", "|") for cell in PIPE.split(line.removeprefix("|").removesuffix("|")))
        for line in block
        if not PIPE_RULE.fullmatch(line)
    ]
    if max(len(row) for row in rows) < 2:
        return None
    return Drawn(end, tuple(rows), whole=True)


def _is_crossed(line: str) -> bool:
    """The rule under a header as databases print it: ``-----+-----``."""
    return "+" in line and PIPE_RULE.fullmatch(line.strip()) is not None


def _boxed(lines: Sequence[str], start: int) -> Drawn | None:
    """A table in a box: rules between all rows, each then of one line or more, or only around the header."""
    end = start
    groups: list[list[tuple[str, ...]]] = []
    while end < len(lines) and (line := lines[end].strip().translate(BOX_PIPES)):
        if BOX_RULE.fullmatch(line):
            groups.append([])
        elif len(line) > 1 and line[0] == line[-1] == "|":
            groups[-1].append(tuple(cell.strip().replace("\\|", "|") for cell in PIPE.split(line[1:-1])))
        else:
            break
        end += 1
    filled = [group for group in groups if group]
    if len(groups) < 2 or not filled or max(len(row) for group in filled for row in group) < 2:
        return None
    if len({len(row) for group in filled for row in group}) > 1:
        # Merged cells: which columns they cover, only the eye can tell.
        return Drawn(end, None, AMBIGUOUS)
    if len(filled) > 2 or all(len(group) == 1 for group in filled):
        rows = [
            tuple(" ".join(part for part in parts if part) for parts in zip(*group, strict=True)) for group in filled
        ]
    elif all(row[0] for row in filled[-1]):
        rows = [row for group in filled for row in group]
    else:
        return Drawn(end, None, AMBIGUOUS)
    return Drawn(end, tuple(rows), whole=True)


def _aligned(lines: Sequence[str], start: int) -> Drawn | None:
    """A run of lines whose words stand in columns.

    Two lines with figures behind a gap are evidence, or lines of short words in three columns. Each column must be
    clear: no line has two entries in one, and one line fills all of them.
    """
    if not _may_be_aligned(lines[start : _block_end(lines, start, LOOK_AHEAD)]):
        return None
    end = _block_end(lines, start, len(lines))
    drawn = [line for line in lines[start:end] if not RULE_LINE.fullmatch(line)]
    block = [_segments(line) for line in drawn]
    while len(block[-1]) < 2:
        block.pop()
        end -= 1
        while RULE_LINE.fullmatch(lines[end - 1]):
            end -= 1
    many = [segments for segments in block if len(segments) > 1]
    with_figures = sum(1 for segments in many if any(is_number(text) for _, _, text in segments[1:]))
    figures = with_figures >= 2 or (with_figures == 1 and len(many) == 2)
    wordy = len(block) == len(many) and all(_is_wordy(segments) for segments in many)
    if len(many) < 2 or not (figures or wordy):
        return None
    columns = _columns(many)
    cells = [[_column_of(columns, segment) for segment in segments] for segments in many]
    singles = {index: _single(columns, segments[0]) for index, segments in enumerate(block) if len(segments) == 1}
    clear = len(columns) >= (2 if figures else MIN_WORDY_COLUMNS) and all(len(set(row)) == len(row) for row in cells)
    clear = clear and max(len(row) for row in cells) == len(columns)
    if not clear or None in singles.values():
        return Drawn(end, None, AMBIGUOUS) if figures else None
    rows = []
    for index, segments in enumerate(block):
        row = [""] * len(columns)
        for segment in segments:
            row[singles.get(index) or 0 if index in singles else _column_of(columns, segment)] = segment[2]
        rows.append(tuple(row))
    return Drawn(end, tuple(rows))


def _block_end(lines: Sequence[str], start: int, most: int) -> int:
    """The index behind the run of lines with text from ``start``, or behind ``most`` of them."""
    end = start
    while (
        end < min(len(lines), start + most) and lines[end].strip() and "\t" not in lines[end] and "|" not in lines[end]
    ):
        end += 1
    return end


def _segments(line: str) -> list[tuple[int, int, str]]:
    """Entries of a line that two blanks or more divide: first and last place, text."""
    return [(match.start(), match.end(), match[0]) for match in SEGMENT.finditer(line.expandtabs())]


def _may_be_aligned(lines: Sequence[str]) -> bool:
    """Whether the first lines of a block hold figures behind a gap, or short words only: keeps long prose cheap."""
    if any(len(line) > MAX_LINE for line in lines):
        return False
    block = [_segments(line) for line in lines if not RULE_LINE.fullmatch(line)]
    figures = any(is_number(text) for segments in block for _, _, text in segments[1:])
    return figures or all(_is_wordy(segments) for segments in block)


def _columns(lines: list[list[tuple[int, int, str]]]) -> list[tuple[int, int]]:
    """Stretches of the line that entries cover without a gap common to all lines."""
    columns: list[tuple[int, int]] = []
    for start, end in sorted((start, end) for segments in lines for start, end, _ in segments):
        if columns and start < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(end, columns[-1][1]))
        else:
            columns.append((start, end))
    return columns


def _column_of(columns: list[tuple[int, int]], segment: tuple[int, int, str]) -> int:
    return bisect_right(columns, segment[0], key=itemgetter(0)) - 1


def _single(columns: list[tuple[int, int]], segment: tuple[int, int, str]) -> int | None:
    """The column of a line's only entry: the first if it begins there, else the one it stands over; None if unclear."""
    if segment[0] < columns[0][1]:
        return 0
    over = [index for index, (start, end) in enumerate(columns) if segment[0] < end and segment[1] > start]
    return over[0] if len(over) == 1 else None


def _is_wordy(segments: list[tuple[int, int, str]]) -> bool:
    """Whether the entries of a line are short words and no sentences."""
    texts = [text for _, _, text in segments]
    return (
        len(texts[0]) <= MAX_WORDY_LABEL
        and all(len(text) <= MAX_WORDY_SEGMENT for text in texts[1:])
        and not any(text[-1] in ".!?;," for text in texts)
    )
