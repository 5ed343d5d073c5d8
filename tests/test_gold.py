"""Every value of the five reports against the hand-made annotation in tests/gold, field by field and both ways.

The annotation has no cell addresses: a row is found by its table, label, column and text, and by its place among rows
that agree in these (identical rows stand under different goals).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

GOLD = Path(__file__).parent / "gold"
FIELDS = (
    "kind", "section", "org_unit", "group_label", "row_label", "row_note", "column_label", "scenario", "period_start",
    "period_end", "value_text", "value_numeric", "unit", "amount_sek", "flag",
)  # fmt: skip
NUMBERS = {"value_numeric", "amount_sek"}
ADDRESS = ("row_label", "column_label", "value_text", "scenario", "period_start")

Row = dict[str, str]


def _plain(field: str, value: Any) -> str:
    """A field as text: numbers by value (``7.60`` is ``7.6``), white space collapsed, null as empty."""
    if value is None or value == "":
        return ""
    if field in NUMBERS:
        return f"{float(value):.6f}"
    return " ".join(str(value).split())


def _gold_rows(report_id: str) -> list[Row]:
    with (GOLD / f"{report_id}.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, strict=True))
    return [{field: _plain(field, row[field]) for field in ("table_seq", *FIELDS)} for row in rows]


def _warehouse_rows(warehouse: Path, report_id: str) -> list[Row]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        result = connection.execute(
            f"select table_seq, {', '.join(FIELDS)} from marts.report_values where report_id = ? "
            "order by table_seq, row_index, col_index, part_index",
            [report_id],
        ).fetchall()
    names = ("table_seq", *FIELDS)
    return [{field: _plain(field, value) for field, value in zip(names, row, strict=True)} for row in result]


def _by_address(rows: Iterable[Row]) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[(row["table_seq"], *(row[field] for field in ADDRESS))].append(row)
    return found


def _differences(report_id: str, gold: list[Row], found: list[Row]) -> Iterator[str]:
    """One line per row or field that differs, naming report, table, row and field."""
    gold_by, found_by = _by_address(gold), _by_address(found)
    missing: list[Row] = []
    surplus: list[Row] = []
    for address in {**gold_by, **found_by}:
        ours, theirs = found_by.get(address, []), gold_by.get(address, [])
        missing += theirs[len(ours) :]
        surplus += ours[len(theirs) :]
        for theirs_row, our_row in zip(theirs, ours, strict=False):
            yield from _fields(report_id, theirs_row, our_row)
    for row in missing:
        yield f"{_name(report_id, row)}: stands in the annotation only"
    for row in surplus:
        yield f"{_name(report_id, row)}: stands in the warehouse only"


def _fields(report_id: str, gold: Row, found: Row) -> Iterator[str]:
    for field in FIELDS:
        if gold[field] != found[field]:
            yield f"{_name(report_id, gold)}: {field} is {found[field]!r}, the annotation has {gold[field]!r}"


def _name(report_id: str, row: Row) -> str:
    return (
        f"{report_id}, table {row['table_seq']}, row {row['row_label']!r}, column {row['column_label']!r}, "
        f"{row['scenario']} {row['value_text']!r}"
    )


@pytest.mark.parametrize("report_id", sorted(file.stem for file in GOLD.glob("*.csv")))
def test_every_value_is_as_annotated_and_nothing_else_is_there(warehouse: Path, report_id: str) -> None:
    gold = _gold_rows(report_id)
    found = _warehouse_rows(warehouse, report_id)
    differences = list(_differences(report_id, gold, found))
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])
    assert len(found) == len(gold)


def test_every_loaded_report_is_annotated(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        loaded = {row[0] for row in connection.execute("select distinct report_id from marts.report_values").fetchall()}
    assert loaded == {file.stem for file in GOLD.glob("*.csv")}


def test_the_comparison_sees_a_wrong_field_a_lost_and_a_new_row() -> None:
    """The comparison itself can fail: one field changed, one row lost, one row added."""
    report_id = "helsingborg-socialnamnden-arsbokslut-2023"
    gold = _gold_rows(report_id)
    changed = [*gold[1:], {**gold[-1], "row_label": "Påhittad rad"}]
    changed[0] = {**changed[0], "unit": "tkr"}
    lines = list(_differences(report_id, gold, changed))
    assert len(lines) == 3
    assert any("unit is 'tkr'" in line for line in lines)
    assert any("annotation only" in line for line in lines)
    assert any("Påhittad rad" in line and "warehouse only" in line for line in lines)
