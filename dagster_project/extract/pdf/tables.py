"""Tables of one page: their bounds, their cells, and the refusal of those that cannot be told for sure.

Belongs here: regions of a page that are tables, cells with text and spans, header cells that run over columns. Does
not belong here: joining over pages and header rows by content (``structure``), paragraphs and headings (``outline``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from dagster_project.extract.pdf.characters import CELL_GAP_EM, SPLIT_EM, Word
from dagster_project.extract.pdf.columns import Columns, find_columns
from dagster_project.extract.pdf.labels import part_groups, spread_labels
from dagster_project.extract.pdf.lattice import MAX_SHADE, Lattice, LatticeCell, shaded_cells
from dagster_project.extract.pdf.lines import (
    Segment,
    TextLine,
    are_rows,
    is_contents_line,
    is_list_mark,
    is_of_caption,
    join_texts,
    make_lines,
    segment_of,
)
from dagster_project.extract.pdf.rows import (
    SAME_LINE,
    SEVERAL_FIGURES,
    UNTOLD,
    Entry,
    Row,
    Untold,
    is_broken,
    is_broken_end,
    rows_of_labels,
    rows_of_lines,
    split_rows,
    would_fit,
)
from dagster_project.extract.pdf.rules import Area, Drawing, Rule
from dagster_project.extract.pdf.spans import place_headers
from dagster_project.extract.pdf.tags import PlacedCell, TaggedRow, place_cells
from dagster_project.extract.structure import NUMBER, NUMBERED, YEAR_CELL, Box, PrintedText, is_number

NUMBERS = re.compile(rf"{NUMBER.pattern}(?:\s*%)?(?:\s+{NUMBER.pattern}(?:\s*%)?)+")
"""Several numbers with nothing but space between them."""
MAX_GAP_EM = 4.0
FIRST_GAP_EM = 3.2
ASCENT_EM = 0.95
DESCENT_EM = 0.25
CUT_OFF = "the page ends in the middle of its text"
OVER_FILLED = "a text runs over cells that are filled"
TORN = "its labels do not stand on the rows of their figures"
STRANGE = "text beside it does not stand on its rows"
BETWEEN = "a figure stands between two columns"


@dataclass(slots=True)
class PageTable:
    """A table, or the part of one that stands on this page. Lengths in points."""

    x0: float
    x1: float
    top: float
    bottom: float
    rows: list[list[str]]
    spans: dict[tuple[int, int], tuple[int, int]]
    columns: list[tuple[float, float]]
    marked: int
    """Leading rows that weight or shading marks as header; 0 where nothing marks them."""
    ruled: bool
    header_rows: int | None = None
    """Header rows as the file states them; None where it does not."""
    is_bold: bool = False
    """Whether all of it is bold and without figures: nothing but a header."""
    is_tagged: bool = False
    below_tag: bool = False
    """Whether tags state the header that stands over its rows, on this page or where the table began."""
    below_mark: bool = False
    """Whether a marked header stands over its rows, on this page or where the table began."""
    words: set[int] = field(default_factory=set)
    """Identities of the words that it holds."""
    lines: list[TextLine] | None = None
    """Its lines, where it is a table only with a part on another page: a header at the foot of a page, a row at the top
    of one."""
    is_rest: bool = False
    """Whether that part is on the page before."""


@dataclass(slots=True)
class Refused:
    """A table whose cells could not be told; what goes on with it on the next page is refused too."""

    top: float
    x0: float
    reason: str = UNTOLD
    """What stands behind "a table was left out"."""
    header: tuple[str, ...] = ()
    """The texts, where it is a part of a header that the end of the page cut off."""
    words: set[int] = field(default_factory=set)
    """Identities of the words that stand in it."""


def refused(table: PageTable, reason: str) -> Refused:
    """What is left of a table that cannot stand."""
    return Refused(table.top, table.x0, reason, words=table.words)


# --- tables that are tagged ------------------------------------------------------------------------------------------


def tagged_table(rows: Sequence[TaggedRow], by_content: Mapping[int, Sequence[Word]]) -> PageTable | None:
    """The table of a tag tree; None if its columns are not told by the tags, or if it is a layout of one row or column.

    Args:
        rows: rows of the tree.
        by_content: the words of the page by the marked content that they are printed in.
    """
    placed = place_cells(rows, by_content)
    if not placed:
        return None
    filled = sorted({item.row for item in placed})
    n_cols = max(item.column + item.cell.col_span for item in placed)
    if len({item.column for item in placed}) < 2:
        return None
    at = {row: index for index, row in enumerate(filled)}
    widths: list[tuple[float, float]] = []
    for column in range(n_cols):
        cells = [item.cell for item in placed if item.column == column and item.cell.col_span == 1]
        if not cells:
            return None
        widths.append((min(cell.x0 for cell in cells), max(cell.x1 for cell in cells)))
    texts = [[""] * n_cols for _ in filled]
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    header: list[bool] = [True] * len(filled)
    bold: list[bool] = [True] * len(filled)
    words: list[Word] = []
    for item in placed:
        cell, row = item.cell, at[item.row]
        if any(word.is_cut for word in cell.words):
            return None
        segments = [segment_of([w for s in line.segments for w in s.words]) for line in make_lines(cell.words)]
        entries = [Entry(item.column, segment, segment.is_number) for segment in segments]
        room = widths[item.column][0], widths[item.column + cell.col_span - 1][1]
        texts[row][item.column] = cell_text(entries, room)
        down = sum(1 for other in filled if item.row <= other < item.row + cell.row_span)
        if down > 1 or cell.col_span > 1:
            spans[row, item.column] = down, cell.col_span
        header[row] = header[row] and cell.is_header
        bold[row] = bold[row] and all(word.style.bold for word in cell.words)
        words.extend(cell.words)
    # A part that is all header ends at the foot of a page.
    depth = len(header) if all(header) else _leading(header)
    while depth > 1 and _is_group(placed, filled[depth - 1], n_cols):
        depth -= 1
    return PageTable(
        min(width[0] for width in widths),
        max(width[1] for width in widths),
        min(word.y - 0.75 * word.size for word in words),
        max(word.y for word in words),
        texts,
        spans,
        widths,
        depth or _marked(bold),
        True,
        header_rows=depth or None,
        is_tagged=True,
        words={id(word) for word in words},
    )


def _is_group(placed: Sequence[PlacedCell], row: int, n_cols: int) -> bool:
    """Whether a row is one text over the whole width: below a header it heads the rows of a group."""
    cells = [item for item in placed if item.row == row]
    return len(cells) == 1 and cells[0].column == 0 and cells[0].cell.col_span == n_cols


def _leading(flags: Sequence[bool]) -> int:
    """How many of the first are set; 0 if all are."""
    return next((index for index, flag in enumerate(flags) if not flag), 0)


# --- tables with rules in both directions ----------------------------------------------------------------------------


def _labels_beside(
    beside: Mapping[int, Sequence[tuple[LatticeCell, list[Word]]]],
    sideways: Mapping[int, int],
    entries: dict[int, list[Entry]],
) -> dict[tuple[int, int], int]:
    """Add the texts that run up the side of their rows: each is one label, over however many of their cells it goes.

    Args:
        beside: by column the cells with such texts and their words.
        sideways: the order of the words, by identity.
        entries: of each row; the labels are added to the first row of each.

    Returns:
        By row and column of each label the row behind its last.
    """
    tall: dict[tuple[int, int], int] = {}
    for column, texts in beside.items():
        words = sorted((word for _, found in texts for word in found), key=lambda word: sideways[id(word)])
        segment = replace(segment_of(words), text=" ".join(word.text for word in words))
        first = min(cell.row for cell, _ in texts)
        entries.setdefault(first, []).append(Entry(column, segment, segment.is_number))
        tall[first, column] = max(cell.row_end for cell, _ in texts)
    return tall


def lattice_table(
    lattice: Lattice, words: Sequence[Word], turned: Sequence[Word], leading: float, known: Collection[str] = ()
) -> PageTable | None:
    """The table in a lattice; None if it holds no table (a chart, a frame around text). ``known`` as in ``cell_text``.

    Raises:
        Untold: a cell holds what may be several cells.
    """
    inside = _words_inside(lattice, (*words, *turned))
    if not _are_filled(lattice, inside):
        return None
    n_cols = len(lattice.xs) - 1
    widths = _inner_widths(lattice, inside)
    entries: dict[int, list[Entry]] = {}
    ends: dict[tuple[int, int], int] = {}
    sideways = {id(word): place for place, word in enumerate(turned)}
    beside: dict[int, list[tuple[LatticeCell, list[Word]]]] = {}
    for cell, found in inside.items():
        if all(id(word) in sideways for word in found):
            beside.setdefault(cell.column, []).append((cell, found))
            continue
        for at_row, line in _lines_of_cell(cell, found, lattice):
            for column, end, segment in _parts_of_cell(line, cell, lattice):
                entry = Entry(column, segment, is_number(segment.text))
                entries.setdefault(at_row, []).append(entry)
                if end - column > 1:
                    ends[at_row, column] = max(end, ends.get((at_row, column), 0))
    tall = _labels_beside(beside, sideways, entries)
    cell_of = {(cell.row, cell.column): cell for cell in lattice.cells}
    rows: list[list[str]] = []
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    bold: list[bool] = []
    at: dict[int, int] = {}
    for lattice_row in sorted(entries):
        at[lattice_row] = len(rows)
        may_be_body = 0 < lattice_row == len(lattice.ys) - 2 and len(entries) <= 3
        found_rows = (
            rows_of_labels(entries[lattice_row], (lattice.xs[0], lattice.xs[-1]))
            if lattice_row in lattice.open_rows
            else rows_of_lines(entries[lattice_row], widths, leading, may_be_body=may_be_body)
        )
        for row in found_rows:
            texts = _texts(row, n_cols, widths, known, is_drawn=True)
            for column in texts:
                begun = cell_of.get((lattice_row, column))
                end = ends.get((lattice_row, column), column + 1)
                row_span = begun.row_end - begun.row if begun is not None else 1
                row_span = max(row_span, tall.get((lattice_row, column), 0) - lattice_row)
                if end - column > 1 or row_span > 1:
                    spans[len(rows), column] = (row_span, end - column)
            rows.append([texts.get(column, "") for column in range(n_cols)])
            bold.append(_is_bold_header(row, texts))
    spans = {place: (min(row_span, len(rows) - place[0]), col_span) for place, (row_span, col_span) in spans.items()}
    table = PageTable(
        lattice.xs[0],
        lattice.xs[-1],
        lattice.ys[0],
        lattice.ys[-1],
        rows,
        spans,
        [(lattice.xs[j], lattice.xs[j + 1]) for j in range(n_cols)],
        _marked(bold),
        True,
        words={id(word) for found in inside.values() for word in found},
    )
    _drop_empty_columns(table)
    spread_labels(table.rows, table.spans)
    refuse_doubtful(table)
    refuse_torn_labels(table)
    if any(word.is_cut for found in inside.values() for word in found):
        raise Untold(CUT_OFF)
    return table


def _words_inside(lattice: Lattice, words: Sequence[Word]) -> dict[LatticeCell, list[Word]]:
    """The words in each cell of a lattice that has any."""
    inside: dict[LatticeCell, list[Word]] = {}
    for word in words:
        cell = lattice.cell_at((word.x0 + word.x1) / 2, word.y - 0.3 * word.size)
        if cell is not None:
            inside.setdefault(cell, []).append(word)
    return inside


def _are_filled(lattice: Lattice, inside: Collection[LatticeCell]) -> bool:
    """Whether so many cells have text that the lattice is that of a table: a chart, or a frame around text, has few."""
    filled_rows = {cell.row for cell in inside}
    return (
        len({cell.column for cell in inside}) > 1
        and len(inside) >= min(3, len(lattice.cells))
        and len(filled_rows) * 2 >= len(lattice.ys) - 1
    )


def _lines_of_cell(cell: LatticeCell, words: Sequence[Word], lattice: Lattice) -> Iterator[tuple[int, TextLine]]:
    """The printed lines of a cell, each with the row of the lattice that it stands in."""
    before: TextLine | None = None
    at_row = cell.row
    for line in make_lines(words):
        if before is not None and line.y - before.y > 1.9 * line.size:
            # No rule closes the cell, but its lines stand as far apart as rows do.
            middle = line.y - 0.3 * line.size
            at_row = next((r for r in range(cell.row, cell.row_end) if middle < lattice.ys[r + 1]), at_row)
        before = line
        yield at_row, line


def _parts_of_cell(line: TextLine, cell: LatticeCell, lattice: Lattice) -> list[tuple[int, int, Segment]]:
    """One printed line of a cell as the texts of the columns that it takes: first column, end, text.

    Where no rule parts the cells of a row, the columns are those that rules part in other rows, and white space shows
    which text stands in which.

    Raises:
        Untold: several numbers stand in what is one column, or a text runs over the edge of a filled column.
    """
    whole = segment_of([word for part in line.segments for word in part.words])
    if len(line.segments) == 1 or cell.column_end - cell.column == 1:
        if sum(s.is_number for s in line.segments) > 1 and all(s.is_number for s in line.segments):
            raise Untold(SEVERAL_FIGURES)
        return [(cell.column, cell.column_end, whole)]
    places: list[tuple[int, int, list[Word]]] = []
    for segment in line.segments:
        reached = [
            j
            for j in range(cell.column, cell.column_end)
            if segment.x0 < lattice.xs[j + 1] - OVER and segment.x1 > lattice.xs[j] + OVER
        ]
        if not reached:
            raise Untold  # so narrow, or so far out, that it stands in none of the columns
        first, end = reached[0], reached[-1] + 1
        if places and first < places[-1][1]:
            if end - first > 1 or places[-1][1] - places[-1][0] > 1 or segment.is_number:
                raise Untold
            places[-1][2].extend(segment.words)
            continue
        places.append((first, end, list(segment.words)))
    if len(places) == 1:
        return [(cell.column, cell.column_end, whole)]
    if any(end - first > 1 and NUMBERS.fullmatch(segment_of(words).text) for first, end, words in places):
        raise Untold(SEVERAL_FIGURES)
    return [(first, end, segment_of(words)) for first, end, words in places]


OVER = 1.0
"""Points by which text may run over the edge of its column."""


def _inner_widths(lattice: Lattice, inside: dict[LatticeCell, list[Word]]) -> list[tuple[float, float]]:
    """Room for text in every column: its rules, less the distance that text keeps from them."""
    widths = []
    for column, (left, right) in enumerate(zip(lattice.xs, lattice.xs[1:], strict=False)):
        pads = [
            min(word.x0 - left, right - word.x1)
            for cell, words in inside.items()
            if cell.column == column and cell.column_end == column + 1
            for word in words
        ]
        pad = max(0.5, min(pads, default=0.5))
        widths.append((left + pad, right - pad))
    return widths


def _texts(
    row: Row,
    n_cols: int,
    widths: Sequence[tuple[float, float]],
    known: Collection[str] = (),
    *,
    is_drawn: bool = False,
) -> dict[int, str]:
    """Text of every filled cell of a row; ``known`` and ``is_drawn`` as in ``cell_text``."""
    lines: dict[int, list[Entry]] = {}
    for entry in row.entries:
        if entry.column is not None:
            lines.setdefault(entry.column, []).append(entry)
    return {
        column: cell_text(found, widths[column], known, is_drawn=is_drawn)
        for column, found in lines.items()
        if column < n_cols
    }


def cell_text(
    entries: Sequence[Entry], width: tuple[float, float], known: Collection[str] = (), *, is_drawn: bool = False
) -> str:
    """The lines of one cell as one text; a wide gap, or a line that ends far too early, begins a paragraph.

    Args:
        entries: the lines.
        width: room for text (points).
        known: words of the document; one that had no room on a line is made whole.
        is_drawn: whether rules draw the room.
    """
    entries = sorted(entries, key=lambda e: (round(e.segment.y), e.segment.x0))
    gaps = [b.segment.y - a.segment.y for a, b in pairwise(entries)]
    least = min((gap for gap in gaps if gap > 2), default=0.0)
    breaks = [False]
    for (a, b), gap in zip(pairwise(entries), gaps, strict=True):
        room = (width[1] - width[0]) * 0.75
        early = len(entries) > 2 and a.segment.x1 - a.segment.x0 < room and would_fit(a.segment, b.segment, (0, room))
        breaks.append(gap > 2 and (gap > 1.3 * least or early or _are_figures(a.segment, b.segment)))
    texts = [entry.segment.text for entry in entries]
    for index in range(len(entries) - 1, 0, -1):
        above, below = entries[index - 1].segment, entries[index].segment
        if gaps[index - 1] > 2 and (
            is_broken(above, below, width, known) if is_drawn else is_broken_end(above, below, width, known)
        ):
            texts[index - 1 : index + 1] = [texts[index - 1] + texts[index]]
            del breaks[index]
    return print_text(join_texts(texts, breaks), [word for entry in entries for word in entry.segment.words])


FIGURE = re.compile(r"[-\u2212\u2013+(]?\d[\d\s.,]*[)%]?")


def _are_figures(above: Segment, below: Segment) -> bool:
    """Whether two lines of a cell are a figure each, and no years: together they would read as another figure."""
    return all(FIGURE.fullmatch(line.text) and not YEAR_CELL.fullmatch(line.text) for line in (above, below))


def print_text(text: str, words: Sequence[Word]) -> PrintedText:
    """A text with the place on the page of the words that print it."""
    return PrintedText(text, _box(words))


def _box(words: Sequence[Word]) -> Box:
    """What a text takes on the page, accents and descenders included."""
    return (
        min(word.x0 for word in words),
        min(word.y - (word.rise or ASCENT_EM * word.size) for word in words),
        max(word.x1 for word in words),
        max(word.y + DESCENT_EM * word.size for word in words),
    )


def _is_bold_header(row: Row, texts: Mapping[int, str]) -> bool:
    """Whether everything in a row is bold, and it is no row of a sum: it has no figure right of the first column."""
    return all(entry.segment.bold for entry in row.entries) and not any(
        column and is_number(text) and not YEAR_CELL.fullmatch(text) for column, text in texts.items()
    )


def _marked(bold: Sequence[bool]) -> int:
    """Leading bold rows above rows that are not."""
    depth = 0
    while depth < len(bold) and bold[depth]:
        depth += 1
    return depth if 0 < depth <= 3 and (depth < len(bold)) else 0


def _drop_empty_columns(table: PageTable) -> None:
    """Columns without any text are gaps that rules enclose: double rules, spacers."""
    n_cols = len(table.columns)
    keep = [
        column
        for column in range(n_cols)
        if any(row[column] for row in table.rows) or table.columns[column][1] - table.columns[column][0] > 12
    ]
    if len(keep) == n_cols:
        return
    new = {column: index for index, column in enumerate(keep)}
    spans = {}
    for (row, column), (row_span, col_span) in table.spans.items():
        width = sum(1 for c in range(column, column + col_span) if c in new)
        if column in new and (width > 1 or row_span > 1):
            spans[row, new[column]] = (row_span, width)
    table.spans = spans
    table.rows = [[row[column] for column in keep] for row in table.rows]
    table.columns = [table.columns[column] for column in keep]


SUB_ROWS = frozenset({"varav", "därav", "härav", "därutav", "inklusive", "inkl", "exklusive", "exkl", "av", "och"})
"""Words in lower case with which labels of rows, or of groups, begin."""


def refuse_torn_labels(table: PageTable) -> None:
    """Raise Untold where labels stand apart from the figures of their rows, or are cut off.

    A label goes on in a row without figures that begins in lower case; figures without a label stand between two lines
    of it.
    """
    apart = 0
    body = [row for row in table.rows if any(row)]
    for index, row in enumerate(body):
        figures = any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in row[1:])
        before, after = body[index - 1] if index else [], body[index + 1] if index + 1 < len(body) else []
        if not figures:
            first = row[0].split(" ", 1)[0].rstrip(":.,")
            above = [cell for cell in before[1:] if is_number(cell) and not YEAR_CELL.fullmatch(cell)]
            if row[0][:1].islower() and first not in SUB_ROWS and above and before[0] and not any(row[1:]):
                raise Untold(TORN)
            continue
        if not row[0]:
            apart += sum(bool(near) and bool(near[0]) and not any(near[1:]) for near in (before, after)) > 1
    if apart:
        raise Untold(TORN)


def refuse_doubtful(table: PageTable) -> None:
    """Raise Untold where a cell of a column of numbers prints several numbers."""
    for column in range(1, len(table.columns)):
        cells = [row[column] for row in table.rows if row[column]]
        single = sum(1 for cell in cells if is_number(cell))
        for cell in cells:
            plain = cell.replace("\n", " ")
            if is_number(plain) or not NUMBERS.fullmatch(plain):
                continue
            if single or all(YEAR_CELL.fullmatch(part) is None for part in plain.split()):
                raise Untold(SEVERAL_FIGURES)


# --- tables with white space between columns --------------------------------------------------------------------------


@dataclass(slots=True)
class Region:
    """Lines that may be one table; ``ruled`` regions are bounded by rules or shading."""

    lines: list[TextLine]
    ruled: bool
    dividers: list[float]


@dataclass(slots=True)
class RuleGroup:
    """Horizontal rules, or edges of shading, of one table: their ends and their y from top to bottom (points)."""

    x0: float
    x1: float
    ys: list[float]
    drawn: bool
    """Whether at least one is a rule, not only the edge of a shaded row."""
    ruled_ys: list[float] = field(default_factory=list)
    """Those of the ys that are rules."""

    @property
    def is_closed(self) -> bool:
        """Whether the first and the last are rules and others stand between: the table ends where they end."""
        ends = len(self.ys) > 2 and bool(self.ruled_ys)
        return ends and self.ruled_ys[0] - self.ys[0] < 2 and self.ys[-1] - self.ruled_ys[-1] < 2


def rule_groups(lines: Sequence[TextLine], drawing: Drawing) -> list[RuleGroup]:
    """Groups of horizontal rules that belong to one table.

    Two rules belong together if they are of the same width and the text between them stands close to both, as the
    rows of a table do: above the first rule of the next table there is a heading, or prose, or at least more room.
    """
    groups: list[RuleGroup] = []
    edges = [(rule.at, rule.start, rule.end, True) for rule in drawing.across if rule.end - rule.start > 60]
    edges += [(y, area.x0, area.x1, False) for area in _shades(drawing.areas) for y in (area.y0, area.y1)]
    for at, start, end, drawn in sorted(edges):
        for group in reversed(groups):
            if abs(group.x0 - start) > 4 or abs(group.x1 - end) > 4:
                continue
            if at - group.ys[-1] < 2:
                group.drawn = group.drawn or drawn
                group.ruled_ys += [at] * drawn
            elif _one_table(lines, group.ys, at, start, end):
                group.ys.append(at)
                group.drawn = group.drawn or drawn
                group.ruled_ys += [at] * drawn
            else:
                groups.append(RuleGroup(start, end, [at], drawn, [at] * drawn))
            break
        else:
            groups.append(RuleGroup(start, end, [at], drawn, [at] * drawn))
    return [group for group in groups if len(group.ys) > 1]


def _shades(areas: Sequence[Area]) -> list[Area]:
    """Shaded rows: areas side by side at one height as one, pale or dark, not the page's own background."""
    result: list[Area] = []
    for area in sorted(areas, key=lambda a: (round(a.y0), round(a.y1), a.x0)):
        last = result[-1] if result else None
        beside = last is not None and abs(last.y0 - area.y0) < 1.5 and abs(last.y1 - area.y1) < 1.5
        if last is not None and beside and area.x0 <= last.x1 + 3:
            result[-1] = Area(last.x0, last.y0, max(last.x1, area.x1), last.y1, last.colour)
        elif area.y1 - area.y0 < 400 and area.y1 - area.y0 > 6 and area.x1 - area.x0 > 60:
            result.append(area)
    return result


