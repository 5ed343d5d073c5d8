"""Which pictures of a page are read, within which bounds, and the page with what was read in them.

Belongs here: choosing pictures, drawing them, time and pixels. Does not belong here: engines, words, and belief.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from dagster_project.extract.document import ExtractionError, Limits
from dagster_project.extract.ocr.engine import engines
from dagster_project.extract.ocr.ink import Box
from dagster_project.extract.ocr.pictures import MARGIN, Recognised, digits_of, recognise
from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.rules import Area

DPI: Final = 200
"""At which pages are drawn to be read: less loses decimal marks, more costs time and finds no more."""
SCANNED_SHARE: Final = 0.3
"""Share of a page that pictures cover, from which a page without text is a scan."""
FEW_WORDS: Final = 12
"""Words up to which what is printed over a scan is a stamp or the number of a page, and no text layer."""
POINTS_PER_INCH: Final = 72


@dataclass(slots=True)
class Reading:
    """What is read from the pictures of one document."""

    limits: Limits
    started: float = field(default_factory=time.process_time)
    pages: dict[int, list[Recognised]] = field(default_factory=dict)
    """By the number of the page."""
    printed: dict[int, set[str]] = field(default_factory=dict)
    """The digits of each word of the text layer of those pages."""

    def read(
        self, sheet: Any, number: int, size: tuple[float, float], words: Sequence[Word], boxes: Sequence[Area] | None
    ) -> list[Recognised]:
        """Read pictures of a page.

        Args:
            sheet: the page (pypdfium2).
            number: its number.
            size: its width and height as shown (points).
            words: the words of its text layer.
            boxes: its pictures that may hold a table; None where all of it is a picture.

        Returns:
            What was recognised; fewer than there are pictures where the others say nothing, or time is up.

        Raises:
            ExtractionError: a scan takes longer than ``limits.max_ocr_seconds`` of processor time.
        """
        found = []
        for box in _boxes(size, boxes):
            if time.process_time() - self.started > self.limits.max_ocr_seconds:
                if boxes is None:
                    raise ExtractionError(
                        f"reading its pictures takes longer than the limit of {self.limits.max_ocr_seconds} seconds"
                    )
                break
            tones, scale = _drawn(sheet, size, box, self.limits.max_ocr_pixels)
            if (one := recognise(engines(), tones, scale, box)) is not None:
                found.append(one)
        if found:
            self.pages[number] = found
            self.printed[number] = {digits_of(word.text) for word in words}
        return found


def is_scan(words: Sequence[Word], images: float) -> bool:
    """Whether a page is a picture, but for a stamp; ``images`` is the share of it that pictures cover."""
    return images > SCANNED_SHARE and len(words) <= FEW_WORDS


def _boxes(size: tuple[float, float], areas: Sequence[Area] | None) -> list[Box]:
    width, height = size
    if areas is None:
        return [(0.0, 0.0, width, height)]
    return [
        (
            max(0.0, area.x0 - MARGIN),
            max(0.0, area.y0 - MARGIN),
            min(width, area.x1 + MARGIN),
            min(height, area.y1 + MARGIN),
        )
        for area in areas
    ]


def _drawn(sheet: Any, size: tuple[float, float], box: Box, max_pixels: int) -> tuple[np.ndarray, float]:
    """A part of a page in shades of grey, and how many of its points make a point of the page."""
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(DPI / POINTS_PER_INCH, (max_pixels / max(1.0, width * height)) ** 0.5)
    crop = (box[0], size[1] - box[3], size[0] - box[2], box[1])
    bitmap = sheet.render(scale=scale, crop=crop, grayscale=True, may_draw_forms=False)
    try:
        tones = np.array(bitmap.to_numpy())
    finally:
        bitmap.close()
    return tones.reshape(tones.shape[0], tones.shape[1]), scale
