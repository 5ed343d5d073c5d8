"""A refresh with nothing to do ends before Dagster and dbt are there, and no reason to do something is passed over.

Belongs here: every reason, each brought about in a warehouse in which there was none. Does not belong here: what a
refresh then does about it (``test_load``, ``test_publishing``, ``test_removals``, ``test_failures``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dagster_project.warehouse.release.releases import current
from tests.conftest import REPORT, Project
from tests.test_failures import record, values, write

DRIVER = """
import json, os, sys
from dataclasses import replace
from dagster_project.outside.load import load_outside
from dagster_project.settings import load_settings
from dagster_project.warehouse.intake.load import load_raw
from dagster_project.warehouse.release.releases import current, is_whole
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.unchanged import look
working.JUST_NOW = 0  # a file written just now would be looked at once more, after two seconds
before = dict(os.environ)
for line in sys.stdin:
    settings = load_settings(before | json.loads(line))
    doubt = look(settings).doubt
    print(json.dumps(doubt), flush=True)
    if sys.stdin.readline() == "settle\\n":  # as far as a refresh does before it builds anything
        load_raw(settings)
        load_outside(settings)
        is_whole(settings.state, current(settings.warehouse))
    print("settled", flush=True)
"""


class Asked:
    """A refreshed project, and a process that is asked again and again whether there is something to do."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.state = project.warehouse.parent / ".state"
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            cwd=project.root,
            env=project.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def doubt(self, *, settle: bool = False, **variables: str) -> str:
        """Why there may be something to do; with ``settle``, what only looks otherwise is noted afterwards."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(variables) + "\n" + ("settle\n" if settle else "go on\n"))
        process.stdin.flush()
        answer: str = json.loads(process.stdout.readline())
        assert process.stdout.readline() == "settled\n"
        return answer

    def close(self) -> None:
        self._process.communicate("")

    @contextmanager
    def sql(self, statement: str, back: str) -> Iterator[None]:
        """A change of the working file."""
        path = self.state / "working.duckdb"
        with duckdb.connect(path) as connection:
            connection.execute(statement)
        yield
        with duckdb.connect(path) as connection:
            connection.execute(back)


@pytest.fixture(scope="module")
def asked(small_checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("unchanged")
    root = folder / "checkout"
    shutil.copytree(small_checkout, root, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    project = Project(root, folder)
    project.reports.mkdir()
    for number, name in enumerate(("ett.txt", "två.txt"), start=6):
        write(project, str(number), name)
        assert project.run("refresh").returncode == 0
    driver = Asked(project)
    driver.doubt(settle=True)
    yield driver
    driver.close()


@contextmanager
def written(path: Path, content: str | bytes) -> Iterator[None]:
    """A file with other content, and then as it was."""
    was = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    yield
    if was is None:
        path.unlink()
    else:
        path.write_bytes(was)


@contextmanager
def moved(path: Path) -> Iterator[None]:
    away = path.with_name("." + path.name + ".away")
    path.rename(away)
    yield
    away.rename(path)


@contextmanager
def more(path: Path, text: str) -> Iterator[None]:
    with written(path, path.read_text(encoding="utf-8") + text):
        yield


def flipped(path: Path) -> bytes:
    """The content of a file with one bit of its middle changed."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def release_of(asked: Asked) -> Path:
    return asked.project.warehouse.resolve()


@contextmanager
def led_elsewhere(asked: Asked) -> Iterator[None]:
    """Somebody lets the link lead to the release before."""
    link = asked.project.warehouse
    was = link.readlink()
    other = next(path for path in release_of(asked).parent.parent.glob("*/*.duckdb") if path != release_of(asked))
    link.unlink()
    link.symlink_to(os.path.relpath(other, link.parent))
    yield
    link.unlink()
    link.symlink_to(was)


