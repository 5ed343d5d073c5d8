"""Every way a refresh ends is told: in the journal, in the metrics and by webhook, whatever the exit code.

Belongs here: what is told, by code and by who started the refresh. Does not belong here: what failed, and what is left
(``test_failures``, ``test_removals``).
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.exit_codes import ExitCode
from dagster_project.refresh import tell
from dagster_project.settings import Settings
from dagster_project.warehouse.state import journal
from tests.conftest import Project
from tests.test_cli import start_until
from tests.test_failures import DAGSTER_RUN, HOLD, values, write
from tests.test_watch import receiver

Variables = dict[str, str]


def done(project: Project, variables: Variables) -> int:
    return project.run("refresh", **variables).returncode


def failed_check(project: Project, variables: Variables) -> int:
    write(project, "FAIL")
    code = project.run("refresh", **variables).returncode
    write(project, "6")
    return code


def wrong_option(project: Project, variables: Variables) -> int:
    return project.run("refresh", "--ful", **variables).returncode


def another_one_runs(project: Project, variables: Variables) -> int:
    lock = project.warehouse.parent / ".state" / "refresh.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        env=project.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    code = project.run("refresh", **variables).returncode
    holder.communicate("")
    return code


def wrong_setting(project: Project, variables: Variables) -> int:
    return project.run("refresh", KOMMUNLAGER_KEEP="all", **variables).returncode


def reports_gone(project: Project, variables: Variables) -> int:
    project.reports.rename(project.folder / "elsewhere")
    finished = project.run("refresh", **variables)
    assert "--accept-removals" in finished.stderr
    assert values(project) == ["6"]
    held = project.run("status", "--json")
    assert held.returncode == ExitCode.FAILED
    assert [one["is_held_back"] for one in json.loads(held.stdout)["stale"]] == [True]
    (project.folder / "elsewhere").rename(project.reports)
    return finished.returncode


def signalled(number: signal.Signals) -> Callable[[Project, Variables], int]:
    def way(project: Project, variables: Variables) -> int:
        process = start_until(project, "Starting", **variables)
        process.send_signal(number)
        code = process.wait(60)
        if process.stderr:
            process.stderr.close()
        return code

    return way


WAYS: dict[ExitCode, tuple[Callable[[Project, Variables], int], str | None, int]] = {
    ExitCode.OK: (done, None, 1),
    ExitCode.FAILED: (failed_check, "refresh.failed", 0),
    ExitCode.USAGE: (wrong_option, "refresh.failed", 0),
    ExitCode.RUNNING: (another_one_runs, "refresh.refused", 0),
    ExitCode.CONFIGURATION: (wrong_setting, "refresh.failed", 0),
    ExitCode.REMOVALS_HELD: (reports_gone, "reports.held_back", 0),
    ExitCode.INTERRUPTED: (signalled(signal.SIGINT), "refresh.failed", 0),
    ExitCode.TERMINATED: (signalled(signal.SIGTERM), "refresh.failed", 0),
}
"""For each code a way to get there, the event that is told, and whether all is well by the metrics afterwards."""


def test_every_exit_code_is_told(small: Project, tmp_path: Path) -> None:
    assert set(WAYS) == set(ExitCode)
    state, metrics = small.warehouse.parent / ".state", tmp_path / "kommunlager.prom"
    heard = 0
    for code, (way, event, up) in WAYS.items():
        metrics.unlink(missing_ok=True)
        with receiver() as (address, posted):
            assert way(small, {"KOMMUNLAGER_WEBHOOK": address, "KOMMUNLAGER_METRICS": str(metrics)}) == code
        assert [message["event"] for message in posted] == [event] * (event is not None), code
        assert all(message["error"] for message in posted if event == "refresh.failed"), code
        assert f"kommunlager_up {up}.0" in metrics.read_text(encoding="utf-8"), code
        log = (state / "log.jsonl").read_text(encoding="utf-8").splitlines()
        ended = [one for one in map(json.loads, log[heard:]) if one["event"] in ("refresh.finished", "refresh.refused")]
        assert len(ended) == 1, code
        assert bool(ended[0].get("ok")) == (code in (ExitCode.OK, ExitCode.REMOVALS_HELD)), code
        heard = len(log)
    lines = (state / "refreshes.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(WAYS) - 1  # all but the one that another kept from beginning
    assert done(small, {"KOMMUNLAGER_METRICS": str(metrics)}) == ExitCode.OK
    assert "kommunlager_up 1.0" in metrics.read_text(encoding="utf-8")


def test_what_is_said_on_the_first_night(small: Project, tmp_path: Path) -> None:
    """Nothing is published, the folder is not there, and no folder is made to say so."""
    metrics = tmp_path / "kommunlager.prom"
    shutil.rmtree(small.reports)
    with receiver() as (address, posted):
        failed = small.run("refresh", "--metrics", str(metrics), KOMMUNLAGER_WEBHOOK=address)
    assert failed.returncode == ExitCode.CONFIGURATION
    assert [(message["event"], message["severity"]) for message in posted] == [("refresh.failed", "critical")]
    assert "kommunlager_up 0.0" in metrics.read_text(encoding="utf-8")
    assert not small.warehouse.parent.exists()


def test_two_that_never_began_in_one_second_are_both_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(warehouse=tmp_path / "kommunlager.duckdb", state=tmp_path / ".state")
    settings.state.mkdir()
    monkeypatch.setattr(journal, "now_text", lambda: "2026-12-01T00:00:00Z")
    for code, why in ((ExitCode.INTERRUPTED, "Interrupted"), (ExitCode.TERMINATED, "Terminated")):
        assert tell(settings, code, why) == []
    assert [one["error"] for one in journal.refreshes(settings.state)] == ["Interrupted", "Terminated"]


UNEXPECTED = """
import sys
from dagster_project import refresh
def broken(*_, **__):
    raise {error}
