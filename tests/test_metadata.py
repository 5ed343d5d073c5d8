"""Whose a report is, what kind it is and which year it is about: title pages of every county, and every municipality.

Belongs here: many tiny reports in one build of the models that find it out. Does not belong here: what stands in the
reports' tables. Nothing is mocked: the documents are read from files, loaded, and interpreted by dbt.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from dagster_project.extract.document import report_id_for
from dagster_project.settings import PROJECT, Settings
from dagster_project.warehouse.build.transform import release_working_file
from dagster_project.warehouse.intake.load import load_raw
from tests.test_running_lines import lund_docx, lund_html, lund_pdf

FOLDER = Path(__file__).parent / "metadata"
FIELDS = ("municipality", "committee", "report_type", "fiscal_year", "period_end", "interim_date")

TABLE = "Nyckeltal\tUtfall\nAntal ärenden\t5\nAntal beslut\t7"
"""Says nothing about the report; a document without a table would not load."""

PHRASINGS = {
    "kommun": "{own} {kommun}\n\nÅrsredovisning 2023",
    "below": "Årsredovisning\n\n2023\n\n{own} {kommun}",
    "capitals": "ÅRSREDOVISNING 2023\n\n{OWN} {KOMMUN}",
    "in the line": "Årsredovisning 2023 {own} {kommun}",
    "genitive": "{own} {kommun}s årsredovisning 2023",
    "committee": "Socialnämnden\n\nVerksamhetsberättelse 2023\n\n{own} {kommun}",
    "committee above": "{own} {kommun}\n\nBarn- och utbildningsnämnden\n\nBudget 2025",
    "two lines": "{own}\n\n{kommun}\n\nDelårsrapport augusti 2024",
    "reference": "{own} {kommun}\n\nBudget 2025\n\nAntagen av kommunfullmäktige 2024-11-25\n\nDnr KS 2024/00112",
    "text only": "Verksamhetsplan 2024\n\nSocialnämnden\n\n1 Inledning\n\nI {own} {kommun} bor många. Nämnden i "
    "{own} {kommun} har mål. Invånarna i {own} {kommun} är nöjda. Se även {own} {kommun}.",
    "neighbour": "{own} {kommun}\n\nÅrsredovisning 2023\n\n1 Inledning\n\nVi samverkar med {other} kommun. Avtalet med "
    "{other} kommun gäller till 2025.",
}

IRREGULAR = {"Falun": "Falu"}
CITIES = frozenset(
    {
        *("Stockholm", "Göteborg", "Malmö", "Helsingborg", "Borås", "Västerås", "Lidingö", "Solna", "Sundbyberg"),
        *("Mölndal", "Trollhättan", "Vaxholm", "Landskrona", "Haparanda"),
    }
)
"""Municipalities that call themselves "stad"."""


@dataclass
class Case:
    """One tiny report and what it must say; fields that are not there are not compared."""

    name: str
    content: str | bytes
    wanted: dict[str, str]
    file_name: str = ""
    """Path below the reports folder; by default one that says nothing."""
    found: dict[str, str] = field(default_factory=dict)


FILE_NAMES = {
    "gavle-arsredovisning-2023.txt": {"municipality": "Gävle", "report_type": "annual_report", "fiscal_year": "2023"},
    "Uppsala kommun/Budget 2025.txt": {"municipality": "Uppsala", "report_type": "budget", "fiscal_year": "2025"},
    "upplands-vasby/Årsredovisning 2022.txt": {"municipality": "Upplands Väsby", "report_type": "annual_report"},
    "Marks kommun delårsrapport 2024.txt": {"municipality": "Mark", "report_type": "interim_report"},
    "mark-och-exploatering-2023.txt": {"municipality": "", "fiscal_year": "2023"},
    "habo_arsredovisning_2023.txt": {"municipality": ""},
    "lund-malmo-jamforelse-2023.txt": {"municipality": ""},
    "gavle-och-sandviken-2023.txt": {"municipality": ""},
    "vara-delaktig-2024.txt": {"municipality": ""},
}
"""Documents of which only the name says anything: it is used last, and not where it may mean something else."""


def _municipalities() -> list[str]:
    with (PROJECT / "seeds" / "reference" / "municipalities.csv").open(encoding="utf-8", newline="") as handle:
        return [row["municipality_name"] for row in csv.DictReader(handle) if row["municipality_code"] != "none"]


def _written_cases() -> Iterator[Case]:
    with (FOLDER / "cases.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            body = row["body"].replace("\\t", "\t").replace("\\n", "\n")
            table = "" if "\t" in body else TABLE
            text = "\n\n".join([*row["front"].split("|"), "1 Inledning", body, "2 Nyckeltal", table])
            yield Case(row["case"], text, {name: row[name] for name in FIELDS})


def _own(name: str) -> str:
    """The name as it stands before "kommun"."""
    is_bare = name in {"Upplands Väsby", "Upplands-Bro"} or name[-1] in "aeiouyåäösxz"
    return IRREGULAR.get(name, name if is_bare else f"{name}s")


def _generated_cases() -> Iterator[Case]:
    names = _municipalities()
    for position, name in enumerate(names):
        other = _own(names[(position + 97) % len(names)])
        kommun = "stad" if name in CITIES else "kommun"
        own = _own(name)
        for phrasing, template in PHRASINGS.items():
            if name == "Gotland":
                for pattern in ("{own} {kommun}", "{own}\n\n{kommun}"):
                    template = template.replace(pattern, "Region Gotland")
                template = template.replace("{OWN} {KOMMUN}", "REGION GOTLAND")
            text = template.format(own=own, OWN=own.upper(), kommun=kommun, KOMMUN=kommun.upper(), other=other)
            yield Case(f"{name}, {phrasing}", f"{text}\n\n2 Nyckeltal\n\n{TABLE}\n", {"municipality": name})


def _named_cases() -> Iterator[Case]:
    for file_name, wanted in FILE_NAMES.items():
        yield Case(file_name, f"1 Inledning\n\nHär redovisas året.\n\n2 Nyckeltal\n\n{TABLE}\n", wanted, file_name)


def _edge_cases() -> Iterator[Case]:
    wanted = {"municipality": "Lund", "committee": "Miljönämnden"}
    yield Case("pdf", lund_pdf(), wanted, "a.pdf")
    yield Case("docx", lund_docx(), wanted, "b.docx")
    yield Case("html", lund_html(), wanted, "c.html")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All cases with what was found, from one load and one build. The names of the files say nothing."""
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("metadata")
    (folder / "reports").mkdir()
    all_cases = [*_written_cases(), *_generated_cases(), *_named_cases(), *_edge_cases()]
    by_report: dict[str, Case] = {}
    for number, case in enumerate(all_cases):
        case.file_name = case.file_name or f"r{number:05}.txt"
        by_report[report_id_for(case.file_name)] = case
        path = folder / "reports" / case.file_name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)
    assert len(by_report) == len(all_cases)
    settings = Settings(reports=folder / "reports", warehouse=folder / "warehouse.duckdb", state=folder / "state")
    loaded = load_raw(settings)
    assert loaded.quarantined == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KOMMUNLAGER_WORKING_FILE", os.fspath(settings.working_file))
        project = os.fspath(PROJECT / "dbt")
        try:
            result = dbtRunner().invoke(
                [
                    *("--quiet", "--log-level-file", "none", "build", "--full-refresh"),
                    *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
                    *("--select", "+int_report_metadata", "--project-dir", project, "--profiles-dir", project),
                    *("--target-path", os.fspath(folder / "target")),
                ]
            )
        finally:
            release_working_file()
    assert result.success, result.exception or result.result
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        rows = connection.execute(
            "select report_id, attribute, value from intermediate.int_report_metadata where is_accepted"
        ).fetchall()
    for report_id, attribute, value in rows:
        found = by_report[report_id].found
        if attribute == "period" and value:
            found["period_end"] = value.split("/")[1]
        found[attribute] = value or ""
    return all_cases