REASONS: dict[str, tuple[Callable[[Asked], object], str]] = {
    "a report has changed": (lambda a: written(a.project.reports / "ett.txt", REPORT.format(value="9")), "1 files are"),
    "a report is new": (lambda a: written(a.project.reports / "tre.txt", REPORT.format(value="8")), "1 files are"),
    "a report is gone": (lambda a: moved(a.project.reports / "ett.txt"), "1 files are gone"),
    "all reports are gone": (lambda a: moved(a.project.reports), "does not exist"),
    "reports.yml is new": (
        lambda a: written(a.project.reports / "reports.yml", "ett.txt:\n  title: Ett\n"),
        "reports.yml has changed",
    ),
    "reports.yml cannot be used": (lambda a: written(a.project.reports / "reports.yml", "x: [\n"), "reports.yml"),
    "a word of the vocabulary": (
        lambda a: more(a.project.root / "seeds" / "vocabulary" / "structure_words.csv", "caption,hundratals\n"),
        "2 files are to be read",
    ),
    "a model": (
        lambda a: more(a.project.root / "dbt" / "models" / "marts" / "coverage.sql", "-- changed\n"),
        "models or vocabulary have changed",
    ),
    "the program": (
        lambda a: more(a.project.root / "dagster_project" / "warehouse" / "ask" / "summary.py", "# changed\n"),
        "the program or a setting has changed",
    ),
    "a reader": (
        lambda a: more(a.project.root / "dagster_project" / "extract" / "text.py", "# changed\n"),
        "the program or a setting has changed",
    ),
    "the last one failed": (
        lambda a: more(
            a.state / "refreshes.jsonl", '{"run": "x", "started_at": "2026-12-01T00:00:00Z", "ok": false}\n'
        ),
        "failed",
    ),
    "the last one was killed": (lambda a: written(a.state / "running.json", "{}"), "was killed"),
    "no record is left": (lambda a: moved(a.state / "refreshes.jsonl"), "none is recorded"),
    "the working file is gone": (lambda a: moved(a.state / "working.duckdb"), "the working file is gone"),
    "the working file was not closed": (lambda a: written(a.state / "working.duckdb.wal", b""), "was not closed"),
    "the working file is damaged": (lambda a: written(a.state / "working.duckdb", b"x" * 9999), "cannot be told"),
    "the link is gone": (lambda a: moved(a.project.warehouse), "nothing is published"),
    "the link leads elsewhere": (led_elsewhere, "has been touched"),
    "the release is cut short": (lambda a: written(release_of(a), release_of(a).read_bytes()[:9999]), "is damaged"),
    "the release was changed by hand": (lambda a: written(release_of(a), flipped(release_of(a))), "has been touched"),
    "its manifest is gone": (lambda a: moved(release_of(a).with_name("manifest.json")), "nothing is published"),
    "an outside fact was fetched": (
        lambda a: written(a.state / "outside" / "kolada" / "values-2026" / "source.yml", "title: x\n"),
        "outside facts",
    ),
    "nobody noted the devices": (lambda a: moved(a.state / "devices.json"), "devices"),
    "a build was not finished": (
        lambda a: a.sql(
            "create table kept as from main.passed_audit; drop table main.passed_audit",
            "create table main.passed_audit as from kept; drop table kept",
        ),
        "reports have changed",
    ),
    "a report is to be made again": (
        lambda a: a.sql("insert into main.pending values ('ett')", "delete from main.pending"),
        "1 of 2 reports have changed",
    ),
    "a load was not finished": (
        lambda a: a.sql(
            "insert into main.meta values ('loading', 'yes')", "delete from main.meta where key = 'loading'"
        ),
        "a load has not come to its end",
    ),
    "a document is to be tried again": (
        lambda a: a.sql(
            "update main.known_file set may_pass = true where report_id = 'ett'",
            "update main.known_file set may_pass = false",
        ),
        "1 files are to be read",
    ),
    "a report was set aside by other rules": (
        lambda a: a.sql("insert into main.set_aside values ('x', null, 'old', 'why')", "delete from main.set_aside"),
        "1 are to be tried again",
    ),
    "a report is stale": (
        lambda a: a.sql(
            "update raw.report set stale_reason = 'why' where report_id = 'ett'",
            "update raw.report set stale_reason = null",
        ),
        "kept without their files",
    ),
    "readers have a report more": (
        lambda a: a.sql(
            "update raw.report set status = 'quarantined' where report_id = 'ett'",
            "update raw.report set status = 'loaded'",
        ),
        "readers have reports that are not loaded",
    ),
    "another version of the working file": (
        lambda a: a.sql(
            "update main.meta set value = value || 'x' where key = 'format'",
            "update main.meta set value = left(value, -1) where key = 'format'",
        ),
        "of another version",
    ),
}


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_to_do_something_is_found(asked: Asked, reason: str) -> None:
    assert asked.doubt() == ""
    change, words = REASONS[reason]
    with change(asked):  # type: ignore[attr-defined]
        doubt = asked.doubt()
        assert words in doubt
    asked.doubt(settle=True)
    assert asked.doubt() == ""


