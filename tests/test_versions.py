"""A report that stands in several files counts once, its latest version counts, and a key stays with its figure.

Belongs here: what a warehouse of copies, versions and corrected reports says, twice: under some names, and under others
in another order. Does not belong here: what is remembered of keys that are gone (test_figure_history).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import Settings
from dagster_project.warehouse.build.transform import build
from dagster_project.warehouse.intake.load import load_raw
from tests.conftest import ROOT, Project

TEXT = """{municipality} kommun
{committee}
{title}

1 Personal

Personal	Utfall 2022	Utfall 2023
Antal årsarbetare	529	586
Sjukfrånvaro, %	7,8	{sick}

2 Resultaträkning

Belopp i tkr	Budget 2023	Utfall 2023	Avvikelse
Verksamhetens intäkter	12 500	{income}	600
Köp av huvudverksamhet	-20 000	-21 500	-1 500
Övriga kostnader	-8 000	-7 900	100
Resultat	-15 500	-16 300	-800

3 Kommentar

Försörjningsstödet ökade och orosanmälningarna minskade under året.
"""

WEB = """<!doctype html><html lang=sv><head><meta charset=utf-8><title>{title}</title></head><body>
<h1>{title}</h1><p>{municipality} kommun</p><p>{committee}</p><h2>Personal</h2><table><caption>Årets personal</caption>
<tr><th>Personal</th><th>Utfall 2022</th><th>Utfall 2023</th></tr>
<tr><td>Antal årsarbetare</td><td>529</td><td>586</td></tr></table>
<table><tr><th>Personal</th><th>Utfall 2022</th><th>Utfall 2023</th></tr>
<tr><td>Sjukfrånvaro, %</td><td>7,8</td><td>{sick}</td></tr></table><h2>Resultat</h2>
<table><tr><th>Belopp i tkr</th><th>Budget 2023</th><th>Utfall 2023</th><th>Avvikelse</th></tr>
<tr><td>Verksamhetens intäkter</td><td>12&nbsp;500</td><td>{income}</td><td>600</td></tr>
<tr><td>Köp av huvudverksamhet</td><td>-20 000</td><td>-21 500</td><td>-1 500</td></tr>
<tr><td>Övriga kostnader</td><td>-8 000</td><td>-7 900</td><td>100</td></tr>
<tr><td>Resultat</td><td>-15 500</td><td>-16 300</td><td>-800</td></tr></table></body></html>
"""

INTERIM = """{municipality} kommun
Socialnämnden
Delårsrapport tertial {tertial} 2023

1 Resultat

Belopp i tkr	Budget 2023	Utfall tertial {tertial} 2023	Prognos 2023
Verksamhetens intäkter	12 500	{income}	12 700
Köp av huvudverksamhet	-20 000	{cost}	-21 500
"""

STATISTICS = """Tierps kommun
Socialnämnden
Årsrapport 2023

1 Nyckeltal

Nyckeltal	Utfall 2023
Antal anställda	{shared}
Antal {what}	{one}
Andel {what} i egen regi, %	{two}
Antal besök hos {what}	{three}
"""


FORM = """{whose}
Årsrapport 2023

1 Nyckeltal

Nyckeltal	Utfall 2022	Utfall 2023
Antal ärenden	{0}	{1}
Antal beslut	{2}	{3}
Antal besök	{4}	{5}

2 Kommentar

