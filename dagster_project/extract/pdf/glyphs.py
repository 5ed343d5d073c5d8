"""Whether a font draws the digits that its character map names.

Belongs here: outlines of digits, compared with those of fonts that are known. Does not belong here: where text stands.

A font may say that its glyph "1" means 9: every figure in it is then another than the one that is seen. A digit is
taken to be drawn as another only if it looks far more like that other one, in any of the known fonts.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.calls import INT, POINTER, address_of, prototype

_glyph_path = prototype(pdfium.FPDFFont_GetGlyphPath, POINTER, POINTER, ctypes.c_uint, ctypes.c_float)
_count_segments = prototype(pdfium.FPDFGlyphPath_CountGlyphSegments, INT, POINTER)
_segment_at = prototype(pdfium.FPDFGlyphPath_GetGlyphPathSegment, POINTER, POINTER, INT)
_segment_type = prototype(pdfium.FPDFPathSegment_GetType, INT, POINTER)
_segment_point = prototype(pdfium.FPDFPathSegment_GetPoint, INT, POINTER, POINTER, POINTER)
_floats = (ctypes.c_float * 2)()
_AT = [ctypes.addressof(_floats) + 4 * index for index in range(2)]

Point = tuple[float, float]
Outline = tuple[tuple[Point, ...], ...]
"""Closed lines, each by its corners."""
Shape = tuple[float, int]
"""Width of a glyph for each of its heights, and the dots of a grid over it that are inked, as bits."""

DIGITS = "0123456789"
KNOWN_FONTS = (
    b"Helvetica",
    b"Helvetica-Bold",
    b"Times-Roman",
    b"Times-Bold",
    b"Times-Italic",
    b"Courier",
    b"Courier-Bold",
)
SIZE = 100.0
ROWS, COLUMNS = 20, 14
CURVE_STEPS = 4
"""Straight pieces that stand for a curve."""
MIN_UNLIKE = 0.3
"""Difference from every known form of the digit that the map names (0: the same, 1: nothing in common)."""
MUCH_NEARER = 0.55
"""How much nearer another digit must be."""
MAX_CACHED = 512


def contradiction(font: int, digits: Iterable[str]) -> str | None:
    """Which of the digits a font draws as another one, as ``9 drawn as 1``; None if none.

    Args:
        font: address of a font of PDFium.
        digits: the digits that a text says it prints in that font.
    """
    for digit in sorted(digits):
        path = _glyph_path(font, ord(digit), SIZE)
        if not path:
            continue
        key = digit, *_marks(path)
        if key not in _verdicts:
            if len(_verdicts) >= MAX_CACHED:
                _verdicts.clear()
            _verdicts[key] = _drawn_as(digit, _outline(path))
        if _verdicts[key] is not None:
            return _verdicts[key]
    return None


_verdicts: dict[tuple[object, ...], str | None] = {}
"""By digit and marks of its outline: pages print in the same fonts again and again."""


def _marks(path: int) -> tuple[object, ...]:
    """By what an outline is known again: how many pieces it has, and where a few of them end."""
    count = max(0, _count_segments(path))
    return count, *(_point(path, index) for index in range(0, count, 1 + count // 4))


def _point(path: int, index: int) -> Point:
    _segment_point(_segment_at(path, index), *_AT)
    return round(_floats[0], 1), round(_floats[1], 1)


def _drawn_as(digit: str, outline: Outline) -> str | None:
    shape = _shape(outline)
    if shape is None:
        return None
    unlike = {other: min(_difference(shape, known) for known in _known_shapes(other)) for other in DIGITS}
    nearest = min(DIGITS, key=lambda other: unlike[other])
    if unlike[digit] > MIN_UNLIKE and unlike[nearest] < MUCH_NEARER * unlike[digit]:
        return f"{digit} drawn as {nearest}"
    return None


@lru_cache(maxsize=len(DIGITS))
def _known_shapes(digit: str) -> tuple[Shape, ...]:
    return tuple(shape for shape in _all_known_shapes()[digit])


@lru_cache(maxsize=1)
def _all_known_shapes() -> dict[str, list[Shape]]:
    document = pdfium.FPDF_CreateNewDocument()
    result: dict[str, list[Shape]] = {digit: [] for digit in DIGITS}
    try:
        for name in KNOWN_FONTS:
            font = pdfium.FPDFText_LoadStandardFont(document, name)
            for digit in DIGITS:
                if shape := _shape(_outline(_glyph_path(address_of(font), ord(digit), SIZE) or 0)):
                    result[digit].append(shape)
            pdfium.FPDFFont_Close(font)
    finally:
        pdfium.FPDF_CloseDocument(document)
    return result


def _difference(one: Shape, other: Shape) -> float:
    """How much two shapes differ, 0 to 1: dots that only one of them has, and their width."""
    (wide, dots), (other_wide, other_dots) = one, other
    both = (dots | other_dots).bit_count() or 1
    return (dots ^ other_dots).bit_count() / both + 0.3 * abs(wide - other_wide)


def _outline(path: int) -> Outline:
    """The outline of a glyph, curves as straight pieces; empty for none."""
    lines: list[list[Point]] = []
    curve: list[Point] = []
    for index in range(max(0, _count_segments(path))):
        kind = _segment_type(_segment_at(path, index))
        point = _point(path, index)
        if kind == pdfium.FPDF_SEGMENT_MOVETO or not lines:
            lines.append([point])
            curve = []
        elif kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            curve.append(point)
            if len(curve) == 3:
                lines[-1].extend(_curve(lines[-1][-1], *curve))
                curve = []
        else:
            lines[-1].append(point)
    return tuple(tuple(line) for line in lines if len(line) > 2)


def _curve(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    result = []
    for step in range(1, CURVE_STEPS + 1):
        t = step / CURVE_STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        result.append(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
        )
    return result


def _shape(outline: Outline) -> Shape | None:
    points = [point for line in outline for point in line]
    if not points:
        return None
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    if right - left <= 0 or high - low <= 0:
        return None
    dots = 0
    for row in range(ROWS):
        for column in _inked(outline, low + (row + 0.5) * (high - low) / ROWS, left, right):
            dots |= 1 << (row * COLUMNS + column)
    return (right - left) / (high - low), dots


def _inked(outline: Outline, y: float, left: float, right: float) -> Iterable[int]:
    """The columns of one row of the grid that lie inside of the outline (what it winds around)."""
    crossings: list[tuple[float, int]] = []
    for line in outline:
        for (ax, ay), (bx, by) in pairwise((*line, line[0])):
            if (ay <= y) != (by <= y):
                crossings.append((ax + (y - ay) * (bx - ax) / (by - ay), 1 if by > ay else -1))
    crossings.sort()
    columns: list[int] = []
    step = (right - left) / COLUMNS
    for column in range(COLUMNS):
        x = left + (column + 0.5) * step
        if _winding(crossings, x):
            columns.append(column)
    return columns


def _winding(crossings: Sequence[tuple[float, int]], x: float) -> int:
    return sum(turn for at, turn in crossings if at < x)