def _one_table(lines: Sequence[TextLine], ys: Sequence[float], below: float, start: float, end: float) -> bool:
    between = _between(lines, ys[-1], below, start, end)
    if not between:
        return below - ys[-1] < 40
    first, last = min(s.top for s in between), max(s.y for s in between)
    size = max(segment.size for segment in between)
    head = _between(lines, ys[0], ys[1], start, end) if len(ys) > 1 else []
    room = max([ROW_ROOM_EM * size, *(ys[1] - s.y + 3 for s in head)])
    if first - ys[-1] > ROW_ROOM_EM * size or below - last > room or _has_prose(lines, ys[-1], below, start, end):
        return False
    if len(ys) > 1 and head and size > 1.1 * max(s.size for s in head):
        return False
    if _has_title(lines, ys[-1], below, start, end):
        return False
    rows = len({round(segment.y / 3) for segment in between})
    if any(len(line.segments) > 1 and ys[-1] < line.y - 0.3 * line.size < below for line in lines):
        return True
    table = [line for line in lines if len(line.segments) > 1 and ys[0] < line.y - 0.3 * line.size < ys[-1]]
    if table and (
        all(all(abs(s.size - line.size) > 0.4 for line in table) for s in between)
        or size > 1.1 * max(line.size for line in table)
    ):
        # A title, or prose, in a size of its own.
        return False
    edge = min((line.x0 for line in table), default=0.0)
    if table and any(s.x0 < edge - 1 and s.x1 > edge for s in between):
        # It begins left of the labels, by the room that cells keep from their edge.
        return False
    heads = next((line for line in lines if len(line.segments) > 1 and ys[0] < line.y < ys[-1]), None)
    return len(ys) > 1 and (rows <= 3 or (heads is not None and all(_fits_below(heads, s) for s in between)))


