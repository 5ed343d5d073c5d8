"""Killed refreshes and readers through publications: the short form; ``make soak`` runs the whole one.

Belongs here: what needs many repetitions to be believed. Does not belong here: failures that happen the same way each
time (``test_failures``).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.ask.query import open_published
from dagster_project.warehouse.release.publishing import publish
from dagster_project.warehouse.release.releases import current, releases
from dagster_project.warehouse.state.working import NOTES, finish_build
from tests.conftest import REPORT, ROOT, Project

KILLS = int(os.environ.get("KOMMUNLAGER_SOAK_KILLS", "3"))
READERS = int(os.environ.get("KOMMUNLAGER_SOAK_READERS", "5"))
PUBLISHES = int(os.environ.get("KOMMUNLAGER_SOAK_PUBLISHES", "10"))
SEED = int(os.environ.get("KOMMUNLAGER_SOAK_SEED", "1"))

TABLES = ("raw.cell", "marts.report_values", "marts.fct_financial", "marts.fct_status")


def published_value(project: Project) -> str:
    """The value that the published report prints, which every table must agree on."""
    with open_published(project.warehouse) as connection:
        where = "where row_index = 1 and col_index = 2"
        values = {connection.execute(f"select text from {table} {where}").fetchall()[0][0] for table in TABLES}
    assert len(values) == 1, f"torn: {values}"
    return str(values.pop())


def orphans(project: Project) -> set[str]:
    """What stands beside the warehouse and does not belong there."""
    place, state = project.warehouse.parent, project.warehouse.parent / ".state"
    names = {str(path.relative_to(place)) for path in (*place.iterdir(), *(place / "releases").iterdir())}
    names |= {str(path.relative_to(place)) for path in state.iterdir()}
    there = {f"releases/{release.name}" for release in releases(project.warehouse)}
    kept = (
        "built.json",
        "dagster",
        "devices.json",
        "dbt",
        "log.jsonl",
        "extractions",
        "refresh.lock",
        "refreshes.jsonl",
        "whole.json",
        "working.duckdb",
    )
    return names - there - {"kommunlager.duckdb", "releases", ".state", *(f".state/{name}" for name in kept)}


@pytest.mark.slow
def test_killed_at_random_points(small: Project) -> None:
    """Each turn a correction that no other change follows, a refresh that is killed, and one that is left alone."""
    chance = random.Random(SEED)
    report = small.reports / "ett.txt"
    assert small.run("refresh").returncode == 0
    report.write_text(REPORT.format(value="100"), encoding="utf-8")
    began = time.monotonic()
    assert small.run("refresh").returncode == 0
    duration = time.monotonic() - began
    before, killed, finished = "100", 0, 0
    while killed < KILLS:
        value = str(1000 + killed + finished)
        report.write_text(REPORT.format(value=value), encoding="utf-8")
        began = time.monotonic()
        process = small.start("refresh")
        try:
            process.wait(chance.uniform(0.02, 1.0) * duration)
            assert process.returncode == 0, process.stderr.read() if process.stderr else ""
            finished += 1
            duration = 0.95 * (time.monotonic() - began)  # the machine was faster than it had been
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert published_value(small) in (before, value)
            killed += 1
            duration *= 1.005  # or it may have become slower, and the last steps would never be hit
            untouched = small.run("refresh")
            assert untouched.returncode == 0, untouched.stderr
        finally:
            if process.stderr:
                process.stderr.close()
        assert published_value(small) == value
        assert orphans(small) == set()
        assert same_as_full(small)
        before = value
    sys.stdout.write(f"\n{killed} kills, {finished} refreshes came to their end before\n")


def same_as_full(project: Project) -> bool:
    """Whether reading and building everything anew gives the content that is published."""
    was = current(project.warehouse)
    done = project.run("refresh", "--full")
    assert done.returncode == 0, done.stderr
    now = current(project.warehouse)
    return was is not None and now is not None and was.content_hash == now.content_hash


READER = """
import json, sys, time
from pathlib import Path
from dagster_project.warehouse.ask.query import open_published
link, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen, queries = set(), 0

def ask():
    with open_published(link) as connection:
        (file,) = connection.execute("select path from duckdb_databases() where path like '%/releases/%'").fetchone()
        one = connection.execute("select count(*), min(n), max(n), sum(n) from marts.fact").fetchone()
        two = connection.execute("select count(*), min(n), max(n), sum(n) from marts.other").fetchone()
    n = one[0]
    assert one == two == (n, n, n, n * n), (file, one, two)
    seen.add((Path(file).parent.name, n))

ask()  # the first release
print("ready", flush=True)
while not stop.exists():
    ask()
    queries += 1
ask()  # the last
print(json.dumps({"seen": sorted(seen), "queries": queries}))
"""


def working_file(settings: Settings, n: int) -> None:
    """Two tables of ``n`` rows that all say ``n``."""
    settings.working_file.parent.mkdir(parents=True, exist_ok=True)
    settings.working_file.unlink(missing_ok=True)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute(
            "create schema raw; create schema marts; create table raw.report "
            "(report_id varchar, file_name varchar, sha256 varchar, status varchar, error varchar);"
            "insert into raw.report values ('r', 'r.txt', 's', 'loaded', null);" + ";".join(NOTES)
        )
        for table in ("fact", "other"):
            connection.execute(f"create table marts.{table} as select {n}::bigint as n from range({n})")
    finish_build(settings.working_file, "rules", {})


@pytest.mark.slow
def test_readers_through_publications(tmp_path: Path) -> None:
    settings = load_settings({}, warehouse=tmp_path / "place" / "kommunlager.duckdb")
    made: dict[str, int] = {}

    def make(n: int) -> None:
        working_file(settings, n)
        publish(settings)
        release = current(settings.warehouse)
        assert release is not None
        made[release.name] = n

    make(100)
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(settings.warehouse), str(stop)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for number in range(PUBLISHES):
            make(101 + number)
        stop.touch()
        answers = [reader.communicate(timeout=120) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
    assert [reader.returncode for reader in readers] == [0] * READERS, [error for _, error in answers]
    told = [json.loads(out.splitlines()[-1]) for out, _ in answers]
    seen = {(name, n) for one in told for name, n in one["seen"]}
    assert seen <= set(made.items())
    assert len(seen) > 1
    queries = sum(one["queries"] for one in told)
    sys.stdout.write(f"\n{READERS} readers, {PUBLISHES} publications, {queries} queries, {len(seen)} releases seen\n")
