"""Where columns may be parted: free strips between what stands on the lines, and vertical rules.

Belongs here: sets of separators for a stretch of lines. Does not belong here: which set is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from dagster_project.extract.pdf.readings.lines import PrintedLine, Token

STEPS_A_POINT: Final = 2
"""Resolution at which free strips are sought."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look for free strips. Multiples of the size of type, but for ``crossed``."""

    closed: float
    """A gap up to this is part of a text."""
    least: float
    """Least width of a strip."""
    crossed: float
    """Share of the lines that may cross it."""


LOOKS: Final = (
    Look(0.45, 0.3, 0.0),
    Look(0.45, 0.3, 0.07),
    Look(0.7, 0.7, 0.0),
    Look(0.7, 0.7, 0.1),
    Look(1.0, 1.0, 0.0),
    Look(1.0, 1.0, 0.15),
    Look(1.6, 1.6, 0.05),
    Look(0.3, 0.2, 0.0),
)
BETWEEN_FIGURES_EM: Final = 0.12
"""A gap between two figures that parts them, however the look treats gaps in texts."""
BESIDE_FIGURE_EM: Final = 0.45


@dataclass(frozen=True, slots=True)
class Separators:
    """x between each two columns (points), the room at each (multiples of the size), and what made them."""

    xs: tuple[float, ...]
    widths: tuple[float, ...]
    generator: str


def separator_sets(lines: Sequence[PrintedLine], rules: Sequence[float]) -> list[Separators]:
    """The different sets of separators that the lines with figures show; ``rules`` are x of vertical rules."""
    figures = [line for line in lines if line.figures and len(line.tokens) > 1]
    if not figures:
        return []
    em = median(line.size for line in figures)
    found: dict[tuple[object, ...], Separators] = {}
    for look in LOOKS:
        strips = _strips(figures, look, em)
        if strips:
            key = tuple(round(x / 3) for x, _ in strips)
            widths = tuple(width / em for _, width in strips)
            found.setdefault(key, Separators(tuple(x for x, _ in strips), widths, "gutters"))
    if rules:
        found.setdefault(("rules", *rules), Separators(tuple(rules), (1.0,) * len(rules), "rules"))
    return list(found.values())


def _strips(lines: Sequence[PrintedLine], look: Look, em: float) -> list[tuple[float, float]]:
    """Middle and width (points) of the strips that are free, those at the ends left out."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    covered = np.zeros(int((right - left) * STEPS_A_POINT) + 3, dtype=np.int16)

    def cover(x0: float, x1: float) -> None:
        covered[int((x0 - left) * STEPS_A_POINT) : int((x1 - left) * STEPS_A_POINT) + 1] += 1

    for line in lines:
        start = line.tokens[0].x0
        for a, b in pairwise(line.tokens):
            if b.x0 - a.x1 > _closed(a, b, look):
                cover(start, a.x1)
                start = b.x0
        cover(start, line.x1)
    free = np.concatenate(([0], (covered <= look.crossed * len(lines)).astype(np.int8), [0]))
    steps = np.diff(free)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [
        ((a + b) / (2 * STEPS_A_POINT) + left, (b - a) / STEPS_A_POINT)
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        if (b - a) / STEPS_A_POINT >= look.least * em and a > 0 and b < len(covered)
    ]


def _closed(a: Token, b: Token, look: Look) -> float:
    closed = look.closed * max(a.size, b.size)
    if a.is_figure and b.is_figure:
        return min(closed, BETWEEN_FIGURES_EM * a.size)
    if a.is_figure or b.is_figure:
        return min(closed, BESIDE_FIGURE_EM * a.size)
    return closed
