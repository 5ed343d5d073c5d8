"""What a refresh makes of what has changed is what it would make of everything.

Belongs here: equality of incremental and full, and that only models which may are run over a batch. Does not belong
here: which files are read again (``test_load``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.warehouse.build.transform import manifest_path
from tests.conftest import ROOT

TURNS = int(os.environ.get("KOMMUNLAGER_TEST_TURNS", "3"))
"""Refreshes in a row; each costs some seconds of dbt."""

SEED = int(os.environ.get("KOMMUNLAGER_TEST_SEED", "1"))


@pytest.mark.slow
def test_incremental_and_full_give_the_same(tmp_path: Path) -> None:
    """Reports are added, restated, replaced, renamed, removed, spoilt and overridden, and the vocabulary loses a
    word."""
    checkout = tmp_path / "checkout"
    for name in ("dagster_project", "dbt", "seeds"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    shutil.copytree(ROOT / "tests" / "composed" / "reports", checkout / "pool")
    shutil.copytree(ROOT / "seeds" / "reports", checkout / "pool" / "seeds")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "incremental.py"), str(tmp_path / "run"), str(SEED), str(TURNS)],
        env=kept | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["different"] == {}, told
    assert told["modes"]["batch"] >= 1, told
    assert told["modes"]["nothing"] == 1, told
    assert told["tables"] > 40


def test_a_model_of_one_report_depends_on_nothing_that_other_reports_change() -> None:
    """Else a report that has not changed would need another interpretation, and would not get it."""
    nodes = json.loads(manifest_path().read_text(encoding="utf-8"))["nodes"]
    models = {key: node for key, node in nodes.items() if node["resource_type"] == "model"}
    own = {key: node["config"] for key, node in models.items()}
    steps = {key for key in models if own[key]["materialized"] == "ephemeral" and own[key].get("within_batch")}
    per_report = steps | {
        key for key, node in models.items() if node["config"]["materialized"].startswith("per_report")
    }

    def reads_reports(key: str) -> bool:
        if key.startswith("source."):
            return True
        return any(reads_reports(parent) for parent in nodes[key]["depends_on"].get("nodes", ()))

    assert len(per_report) > 20
    wrong = {
        f"{models[key]['name']} reads {nodes[parent]['name']}"
        for key in per_report
        for parent in models[key]["depends_on"]["nodes"]
        if parent.startswith("model.") and parent not in per_report and reads_reports(parent)
    }
    assert not wrong
    # A step reads the batch alone, and so must whoever reads the step.
    assert len(steps) > 20
    whole = {key for key in models.keys() - per_report if steps & set(models[key]["depends_on"]["nodes"])}
    assert not whole
