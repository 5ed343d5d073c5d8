"""How the user space of a PDF page maps to the page as it is read.

Belongs here: rotation, crop boxes, points and boxes from one frame to another. Does not belong here: what stands there.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium


@dataclass(frozen=True, slots=True)
class Frame:
    """How points of PDF user space map to the page as read: width and height in points, and an affine map."""

    width: float
    height: float
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The place on the page of a point in user space."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a box in user space."""
        xa, ya = self.point(x0, y0)
        xb, yb = self.point(x1, y1)
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)

    def moved(self, box: tuple[float, float, float, float], to: Frame) -> tuple[float, float, float, float]:
        """The place in another frame of the same page of a box in this one."""
        turn = self.a * self.d - self.b * self.c

        def user(x: float, y: float) -> tuple[float, float]:
            x, y = x - self.e, y - self.f
            return (self.d * x - self.c * y) / turn, (self.a * y - self.b * x) / turn

        return to.box(*user(box[0], box[1]), *user(box[2], box[3]))

    def turned(self, angle: int) -> Frame:
        """The frame in which text that runs at ``angle`` (90, 180, 270 clockwise) runs from left to right."""
        a, b, c, d, e, f = self.a, self.b, self.c, self.d, self.e, self.f
        if angle == 90:
            return Frame(self.height, self.width, b, -a, d, -c, f, self.width - e)
        if angle == 180:
            return Frame(self.width, self.height, -a, -b, -c, -d, self.width - e, self.height - f)
        if angle == 270:
            return Frame(self.height, self.width, -b, a, -d, c, self.height - f, e)
        return self


def frame_of(page: Any) -> Frame:
    """The frame of a page with its rotation; ``page`` is a PDFium handle."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    found = pdfium.FPDFPage_GetCropBox(page, left, bottom, right, top)
    if not found:
        found = pdfium.FPDFPage_GetMediaBox(page, left, bottom, right, top)
    rotation = pdfium.FPDFPage_GetRotation(page)
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if rotation % 2:
        width, height = height, width
    west, south = (left.value, bottom.value) if found else (0.0, 0.0)
    upright = Frame(width, height, 1, 0, 0, -1, -west, south + height)
    # A page that is shown turned clockwise shows its text turned clockwise too: seen from the text it is the reverse.
    return upright.turned({0: 0, 1: 270, 2: 180, 3: 90}[rotation % 4])
