"""How far the rules carry: fourteen composed reports of other municipalities, annotated independently of the rules.

Belongs here: shares of values found and read right. Does not belong here: the five real reports, of which every field
counts (``test_gold``).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, Project

FOLDER = Path(__file__).parent / "composed"
HARD_FIELDS = ("value_numeric", "unit", "amount_sek", "scenario", "period_start", "period_end", "column_label")
MIN_RECALL, MIN_PRECISION, MIN_RIGHT = 0.98, 0.99, 0.92

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


def _pairs(gold: list[Row], found: list[Row]) -> list[tuple[Row, Row]]:
    """Gold and found values of the same label and text; of several, the one that agrees best."""
    waiting: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found:
        waiting[row["row_label"], row["value_text"]].append(row)
    pairs = []
    for row in gold:
        candidates = waiting[row["row_label"], row["value_text"]]
        if candidates:
            best = max(candidates, key=lambda other: sum(_same(name, row[name], other[name]) for name in HARD_FIELDS))
            candidates.remove(best)
            pairs.append((row, best))
    return pairs


def test_the_rules_carry_over(composed: Path) -> None:
    """Nearly all values are found, hardly any is invented, and number, unit, amount, scenario and period are right."""
    gold, found = _gold(), _found(composed)
    pairs = [pair for report_id, rows in gold.items() for pair in _pairs(rows, found.get(report_id, []))]
    right = sum(all(_same(name, one[name], other[name]) for name in HARD_FIELDS) for one, other in pairs)
    n_gold = sum(map(len, gold.values()))
    n_found = sum(len(found.get(report_id, [])) for report_id in gold)
    shares = {"recall": len(pairs) / n_gold, "precision": len(pairs) / n_found, "right": right / len(pairs)}
    assert shares["recall"] >= MIN_RECALL, shares
    assert shares["precision"] >= MIN_PRECISION, shares
    assert shares["right"] >= MIN_RIGHT, shares


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
