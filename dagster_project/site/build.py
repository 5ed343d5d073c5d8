"""The folder of the site: every page written, then the folder moved into its place.

Belongs here: which pages there are, their file names, and writing them. Does not belong here: questions to the
warehouse (``read``), formats (``text``) and mark-up (``templates``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dagster_project.site import read, searching, start, text
from dagster_project.site.boundaries import boundaries
from dagster_project.site.figures import Figure, figures
from dagster_project.site.judged import judged
from dagster_project.site.lineage import Lineage, read_lineage
from dagster_project.site.pictures import PagePictures
from dagster_project.site.read import Overview, Row
from dagster_project.warehouse.ask.query import first_line, open_published

MARK: Final = ".kommunlager-site"
"""A file in a folder that we wrote; only such a folder is replaced."""

NEIGHBOURS: Final = 20
"""Rows of other municipalities on the page of an indicator; with all of them the site would grow with their square."""

RELEASE: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
"""The name of a release; a warehouse that was copied elsewhere has none."""

SIGNS: Final = {"%", "kr", "tkr", "mnkr", "mdkr"}
"""Units that everybody reads as they are."""

NO_COSTS: Final = {"equity", "balance_requirement", "investment_statement"}
"""Statements whose accounts stand among the lines of a committee's result and are none of its costs or incomes."""

CITED: Final = 6
"""Owners that a citation names; more are counted."""

REPORT_TYPES: Final = {
    "annual_report": ("Årsrapport", "Annual report"),
    "interim_report": ("Delårsrapport", "Interim report"),
    "plan": ("Plan", "Plan"),
    "budget": ("Budget", "Budget"),
    "tariff": ("Taxa", "Tariff"),
    "unknown": ("Okänd sort", "Unknown kind"),
}


class SiteError(Exception):
    """The site could not be written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SiteResult:
    """What was written."""

    folder: Path
    pages: int
    size_bytes: int


def build_site(
    warehouse: Path,
    out: Path,
    *,
    reports: Path | None = None,
    manifest: Path | None = None,
    handbook: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> SiteResult:
    """Write the site of the published ``warehouse`` into the folder ``out``, replacing one that we wrote before.

    ``reports`` is the folder with the source files, for pictures of the pages of PDF; without it, or where a file has
    changed since it was read, there are none. ``manifest`` is dbt's manifest.json, for the lineage in the dictionary.
    ``handbook`` is a folder of pages (``make docs``) to put beside and link to.

    Raises:
        SiteError: ``out`` holds something that is not a site, ``handbook`` no page to begin with, or the release is of
            another version of this program.
        QueryError: nothing is published.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).exists())):
        raise SiteError(f"{out} exists and is no site of ours; name another folder or remove it.")
    if handbook is not None and not (handbook / "index.html").is_file():
        raise SiteError(f"There is no handbook in {handbook}; `make docs` makes one in build/docs.")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        with open_published(warehouse) as connection, PagePictures(reports, folder, "p") as pictures:
            lineage = read_lineage(manifest)
            release = warehouse.resolve().parent.name
            pages = _Site(connection, folder, pictures, lineage, release, has_handbook=handbook is not None).write(
                progress
            )
        if handbook is not None:
            shutil.copytree(handbook, folder / "handbook")
        (folder / MARK).write_text("Written by kommunlager site; replaced by the next one.\n", encoding="utf-8")
        folder.chmod(0o755)
        _replace(folder, out)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (duckdb.BinderException, duckdb.CatalogException)):
            raise SiteError(
                f"{warehouse} was published by another version of this program: {first_line(error)}. "
                "`kommunlager refresh` makes a release of this one."
            ) from error
        raise
    return SiteResult(out, pages, sum(path.stat().st_size for path in out.rglob("*") if path.is_file()))


def _replace(folder: Path, out: Path) -> None:
    if not out.exists():
        folder.rename(out)
        return
    old = out.with_name(f".{out.name}-old-{os.getpid()}")
    out.rename(old)
    folder.rename(out)
    shutil.rmtree(old)