ROW_ROOM_EM = 2.2
"""Room above or below the text of a row, as a multiple of its size: an empty cell in large print makes a row high."""


def _has_prose(lines: Sequence[TextLine], above: float, below: float, start: float, end: float) -> bool:
    """Whether a line alone stands beside the edge of the rows around it: see ``_is_off``."""
    inside = [
        i
        for i, line in enumerate(lines)
        if above < line.y - 0.3 * line.size < below and line.x1 > start and line.x0 < end
    ]
    several = [i for i in inside if len(lines[i].segments) > 1]
    edge = min((lines[i].x0 for i in several), default=0.0)
    return bool(several) and any(
        len(lines[i].segments) == 1 and ((lines[i].x0 < edge - 1 and lines[i].x1 > edge) or 1 < lines[i].x0 - edge < 4)
        for i in inside
    )


def _has_title(lines: Sequence[TextLine], above: float, below: float, start: float, end: float) -> bool:
    """Whether a heading, or a paragraph, stands between rows: larger than they are, or set off by more room."""
    inside = [line for line in lines if above < line.y - 0.3 * line.size < below and line.x1 > start and line.x0 < end]
    several = [line.size for line in inside if len(line.segments) > 1]
    if not several:
        return False
    if any(len(line.segments) == 1 and line.size > 1.1 * max(several) for line in inside):
        return True
    gaps = [b.y - a.y for a, b in pairwise(inside)]
    usual = median(gaps) if gaps else 0.0
    return any(
        gap > 2 * usual and gap > 2 * line.size and len(line.segments) == 1
        for gap, line in zip(gaps, inside[1:], strict=True)
    )


