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
        is_here = self._is_in(box)
        here = self.blobs[is_here]
        if not len(here):
            return None
        height, edges = _measures(here)
        left, top, right, bottom = edges
        if bottom - top > TALLEST * height or self._is_cut(edges, height):
            return None
        before, behind = height * (NARROW if is_begun else GAP), height * (NARROW if is_ended else GAP)
        others, rules = self._beside(is_here, edges, height)
        if any(left - TOUCHED * height < at < right + TOUCHED * height for at in rules):
            return None
        fence = max((at + TOUCHED * height for at in rules if at < left), default=-math.inf)
        if np.any((others[:, 2] > max(left - before, fence)) & (others[:, 0] < _reach(right, behind, rules, height))):
            return None
        return Print(edges, height, _runs(here))

    def runs_on(self, box: Box) -> bool:
        """Whether the words in a place run on behind it: a label was cut where its words stand apart."""
        is_here = self._is_in(box)
        here = self.blobs[is_here]
        if not len(here):
            return False
        height, edges = _measures(here)
        right = edges[2]
        others, rules = self._beside(is_here, edges, height)
        # What stands before a label is a bullet, an icon or the corner of a frame more often than a name.
        return bool(np.any((others[:, 2] > right) & (others[:, 0] < _reach(right, GAP * height, rules, height))))

    def _is_in(self, box: Box) -> np.ndarray:
        middle = (self.blobs[:, 0] + self.blobs[:, 2]) / 2
        level = (self.blobs[:, 1] + self.blobs[:, 3]) / 2
        is_in: np.ndarray = (np.abs(middle - (box[0] + box[2]) / 2) <= (box[2] - box[0]) / 2 + PAD) & (
            np.abs(level - (box[1] + box[3]) / 2) <= (box[3] - box[1]) / 2 + PAD
        )
        return is_in

    def _is_cut(self, edges: Box, height: float) -> bool:
        """Whether the picture or a rule across ends some print, or may have."""
        left, top, right, bottom = edges
        margin = CUT * height
        x0, y0, x1, y1 = self.edges
        if left < x0 + margin or right > x1 - margin or top < y0 or bottom > y1:
            return True
        inner = top + TOUCHED * height, bottom - TOUCHED * height
        return any(
            inner[0] < rule.at < inner[1] and rule.start < left - margin and rule.end > right + margin
            for rule in self.across
        )

    def _beside(self, is_here: np.ndarray, edges: Box, height: float) -> tuple[np.ndarray, list[float]]:
        """Other ink on the same line, and where rules run down through it."""
        _, top, _, bottom = edges
        others = self.blobs[~is_here]
        others = others[np.minimum(others[:, 3], bottom) > np.maximum(others[:, 1], top)]
        margin = TOUCHED * height
        rules = [rule.at for rule in self.down if rule.start < bottom - margin and rule.end > top + margin]
        # What is much taller than a digit and thinner is a rule, and so are the bits of one between two others.
        middle = (others[:, 0] + others[:, 2]) / 2
        is_rule = others[:, 3] - others[:, 1] > TALL * height
        for at in rules:
            is_rule |= np.abs(middle - at) < ALONG * height
        is_rule &= others[:, 2] - others[:, 0] < THIN * height
        return others[~is_rule], [*rules, *middle[is_rule].tolist()]


@dataclass(frozen=True, slots=True)
class Print:
    """What stands in a place, alone on its line (points)."""

    box: Box
    height: float
    """Of its digits."""
    runs: int
    """Stretches from left to right with ink in them; digits may touch."""


def _measures(blobs: np.ndarray) -> tuple[float, Box]:
    """Height of the digits or letters of some print, and where it begins and ends."""
    tall = blobs[blobs[:, 3] - blobs[:, 1] >= HALF * (blobs[:, 3] - blobs[:, 1]).max()]
    height = float(np.median(tall[:, 3] - tall[:, 1]))
    return height, (
        float(blobs[:, 0].min()),
        float(tall[:, 1].min()),
        float(blobs[:, 2].max()),
        float(tall[:, 3].max()),
    )


def _reach(right: float, gap: float, rules: Sequence[float], height: float) -> float:
    """How far behind some print other ink would belong to it: a gap, and to the next rule."""
    return min([right + gap, *(at - TOUCHED * height for at in rules if at > right)])


def _runs(blobs: np.ndarray) -> int:
    count, reached = 0, -math.inf
    for left, _, right, _ in blobs[blobs[:, 0].argsort()]:
        count += int(left >= reached)
        reached = max(reached, right)
    return count
