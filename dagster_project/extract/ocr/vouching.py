"""Which figures that were read from pictures are believed, and why.

Belongs here: arithmetic of the digits, the two readings beside each other, what a label and a column must look
like. Does not belong here: reading, and what a figure means (dbt rejects what nothing vouches for).

A figure is believed where the two engines, which err in other places, read the same, or where arithmetic binds its
digits: the same rows add up in two columns, or one relation of columns holds on three rows, exactly. Arithmetic says
nothing of signs and decimal marks, which a whole column may lose together: there both must have read the same ones. And
a figure is worth nothing without its names: its label must read as words, and digits in labels and headers must have
been read twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, permutations, product
from typing import Final

from dagster_project.extract.document import Cell, Document, collapse
from dagster_project.extract.ocr.engine import Token
from dagster_project.extract.ocr.ink import Box
from dagster_project.extract.ocr.pictures import Recognised, digits_of

BASIS: Final = "ocr"
ARITHMETIC, STATED, TWICE = "arithmetic", "stated in text", "two readings"
REPLACEMENT: Final = "\ufffd"
MINUS: Final = str.maketrans("−–—‐‑", "-----")
NUMBER: Final = re.compile(r"([+-]?) ?(\d{1,3}(?: \d{3})+|\d+)(?:,(\d+))?( ?%)?")
ENDED: Final = re.compile(r"\d,\d+%?$|\d%$")
"""A figure that has its end."""
SWALLOWED: Final = re.compile(r"(?<![\d,])[+-]?(?:\d{1,3}(?: \d{3})+|\d+,\d+)(?: ?%)?$|\d ?%$")
"""A figure at the end of a label: it stood in the column beside it."""
LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
MIN_CONFIDENCE: Final = 0.8
"""Of a label; figures are read twice instead."""
MIN_LETTERS: Final = 0.6
"""Share of letters among the signs of a label."""
COLUMNS: Final = 2
"""In how many columns the same rows must add up."""
ROWS: Final = 3
"""On how many rows a relation of columns must hold."""
MAX_COLUMNS: Final = 14
"""Columns of figures among which relations are sought."""
TELLING_DIGITS: Final = 4
"""Digits of a number, ends of zeros aside, from which on it is not printed elsewhere by chance."""
SIGNS: Final = {"%": 3}
"""Of how many parts beside each other a sign is, where these are several."""
PAD: Final = 1.5
"""Points by which a word may stand outside of its cell."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A cell that is one number."""

    value: Decimal
    decimals: int
    is_grouped: bool
    is_percent: bool


def vouched(document: Document, pages: Mapping[int, Sequence[Recognised]], printed: Mapping[int, Set[str]]) -> Document:
    """The document with what was read from pictures marked, and what vouches for it.

    Args:
        document: as read; the places of cells are on the straightened page.
        pages: what was recognised, by the number of the page.
        printed: the digits of each word of their text layers.

    Returns:
        Cells with ``extraction_basis``, ``vouched_by`` and their places on the page as shown; in texts outside of
        tables, digits that were not read twice alike are lost characters.
    """
    if not pages:
        return document
    cells: dict[int, list[Cell]] = defaultdict(list)
    for cell in document.cells:
        cells[cell.table_seq].append(cell)
    stated = _stated(document, pages)
    judged = [cell for table in document.tables for cell in _of_table(cells[table.table_seq], pages, stated)]
    order = {(cell.table_seq, cell.row_index, cell.col_index): cell for cell in judged}
    known = {number: _known(found) | printed.get(number, set()) for number, found in pages.items()}

    def text_of(text: str, page: int | None) -> str:
        return text if page is None or page not in known else _without_doubts(text, known[page])

    return replace(
        document,
        cells=tuple(order[cell.table_seq, cell.row_index, cell.col_index] for cell in document.cells),
        paragraphs=tuple(replace(one, text=text_of(one.text, one.page)) for one in document.paragraphs),
        headings=tuple(replace(one, text=text_of(one.text, one.page)) for one in document.headings),
        tables=tuple(
            replace(one, caption=None if one.caption is None else text_of(one.caption, one.page_first))
            for one in document.tables
        ),
        title=None if document.title is None else text_of(document.title, min(pages)),
    )


# --- one table --------------------------------------------------------------------------------------------------------