{comment}
"""
LONG = ("1 245", "1 387", "982", "1 014", "20 415", "21 877")
SHORT = ("12", "10", "3", "5", "20", "30")


def _text(municipality: str, title: str = "Årsrapport 2023", **values: str) -> str:
    said = {"committee": "Socialnämnden", "sick": "7,1", "income": "13 100"} | values
    return TEXT.format(municipality=municipality, title=title, **said)


REPORTS = {
    "same-text": _text("Strömstads"),
    "same-web": WEB.format(
        municipality="Strömstads", committee="Socialnämnden", title="Årsrapport 2023", sick="7,1", income="13 100"
    ),
    "same-bytes": _text("Strömstads"),
    "other-committee": _text("Strömstads", committee="Kulturnämnden"),
    "other-year": _text("Strömstads").replace("2023", "2021").replace("2022", "2020"),
    "draft": _text("Lomma", "Årsrapport 2023\n\nUtkast 2024-02-01", income="13 000"),
    "decided": _text("Lomma", "Årsrapport 2023\n\nBeslutad av socialnämnden 2024-02-20 § 12"),
    "revised": _text("Lomma", "Årsrapport 2023\n\nReviderad 2 april 2024", income="13 150").replace(
        "Köp av huvudverksamhet\t-20 000\t-21 500\t-1 500\n", ""
    ),
    "first-tertial": INTERIM.format(municipality="Lomma", tertial=1, income="4 100", cost="-7 000"),
    "second-tertial": INTERIM.format(municipality="Lomma", tertial=2, income="8 300", cost="-14 100"),
    "older-file": _text("Nora", income="13 000"),
    "newer-file": _text("Nora"),
    "settled-earlier": _text("Sala", income="13 000"),
    "settled-later": _text("Sala"),
    "undated": _text("Vara", sick="7,2"),
    "undated-too": _text("Vara"),
    # Two reports of one committee and year that are no versions of each other, and state one figure differently.
    "childcare": STATISTICS.format(shared=100, what="förskolor", one=12, two="40,5", three=300),
    "home-care": STATISTICS.format(shared=101, what="hemtjänstgrupper", one=33, two="70,5", three=900),
    # Of bodies that nobody knows: one form, filled in alike.
    "north": FORM.format(*LONG, whose="Enhet Norra", comment="Färre sökte."),
    "north-again": FORM.format(*LONG, whose="Enhet Norra", comment="Färre sökte hjälp."),
    "south": FORM.format(*LONG, whose="Enhet Södra", comment="Fler sökte."),
    "small": FORM.format(*SHORT, whose="Enhetens svar", comment="Vi sökte."),
    "small-too": FORM.format(*SHORT, whose="Enhetens svar", comment="De sökte."),
}

BEFORE = _text("Ulricehamns").replace(
    "3 Kommentar", "Intern ränta\t-10\t-20\t-10\nIntern ränta\t-30\t-50\t-20\n\n3 Kommentar"
)
AFTER = (
    BEFORE.replace("Verksamhetens intäkter", "Avgifter\t2 000\t2 200\t200\nVerksamhetens intäkter")
    .replace("Intern ränta\t-10", "Intern ränta\t-5\t-6\t-1\nIntern ränta\t-10")
    .replace("3 Kommentar", "4 Kommentar")
    .replace("2 Resultaträkning", "3 Resultaträkning")
    .replace("1 Personal", "1 Uppdrag\n\nUppdrag\tUtfall 2023\nAntal besök\t12\n\n2 Personal")
    .replace("\t586\n", "\t587\n")
)
CORRECTED = "ulricehamn.txt"

CLOCK = {"older-file": 1_700_000_000, "newer-file": 1_710_000_000}
"""When files were last written; all others at one time, which tells nothing."""


@dataclass(frozen=True)
class Built:
    """A working file that was built, and what each of the reports is called in it."""

    database: Path
    ids: dict[str, str]
    """Our name to report_id."""

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ours(self, report_id: str | None) -> str | None:
        return next((ours for ours, theirs in self.ids.items() if theirs == report_id), None)


def _built(folder: Path, names: dict[str, str], corrected: str) -> Built:
    reports = folder / "reports"
    reports.mkdir(parents=True)
    for ours in sorted(names, key=names.get):  # type: ignore[arg-type]
        path = reports / names[ours]
        path.write_text(REPORTS[ours], encoding="utf-8")
        os.utime(path, (CLOCK.get(ours, 1_705_000_000),) * 2)
    (reports / CORRECTED).write_text(corrected, encoding="utf-8")
    (reports / "reports.yml").write_text(
        f'"{names["settled-earlier"]}":\n  decided_on: 2024-03-02\n  version_status: decided\n'
        f'"{names["settled-later"]}":\n  decided_on: 2024-03-09\n',
        encoding="utf-8",
    )
    settings = Settings(reports=reports, warehouse=folder / "kommunlager.duckdb", state=folder / ".state", workers=1)
    load_raw(settings)
    result = build(settings, select=("resource_type:seed", "resource_type:model"))
    assert not result.failed, result.explain()
    return Built(settings.working_file, {ours: name.partition(".")[0] for ours, name in names.items()})


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Built, Built]]:
    """The same reports under names in one order and in the other; one report is corrected in the second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_INDIRECT_SELECTION", "empty")  # models and seeds alone, without their tests
        extension = {"same-web": ".html"}
        forwards = {ours: f"a{number:02}{extension.get(ours, '.txt')}" for number, ours in enumerate(REPORTS)}
        backwards = {ours: f"z{99 - number:02}{extension.get(ours, '.txt')}" for number, ours in enumerate(REPORTS)}
        folder = tmp_path_factory.mktemp("versions")
        made = []
        for name, names, corrected in (("one", forwards, BEFORE), ("two", backwards, AFTER)):
            patch.setenv("KOMMUNLAGER_WORKING_FILE", str(folder / name / ".state" / "working.duckdb"))
            made.append(_built(folder / name, names, corrected))
        yield made[0], made[1]