def _fits_below(head: TextLine, segment: Segment) -> bool:
    """Whether a segment stands within one column of the line that heads them: it may be wider than its header."""
    return not any(
        segment.x0 < min(other.x0 - 1, before.x1 + MIN_APART) and segment.x1 > other.x0
        for before, other in pairwise(head.segments)
    )


def _between(lines: Sequence[TextLine], above: float, below: float, start: float, end: float) -> list[Segment]:
    return [
        segment
        for line in lines
        for segment in line.segments
        if above < segment.y - 0.3 * segment.size < below and segment.x1 > start and segment.x0 < end
    ]


def _kept(lines: Sequence[TextLine], run: Sequence[int], last_several: int, group_of: Mapping[int, int]) -> list[int]:
    """The lines of a run that belong to its table: up to the last of several segments, and those that go on with it."""
    keep = list(run[: last_several + 1])
    for index in run[len(keep) :]:
        # Lines of one segment after the last line of several belong to the table if rules enclose them, or if
        # they follow in the rhythm of its rows; whether they fit its first column is seen once that is known.
        same_group = keep and group_of.get(index) is not None and group_of.get(index) == group_of.get(keep[-1])
        if not same_group and not _in_rhythm(lines, keep, index):
            break
        keep.append(index)
    return keep


def _first_enclosing(lines: Sequence[TextLine], groups: Sequence[RuleGroup]) -> dict[int, int]:
    """For each line between the rules of a group the first such group; both by their places."""
    found: dict[int, int] = {}
    for number, group in enumerate(groups):
        for index, line in enumerate(lines):
            if group.ys[0] < line.y - 0.3 * line.size < group.ys[-1]:
                found.setdefault(index, number)
    return found


def find_regions(lines: Sequence[TextLine], drawing: Drawing) -> list[Region]:
    """Runs of lines that may be tables without vertical rules."""
    lines = _titles_first(lines)
    groups = rule_groups(lines, drawing)
    group_of = _first_enclosing(lines, groups)
    regions: list[Region] = []
    run: list[int] = []
    last_several = 0
    done = -1

    def close() -> None:
        nonlocal run, done
        keep = _kept(lines, run, last_several, group_of)
        if keep:
            done = keep[-1]
            numbers = {group_of[index] for index in keep if index in group_of}
            dividers = sorted(y for number in numbers for y in groups[number].ys)
            regions.append(Region([lines[index] for index in keep], bool(numbers), dividers))
        run = []

    for index, line in enumerate(lines):
        if _are_cards(lines, index) or _are_cards(lines, index + 1):
            close()
            done = index
            continue
        several = (
            (len(line.segments) > 1 or _is_beside(lines, index))
            and not is_contents_line(line)
            and not is_list_mark(line.segments[0].text)
        )
        if run and not _goes_on(lines, run, index, group_of, groups):
            close()
        if not run:
            if several:
                run = [*_header_lines_above(lines, index, done), index]
                last_several = len(run) - 1
            elif index in group_of and _group_has_columns(lines, groups[group_of[index]].ys):
                run, last_several = [index], 0
            continue
        run.append(index)
        if several:
            last_several = len(run) - 1
    close()
    return [part for region in _joined_pieces(lines, regions) for part in _apart_as_drawn(region)]


TITLE_SIZE = 1.2
"""How many times larger than the header beside it the title of a statement is at least."""


def title_beside(lines: Sequence[TextLine], head: TextLine) -> TextLine | None:
    """The title of a statement, in larger print left of its headers: no label, and no end of what stands above."""
    if len(head.segments) < 2 or not all(segment.bold for segment in head.segments):
        return None
    for line in lines:
        if (
            len(line.segments) == 1
            and line.size >= TITLE_SIZE * head.size
            and abs(line.y - head.y) < BESIDE_EM * head.size
            and line.x1 < head.x0
        ):
            return line
    return None


def _titles_first(lines: Sequence[TextLine]) -> Sequence[TextLine]:
    """The lines of a page, with titles that stand beside the headers of their statement before them."""
    result = list(lines)
    for index, (head, title) in enumerate(pairwise(lines)):
        if title_beside([title], head) is title:
            result[index : index + 2] = title, head
    return result


BESIDE_EM = 0.8
"""Distance of baselines, as a multiple of the size, below which two lines cannot be lines of one text."""


def _is_beside(lines: Sequence[TextLine], index: int) -> bool:
    """Whether a line stands between or beside others, not below them: a figure half way down a label of two lines."""
    line = lines[index]
    return any(
        0 <= near < len(lines)
        and abs(lines[near].y - line.y) < BESIDE_EM * min(line.size, lines[near].size)
        and abs(lines[near].size - line.size) < 0.6
        and (lines[near].x0 - line.x1 > MIN_APART or line.x0 - lines[near].x1 > MIN_APART)
        for near in (index - 1, index + 1)
    )


def _joined_pieces(lines: Sequence[TextLine], regions: Sequence[Region]) -> list[Region]:
    """Regions one below the other that are one table: empty rows, or the labels of groups, stand between its rows."""
    at = {id(line): index for index, line in enumerate(lines)}
    result: list[Region] = []
    for region in regions:
        above = result[-1] if result else None
        between = lines[at[id(above.lines[-1])] + 1 : at[id(region.lines[0])]] if above is not None else []
        if above is not None and _is_rest_of(above, between, region):
            whole = [*above.lines, *between, *region.lines]
            result[-1] = Region(whole, above.ruled or region.ruled, sorted({*above.dividers, *region.dividers}))
        else:
            result.append(region)
    return result


def _are_below(header: Sequence[TextLine], rows: Sequence[TextLine]) -> bool:
    """Whether the figures of all rows stand below headers, each below one, in whatever way either is set."""
    heads = max(header, key=_width).segments
    heads = [s for s in heads if not any(s.x0 < line.segments[0].x1 for line in rows if not line.segments[0].is_number)]
    if len(heads) < 2:
        return False
    for line in rows:
        met = [[s for s in heads if s.x0 < v.x1 and s.x1 > v.x0] for v in line.segments if v.is_number]
        if any(len(found) != 1 for found in met) or len({id(found[0]) for found in met}) < len(met):
            return False
    return True


INDENT_EM = 2.5
"""How far labels of parts of a sum may be set in, as a multiple of the size."""
EMPTY_ROW_EM = 3.2
"""Distance of baselines, as a multiple of the size, over an empty row of a table, at the most."""
HEADER_GAP_EM = 4.0
"""The same from a header to the rows whose figures all stand below it."""