def _of_table(
    cells: Sequence[Cell], pages: Mapping[int, Sequence[Recognised]], stated: frozenset[Decimal]
) -> Iterator[Cell]:
    pictures = {(cell.row_index, cell.col_index): _picture_of(cell, pages) for cell in cells}
    if not any(pictures.values()):
        yield from cells
        return
    read = {(cell.row_index, cell.col_index): cell for cell in cells if _is_read(cell, pictures, pages)}
    twice = {place: _second(cell, picture) for place, cell in read.items() if (picture := pictures[place]) is not None}
    figures = {
        place: figure
        for place, cell in read.items()
        if not cell.is_header and (figure := _figure(cell.text)) is not None
    }
    by_arithmetic = _bound(figures)
    named_rows = _named_rows(cells, pictures, twice, figures)
    doubtful_columns = _doubtful_columns(cells, pictures, twice)
    usual = _usual_formats(figures)
    ended = {place for place, cell in read.items() if ENDED.search(_plain(cell.text))}
    for cell in cells:
        place = cell.row_index, cell.col_index
        if place not in read:
            yield cell
            continue
        vouched_by = None
        picture = pictures[place]
        if (
            not cell.is_header
            and picture is not None
            and cell.row_index in named_rows
            and (not digits_of(cell.text) or _is_whole(cell, picture, ended))
        ):
            second = twice[place]
            covered = range(cell.col_index, cell.col_index + cell.col_span)
            if not doubtful_columns.intersection(covered):
                vouched_by = _voucher(cell, second, figures.get(place), place in by_arithmetic, stated, usual)
        box = _box(cell)
        x0, y0, x1, y1 = picture.shown(box) if picture is not None and box is not None else (None,) * 4
        yield replace(cell, extraction_basis=BASIS, vouched_by=vouched_by, x0=x0, y0=y0, x1=x1, y1=y1)


def _voucher(
    cell: Cell,
    second: str,
    figure: _Figure | None,
    is_bound: bool,
    stated: frozenset[Decimal],
    usual: Mapping[int, tuple[int, bool]],
) -> str | None:
    """What vouches for the text of one cell; ``second`` is what the other engine read in its place."""
    first = _plain(cell.text)
    if figure is not None:
        decimals, is_grouped = usual[cell.col_index]
        fits = figure.decimals == decimals and (figure.is_grouped or not is_grouped or abs(figure.value) < 1000)
        if is_bound and _marks(second) == _marks(first):
            return ARITHMETIC
        if fits and second == first:
            return TWICE
        if fits and figure.value in stated and _marks(second) == _marks(first):
            return STATED
        return None
    # What has digits and is no plain number is not read twice alike by chance only: both take a comma for a point.
    return TWICE if second == first and not digits_of(first) else None


def _plain(text: str) -> str:
    """A text without spaces and with one kind of minus."""
    return "".join(text.split()).translate(MINUS)


def _marks(plain: str) -> tuple[bool, int | None, bool]:
    """What arithmetic does not bind: a minus, how many decimals there are, a unit."""
    _, comma, decimals = plain.rpartition(",")
    return plain.startswith("-"), len(decimals.rstrip("%")) if comma else None, plain.endswith("%")


def _figure(text: str) -> _Figure | None:
    found = NUMBER.fullmatch(collapse(text).translate(MINUS))
    if found is None:
        return None
    sign, whole, decimals, percent = found.groups()
    digits = whole.replace(" ", "")
    value = Decimal(f"{sign}{digits}.{decimals or 0}")
    return _Figure(value, len(decimals or ""), " " in whole, bool(percent))


def _usual_formats(figures: Mapping[tuple[int, int], _Figure]) -> dict[int, tuple[int, bool]]:
    """Of each column: how many decimals most of its figures have, and whether their thousands are parted."""
    columns: dict[int, list[_Figure]] = defaultdict(list)
    for (_, column), figure in figures.items():
        columns[column].append(figure)
    return {
        column: (
            Counter(figure.decimals for figure in found).most_common(1)[0][0],
            any(figure.is_grouped for figure in found),
        )
        for column, found in columns.items()
    }


# --- what both readings say of a place --------------------------------------------------------------------------------


def _box(cell: Cell) -> Box | None:
    if cell.x0 is None or cell.y0 is None or cell.x1 is None or cell.y1 is None:
        return None
    return cell.x0, cell.y0, cell.x1, cell.y1


def _picture_of(cell: Cell, pages: Mapping[int, Sequence[Recognised]]) -> Recognised | None:
    box = _box(cell)
    if box is None or cell.page is None:
        return None
    return next((picture for picture in pages.get(cell.page, ()) if picture.holds(box)), None)


