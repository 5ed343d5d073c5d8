"""Inputs with the structure of reports that were once read wrong, each with the figures that are right.

Belongs here: the folders of ``cases/text``, read together as one folder of reports, refreshed twice. Does not belong
here: other inputs of the same kinds, which stand with their rules (``test_spelling``, ``test_periods_and_bounds``,
``test_versions``, ``test_figure_history``).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.extract import extract
from dagster_project.extract.spelling import normalised
from tests.annotation import expected_differences, read_found
from tests.conftest import ROOT, Project

FOLDER = Path(__file__).parent / "cases" / "text"
CORRECTED = "14-ulricehamn.txt"

EXPECTED = sorted((Path(__file__).parent / "cases" / "expected").glob("*.csv"))

NOT_THE_YEAR = {
    1: ("2022-09-01", "2023-08-31"),
    7: ("2022-12-01", "2023-02-28"),
    8: ("2022-07-01", "2023-06-30"),
    9: ("2022-09-01", "2023-08-31"),
    10: ("2022-10-01", "2023-09-30"),
    11: ("2022-05-01", "2023-04-30"),
    **dict.fromkeys(range(2, 7), ("2022-09-01", "2023-08-31")),
}
"""Table of 02 to the period that its first header means."""


@dataclass(frozen=True)
class Case:
    """The warehouse before and after the correction of one report."""

    warehouse: Path
    keys_before: dict[str, tuple[str, str]]
    """Key to label and text of the figures of the report that is corrected."""
    said: str

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.warehouse.resolve(), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Case:
    project = Project(ROOT, tmp_path_factory.mktemp("text_cases"))
    project.reports.mkdir()
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.parent.name != "after":
            shutil.copyfile(path, project.reports / path.name)
    first = project.run("refresh")
    assert first.returncode == 0, first.stderr
    labels = "select fact_key, row_label, value_text from marts.report_values where file_name = ?"
    before = Case(project.warehouse, {}, "").ask(labels, CORRECTED)
    shutil.copyfile(FOLDER / "10-key-of-a-figure" / "after" / CORRECTED, project.reports / CORRECTED)
    second = project.run("refresh")
    assert second.returncode == 0, second.stderr
    keys = {key: (label, text) for key, label, text in before}
    return Case(project.warehouse, keys, first.stdout + first.stderr)


@pytest.mark.parametrize(
    ("one", "other"), [("01-nfc-tjorn", "02-nfd-orust"), ("01-nfc-tjorn", "05-shy-lysekil")], ids=["marks", "hyphens"]
)
def test_figures_are_the_same_in_any_spelling(cases: Case, one: str, other: str) -> None:
    figures = (
        "select table_seq, row_index, col_index, section, row_label, column_label, kind, scenario, period_start,"
        " value_text, value_numeric, unit, amount_sek, account_key, concept_key from marts.report_values"
        " where file_name = ? order by all"
    )
    assert cases.ask(figures, f"{one}.txt") == cases.ask(figures, f"{other}.txt")
    assert len(cases.ask(figures, f"{one}.txt")) == 24


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.stem)
def test_figures_are_right_in_every_attribute(cases: Case, expected: Path) -> None:
    assert expected_differences(expected, read_found(cases.warehouse)[expected.stem]) == []


def test_a_pdf_with_letters_and_marks_apart_reads_like_one_without() -> None:
    folder = FOLDER / "01-decomposed-letters"
    apart, composed = (
        extract((folder / name).read_bytes(), name) for name in ("07-nfd-dalsed.pdf", "08-nfc-bengtsfors.pdf")
    )
    assert len(apart.tables) == 3
    assert [(cell.table_seq, cell.row_index, cell.col_index, cell.text) for cell in apart.cells] == [
        (cell.table_seq, cell.row_index, cell.col_index, cell.text) for cell in composed.cells
    ]
    assert all(cell.text == normalised(cell.text) for cell in apart.cells)


def test_a_period_over_the_new_year_is_that_period_or_none(cases: Case) -> None:
    rows = cases.ask(
        "select table_seq, column_label, period_start, period_end from marts.report_values"
        " where file_name = '12-perioder.txt' and col_index = 1"
    )
    for table, label, start, end in rows:
        assert (str(start), str(end)) == NOT_THE_YEAR[table], label
    certain = {1, 7, 8, 9, 10, 11}
    assert certain <= {table for table, *_ in rows}, "each of these says its days"
    years = cases.ask(
        "select distinct period_start, period_end from marts.report_values"
        " where file_name = '12-perioder.txt' and col_index = 2"
    )
    assert years == [(date(2021, 1, 1), date(2021, 12, 31))]


def test_one_report_in_two_formats_counts_once(cases: Case) -> None:
    rows = cases.ask(
        "select amount_sek from marts.report_values where municipality_name = 'Strömstad' and is_current"
        " and row_label = 'Köp av huvudverksamhet' and scenario = 'actual' and year = 2023"
    )
    assert [float(amount) for (amount,) in rows] == [-21_500_000]
    assert cases.ask("select count(*) from marts.dim_report where copy_of_report_id is not null") == [(1,)]


def test_what_is_not_told_is_no_number_and_has_its_bound(cases: Case) -> None:
    for view in ("report_values", "time_series"):
        rows = cases.ask(
            f"select value_text, value_bound, value_numeric, bound_low, bound_high from marts.{view}"
            " where report_id like 'kungsbacka%' and value_bound is not null order by value_text"
        )
        assert {text: (bound, low, high) for text, bound, _, low, high in rows} == {
            "*": ("suppressed", None, None),
            "..": ("suppressed", None, None),
            "1-4": ("le", 1, 4),
            "<5": ("lt", None, 5),
            "Färre än 5": ("lt", None, 5),
            "X": ("suppressed", None, None),
            "n/a": ("suppressed", None, None),
            "uppgift saknas": ("suppressed", None, None),
            "≤4": ("le", None, 4),
        }
        assert {number for _, _, number, _, _ in rows} == {None}


def test_a_line_added_above_moves_no_key_to_another_figure(cases: Case) -> None:
    now = {
        key: (label, text)
        for key, label, text in cases.ask(
            "select fact_key, row_label, value_text from marts.report_values where file_name = ?", CORRECTED
        )
    }
    gone = {key for (key,) in cases.ask("select fact_key from marts.figure_history")}
    assert cases.keys_before
    for key, was in cases.keys_before.items():
        assert now.get(key, was) == was
        assert key in now or key in gone
    assert ("Avgifter", "2 200") in now.values()
    assert ("Verksamhetens intäkter", "13 100") in cases.keys_before.values()


def test_what_word_leaves_while_a_document_is_open_is_passed_over(cases: Case) -> None:
    assert (FOLDER / "13-owner-file" / "~$Årsrapport 2023.docx").is_file()
    assert cases.ask("select count(*) from raw.report where status != 'loaded'") == [(0,)]
    assert "~$" not in cases.said


def test_a_minus_behind_its_number_is_a_minus(cases: Case) -> None:
    rows = cases.ask(
        "select row_label, scenario, amount_sek from marts.report_values"
        " where report_id like 'kungalv%' and row_label in ('Personalkostnader', 'Resultat') order by all"
    )
    assert [(label, scenario, float(amount)) for label, scenario, amount in rows] == [
        ("Personalkostnader", "actual", -47_250_000),
        ("Personalkostnader", "budget", -45_300_000),
        ("Personalkostnader", "variance", -1_950_000),
        ("Resultat", "actual", -42_050_000),
        ("Resultat", "budget", -41_000_000),
        ("Resultat", "variance", -1_050_000),
    ]