def _is_rest_of(above: Region, between: Sequence[TextLine], region: Region) -> bool:
    """Whether rows without a header of their own stand in the columns of the region above.

    Both have no rules, which would show where each ends. Between them stand at most labels flush with those of the
    rows, in their size, no further apart than over an empty row.
    """
    rows = [line for line in region.lines if len(line.segments) > 1]
    # Rules show where a table ends, but a header may stand above the first of them.
    header_only = _is_header_only(above.lines)
    if ((above.ruled or region.ruled) and not header_only) or not rows or not _has_figures(rows[0]):
        return False
    upper = [line for line in above.lines if len(line.segments) > 1]
    if not upper:
        return False  # texts below each other: they have no columns that rows could stand in
    labelled = [line for line in (*upper, *rows) if not line.segments[0].is_number]
    edge = min(line.x0 for line in labelled) if labelled else 0.0
    ends = min((line.segments[1].x0 for line in (*upper, *rows) if abs(line.x0 - edge) < 1.5), default=0.0)
    size = max(line.size for line in upper)
    head = region.lines[: region.lines.index(rows[0])]
    wide = header_only and _are_below(upper, rows)
    for line in (*between, *head):
        if len(line.segments) > 1 or abs(line.size - size) > 0.3:
            return False
        if (abs(line.x0 - edge) > 1.5 or line.x1 > ends) and not (wide and line.segments[0].bold):
            return False
    run = [above.lines[-1], *between, *head, rows[0]]
    most = (HEADER_GAP_EM if wide else EMPTY_ROW_EM) * size
    if any(b.y - a.y > most for a, b in pairwise(run)) or abs(rows[0].size - size) > 0.3:
        return False
    return wide or all(
        _stands_below(upper, segment) or (not index and edge - 1 < segment.x0 < edge + INDENT_EM * size)
        for line in rows
        for index, segment in enumerate(line.segments)
    )


NOTE_NUMBER = re.compile(r"\d{1,2}")
DATE_OF_HEADER = re.compile(r"[-\u2013] ?(?:19|20)\d\d(?:-\d\d-\d\d)?")


def _is_header_only(lines: Sequence[TextLine]) -> bool:
    """Whether lines hold headers alone, in bold; below ``Not`` the number of a note may stand in plain print."""
    segments = [segment for line in lines for segment in line.segments]
    figures = [segment for line in lines for segment in line.segments[1:] if segment.is_number]
    return all(
        segment.bold or (segment in lines[-1].segments and NOTE_NUMBER.fullmatch(segment.text)) for segment in segments
    ) and all(YEAR_CELL.fullmatch(segment.text) or DATE_OF_HEADER.fullmatch(segment.text) for segment in figures)


def _stands_below(rows: Sequence[TextLine], segment: Segment) -> bool:
    """Whether a segment begins, ends or has its middle where one of the rows above has a text, and meets that text."""
    return any(
        segment.x0 < s.x1
        and segment.x1 > s.x0
        and (
            abs(segment.x0 - s.x0) < 1.5
            or abs(segment.x1 - s.x1) < 1.5
            or abs(segment.x0 + segment.x1 - s.x0 - s.x1) < 2
        )
        for line in rows
        for s in line.segments
    )


def _has_figures(line: TextLine) -> bool:
    """Whether a line has a figure right of its first segment that is no year."""
    return any(s.is_number and not YEAR_CELL.fullmatch(s.text) for s in line.segments[1:])


MIN_APART = 6.0
"""Points of white space between two tables side by side."""


def _apart_as_drawn(region: Region) -> list[Region]:
    """Two tables side by side as two regions: everything in one was drawn before anything in the other.

    The cells of one table are drawn row by row, so there the two sides would alternate.
    """
    words = sorted((w for line in region.lines for s in line.segments for w in s.words), key=lambda w: w.order)
    right: list[float] = [float("inf")] * (len(words) + 1)
    for index in range(len(words) - 1, -1, -1):
        right[index] = min(right[index + 1], words[index].x0)
    left = 0.0
    for index in range(1, len(words)):
        left = max(left, words[index - 1].x1)
        if right[index] - left < MIN_APART:
            continue
        sides = words[:index], words[index:]
        if all(are_rows(side) for side in sides):
            first, second = (Region(make_lines(side), region.ruled, region.dividers) for side in sides)
            return [first, *_apart_as_drawn(second)]
    return [region]


def _are_cards(lines: Sequence[TextLine], index: int) -> bool:
    """Whether a line holds the words below figures in large print, which are no rows of a table."""
    if not 0 < index < len(lines):
        return False
    above, line = lines[index - 1], lines[index]
    return (
        above.size >= 1.3 * line.size
        and line.y - above.y < 2.5 * above.size
        and len(above.segments) > 1
        and all(segment.is_number for segment in above.segments)
        and all(any(s.x0 < t.x1 and s.x1 > t.x0 for t in line.segments) for s in above.segments)
    )


def _group_has_columns(lines: Sequence[TextLine], ys: Sequence[float]) -> bool:
    return sum(1 for line in lines if ys[0] < line.y < ys[-1] and len(line.segments) > 1) > 1


def _goes_on(
    lines: Sequence[TextLine], run: Sequence[int], index: int, group_of: dict[int, int], groups: Sequence[RuleGroup]
) -> bool:
    line, before = lines[index], lines[run[-1]]
    if line.size < 0.75 * min(lines[i].size for i in run):
        # Figures in large print with words below are no rows.
        return False
    if _begins_anew(lines, run, index):
        return False
    if index in group_of and group_of.get(index) == group_of.get(run[-1]):
        return True
    inside = [groups[group_of[i]] for i in run if i in group_of]
    if (
        inside
        and index in group_of
        and groups[group_of[index]].drawn
        and inside[-1].drawn
        and not _is_under_spans(lines, run, index, inside[-1], groups[group_of[index]])
    ):
        return False
    if (
        inside
        and index not in group_of
        and run[0] in group_of
        and inside[-1].is_closed
        and not _is_below_header(lines, run, line, group_of)
    ):
        # A rule above the first row and one below the last: the table is closed. With rules between rows only, the
        # last row stands below the last rule, as the first does above the first.
        return False
    if is_contents_line(line) or line.size > 1.15 * max(lines[i].size for i in run):
        return False
    first = lines[run[0]]
    if len(line.segments) > 1 and line.text == first.text and len(run) > 1:
        return False
    gap = line.y - before.y
    several = len(line.segments) > 1
    if (
        not several
        and index not in group_of
        and _is_off(lines, run, line)
        and not (_is_beside(lines, index) or _is_label(lines, run, index))
    ):
        return False
    gaps = [lines[b].y - lines[a].y for a, b in pairwise(run)]
    size = max(line.size, before.size)
    if (
        not several
        and index not in group_of
        and not _fits_below(max((lines[i] for i in run), key=_width), line.segments[0])
    ):
        # Prose below the table; a note that runs across it is followed by rows again at once.
        crossing = [i for i in run[-2:] if len(lines[i].segments) == 1 and lines[i].segments[0].x1 > line.x1 - 1]
        if len(crossing) > 1 or gap > 1.1 * max([*gaps, size]):
            return False
    figures = sum(any(s.is_number for s in lines[i].segments[1:]) for i in run)
    if not gaps or figures < 2:
        # The pitch of the rows is not known yet: that of the lines of a header is less.
        return gap <= (FIRST_GAP_EM if several or not gaps else 2.6) * size or _is_after_empty_row(lines, run, index)
    return gap <= min(MAX_GAP_EM * size, max((2.6 if several else 2.2) * size, 1.45 * max(gaps)))


def _is_under_spans(
    lines: Sequence[TextLine], run: Sequence[int], index: int, above: RuleGroup, group: RuleGroup
) -> bool:
    """Whether the rules above part the levels of a header only, below headers over several columns."""
    within = group.x0 - 4 <= above.x0 and above.x1 <= group.x1 + 4
    return (
        within
        and not any(_has_figures(lines[i]) for i in run)
        and lines[index].y - lines[run[-1]].y <= ROW_ROOM_EM * lines[index].size
    )


def _is_below_header(
    lines: Sequence[TextLine], run: Sequence[int], line: TextLine, group_of: Mapping[int, int]
) -> bool:
    """Whether rules enclose nothing but the levels of a header, which closes no table, and figures begin below it."""
    header = [lines[i] for i in run if i in group_of]
    if any(_has_figures(other) for other in header):
        return False
    if run[-1] not in group_of:
        return True
    return _has_figures(line) and all(_stands_below(header, segment) for segment in line.segments)


NEW_TABLE_GAP = 1.35
"""How many times wider than between rows the room above the header of the next table is, at the least."""


def _begins_anew(lines: Sequence[TextLine], run: Sequence[int], index: int) -> bool:
    """Whether a line is the header of the next table: bold like that of this one, set off, and without figures.

    Where it prints the same years again, nothing need set it off.
    """
    line, first = lines[index], lines[run[0]]
    if _heads_again(lines, run, line):
        return True
    if len(line.segments) == 1 and index + 1 < len(lines):
        # What stands over several headers of the next table.
        head = lines[index + 1]
        if not _is_upper_header(line, head, head.y - line.y) or _has_figures(head):
            return False
    elif len(line.segments) < 2:
        return False
    values = line.segments[1:] if len(line.segments) > 1 else line.segments
    bold = all(s.bold for s in line.segments) and (_has_figures(first) or all(s.bold for s in first.segments))
    if not bold and not (len(line.segments) > 2 and all(YEAR_CELL.fullmatch(s.text) for s in values)):
        return False
    if any(s.is_number and not YEAR_CELL.fullmatch(s.text) for s in line.segments):
        return False
    body = [i for i in run if any(s.is_number and not YEAR_CELL.fullmatch(s.text) for s in lines[i].segments[1:])]
    if len(body) < 2:
        return False
    usual = median(lines[b].y - lines[a].y for a, b in pairwise(run))
    return line.y - lines[index - 1].y > NEW_TABLE_GAP * usual


