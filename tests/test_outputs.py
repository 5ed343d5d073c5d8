"""Every number that leaves the warehouse is the number of its figures: pages, their CSV and charts, exports, Superset.

Belongs here: walking what is given to people, and comparing each number with ``report_values`` by key: value, unit and
period. What a number is of its figures is computed here once more, apart from the SQL and from the pages. Does not
belong here: whether a figure is what is printed (``test_gold``), and how pages behave (``test_site``).
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import duckdb
import lxml.html
import openpyxl
import pytest

from dagster_project.exporting.folder import export
from dagster_project.site import build_site
from dagster_project.site.text import period
from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Row = dict[str, Any]

FIGURES = """
    select
        report_values.*, dim_organisation.level, fct_financial.grantor_key,
        dim_unit.factor_to_base, dim_unit.base_unit_key,
        strftime(report_values.period_start, '%Y-%m-%d') as starts, dim_period.period_key
    from marts.report_values
    left join marts.fct_financial using (fact_key)
    inner join marts.dim_organisation on report_values.organisation_key = dim_organisation.organisation_key
    inner join marts.dim_unit on report_values.unit_detail = dim_unit.unit_key
    left join marts.dim_period
        on report_values.period_start = dim_period.period_start and report_values.period_end = dim_period.period_end
"""

UNITS_SHOWN = {"%": "percent"}
"""What a page writes for the key of a unit."""


@dataclass(frozen=True)
class Facts:
    """What a warehouse says of every figure, and what numbers are not figures."""

    figures: dict[str, Row]
    """By the beginning of the key that pages show."""
    units: dict[str, Row]
    inhabitants: dict[tuple[str | None, str, int], float]
    """By concept where it is divided by an age group, municipality and year."""
    of_age_groups: set[str]
    """Concepts that are."""
    reconciled: dict[str, Row]
    statistics: dict[tuple[str, str, int], dict[str, float]]
    """By concept, municipality and year: the value of each statistic that the concept leads to, in its base unit."""
    people: dict[tuple[str, int], float | None]
    """Inhabitants by municipality and year."""
    similar: dict[tuple[str, str], list[str]]
    """By statistic and municipality: the municipalities that it is compared with."""
    prices: dict[int, float]
    counties: dict[str, list[str]]
    """Codes of the municipalities of each county."""
    additive: set[str]
    """Statistics of which those of a county are added up; of all others it is their mean."""

    def divisor(self, figure: Row) -> float:
        """The inhabitants that a figure is divided by."""
        concept = figure["concept_key"] if figure["concept_key"] in self.of_age_groups else None
        return float(self.inhabitants[concept, figure["municipality_code"], figure["year"]])

    def of(self, keys: Sequence[str]) -> list[Row]:
        """The figures of keys, whole or shortened."""
        return [self.figures[key[:16]] for key in keys]


def _rows(warehouse: Path, sql: str) -> list[Row]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def read_facts(warehouse: Path) -> Facts:
    rows = _rows(warehouse, FIGURES)
    figures = {row["fact_key"][:16]: row for row in rows}
    assert len(figures) == len(rows), "two figures look alike on a page"
    return Facts(
        figures,
        {row["unit_key"]: row for row in _rows(warehouse, "select * from marts.dim_unit")},
        {
            (None, row["municipality_code"], row["year"]): row["inhabitants_as_divided"]
            for row in _rows(warehouse, "select * from marts.inhabitants")
        }
        | {
            (row["concept_key"], row["municipality_code"], row["year"]): row["value_numeric"]
            for row in _rows(
                warehouse,
                "select concept_key, municipality_code, year, value_numeric from marts.fct_statistic"
                " inner join vocabulary.concepts on inhabitants_key = fct_statistic.statistic_key",
            )
        },
        {
            row["concept_key"]
            for row in _rows(warehouse, "select concept_key from vocabulary.concepts where inhabitants_key is not null")
        },
        {row["fact_key"]: row for row in _rows(warehouse, "select * from marts.reconciliation where not is_holding")},
        {
            (row["concept_key"], row["municipality_code"], row["year"]): row["found"]
            for row in _rows(
                warehouse,
                "select concept_key, municipality_code, year, map_from_entries(list((fct_statistic.statistic_key,"
                " value_numeric * coalesce(factor_to_base, 1)))) as found from marts.fct_statistic"
                " inner join vocabulary.concepts"
                " on fct_statistic.statistic_key in (concepts.kolada_kpi_id, concepts.statistic_key)"
                " left join marts.dim_unit on fct_statistic.unit = dim_unit.unit_key"
                " where is_current and gender = 'T' and value_numeric is not null group by all",
            )
        },
        {
            (row["municipality_code"], row["year"]): row["inhabitants_as_divided"]
            for row in _rows(warehouse, "select * from marts.inhabitants")
        },
        {
            (row["statistic_key"], row["municipality_code"]): row["codes"]
            for row in _rows(
                warehouse,
                "select statistic_key, municipality_code, list(comparable_code) as codes"
                " from marts.bridge_comparable_municipality"
                " inner join marts.dim_statistic using (comparable_area)"
                " where is_current and statistic_key in (select statistic_key from marts.fct_statistic) group by all",
            )
        },
        {row["year"]: row["factor_to_price_year"] for row in _rows(warehouse, "select * from marts.price_index")},
        {
            row["county_name"]: row["codes"]
            for row in _rows(
                warehouse,
                "select county_name, list(municipality_code) as codes from marts.dim_municipality"
                " where municipality_code != 'none' group by all",
            )
        },
        {
            row["statistic_key"]
            for row in _rows(warehouse, "select statistic_key from marts.dim_statistic where is_additive")
        },
    )


# --- what a number is of its figures --------------------------------------------------------------------------------


def _amount(figure: Row) -> float:
    return float(figure["amount_sek"])


def _told(figure: Row) -> float:
    """In kronor, income and surplus positive."""
    return float(figure["amount_sek_normalised"])


def _difference(actual: Row, budget: Row) -> float:
    if actual["amount_sek_normalised"] is None or budget["amount_sek_normalised"] is None:
        return _amount(actual) - _amount(budget)
    return _told(actual) - _told(budget)


def _budget_variance(found: list[Row]) -> float:
    """Of a result its outcome less its budget; of net costs the same, costs being negative."""
    actual = next(one for one in found if one["scenario"] == "actual")
    budgets = {one["scenario"]: one for one in found if one["scenario"].startswith("budget")}
    budget = next(budgets[name] for name in ("budget_revised", "budget", "budget_original") if name in budgets)
    return _difference(actual, budget)


def _share_of_budget(found: list[Row]) -> float:
    net_cost = [one for one in found if one["account_key"] in ("committee_net_cost", "operating_net_cost")]
    budget = next(one for one in net_cost if one["scenario"].startswith("budget"))
    results = [one for one in found if one is not budget] if len(net_cost) == 1 else found
    return 100 * _budget_variance(results) / abs(_told(budget))


def _is_met(figure: Row) -> bool:
    return figure["status_key"] in ("met", "yes")


AMOUNTS: dict[str, Callable[[list[Row]], float]] = {
    "amount": lambda found: _amount(found[0]),
    "variance": lambda found: _difference(*found),
    "net_cost": lambda found: -_told(found[0]),
    "net_cost_budget": lambda found: -_told(found[0]),
    "budget_variance": _budget_variance,
    "state_grants": lambda found: _amount(found[0]) if found[0]["is_total"] else sum(map(_amount, found)),
}
"""In kronor."""

SHARES: dict[str, Callable[[list[Row]], float]] = {
    "net_cost_change": lambda found: 100 * (_told(found[1]) - _told(found[0])) / abs(_told(found[1])),
    "budget_variance_share": _share_of_budget,
}
"""In percent."""


def number_of(facts: Facts, of: str, found: list[Row], unit: str) -> float | None:
    """The number that stands for figures in a unit as pages write it; None where it cannot be told from them alone."""
    unit = UNITS_SHOWN.get(unit, unit)
    first = found[0]
    if of in AMOUNTS:
        assert unit in ("kr", "mnkr"), f"{of} in {unit}"
        return AMOUNTS[of](found) / (1e6 if unit == "mnkr" else 1)
    if of in SHARES:
        assert unit == "percent", f"{of} in {unit}"
        return SHARES[of](found)
    if of == "value":
        assert unit in (first["unit"], first["unit_detail"]), f"{unit} instead of {first['unit_detail']}"
        return float(first["value_numeric"])
    if of in ("computed", "difference"):
        assert unit == first["unit"], f"{unit} instead of {first['unit']}"
        identity = facts.reconciled[first["fact_key"]]
        assert identity["printed"] == first["value_numeric"]
        return float(identity[of])
    if of in ("concept", "concept_per_inhabitant"):
        known = facts.units[unit]
        is_same = first["base_unit_key"] == known["base_unit_key"]
        value = first["value_numeric"] * (
            float(first["factor_to_base"]) / float(known["factor_to_base"]) if is_same else 1
        )
        if of == "concept":
            return float(value)
        return float(value / facts.divisor(first))
    if of.endswith("_per_inhabitant"):
        whole = of.removesuffix("_per_inhabitant")
        of_reports = [one for one in found if one["amount_sek"] is not None]
        return AMOUNTS[whole](of_reports) / facts.divisor(first)
    assert of == "targets_met_share", f"nobody knows what {of} is"
    return None


def problem_with(
    facts: Facts, of: str, keys: Sequence[str], unit: str, shown: float, tolerance: float = 0
) -> str | None:
    """What is wrong with a number, in a few words."""
    try:
        wanted = number_of(facts, of, facts.of(keys), unit)
    except (AssertionError, KeyError, StopIteration, TypeError) as error:
        return f"{of} of {keys}: {error!r}"
    if wanted is not None and abs(wanted - shown) > max(tolerance, 1e-6 * abs(wanted), 1e-6):
        return f"{of} of {keys}: {shown} {unit}, and the figures say {wanted}"
    return None


# --- pages ----------------------------------------------------------------------------------------------------------

NO_PERIOD = ("summor",)
"""Tables whose rows are cells of a table: they name its column instead of a period."""


def problems_of_page(facts: Facts, text: str) -> list[str]:
    """Every number in the tables and charts of a page that is not what its figures say."""
    page: Any = lxml.html.fromstring(text)
    problems = [problem for table in page.xpath("//table[@data-download]") for problem in _of_table(facts, table)]
    for chart in page.xpath("//figure[@data-chart]"):
        try:
            problems += _of_chart(facts, chart)
        except (AssertionError, KeyError) as error:
            problems.append(f"chart {chart.get('data-chart')}: {error!r}")
    for anchor in page.xpath("//table[@class='printed']//a[starts-with(@id, 'f-')]"):
        problems += _of_printed(facts, anchor)
    return problems


def _text(element: Any) -> str:
    """What a reader of Swedish sees."""
    seen = "".join(element.xpath(".//text()[not(ancestor::*[@lang='en' and not(contains(@class, 'keep'))])]"))
    return " ".join(seen.split())


def _number(text: str) -> tuple[float, float]:
    """A number as Swedish prints it, and half of its last digit."""
    plain = re.sub(r"[\s\u00a0]", "", text).replace("\N{MINUS SIGN}", "-")
    decimals = len(plain.partition(",")[2])
    return float(plain.replace(",", ".")), 0.5 * 10**-decimals * 1.000001


def _periods(figure: Row) -> set[str]:
    if figure["period_start"] is None:
        return {"", "unknown"}
    named = period(figure["period_start"], figure["period_end"])
    return {str(figure["year"]), named, " ".join(named.split()), figure["period_key"]}


def _of_table(facts: Facts, table: Any) -> Iterator[str]:
    heads = [_text(head) for head in table.xpath(".//thead//th")]
    for line in table.xpath(".//tbody/tr"):
        cells = line.xpath("./td")
        texts = [_text(cell) for cell in cells]
        units = [cell.get("data-value") for cell in cells if cell.get("data-of") == "unit"]
        if len(cells) != len(heads):
            yield f"{texts}: {len(cells)} cells below {len(heads)} headers"
        for cell, shown in zip(cells, texts, strict=True):
            of, keys = cell.get("data-of"), (cell.get("data-facts") or "").split()
            where = f"{table.get('data-download')}, {texts}"
            if of is None:
                if cell.get("data-unit") or (cell.get("class") == "n" and re.search(r"\d", shown)):
                    yield f"{where}: {shown} without its figures"
                continue
            if of == "unit":
                continue
            if of == "year":
                if shown not in ("–", cell.get("data-value")):
                    yield f"{where}: {shown} is not {cell.get('data-value')}"
                continue
            if of == "count":
                if int(cell.get("data-value") or 0) != _number(shown)[0]:
                    yield f"{where}: {shown} is not {cell.get('data-value')}"
                continue
            missing = [key for key in keys if key not in facts.figures]
            if missing or not keys:
                yield f"{where}: no such figures {missing}"
                continue
            found = facts.of(keys)
            if table.get("data-download") not in NO_PERIOD and not any(_periods(found[0]) & {text} for text in texts):
                yield f"{where}: nothing says {_periods(found[0])}"
            if of == "text":
                if shown != " ".join(found[0]["value_text"].split()):
                    yield f"{where}: {shown} is printed {found[0]['value_text']}"
                continue
            unit = cell.get("data-unit")
            if not any(unit in said.split(" · ") for said in units) and unit:
                yield f"{where}: nothing says {unit}"
            problem = problem_with(facts, of, keys, unit, float(cell.get("data-value")))
            if problem:
                yield f"{where}: {problem}"
            if of == "value" and shown == " ".join(found[0]["value_text"].split()):
                continue
            number, half = _number(shown)
            if abs(number - float(cell.get("data-value"))) > half:
                yield f"{where}: {shown} is not {cell.get('data-value')}"


def _of_printed(facts: Facts, anchor: Any) -> Iterator[str]:
    figure = facts.figures.get(anchor.get("id").removeprefix("f-"))
    cell = anchor.xpath("./ancestor::*[self::td or self::th]")[-1]
    if figure is None:
        yield f"{anchor.get('id')}: no such figure"
    elif cell.get("id") != f"t{figure['table_seq']}r{figure['row_index']}c{figure['col_index']}":
        yield f"{anchor.get('id')} stands in {cell.get('id')}"
    elif figure["value_text"] not in " ".join(cell.text_content().split()) and not figure["is_composite"]:
        yield f"{anchor.get('id')}: {cell.text_content()!r} does not print {figure['value_text']!r}"


def _of_chart(facts: Facts, chart: Any) -> Iterator[str]:
    kind, unit = chart.get("data-chart"), chart.get("data-unit")
    if kind == "view":
        yield from _of_view(facts, chart)
        return
    caption = _text(chart.xpath("./figcaption")[0])
    points = json.loads(chart.xpath("./script")[0].text)
    places: Counter[tuple[Any, ...]] = Counter()
    if kind == "course":
        for point in points:
            problem = problem_with(facts, point.get("of", chart.get("data-of")), point["facts"], unit, point["value"])
            if problem or point["period"] != str(facts.of(point["facts"])[0]["year"]):
                yield f"chart course: {problem or point}"
        return
    for point in points:
        found = facts.of(point["facts"])
        of = {"timeline": "value", "bullets": "amount", "variances": "variance", "grants": "amount"}[kind]
        problem = problem_with(facts, of, point["facts"], unit, point["actual" if kind == "bullets" else "value"])
        if kind == "bullets" and not problem:
            problem = problem_with(facts, of, point["facts"][1:], unit, point["budget"])
        if problem:
            yield f"chart {kind}: {problem}"
        if "period" in point and point["period"] not in _periods(found[0]):
            yield f"chart {kind}: {point['period']} is not {_periods(found[0])}"
        if kind == "timeline" and point["scenario"] != found[0]["scenario"]:
            yield f"chart {kind}: {point['scenario']} is not {found[0]['scenario']}"
        if kind in ("bullets", "grants") and str(found[0]["year"]) not in caption:
            yield f"chart {kind}: {caption} shows {found[0]['year']}"
        places[
            {
                "timeline": (point.get("period"), point.get("scenario")),
                "grants": tuple(point["facts"]),
                "bullets": tuple(point["facts"]),
            }.get(kind, (point.get("name"), point.get("period")))
        ] += 1
    if kind == "grants" and len({facts.of(point["facts"])[0]["scenario"] for point in points}) != 1:
        yield "chart grants: several kinds of figures are added up"
    if (
        kind == "timeline"
        and len({round((_end(facts, point) - _start(facts, point)).days, -1) for point in points}) > 1
    ):
        yield "chart timeline: periods of several lengths are one line"
    yield from (f"chart {kind}: {place} is there {times} times" for place, times in places.items() if times > 1)


def _of_view(facts: Facts, view: Any) -> Iterator[str]:
    """A figure page: series of one owner each, the statistics beside them, and the factors of prices."""
    data, key, of = json.loads(view.xpath("./script")[0].text), view.get("data-key"), view.get("data-of")
    if len({series["name"] for series in data["series"]}) != len({series["owner"] for series in data["series"]}):
        yield "chart view: two owners share a name or a line"
    for series in data["series"]:
        for year, value, per, _, keys in series["points"]:
            problem = problem_with(facts, of, keys, data["unit"], value)
            if per is not None and not problem:
                problem = problem_with(facts, f"{of}_per_inhabitant", keys, data["unit"], per)
            if problem:
                yield f"chart view: {problem}"
            for figure in facts.of(keys)[:1]:
                if (figure["organisation_key"], figure["level"]) != (series["owner"], series["kind"]):
                    yield f"chart view: {keys} is of {figure['organisation_key']}, not {series['name']}"
            if year not in {figure["year"] for figure in facts.of(keys)}:
                yield f"chart view: {keys} are not of {year}"
    for year, factor in data.get("prices", {"factors": {}})["factors"].items():
        if factor != facts.prices[int(year)]:
            yield f"chart view: prices of {year}"
    if "national" in data:
        yield from _of_national(facts, key, data["unit"], data["national"])


def _of_national(facts: Facts, concept: str, unit: str, national: Row) -> Iterator[str]:
    found = national["municipalities"]
    statistics = [
        statistic
        for at, year in enumerate(national["years"])
        for code, one in found.items()
        if (one.get("value") or one["per"])[at] is not None
        for statistic in facts.statistics.get((concept, code, year), {})
    ]
    statistic = Counter(statistics).most_common(1)[0][0]
    factor = float(facts.units[unit]["factor_to_base"] or 1)

    def near(shown: float | None, wanted: float | None) -> bool:
        if shown is None or wanted is None:
            return shown is wanted
        return abs(shown - wanted) <= 1e-7 * max(1, abs(wanted))

    for at, year in enumerate(national["years"]):
        compared: dict[str, float] = {}
        for code, one in found.items():
            value = facts.statistics.get((concept, code, year), {}).get(statistic)
            people = facts.people.get((code, year))
            shares = value / people if value is not None and people else None
            if national["slot"] == "per":
                is_right = near(one["value"][at], value and value / factor) and (
                    "per" not in one or near(one["per"][at], shares)
                )
                compared |= {code: one["per"][at]} if one.get("per", [None] * (at + 1))[at] is not None else {}
            else:
                shown = one["value"][at]
                is_right = near(shown, value and value / factor) or near(shown, shares)
                compared |= {code: shown} if shown is not None else {}
            if not is_right:
                yield f"chart view: {code} {year} is not what the statistic says"
        for code, one in found.items():
            if (middle := one.get("similar", [None] * (at + 1))[at]) is not None:
                others = [compared[other] for other in facts.similar[statistic, code] if other in compared]
                if len(others) < 4 or not near(middle, median(others)):
                    yield f"chart view: the median of those similar to {code} in {year}"
        for name, codes in facts.counties.items():
            wanted = _whole(facts, concept, year, statistic, codes, compared)
            if not near(national["counties"].get(name, [None] * (at + 1))[at], wanted):
                yield f"chart view: {name} {year} is not what its municipalities come to"
        everybody = [code for codes in facts.counties.values() for code in codes]
        wanted = _whole(facts, concept, year, statistic, everybody, compared)
        published = facts.statistics.get((concept, "0000", year), {}).get(statistic)
        if published is not None and statistic not in facts.additive:
            wanted = published / factor
        elif published is not None and compared and all((code, year) in facts.people for code in everybody):
            wanted = published / sum(facts.people[code, year] or 0 for code in everybody)
        if not near((national["country"] or [None] * (at + 1))[at], wanted):
            yield f"chart view: the country {year} is not {wanted}"


def _whole(
    facts: Facts, concept: str, year: int, statistic: str, codes: list[str], compared: dict[str, float]
) -> float | None:
    """What municipalities come to together; None unless all have a number."""
    if not all(code in compared for code in codes):
        return None
    if statistic not in facts.additive:
        return sum(compared[code] for code in codes) / len(codes)
    amounts = sum(facts.statistics[concept, code, year][statistic] for code in codes)
    return amounts / sum(facts.people[code, year] or 0 for code in codes)


def _start(facts: Facts, point: Row) -> date:
    return facts.of(point["facts"])[0]["period_start"]  # type: ignore[no-any-return]


def _end(facts: Facts, point: Row) -> date:
    return facts.of(point["facts"])[0]["period_end"]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Walked:
    """A site that was walked."""

    pages: dict[str, str]
    facts: Facts

    def problems(self) -> list[str]:
        """Of all pages, behind their names."""
        return [
            f"{name}: {problem}"
            for name, text in self.pages.items()
            if name.endswith(".html")
            for problem in problems_of_page(self.facts, text)
        ]


def walk(site: Path, warehouse: Path) -> Walked:
    pages = {str(path.relative_to(site)): path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    return Walked(pages, read_facts(warehouse))


@pytest.fixture(scope="module")
def walked(site: Path, warehouse: Path) -> Walked:
    return walk(site, warehouse)


def test_every_number_on_a_page_is_that_of_its_figures(walked: Walked) -> None:
    assert walked.problems() == []
    shown = "".join(walked.pages.values())
    for of in (
        "value",
        "text",
        "amount",
        "variance",
        "concept",
        "net_cost",
        "budget_variance",
        "targets_met_share",
        "state_grants",
    ):
        assert f'data-of="{of}"' in shown, f"no page shows a number that is {of}: the walk has not seen one"
    assert set(re.findall(r'data-chart="(\w+)"', shown)) == {
        "timeline", "bullets", "grants", "view", "course"
    }  # fmt: skip
    assert len(set(re.findall(r'id="f-(\w{16})"', shown))) == len(walked.facts.figures), "figures that no report shows"


def test_every_number_on_a_page_of_the_corpora_is_that_of_its_figures(
    corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("corpora") / "site"
    build_site(corpora, folder)
    walked = walk(folder, corpora)
    assert walked.problems() == []
    # Two owners on one line are found.
    compared = next(text for text in walked.pages.values() if len(set(re.findall(r'"owner":"(\w+)"', text))) > 1)
    one, other = re.findall(r'"owner":"(\w+)"', compared)[:2]
    assert any("is of" in problem for problem in problems_of_page(walked.facts, compared.replace(other, one)))


def _first(pages: dict[str, str], pattern: str) -> tuple[str, re.Match[str]]:
    return next((name, found) for name, text in pages.items() if (found := re.search(pattern, text)))


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        pytest.param(r'data-value="(\d)[\d.]*" data-unit="mnkr"', "9{}", id="the number of a cell"),
        pytest.param(r'data-value="[\d.]+" data-unit="(tkr)"', "mnkr", id="the unit of a cell"),
        pytest.param(r'data-of="value" data-facts="\w+">(?:<a [^>]*>)?(\d)[\d,]+<', "9{}", id="what a reader sees"),
        pytest.param(r'data-of="amount" data-facts="(\w{16})"', "0" * 16, id="the figure of a cell"),
        pytest.param(r'data-of="year">(\d{4})<', "1999", id="a year"),
        pytest.param(r'data-chart="bullets".*?"actual":(-?\d+)', "1{}", id="a bar"),
        pytest.param(r'data-chart="grants".*?"value":(\d)', "5{}", id="a grant"),
        pytest.param(r'data-chart="grants" data-unit="(mnkr)"', "kr", id="the unit of a chart"),
        pytest.param(r'data-chart="timeline".*?"period":"(\d{4})"', "1999", id="the period of a point"),
        pytest.param(r'data-chart="view".*?"points":\[\[\d{4},(\d)', "9{}", id="a printed value of a figure page"),
        pytest.param(r'data-chart="view".*?"points":\[\[(\d{4})', "1999", id="the year of a printed value"),
        pytest.param(r'"factors":\{"1960":(\d)', "9{}", id="the factor of a year's prices"),
        pytest.param(r'"1480":\{"name":"Göteborg","value":\[(\d)', "9{}", id="a value of the statistics"),
        pytest.param(r'"counties":\{"[^"]+":\[(?:null,)*(\d)', "9{}", id="a county"),
        pytest.param(r'"country":\[(?:null,)*(\d)', "9{}", id="the country"),
        pytest.param(r'"1480":\{[^}]*"similar":\[(?:null,)*(\d)', "9{}", id="the median of similar ones"),
    ],
)
def test_the_walk_finds_what_was_changed(walked: Walked, pattern: str, changed: str) -> None:
    """One character of one page is enough."""
    name, found = _first(walked.pages, f"(?s){pattern}")
    text = walked.pages[name]
    text = text[: found.start(1)] + changed.format(found[1]) + text[found.end(1) :]
    assert problems_of_page(walked.facts, text) != [], f"{name}: {found[0][:200]}"


# --- what a page gives as CSV ---------------------------------------------------------------------------------------

CATCH = """
async () => {
  HTMLAnchorElement.prototype.click = () => {};
  const caught = [];
  URL.createObjectURL = (blob) => { caught.push(blob); return "about:blank"; };
  const tables = [...document.querySelectorAll("table.data")].filter((table) =>
    table.closest(".scroll").previousElementSibling?.matches(".tools"));
  for (const table of tables) table.closest(".scroll").previousElementSibling.querySelector(".download").click();
  return await Promise.all(tables.map(async (table, index) => ({
    bytes: [...new Uint8Array(await caught[index].arrayBuffer())].slice(0, 3),
    text: await caught[index].text(),
    cells: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => ({ ...cell.dataset }))),
  })));
}
"""


def _problems_of_csv(file: Row, separator: str, decimal: str) -> Iterator[str]:
    lines = list(csv.reader(io.StringIO(file["text"].removeprefix("\ufeff")), delimiter=separator))
    if file["bytes"] != [0xEF, 0xBB, 0xBF]:
        yield "a spreadsheet takes it for another code"
    if len(lines) != len(file["cells"]) + 1 or len({len(line) for line in lines}) != 1:
        yield f"{len(lines)} lines of { ({len(line) for line in lines}) } cells for {len(file['cells'])} rows"
        return
    for line, cells in zip(lines[1:], file["cells"], strict=True):
        for written, cell in zip(line, cells, strict=True):
            if cell.get("of") in (None, "text"):
                continue
            if written != cell["value"].replace(".", decimal):
                yield f"{line}: {written} for {cell['value']}"
            if (unit := cell.get("unit")) and not any(unit in text.split(" · ") for text in line):
                yield f"{line}: nothing says {unit}"


def test_the_csv_of_every_page_says_the_same_in_the_readers_form(site: Path, browser: Browser) -> None:
    """With units, in Swedish and in English form; what the cells say was compared with the figures above."""
    page = browser.new_page()
    problems, files = [], 0
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        for separator, decimal in ((";", ","), (",", ".")):
            assert page.evaluate("document.documentElement.lang") == ("sv" if separator == ";" else "en")
            for file in page.evaluate(CATCH):
                files += 1
                problems += [f"{path.name}: {problem}" for problem in _problems_of_csv(file, separator, decimal)]
            page.locator("button.language").click()
    page.close()
    assert problems == []
    assert files > 100


# --- exports, datasets and answers ----------------------------------------------------------------------------------

NUMBERS: dict[str, list[tuple[str, str | None, str | None, str]]] = {
    "report_values": [
        ("value_numeric", "unit_detail", "value", "fact_key"),
        ("amount_sek", "kr", "amount", "fact_key"),
    ],
    "time_series": [("value_numeric", "unit_detail", "value", "fact_key"), ("amount_sek", "kr", "amount", "fact_key")],
    "fct_financial": [
        ("value_numeric", "unit_detail", "value", "fact_key"),
        ("amount_sek", "kr", "amount", "fact_key"),
    ],
    "fct_indicator_value": [("value_numeric", "unit_detail", "value", "fact_key")],
    "municipality_comparison": [
        ("value_numeric", "unit", "concept", "fact_key"),
        ("value_per_inhabitant", "unit", "concept_per_inhabitant", "fact_key"),
    ],
    "budget_variance": [
        ("budget_sek", "kr", "amount", "budget_fact_key"),
        ("actual_sek", "kr", "amount", "actual_fact_key"),
        ("variance_printed_sek", "kr", "amount", "variance_fact_key"),
    ],
    "measures": [("value_numeric", "unit", None, "fact_keys")],
    "target_outcome": [
        ("target_value_numeric", None, "value", "target_fact_key"),
        ("outcome_value_numeric", None, "value", "outcome_fact_key"),
    ],
    "restatements": [
        ("earlier_value_numeric", "earlier_unit", "value", "earlier_fact_key"),
        ("later_value_numeric", "later_unit", "value", "later_fact_key"),
    ],
    "reconciliation": [("printed", "unit", "value", "fact_key")],
}
"""Of the relations that hold figures: number, unit (a column, or the unit itself), what it is, and whose."""


def problems_of_rows(facts: Facts, relation: str, rows: Sequence[Row]) -> list[str]:
    """Every number in the rows of a relation that is not what its figures say, and every year."""
    problems = []
    for row in rows:
        for column, unit, of, key in NUMBERS[relation]:
            if row[column] in (None, ""):
                continue
            keys = [row[key]] if isinstance(row[key], str) and key != "fact_keys" else _listed(row[key])
            whose = facts.of(keys)
            said = row.get(unit, unit) if unit else whose[0]["unit_detail"]
            problem = problem_with(facts, of or row["measure_key"], keys, said, float(row[column]))
            if problem:
                problems.append(f"{relation}.{column}: {problem}")
            year = row.get("year")
            if year not in (None, "") and int(str(year)) != whose[0]["year"]:
                problems.append(f"{relation} of {keys}: {year} instead of {whose[0]['year']}")
    return problems


def _listed(value: Any) -> list[str]:
    return re.findall(r"\w{32}", value) if isinstance(value, str) else list(value)


@pytest.fixture(scope="module")
def exported(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "all"
    export(warehouse, folder, views=list(NUMBERS))
    return folder


def _exported(folder: Path, form: str, relation: str) -> list[Row]:
    if form == "parquet":
        with duckdb.connect() as connection:
            result = connection.execute(f"from read_parquet('{folder}/parquet/{relation}/**/*.parquet')")
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, values, strict=True)) for values in result.fetchall()]
    if form == "csv":
        with (folder / "csv" / f"{relation}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    book = openpyxl.load_workbook(folder / "kommunlager.xlsx", read_only=True)
    lines = book[relation].iter_rows(values_only=True)
    names = [str(name) for name in next(lines)]
    return [dict(zip(names, line, strict=True)) for line in lines]


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_every_number_of_an_export_is_that_of_its_figures(
    exported: Path, walked: Walked, warehouse: Path, form: str
) -> None:
    for relation in NUMBERS:
        rows = _exported(exported, form, relation)
        ((count,),) = (tuple(row.values()) for row in _rows(warehouse, f"select count(*) from marts.{relation}"))
        assert len(rows) == count, relation
        assert problems_of_rows(walked.facts, relation, rows) == []
    values = {row["fact_key"]: row for row in _exported(exported, form, "report_values")}
    for key, row in values.items():
        figure = walked.facts.of([key])[0]
        assert (row["unit"], str(row["period_start"] or "")[:10]) == (figure["unit"], figure["starts"] or "")
    changed = {**values[next(key for key, row in values.items() if row["value_numeric"] not in (None, ""))]}
    changed["value_numeric"] = float(changed["value_numeric"]) + 1
    assert problems_of_rows(walked.facts, "report_values", [changed]) != []


def test_every_dataset_of_the_corpora_is_that_of_its_figures(corpora: Path) -> None:
    facts = read_facts(corpora)
    for relation in NUMBERS:
        assert problems_of_rows(facts, relation, _rows(corpora, f"select * from marts.{relation}")) == []


def test_no_chart_of_superset_adds_up_what_is_no_sum(warehouse: Path, corpora: Path) -> None:
    """A chart that shows one value of several rows must group by what tells them apart: one figure, one owner."""
    sys.path.insert(0, str(ROOT / "tools"))
    import superset_bundle

    charts, datasets = superset_bundle.parts("charts"), superset_bundle.parts("datasets")
    seen = 0
    for name, chart in charts.items():
        params, dataset = chart["params"], datasets[chart["dataset"]]
        metrics = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
        shown = [metrics[metric] for metric in params.get("metrics", ())]
        if not any(expression.startswith("any_value") for expression in shown):
            continue
        seen += 1
        calculated = {column["column_name"]: column["expression"] for column in dataset.get("calculated_columns", ())}
        groups = [params.get("x_axis")]
        for key in ("groupby", "groupbyRows", "groupbyColumns"):
            groups += params.get(key, ())
        terms = [calculated.get(group, f'"{group}"') for group in groups if group]
        conditions = " and ".join(f"({one['sqlExpression']})" for one in params["adhoc_filters"]) or "true"
        sql = (
            f"select {', '.join(terms)}, count(*), list(organisation_key) from marts.{chart['dataset']} "
            f"where {conditions} group by all having count(*) > 1"
        )
        for place in (warehouse, corpora):
            assert _rows(place, sql) == [], name
    assert seen >= 4


def test_the_answers_of_the_readme_are_figures_or_their_differences(warehouse: Path, walked: Walked) -> None:
    """Amounts in the README by municipality and year: of a figure, of outcome less budget, or of grants added up."""
    from tests.test_documentation import _examples

    figures = walked.facts.figures.values()
    seen = 0
    for sql, _ in _examples():
        for row in _rows(warehouse, sql):
            for column, scale in (("budget", 1e6), ("actual", 1e6), ("printed", 1e6), ("result_tkr", 1e3)):
                if row.get(column) is None or "municipality_name" not in row:
                    continue
                seen += 1
                scenario = {"printed": "variance", "budget": "budget"}.get(column, "actual")
                wanted = [
                    _amount(one)
                    for one in figures
                    if one["municipality_name"] == row["municipality_name"]
                    and one["amount_sek"] is not None
                    and one["scenario"].startswith(scenario)
                    and one["year"] == row.get("year", one["year"])
                    and one["row_label"] == row.get("row_label", one["row_label"])
                    and one["org_unit"] == row.get("org_unit", one["org_unit"])
                ]
                assert any(abs(amount - float(row[column]) * scale) < 1 for amount in wanted), (row, column)
            if "grantor_name" in row:
                seen += 1
                lines = _rows(
                    warehouse,
                    "select fact_key from marts.measures, unnest(fact_keys) as keys (fact_key) "
                    "inner join marts.fct_financial using (fact_key) inner join marts.dim_grantor using (grantor_key) "
                    f"where measure_key = 'state_grants' and grantor_name = '{row['grantor_name']}' "
                    f"and municipality_name = '{row['municipality_name']}' "
                    "and year = (select max(year) from marts.measures as m where m.measure_key = 'state_grants' "
                    "and m.organisation_key = measures.organisation_key)",
                )
                total = sum(map(_amount, walked.facts.of([line["fact_key"] for line in lines])))
                assert abs(total - float(row["mnkr"]) * 1e6) < 1, row
            if "value_text" in row and row.get("value_numeric") is not None:
                seen += 1
                assert any(
                    (one["value_text"], one["value_numeric"], one["unit"], one["row_label"], one["period_start"])
                    == (row["value_text"], row["value_numeric"], row["unit"], row["row_label"], row["period_start"])
                    for one in figures
                ), row
    assert seen > 25
