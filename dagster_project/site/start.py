"""What pages choose to show first: on the start page, and of a municipality or committee.

Belongs here: which series, deviations and events come first, by rules that hold for any number of reports. Does not
belong here: what they are (``read``), and mark-up (``templates``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

from dagster_project.site.figures import Figure
from dagster_project.site.read import Overview, Row, grouped

DEVIATIONS: Final = 8
NEWS: Final = 8
CHANGES: Final = 8

LEAST_YEARS: Final = 3
"""Two years are no course."""

LEAST: Final = 10
"""Below that one more or less is a large change of a count."""

MOST: Final = 5
"""What grows or falls to more than so many times is more often counted in another way than true."""

EVENTS: Final = {
    "added": ("Ny rapport", "New report"),
    "corrected": ("Ändrad rapport", "Report changed"),
    "renamed": ("Nytt namn", "New name"),
    "removed": ("Borttagen", "Removed"),
    "quarantined": ("Kunde inte läsas", "Could not be read"),
    "accepted": ("Godkänd", "Accepted"),
    "restated": ("Siffror ändrade av en senare rapport", "Figures restated by a later report"),
}
"""What happens to a report (``report_history.event``)."""


@dataclass(frozen=True, slots=True)
class Course:
    """One printed series that tells something: what has changed most over the most years."""

    figure: Figure
    owner: str
    points: list[Row]
    """As the chart ``course`` draws them."""


def telling(figures: list[Figure]) -> Course | None:
    """The printed series with the most years, and among those the largest change; None where there is none."""
    found = []
    for figure in figures:
        for series in figure.view["series"]:
            values = [point[1] for point in series["points"]]
            if len(values) < LEAST_YEARS or min(values) < LEAST:
                continue
            change = abs(log(values[-1] / values[0]))
            if change <= log(MOST):
                found.append((len(values), change, figure.address, series["id"], figure, series))
    if not found:
        return None
    *_, figure, series = max(found, key=lambda one: one[:4])
    points = [
        {"period": str(year), "value": value, "facts": keys, "name": series["name"]}
        for year, value, _, _, keys in series["points"]
    ]
    return Course(figure, series["name"], points)


def changes(values: list[Row]) -> list[tuple[Row, Row]]:
    """Of some owners, the concepts that changed most between the two newest years, with both values; largest first."""
    found = []
    for rows in grouped(values, "organisation_key", "concept_key").values():
        known = sorted((row for row in rows if row["value_numeric"] is not None), key=lambda row: row["year"])
        if len(known) < 2 or min(known[-2]["value_numeric"], known[-1]["value_numeric"]) < LEAST:
            continue
        change = abs(log(known[-1]["value_numeric"] / known[-2]["value_numeric"]))
        if 0 < change <= log(MOST):
            found.append((-change, known[-1]["concept_key"], known[-1]["organisation_key"], known[-2], known[-1]))
    return [(before, after) for *_, before, after in sorted(found, key=lambda one: one[:3])[:CHANGES]]


def deviations(data: Overview) -> list[Row]:
    """Whose result differs most from the budget, in percent of it: of each the newest year, the largest first."""
    newest: dict[str, Row] = {}
    for rows in data.measures.values():
        for row in rows:
            if row["measure_key"] == "budget_variance_share" and row["value_numeric"] is not None:
                known = newest.get(row["organisation_key"])
                if known is None or known["year"] < row["year"]:
                    newest[row["organisation_key"]] = row
    last = max((row["year"] for row in newest.values()), default=0)
    # Of years long past a reader of today's page wants none first.
    recent = [row for row in newest.values() if row["year"] >= last - 1]
    return sorted(recent, key=lambda row: (-abs(row["value_numeric"]), row["organisation_key"]))[:DEVIATIONS]


def known_of(data: Overview) -> dict[str, Row]:
    """What the warehouse knows of each municipality, for the map: reports and figures."""
    known: dict[str, Row] = {}
    for report in data.reports:
        one = known.setdefault(
            report["municipality_code"], {"name": report["municipality_name"], "reports": 0, "figures": 0}
        )
        one["reports"] += 1
        one["figures"] += report["figures"] or 0
    return known
