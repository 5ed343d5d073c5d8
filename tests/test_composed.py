"""How far the rules carry: composed reports of other municipalities, annotated independently of the rules.

Belongs here: every field of every value of those reports. Does not belong here: the five real reports (``test_gold``),
and corpora of which only shares are tested (``test_corpora``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.annotation import FIELDS, Row, pair, read_found, read_found_metadata, read_gold, read_metadata, same
from tests.conftest import ROOT, Project

FOLDER = Path(__file__).parent / "composed"


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The composed reports, refreshed by the command."""
    project = Project(ROOT, tmp_path_factory.mktemp("composed"))
    project.reports.symlink_to(FOLDER / "reports")
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project.warehouse


def _differences(report_id: str, gold: list[Row], found: list[Row]) -> Iterator[str]:
    pairs = pair(gold, found)
    for number, other in pairs:
        for name in FIELDS:
            if not same(name, gold[number][name], found[other][name]):
                yield (
                    f"{_name(report_id, gold[number])}: {name} is {found[other][name]!r}, "
                    f"the annotation has {gold[number][name]!r}"
                )
    for number in sorted(set(range(len(gold))) - {number for number, _ in pairs}):
        yield f"{_name(report_id, gold[number])}: stands in the annotation only"
    for place in sorted(set(range(len(found))) - {other for _, other in pairs}):
        yield f"{_name(report_id, found[place])}: stands in the warehouse only"


def _name(report_id: str, row: Row) -> str:
    return (
        f"{report_id}, table {row['table_seq']}, row {row['row_label']!r}, column {row['column_label']!r}, "
        f"{row['value_text']!r}"
    )


def test_every_value_is_as_annotated_and_nothing_else_is_there(composed: Path) -> None:
    gold, found = read_gold(FOLDER / "gold"), read_found(composed)
    assert set(found) == set(gold)
    differences = [line for report_id, rows in gold.items() for line in _differences(report_id, rows, found[report_id])]
    assert not differences, f"{len(differences)} differences:\n" + "\n".join(differences[:40])


def test_who_and_when_is_found(composed: Path) -> None:
    """Municipality, committee, type and year of each composed report, from its own words."""
    wanted, found = read_metadata(FOLDER / "gold"), read_found_metadata(composed)
    differences = {
        report_id: {
            name: (value, found[report_id][name]) for name, value in row.items() if value != found[report_id][name]
        }
        for report_id, row in wanted.items()
    }
    assert {report_id: fields for report_id, fields in differences.items() if fields} == {}
