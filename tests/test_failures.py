"""What goes wrong at night: each failure is brought about, and what was published must still be there.

Belongs here: failures that happen the same way each time. Does not belong here: kills and readers by the hundred
(``test_soak``), and failures of publishing alone (``test_publishing``).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.warehouse.ask.query import open_published
from dagster_project.warehouse.release.releases import current, releases
from tests.conftest import REPORT, Project
from tests.test_cli import start_until
from tests.test_watch import receiver


def write(project: Project, value: str, name: str = "ett.txt") -> None:
    (project.reports / name).write_text(REPORT.format(value=value), encoding="utf-8")


def values(project: Project) -> list[str]:
    """The value of each published report, by report."""
    with open_published(project.warehouse) as connection:
        return [
            row[0]
            for row in connection.execute(
                "select text from marts.report_values where row_index = 1 and col_index = 2 order by report_id"
            ).fetchall()
        ]


def record(project: Project) -> dict[str, Any]:
    """The line of the last refresh."""
    path = project.warehouse.parent / ".state" / "refreshes.jsonl"
    last: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    return last


@pytest.fixture
def small_disk(small: Project) -> Iterator[Project]:
    """The small project with its warehouse on a file system of its own."""
    place = small.warehouse.parent
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield small
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.slow
def test_a_disk_that_is_full_and_one_that_is_read_only(small_disk: Project) -> None:
    place = small_disk.warehouse.parent
    assert small_disk.run("refresh").returncode == 0
    before = small_disk.warehouse.readlink()
    write(small_disk, "7")
    ballast = place / "ballast"
    for left in (100_000, 1_500_000):
        free = shutil.disk_usage(place).free
        ballast.write_bytes(b"x" * max(0, free - left))
        failed = small_disk.run("refresh")
        assert failed.returncode == 1, failed.stderr
        assert "what was published before is as it was" in failed.stderr
        assert "Traceback" not in failed.stderr
        assert (small_disk.warehouse.readlink(), values(small_disk)) == (before, ["6"])
        ballast.unlink()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    failed = small_disk.run("refresh")
    assert failed.returncode == 4, failed.stderr
    assert "cannot be written to" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert values(small_disk) == ["6"]
    subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    assert small_disk.run("refresh").returncode == 0
    assert values(small_disk) == ["7"]


@pytest.mark.slow
def test_whatever_became_of_the_working_file(small: Project) -> None:
    assert small.run("refresh").returncode == 0
    working = small.warehouse.parent / ".state" / "working.duckdb"
    whole = working.read_bytes()
    middle = len(whole) // 2
    damages: list[Callable[[], object]] = [
        lambda: working.unlink(),
        lambda: working.write_bytes(b"no database" * 1000),
        lambda: working.write_bytes(whole[:middle] + bytes(len(whole) - middle)),
    ]
    for number, damage in enumerate(damages):
        damage()
        write(small, str(100 + number))
        done = small.run("refresh")
        if done.returncode:  # damage that shows only when dbt reads it: the next refresh needs no help
            assert values(small) == [str(99 + number)]
            done = small.run("refresh")
        assert done.returncode == 0, done.stderr
        assert values(small) == [str(100 + number)]


@pytest.mark.slow
def test_nothing_to_do_is_said_and_costs_no_release(small: Project) -> None:
    assert small.run("refresh").returncode == 0
    before = current(small.warehouse)
    again = small.run("refresh")
    assert again.returncode == 0
    assert "unchanged  nothing has changed" in again.stdout
    assert (record(small)["mode"], record(small)["read"]) == ("nothing", 0)
    full = small.run("refresh", "--full")
    assert full.returncode == 0, full.stderr
    assert (record(small)["mode"], record(small)["read"]) == ("all", 1)
    assert [release.name for release in releases(small.warehouse)] == [before.name if before else ""]
    # A link that somebody deleted is made again.
    small.warehouse.unlink()
    assert small.run("refresh").returncode == 0
    assert values(small) == ["6"]


@pytest.mark.slow
def test_a_clock_that_is_set_back(small: Project) -> None:
    """The release before was made in the future, and so were the files."""
    assert small.run("refresh").returncode == 0
    was = current(small.warehouse)
    assert was is not None
    future = was.folder.with_name("29991231T235959Z-00000000")
    was.folder.rename(future)
    small.warehouse.unlink()
    small.warehouse.symlink_to(Path("releases", future.name, "kommunlager.duckdb"))
    write(small, "7")
    os.utime(small.reports / "ett.txt", (32_500_000_000, 32_500_000_000))
    assert small.run("refresh", KOMMUNLAGER_KEEP="1").returncode == 0
    assert values(small) == ["7"]
    assert [release.number for release in releases(small.warehouse)] == [2]


SEED = "term,meaning\nja,1\nnej,2\n"

BROKEN = {
    "saved by a spreadsheet in another encoding": "term,meaning\nfördröjd,1\n".encode("cp1252"),
    "a line with a field too many": b"term,meaning\nja,1,2,3\n",
    "empty": b"",
}


@pytest.mark.slow
def test_a_vocabulary_that_an_editor_broke(small_checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(small_checkout, root, ignore=shutil.ignore_patterns("target"))
    project = Project(root, tmp_path)
    project.reports.mkdir()
    write(project, "6")
    seed = root / "seeds" / "vocabulary" / "small_words.csv"
    seed.write_text(SEED, encoding="utf-8")
    (root / "dbt" / "models" / "marts" / "small_words_used.sql").write_text(
        "{{ config(contract={'enforced': false}) }} select * from {{ ref('small_words') }}", encoding="utf-8"
    )
    assert project.run("refresh").returncode == 0
    before = project.warehouse.readlink()
    for what, content in BROKEN.items():
        seed.write_bytes(content)
        failed = project.run("refresh")
        assert failed.returncode in (1, 4), (what, failed.stderr)
        assert "small_words" in failed.stderr, (what, failed.stderr)
        assert "Traceback" not in failed.stderr, (what, failed.stderr)
        assert project.warehouse.readlink() == before
    seed.write_text(SEED, encoding="utf-8")
    mended = project.run("refresh")
    assert mended.returncode == 0, mended.stderr


def test_failing_reports_are_set_aside_and_tried_again(small: Project) -> None:
    for number in range(6):
        write(small, "FAIL" if number in (2, 4) else str(number), f"r{number}.txt")
    refused = small.run("refresh")
    assert refused.returncode == 1
    assert not small.warehouse.exists()
    done = small.run("refresh", "--quarantine-failing")
    assert done.returncode == 0, done.stderr
    for name in ("r2", "r4"):
        assert f"SET ASIDE  {name}: it fails a check and is NOT in the warehouse" in done.stderr
        assert f"quarantined  {name}.txt: set aside: it fails no_cell_says_fail by itself" in done.stderr
    assert values(small) == ["6", "0", "1", "3", "5"]
    # Nothing has changed: they are not tried again, and still said.
    again = small.run("refresh", "--quarantine-failing")
    assert record(small)["mode"] == "nothing"
    assert "quarantined  r2.txt: set aside" in again.stderr
    write(small, "44", "r4.txt")
    assert small.run("refresh", "--quarantine-failing").returncode == 0
    assert values(small) == ["6", "0", "1", "3", "44", "5"]
    # Without the flag a failing report holds back everything.
    assert small.run("refresh").returncode == 1
    assert values(small) == ["6", "0", "1", "3", "44", "5"]


@pytest.mark.slow
def test_reports_that_break_a_model_are_set_aside(small: Project) -> None:
    """Among all reports, and then among the one that has changed; a build that nobody breaks alone is not published."""
    for name, value in (("r1", "BREAK"), ("r2", "2"), ("r3", "LACK"), ("r4", "4")):
        write(small, value, f"{name}.txt")
    assert small.run("refresh").returncode == 1
    assert not small.warehouse.exists()
    done = small.run("refresh", "--quarantine-failing")
    assert done.returncode == 0, done.stderr
    assert values(small) == ["6", "2", "4"]
    for name in ("r1", "r3"):
        assert f"quarantined  {name}.txt: set aside: it fails contracted by itself" in done.stderr
    write(small, "LACK", "r4.txt")
    done = small.run("refresh", "--quarantine-failing")
    assert done.returncode == 0, done.stderr
    assert record(small)["mode"] == "batch"
    assert values(small) == ["6", "2"]
    for name in ("ett", "r1", "r2", "r3", "r4"):
        write(small, "BREAK", f"{name}.txt")
    assert small.run("refresh", "--quarantine-failing").returncode == 1
    assert values(small) == ["6", "2"]


@pytest.mark.slow
def test_reports_that_cost_too_much_are_set_aside(small: Project) -> None:
    """Without being asked to, for a document beyond a bound is never loaded; tried again with another bound."""
    for number in range(6):
        write(small, "COSTLY" if number in (2, 4) else str(number), f"r{number}.txt")
    done = small.run("refresh", KOMMUNLAGER_MAX_BUILD_SECONDS="1")
    assert done.returncode == 0, done.stderr
    assert values(small) == ["6", "0", "1", "3", "5"]
    for name in ("r2", "r4"):
        assert f"SET ASIDE  {name}: it costs too much and is NOT in the warehouse" in done.stderr
        assert f"quarantined  {name}.txt: set aside: it takes more than 1 CPU seconds" in done.stderr
    assert record(small)["set_aside"] == ["r2", "r4"]
    again = small.run("refresh", KOMMUNLAGER_MAX_BUILD_SECONDS="1")
    assert record(small)["mode"] == "nothing", again.stderr
    assert "quarantined  r2.txt: set aside" in again.stderr
    # A report that costs too much among those that have changed, and one that fails a check beside it.
    write(small, "COSTLY", "r5.txt")
    write(small, "FAIL", "r0.txt")
    done = small.run("refresh", "--quarantine-failing", KOMMUNLAGER_MAX_BUILD_SECONDS="1")
    assert done.returncode == 0, done.stderr
    assert (record(small)["set_aside"], record(small)["too_costly"]) == (["r5", "r0"], ["r5"])
    assert values(small) == ["6", "1", "3"]


CUT_OFF = """
import errno, os, signal, sys
from dagster_project.warehouse.release import releases
how = sys.argv.pop()
def cut_off(*_):
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise OSError(errno.ENOSPC, "No space left on device")
releases.point = cut_off
from dagster_project.cli import main
main()
"""
"""A refresh whose publication ends at the step before the last."""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "failed"])
def test_a_publication_that_ends_early_is_not_forgotten(small: Project, how: str) -> None:
    """The correction was read, built and tested, and nothing follows it."""
    assert small.run("refresh").returncode == 0
    write(small, "7")
    ended = subprocess.run(
        [sys.executable, "-c", CUT_OFF, "refresh", how],
        cwd=small.root,
        env=small.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == (-signal.SIGKILL if how == "killed" else 1), ended.stderr
    assert values(small) == ["6"]
    status = small.run("status", "--json")
    assert status.returncode == 1
    assert "is not published" in json.loads(status.stdout)["problems"][-1]
    untouched = small.run("refresh")
    assert untouched.returncode == 0, untouched.stderr
    assert values(small) == ["7"]
    assert (record(small)["read"], record(small)["reason"]) == (0, "readers do not have what was built last")
    assert small.run("status").returncode == 0
    assert small.run("refresh", "--full").returncode == 0
    assert not record(small)["is_new"]


def test_a_killed_refresh_is_told_of(small: Project, killed_at_the_end: Callable[[Any], None]) -> None:
    assert small.run("refresh").returncode == 0
    write(small, "7")
    process = start_until(small, "Building")
    killed_at_the_end(process)
    process.send_signal(signal.SIGSTOP)
    assert json.loads(small.run("status", "--json").stdout)["is_running"]
    process.kill()
    process.wait()
    status = small.run("status", "--json")
    assert status.returncode == 1
    state = json.loads(status.stdout)
    (problem,) = state["problems"]
    assert f"process {process.pid} ended without a word in step " in problem
    assert state["last_refresh"]["died"]
    assert "failed" in small.run("status").stdout
    with receiver() as (address, posted):
        done = small.run("refresh", KOMMUNLAGER_WEBHOOK=address)
    assert done.returncode == 0, done.stderr
    (message,) = posted
    assert (message["event"], message["severity"]) == ("refresh.died", "warning")
    state_folder = small.warehouse.parent / ".state"
    lines = [json.loads(line) for line in (state_folder / "refreshes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["ok"], line.get("died", False)) for line in lines] == [(True, False), (False, True), (True, False)]
    assert message["run"] == lines[1]["run"]
    events = [json.loads(line) for line in (state_folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["run"] for event in events if event["event"] == "refresh.died"] == [lines[1]["run"]]
    assert small.run("status").returncode == 0


@pytest.mark.slow
def test_a_refresh_that_cannot_even_begin_is_told_of(small: Project) -> None:
    """The reports are not mounted: nobody is there at night to read what the command says."""
    nowhere = {"KOMMUNLAGER_REPORTS": str(small.folder / "nowhere")}
    with receiver() as (address, posted):
        assert small.run("refresh", KOMMUNLAGER_WEBHOOK=address, **nowhere).returncode == 4
        assert not small.warehouse.parent.exists()
        assert small.run("refresh").returncode == 0
        assert small.run("refresh", KOMMUNLAGER_WEBHOOK=address, KOMMUNLAGER_KEEP="all").returncode == 4
    assert [(message["event"], message["severity"]) for message in posted] == [
        ("refresh.failed", "critical"),
        ("refresh.failed", "error"),
    ]
    assert "KOMMUNLAGER_KEEP" in posted[1]["error"]
    assert "KOMMUNLAGER_KEEP" in record(small)["error"]
    assert small.run("status").returncode == 1


@pytest.mark.slow
def test_a_second_refresh_waits_if_told_to(small: Project, killed_at_the_end: Callable[[Any], None]) -> None:
    first = start_until(small, "Starting")
    killed_at_the_end(first)
    second = small.run("refresh", "--wait")
    assert second.returncode == 0, second.stderr
    assert "Waiting for the refresh that is running." in second.stderr
    assert first.wait(60) == 0
    assert record(small)["mode"] == "nothing"


DAGSTER_RUN = """
import os
from dagster_project.refresh import prepare_dagster_home
from dagster_project.settings import load_settings
settings = load_settings()
prepare_dagster_home(settings)
os.environ.update(settings.as_environment())
import dagster as dg
from dagster_project.definitions import defs
with dg.DagsterInstance.get() as instance:
    result = defs().resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)
    errors = [event.message + str(event.event_specific_data) for event in result.all_events if event.is_failure]
