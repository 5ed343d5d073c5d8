"""Reports that others made, annotated by hand: how much of them is found, and right.

Belongs here: floors for the documents beside the checkout, which may not be copied into it; without them the test is
skipped. Does not belong here: reports of our own (``test_corpora``). ``tools/accuracy.py`` tells more of the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.annotation import read_found, read_gold, score
from tests.conftest import ROOT, Project

SHARED = ROOT.parent / "shared"
NAMES = (
    "fordjupad-manadsuppfoljning-2026-tekniska-namnden",
    "goteborg-intraservice-delar-2026",
    "simrishamn-kfn-bokslut-2025",
)
FLOORS = {"recall": 0.985, "precision": 0.995, "hard": 0.98, "all": 0.97}


@pytest.mark.slow
def test_annotated_real_reports_are_read(tmp_path: Path) -> None:
    project = Project(ROOT, tmp_path)
    project.reports.mkdir()
    for name in NAMES:
        source = SHARED / "real" / f"{name}.pdf"
        if not source.exists():
            pytest.skip("the real reports are not beside the checkout")
        shutil.copyfile(source, project.reports / source.name)
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    gold, found = read_gold(SHARED / "gold"), read_found(project.warehouse)
    counts: Counter[str] = Counter()
    for name in NAMES:
        counts += score(gold[name], found[name])
    shares = {
        "recall": counts["paired"] / counts["gold"],
        "precision": counts["paired"] / counts["found"],
        "hard": counts["hard"] / counts["gold"],
        "all": counts["all"] / counts["gold"],
    }
    assert {name: share for name, share in shares.items() if share < FLOORS[name]} == {}, shares
