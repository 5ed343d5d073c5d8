"""A report that does not say whose it is: it loads with the unknown member, is shown, and an entry settles it.

Belongs here: the way through the command line. Does not belong here: what is found in which title page (test_metadata).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, Project

pytestmark = pytest.mark.slow

REPORT = (
    "Verksamhetsberättelse 2023\n\nMiljönämnden\n\nNyckeltal\tUtfall 2022\tUtfall 2023\nAntal tillsynsbesök\t41\t{}\n"
    "Antal tillstånd\t7\t8\n"
)
OTHER = (
    "Lunds kommun\n\nBarn och utbildningsnämnd\n\nÅrsrapport 2023\n\nNyckeltal\tUtfall 2023\n"
    "Antal skolor\t41\nAntal barn\t7\n"
)

WHOLE = (
    "Lunds kommun\n\nÅrsredovisning 2023\n\nInledning\n\nÅret gick väl.\n\nDriftredovisning per nämnd\n\n"
    "Tkr\tBudget 2023\tUtfall 2023\tAvvikelse\nKommunstyrelsen\t100 000\t98 000\t2 000\n"
    "Barn- och utbildningsnämnden\t200 000\t205 000\t-5 000\nFinansförvaltning\t50 000\t50 000\t0\n"
    "Summa\t350 000\t353 000\t-3 000\n"
)
"""The report of the whole municipality, with a row for the committee of ``OTHER`` under another spelling."""


def _rows(warehouse: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, list[tuple[object, ...]]]:
    """Two reports of unknown municipalities; after the first refresh one is settled with the entry that was shown."""
    project = Project(ROOT, tmp_path_factory.mktemp("settling"))
    project.reports.mkdir()
    for name, value in (("ett", 52), ("två", 53)):
        (project.reports / f"{name}.txt").write_text(REPORT.format(value), encoding="utf-8")
    (project.reports / "tre.txt").write_text(OTHER, encoding="utf-8")
    (project.reports / "fyra.txt").write_text(WHOLE, encoding="utf-8")
    first = project.run("refresh")
    assert first.returncode == 0, first.stderr
    organisations = _rows(
        project.warehouse,
        """
        select report_id, municipality_code, committee, organisation_key, is_current
        from marts.report_values
        where period_start = date '2023-01-01' and report_values.row_label = 'Antal tillsynsbesök'
        order by report_id
        """,
    )
    lines = [line.removeprefix("    ") for line in first.stderr.splitlines() if line.startswith("    ")]
    entry = "\n".join(lines[: lines.index('"två.txt":')]).replace("municipality: ", "municipality: Lomma")
    (project.reports / "reports.yml").write_text(
        f'{entry}\n"tre.txt":\n  committee: Barn- och utbildningsnämnden\n', encoding="utf-8"
    )
    second = project.run("refresh")
    assert second.returncode == 0, second.stderr
    return project, first.stderr, organisations


def test_what_is_not_known_is_shown_with_its_entry(settled: tuple[Project, str, list[tuple[object, ...]]]) -> None:
    said = settled[1]
    assert "to settle  ett.txt: municipality; paste into reports.yml:" in said
    assert "check did not pass: marts/reports_to_settle: reports_to_settle_are_none" in said


def test_unknown_municipalities_are_not_one(settled: tuple[Project, str, list[tuple[object, ...]]]) -> None:
    """Two committees of the same name whose municipality nobody knows state two figures, not one figure restated."""
    organisations = settled[2]
    assert [row[:3] for row in organisations] == [("ett", "none", "Miljönämnden"), ("tva", "none", "Miljönämnden")]
    assert organisations[0][3] != organisations[1][3]
    assert [row[4] for row in organisations] == [True, True]


def test_an_entry_settles_it(settled: tuple[Project, str, list[tuple[object, ...]]]) -> None:
    project = settled[0]
    metadata = _rows(
        project.warehouse,
        """
        select value, place, confidence from marts.report_metadata
        where report_id = 'ett' and attribute = 'municipality'
        """,
    )
    assert metadata == [("Lomma", "reports.yml", 1.0)]
    assert _rows(project.warehouse, "select file_name from marts.reports_to_settle") == [("två.txt",)]
    assert "to settle  två.txt" in project.run("status").stderr
    assert _rows(project.warehouse, "select committee from marts.dim_report where report_id = 'tre'") == [
        ("Barn- och utbildningsnämnden",)
    ]


def test_a_row_of_the_whole_municipality_is_its_committee(
    settled: tuple[Project, str, list[tuple[object, ...]]],
) -> None:
    """A row that names a committee has the organisation of that committee's own report; the printed names stay."""
    rows = _rows(
        settled[0].warehouse,
        """
        select
            report_values.row_label, report_values.committee, report_values.org_unit,
            dim_organisation.level, dim_organisation.committee, dim_organisation.unit_name,
            dim_organisation.organisation_key = (
                select organisation_key from marts.dim_report where report_id = 'tre'
            ) as is_that_of_the_committee
        from marts.report_values
        inner join marts.dim_organisation using (organisation_key)
        where report_values.report_id = 'fyra' and scenario = 'actual'
        order by report_values.row_index
        """,
    )
    school = "Barn- och utbildningsnämnden"
    assert rows == [
        ("Kommunstyrelsen", None, "Kommunstyrelsen", "committee", "Kommunstyrelsen", None, False),
        (school, None, school, "committee", school, None, True),
        ("Finansförvaltning", None, "Finansförvaltning", "unit", None, "Finansförvaltning", False),
        ("Summa", None, None, "municipality", None, None, False),
    ]
    levels = _rows(
        settled[0].warehouse,
        """
        select level, count(*) from marts.dim_organisation
        where municipality_code = '1281' group by level order by level
        """,
    )
    assert levels == [("committee", 2), ("group", 1), ("municipality", 1), ("unit", 1)]


def test_the_municipality_itself_is_no_unmapped_organisation(
    settled: tuple[Project, str, list[tuple[object, ...]]],
) -> None:
    assert (
        _rows(settled[0].warehouse, "select label from marts.unmapped_labels where label_type = 'organisation'") == []
    )