def _heads_again(lines: Sequence[TextLine], run: Sequence[int], line: TextLine) -> bool:
    """Whether a bold line prints the years of the bold first line of the run again, below rows that are not bold."""
    first, rows = lines[run[0]], [lines[i] for i in run[1:] if _has_figures(lines[i])]
    years = [s.text for s in line.segments[1:]]
    return (
        len(years) > 1
        and all(YEAR_CELL.fullmatch(year) for year in years)
        and years == [s.text for s in first.segments[1:]]
        and all(s.bold for s in (*line.segments, *first.segments))
        and bool(rows)
        and not any(s.bold for row in rows for s in row.segments[1:])
    )


def _is_off(lines: Sequence[TextLine], run: Sequence[int], line: TextLine) -> bool:
    """Whether a line begins beside the edge of the labels: prose does, by the room that cells keep from their edge."""
    starts = [
        lines[i].x0 for i in run if len(lines[i].segments) > 1 and lines[i].segments[0].order < line.segments[0].order
    ]
    edge = min(starts, default=line.x0)
    return (line.x0 < edge - 1 and line.x1 > edge) or 1 < line.x0 - edge < 4


EMPTY_ROW_TIMES = 2.05
"""How many times further than rows are apart the first one stands below its header, over an empty row, at the most."""


def _is_after_empty_row(lines: Sequence[TextLine], run: Sequence[int], index: int) -> bool:
    """Whether a row of figures stands right below the headers of its columns, over what may be an empty row."""
    line, header = lines[index], [lines[i] for i in run]
    below = lines[index + 1 : index + 2]
    if len(line.segments) < 2 or any(_has_figures(head) or not all(s.bold for s in head.segments) for head in header):
        return False
    if not below or not all(len(other.segments) > 1 and _has_figures(other) for other in below):
        return False
    pitch = below[0].y - line.y
    return (
        _has_figures(line)
        and pitch <= FIRST_GAP_EM * line.size
        and line.y - header[-1].y <= EMPTY_ROW_TIMES * pitch
        and _are_below([max(header, key=_width)], [line])
    )


LABEL_LINES = 4
"""Lines of labels of groups, or of one label, over the figures below them, at the most."""


def _is_label(lines: Sequence[TextLine], run: Sequence[int], index: int) -> bool:
    """Whether lines alone stand right above a row whose figures stand below those, or the headers, of the run.

    Labels need not begin at the edge of others: they may stand in the middle of their column, or of the table.
    """
    rows = [lines[i] for i in run if len(lines[i].segments) > 1]
    heads = [[(s.x0, s.x1) for s in row.segments] for row in rows]
    heads.append(_taken([s for row in rows for s in row.segments]))
    for at in range(index, min(index + LABEL_LINES, len(lines) - 1)):
        line, below = lines[at], lines[at + 1]
        if len(line.segments) > 1 or abs(line.size - lines[index].size) > 0.3:
            return False
        if below.y - line.y > FIRST_GAP_EM * line.size:
            return False
        if len(below.segments) > 1 or below.segments[0].is_number:
            figures = [s for s in below.segments if s.is_number and any(c.isdigit() for c in s.text)]
            years = any(YEAR_CELL.fullmatch(s.text) for s in figures)
            return len(figures) > 1 and not years and any(_stand_apart_in(figures, found) for found in heads)
    return False


Span = tuple[float, float]


def _taken(segments: Sequence[Segment]) -> list[Span]:
    """What texts take together, from left to right (points)."""
    found: list[Span] = []
    for segment in sorted(segments, key=lambda s: s.x0):
        if found and segment.x0 < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], segment.x1)
        else:
            found.append((segment.x0, segment.x1))
    return found


def _stand_apart_in(figures: Sequence[Segment], spans: Sequence[Span]) -> bool:
    """Whether every figure meets one of the spans, and each another one."""
    met = [[span for span in spans if s.x0 < span[1] and s.x1 > span[0]] for s in figures]
    return all(len(found) == 1 for found in met) and len({found[0] for found in met}) == len(met)


def _width(line: TextLine) -> int:
    return len(line.segments)


def _header_lines_above(lines: Sequence[TextLine], index: int, done: int) -> list[int]:
    """Lines of one segment above the first line of several that are the tops of wrapped header cells.

    They stand over a column other than the first, or so close that they can only belong to the same row.
    """
    found: list[int] = []
    first = lines[index]
    for above in range(index - 1, done, -1):
        line, below = lines[above], lines[above + 1]
        if len(line.segments) > 1 or line.size > 1.1 * first.size or is_of_caption(lines, above):
            break
        segment, gap = line.segments[0], below.y - line.y
        over = [s for s in first.segments if segment.x0 < s.x1 and segment.x1 > s.x0]
        beside = segment.x0 > first.segments[0].x1 or (len(over) == 1 and over[0] is not first.segments[0])
        half = gap < 0.95 * line.size
        # The first line of a label whose figures stand beside its last.
        wrapped = (
            gap < 1.4 * line.size
            and segment.bold == first.segments[0].bold
            and abs(segment.size - first.segments[0].size) < 0.3
            and _fits_below(first, segment)
        )
        title = (segment.bold or not first.segments[-1].bold) and gap <= 2.6 * line.size
        top = (
            beside and len(over) <= 1 and (title or gap <= 1.6 * line.size) and segment.x1 - segment.x0 < 25 * line.size
        )
        group = _heads_group(lines, above, index)
        if not (half or wrapped or top or group or _is_upper_header(line, first, gap)):
            break
        found.insert(0, above)
    return found


UPPER_GAP_EM = 2.0
"""Distance of baselines, as a multiple of the size, from a header over all columns to the headers below it."""


def _is_upper_header(line: TextLine, first: TextLine, gap: float) -> bool:
    """Whether a text alone on its line stands over several headers, right of the labels, in the look of those headers.

    ``Belopp i mnkr`` over the years heads them all, as does the name of the unit that the figures are of.
    """
    segment, heads = line.segments[0], first.segments
    over = [s for s in heads if segment.x0 < s.x1 and segment.x1 > s.x0]
    beside = segment.x0 > heads[0].x1 and len(heads) > 2
    return (
        (len(over) > 1 or (beside and bool(over)))
        and gap <= UPPER_GAP_EM * line.size
        and segment.x0 > first.x0 + 1
        and segment.x1 <= first.x1 + 2
        and segment.bold
        and all(s.bold for s in heads)
        and all(abs(s.size - segment.size) < 0.3 for s in heads)
    )


def _heads_group(lines: Sequence[TextLine], above: int, index: int) -> bool:
    """Whether a line is the label of a group of rows that begins a page: flush with rows that have no header."""
    line, first = lines[above], lines[index]
    if above > 0 or not any(s.is_number and not YEAR_CELL.fullmatch(s.text) for s in first.segments[1:]):
        return False
    after = lines[index + 1].y - first.y if index + 1 < len(lines) else 0.0
    gap = lines[above + 1].y - line.y
    return abs(line.x0 - first.x0) < 1.5 and gap <= 1.1 * max(after, 1.2 * line.size) and line.size <= 1.05 * first.size


def _in_rhythm(lines: Sequence[TextLine], kept: Sequence[int], index: int) -> bool:
    if len(kept) < 1:
        return False
    gaps = [lines[b].y - lines[a].y for a, b in pairwise(kept)]
    gap = lines[index].y - lines[kept[-1]].y
    has_body = any(
        segment.is_number and not YEAR_CELL.fullmatch(segment.text)
        for i in kept[1:]
        for segment in lines[i].segments[1:]
    )
    limit = 1.15 * max(gaps) if gaps and has_body else 2.2 * lines[index].size
    head = max((lines[i] for i in kept), key=lambda line: len(line.segments))
    return gap <= limit and _fits_below(head, lines[index].segments[0])


