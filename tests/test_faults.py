"""What the file system refuses: a publication that fails or dies at any of its calls, and a report that gives EIO.

Belongs here: compiling what lets calls fail, and the verdict. Does not belong here: the tries themselves (``faults``),
and whole refreshes killed at random (``test_soak``).
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.programs import program
from tests.test_failures import values, write
from tests.test_watch import receiver

STRIDE = int(os.environ.get("KOMMUNLAGER_SOAK_FAULTS", "50"))
"""Every how many of its about 300 calls; `make soak` tries them all."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is loaded before the C library."""
    path = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run(
        [program("cc"), "-shared", "-fPIC", "-O1", "-o", str(path), str(ROOT / "tests" / "faults.c"), "-ldl"],
        check=True,
    )
    return path


@pytest.mark.slow
def test_every_call_may_fail_or_be_the_last(tmp_path: Path, library: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOMMUNLAGER_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "faults.py"), str(tmp_path), str(STRIDE)],
        env=kept | {"PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["wrong"] == [], done.stderr[-4000:]
    assert told["calls"] > 100  # the calls of DuckDB too
    assert told["ended"]["killed"] >= 5
    assert set(told["ended"]) <= {"killed", "refused", "published"}


def test_a_report_on_a_disk_that_goes_bad_keeps_its_figures(small: Project, tmp_path: Path, library: Path) -> None:
    """From the system's error to what readers have, and to what whoever watches is told."""
    write(small, "7", "två.txt")
    assert small.run("refresh").returncode == 0
    write(small, "8")
    write(small, "9", "två.txt")
    metrics = tmp_path / "kommunlager.prom"
    told = {"KOMMUNLAGER_METRICS": str(metrics)}
    bad = {"LD_PRELOAD": str(library), "FAULTS_UNREADABLE": str((small.reports / "ett.txt").resolve())}
    with receiver() as (address, posted):
        done = small.run("refresh", KOMMUNLAGER_WEBHOOK=address, **told, **bad)
    assert done.returncode == 0, done.stderr
    assert values(small) == ["6", "9"], "the last good figure of one, the correction of the other"
    assert [(message["event"], message["severity"]) for message in posted] == [("reports.stale", "warning")]
    assert "ett.txt" in json.dumps(posted[0]["stale"])
    assert 'kommunlager_stale_reports{why="cannot_be_read"} 1.0' in metrics.read_text(encoding="utf-8")
    (one,) = json.loads(small.run("status", "--json").stdout)["stale"]
    assert (one["file_name"], one["is_held_back"]) == ("ett.txt", False)
    assert os.strerror(errno.EIO) in one["reason"]
    assert one["since"]
    assert small.run("refresh", **told).returncode == 0
    assert values(small) == ["8", "9"]
    assert json.loads(small.run("status", "--json").stdout)["stale"] == []
