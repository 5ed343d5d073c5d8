"""What a query could do that got past the judge and DuckDB's own locks: the system holds the process that runs it.

Belongs here: forbidden things tried from inside, with a DuckDB that allows everything. Does not belong here: the layers
themselves (``test_confinement``), and what the judge refuses (``test_serving``).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagster_project.serving import containment
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes a process so")

INSIDE = """
import json, os, sys
from dagster_project.serving.containment import close

work, settings, statements, programs = json.loads(sys.argv[1])
holds = close(work, settings, os.getppid())
outcomes = {}
if work == "runner":
    import duckdb
    connection = duckdb.connect()  # with access to everything that this process has access to
    connection.execute(f"attach '{settings['path']}' as kommunlager (read_only)")
    for statement in statements:
        try:
            connection.execute(statement).fetchall()
            outcomes[statement] = "worked"
        except duckdb.Error as error:
            outcomes[statement] = type(error).__name__
for program in programs:
    try:
        exec(program)
        outcomes[program] = "worked"
    except (OSError, ValueError) as error:
        outcomes[program] = type(error).__name__
print(json.dumps([holds, outcomes]))
"""


def inside(
    work: str, settings: dict[str, Any], statements: list[str], programs: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", INSIDE, json.dumps([work, settings, statements, programs])],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    holds, outcomes = json.loads(done.stdout.splitlines()[-1])
    if holds["missing"]:
        pytest.skip(f"not on this machine: {holds['missing']}")
    assert holds["open"] == []
    return holds, outcomes


def test_sql_without_judge_and_locks_reaches_nothing(warehouse: Path, tmp_path: Path) -> None:
    release = warehouse.resolve()
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    forbidden = [
        "from read_text('/etc/passwd')",
        "from read_csv('/etc/passwd')",
        "from read_blob('/proc/self/environ')",
        f"from read_blob('/proc/{os.getpid()}/environ')",
        f"from read_csv('{secret}')",
        f"from '{secret}'",
        f"from read_text('{ROOT}/seeds/vocabulary/structure_words.csv')",
        f"from read_text('{ROOT}/pyproject.toml')",
        f"from read_text('{release.parent}/manifest.json')",
        f"copy (select 1) to '{tmp_path}/x.csv'",
        f"copy (select 1) to '{release}'",
        "copy (select 1) to '/dev/shm/x.csv'",
        f"attach '{tmp_path}/x.duckdb'",
        f"export database '{tmp_path}/x'",
        f"attach '{release}' as again (read_write)",
        "install vss from 'http://127.0.0.1:1'",
    ]
    programs = [
        "__import__('subprocess').run(['/bin/true'])",
        "__import__('socket').create_connection(('127.0.0.1', 1))",
        "os.kill(os.getppid(), 0)",
        f"os.unlink({str(secret)!r})",
        f"os.listdir({str(tmp_path)!r})",
        "os.listdir(os.path.expanduser('~'))",
        "__import__('resource').setrlimit(__import__('resource').RLIMIT_NOFILE, (9, 9))",
    ]
    settings = {"path": str(release), "answer_mb": 5}
    _, outcomes = inside("runner", settings, [*forbidden, "from kommunlager.marts.report_values"], programs)
    assert outcomes.pop("from kommunlager.marts.report_values") == "worked"
    assert [what for what, outcome in outcomes.items() if outcome == "worked"] == []
    assert secret.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_what_writes_answers_speaks_with_itself_alone() -> None:
    with socket.socket() as own, socket.socket() as other:
        own.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        other.listen()
        port, foreign = own.getsockname()[1], other.getsockname()[1]
        own.close()
        listen = f"s = __import__('socket').socket(); s.bind(('127.0.0.1', {port})); s.listen()"
        talk = f"__import__('socket').create_connection(('127.0.0.1', {port}), 5)"
        foreign_talk = f"__import__('socket').create_connection(('127.0.0.1', {foreign}), 5)"
        programs = [
            foreign_talk,
            "__import__('socket').socket().bind(('127.0.0.1', 0))",
            "__import__('socket').socket(type=2)",
            "__import__('socket').socket(family=1)",
            "__import__('subprocess').run(['/bin/true'])",
            "open('/etc/passwd')",
            "open('/tmp/x', 'w')",
        ]
        holds, outcomes = inside("encoder", {"answer_mb": 5, "ports": [port]}, [], [listen, talk, *programs])
    worked = {what for what, outcome in outcomes.items() if outcome == "worked"}
    if int(holds["in_force"]["Landlock"].removeprefix("version ")) < 4:  # it knows of no TCP
        worked -= set(programs[:2])
    assert worked == {listen, talk}


def test_reports_and_seeds_are_no_libraries() -> None:
    for work, settings in (("runner", {"path": "/x", "answer_mb": 1}), ("encoder", {"ports": [1], "answer_mb": 1})):
        readable = [Path(path).resolve() for path in containment.needs_of(work, settings).readable]
        assert ROOT not in readable
        assert not any((ROOT / "seeds").is_relative_to(path) for path in readable)
        assert not any((ROOT / "warehouse").is_relative_to(path) for path in readable)
