"""Rules and shaded areas of one PDF page, from its path objects.

Belongs here: which drawn paths are lines of a table and which are backgrounds. Does not belong here: the cells that
they divide (``lattice``, ``tables``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.calls import INT, POINTER, address_of, prototype
from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.frame import Frame
from dagster_project.extract.pdf.images import may_hold_table

THIN = 3.0
"""Points up to which a filled area is a drawn line."""
MIN_LENGTH = 4.0
WHITE = 0xFFFFFF
NEAR = 1.6
"""Points by which ends of rules may miss each other: half a thick border on either side."""
MAX_SEGMENTS = 60_000
"""Path segments of a page that are looked at; a map or a chart has more, and no table."""
MAX_DEPTH = 6
MAX_PICTURES = 20
"""Pictures of a page that are looked at."""


@dataclass(slots=True)
class Rule:
    """A straight rule: at ``at`` across the other axis, from ``start`` to ``end`` along its own (points)."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Area:
    """A filled rectangle; ``colour`` as 0xRRGGBB."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a page draws beside text: ``across`` are horizontal rules by y, ``down`` vertical ones by x."""

    across: list[Rule]
    down: list[Rule]
    areas: list[Area]
    images: float
    """Share of the page that pictures cover, 0 to 1 (overlaps counted twice, bounded)."""
    printed: list[Area] = field(default_factory=list)
    """Pictures that look like print and may hold a table."""


def read_drawing(page: Any, frame: Frame) -> Drawing:
    """Rules, areas and pictures of a page; ``page`` is a PDFium handle."""
    across: list[Rule] = []
    down: list[Rule] = []
    areas: list[Area] = []
    printed: list[Area] = []
    covered = 0.0
    left = MAX_SEGMENTS
    for item, kind, matrix in _objects(address_of(page)):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = frame.box(*_bounds(item, matrix))
            covered += max(0.0, x1 - x0) * max(0.0, y1 - y0)
            if len(printed) < MAX_PICTURES and may_hold_table(item, (x0, y0, x1, y1), frame.width):
                printed.append(Area(x0, y0, x1, y1, WHITE))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH and left > 0:
            left -= _path(item, matrix, frame, across, down, areas)
    page_area = max(1.0, frame.width * frame.height)
    return Drawing(merged(across), merged(down), areas, min(1.0, covered / page_area), printed)


Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


_count_objects = prototype(pdfium.FPDFPage_CountObjects, INT, POINTER)
_object_at = prototype(pdfium.FPDFPage_GetObject, POINTER, POINTER, INT)
_type_of = prototype(pdfium.FPDFPageObj_GetType, INT, POINTER)
_count_inside = prototype(pdfium.FPDFFormObj_CountObjects, INT, POINTER)
_inside_at = prototype(pdfium.FPDFFormObj_GetObject, POINTER, POINTER, ctypes.c_ulong)
_matrix = prototype(pdfium.FPDFPageObj_GetMatrix, INT, POINTER, POINTER)
_bounds_of = prototype(pdfium.FPDFPageObj_GetBounds, INT, POINTER, POINTER, POINTER, POINTER, POINTER)
_fill_of = prototype(pdfium.FPDFPageObj_GetFillColor, INT, POINTER, POINTER, POINTER, POINTER, POINTER)
_draw_mode = prototype(pdfium.FPDFPath_GetDrawMode, INT, POINTER, POINTER, POINTER)
_count_segments = prototype(pdfium.FPDFPath_CountSegments, INT, POINTER)
_segment_at = prototype(pdfium.FPDFPath_GetPathSegment, POINTER, POINTER, INT)
_segment_type = prototype(pdfium.FPDFPathSegment_GetType, INT, POINTER)
_segment_point = prototype(pdfium.FPDFPathSegment_GetPoint, INT, POINTER, POINTER, POINTER)
_segment_close = prototype(pdfium.FPDFPathSegment_GetClose, INT, POINTER)
# Room for what the functions give back; every process reads one document at a time.
_floats = (ctypes.c_float * 6)()
_ints = (ctypes.c_int * 2)()
_uints = (ctypes.c_uint * 4)()
_AT = [ctypes.addressof(_floats) + 4 * index for index in range(6)]
_MODE = [ctypes.addressof(_ints) + 4 * index for index in range(2)]
_COLOUR = [ctypes.addressof(_uints) + 4 * index for index in range(4)]


def _objects(page: int) -> Iterator[tuple[int, int, Matrix]]:
    """Paths and pictures of a page, those inside form objects too, each with the map to user space."""
    for index in range(max(0, _count_objects(page))):
        item = _object_at(page, index)
        kind = _type_of(item)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            continue
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _inside(item, IDENTITY, 1)
        else:
            yield item, kind, IDENTITY


