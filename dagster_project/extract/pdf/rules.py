"""Rules and shaded areas of one PDF page, from its path objects.

Belongs here: which drawn paths are lines of a table and which are backgrounds. Does not belong here: the cells that
they divide (``lattice``, ``tables``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.characters import Frame

THIN = 3.0
"""Points up to which a filled area is a drawn line."""
MIN_LENGTH = 4.0
NEAR = 1.6
"""Points by which ends of rules may miss each other: half a thick border on either side."""
MAX_SEGMENTS = 60_000
"""Path segments of a page that are looked at; a map or a chart has more, and no table."""
MAX_DEPTH = 6


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


def read_drawing(page: Any, frame: Frame) -> Drawing:
    """Rules, areas and pictures of a page; ``page`` is a PDFium handle."""
    across: list[Rule] = []
    down: list[Rule] = []
    areas: list[Area] = []
    covered = 0.0
    left = MAX_SEGMENTS
    for item, kind, matrix in _objects(page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = frame.box(*_bounds(item, matrix))
            covered += max(0.0, x1 - x0) * max(0.0, y1 - y0)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH and left > 0:
            left -= _path(item, matrix, frame, across, down, areas)
    page_area = max(1.0, frame.width * frame.height)
    return Drawing(merged(across), merged(down), areas, min(1.0, covered / page_area))


Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _objects(page: Any) -> Iterator[tuple[Any, int, Matrix]]:
    """Paths and pictures of a page, those inside form objects too, each with the map to user space."""
    for index in range(max(0, pdfium.FPDFPage_CountObjects(page))):
        item = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            continue
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _inside(item, IDENTITY, 1)
        else:
            yield item, kind, IDENTITY


def _inside(form: Any, outer: Matrix, depth: int) -> Iterator[tuple[Any, int, Matrix]]:
    inner = _times(_matrix_of(form), outer)
    for index in range(max(0, pdfium.FPDFFormObj_CountObjects(form))):
        item = pdfium.FPDFFormObj_GetObject(form, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
            yield from _inside(item, inner, depth + 1)
        elif kind != pdfium.FPDF_PAGEOBJ_TEXT:
            yield item, kind, inner


def _matrix_of(item: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, matrix):
        return IDENTITY
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


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


def _bounds(item: Any, matrix: Matrix) -> tuple[float, float, float, float]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return 0.0, 0.0, 0.0, 0.0
    return (*_apply(matrix, left.value, bottom.value), *_apply(matrix, right.value, top.value))


def _path(item: Any, outer: Matrix, frame: Frame, across: list[Rule], down: list[Rule], areas: list[Area]) -> int:
    """Add the rules and areas of one path; returns how many segments it has."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(item, fill, stroke) or not (fill.value or stroke.value):
        return 0
    count = int(pdfium.FPDFPath_CountSegments(item))
    if count < 2 or count > MAX_SEGMENTS:
        return max(0, count)
    matrix = _times(_matrix_of(item), outer)
    colour = _colour(item) if fill.value else 0
    x, y = ctypes.c_float(), ctypes.c_float()
    outline: list[tuple[float, float]] = []
    curved = False
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == pdfium.FPDF_SEGMENT_MOVETO and outline:
            _outline(outline, bool(fill.value), curved, colour, across, down, areas)
            outline, curved = [], False
        curved = curved or kind == pdfium.FPDF_SEGMENT_BEZIERTO
        outline.append(frame.point(*_apply(matrix, x.value, y.value)))
        if pdfium.FPDFPathSegment_GetClose(segment):
            outline.append(outline[0])
    _outline(outline, bool(fill.value), curved, colour, across, down, areas)
    return count


def _colour(item: Any) -> int:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return 0
    return int(red.value) << 16 | int(green.value) << 8 | int(blue.value)


def _outline(
    points: list[tuple[float, float]],
    filled: bool,
    curved: bool,
    colour: int,
    across: list[Rule],
    down: list[Rule],
    areas: list[Area],
) -> None:
    x0, x1 = min(p[0] for p in points), max(p[0] for p in points)
    y0, y1 = min(p[1] for p in points), max(p[1] for p in points)
    if y1 - y0 <= THIN and x1 - x0 >= MIN_LENGTH:
        across.append(Rule((y0 + y1) / 2, x0, x1))
    elif x1 - x0 <= THIN and y1 - y0 >= MIN_LENGTH:
        down.append(Rule((x0 + x1) / 2, y0, y1))
    elif filled:
        if x1 - x0 > THIN and y1 - y0 > THIN and not curved:
            areas.append(Area(x0, y0, x1, y1, colour))
    elif not curved:
        for (ax, ay), (bx, by) in pairwise(points):
            if abs(ay - by) < 0.5 and abs(ax - bx) >= MIN_LENGTH:
                across.append(Rule((ay + by) / 2, min(ax, bx), max(ax, bx)))
            elif abs(ax - bx) < 0.5 and abs(ay - by) >= MIN_LENGTH:
                down.append(Rule((ax + bx) / 2, min(ay, by), max(ay, by)))


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
