"""How far the rules carry: composed reports of other municipalities, annotated independently of the rules.

Belongs here: every field of every value of those reports. Does not belong here: the five real reports (``test_gold``).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, Project

FOLDER = Path(__file__).parent / "composed"
FIELDS = (
    "table_seq", "kind", "section", "org_unit", "group_label", "row_label", "row_note", "column_label", "scenario",
    "period_start", "period_end", "value_text", "value_numeric", "unit", "amount_sek", "flag",
)  # fmt: skip
"""Every field of the annotation but the report's own name and the comment."""

Row = dict[str, str]


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The composed reports, refreshed by the command."""
    project = Project(ROOT, tmp_path_factory.mktemp("composed"))
    project.reports.symlink_to(FOLDER / "reports")
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project.warehouse


def _gold() -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for path in sorted((FOLDER / "gold").glob("[!_]*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows[path.stem] = list(csv.DictReader(handle))
    return rows


def _found(warehouse: Path) -> dict[str, list[Row]]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        result = connection.execute(
            "select * from marts.report_values order by report_id, table_seq, row_index, col_index, part_index"
        )
        names = [column[0] for column in result.description or ()]
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        for values in result.fetchall():
            row = {name: _text(value) for name, value in zip(names, values, strict=True)}
            rows[row["report_id"]].append(row)
    return rows


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _same(field: str, one: str, other: str) -> bool:
    if field in ("value_numeric", "amount_sek") and one and other:
        return abs(float(one) - float(other)) < 1e-6
    return one == other


def _differences(report_id: str, gold: list[Row], found: list[Row]) -> Iterator[str]:
    """Annotated and found values of the same text, paired so that those which agree best come first."""
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(found):
        waiting[row["value_text"]].append(place)
    candidates = sorted(
        (-sum(_same(name, row[name], found[other][name]) for name in FIELDS), number, other)
        for number, row in enumerate(gold)
        for other in waiting[row["value_text"]]
    )
    taken_gold: set[int] = set()
    taken_found: set[int] = set()
    for _, number, other in candidates:
        if number in taken_gold or other in taken_found:
            continue
        taken_gold.add(number)
        taken_found.add(other)
        for name in FIELDS:
            if not _same(name, gold[number][name], found[other][name]):
                yield (
                    f"{_name(report_id, gold[number])}: {name} is {found[other][name]!r}, "
                    f"the annotation has {gold[number][name]!r}"
                )
    for number, row in enumerate(gold):
        if number not in taken_gold:
            yield f"{_name(report_id, row)}: stands in the annotation only"
    for place, row in enumerate(found):
        if place not in taken_found:
            yield f"{_name(report_id, row)}: stands in the warehouse only"


def _name(report_id: str, row: Row) -> str:
    return (
        f"{report_id}, table {row['table_seq']}, row {row['row_label']!r}, column {row['column_label']!r}, "
        f"{row['value_text']!r}"
    )


def test_every_value_is_as_annotated_and_nothing_else_is_there(composed: Path) -> None:
    gold, found = _gold(), _found(composed)
    assert set(found) == set(gold)
    differences = [line for report_id, rows in gold.items() for line in _differences(report_id, rows, found[report_id])]
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])


def test_who_and_when_is_found(composed: Path) -> None:
    """Municipality, committee, type and year of each composed report, from its own words."""
    with (FOLDER / "gold" / "_metadata.csv").open(encoding="utf-8", newline="") as handle:
        wanted = {row.pop("report_id"): row for row in csv.DictReader(handle)}
    with duckdb.connect(str(composed.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """
            select dim_report.report_id, dim_report.municipality_key, committee_name, report_type, fiscal_year
            from marts.dim_report inner join marts.dim_organisation using (organisation_key)
            where dim_report.report_id != 'unknown'
            """
        ).fetchall()
    found = {
        report_id: dict(
            zip(("municipality_code", "committee", "report_type", "fiscal_year"), map(_text, rest), strict=True)
        )
        for report_id, *rest in rows
    }
    differences = {
        report_id: {
            name: (value, found[report_id][name]) for name, value in row.items() if value != found[report_id][name]
        }
        for report_id, row in wanted.items()
    }
    assert {report_id: fields for report_id, fields in differences.items() if fields} == {}
