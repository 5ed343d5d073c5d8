"""Publishing with one file-system call after the other failing, or the process dying at it, as SQLite tests its I/O.

Run as a program by ``test_faults`` with ``faults.c`` loaded before the C library; prints what went wrong as JSON.
Every try is a process of its own, forked from this one, which itself never opens a database.

    LD_PRELOAD=faults.so python tests/faults.py FOLDER STRIDE [OFFSET]
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.release.publishing import PublishError, publish
from dagster_project.warehouse.release.releases import is_published, releases, remove_leftovers
from dagster_project.warehouse.state import working
from tests.test_publishing import build

BEFORE, AFTER = 3, 4
"""What readers have, and what is to be published: both stand in every row."""

KILL = 0
REFUSED = 10
"""Exit code of a try whose failure was said as one."""

ENDS = {0: "published", REFUSED: "refused", -signal.SIGKILL: "killed"}
"""How a try may end, by exit code or minus the signal."""


def in_a_process(action: Callable[[], object]) -> int:
    """What ``action`` ends with: exit code, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        except PublishError:
            code = REFUSED
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def prepare(settings: Settings) -> None:
    """Two releases, the newer one current, and a working file with a correction that nobody has published."""
    build(settings, BEFORE - 1)
    publish(settings)
    build(settings, BEFORE)
    publish(settings)
    build(settings, AFTER)
    with duckdb.connect(settings.working_file) as connection:
        working.note_stale(connection)  # so that it is written anew before it is copied


def published(settings: Settings) -> int:
    """What readers have, whole."""
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        row = connection.execute("select count(*), min(n), max(n) from marts.fact").fetchone()
    assert row is not None
    assert len(set(row)) == 1, f"torn: {row}"
    return int(row[0])


def refresh_untouched(settings: Settings) -> None:
    """What the next refresh does when no report has changed; then readers have what was built."""
    assert published(settings) in (BEFORE, AFTER)
    if not settings.working_file.exists():  # damaged: it is made anew
        build(settings, AFTER)
        is_done = False
    else:
        with duckdb.connect(settings.working_file) as connection:
            plan = working.make_plan(connection, "rules", lambda content: is_published(settings.warehouse, content))
        is_done = plan.mode is working.Mode.NOTHING
        assert not is_done or published(settings) == AFTER, "forgotten: readers have the old figures"
        if not is_done:
            working.finish_build(settings.working_file, "rules", {"passed": 1})
    if is_done:
        remove_leftovers(settings.warehouse)  # as each refresh does
    else:
        publish(settings)
    assert published(settings) == AFTER
    # What could not be deleted any more is a release still; nothing else is left.
    kept = {f"releases/{release.name}" for release in releases(settings.warehouse)}
    place = settings.warehouse.parent
    there = {str(path.relative_to(place)) for folder in (place, place / "releases") for path in folder.iterdir()}
    assert there == {"kommunlager.duckdb", ".state", "releases", *kept}, there
    assert {path.name for path in settings.state.iterdir()} <= {"built.json", "whole.json", "working.duckdb"}


def main() -> None:
    """Count the calls of one publication, then spoil them in turn."""
    folder, stride, offset = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    library = ctypes.CDLL(None)
    library.faults_count.restype = ctypes.c_long
    settings = replace(load_settings({}, warehouse=folder / "place" / "kommunlager.duckdb"), keep=1)
    template = folder / "template"
    assert in_a_process(lambda: prepare(settings)) == 0
    settings.warehouse.parent.rename(template)

    def attempt(at: int, error: int) -> int:
        shutil.rmtree(settings.warehouse.parent, ignore_errors=True)
        shutil.copytree(template, settings.warehouse.parent, symlinks=True)

        def action() -> None:
            library.faults_arm(os.fsencode(settings.warehouse.parent), ctypes.c_long(at), error)
            try:
                publish(settings)
            finally:
                (folder / "calls").write_text(str(library.faults_count()))

        return in_a_process(action)

    assert attempt(0, 0) == 0
    calls = int((folder / "calls").read_text())
    ended: Counter[str] = Counter()
    wrong: list[str] = []
    for at in range(offset, calls + 1, stride):
        for error in (errno.ENOSPC if at % 2 else errno.EIO, KILL):
            what = f"call {at} of {calls}, {errno.errorcode.get(error, 'killed')}"
            code = attempt(at, error)
            ended[ENDS.get(code, "raised")] += 1
            if code not in ENDS:
                wrong.append(f"{what}: ended with {code}")
            if in_a_process(lambda: refresh_untouched(settings)) != 0:
                wrong.append(f"{what}: ended with {code}, and the next refresh was wrong")
    sys.stdout.write(json.dumps({"calls": calls, "ended": ended, "wrong": wrong}))


if __name__ == "__main__":
    main()
