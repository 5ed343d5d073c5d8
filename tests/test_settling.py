"""A report that does not say whose it is: it loads with the unknown member, is shown, and an entry settles it.

Belongs here: the way through the command line. Does not belong here: what is found in which title page (test_metadata).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, Project

REPORT = (
    "Verksamhetsberättelse 2023\n\nMiljönämnden\n\nNyckeltal\tUtfall 2022\tUtfall 2023\nAntal tillsynsbesök\t41\t{}\n"
    "Antal tillstånd\t7\t8\n"
)
OTHER = (
    "Lunds kommun\n\nBarn och utbildningsnämnd\n\nÅrsrapport 2023\n\nNyckeltal\tUtfall 2023\n"
    "Antal skolor\t41\nAntal barn\t7\n"
)


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
    first = project.run("refresh")
    assert first.returncode == 0, first.stderr
    organisations = _rows(
        project.warehouse,
        """
        select report_id, municipality_code, committee, organisation_key, is_current
        from marts.report_values inner join marts.fct_indicator_value using (fact_key, is_current)
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
    assert [row[:3] for row in organisations] == [("ett", "0000", "Miljönämnden"), ("tva", "0000", "Miljönämnden")]
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