@pytest.fixture(scope="module", params=[0, 1], ids=["forwards", "backwards"])
def built(request: pytest.FixtureRequest, both: tuple[Built, Built]) -> Built:
    return both[request.param]


def test_of_the_same_report_in_two_files_one_counts(built: Built) -> None:
    rows = built.ask("select report_id, copy_of_report_id, is_current from marts.dim_report")
    copies = {built.ours(one): built.ours(other) for one, other, _ in rows if other is not None}
    assert {copies.pop(name, None) for name in ("north", "north-again")} < {"north", "north-again", None}
    assert len(copies) == 2
    assert set(copies) < {"same-text", "same-web", "same-bytes"}
    assert set(copies.values()) == {"same-text", "same-web", "same-bytes"} - set(copies)
    assert {built.ours(one) for one, _, is_current in rows if not is_current} >= set(copies)
    # Of what nobody knows whose it is, only the same front and long numbers are the same report.
    assert all(is_current for one, _, is_current in rows if built.ours(one) in ("south", "small", "small-too"))
    current = built.ask(
        "select amount_sek from marts.report_values where municipality_name = 'Strömstad'"
        " and committee = 'Socialnämnden' and row_label = 'Köp av huvudverksamhet' and scenario = 'actual'"
        " and fiscal_year = 2023 and is_current"
    )
    assert current == [(-21_500_000,)]


def test_the_latest_version_counts(built: Built) -> None:
    rows = built.ask(
        "select report_id, version_status, decided_on::varchar, stated_on::varchar, supersedes_report_id,"
        " superseded_by_report_id, is_current from marts.dim_report where report_id != 'unknown'"
    )
    found = {built.ours(row[0]): (*row[1:4], built.ours(row[4]), built.ours(row[5]), row[6]) for row in rows}
    assert found["draft"] == ("draft", None, "2024-02-01", None, "decided", False)
    assert found["decided"] == ("decided", "2024-02-20", "2024-02-20", "draft", "revised", False)
    assert found["revised"] == ("revised", "2024-04-02", "2024-04-02", "decided", None, True)
    assert found["older-file"][3:] == (None, "newer-file", False)
    assert found["settled-earlier"][1:] == ("2024-03-02", "2024-03-02", None, "settled-later", False)
    assert sum(found[name][5] for name in ("undated", "undated-too")) == 1
    for alone in ("first-tertial", "second-tertial", "other-committee", "other-year", "childcare", "home-care"):
        assert found[alone][3:] == (None, None, True), alone


def test_an_order_that_nothing_tells_is_said(built: Built) -> None:
    rows = built.ask("select report_id, version_basis from marts.dim_report where version_basis is not null")
    found = {built.ours(report_id): basis for report_id, basis in rows}
    assert found.pop("undated", None) or found.pop("undated-too") == "none"
    assert found == {"draft": "words", "decided": "date", "older-file": "file_time", "settled-earlier": "date"}


def test_figures_of_an_earlier_version_are_restatements(built: Built) -> None:
    rows = built.ask(
        "select earlier_report_id, earlier_value_numeric, later_report_id, later_value_numeric from marts.restatements"
        " where municipality_name = 'Lomma' and row_label = 'Verksamhetens intäkter' and scenario = 'actual'"
        " and period_key = '2023'"
    )
    assert {(built.ours(row[0]), row[1], built.ours(row[2]), row[3]) for row in rows} == {
        ("draft", 13000, "decided", 13100),
        ("draft", 13000, "revised", 13150),
        ("decided", 13100, "revised", 13150),
    }


def test_a_figure_that_the_later_version_leaves_out_does_not_count(built: Built) -> None:
    where = "municipality_name = 'Lomma' and row_label = 'Köp av huvudverksamhet' and period_start = '2023-01-01'"
    stated = built.ask(
        f"select report_id, is_current from marts.report_values where {where} and scenario = 'actual'"
        " and period_end = '2023-12-31'"
    )
    assert {built.ours(report_id) for report_id, _ in stated} == {"draft", "decided"}
    assert not any(is_current for _, is_current in stated)
    assert (
        built.ask(f"select * from marts.time_series where {where} and scenario = 'actual' and period_type = 'year'")
        == []
    )