def region_table(
    region: Region,
    drawing: Drawing,
    leading: float,
    known: Collection[str] = (),
    *,
    is_first: bool = False,
    is_last: bool = False,
) -> PageTable | None:
    """The table in a region; None if it holds none. Lines of prose at its ends stay out of the table.

    The last region of a page may be the header of a table that begins on the next one, the first one the last row of a
    table on the page before: see ``PageTable.lines``. ``known`` as in ``cell_text``.

    Raises:
        Untold: it is a table, but a cell may be several, or a text runs over columns that are filled.
    """
    lines = list(region.lines)
    if _is_contents(lines):
        return None
    forced = _forced(lines, drawing)
    shaded = _shaded_columns(lines, drawing)
    columns = find_columns(lines, forced, shaded)
    if columns.spanning:
        lines = _parted_headers(lines, columns)
        columns = find_columns(lines, forced, shaded)
    trimmed = _trim(lines, columns, region)
    if len(trimmed) < len(lines):
        lines = trimmed
        columns = find_columns(lines, forced, shaded) if lines else columns
    if not lines or len(columns.columns) < 2:
        return None
    is_table = _is_table(lines, columns, region.ruled)
    words = [segment for line in lines for segment in line.segments if not segment.is_number]
    is_rest = (
        is_first
        and not is_table
        and (
            (len(lines) == 1 and len(words) < len(lines[0].segments))
            or (len(columns.columns) == 2 and are_rows([w for line in lines for s in line.segments for w in s.words]))
        )
    )
    if not is_table and not is_rest and not (is_last and len(lines) <= 3 and _may_be_header(lines[0])):
        return None
    entries = _entries(lines, columns)
    widths = [(column.x0, column.x1) for column in columns.columns]
    top, bottom = lines[0].segments[0].top, lines[-1].y
    dividers = [y for y in region.dividers if top < y < bottom]
    _refuse_strange_columns(entries)
    rows = part_groups(split_rows(entries, dividers, widths, leading))
    table = _table_of_rows(rows, columns, widths, known, drawing.across, ruled=region.ruled)
    spread_labels(table.rows, table.spans)
    refuse_doubtful(table)
    refuse_torn_labels(table)
    if any(word.is_cut for line in lines for segment in line.segments for word in segment.words):
        raise Untold(CUT_OFF)
    table.words = {id(word) for line in lines for segment in line.segments for word in segment.words}
    if not is_table:
        table.lines, table.is_rest = lines, is_rest
    return table


def _may_be_header(line: TextLine) -> bool:
    """Whether a line may head columns: several texts, or years in bold."""
    words = sum(not segment.is_number for segment in line.segments)
    return len(line.segments) > 1 and (words > 1 or all(segment.bold for segment in line.segments))


def _parted_headers(lines: Sequence[TextLine], columns: Columns) -> list[TextLine]:
    """Lines in which headers of neighbouring columns that stand a space apart are texts of their own.

    Every part of such a text ends exactly where the figures of its column end, or no space is printed before it.
    """
    spanning = {id(segment) for segment in columns.spanning}
    ends = [
        max((s.x1 for s in column.segments if s.is_number), default=None) if index else None
        for index, column in enumerate(columns.columns)
    ]
    result: list[TextLine] = []
    for line in lines:
        segments: list[Segment] = []
        for segment in line.segments:
            is_across = id(segment) in spanning
            parts = (_parts_flush(segment, columns, ends) or _parts_unspaced(segment, columns)) if is_across else None
            segments.extend([segment_of(part) for part in parts] if parts else [segment])
        result.append(TextLine(line.y, segments))
    return result


def _parts_flush(segment: Segment, columns: Columns, ends: Sequence[float | None]) -> list[list[Word]] | None:
    """The words of a text parted behind those that end where the figures of a column end; None if one part does not."""
    parts: list[list[Word]] = [[]]
    for word in segment.words:
        parts[-1].append(word)
        if any(end is not None and abs(word.x1 - end) < 1 for end in ends):
            parts.append([])
    if parts[-1] or len(parts) < 3:
        return None
    parts.pop()
    # Each part stands over the one column whose figures it ends with, and over no other.
    for part in parts:
        reached = [i for i, c in enumerate(columns.columns) if part[0].x0 < c.x1 and part[-1].x1 > c.x0]
        if len(reached) != 1:
            return None
    return parts


GROUP_BEFORE = re.compile(r"(?<!\d)\d{1,3}$")
GROUP = re.compile(r"\d{3}(?!\d)")
"""Digits that may be the thousands of one number."""


def _parts_unspaced(segment: Segment, columns: Columns) -> list[list[Word]] | None:
    """The words of a text parted where its writer, who prints spaces, printed none; None if that is not told.

    Every part stands over one column, and over no other.
    """
    parts: list[list[Word]] = [[segment.words[0]]]
    for before, word in pairwise(segment.words):
        apart = word.x0 - before.x1 > SPLIT_EM * word.size and not word.spaced and word.cell_gap < CELL_GAP_EM
        if apart and not (GROUP_BEFORE.search(before.text) and GROUP.match(word.text)):
            parts.append([word])
        else:
            parts[-1].append(word)
    reached = [columns.overlapped(segment_of(part)) for part in parts]
    if len(parts) < 2 or any(len(found) != 1 for found in reached) or len({found[0] for found in reached}) < len(parts):
        return None
    return parts


MIN_ENTRIES = 2


def _is_contents(lines: Sequence[TextLine]) -> bool:
    """Whether lines are a table of contents: nothing beside its texts but page numbers that never go back."""
    pages = [line.segments[-1].text for line in lines if len(line.segments) > 1]
    if len(pages) < MIN_ENTRIES or any(len(line.segments) > 2 for line in lines):
        return False
    if not all(page.isdigit() and len(page) <= 3 for page in pages):
        return False
    numbers = [int(page) for page in pages]
    led = any(is_contents_line(line) for line in lines)
    numbered = sum(NUMBERED.fullmatch(line.segments[0].text) is not None for line in lines)
    return numbers == sorted(numbers) and (led or numbered >= MIN_ENTRIES)


def _forced(lines: Sequence[TextLine], drawing: Drawing) -> list[float]:
    top, bottom = lines[0].segments[0].top, lines[-1].y
    return sorted(
        rule.at for rule in drawing.down if min(rule.end, bottom) - max(rule.start, top) > 0.7 * (bottom - top)
    )


def _shaded_columns(lines: Sequence[TextLine], drawing: Drawing) -> list[float]:
    """Edges between the cells of shaded rows, from left to right."""
    top, bottom = lines[0].segments[0].top - 2, lines[-1].y + 2
    inside = [a for a in drawing.areas if top < a.y1 and a.y0 < bottom and 6 < a.y1 - a.y0 < MAX_SHADE]
    _, down = shaded_cells(inside)
    edges: list[float] = []
    for rule in sorted(down, key=lambda r: r.at):
        if not edges or rule.at - edges[-1] > MIN_APART:
            edges.append(rule.at)
    return edges


def _trim(lines: Sequence[TextLine], columns: Columns, region: Region) -> list[TextLine]:
    """Without lines of prose at either end: single segments that run across columns, or stand outside the first."""
    inside = (region.dividers[0], region.dividers[-1]) if region.dividers else (0.0, 0.0)
    kept = list(lines)
    spanning = {id(segment) for segment in columns.spanning}
    first = columns.columns[0] if columns.columns else None

    sizes = [line.size for line in lines if len(line.segments) > 1]
    least = min(sizes, default=0.0)

    def is_prose(line: TextLine) -> bool:
        if len(line.segments) == 1 and id(line.segments[0]) in spanning and line.size < least - 0.4:
            # A note in smaller print, which the rules of the next table may enclose.
            return True
        if len(line.segments) > 1 or inside[0] < line.y - 0.3 * line.size < inside[1]:
            return False
        segment = line.segments[0]
        if id(segment) in spanning or first is None:
            return True
        column = next((c for c in columns.columns if any(s is segment for s in c.segments)), None)
        others = [s for s in column.segments if s is not segment] if column is not None else []
        # The last line of a cell that is wrapped begins or ends where the lines above it do.
        return column is not first and not any(
            abs(s.x0 - segment.x0) < 1.5 or abs(s.x1 - segment.x1) < 1.5 for s in others
        )

    while kept and is_prose(kept[-1]):
        kept.pop()
    while (
        kept
        and is_prose(kept[0])
        and id(kept[0].segments[0]) in spanning
        and kept[0].segments[0].x0 < (columns.columns[0].x1 if columns.columns else 0)
    ):
        kept.pop(0)
    return kept


def _is_table(lines: Sequence[TextLine], columns: Columns, ruled: bool) -> bool:
    """Whether lines in columns are a table: enough lines that fill several columns, and not prose in two columns."""
    several = [line for i, line in enumerate(lines) if len(line.segments) > 1 or _is_beside(lines, i)]
    figures = all(s.is_number and not YEAR_CELL.fullmatch(s.text) for s in lines[0].segments)
    if len(lines) == 1 and figures:
        return False
    if ruled and len(lines) == 1 and all(s.bold for s in lines[0].segments):
        return True
    if len(several) < 2 and not (ruled and len(lines) > 1):
        header = lines[0]
        # A header alone may stand at the foot of a page, its rows on the next, or over rows without any figure.
        return len(lines) > 1 and len(header.segments) > 2 and all(s.bold for s in header.segments)
    numbers = sum(
        1 for line in lines for segment in line.segments[1:] if segment.is_number or NUMBERS.fullmatch(segment.text)
    )
    if ruled:
        return True
    if len(columns.columns) == 2 and not numbers:
        return _two_text_columns(lines, columns)
    words = [len(segment.words) for column in columns.columns for segment in column.segments]
    return numbers > 0 or len(columns.columns) > 2 or median(words) < 4


