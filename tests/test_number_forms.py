"""What a printed form is as a number, or that it is none: all forms in one folder, refreshed once.

Belongs here: forms, in ``numbers/forms.csv`` as Python escapes, with the number that each means. An empty value means
that nothing certain is meant; ``may_be_refused`` marks what means a number and is rejected all the same. Does not
belong here: how spellings become one (``test_spelling``), units and bounds.
"""

from __future__ import annotations

import ast
import csv
import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

FORMS = Path(__file__).parent / "numbers" / "forms.csv"


@dataclass(frozen=True)
class Form:
    """A form and what it means; None for nothing certain."""

    printed: str
    value: float | None
    may_be_refused: bool


def forms() -> list[Form]:
    """All of the file."""
    with FORMS.open(encoding="utf-8", newline="") as file:
        return [
            Form(
                ast.literal_eval(f'"{row["printed"].replace(chr(34), chr(92) + chr(34))}"'),
                float(row["value"]) if row["value"] else None,
                row["may_be_refused"] == "yes",
            )
            for row in csv.DictReader(file)
        ]


MONEY: list[tuple[str, float]] = [
    ("12-", -12),
    ("45 300-", -45300),
    ("(12)", -12),
    ("(1 234,5)", -1234.5),
    ("3.1", 3.1),
    ("1\u00bd", 1.5),
]
"""Forms that are certain where a table is of money."""
TOLD: dict[str, tuple[list[str], list[tuple[str, float | None]]]] = {
    "decimal commas": (["7,5", "12,25"], [("1,234", 1.234), ("1.234", 1234), ("3.10", None)]),
    "decimal points": (["0.5", "45.75"], [("3.1", 3.1), ("12.5", 12.5), ("1,234", None), ("1.234", None)]),
    "spaces": (["12 345", "67 890"], [("1,234", 1.234), ("1.234", None)]),
    "both": (["7,5", "0.5"], [("1,234", None), ("1.234", None), ("3.1", None)]),
}
"""What the other figures of a column say about a form, by what they show."""


PERCENTS: dict[str, tuple[list[str], float | None]] = {
    "alone": (["(4,5 %)", "(2,5 %)", "(26,2 %)"], None),
    "with a minus": (["(4,5 %)", "-2,5 %", "26,2 %"], None),
    "accountant's": (["(4,5 %)", "2,5 %", "26,2 %"], -4.5),
}
"""Columns of changes, and what the first of them is: brackets are a minus where the others are printed without."""

REPORT_ID = "former"


def write_reports(folder: Path) -> None:
    """A table for each form, with the cell in question in the second row and third column."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerows([["Årsrapport 2023"], []])
    for number, form in enumerate(forms()):
        table = [["Nyckeltal", "Utfall 2022", "Utfall 2023"], ["Antal ärenden", "5", form.printed]]
        writer.writerows([[f"Tabell {number}"], *table, ["Antal beslut", "7", "8"], []])
    for number, (printed, _) in enumerate(MONEY):
        table = [["Belopp i tkr", "Budget 2023", "Utfall 2023"], ["Personalkostnader", "-5", printed]]
        writer.writerows([[f"Pengar {number}"], *table, ["Övriga kostnader", "-7", "-8"], ["Resultat", "3", "4"], []])
    for told, (others, asked) in TOLD.items():
        for number, (printed, _) in enumerate(asked):
            table = [["Nyckeltal", "Utfall 2022", "Utfall 2023"], ["Antal ärenden", "5", printed]]
            more = [[f"Antal {word}", "7", other] for word, other in zip(("beslut", "möten"), others, strict=True)]
            writer.writerows([[f"Sagt {told} {number}"], *table, *more, []])
    for told, (changes, _) in PERCENTS.items():
        lines = ["Övriga kostnader;2;1;", "Personalkostnader;5;4;", "Resultat;7;5;"]
        rows = [(line + change).split(";") for line, change in zip(lines, changes, strict=True)]
        writer.writerows([[f"Procent {told}"], ["Belopp i tkr", "2023", "2022", "Förändring"], *rows, []])
    (folder / f"{REPORT_ID}.csv").write_text(text.getvalue(), encoding="utf-8")


@pytest.fixture(scope="module")
def read(
    small_reports: tuple[Path, subprocess.CompletedProcess[str]],
) -> dict[str, tuple[float | None, str | None]]:
    """Value and reason of rejection of the cell in question, by the title of its table."""
    warehouse, done = small_reports
    assert done.returncode == 0, done.stderr
    with duckdb.connect(warehouse, read_only=True) as connection:
        rows = connection.execute(
            """
            -- The number of a bound stands beside it; a range has two and none.
            select
                caption,
                coalesce(
                    value_numeric,
                    case when bound_low is null then bound_high when bound_high is null then bound_low end
                ),
                reason
            from raw.report_table
            inner join marts.cell_roles using (report_id, table_seq)
            left join marts.report_values using (report_id, table_seq, row_index, col_index)
            where report_id = ? and row_index = 1 and col_index = case when caption like 'Procent%' then 3 else 2 end
            qualify row_number() over (partition by table_seq order by part_index) = 1
            """,
            [REPORT_ID],
        ).fetchall()
    return {caption: (value, reason) for caption, value, reason in rows}


def test_no_form_is_read_wrong_and_few_that_mean_a_number_are_refused(
    read: dict[str, tuple[float | None, str | None]],
) -> None:
    wrong, refused = [], []
    for number, form in enumerate(forms()):
        value, reason = read[f"Tabell {number}"]
        if value is not None and value != pytest.approx(form.value, abs=1e-9):
            wrong.append((form.printed, value, form.value))
        if value is None and form.value is not None:
            refused.append((form.printed, reason))
            assert reason or not form.printed.isascii(), form
    assert wrong == []
    assert {printed for printed, _ in refused} <= {form.printed for form in forms() if form.may_be_refused}
    assert len(refused) <= 15


@pytest.mark.parametrize(("number", "form"), list(enumerate(MONEY)), ids=lambda item: str(item))
def test_a_table_of_money_leaves_no_doubt(
    read: dict[str, tuple[float | None, str | None]], number: int, form: tuple[str, float]
) -> None:
    assert read[f"Pengar {number}"] == (form[1], None)


@pytest.mark.parametrize("told", TOLD)
def test_the_other_figures_of_a_column_decide_what_a_mark_means(
    read: dict[str, tuple[float | None, str | None]], told: str
) -> None:
    for number, (printed, value) in enumerate(TOLD[told][1]):
        found, reason = read[f"Sagt {told} {number}"]
        assert found == value, printed
        assert (reason is None) == (value is not None), printed


@pytest.mark.parametrize("told", PERCENTS)
def test_a_percentage_in_brackets_is_a_minus_where_others_stand_without(
    read: dict[str, tuple[float | None, str | None]], told: str
) -> None:
    found, reason = read[f"Procent {told}"]
    assert found == PERCENTS[told][1]
    assert (reason is None) == (found is not None)