def _is_read(
    cell: Cell, pictures: Mapping[tuple[int, int], Recognised | None], pages: Mapping[int, Sequence[Recognised]]
) -> bool:
    """Whether a cell was read from a picture. One whose place is not known may have been, as others of its table."""
    if pictures[cell.row_index, cell.col_index] is not None:
        return True
    return cell.page in pages and _box(cell) is None


def _second(cell: Cell, picture: Recognised) -> str:
    """What the second engine read in the place of a cell."""
    box = _box(cell)
    assert box is not None
    x0, y0, x1, y1 = box
    inside = [
        token
        for token in picture.again
        if x0 - PAD <= (token.box[0] + token.box[2]) / 2 <= x1 + PAD
        and y0 - PAD <= (token.box[1] + token.box[3]) / 2 <= y1 + PAD
    ]
    middle = sorted(inside, key=lambda token: (token.box[1] + token.box[3]) / 2)
    lines: list[tuple[float, list[Token]]] = []
    for token in middle:
        height = token.box[3] - token.box[1]
        at = (token.box[1] + token.box[3]) / 2
        if lines and at - lines[-1][0] <= 0.6 * height:
            lines[-1][1].append(token)
        else:
            lines.append((at, [token]))
    return _plain("".join(token.text for _, line in lines for token in sorted(line, key=lambda token: token.box[0])))


def _is_whole(cell: Cell, picture: Recognised, ended: Set[tuple[int, int]]) -> bool:
    """Whether a figure is all that stands in its place on its line: no ink is left over, inside or beside it.

    ``ended`` are the places of figures with decimals, behind which no thousands follow.
    """
    box = _box(cell)
    assert box is not None
    before = max((at for row, at in ended if row == cell.row_index and at < cell.col_index), default=None)
    found = picture.ink.of(
        box, is_begun=before == cell.col_index - 1, is_ended=(cell.row_index, cell.col_index) in ended
    )
    return found is not None and found.runs <= sum(SIGNS.get(char, 1) for char in _plain(cell.text))


def _confidence(cell: Cell, picture: Recognised) -> float:
    box = _box(cell)
    assert box is not None
    x0, y0, x1, y1 = box
    return min(
        (
            seen.confidence
            for seen in picture.seen
            if seen.box[0] <= x1 and seen.box[2] >= x0 and y0 - PAD <= (seen.box[1] + seen.box[3]) / 2 <= y1 + PAD
        ),
        default=0.0,
    )


def _named_rows(
    cells: Sequence[Cell],
    pictures: Mapping[tuple[int, int], Recognised | None],
    twice: Mapping[tuple[int, int], str],
    figures: Mapping[tuple[int, int], _Figure],
) -> set[int]:
    """Rows with a label that reads as words and is whole.

    Where most labels begin with a capital, one that does not may have its beginning in another cell or line
    (*Individ-*, *och familjeomsorg*).
    """
    named: set[int] = set()
    refused: set[int] = set()
    labels = [cell for cell in cells if _is_label(cell, figures)]
    small = {cell: _first_letter(cell.text).islower() for cell in labels}
    are_capitals = 2 * sum(small.values()) < len(labels)
    for cell in labels:
        place = cell.row_index, cell.col_index
        picture, box = pictures[place], _box(cell)
        rows = range(cell.row_index, cell.row_index + cell.row_span)
        plain = _plain(cell.text)
        is_good = (
            picture is not None
            and box is not None
            and not (small[cell] and are_capitals)
            and not SWALLOWED.search(cell.text.translate(MINUS))
            and not picture.ink.runs_on(box)
            and sum(char.isalpha() for char in plain) >= MIN_LETTERS * len(plain)
            and _confidence(cell, picture) >= MIN_CONFIDENCE
            and digits_of(plain) == digits_of(twice[place])
        )
        (named if is_good else refused).update(rows)
    return named - refused - _shifted_rows(cells)


def _is_label(cell: Cell, figures: Mapping[tuple[int, int], _Figure]) -> bool:
    """Whether a cell has words that name its row; what stands behind the figures is a comment."""
    if cell.is_header or (cell.row_index, cell.col_index) in figures or not LETTERS.search(cell.text):
        return False
    return cell.col_index <= min((at for row, at in figures if row == cell.row_index), default=cell.col_index + 1)


def _first_letter(text: str) -> str:
    return next((char for char in text if char.isalpha()), "")


