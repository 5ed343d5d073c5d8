"""The inbox in a real Dagster daemon: what it asks for is run, whatever was asked for before.

Belongs here: what only a running daemon shows, as that it passes over a key it has had. Does not belong here: the
sensor's own choice (``test_watch``). It takes minutes, so only ``make soak`` runs it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project.refresh import prepare_dagster_home
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.state.journal import refreshes
from tests.conftest import REPORT, Project

pytestmark = pytest.mark.skipif(not os.environ.get("KOMMUNLAGER_SOAK_DAEMON"), reason="run by make soak")

SECONDS = 300


@pytest.fixture
def daemon(small: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A daemon over the small project whose sensor looks every second and is quick to ask again."""
    sensors = small.root / "dagster_project" / "defs" / "watch" / "sensors.py"
    text = sensors.read_text(encoding="utf-8")
    quick = text.replace("SECONDS_BETWEEN_LOOKS = 30", "SECONDS_BETWEEN_LOOKS = 1")
    quick = quick.replace("FIRST_PAUSE, LONGEST_PAUSE = 60, 3600", "FIRST_PAUSE, LONGEST_PAUSE = 1, 2")
    assert quick.count("LOOKS = 1\n") == quick.count("PAUSE = 1, 2\n") == 1
    sensors.write_text(quick, encoding="utf-8")
    place = small.folder / "inkorg"
    place.mkdir()
    settings = replace(load_settings({}, reports=small.reports, warehouse=small.warehouse), inbox=str(place))
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    prepare_dagster_home(settings)
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", "dagster_project.definitions"],
        cwd=small.root,
        env=small.environment | settings.as_environment() | {"DAGSTER_HOME": str(settings.dagster_home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield settings
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    sensors.write_text(text, encoding="utf-8")


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.5)


def put(settings: Settings, name: str, value: str) -> Path:
    path = Path(settings.inbox) / name
    path.write_text(REPORT.format(value=value), encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def ended(settings: Settings) -> list[bool]:
    """How each refresh ended, the first one first."""
    return [bool(one.get("ok")) for one in refreshes(settings.state)]


def test_a_folder_that_is_as_it_was_before_is_refreshed_and_so_is_one_whose_run_failed(daemon: Settings) -> None:
    put(daemon, "a.txt", "1")
    until(lambda: ended(daemon)[-1:] == [True])
    first = len(ended(daemon))
    second_report = put(daemon, "b.txt", "2")
    until(lambda: len(ended(daemon)) > first)
    second = len(ended(daemon))
    second_report.unlink()  # now the inbox is as it was for the first run
    until(lambda: len(ended(daemon)) > second)
    third = len(ended(daemon))
    put(daemon, "c.txt", "FAIL")
    until(lambda: ended(daemon)[third:].count(False) > 1)  # it failed, and was asked for again
    (Path(daemon.reports) / "c.txt").unlink()
    put(daemon, "c.txt", "3")
    until(lambda: ended(daemon)[-1])
    assert (Path(daemon.reports) / "c.txt").read_text(encoding="utf-8") == REPORT.format(value="3")
