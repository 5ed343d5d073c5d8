"""The unit tests of the dbt project: numbers, periods, header words, row labels, totals.

Belongs here: running them once, in one dbt process. Does not belong here: the cases (``dbt/models/unit_tests.yml``).
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from dagster_project.settings import PROJECT
from dagster_project.warehouse.build.transform import release_working_file


def _with_its_steps(code: str, given: set[str], steps: dict[str, str]) -> str:
    """The code of a model with every step that the case does not give in the place where it is read."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name in given or name not in steps:
            return match[0]
        return f"({_with_its_steps(steps[name], given, steps)})"

    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", replaced, code)


@pytest.fixture
def whole_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of a model may give what its steps read: dbt knows only what the model itself names."""
    from dbt.parser.unit_tests import UnitTestManifestLoader

    parse = UnitTestManifestLoader.parse_unit_test_case

    def parse_with_steps(self: Any, test_case: Any) -> None:
        nodes = self.manifest.nodes
        tested = nodes[test_case.depends_on.nodes[0]]
        steps = {node.name: node.raw_code for node in nodes.values() if node.config.materialized == "ephemeral"}
        given = set(re.findall(r"ref\('(\w+)'\)", " ".join(given.input for given in test_case.given)))
        as_written, tested.raw_code = tested.raw_code, _with_its_steps(tested.raw_code, given, steps)
        try:
            parse(self, test_case)
        finally:
            tested.raw_code = as_written

    monkeypatch.setattr(UnitTestManifestLoader, "parse_unit_test_case", parse_with_steps)


@pytest.mark.usefixtures("whole_models")
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
