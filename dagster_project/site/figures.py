"""What a figure page shows: one concept or measure, whose it is, year by year, beside what others publish of it.

Belongs here: which series there are, and which number of a statistic may stand beside a printed one. Does not belong
here: questions to the warehouse (``read``), choosing, drawing and downloading (``static/figure.js``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from dagster_project.site import read, text
from dagster_project.site.read import Row

SHOWN_AT_FIRST: Final = 6
"""Series that a page opens with; more lines than that nobody tells apart."""

BESIDE: Final = 3
"""Municipalities whose statistics a page opens with."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure page."""

    key: str
    address: str
    """From the root of the site."""
    is_measure: bool
    name: str
    name_en: str
    definition: str
    definition_sv: str
    unit: str
    per: str | None
    good_direction: str
    kolada_kpi_id: str | None
    printed: list[Row]
    """Rows of ``municipality_comparison`` or ``measures``, those without a number too."""
    statistic: Row | None
    view: Row
    """What the page draws from (``view``)."""
    sources: list[Row] = field(default_factory=list)
    """Editions that the statistic, the inhabitants and the prices come from."""

    @property
    def known(self) -> list[Row]:
        """Rows with a number."""
        return [row for row in self.printed if row["value_numeric"] is not None]

    @property
    def owners(self) -> int:
        """How many municipalities and committees print it."""
        return len({row["organisation_key"] for row in self.known})

    @property
    def is_comparison(self) -> bool:
        """Whether there is anybody to compare with: one member is no comparison."""
        return self.statistic is not None or len({row["municipality_code"] for row in self.known}) > 1

    @property
    def years(self) -> list[int]:
        """All years with a number, of whomever."""
        return sorted({row["year"] for row in self.known} | set(self.view.get("national", {}).get("years", [])))

    @property
    def missing(self) -> list[tuple[str, int]]:
        """Why values are missing, and how often, most often first."""
        return Counter(row["missing_reason"] for row in self.printed if row.get("missing_reason")).most_common()


def figures(
    data: read.Overview, outside: read.Outside, anchor: Callable[[str, int, int, int], str], report_name: Any
) -> list[Figure]:
    """All figure pages by name: concepts that a report prints or a statistic follows, and measures.

    ``anchor`` and ``report_name`` say where a printed figure stands.
    """

    def href(row: Row) -> str | None:
        if row["report_id"] is None or row["table_seq"] is None:
            return None
        place = anchor(row["report_id"], row["table_seq"], row["row_index"], row["col_index"] or 0)
        return f"r/{report_name(row['report_id'])}.html#{place}"

    found = []
    for concept in outside.concepts:
        printed = data.concepts.get(concept["concept_key"], [])
        statistic = outside.statistic_of(concept)
        if not printed and statistic is None:
            continue
        found.append(
            Figure(
                key=concept["concept_key"],
                address=f"c/{text.file_name(concept['concept_key'])}.html",
                is_measure=False,
                name=concept["name"],
                name_en=concept["name"],
                definition=concept["definition"],
                definition_sv=concept["definition_sv"],
                unit=concept["unit_key"],
                per=concept["per"],
                good_direction=concept["good_direction"],
                kolada_kpi_id=concept["kolada_kpi_id"],
                printed=printed,
                statistic=statistic,
                view=_view(concept, printed, statistic, outside, href, lambda row: [row["fact_key"]]),
                sources=outside.sources_of(concept, statistic),
            )
        )
    by_measure = read.grouped([row for rows in data.measures.values() for row in rows], "measure_key")
    for measure in outside.measures:
        printed = by_measure.get(measure["measure_key"], [])
        if not printed:
            continue
        found.append(
            Figure(
                key=measure["measure_key"],
                address=f"n/{text.file_name(measure['measure_key'])}.html",
                is_measure=True,
                name=measure["name_sv"],
                name_en=measure["name_en"],
                definition=measure["definition"],
                definition_sv=measure["definition_sv"],
                unit=measure["unit_key"],
                per=None,
                good_direction=measure["good_direction"],
                kolada_kpi_id=None,
                printed=printed,
                statistic=None,
                view=_view(measure, printed, None, outside, href, lambda row: list(row["fact_keys"])),
                sources=outside.sources_of(measure, None),
            )
        )
    return sorted(found, key=lambda figure: (figure.name.lower(), figure.address))


