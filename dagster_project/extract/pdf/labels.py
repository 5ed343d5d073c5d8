"""Labels that do not stand one to a row: over several rows, or over a group.

Belongs here: a label beside the repeated names of its rows, a group's label right above its first row. Does not belong
here: which lines make a row (``rows``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dagster_project.extract.pdf.lines import join_texts
from dagster_project.extract.pdf.rows import SAME_LINE, Entry, Row
from dagster_project.extract.structure import YEAR_CELL, PrintedText, Spans, box_of, is_number

NUMERIC_LABEL: Final = re.compile(r"\d{1,4}(?:\s?[-–—/]\s?\d{1,4}|\+)?(?:\s(?:år|%|\*))?\*{0,2}")
"""A label that is complete in itself: a year, an age, a range."""
MIN_CYCLES: Final = 2
MAX_CYCLE: Final = 6


def spread_labels(rows: list[list[str]], spans: Spans) -> None:
    """Let a label stand over all rows of its group where the second column names the rows of each group alike.

    ``Försörjningsstöd | Antal`` above ``| Andel``: the label holds for both, also where its second line stands by the
    second of them. Most groups must leave the first column empty there, or each row has a label of its own.
    """
    first = next((i for i, row in enumerate(rows) if any(map(_is_figure, row[2:]))), len(rows))
    names = [row[1] if len(row) > 2 else "" for row in rows[first:]]
    size = _cycle(names)
    if size is None:
        return
    groups = [
        list(range(start, start + size))
        for start in range(first, len(rows) - size + 1, size)
        if names[start - first : start - first + size] == names[:size]
    ]
    labels = [[rows[index][0] for index in group] for group in groups]
    single = sum(bool(texts[0]) and not any(texts[1:]) for texts in labels)
    if 2 * single <= len(groups) or not all(texts[0] for texts in labels):
        return
    ends = [*(group[0] for group in groups[1:]), len(rows)]
    for group, texts, end in zip(groups, labels, ends, strict=True):
        rows[group[0]][0] = _joined([text for text in texts if text])
        for index in group[1:]:
            rows[index][0] = ""
        drawn = spans.get((group[0], 0), (1, 1))[0]
        spans[group[0], 0] = (min(max(size, drawn), end - group[0]), 1)


def _cycle(names: Sequence[str]) -> int | None:
    """How many different words come again and again in the same order, from the first on."""
    for size in range(2, MAX_CYCLE + 1):
        cycle = names[:size]
        if len(names) < MIN_CYCLES * size or len(set(cycle)) < size or not all(_is_name(name) for name in cycle):
            continue
        if names[size : 2 * size] == cycle:
            return size
    return None


def _is_name(text: str) -> bool:
    return any(char.isalpha() for char in text) and not is_number(text)


def _is_figure(text: str) -> bool:
    return is_number(text) and YEAR_CELL.fullmatch(text) is None


def _joined(texts: Sequence[str]) -> str:
    boxes = [box for text in texts if (box := box_of(text)) is not None]
    if not boxes:
        return join_texts(texts)
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return PrintedText(join_texts(texts), (min(x0), min(y0), max(x1), max(y1)))


def part_groups(rows: Sequence[Row]) -> list[Row]:
    """Rows in which the label of a group is a row of its own, not the beginning of the first label below it.

    A label that is a year or a range is complete, so words on a line above it are no part of it, where other rows are
    labelled by such a label alone.
    """
    alone = sum(len(lines) == 1 and _is_numeric(lines[0]) for lines in map(_label_lines, rows))
    return [part for row in rows for part in (_parted(row) if alone else [row])]


def _label_lines(row: Row) -> list[list[Entry]]:
    """The entries of the first column line by line."""
    lines: list[list[Entry]] = []
    for entry in sorted((e for e in row.entries if e.column == 0), key=lambda e: (e.segment.y, e.segment.x0)):
        if lines and entry.segment.y - lines[-1][-1].segment.y <= SAME_LINE * entry.segment.size:
            lines[-1].append(entry)
        else:
            lines.append([entry])
    return lines


def _is_numeric(line: Sequence[Entry]) -> bool:
    return NUMERIC_LABEL.fullmatch(" ".join(entry.segment.text for entry in line)) is not None


def _parted(row: Row) -> list[Row]:
    lines = _label_lines(row)
    if len(lines) < 2 or not _is_numeric(lines[-1]) or any(_is_numeric(line) for line in lines[:-1]):
        return [row]
    above = {id(entry) for line in lines[:-1] for entry in line}
    rest = [entry for entry in row.entries if id(entry) not in above]
    first = lines[-1][0].segment
    if any(entry.segment.y < first.y - SAME_LINE * first.size for entry in rest):
        return [row]
    edge = lines[-2][-1].segment.y
    return [
        Row([entry for entry in row.entries if id(entry) in above], row.top, edge),
        Row(rest, min(entry.segment.top for entry in rest), row.bottom, row.tall),
    ]
