"""Four corpora written without the rules: the shares of right values that the rules have reached, as floors.

Belongs here: shares over a corpus. Does not belong here: single fields of single values (``test_composed``).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.annotation import Row, agrees, pair, read_found, read_found_metadata, read_gold, read_metadata
from tests.conftest import ROOT, Project

FOLDER = Path(__file__).parent / "corpora"
ATTRIBUTES = (
    "value_numeric", "unit", "amount_sek", "scenario", "period_start", "period_end", "kind", "org_unit", "group_label",
    "row_label", "column_label", "flag",
)  # fmt: skip
"""What must be right for a value to count as right."""


@dataclass(frozen=True)
class Floors:
    """The least share of annotated values right in every attribute, and found at all; of found values, annotated."""

    right: float
    recall: float
    precision: float


REACHED = {
    "invented": Floors(right=0.99, recall=1.0, precision=1.0),
    "printed": Floors(right=0.98, recall=0.995, precision=1.0),
    "varied": Floors(right=0.99, recall=0.995, precision=1.0),
    "unseen": Floors(right=0.94, recall=0.995, precision=1.0),
}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All corpora in one warehouse, refreshed by the command."""
    project = Project(ROOT, tmp_path_factory.mktemp("corpora"))
    project.reports.mkdir()
    for corpus in REACHED:
        for report in (FOLDER / corpus / "reports").iterdir():
            shutil.copyfile(report, project.reports / report.name)
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project.warehouse


def _wrong(report_id: str, gold: list[Row], found: list[Row], pairs: list[tuple[int, int]]) -> Iterator[str]:
    for number, other in pairs:
        fields = [name for name in ATTRIBUTES if not agrees(name, gold[number], found[other])]
        if fields:
            row = gold[number]
            yield f"{report_id}, table {row['table_seq']}, {row['row_label']!r}, {row['column_label']!r}: {fields}"


@pytest.mark.parametrize("corpus", REACHED)
def test_the_shares_reached_are_kept(corpora: Path, corpus: str) -> None:
    gold, found = read_gold(FOLDER / corpus / "gold"), read_found(corpora)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for report_id, rows in gold.items():
        pairs = pair(rows, found[report_id])
        wrong += _wrong(report_id, rows, found[report_id], pairs)
        counts.update(gold=len(rows), found=len(found[report_id]), paired=len(pairs))
    right = counts["paired"] - len(wrong)
    shares = Floors(right / counts["gold"], counts["paired"] / counts["gold"], counts["paired"] / counts["found"])
    floors = REACHED[corpus]
    assert shares.precision >= floors.precision, shares
    assert shares.recall >= floors.recall, shares
    assert shares.right >= floors.right, f"{shares}, {len(wrong)} wrong:\n" + "\n".join(wrong[:40])


@pytest.mark.parametrize("corpus", REACHED)
def test_municipality_committee_and_year_are_right(corpora: Path, corpus: str) -> None:
    wanted, found = read_metadata(FOLDER / corpus / "gold"), read_found_metadata(corpora)
    names = ("municipality_code", "committee", "fiscal_year")
    assert {report_id: [row[name] for name in names] for report_id, row in wanted.items()} == {
        report_id: [found[report_id][name] for name in names] for report_id in wanted
    }