def _inside(form: int, outer: Matrix, depth: int) -> Iterator[tuple[int, int, Matrix]]:
    inner = _times(_matrix_of(form), outer)
    for index in range(max(0, _count_inside(form))):
        item = _inside_at(form, index)
        kind = _type_of(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            yield from _inside(item, inner, depth + 1)
        elif kind != pdfium.FPDF_PAGEOBJ_TEXT:
            yield item, kind, inner


def _matrix_of(item: int) -> Matrix:
    if not _matrix(item, _AT[0]):
        return IDENTITY
    a, b, c, d, e, f = _floats
    return a, b, c, d, e, f


def _times(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _apply(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _bounds(item: int, matrix: Matrix) -> tuple[float, float, float, float]:
    if not _bounds_of(item, *_AT[:4]):
        return 0.0, 0.0, 0.0, 0.0
    left, bottom, right, top = _floats[:4]
    return (*_apply(matrix, left, bottom), *_apply(matrix, right, top))


def _path(item: int, outer: Matrix, frame: Frame, across: list[Rule], down: list[Rule], areas: list[Area]) -> int:
    """Add the rules and areas of one path; returns how many segments it has."""
    if not _draw_mode(item, *_MODE):
        return 0
    fill, stroke = _ints
    if not (fill or stroke):
        return 0
    count = int(_count_segments(item))
    if count < 2 or count > MAX_SEGMENTS:
        return max(0, count)
    m = _matrix_of(item)
    m = _times(m, outer) if outer is not IDENTITY else m
    # From the path to the page as read, in one step.
    a, b, c, d, e, f = _times(m, (frame.a, frame.b, frame.c, frame.d, frame.e, frame.f))
    colour = _colour(item) if fill else 0
    outline: list[tuple[float, float]] = []
    curved = False
    at_x, at_y = _AT[0], _AT[1]
    for index in range(count):
        segment = _segment_at(item, index)
        kind = _segment_type(segment)
        _segment_point(segment, at_x, at_y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO and outline:
            _outline(outline, bool(fill), curved, colour, across, down, areas)
            outline, curved = [], False
        elif kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            curved = True
        x, y = _floats[0], _floats[1]
        outline.append((a * x + c * y + e, b * x + d * y + f))
        if _segment_close(segment):
            outline.append(outline[0])
    _outline(outline, bool(fill), curved, colour, across, down, areas)
    return count


def _colour(item: int) -> int:
    if not _fill_of(item, *_COLOUR):
        return 0
    red, green, blue, _ = _uints
    return int(red) << 16 | int(green) << 8 | int(blue)


def _outline(
    points: list[tuple[float, float]],
    filled: bool,
    curved: bool,
    colour: int,
    across: list[Rule],
    down: list[Rule],
    areas: list[Area],
) -> None:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    if y1 - y0 <= THIN and x1 - x0 >= MIN_LENGTH:
        across.append(Rule((y0 + y1) / 2, x0, x1))
    elif x1 - x0 <= THIN and y1 - y0 >= MIN_LENGTH:
        down.append(Rule((x0 + x1) / 2, y0, y1))
    elif filled:
        # White is the paper: writers lay it behind texts and whole pages.
        if x1 - x0 > THIN and y1 - y0 > THIN and not curved and colour != WHITE:
            areas.append(Area(x0, y0, x1, y1, colour))
    elif not curved:
        for (ax, ay), (bx, by) in pairwise(points):
            if abs(ay - by) < 0.5 and abs(ax - bx) >= MIN_LENGTH:
                across.append(Rule((ay + by) / 2, min(ax, bx), max(ax, bx)))
            elif abs(ax - bx) < 0.5 and abs(ay - by) >= MIN_LENGTH:
                down.append(Rule((ax + bx) / 2, min(ay, by), max(ay, by)))


STRIKE_HEIGHT = (0.15, 0.5)
"""Where a line strikes text out: that far above its baseline, in parts of its size."""
STRIKE_REACH = 0.6
"""How far such a line may reach beyond the text, in the same parts: a rule of a table reaches further."""
STRUCK_SHARE = 0.8


def struck_words(words: Sequence[Word], across: Sequence[Rule]) -> list[Word]:
    """The words through whose middle a line is drawn that is as long as they are."""
    low, high = STRIKE_HEIGHT
    result: list[Word] = []
    for rule in across:
        met = [
            word
            for word in words
            if low * word.size <= word.y - rule.at <= high * word.size
            and min(word.x1, rule.end) - max(word.x0, rule.start) > STRUCK_SHARE * (word.x1 - word.x0)
        ]
        if not met:
            continue
        reach = STRIKE_REACH * met[0].size
        if rule.start >= min(word.x0 for word in met) - reach and rule.end <= max(word.x1 for word in met) + reach:
            result.extend(met)
    return result


def merged(rules: list[Rule]) -> list[Rule]:
    """Pieces of one line as one rule: writers draw a border cell by cell, and some draw it twice."""
    result: list[Rule] = []
    lines: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda r: (r.at, r.start)):
        if lines and rule.at - lines[-1][0].at <= NEAR:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    for line in lines:
        at = sum(rule.at * (rule.end - rule.start) for rule in line) / sum(rule.end - rule.start for rule in line)
        open_rule: Rule | None = None
        for rule in sorted(line, key=lambda r: r.start):
            if open_rule is not None and rule.start <= open_rule.end + NEAR:
                open_rule.end = max(open_rule.end, rule.end)
            else:
                open_rule = Rule(at, rule.start, rule.end)
                result.append(open_rule)
    return result
