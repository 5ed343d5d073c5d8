"""The set of readings of a page that do not overlap and promise the most right figures less wrong ones.

Belongs here: the search over lines. Does not belong here:
evidence, and whether the best is good enough (``acceptance``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dagster_project.extract.pdf.readings.evidence import probability
from dagster_project.extract.pdf.readings.generators import Zone, divisions, read_zone
from dagster_project.extract.pdf.readings.lines import Page
from dagster_project.extract.pdf.readings.reading import Reading

EVEN_ODDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Chosen:
    value: float
    readings: list[Reading]


def choose(page: Page) -> list[Reading]:
    """The best readings of a page, from top to bottom, each with its probability."""
    found = [_chosen([read_zone(page, words) for words in division]) for division in divisions(page)]
    return max(found, key=lambda one: one.value).readings


def value_of(reading: Reading) -> float:
    """Right figures less wrong ones that it promises."""
    return reading.count * (reading.probability - EVEN_ODDS)


def _chosen(zones: Sequence[Zone]) -> _Chosen:
    parts = [_best_of(zone) for zone in zones]
    return _Chosen(sum(part.value for part in parts), [reading for part in parts for reading in part.readings])


def _best_of(zone: Zone) -> _Chosen:
    by_end: dict[int, list[Reading]] = defaultdict(list)
    for reading in zone.readings:
        reading.probability = probability(reading.weight)
        by_end[reading.end].append(reading)
    count = len(zone.lines)
    best, taken = _search(count, by_end)
    chosen: list[Reading] = []
    end = count
    while end > 0:
        last = taken[end]
        if last is None:
            end -= 1
        else:
            chosen.append(last)
            end = last.first
    return _Chosen(best[count], chosen[::-1])


def _search(count: int, by_end: dict[int, list[Reading]]) -> tuple[list[float], list[Reading | None]]:
    """The best value of the first lines, up to each line, and the reading that ends there in that set."""
    best = [0.0] * (count + 1)
    taken: list[Reading | None] = [None] * (count + 1)
    for end in range(1, count + 1):
        best[end] = best[end - 1]
        for reading in by_end.get(end, ()):
            value = best[reading.first] + value_of(reading)
            if value > best[end]:
                best[end], taken[end] = value, reading
    return best, taken
