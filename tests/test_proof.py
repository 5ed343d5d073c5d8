"""A figure that is changed in a table that adds up loses its proof and is told; all others keep theirs.

Belongs here: proof and doubt through the whole warehouse, and how ``show`` writes them out. Does not belong here: how
strong an identity must be (``dbt/models/unit_tests_proof.yml``), and the site (``test_site``).
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from dagster_project.commands.show import show

LABELS = ("Förskola", "Grundskola", "Gymnasieskola", "Kulturskola", "Måltider")
BUDGET = (12_345, 48_210, 30_127, 2_961, 8_404)
OUTCOME = (12_401, 47_655, 31_090, 2_917, 8_573)
HEADERS = ("Budget 2023", "Utfall 2023", "Avvikelse 2023")

Cell = tuple[int, int]


def table() -> list[list[int]]:
    """Five lines and their sum: budget, outcome and budget less outcome."""
    lines = [[budget, outcome, budget - outcome] for budget, outcome in zip(BUDGET, OUTCOME, strict=True)]
    return [*lines, [sum(column) for column in zip(*lines, strict=True)]]


CELLS: tuple[Cell, ...] = tuple((row, column) for row in range(6) for column in range(3))


def changed(cell: Cell) -> list[list[int]]:
    """The table with one digit of a cell misread, not the last: rounding would explain that."""
    rows = table()
    digits = list(str(abs(rows[cell[0]][cell[1]])))
    chosen = random.Random(repr(cell))
    place = chosen.randrange(len(digits) - 1)
    digits[place] = chosen.choice([digit for digit in "123456789" if digit != digits[place]])
    sign = -1 if rows[cell[0]][cell[1]] < 0 else 1
    rows[cell[0]][cell[1]] = sign * int("".join(digits))
    return rows


def report(rows: list[list[int]], year: int = 2023) -> str:
    def printed(number: int) -> str:
        return f"{number:,}".replace(",", " ")

    lines = ["\t".join(["Verksamhet, tkr", *HEADERS])]
    for label, row in zip((*LABELS, "Summa"), rows, strict=True):
        lines.append("\t".join([label, *map(printed, row)]))
    head = f"Årsrapport {year}\nBarn- och utbildningsnämnden\nKarlstads kommun\n\n1 Driftredovisning per verksamhet\n\n"
    return head + "\n".join(lines) + "\n\n2 Slut\n\nSlut.\n"


def name(cell: Cell) -> str:
    return f"bevis-rad-{cell[0]}-kolumn-{cell[1]}"


def write_reports(folder: Path) -> None:
    (folder / "bevis.txt").write_text(report(table()), encoding="utf-8")
    (folder / "bevis-kopia.txt").write_text(report(table()) + "\n", encoding="utf-8")
    (folder / "bevis-nasta-ar.txt").write_text(report(table(), 2024), encoding="utf-8")
    for cell in CELLS:
        (folder / f"{name(cell)}.txt").write_text(report(changed(cell)), encoding="utf-8")


@pytest.fixture(scope="module")
def connection(
    small_reports: tuple[Path, subprocess.CompletedProcess[str]],
) -> Iterator[duckdb.DuckDBPyConnection]:
    warehouse, done = small_reports
    assert done.returncode == 0, done.stderr
    with duckdb.connect(warehouse, read_only=True) as opened:
        yield opened


Found = dict[Cell, tuple[str | None, bool]]


def proofs(connection: duckdb.DuckDBPyConnection, report_id: str) -> Found:
    """Proof and doubt of each figure of the table."""
    rows = connection.execute(
        "select row_index - 1, col_index - 1, proof, is_doubtful from marts.report_values where report_id = ?",
        [report_id],
    ).fetchall()
    return {(row, column): (proof, is_doubtful) for row, column, proof, is_doubtful in rows}


def test_all_figures_of_a_table_that_adds_up_are_proven(connection: duckdb.DuckDBPyConnection) -> None:
    assert proofs(connection, "bevis") == dict.fromkeys(CELLS, ("sum", False))


@pytest.mark.parametrize("cell", CELLS)
def test_a_figure_that_is_changed_is_told_and_the_others_stay(
    connection: duckdb.DuckDBPyConnection, cell: Cell
) -> None:
    found = proofs(connection, name(cell))
    assert set(found) == set(CELLS)
    assert found.pop(cell) == (None, True)
    assert {other: told for other, told in found.items() if told not in (("sum", False), ("variance", False))} == {}
    broken = connection.execute(
        "select distinct fact_key from marts.figure_identity where report_id = ? and is_broken and is_proving",
        [name(cell)],
    ).fetchall()
    assert broken == []


def test_neither_a_copy_nor_a_version_states_a_figure_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Of these reports of one year only the one of the next year bears others out, and they bear it out."""
    pairs = connection.execute(
        "select distinct list(report_id order by report_id) from marts.figure_identity"
        " where kind = 'stated again' and report_id like 'bevis%' group by identity_key"
    ).fetchall()
    assert pairs
    assert all("bevis-nasta-ar" in reports for (reports,) in pairs)
    (copies,) = connection.execute(
        "select list(report_id) from marts.dim_report where copy_of_report_id is not null and report_id like 'bevis%'"
    ).fetchone() or ([],)
    assert copies
    assert not {report_id for (reports,) in pairs for report_id in reports} & set(copies)


def test_coverage_counts_what_is_proven(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select quantities, proven, doubtful, share_proven from marts.coverage where report_id = ?"
    assert connection.execute(sql, ["bevis"]).fetchall() == [(18, 18, 0, 1.0)]
    assert connection.execute(sql, [name((1, 1))]).fetchall() == [(18, 17, 1, 0.9444)]
    different = connection.execute(
        "select report_id from marts.coverage inner join (select report_id, count(value_numeric) as quantities,"
        " count(proof) as proven, count(*) filter (is_doubtful) as doubtful from marts.report_values group by all)"
        " as counted using (report_id) where (coverage.quantities, coverage.proven, coverage.doubtful)"
        " != (counted.quantities, counted.proven, counted.doubtful)"
    ).fetchall()
    assert different == []


def test_the_facts_say_what_report_values_says(connection: duckdb.DuckDBPyConnection) -> None:
    for fact in ("fct_financial", "fct_indicator_value"):
        different = connection.execute(
            f"select count(*) from marts.{fact} as facts inner join marts.report_values using (fact_key)"
            " where facts.proof is distinct from report_values.proof or facts.is_doubtful != report_values.is_doubtful"
        ).fetchone()
        assert different == (0,), fact


def test_show_writes_the_arithmetic_out(
    connection: duckdb.DuckDBPyConnection, small_reports: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    def shown(report_id: str, cell: Cell) -> str:
        (key,) = connection.execute(
            "select fact_key from marts.report_values where report_id = ? and row_index = ? and col_index = ?",
            [report_id, cell[0] + 1, cell[1] + 1],
        ).fetchone() or ("",)
        done = CliRunner().invoke(
            show, [key, "--warehouse", os.fspath(small_reports[0])], env={"COLUMNS": "400"}, catch_exceptions=False
        )
        assert done.exit_code == 0
        return done.output

    said = shown("bevis", (0, 1))
    assert "row 6 (Summa): 102 636 = 12 401 + 47 655 + 31 090 + 2 917 + 8 573; holds" in said
    assert "row 1 (Förskola, Avvikelse 2023): -56 = 12 345 - 12 401; holds" in said
    assert said.count("and proves the number") == 2
    assert "does not hold, though it holds elsewhere in the table" in shown(name((0, 1)), (0, 1))