print(result.success, errors)
"""


HOLD = """
import sys
from pathlib import Path
from dagster_project.warehouse.state.lock import refresh_lock
with refresh_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_dagster_and_the_command_line_respect_each_other(small: Project) -> None:
    """The lock is the same: whoever holds it, a run of Dagster's own and one of the command line both leave."""
    lock = small.warehouse.parent / ".state" / "refresh.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        env=small.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    run = subprocess.run(
        [sys.executable, "-c", DAGSTER_RUN],
        env=small.environment,
        cwd=small.root,
        capture_output=True,
        text=True,
        check=False,
    )
    command = small.run("refresh")
    holder.communicate("")
    assert "False" in run.stdout, run.stdout + run.stderr
    assert "Another refresh is running" in run.stdout, run.stdout
    assert command.returncode == 3
    assert not small.warehouse.exists()


# --- what an operator sees --------------------------------------------------------------------------------------------


def test_status_metrics_and_log_tell_of_good_and_bad(small: Project, tmp_path: Path) -> None:
    metrics = tmp_path / "kommunlager.prom"
    (small.reports / "tom.txt").write_bytes(b"")
    done = small.run("refresh", "--metrics", str(metrics), KOMMUNLAGER_SCHEDULE="0 3 * * *")
    assert done.returncode == 0, done.stderr
    status = small.run("status", "--json")
    assert status.returncode == 0, status.stderr
    state = json.loads(status.stdout)
    assert state["reports"] == {"loaded": 1, "quarantined": 1}
    assert state["quarantined"] == [{"file_name": "tom.txt", "report_id": "tom", "reason": "the file is empty"}]
    assert state["last_refresh"]["ok"]
    assert state["next_refresh"].endswith(":00:00Z")
    assert state["problems"] == []
    text = metrics.read_text(encoding="utf-8")
    assert "kommunlager_up 1.0" in text
    assert 'kommunlager_reports{status="quarantined"} 1.0' in text
    log = (small.warehouse.parent / ".state" / "log.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in log.splitlines()]
    assert {event["event"] for event in events} >= {
        *("refresh.started", "report.read", "report.quarantined", "build.finished", "release.published"),
        "refresh.finished",
    }
    assert [event["report_id"] for event in events if event["event"] == "report.read"] == ["ett"]
    assert len({event["run"] for event in events}) == 1

    write(small, "FAIL")
    failed = small.run("refresh", "--metrics", str(metrics))
    assert failed.returncode == 1
    text = metrics.read_text(encoding="utf-8")
    assert "kommunlager_up 0.0" in text
    assert "kommunlager_last_refresh_success 0.0" in text
    status = small.run("status", "--json")
    assert status.returncode == 1
    state = json.loads(status.stdout)
    assert "no_cell_says_fail" in state["problems"][0]
    assert state["last_refresh"]["checks"]["failed"] == ["no_cell_says_fail"]
    assert small.run("status", KOMMUNLAGER_MAX_AGE_HOURS="1").returncode == 1


def test_releases_and_rollback(small: Project) -> None:
    for value in ("6", "7"):
        write(small, value)
        assert small.run("refresh").returncode == 0
    listed = json.loads(small.run("releases", "--json").stdout)
    assert [one["is_current"] for one in listed] == [True, False]
    assert small.run("rollback").returncode == 0
    assert values(small) == ["6"]
    assert "withdrawn" in small.run("releases").stdout
    stays = small.run("refresh")
    assert stays.returncode == 0
    assert values(small) == ["6"]
    write(small, "8")
    assert small.run("refresh").returncode == 0
    assert values(small) == ["8"]
    assert small.run("rollback", listed[0]["release"]).returncode == 0
    assert values(small) == ["7"]
    wrong = small.run("rollback", "nothing")
    assert wrong.returncode == 1
    assert "There is no release 'nothing'" in wrong.stderr
    with open_published(small.warehouse) as connection:
        events = connection.execute("select event from raw.report_history order by happened_at").fetchall()
    assert events == [("added",), ("corrected",)]


@pytest.mark.slow
def test_old_runs_leave_dagsters_log(small: Project) -> None:
    for value in ("6", "7", "8"):
        write(small, value)
        assert small.run("refresh", KOMMUNLAGER_KEEP_RUNS="2").returncode == 0
    runs = small.warehouse.parent / ".state" / "dagster" / "history" / "runs"
    assert len([path for path in runs.glob("*.db") if path.name != "index.db"]) == 2