def test_settings_are_reasons_too(asked: Asked, tmp_path: Path) -> None:
    assert "anew" in asked.doubt(KOMMUNLAGER_FULL="1")
    assert "setting" in asked.doubt(KOMMUNLAGER_MAX_PAGES="10")
    assert "setting" in asked.doubt(KOMMUNLAGER_QUARANTINE_FAILING="1")
    assert "setting" in asked.doubt(KOMMUNLAGER_MAX_BUILD_SECONDS="5")
    assert "setting" in asked.doubt(KOMMUNLAGER_INBOX=str(tmp_path))
    assert "setting" in asked.doubt(KOMMUNLAGER_REPORTS=str(tmp_path))
    # How it is told changes nothing.
    assert asked.doubt(KOMMUNLAGER_METRICS=str(tmp_path / "m"), KOMMUNLAGER_WEBHOOK="http://localhost:1") == ""


def test_it_ends_before_dagster_and_dbt_are_there_and_is_told_as_any_other(asked: Asked, tmp_path: Path) -> None:
    project, metrics = asked.project, tmp_path / "kommunlager.prom"
    time.sleep(2.1)  # a file written just now is looked at once more
    before, built = current(project.warehouse), record(project)["checks"]
    done = project.run("refresh", "--metrics", str(metrics), PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "dagster_project" in imported
    assert not imported & {"dagster", "dagster_dbt", "dbt", "pandas"}
    assert "unchanged  nothing has changed" in done.stdout
    assert "Reading reports: 2 of 2" in done.stderr
    assert current(project.warehouse) == before
    last = record(project)
    told = ("ok", "mode", "read", "loaded", "quarantined", "is_new", "remark")
    assert [last[name] for name in told] == [True, "nothing", 0, 2, 0, False, "nothing has changed"]
    assert last["run"] not in ("", None)
    assert last["checks"] == built, "what was checked stands"
    passed, total = built["passed"], built["passed"] + len(built["warned"])
    assert re.search(rf"checks passed +{passed} of {total}\s", done.stdout)
    assert f"checks     {passed} passed, {total - passed} warned, 0 failed" in project.run("status").stdout
    state = json.loads(project.run("status", "--json").stdout)
    assert (state["last_refresh"], state["problems"]) == (last, [])
    text = metrics.read_text(encoding="utf-8")
    assert "kommunlager_up 1.0" in text
    assert 'kommunlager_last_refresh_duration_seconds{step="total"}' in text
    log = [json.loads(line) for line in (asked.state / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one["event"] for one in log if one["run"] == last["run"]] == [
        *("refresh.started", "build.finished", "refresh.finished"),
    ]
    assert not (asked.state / "running.json").exists()


def test_dagster_is_told_by_its_sensor(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the raw reports would count as not looked at, however often they were."""
    import dagster as dg

    from dagster_project.defs.reports.assets import REPORT_KEY
    from dagster_project.defs.watch.sensors import looked

    monkeypatch.setenv("KOMMUNLAGER_WAREHOUSE", str(asked.project.warehouse))
    assert asked.project.run("refresh").returncode == 0
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance=instance) as context:
        told = looked.evaluate_tick(context)
        assert [event.asset_key for event in told.asset_events] == [REPORT_KEY]
        with dg.build_sensor_context(instance=instance, cursor=told.cursor) as later:
            assert looked.evaluate_tick(later).asset_events == []


def test_a_published_file_that_somebody_changed_is_made_anew(asked: Asked) -> None:
    """Of the same size, so that only its content tells."""
    project = asked.project
    release = release_of(asked)
    release.write_bytes(flipped(release))
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    assert release_of(asked) != release
    assert values(project) == ["6", "7"]
    assert record(project)["is_new"]
    assert project.run("status").returncode == 0
    assert asked.doubt() == ""
