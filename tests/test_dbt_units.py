"""The unit tests of the dbt project: numbers, periods, header words, row labels, totals.

Belongs here: running them once, in one dbt process. Does not belong here: the cases (``dbt/models/unit_tests.yml``).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT
from dagster_project.warehouse.build.transform import release_working_file


def test_the_rules_read_what_their_cases_say(
    working_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every unit test passes; they need the tables to exist, so they run on a copy of the working file."""
    from dbt.cli.main import dbtRunner

    copy = tmp_path / "working.duckdb"
    shutil.copyfile(working_file, copy)
    monkeypatch.setenv("KOMMUNLAGER_WORKING_FILE", os.fspath(copy))
    project = os.fspath(PROJECT / "dbt")
    try:
        result = dbtRunner().invoke(
            [
                *("--quiet", "--log-level-file", "none", "test", "--select", "test_type:unit"),
                *("--project-dir", project, "--profiles-dir", project, "--target-path", os.fspath(tmp_path / "target")),
            ]
        )
    finally:
        release_working_file()
    outcomes = {outcome.node.name: outcome for outcome in getattr(result.result, "results", ())}
    assert outcomes, "dbt found no unit tests"
    well = ("pass", "success")  # of a case, and of what runs before all
    assert {name: outcome.message for name, outcome in outcomes.items() if outcome.status not in well} == {}