VIEWS = {
    "report_values": "table_seq, row_index, col_index, value_text, scenario, is_current",
    "time_series": "municipality_name, committee, row_label, scenario, period_key, value_text, earlier_value_text",
    "budget_variance": "municipality_name, committee, row_label, period_key, budget_sek, actual_sek",
    "target_outcome": "municipality_name, indicator_name, period_key, target_text, outcome_text",
    "municipality_comparison": "municipality_name, committee, concept_key, year, value_numeric, value_text",
    "measures": "measure_key, municipality_name, committee, year, value_numeric",
    "restatements": "municipality_name, row_label, period_key, scenario, earlier_value_text, later_value_text",
    "dim_indicator": "indicator_key, indicator_name, group_name, section",
}


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_names_and_order_of_files_decide_nothing(both: tuple[Built, Built], view: str) -> None:
    """What each view says of the reports that are the same in both, and of which bytes it says so."""
    answers = []
    for built in both:
        owner = next(
            (name for name in ("report_id", "outcome_report_id", "later_report_id") if _has(built, view, name)), None
        )
        source = (
            f"(select sha256 from marts.dim_report as known where known.report_id = answers.{owner})"
            if owner
            else "null"
        )
        of_whom = "where municipality_name != 'Ulricehamn'" if _has(built, view, "municipality_name") else ""
        if view == "dim_indicator":
            of_whom = "where organisation_key not in (select organisation_key from marts.dim_organisation inner join"
            # Whom nobody knows is called by the name of the file.
            of_whom += " marts.dim_municipality using (municipality_code)"
            of_whom += " where municipality_name = 'Ulricehamn' or municipality_code = 'none')"
        answers.append(built.ask(f"select {VIEWS[view]}, {source} from marts.{view} as answers {of_whom} order by all"))
    assert answers[0] == answers[1]


def _has(built: Built, view: str, column: str) -> bool:
    return built.ask(
        f"select count(*) from duckdb_columns() where table_name = '{view}' and column_name = '{column}'"
    ) != [(0,)]


def test_a_key_names_the_same_figure_or_none(both: tuple[Built, Built]) -> None:
    """Lines, a table and a section were added above, one value was corrected, and one name is printed three times."""
    sql = "select fact_key, row_label, column_label, value_text from marts.report_values where report_id = 'ulricehamn'"
    before, after = ({row[0]: row[1:] for row in built.ask(sql)} for built in both)
    assert len(before) == 4 + 12 + 6
    corrected = {key for key in before if before[key][0] == "Antal årsarbetare" and before[key][2] == "586"}
    assert {after[key] for key in corrected} == {("Antal årsarbetare", "Utfall 2023", "587")}
    for key in before.keys() - corrected:
        assert after[key] == before[key]
    assert {after[key][0] for key in after.keys() - before.keys()} == {"Avgifter", "Intern ränta", "Antal besök"}


def test_paragraphs_keep_their_key(both: tuple[Built, Built]) -> None:
    sql = "select paragraph_key, paragraph_text from marts.narrative where report_id = 'ulricehamn'"
    before, after = (dict(built.ask(sql)) for built in both)
    assert before.items() <= after.items()
    assert before


def test_all_formats_of_a_report_are_one(every_format: Project) -> None:
    """Nine formats of five reports, and as PDF in some renderings more: five count."""
    with duckdb.connect(every_format.warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select parse_filename(file_name, true), count(*), count(*) filter (where is_current),"
            " count(distinct copy_of_report_id) from marts.dim_report where report_id != 'unknown' group by all"
        ).fetchall()
    assert len(rows) == len(list((ROOT / "seeds" / "reports").glob("*.txt")))
    forms = len([folder for folder in every_format.reports.iterdir() if folder.is_dir()])
    files = len([path for path in every_format.reports.iterdir() if path.is_file()])
    assert forms > 6
    assert files == 0
    assert {row[1:] for row in rows} == {(forms, 1, 1)}
    copies = (forms - 1) * len(rows)
    told = every_format.run("status").stderr
    assert told.count("not counted  ") == 10
    assert f"{copies - 10} more" in told
    assert "verksamhetsplan-2021-2024.csv: a copy of " in told
    assert len(json.loads(every_format.run("status", "--json").stdout)["not_counted"]) == copies