def _view(
    about: Row,
    printed: list[Row],
    statistic: Row | None,
    outside: read.Outside,
    href: Callable[[Row], str | None],
    keys: Callable[[Row], list[str]],
) -> Row:
    """The data of a page.

    ``series`` are whole municipalities, groups and committees as printed, each by itself, with points of year, value,
    value per inhabitant, address of the cell and keys of the figures. ``national`` are municipalities, counties and the
    country as others publish them, a number a year.
    """
    view: Row = {
        "unit": about["unit_key"],
        "words": outside.units[about["unit_key"]],
        "series": _series(printed, href, keys),
    }
    if about["unit_key"] == "kr":
        view["prices"] = outside.prices
    if statistic is not None:
        view["national"] = _national(about, statistic, outside)
    first = sorted(view["series"], key=lambda one: (one["kind"] != "municipality", -len(one["points"]), one["name"]))
    view["first"] = [one["id"] for one in first[:SHOWN_AT_FIRST]]
    if statistic is not None and statistic["slot"] == "value":
        # In the unit of the printed ones: those who print it, or else those whom the warehouse knows.
        codes = {one["code"] for one in view["series"]} or outside.municipalities
        named = [f"n-{code}" for code in sorted(codes) if "value" in view["national"]["municipalities"].get(code, {})]
        view["first"] += named[:BESIDE] + (["r-0000"] if view["national"]["country"] else [])
    return view


def _series(printed: list[Row], href: Callable[[Row], str | None], keys: Callable[[Row], list[str]]) -> list[Row]:
    names = owner_names(printed)
    series = []
    for owner, rows in read.grouped(printed, "organisation_key").items():
        points = [
            [
                row["year"],
                row["value_numeric"],
                row["value_per_inhabitant"],
                href(row),
                [text.short_key(key) for key in keys(row)],
            ]
            for row in sorted(rows, key=lambda row: row["year"])
            if row["value_numeric"] is not None
        ]
        if points:
            series.append(
                {
                    "id": f"o-{text.short_key(owner)}",
                    "owner": owner,
                    "kind": rows[0]["level"],
                    "code": rows[0]["municipality_code"],
                    "name": names[owner],
                    "points": points,
                }
            )
    return sorted(series, key=lambda one: (one["name"], one["id"]))


def owner_names(rows: list[Row]) -> dict[str, str]:
    """By organisation: a municipality, its group and each of its committees are owners of their own."""
    names, reports = {}, {}
    for row in rows:
        whole = {"municipality": "hela kommunen", "group": "koncernen"}.get(row["level"])
        names[row["organisation_key"]] = ", ".join(filter(None, [row["municipality_name"], row["committee"] or whole]))
        reports[row["organisation_key"]] = row["report_id"]
    alike = Counter(names.values())
    # Committees of the same name whose municipality nobody knows are told apart by their reports.
    return {key: name if alike[name] == 1 else f"{name} ({reports[key]})" for key, name in names.items()}


def _national(about: Row, statistic: Row, outside: read.Outside) -> Row:
    """What is published of every municipality, in the unit of the page; None where a year has no number.

    A sum (thousands of kronor) is shown as it is and per inhabitant; medians, counties and the country are per
    inhabitant. Where the page divides by an age group, what is divided by all inhabitants stays away.
    """
    rows = outside.comparisons(statistic["statistic_key"])
    years = sorted({row["year"] for row in rows})
    place = {year: index for index, year in enumerate(years)}
    slot = statistic["slot"]
    municipalities: dict[str, Row] = {}
    counties: dict[str, list[float | None]] = {}
    country: list[float | None] = [None] * len(years)
    for row in rows:
        one = municipalities.setdefault(
            row["municipality_code"], {"name": row["municipality_name"]} | {kind: [None] * len(years) for kind in KINDS}
        )
        at = place[row["year"]]
        if slot == "per":
            one["value"][at] = _rounded(row["value_numeric"] * statistic["factor"])
        if slot == "per" and about["inhabitants_key"] is not None:
            continue
        one["per" if slot == "per" else "value"][at] = _rounded(row["compared_value"])
        one["similar"][at] = _rounded(row["similar_median"])
        counties.setdefault(row["county_name"], [None] * len(years))[at] = _rounded(row["county_value"])
        country[at] = _rounded(row["country_value"])
    return {
        "years": years,
        "slot": slot,
        "municipalities": {
            code: {kind: kept for kind, kept in one.items() if any(value is not None for value in kept)}
            for code, one in sorted(municipalities.items())
        },
        "counties": {name: kept for name, kept in sorted(counties.items()) if any(value is not None for value in kept)},
        "country": country if any(value is not None for value in country) else None,
    }


KINDS: Final = ("value", "per", "similar")


def _rounded(value: Any) -> float | None:
    """Nine digits are more than any source has, and a third of the page."""
    return None if value is None else float(f"{float(value):.9g}")
