"""Reports that others made, annotated by hand: how much of them is found, and right.

Belongs here: floors for the documents beside the checkout, which may not be copied into it; without them the test is
skipped. Does not belong here: reports of our own (``test_corpora``). ``tools/accuracy.py`` tells more of the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.annotation import Row, read_found, read_gold, score
from tests.conftest import ROOT, Project

SHARED = ROOT.parent / "shared"
FOLDER = Path(__file__).parent / "real"
FLOORS = {
    "shared": {"recall": 0.985, "precision": 0.995, "hard": 0.98, "all": 0.97},
    "more": {"recall": 0.99, "precision": 1.0, "hard": 0.985, "all": 0.975},
}
"""Of the documents annotated beside the checkout, and of those annotated in ``tests/real``."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    project = Project(ROOT, tmp_path_factory.mktemp("real"))
    project.reports.mkdir()
    for name in {**read_gold(SHARED / "gold"), **read_gold(FOLDER)}:
        for source in (SHARED / "real").glob(f"{name}.*"):
            shutil.copyfile(source, project.reports / source.name)
    if not any(project.reports.iterdir()):
        pytest.skip("the real reports are not beside the checkout")
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return read_found(project.warehouse)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "folder"), [("shared", SHARED / "gold"), ("more", FOLDER)], ids=["shared", "more"])
def test_annotated_real_reports_are_read(found: dict[str, list[Row]], name: str, folder: Path) -> None:
    counts: Counter[str] = Counter()
    for report_id, rows in read_gold(folder).items():
        if any((SHARED / "real").glob(f"{report_id}.*")):
            counts += score(rows, found[report_id])
    shares = {
        "recall": counts["paired"] / counts["gold"],
        "precision": counts["paired"] / counts["found"],
        "hard": counts["hard"] / counts["gold"],
        "all": counts["all"] / counts["gold"],
    }
    assert {part: share for part, share in shares.items() if share < FLOORS[name][part]} == {}, shares