class _Site:
    """One build."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        pictures: PagePictures,
        lineage: Lineage,
        release: str,
        *,
        has_handbook: bool,
    ) -> None:
        self.connection, self.folder, self.pictures, self.lineage = connection, folder, pictures, lineage
        self.release = release if RELEASE.fullmatch(release) else None
        self.data: Overview = read.overview(connection)
        read.compare_nationally(connection)
        self.by_county: dict[Any, list[Row]] = {
            (concept, county): found
            for concept, values in self.data.concepts.items()
            for county, found in read.grouped_by(values, lambda row: row["municipality_code"][:2]).items()
        }
        self.figure_keys = read.figure_keys(connection)
        self.written = 0
        self.names = _names(self.data)
        outside = read.Outside(connection)
        self.units = outside.units
        self.figures: list[Figure] = figures(self.data, outside, self._anchor, self.names.report)
        self.environment = Environment(
            loader=PackageLoader("dagster_project.site"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(
            variance_point=_variance_point,
            bullet_point=_bullet_point,
            grant_point=_grant_point,
            courses=_courses,
            costs=_costs,
            short_key=text.short_key,
            unit_name=text.unit_name,
        )
        self.environment.globals.update(
            t=text.both,
            flags=text.flags,
            number=text.number,
            millions=text.millions,
            printed=text.printed,
            quantity=text.quantity,
            unit_name=text.unit_name,
            short_key=text.short_key,
            percent=text.percent,
            period=text.period,
            anchor=self._anchor,
            cell_anchor=text.cell_anchor,
            figure_anchor=text.figure_anchor,
            report_types=REPORT_TYPES,
            scenarios=text.SCENARIO_WORDS,
            names=self.names,
            concept_pages={figure.key for figure in self.figures if not figure.is_measure},
            units=outside.units,
            unit_text=self._unit_text,
            pers=text.PERS,
            reason_words=text.reason_words,
            script_json=_script_json,
            totals=self.data.totals,
            has_handbook=has_handbook,
        )

    def write(self, progress: Callable[[int, int], None]) -> int:
        """All pages; their number."""
        data = self.data
        by_committee = read.grouped(data.indicators, "organisation_key")
        self.by_owner = read.grouped([row for rows in data.concepts.values() for row in rows], "organisation_key")
        self.siblings = read.grouped(list(data.organisations.values()), "municipality_code", "committee")
        by_indicator = read.grouped(data.indicators, "indicator_key")
        by_organisation = read.grouped(data.reports, "organisation_key")
        by_municipality = read.grouped(data.reports, "municipality_code")
        of = 4 + len(by_municipality) + len(by_organisation) + len(by_indicator) + len(self.figures) + len(data.reports)

        def page(name: str, template: str, **values: Any) -> None:
            self.page(name, template, **values)
            progress(self.written, of)

        self._assets()
        reports = {report["report_id"]: report for report in data.reports}
        page(
            "index.html",
            "index.html",
            data=data,
            shapes=boundaries(),
            known=start.known_of(data),
            telling=start.telling(self.figures),
            deviations=start.deviations(data),
            news=[row | {"report": reports.get(row["report_id"])} for row in data.news[: start.NEWS]],
            events=start.EVENTS,
            compared=[figure for figure in self.figures if figure.is_comparison],
            followed=[figure for figure in self.figures if not figure.is_comparison],
        )
        for municipality in data.municipalities:
            key = municipality["municipality_code"]
            found = by_municipality[key]
            committees = {row["organisation_key"]: row for row in found}
            page(
                f"m/{key}.html",
                "municipality.html",
                municipality=municipality,
                reports=found,
                committees=list(committees.values()),
                results=[row for org in committees for row in data.budgets.get(org, []) if _is_result(row)],
                targets=[row for org in committees for row in data.targets.get(org, [])],
                measures=[row for org in committees for row in data.measures.get(org, [])],
                assignments=[
                    row | {"committee": committees[org]["committee"]}
                    for org in committees
                    for row in data.assignments.get(org, [])
                ],
                changes=start.changes([row for org in committees for row in self.by_owner.get(org, [])]),
            )
        for key, found in by_organisation.items():
            organisation = data.organisations[key]
            indicators = self._own_and_units(organisation, by_committee)
            page(
                f"o/{self.names.organisation(key)}.html",
                "organisation.html",
                organisation=organisation,
                reports=found,
                budgets=data.budgets.get(key, []),
                targets=data.targets.get(key, []),
                grants=data.grants.get(key, []),
                assignments=data.assignments.get(key, []),
                measures=data.measures.get(key, []),
                indicators=_summaries(indicators),
                changes=start.changes(self.by_owner.get(key, [])),
            )
        for key, values in by_indicator.items():
            concept = values[0]["concept_key"]
            page(
                f"i/{self.names.indicator(key)}.html",
                "indicator.html",
                indicator=values[0],
                organisation=data.organisations[values[0]["organisation_key"]],
                values=values,
                points=_points(values),
                others=self._neighbours(values[0], data.organisations[values[0]["organisation_key"]]),
                compared=len(data.concepts.get(concept, [])),
            )
        for figure in self.figures:
            found = [reports[key] for key in sorted({row["report_id"] for row in figure.printed} & reports.keys())]
            page(
                figure.address,
                "figure.html",
                figure=figure,
                reports=found,
                citation=self._citation(figure),
                dataset=self._dataset(figure, found),
            )
        failures = read.grouped(data.failures, "report_id")
        for report in data.reports:
            tables = list(read.printed_tables(self.connection, report["report_id"]))
            pictures = self.pictures.of(report, tables)
            reasons, said = self._reasons(report["report_id"])
            page(
                f"r/{text.file_name(report['report_id'])}.html",
                "report.html",
                report=report,
                tables=tables,
                failures=failures.get(report["report_id"], []),
                gone=data.gone.get(report["report_id"], []),
                pictures={picture.page for picture in pictures},
                places={
                    place.anchor: [
                        *(picture.file, picture.width, picture.height),
                        *(place.left, place.top, place.width, place.height),
                    ]
                    for picture in pictures
                    for place in picture.places
                },
                reasons=reasons,
                said=said,
                judged=judged(
                    tables,
                    read.identities(self.connection, report["report_id"]),
                    report,
                    data.organisations,
                    lambda unit: (unit, unit) if unit in SIGNS else self.units.get(unit, (unit, unit)),
                    self.names.report,
                ),
                paragraphs=read.paragraphs(self.connection, report["report_id"]),
            )
            if pictures:
                self.page(
                    f"p/{text.file_name(report['report_id'])}.html", "pages.html", report=report, pictures=pictures
                )
        self._gone_pages()
        page("quality.html", "quality.html", data=data)
        published = {f"{row['schema_name']}.{row['table_name']}" for row in data.relations}
        page("dictionary.html", "dictionary.html", data=data, lineage=self.lineage, published=published)
        page("404.html", "404.html")
        return self.written

    def _anchor(self, report_id: str, table_seq: int, row_index: int, col_index: int) -> str:
        """A place on the page of a report: by the key of the figure that stands there, which it keeps if it moves."""
        key = self.figure_keys.get((report_id, table_seq, row_index, col_index))
        return text.cell_anchor(table_seq, row_index, col_index) if key is None else text.figure_anchor(key)

    def _citation(self, figure: Figure) -> str:
        """How to cite a page: what it shows, which release, and whose numbers they are."""
        read_at = self.data.totals["read_at"]
        version = self.release or (read_at.date().isoformat() if read_at else "")
        owners = {" ".join(filter(None, [row["municipality_name"], row["committee"]])) for row in figure.known}
        named = sorted(owners) if len(owners) <= CITED else [f"{len(owners)} kommuner och nämnder"]
        publishers = sorted({source["publisher"] for source in figure.sources})
        return f"{figure.name}. kommunlager, utgåva {version}. Källor: {', '.join(named + publishers)}."

    def _dataset(self, figure: Figure, reports: list[Row]) -> Row:
        """A page as schema.org describes a data set."""
        about = {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "name": figure.name,
            "description": f"{figure.definition} As printed in reports of Swedish municipalities, year by year.",
            "inLanguage": "sv",
            "isAccessibleForFree": True,
            "creator": {"@type": "Organization", "name": "kommunlager"},
            "version": self.release,
            "variableMeasured": {"@type": "PropertyValue", "name": figure.name, "unitText": figure.unit},
            "spatialCoverage": sorted({row["municipality_name"] for row in figure.known}) or "Sverige",
            "temporalCoverage": f"{figure.years[0]}/{figure.years[-1]}" if figure.years else None,
            "citation": self._citation(figure),
            "license": sorted({source["licence"] for source in figure.sources}),
            "isBasedOn": [report["title"] or report["report_id"] for report in reports]
            + [source["title"] for source in figure.sources],
        }
        return {name: value for name, value in about.items() if value}

    def _unit_text(self, unit: str) -> str:
        """A unit as a table shows it: signs and abbreviations as they are, others in words."""
        return unit if unit in SIGNS else text.both(*self.units.get(unit, (unit, unit)))

    def _reasons(self, report_id: str) -> tuple[list[list[str]], dict[str, int]]:
        """Why figures of a report are proven or doubtful: each reason once, and by figure its place among them."""
        places: dict[tuple[str, ...], int] = {}
        said = {}
        for row in read.proofs(self.connection, report_id):
            where = ""
            if row["told_key"] is not None:
                page = "" if row["told_report_id"] == report_id else f"{self.names.report(row['told_report_id'])}.html"
                where = f"{page}#{text.figure_anchor(row['told_key'])}"
            reason = ("?" if row["is_doubtful"] else "✓", *text.proof(row), where)
            said[row["fact_key"]] = places.setdefault(reason, len(places))
        return [list(reason) for reason in places], said

    def _gone_pages(self) -> None:
        """For links from outside to pages of reports and indicators that earlier releases had."""
        there = {report["report_id"] for report in self.data.reports}
        for report_id, found in self.data.gone.items():
            if report_id not in there:
                said = (
                    "Rapporten finns inte längre, eller under ett annat namn.",
                    "The report is gone, or has another name.",
                )
                self.page(f"r/{text.file_name(report_id)}.html", "gone.html", title=report_id, said=said, gone=found)
        rows = [row for found in self.data.gone.values() for row in found if row["indicator_key"] is not None]
        for key, found in read.grouped(rows, "indicator_key").items():
            if key not in self.names.indicators:
                title = found[0]["row_label"] or found[0]["report_id"]
                said = ("Indikatorn finns inte längre under detta namn.", "The indicator is gone, or has another name.")
                self.page(f"i/{text.file_name(key)}.html", "gone.html", title=title, said=said, gone=found)

    def page(self, name: str, template: str, **values: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * name.count("/")
        path.write_text(self._template(template).render(root=root, page_name=name, **values), encoding="utf-8")
        self.written += 1

    @cache  # noqa: B019 - lives as long as the build
    def _template(self, name: str) -> Any:
        return self.environment.get_template(name)

    def _own_and_units(self, organisation: Row, by_committee: dict[Any, list[Row]]) -> list[Row]:
        """Indicators of a committee and of its units."""
        siblings = self.siblings[organisation["municipality_code"], organisation["committee"]]
        return [row for other in siblings for row in by_committee.get(other["organisation_key"], [])]

    def _neighbours(self, indicator: Row, organisation: Row) -> list[Row]:
        """The same thing elsewhere, those of the own county first; the page of the concept has them all."""
        concept, county = indicator["concept_key"], organisation["municipality_code"][:2]
        of_county, everywhere = self.by_county.get((concept, county), []), self.data.concepts.get(concept, [])
        rest = (row for row in everywhere if row["municipality_code"][:2] != county)
        others = (row for row in chain(of_county, rest) if row["indicator_key"] != indicator["indicator_key"])
        return list(islice(others, NEIGHBOURS))

    def _assets(self) -> None:
        assets = self.folder / "assets"
        assets.mkdir()
        for name in ("site.css", "site.js", "figure.js", "search.js", "minisearch.js"):
            (assets / name).write_text((files(__package__) / "static" / name).read_text(encoding="utf-8"), "utf-8")
        (assets / "vega.js").write_text(_vega(), encoding="utf-8")
        shapes = boundaries()
        drawn = {"width": shapes.width, "height": shapes.height, "paths": shapes.paths, "names": shapes.names}
        (assets / "map.js").write_text(f"window.siteMap={_script_json(drawn)};\n", encoding="utf-8")
        entries = searching.pages(self.data, self.figures, self.names)
        entries += searching.contents(self.data, *read.contents(self.connection), self.names.report)
        # A script, since a page that was opened from disk may load scripts but no data.
        (assets / "entries.js").write_text(
            "window.siteEntries=" + json.dumps(entries, ensure_ascii=False, separators=(",", ":")) + ";\n", "utf-8"
        )


@dataclass(frozen=True, slots=True)
class _Names:
    """File names of pages by the keys of their subjects."""

    organisations: dict[str, str]
    indicators: dict[str, str]

    def organisation(self, key: str) -> str:
        return self.organisations[key]

    def indicator(self, key: str) -> str:
        return self.indicators[key]

    def report(self, report_id: str) -> str:
        return text.file_name(report_id)

    def concept(self, key: str) -> str:
        return text.file_name(key)

    def measure(self, key: str) -> str:
        return text.file_name(key)


def _names(data: Overview) -> _Names:
    """Keys are hashes: the page of a subject keeps its address from one build to the next."""
    return _Names(
        organisations={row["organisation_key"]: text.file_name(row["organisation_key"]) for row in data.reports},
        indicators={row["indicator_key"]: text.file_name(row["indicator_key"]) for row in data.indicators},
    )


def _is_result(row: Row) -> bool:
    return bool(row["account_key"] == "committee_result" and row["statement"] == "income_statement")


def _summaries(values: list[Row]) -> list[Row]:
    """One row an indicator: its newest outcome, how many periods are known, and from which year."""
    summaries = []
    for found in read.grouped(values, "indicator_key").values():
        outcomes = [
            row for row in found if row["scenario"] == "actual" and row["is_current"] and row["entity"] is None
        ] or found
        newest = max(outcomes, key=lambda row: (row["period_end"] or date.min, row["report_id"]))
        summaries.append(newest | {"n_periods": len({row["period_start"] for row in found})})
    return summaries


def _points(values: list[Row]) -> list[Row]:
    """What the chart of an indicator shows: the numbers in force of outcomes, targets, budgets and forecasts.

    Periods of one length, and one number a period and kind: where a report prints two, the table shows them.
    """
    shown = [
        row
        for row in values
        if row["value_numeric"] is not None
        and row["period_start"] is not None
        and row["is_current"]
        and row["entity"] is None
        and not row["is_ambiguous_column"]
        and not row["is_misprint"]
        and row["scenario"] in ("actual", "target", "budget", "forecast", "plan")
        and row["unit"] == row["unit_key"]
    ]
    lengths = Counter(_months(row) for row in shown)
    length = max(lengths, key=lambda months: (lengths[months], months), default=0)
    at_once = read.grouped([row for row in shown if _months(row) == length], "period_start", "scenario")
    return [
        {
            "start": row["period_start"].isoformat(),
            "period": text.period(row["period_start"], row["period_end"]),
            "value": row["value_numeric"],
            "scenario": row["scenario"],
            "facts": [text.short_key(row["fact_key"])],
        }
        for found in at_once.values()
        if len({row["value_numeric"] for row in found}) == 1
        for row in found[:1]
    ]


def _months(row: Row) -> int:
    start, end = row["period_start"], row["period_end"]
    return int((end.year - start.year) * 12 + end.month - start.month + 1)


def _variance_point(row: Row) -> Row:
    return {
        "name": " ".join(filter(None, [row["committee"] or row["municipality_name"], row["period_key"]])),
        "value": float(row["variance_computed_sek"]) / 1e6,
        "facts": [text.short_key(row[column]) for column in ("actual_fact_key", "budget_fact_key")],
    }


def _bullet_point(row: Row) -> Row:
    return {
        "name": " › ".join(filter(None, [row["group_label"], row["row_label"] or row["org_unit"]])),
        "actual": float(row["actual_sek"]) / 1e6,
        "budget": float(row["budget_sek"]) / 1e6,
        "facts": [text.short_key(row[column]) for column in ("actual_fact_key", "budget_fact_key")],
    }


def _costs(budgets: list[Row]) -> list[Row]:
    """Lines of a result that have a budget and an outcome; not what stands among them and is no cost or income."""
    return [
        row
        for row in budgets
        if not row["is_total"]
        and row["actual_sek"] is not None
        and row["budget_sek"] is not None
        and row["account_statement"] not in NO_COSTS
    ]


def _courses(measures: list[Row], keys: list[str], is_of_many: bool) -> list[Row]:
    """The points of some measures year by year, each measure of each committee a line; none where all have one year."""
    points = [
        {
            "period": str(row["year"]),
            "value": row["value_numeric"],
            "of": row["measure_key"],
            "facts": [text.short_key(key) for key in row["fact_keys"]],
            "name": ", ".join(filter(None, [row["measure_name"], row["committee"] if is_of_many else None])),
        }
        for row in sorted(
            measures, key=lambda row: (keys.index(row["measure_key"]) if row["measure_key"] in keys else 0, row["year"])
        )
        if row["measure_key"] in keys and row["value_numeric"] is not None
    ]
    return points if len({point["period"] for point in points}) > 1 else []


def _grant_point(row: Row) -> Row:
    return {
        "name": row["grantor_name"],
        "period": text.period(row["period_start"], row["period_end"]),
        "value": float(row["amount_sek"]) / 1e6,
        "facts": [text.short_key(row["fact_key"])],
    }


def _script_json(values: Iterable[Row] | Row) -> str:
    """Data for a chart inside a script element; nothing in it can end the element."""
    from markupsafe import Markup

    encoded = json.dumps(
        values if isinstance(values, dict) else list(values), ensure_ascii=False, separators=(",", ":"), default=_plain
    )
    return Markup(encoded.replace("<", "\\u003c"))  # noqa: S704 - encoded above


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else float(value)


@cache
def _vega() -> str:
    """Vega, Vega-Lite and vega-embed as one script, from the wheel that carries them."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