def _differences(cases: list[Case], names: tuple[str, ...]) -> dict[str, dict[str, tuple[str, str]]]:
    """By case: field to what was wanted and what was found."""
    return {
        case.name: different
        for case in cases
        if (
            different := {
                name: (case.wanted[name], case.found.get(name, ""))
                for name in names
                if name in case.wanted and case.wanted[name] != case.found.get(name, "")
            }
        )
    }


def test_no_municipality_is_wrong(cases: list[Case]) -> None:
    """Unknown is allowed here, another municipality never."""
    wrong = {
        case.name: (case.wanted["municipality"], case.found["municipality"])
        for case in cases
        if case.found.get("municipality") and case.found["municipality"] != case.wanted["municipality"]
    }
    assert wrong == {}


def test_every_municipality_is_known_by_every_phrasing(cases: list[Case]) -> None:
    """All 290, as kommun and stad, in capitals, on two lines, in the text alone, beside a neighbour."""
    generated = [case for case in cases if case.name.rpartition(", ")[2] in PHRASINGS]
    assert len(generated) == 290 * len(PHRASINGS)
    assert _differences(generated, ("municipality",)) == {}


@pytest.mark.parametrize("name", FIELDS)
def test_written_cases(cases: list[Case], name: str) -> None:
    """Title pages in the styles of real reports; what must stay unknown is empty."""
    written = [case for case in cases if len(case.wanted) == len(FIELDS)]
    assert len(written) >= 120
    assert _differences(written, (name,)) == {}


def test_a_company_is_not_the_municipality(cases: list[Case]) -> None:
    """Its annual report names its owner, and is a body of its own, no committee."""
    found = {case.name: case.found for case in cases}
    assert found["more-26"]["committee"] == ""  # accepted: the municipality itself
    assert "committee" not in found["more-25"]
    assert "committee" not in found["more-27"]
    bodies = {
        name: case["body"] for name, case in found.items() if "body" in case and name.startswith(("body-", "more-"))
    }
    assert bodies == {
        "body-01": "Brf Granbacken i Nacka",
        "body-02": "Stiftelsen Tjolöholm",
        "body-03": "Göteborgs nation i Lund",
        "body-04": "Länsstyrelsen i Uppsala län",
        "body-05": "Region Västmanland",
        "body-06": "Räddningstjänstförbundet Mitt Bohuslän",
        "body-07": "KPMG",
        "body-09": "Samfällighetsföreningen Björken",
        "body-11": "KPMG AB",
        "body-12": "Skolinspektionen",
        "body-13": "Norrvatten kommunalförbund",
        "more-25": "Gavlegårdarna AB",
        "more-27": "Samordningsförbundet Halland",
    }


def test_names_of_files_and_edges_of_pages(cases: list[Case]) -> None:
    """What the text does not say: the name of the file, and the headers and footers of the pages."""
    others = [case for case in cases if case.name in FILE_NAMES or case.name in ("pdf", "docx", "html")]
    assert len(others) == len(FILE_NAMES) + 3
    assert _differences(others, FIELDS) == {}