refresh.{where} = broken
from dagster_project.cli import main
main()
"""


@pytest.mark.parametrize(
    ("where", "error"),
    [("prepare_dagster_home", "MemoryError('no room')"), ("check_target", "PermissionError(13, 'Permission denied')")],
)
def test_what_nobody_expected_is_told(small: Project, tmp_path: Path, where: str, error: str) -> None:
    metrics = tmp_path / "kommunlager.prom"
    with receiver() as (address, posted):
        failed = subprocess.run(
            [sys.executable, "-c", UNEXPECTED.format(where=where, error=error), "refresh"],
            cwd=small.root,
            env=small.environment | {"KOMMUNLAGER_WEBHOOK": address, "KOMMUNLAGER_METRICS": str(metrics)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert failed.returncode == ExitCode.FAILED, failed.stderr
    assert "Traceback" not in failed.stderr
    assert [message["event"] for message in posted] == ["refresh.failed"]
    assert "kommunlager_up 0.0" in metrics.read_text(encoding="utf-8")


def test_a_run_of_dagsters_own_tells_itself(small: Project, tmp_path: Path) -> None:
    """As the UI and the daemon start it: no command line is there to tell."""
    metrics = tmp_path / "kommunlager.prom"

    def run(**variables: str) -> list[dict[str, Any]]:
        metrics.unlink(missing_ok=True)
        with receiver() as (address, posted):
            ended = subprocess.run(
                [sys.executable, "-c", DAGSTER_RUN],
                env=small.environment
                | {"KOMMUNLAGER_WEBHOOK": address, "KOMMUNLAGER_METRICS": str(metrics)}
                | variables,
                cwd=small.root,
                capture_output=True,
                text=True,
                check=False,
            )
        assert ended.returncode == 0, ended.stderr
        return posted

    assert run() == []
    assert "kommunlager_up 1.0" in metrics.read_text(encoding="utf-8")
    write(small, "FAIL")
    (message,) = run()
    assert (message["event"], message["severity"]) == ("refresh.failed", "error")
    assert "no_cell_says_fail" in message["error"]
    assert "kommunlager_up 0.0" in metrics.read_text(encoding="utf-8")
