"""Where there is ink in a picture, whatever the engines say of it.

Belongs here: telling ink from paper, and what stands beside a figure. Does not belong here: what was read
(``engine``), and which figures are believed (``vouching``).

Both engines can leave out the same thing, and a table can be cut where a figure has its thousands parted. Then what is
left of the figure reads alike twice. The ink tells: a figure stands alone on its line, with nothing that nobody read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dagster_project.extract.ocr.engine import Piece
from dagster_project.extract.pdf.rules import Rule

Box = tuple[float, float, float, float]

BLUR: Final = 0.06
"""Radius of the blur that takes noise away, as a share of the height of print: less than the gap between digits."""
NEIGHBOURHOOD: Final = 3.0
"""Width of the neighbourhood whose middle tone is that of the paper, as a multiple of the height of print."""
FAINT: Final = 0.35
"""Share of the contrast of the print from which on a point is ink: a minus is thinner than a digit and paler."""
NOISE: Final = 4.0
"""Ink is this many times as far from the paper as its usual unevenness."""
SPECK: Final = 0.012
"""Area as a share of the squared height of print, below which ink is dirt: a point has twice as much."""
ERASED: Final = 1
"""Points of the picture on each side of a rule that go with it."""
MIN_RULE: Final = 24.0
"""Length of a rule in points of the page."""
PAD: Final = 1.5
"""Points by which ink may stand outside of its cell."""
HALF: Final = 0.5
"""Share of the height of the tallest ink of a place from which on ink is a digit, and no mark."""
TALLEST: Final = 1.5
"""Height of the digits of one line, as a multiple of one of them."""
GAP: Final = 1.3
"""Gap as a multiple of the height of a digit that parts two cells; a narrower one may part thousands."""
NARROW: Final = 0.6
"""The same, where the one before has decimals: a figure ends with them."""
CUT: Final = 0.35
"""The same, to the edge of the picture: what stands closer to it may have been cut."""
TALL: Final = 1.8
"""Height of what is no digit, likewise."""
THIN: Final = 0.5
"""Width of what is a rule if it is tall, likewise."""
ALONG: Final = 0.2
"""Distance of the bits of a rule from it, likewise."""
TOUCHED: Final = 0.12
"""The same, to a rule: a digit that touches it is lost with it, or looks like another."""


def blobs(tones: np.ndarray, pieces: Sequence[Piece], scale: float, height: float) -> np.ndarray:
    """The connected bits of ink of a straight picture, without its rules.

    Args:
        tones: shades of grey (rows, columns; uint8).
        pieces: what the first engine read: its print tells the contrast.
        scale: points of the picture a point of the page.
        height: usual height of a digit (points of the picture).

    Returns:
        Left, top, right, bottom of each (n, 4; float32; points of the picture).
    """
    import cv2

    smooth = cv2.GaussianBlur(tones, (0, 0), max(0.4, BLUR * height))
    far = cv2.absdiff(smooth, _paper(smooth, height))
    contrast = [
        float(np.percentile(part, 95))
        for piece in pieces
        if (part := far[_inside([y for _, y in piece.corners]), _inside([x for x, _ in piece.corners])]).size
    ]
    if not contrast:
        return np.empty((0, 4), np.float32)
    uneven = 1.48 * float(np.median(far[::3, ::3]))
    mask = (far > max(FAINT * float(np.median(contrast)), NOISE * uneven)).astype(np.uint8)
    for size in ((round(MIN_RULE * scale), 1), (1, round(MIN_RULE * scale))):
        rules = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8))
        grown = np.ones((1 + 2 * ERASED * (size[1] == 1), 1 + 2 * ERASED * (size[0] == 1)), np.uint8)
        mask[cv2.dilate(rules, grown) > 0] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    stats = stats[1:]  # the first is the paper
    stats = stats[stats[:, 4] >= max(2.0, SPECK * height * height)]
    return np.column_stack((stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3])).astype(
        np.float32
    )


def _inside(places: Sequence[float]) -> slice:
    return slice(max(0, round(min(places))), max(0, round(max(places))))


def _paper(tones: np.ndarray, height: float) -> np.ndarray:
    """The tone of the paper at each point: that of most of what is around it."""
    import cv2

    step = max(1, round(height / 6))
    small = tones[::step, ::step]
    around = max(3, round(NEIGHBOURHOOD * height / step)) | 1
    return cv2.resize(cv2.medianBlur(np.ascontiguousarray(small), around), tones.shape[::-1])


# --- what stands in the place of a figure -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a picture, on the straightened page (points)."""

    blobs: np.ndarray
    """Left, top, right, bottom of each connected bit (n, 4)."""
    across: Sequence[Rule]
    down: Sequence[Rule]
    edges: Box
    """Of the picture."""

    def of(self, box: Box, *, is_begun: bool = True, is_ended: bool = True) -> Print | None:
        """The print in a place; None where there is none, or it does not stand alone on its line.

        Args:
            box: the place of a cell.
            is_begun: whether a figure before it would be another one, whatever the gap: its decimals end it.
            is_ended: whether a figure behind it would be another one.
        """
        middle = (self.blobs[:, 0] + self.blobs[:, 2]) / 2
        level = (self.blobs[:, 1] + self.blobs[:, 3]) / 2
        is_here = (
            (middle >= box[0] - PAD) & (middle <= box[2] + PAD) & (level >= box[1] - PAD) & (level <= box[3] + PAD)
        )
        here = self.blobs[is_here]
        if not len(here):
            return None
        tall = here[here[:, 3] - here[:, 1] >= HALF * (here[:, 3] - here[:, 1]).max()]
        height = float(np.median(tall[:, 3] - tall[:, 1]))
        top, bottom = float(tall[:, 1].min()), float(tall[:, 3].max())
        left, right = float(here[:, 0].min()), float(here[:, 2].max())
        if bottom - top > TALLEST * height or not self._is_alone(
            is_here,
            (left, top, right, bottom),
            height,
            (height * (NARROW if is_begun else GAP), height * (NARROW if is_ended else GAP)),
        ):
            return None
        return Print((left, top, right, bottom), height, _runs(here))

    def _is_alone(self, is_here: np.ndarray, box: Box, height: float, gaps: tuple[float, float]) -> bool:
        left, top, right, bottom = box
        margin = CUT * height
        x0, y0, x1, y1 = self.edges
        if left < x0 + margin or right > x1 - margin or top < y0 or bottom > y1:
            return False
        inner = top + TOUCHED * height, bottom - TOUCHED * height
        if any(
            inner[0] < rule.at < inner[1] and rule.start < left - margin and rule.end > right + margin
            for rule in self.across
        ):
            return False
        others = self.blobs[~is_here]
        others = others[np.minimum(others[:, 3], bottom) > np.maximum(others[:, 1], top)]
        beside = [rule.at for rule in self.down if rule.start < inner[1] and rule.end > inner[0]]
        # What is much taller than a digit and thinner is a rule, and so are the bits of one between two others.
        middle = (others[:, 0] + others[:, 2]) / 2
        is_tall = others[:, 3] - others[:, 1] > TALL * height
        for at in beside:
            is_tall |= np.abs(middle - at) < ALONG * height
        is_rule = is_tall & (others[:, 2] - others[:, 0] < THIN * height)
        beside += middle[is_rule].tolist()
        if any(left - TOUCHED * height < at < right + TOUCHED * height for at in beside):
            return False
        thick = TOUCHED * height
        fence = max((at + thick for at in beside if at < left), default=-math.inf)
        border = min((at - thick for at in beside if at > right), default=math.inf)
        is_near = (others[:, 2] > max(left - gaps[0], fence)) & (others[:, 0] < min(right + gaps[1], border))
        return not bool(np.any(is_near & ~is_rule))


@dataclass(frozen=True, slots=True)
class Print:
    """What stands in a place, alone on its line (points)."""

    box: Box
    height: float
    """Of its digits."""
    runs: int
    """Stretches from left to right with ink in them; digits may touch."""


def _runs(blobs: np.ndarray) -> int:
    count, reached = 0, -math.inf
    for left, _, right, _ in blobs[blobs[:, 0].argsort()]:
        count += int(left >= reached)
        reached = max(reached, right)
    return count