def _two_text_columns(lines: Sequence[TextLine], columns: Columns) -> bool:
    """Two columns of text are a table if a bold header stands over both and rows begin side by side, else a layout."""
    first = lines[0]
    return (
        len(first.segments) == 2
        and all(s.bold for s in first.segments)
        and not all(s.bold for line in lines[1:] for s in line.segments)
    )


def _entries(lines: Sequence[TextLine], columns: Columns) -> list[Entry]:
    column_of = {id(segment): i for i, column in enumerate(columns.columns) for segment in column.segments}
    left, right = columns.columns[0].x0, max(line.x1 for line in lines)
    entries: list[Entry] = []
    before: Entry | None = None
    for line in lines:
        alone = len(line.segments) == 1
        heads = not alone and all(segment.bold for segment in line.segments) and not _has_figures(line)
        for segment in line.segments:
            column = column_of.get(id(segment))
            if (
                alone
                and column == 0
                and before is not None
                and before.column is None
                and segment.y - before.segment.y < 1.6 * segment.size
                and not would_fit(before.segment, segment, (left, right))
            ):
                column = None
            entries.append(Entry(column, segment, is_number(segment.text), heads))
        before = entries[-1] if alone else None
    return entries


def _table_of_rows(
    rows: Sequence[Row],
    columns: Columns,
    widths: Sequence[tuple[float, float]],
    known: Collection[str],
    across_page: Sequence[Rule],
    *,
    ruled: bool,
) -> PageTable:
    n_cols = len(widths)
    texts: list[list[str]] = []
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    bold: list[bool] = []
    heads = [_is_bold_header(row, _texts(row, n_cols, widths)) for row in rows]
    body = len(rows) if all(heads) else max(_first_body_row(rows), _marked(heads))
    # Labels of groups may stand between the headers and the first figures.
    last_head = max((i for i, row in enumerate(rows[:body]) if len({e.column for e in row.entries}) > 1), default=0)
    for index, row in enumerate(rows):
        filled = _texts(row, n_cols, widths, known)
        _refuse_split_numbers(row)
        across = [entry for entry in row.entries if entry.column is None]
        for group in _joined_across(across):
            place, span = _place_across(group, columns, filled, is_header=index < body)
            _refuse_glued(group, columns, is_header=index < body, is_last=index == last_head)
            if index >= body and place and len(group) == len(row.entries):
                # Alone in its row, in the middle of the table: the label of a group.
                place, span = 0, n_cols
            elif last_head < index < body and len(group) == len(row.entries):
                # The label of the first group, right below the headers: it is none of them.
                place, span = 0, 1
            if place in filled:
                raise Untold(OVER_FILLED)
            filled[place] = cell_text(group, (0, widths[-1][1] - widths[0][0]))
            if span > 1:
                spans[index, place] = (1, span)
        if index > last_head and _is_in_middle(row, rows[body:]):
            filled = {0: next(iter(filled.values()))}
            spans.pop((index, next(iter(row.entries)).column or 0), None)
        texts.append([filled.get(column, "") for column in range(n_cols)])
        bold.append(heads[index])
    place_headers(texts, spans, rows, widths, body, across_page)
    return PageTable(
        min(width[0] for width in widths),
        max(width[1] for width in widths),
        min(row.top for row in rows),
        max(row.bottom for row in rows),
        texts,
        spans,
        list(widths),
        _marked(bold),
        ruled,
        is_bold=all(bold),
    )


def _is_in_middle(row: Row, body: Sequence[Row]) -> bool:
    """Whether a row is one text alone in a column of figures: the label of a group in the middle of the table."""
    columns = {entry.column for entry in row.entries}
    column = next(iter(columns))
    if len(columns) > 1 or not column or any(entry.is_number for entry in row.entries):
        return False
    others = [e for other in body if other is not row for e in other.entries if e.column == column]
    figures = [e for e in others if e.is_number]
    return len(figures) > 1 and 3 * len(figures) > 2 * len(others)


YEARS = re.compile(r"(?:19|20)\d\d")


def _refuse_glued(group: Sequence[Entry], columns: Columns, *, is_header: bool, is_last: bool) -> None:
    """Raise Untold where a text that runs across columns is several cells that all but touch.

    A header with several years right above the figures heads several columns; a label that ends with a figure where a
    column of figures stands has swallowed that figure.
    """
    last = group[-1].segment.words[-1]
    over = [column for column in columns.columns[1:] if last.x0 < column.x1 and last.x1 > column.x0]
    if is_header and is_last and len(YEARS.findall(" ".join(entry.segment.text for entry in group))) > 1:
        raise Untold
    if not is_header and is_number(last.text) and any(s.is_number for column in over for s in column.segments):
        raise Untold


def _first_body_row(rows: Sequence[Row]) -> int:
    for index, row in enumerate(rows):
        if any(e.is_number and e.column and not YEAR_CELL.fullmatch(e.segment.text) for e in row.entries):
            return index
    return 1


MIN_STRANGE_LINES = 4


def _refuse_strange_columns(entries: Sequence[Entry]) -> None:
    """Raise Untold where a column is text of its own: hardly a line of it stands on the baselines of other columns.

    It is in another size, or its lines follow each other evenly, as those of prose do: the lines of labels stand closer
    within a label than between two.
    """
    columns: dict[int, list[Segment]] = {}
    for entry in entries:
        if entry.column is not None:
            columns.setdefault(entry.column, []).append(entry.segment)
    if len(columns) < 3:
        return
    for column, segments in columns.items():
        others = [s for other, found in columns.items() if other != column for s in found]
        if len(segments) < MIN_STRANGE_LINES:
            continue
        size = median(s.size for s in segments)
        shared = sum(any(abs(s.y - t.y) < SAME_LINE * size for t in others) for s in segments)
        gaps = [b - a for a, b in pairwise(sorted(s.y for s in segments))]
        even = len(segments) >= MIN_EVEN_LINES and max(gaps) < min(1.1 * min(gaps), PROSE_PITCH_EM * size)
        differs = abs(size - median(s.size for s in others)) >= 0.8
        if (differs and 2 * shared < len(segments)) or (even and 4 * shared < len(segments)):
            raise Untold(STRANGE)


MIN_EVEN_LINES = 6
PROSE_PITCH_EM = 1.45


def _refuse_split_numbers(row: Row) -> None:
    """Raise Untold where one printed line of one cell holds several numbers, a wide gap between them."""
    by_place: dict[tuple[int, int], int] = {}
    for entry in row.entries:
        if entry.is_number and entry.column is not None:
            key = entry.column, round(entry.segment.y)
            by_place[key] = by_place.get(key, 0) + 1
            if by_place[key] > 1:
                raise Untold(SEVERAL_FIGURES)


def _joined_across(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Lines of one text that runs across columns."""
    groups: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda e: (e.segment.y, e.segment.x0)):
        for group in groups:
            last = group[-1].segment
            if entry.segment.x0 < last.x1 and entry.segment.x1 > last.x0 and entry.segment.y > last.y + 2:
                group.append(entry)
                break
        else:
            groups.append([entry])
    return groups


def _place_across(
    group: Sequence[Entry],
    columns: Columns,
    filled: dict[int, str],
    *,
    is_header: bool,
) -> tuple[int, int]:
    """First column and number of columns of a text that runs across columns.

    A header over several columns stands in their middle, so of all runs of free columns that hold it, it heads the
    one whose middle is nearest; text elsewhere begins at the first column that it reaches.
    """
    x0, x1 = min(e.segment.x0 for e in group), max(e.segment.x1 for e in group)
    reached = [i for i, c in enumerate(columns.columns) if x0 < c.x1 - 0.5 and x1 > c.x0 + 0.5]
    if not reached and is_header:
        # It stands in the gap between two of the columns that it heads.
        reached = [next((i for i, c in enumerate(columns.columns) if c.x0 > x0), len(columns.columns) - 1)]
    if not reached:
        raise Untold
    if any(column in filled for column in reached):
        raise Untold(OVER_FILLED)
    if not is_header:
        if any(entry.is_number for entry in group):
            raise Untold(BETWEEN)
        if any(NUMBERS.fullmatch(entry.segment.text) for entry in group):
            raise Untold(SEVERAL_FIGURES)
        return reached[0], reached[-1] - reached[0] + 1
    return reached[0], len(reached)
