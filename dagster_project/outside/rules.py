"""What a statistic's title and area say about its unit, and about the group of municipalities that it is compared in.

Belongs here: reading ``units.csv`` and ``comparable_areas.csv`` of ``seeds/sources/``, and applying them; the first
rule that fits counts. Does not belong here: the words themselves.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dagster_project.settings import ConfigurationError

UNITS, AREAS = "units.csv", "comparable_areas.csv"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of both files, in their order."""

    units: tuple[tuple[re.Pattern[str], str | None, str | None], ...]
    areas: tuple[tuple[str | None, re.Pattern[str], str], ...]

    def unit(self, title: str) -> tuple[str | None, str | None]:
        """Unit of the values (dim_unit) and what they are per; None for what the title does not tell.

        The unit stands behind the last comma; a title without one there may tell it elsewhere.
        """
        whole = re.sub(r"\s*\(-\s*\d{4}\)$", "", title.strip().lower())
        for text in dict.fromkeys((whole.rpartition(", ")[2], whole)):
            for pattern, unit, per in self.units:
                if pattern.search(text):
                    return unit, per
        return None, None

    def area(self, operating_area: str | None, title: str) -> str:
        """The area of similar municipalities."""
        for wanted, pattern, area in self.areas:
            if wanted in (None, operating_area) and pattern.search(title.lower()):
                return area
        raise ConfigurationError(f"seeds/sources/{AREAS} has no rule for {operating_area!r}; its last one names none.")


def read_rules(folder: Path) -> Rules:
    """The rules of ``folder``.

    Raises:
        ConfigurationError: a pattern that is none, with file and line.
    """
    units = tuple(
        (pattern(row["pattern"]), row["unit_key"] or None, row["per"] or None)
        for row, pattern in _rows(folder / UNITS, ("pattern", "unit_key", "per"))
    )
    areas = tuple(
        (row["operating_area"] or None, pattern(row["pattern"]), row["comparable_area"])
        for row, pattern in _rows(folder / AREAS, ("operating_area", "pattern", "comparable_area"))
    )
    return Rules(units, areas)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], Callable[[str], re.Pattern[str]]]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != columns:
            raise ConfigurationError(f"seeds/sources/{path.name}, line 1: the columns must be {', '.join(columns)}.")
        for row in reader:
            if None in row.values() or None in row:
                raise ConfigurationError(f"seeds/sources/{path.name}, line {reader.line_num}: {len(columns)} values.")

            def pattern(text: str, line: int = reader.line_num) -> re.Pattern[str]:
                try:
                    return re.compile(text)
                except re.error as error:
                    raise ConfigurationError(f"seeds/sources/{path.name}, line {line}: {text!r}: {error}.") from None

            yield row, pattern
