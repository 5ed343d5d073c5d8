"""Rows of a table whose columns are known.

Belongs here: which printed lines are one row: wrapped labels, rules and shading between rows, the pitch of lines. Does
not belong here: where a table begins and ends (``tables``) and what its columns are (``columns``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from dagster_project.extract.pdf.lines import Segment, first_token
from dagster_project.extract.structure import NUMBER, YEAR_CELL, is_number

SAME_LINE = 0.25
"""Share of the size by which baselines of one printed line may differ."""
TIGHT = 1.22
"""Lines further apart than this many times the tightest pitch are different rows, if nothing else tells."""


UNTOLD = "its columns cannot be told apart"
SEVERAL_FIGURES = f"{UNTOLD}: a cell may hold several figures"
BROKEN_FIGURE = "a figure may go on in the line below it"


class Untold(Exception):  # noqa: N818 - a verdict, not an error of the program
    """The region is a table, but its cells cannot be told for sure; ``reason`` says why."""

    def __init__(self, reason: str = UNTOLD) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Entry:
    """One printed line of one column; ``column`` is None for text that runs across columns."""

    column: int | None
    segment: Segment
    is_number: bool
    heads: bool = False
    """Whether everything on its line is bold, and there are several texts, none of them a figure: part of a header."""


@dataclass(slots=True)
class Row:
    """The entries of one row and the vertical extent of their text (points)."""

    entries: list[Entry]
    top: float
    bottom: float
    tall: frozenset[int] = frozenset()
    """Columns whose cell stands in the row below too: a header over one column beside headers over several."""


def split_rows(
    entries: Sequence[Entry],
    dividers: Sequence[float],
    widths: Sequence[tuple[float, float]],
    leading: float,
) -> list[Row]:
    """Part the entries of a table into rows.

    Args:
        entries: all printed lines of all columns.
        dividers: y of the rules and edges of shading that part rows all the way across; in order.
        widths: left and right end of every column (points).
        leading: distance of baselines in the prose of the page, as a multiple of the size.
    """
    tucked = _tucked(entries)
    if not tucked:
        return _split_rows(entries, dividers, widths, leading)
    below = {id(b) for _, b in tucked}
    rows = _split_rows([e for e in entries if id(e) not in below], dividers, widths, leading)
    for above, entry in tucked:
        next(row for row in rows if any(e.segment is above.segment for e in row.entries)).entries.append(entry)
    return rows


OVERPRINTED = "lines are printed over each other"
OVERPRINTED_EM = 0.6
"""Distance of baselines, as a multiple of the size, below which two lines are printed over each other."""


def _tucked(entries: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """Second lines of labels that had no room in the height of their row, each with the line that it goes on with.

    They reach into the next row, which has figures of its own, as the row of the line above has.

    Raises:
        Untold: lines of one column are printed over each other, and which row they belong to is not told.
    """
    by_column: dict[int | None, list[Entry]] = {}
    figures: list[float] = []
    for entry in entries:
        by_column.setdefault(entry.column, []).append(entry)
        if entry.column and entry.is_number:
            figures.append(entry.segment.y)

    def has_figures(entry: Entry) -> bool:
        return any(abs(y - entry.segment.y) <= SAME_LINE * entry.segment.size for y in figures)

    found: list[tuple[Entry, Entry]] = []
    for column in by_column.values():
        ordered = sorted(column, key=lambda e: e.segment.y)
        for index, (b, c) in enumerate(pairwise(ordered)):
            gap, size = c.segment.y - b.segment.y, min(b.segment.size, c.segment.size)
            if not SAME_LINE * size < gap < OVERPRINTED_EM * size:
                continue
            if b.segment.x0 >= c.segment.x1 or c.segment.x0 >= b.segment.x1:
                continue
            a = ordered[index - 1] if index else None
            if (
                a is None
                or b.is_number
                or has_figures(b)
                or not (has_figures(a) and has_figures(c))
                or not 0.95 * size < b.segment.y - a.segment.y < 1.3 * size
                or abs(a.segment.x0 - b.segment.x0) > 1
            ):
                raise Untold(OVERPRINTED)
            found.append((a, b))
    return found


def _split_rows(
    entries: Sequence[Entry],
    dividers: Sequence[float],
    widths: Sequence[tuple[float, float]],
    leading: float,
) -> list[Row]:
    drawn = rows_as_drawn(entries, dividers, widths, leading)
    if drawn is not None:
        return drawn
    bands: list[list[Entry]] = [[] for _ in range(len(dividers) + 1)]
    for entry in entries:
        middle = entry.segment.y - 0.3 * entry.segment.size
        bands[sum(1 for y in dividers if y < middle)].append(entry)
    bands = [band for band in bands if band]
    wrapped = _wrapped_numbers(entries, widths, leading)
    if wrapped:
        # Between rules a number that had no room is one; without them the row below may be a row.
        if len(bands) < 3:
            raise Untold(BROKEN_FIGURE)
        bands = [[replace(e, is_number=e.is_number and id(e) not in wrapped) for e in band] for band in bands]
        entries = [entry for band in bands for entry in band]
    pitch = _Pitch(entries, leading)
    ruled = sum(1 for band in bands if not _several_rows(band, 1))
    every_row_ruled = len(bands) > 2 and ruled >= 0.8 * len(bands)
    rows: list[Row] = []
    for band in bands:
        if every_row_ruled and not _several_rows(band, 2):
            rows.append(_row(band))
        else:
            rows.extend(_rows_of_band(band, pitch, widths))
    return rows


def rows_as_drawn(
    entries: Sequence[Entry],
    dividers: Sequence[float],
    widths: Sequence[tuple[float, float]],
    leading: float,
) -> list[Row] | None:
    """The rows in the order in which the writer drew them, cell by cell; None where that order is another one.

    A cell to the right of the one before goes on with the row, one to the left of it begins the next. The rows found
    must lie below each other, but for header cells that stand beside two of them.
    """
    rows: list[list[list[Entry]]] = []
    ordered = sorted(entries, key=lambda e: e.segment.order)
    within = _least_gap(ordered)
    pitch = _least_pitch(entries)
    for entry in ordered:
        row = rows[-1] if rows else None
        last = row[-1][-1] if row else None
        if row is None or last is None:
            rows.append([[entry]])
        elif entry.segment.y > last.segment.y + SAME_LINE * last.segment.size and _meets(entry, row[-1]):
            if _is_same_cell(row, entry, dividers, widths, within, pitch, leading):
                row[-1].append(entry)
            elif len(row) > 1 and row[0][0].column == entry.column:
                return None
            else:
                rows.append([[entry]])
        elif entry.segment.x0 >= last.segment.x1 - 1:
            row.append([entry])
        else:
            rows.append([[entry]])
    found = [_row([entry for cell in row for entry in cell]) for row in rows]
    for above, below in pairwise(found):
        over = [e for e in above.entries if e.segment.y > below.top]
        taken = {e.column for e in below.entries}
        if any(e.column is None or e.column in taken or e.is_number for e in over):
            return None
        if any(above.top < y < below.bottom for y in dividers) and over and len(found) < 3:
            return None
        above.tall = frozenset(e.column for e in over if e.column is not None)
    return found


def _meets(entry: Entry, cell: Sequence[Entry]) -> bool:
    """Whether a line stands below the lines of a cell, over some of their width."""
    return any(entry.segment.x0 < e.segment.x1 and entry.segment.x1 > e.segment.x0 for e in cell)


def _least_gap(ordered: Sequence[Entry]) -> float:
    """Least distance of baselines of texts drawn one after the other in one column: that of wrapped lines, if any."""
    gaps = [
        b.segment.y - a.segment.y
        for a, b in pairwise(ordered)
        if a.column == b.column and not (a.is_number and b.is_number) and b.segment.y > a.segment.y + 2
    ]
    return min(gaps, default=0.0)


CLOSER = 0.9
"""Share of the least distance of two rows below which two lines are no rows."""


def _least_pitch(entries: Sequence[Entry]) -> float:
    """Least distance of figures in one column; 0 where fewer than three rows print any."""
    columns: dict[int, list[float]] = {}
    for entry in entries:
        if entry.column and entry.is_number:
            columns.setdefault(entry.column, []).append(entry.segment.y)
    gaps = [b - a for ys in columns.values() if len(ys) > 2 for a, b in pairwise(sorted(ys)) if b - a > 2]
    return min(gaps, default=0.0)


def _is_same_cell(
    row: Sequence[Sequence[Entry]],
    entry: Entry,
    dividers: Sequence[float],
    widths: Sequence[tuple[float, float]],
    within: float,
    pitch: float,
    leading: float,
) -> bool:
    """Whether a line drawn right after a cell, below it, is its next line, not the first cell of the next row."""
    last = row[-1][-1]
    gap, size = entry.segment.y - last.segment.y, last.segment.size
    if any(last.segment.y < y < entry.segment.top for y in dividers):
        return False
    if gap > 1.9 * size or abs(entry.segment.size - size) > 0.6:
        return False
    if row[0][0].heads and _is_below_header(entry):
        return False
    if len(row) > 1:
        # Right of the label: the next row would begin with its own label further left.
        return not (last.is_number and entry.is_number) or _is_wrapped_pair(last, entry, widths)
    lower = entry.segment.text[:1].islower()
    if lower and len(dividers) > 1 and not entry.is_number and not last.is_number:
        # Rules part the rows, and none stands between.
        return True
    # A raised footnote mark makes room above its line.
    torn = lower and gap < 1.45 * within
    if gap > 1.15 * within and not torn:
        return False
    if entry.segment.bold != last.segment.bold or (entry.is_number and last.is_number):
        return False
    if _is_below_group(last, entry):
        return False
    if gap > 1.25 * leading * size:
        return False
    if gap < CLOSER * pitch and gap < 1.05 * within:
        # Nearer than the figures of any two rows, as near as the lines of any cell.
        return True
    width = widths[entry.column] if entry.column is not None else (widths[0][0], widths[-1][1])
    return not would_fit(last.segment, entry.segment, width)


MIN_CAPITALS = 6
"""Letters of a text in capitals that is no abbreviation."""


def _is_below_group(above: Entry, below: Entry) -> bool:
    """Whether two lines of labels are that of a group, in capitals or with a colon, and that of its first row."""
    group, label = above.segment.text, below.segment.text
    if not above.column and group.endswith(":") and label[:1].isupper():
        return True
    return (
        not above.column
        and group.isupper()
        and sum(char.isalpha() for char in group) >= MIN_CAPITALS
        and label[:1].isupper()
        and not label.isupper()
    )


def _is_wrapped_pair(above: Entry, below: Entry, widths: Sequence[tuple[float, float]]) -> bool:
    """Whether two numbers of one column, drawn one after the other, are one that had no room on a line.

    Raises:
        Untold: they may be one, but there was room.
    """
    tail = below.segment.text
    is_one = len(tail) == 3 and tail.isdigit() and NUMBER.fullmatch(f"{above.segment.text} {tail}") is not None
    if is_one and (above.column is None or would_fit(above.segment, below.segment, widths[above.column])):
        raise Untold(BROKEN_FIGURE)
    return is_one


def rows_of_lines(
    entries: Sequence[Entry], widths: Sequence[tuple[float, float]], leading: float, *, may_be_body: bool
) -> list[Row]:
    """The row between two rules; several, where the rules between the rows were left out.

    Numbers on more than one line of more than one column (or of the only one with numbers) show several rows; a
    single cell with two lines is a wrapped one.

    Args:
        entries: what stands between two rules.
        widths: room for text in every column (points).
        leading: distance of baselines in the prose of the page, as a multiple of the size.
        may_be_body: the table has so few rules that they may enclose its whole body.
    """
    columns: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.is_number and entry.column:
            columns.setdefault(entry.column, []).append(entry)
    wrapped = {column for column, found in columns.items() if _is_wrapped_number(found, widths[column])}
    numeric = {column for column in columns if column not in wrapped}
    entries = [replace(e, is_number=e.is_number and e.column not in wrapped) for e in entries]
    pitch = _Pitch(entries, leading)
    labels = [entry for entry in entries if entry.column == 0]
    body = may_be_body and bool(numeric) and len(_chains(labels, pitch, widths)) > 1
    if body or _several_rows(entries, min(2, max(1, len(numeric)))):
        return rows_as_drawn(entries, [], widths, leading) or _rows_of_band(entries, pitch, widths)
    return [_row(entries)]


def rows_of_labels(entries: Sequence[Entry], width: tuple[float, float]) -> list[Row]:
    """Labels of groups below each other, with room for all that a line holds: only a line that was full goes on."""
    rows: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda e: (e.segment.y, e.segment.x0)):
        last = rows[-1][-1].segment if rows else None
        if last is None or (entry.segment.y > last.y + 2 and would_fit(last, entry.segment, width)):
            rows.append([entry])
        else:
            rows[-1].append(entry)
    return [_row(row) for row in rows]


def _is_wrapped_number(entries: Sequence[Entry], width: tuple[float, float]) -> bool:
    """Whether the lines of a cell are one number that had no room: ``228`` above ``144`` is 228 144."""
    ordered = sorted(entries, key=lambda e: e.segment.y)
    if len(ordered) < 2:
        return False
    if len(ordered) == 2 and is_broken(ordered[0].segment, ordered[1].segment, width):
        return True
    if not is_number(" ".join(entry.segment.text for entry in ordered)):
        return False
    pairs = list(pairwise(ordered))
    return all(not would_fit(a.segment, b.segment, width) for a, b in pairs)


SHORT_WORDS = frozenset(
    [
        "per", "mot", "och", "i", "av", "till", "från", "för", "med", "inkl", "exkl", "kr", "tkr", "mkr",
        "mnkr", "år", "ack", "plan", "mål", "vid", "på", "som", "är", "den", "det", "ej", "två", "tre",
        "fyra", "fem", "mån", "dag", "tim", "st", "kvm", "kv", "samt", "utan", "över", "om", "el", "va",
        "barn", "elev", "män", "hel", "jan", "feb", "mars", "juni", "juli", "aug", "sep", "okt", "nov", "dec",
        "kvar", "tal", "data", "ökat", "nytt", "nya", "ny", "nu", "in", "ut", "åa",
    ]
)  # fmt: skip
"""Short words that may stand alone on the second line of a cell."""
MAX_TAIL = 4
"""Letters of the end of a broken word that can be told from a word."""


ROUNDED = 0.5
"""Points by which the room in a cell may be seen wrong."""


def is_broken(a: Segment, b: Segment, width: tuple[float, float], known: Collection[str] = ()) -> bool:
    """Whether a line ends in the middle of a word or number that was too long for its cell.

    A writer breaks a word only where it alone fills a line: not one more character had room there.

    Args:
        a: the upper line.
        b: the lower line.
        width: room for text in the cell as rules draw it (points).
        known: words of the page; a whole word that is among them was broken, whatever its end looks like.
    """
    tail = b.text.split(" ", 1)[0]
    character = first_token(b.words) / max(1, len(tail))
    room = width[1] - width[0] + ROUNDED
    if _completes_date(a, b):
        return True
    if a.text[-1:].isdigit() or (a.text[-1:] == "," and a.text[-2:-1].isdigit()):
        if not a.x1 - a.x0 <= room < a.x1 - a.x0 + character:
            return False
        spaced, glued = f"{a.text} {tail}", f"{a.text}{tail}"
        return is_number(glued) and tail.isdigit() and (len(tail) < 3 or not is_number(spaced))
    tail = tail.rstrip(").,:;")
    if not a.x1 - a.x0 <= room < a.x1 - a.x0 + character + 2 * ROUNDED:
        return False
    if " " in a.text or not a.text[-1:].isalpha() or not tail.isalpha():
        return False
    if not (tail.islower() or (tail.isupper() and a.text.isupper())):
        return False
    if f"{a.text}{tail}".casefold() in known:
        return True
    return len(tail) <= MAX_TAIL and tail.casefold() not in SHORT_WORDS


BROKEN_ENDS = frozenset(
    {"e", "r", "n", "t", "s", "a", "g", "d", "er", "ar", "or", "na", "on", "ion", "ng", "ing", "der", "nde"}
)
"""Ends of words that are no words themselves."""
LISTED = re.compile(r"(?:\d{1,2}, )+\d")
"""Numbers of notes, the last of one digit."""
DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2}")


def is_broken_end(a: Segment, b: Segment, width: tuple[float, float], known: Collection[str] = ()) -> bool:
    """Whether a line goes on with the word or number above in a cell whose room is shown by other texts only.

    Args:
        a: the upper line.
        b: the lower line.
        width: what the texts of the column take (points).
        known: words of the document.
    """
    if LISTED.fullmatch(a.text) and b.text.isdigit() and len(b.text) == 1:
        # A comma parts the numbers of a list.
        return True
    if _completes_date(a, b):
        return True
    tail = b.text.split(" ", 1)[0]
    whole = b.text == tail or len(b.text.split(" ")[1]) > 1
    end = tail.rstrip(").,:;").casefold()
    if end in BROKEN_ENDS and whole:
        return is_broken(a, b, width)
    is_word = a.text.isalpha() and f"{a.text}{end}".casefold() in known
    return is_word and is_broken(a, b, width, known)


def _completes_date(a: Segment, b: Segment) -> bool:
    return b.text.isdigit() and DATE.fullmatch(a.text + b.text) is not None


def _wrapped_numbers(entries: Sequence[Entry], widths: Sequence[tuple[float, float]], leading: float) -> set[int]:
    """Identities of entries that may be the second line of a number: three digits close below one to three digits."""
    found: set[int] = set()
    by_column: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.column and entry.is_number:
            by_column.setdefault(entry.column, []).append(entry)
    for numbers in by_column.values():
        numbers.sort(key=lambda e: e.segment.y)
    usual = _usual_pitch([b.segment.y - a.segment.y for found in by_column.values() for a, b in pairwise(found)])
    least = _least_distance(entries)
    for column, numbers in by_column.items():
        for a, b in pairwise(numbers):
            gap = b.segment.y - a.segment.y
            if gap > 1.12 * least:
                # Other lines of this table stand closer: those are the wrapped ones.
                continue
            close = gap < 1.2 * leading * a.segment.size and not abs(gap - usual) < 0.05 * usual
            text = f"{a.segment.text} {b.segment.text}"
            tail = len(b.segment.text) == 3 and b.segment.text.isdigit()
            if close and tail and NUMBER.fullmatch(text) and not would_fit(a.segment, b.segment, widths[column]):
                found.add(id(b))
    return found


def _least_distance(entries: Sequence[Entry]) -> float:
    """The least distance of baselines of two lines of one column."""
    by_column: dict[int | None, list[float]] = {}
    for entry in entries:
        by_column.setdefault(entry.column, []).append(entry.segment.y)
    gaps = [b - a for ys in by_column.values() for a, b in pairwise(sorted(ys)) if b - a > 2]
    return min(gaps, default=0.0)


def _usual_pitch(gaps: Sequence[float]) -> float:
    """The distance of baselines that most figures keep from those above them; 0 where there is none."""
    counts = Counter(round(2 * gap) for gap in gaps)
    if not counts:
        return 0.0
    pitch, _ = counts.most_common(1)[0]
    near = [gap for gap in gaps if abs(2 * gap - pitch) <= 1]
    return median(near) if 2 * len(near) > len(gaps) and len(near) > 2 else 0.0


def _several_rows(band: Sequence[Entry], columns: int) -> bool:
    """Whether at least so many columns of a band print numbers on more than one line."""
    lines: dict[int, set[float]] = {}
    for entry in band:
        if entry.is_number and entry.column:
            lines.setdefault(entry.column, set()).add(round(entry.segment.y))
    return sum(1 for found in lines.values() if len(found) > 1) >= columns


class _Pitch:
    """Distances of baselines: the least of wrapped lines, and the least between numbers of one column."""

    def __init__(self, entries: Sequence[Entry], leading: float) -> None:
        by_column: dict[int, list[Entry]] = {}
        for entry in entries:
            if entry.column is not None:
                by_column.setdefault(entry.column, []).append(entry)
        gaps: list[float] = []
        number_gaps: list[float] = []
        for column, found in by_column.items():
            found.sort(key=lambda e: e.segment.y)
            for a, b in pairwise(found):
                gap = b.segment.y - a.segment.y
                if gap > SAME_LINE * a.segment.size:
                    gaps.append(gap)
                    if column and a.is_number and b.is_number:
                        number_gaps.append(gap)
        self.size = max((entry.segment.size for entry in entries), default=10.0)
        self.least = min(gaps, default=0.0)
        self.numbers = min(number_gaps, default=0.0)
        if self.numbers:
            self.certain = self.least < 0.93 * self.numbers
            self.limit = (
                min(TIGHT * self.least, (self.least + self.numbers) / 2) if self.certain else self.numbers * 1.05
            )
        else:
            looser = sorted(gap for gap in gaps if gap > 1.1 * self.least)
            self.certain = bool(looser)
            nearest = looser[0] if looser else 0.0
            self.limit = min(TIGHT * self.least, (self.least + nearest) / 2) if looser else self.least * 1.05
        if self.least > 1.15 * leading * self.size and not (self.numbers and self.certain):
            # Looser than the prose of the page: these are rows, and no cell is wrapped.
            self.limit = 0.0


def _rows_of_band(band: Sequence[Entry], pitch: _Pitch, widths: Sequence[tuple[float, float]]) -> list[Row]:
    chains = _chains(band, pitch, widths)
    groups: list[list[Entry]] = []
    bottom = float("-inf")
    for chain in sorted(chains, key=lambda c: (_top(c), _bottom(c))):
        if groups and _top(chain) < bottom:
            groups[-1].extend(chain)
            bottom = max(bottom, _bottom(chain))
        else:
            groups.append(list(chain))
            bottom = _bottom(chain)
    rows: list[Row] = []
    for group in groups:
        rows.extend(_row(part) for part in _apart(group))
    return rows


def _top(chain: Sequence[Entry]) -> float:
    return min(entry.segment.y - 0.55 * entry.segment.size for entry in chain)


def _bottom(chain: Sequence[Entry]) -> float:
    return max(entry.segment.y for entry in chain)


def _chains(band: Sequence[Entry], pitch: _Pitch, widths: Sequence[tuple[float, float]]) -> list[list[Entry]]:
    """Consecutive lines of one column that are one cell."""
    by_column: dict[int | None, list[Entry]] = {}
    for entry in band:
        by_column.setdefault(entry.column, []).append(entry)
    chains: list[list[Entry]] = []
    for column, entries in by_column.items():
        entries.sort(key=lambda e: (e.segment.y, e.segment.x0))
        chain: list[Entry] = []
        for entry in entries:
            if chain and _one_cell(chain[-1], entry, pitch, widths[column] if column is not None else None):
                chain.append(entry)
            else:
                chain = [entry]
                chains.append(chain)
    return chains


def _one_cell(a: Entry, b: Entry, pitch: _Pitch, width: tuple[float, float] | None) -> bool:
    gap = b.segment.y - a.segment.y
    if gap <= SAME_LINE * a.segment.size:
        return True
    if gap > pitch.limit or (a.is_number and b.is_number) or _is_below_group(a, b):
        return False
    if a.heads and _is_below_header(b):
        return False
    if not pitch.certain and a.is_number != b.is_number and not YEAR_CELL.fullmatch(b.segment.text):
        return False
    if pitch.certain and not a.heads:
        return True
    return width is not None and not would_fit(a.segment, b.segment, width)


def _is_below_header(entry: Entry) -> bool:
    """Whether a line below one that is all bold begins a row: it is not bold, or the label of a group alone."""
    return not entry.segment.bold or (not entry.heads and not entry.column and entry.segment.text[:1].isupper())


def would_fit(a: Segment, b: Segment, width: tuple[float, float]) -> bool:
    """Whether the first word of a line would have fitted on the line before: then the two are no wrapped text."""
    return (a.x1 - a.x0) + 0.25 * a.size + first_token(b.words) <= (width[1] - width[0]) + 0.5


def _apart(group: list[Entry]) -> list[list[Entry]]:
    """Part a group in which columns print several numbers, one to a row, at the baselines of those numbers.

    The rows begin where the numbers stand if a label stands beside the first of them (cells set at the top), or end
    there if one stands beside the last; else the group stays whole and its cells are refused later.
    """
    ys = sorted({round(entry.segment.y, 1) for entry in group if entry.is_number and entry.column})
    ys = [y for i, y in enumerate(ys) if not i or y - ys[i - 1] > 2]
    if len(ys) < 2 or not _several_rows(group, 1):
        return [group]
    labels = sorted(entry.segment.y for entry in group if not entry.is_number or not entry.column)
    if not labels or abs(labels[0] - ys[0]) < 2:
        cuts = [y - 1 for y in ys[1:]]
    elif abs(labels[-1] - ys[-1]) < 2:
        cuts = [y + 1 for y in ys[:-1]]
    else:
        return [group]
    parts: list[list[Entry]] = [[] for _ in range(len(cuts) + 1)]
    for entry in group:
        parts[sum(1 for cut in cuts if entry.segment.y > cut)].append(entry)
    return [part for part in parts if part]


def _row(entries: Sequence[Entry]) -> Row:
    ordered = sorted(entries, key=lambda e: (e.segment.y, e.segment.x0))
    return Row(ordered, min(entry.segment.top for entry in ordered), max(entry.segment.y for entry in ordered))
