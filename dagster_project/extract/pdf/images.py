"""Pictures on a page that may be tables: pasted from a spreadsheet, or scanned.

Belongs here: telling a picture of print from a photograph by its size and its tones. Does not belong here: reading it.
"""

from __future__ import annotations

import ctypes
from typing import Final

import numpy as np
import pypdfium2.raw as pdfium

MIN_WIDTH: Final = 0.35
"""Share of the width of the page that a picture of a table takes at least."""
MIN_HEIGHT: Final = 50.0
"""The same for its height, in points."""
WHITE, DARK = 235, 110
"""Tones (0 to 255) from which a point is paper, and up to which it is ink."""
PAPER: Final = 0.4
"""Least share of paper in a picture of print, half of which may be stripes; a photograph has hardly any."""
INK: Final = (0.005, 0.3)
STEP: Final = 4
"""Every how many points of the picture one is looked at, across and down."""
CHANNELS: Final = {
    pdfium.FPDFBitmap_Gray: 1,
    pdfium.FPDFBitmap_BGR: 3,
    pdfium.FPDFBitmap_BGRx: 4,
    pdfium.FPDFBitmap_BGRA: 4,
}
MAX_POINTS: Final = 60_000_000
"""Points of a picture that are unpacked at most."""


def may_hold_table(picture: int, box: tuple[float, float, float, float], page_width: float) -> bool:
    """Whether a picture is large enough for a table, and looks like print on paper.

    Args:
        picture: address of the PDFium object.
        box: its place on the page (points).
        page_width: width of the page (points).
    """
    if box[2] - box[0] < MIN_WIDTH * page_width or box[3] - box[1] < MIN_HEIGHT:
        return False
    tones = _tones(picture)
    if tones is None or tones.size == 0:
        return False
    paper, ink = float((tones > WHITE).mean()), float((tones < DARK).mean())
    return paper >= PAPER and INK[0] <= ink <= INK[1]


def _tones(picture: int) -> np.ndarray | None:
    """Some points of a picture in shades of grey; None where it cannot be unpacked, or is too large."""
    handle = ctypes.cast(picture, pdfium.FPDF_PAGEOBJECT)
    width, height = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(handle, width, height):
        return None
    if not 0 < width.value * height.value <= MAX_POINTS:
        return None
    bitmap = pdfium.FPDFImageObj_GetBitmap(handle)
    if not bitmap:
        return None
    try:
        columns, rows = pdfium.FPDFBitmap_GetWidth(bitmap), pdfium.FPDFBitmap_GetHeight(bitmap)
        stride, kind = pdfium.FPDFBitmap_GetStride(bitmap), pdfium.FPDFBitmap_GetFormat(bitmap)
        channels = CHANNELS.get(kind, 0)
        start = ctypes.cast(pdfium.FPDFBitmap_GetBuffer(bitmap), ctypes.c_void_p).value
        if not channels or not start or columns < 1 or rows < 1:
            return None
        data = np.frombuffer((ctypes.c_uint8 * (stride * rows)).from_address(start), dtype=np.uint8)
        points = data.reshape(rows, stride)[::STEP, : columns * channels].reshape(-1, columns, channels)
        tones: np.ndarray = points[:, ::STEP, :3].mean(axis=2)
        return tones
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