def _shifted_rows(cells: Sequence[Cell]) -> set[int]:
    """Rows in which two cells lie over each other: what looked like a rule has parted one column only."""
    taken: dict[tuple[int, int], Cell] = {}
    found: set[int] = set()
    for cell in cells:
        rows = range(cell.row_index, cell.row_index + cell.row_span)
        for place in product(rows, range(cell.col_index, cell.col_index + cell.col_span)):
            other = taken.setdefault(place, cell)
            if other is not cell:
                found.update(rows, range(other.row_index, other.row_index + other.row_span))
    return found


def _doubtful_columns(
    cells: Sequence[Cell], pictures: Mapping[tuple[int, int], Recognised | None], twice: Mapping[tuple[int, int], str]
) -> set[int]:
    """Columns below a header whose digits were not read twice alike: years make periods."""
    found: set[int] = set()
    for cell in cells:
        place = cell.row_index, cell.col_index
        if not cell.is_header or not digits_of(cell.text):
            continue
        if pictures[place] is None or digits_of(cell.text) != digits_of(twice[place]):
            found.update(range(cell.col_index, cell.col_index + cell.col_span))
    return found


# --- arithmetic -------------------------------------------------------------------------------------------------------


def _bound(figures: Mapping[tuple[int, int], _Figure]) -> set[tuple[int, int]]:
    """The places of figures that exact arithmetic binds."""
    rows = sorted({row for row, _ in figures})
    columns = sorted({column for _, column in figures})[:MAX_COLUMNS]
    values = {place: figure.value for place, figure in figures.items() if not figure.is_percent}
    return {*_relations(rows, columns, values), *_sums(rows, columns, values)}


def _sums(
    rows: Sequence[int], columns: Sequence[int], values: Mapping[tuple[int, int], Decimal]
) -> Iterator[tuple[int, int]]:
    """A row that is the sum of the same rows above it, or below it, in two columns at least."""
    for index in range(len(rows)):
        for run in (rows[:index][::-1], rows[index + 1 :]):
            sums = dict.fromkeys(columns, Decimal(0))
            parts = dict.fromkeys(columns, 0)
            taken: list[int] = []
            for row in run:
                taken.append(row)
                for column in columns:
                    value = values.get((row, column))
                    if value:
                        sums[column] += value
                        parts[column] += 1
                holding = [
                    column
                    for column in columns
                    if parts[column] > 1 and sums[column] and values.get((rows[index], column)) == sums[column]
                ]
                if len({sums[column] for column in holding}) >= COLUMNS:
                    for column in holding:
                        yield rows[index], column
                        yield from ((one, column) for one in taken if (one, column) in values)


def _relations(
    rows: Sequence[int], columns: Sequence[int], values: Mapping[tuple[int, int], Decimal]
) -> Iterator[tuple[int, int]]:
    """Three columns of which one is the sum of the others on three rows at least, and on most of them."""
    for three in combinations(columns, 3):
        whole = [row for row in rows if all((row, column) in values for column in three)]
        telling = [row for row in whole if all(values[row, column] for column in three)]
        if len(telling) < ROWS:
            continue
        for total, *parts in permutations(three):
            if parts[0] > parts[1]:
                continue
            holding = [row for row in telling if values[row, total] == values[row, parts[0]] + values[row, parts[1]]]
            if len(holding) >= ROWS and 2 * len(holding) > len(telling):
                yield from ((row, column) for row in holding for column in three)


# --- texts outside of tables ------------------------------------------------------------------------------------------


def _stated(document: Document, pages: Mapping[int, Sequence[Recognised]]) -> frozenset[Decimal]:
    """Telling numbers that stand in the text layer of the same document."""
    texts = [one.text for one in document.paragraphs if one.page not in pages]
    found = (
        _figure(text)
        for whole in texts
        for text in re.findall(r"[−–-]?\d{1,3}(?: \d{3})+(?:,\d+)?|[−–-]?\d+(?:,\d+)?", whole)
    )
    return frozenset(
        figure.value
        for figure in found
        if figure is not None and len(digits_of(str(figure.value)).strip("0")) >= TELLING_DIGITS
    )


def _known(pictures: Sequence[Recognised]) -> set[str]:
    """The digits of each word of the second reading of a page."""
    return {digits_of(token.text) for picture in pictures for token in picture.again}


def _without_doubts(text: str, known: Set[str]) -> str:
    """A text in which the digits of words that were not read twice alike are lost characters."""
    return re.sub(
        r"\S*\d\S*",
        lambda word: word[0] if digits_of(word[0]) in known else re.sub(r"\d", REPLACEMENT, word[0]),
        text,
    )
