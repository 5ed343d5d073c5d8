"""The command: what it says, what it ends with, and what is left when it is cut off."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet
import pytest

from dagster_project.cli import FIRST_QUERY
from dagster_project.extract import Limits
from dagster_project.outside import tables as outside
from dagster_project.settings import ConfigurationError, load_settings
from dagster_project.warehouse.intake.raw import TABLES
from dagster_project.warehouse.release.releases import releases
from dagster_project.warehouse.state.lock import RefreshRunningError, refresh_lock
from tests.conftest import REPORT, ROOT, SECONDS, Project

if TYPE_CHECKING:
    import dagster as dg

Built = tuple[Project, subprocess.CompletedProcess[str]]


# --- refresh ----------------------------------------------------------------------------------------------------------


def test_a_refresh_says_what_it_loaded_and_how_to_ask(built: Built) -> None:
    project, done = built
    words = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines()[:5])
    with duckdb.connect(project.warehouse, read_only=True) as connection:
        values = connection.execute("select count(*) from marts.report_values").fetchone()
        tables = connection.execute("select count(*) from raw.report_table").fetchone()
        rejected = connection.execute("select count(*) from marts.cell_roles where role = 'rejected'").fetchone()
    assert values is not None
    assert values > (500,)
    assert words["reports"] == "5"
    assert (int(words["tables"]),) == tables
    assert (int(words["values"]),) == values
    assert (int(words["facts"]),) == values
    assert (int(words["rejected cells"]),) == rejected
    assert "checks passed" in done.stdout
    assert f"published  {project.warehouse}" in done.stdout
    assert f"kommunlager query --warehouse {project.warehouse}" in done.stdout
    assert "Reading reports: 5 of 5" in done.stderr
    assert "Publishing: 1 of 1" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@contextmanager
def event_log(project: Project) -> Iterator[dg.DagsterInstance]:
    import dagster as dg

    home = str(project.warehouse.parent / ".state" / "dagster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", home)
        with dg.DagsterInstance.from_config(home) as instance:
            yield instance


def test_every_data_test_is_a_check_in_the_event_log_and_the_graph_is_one(built: Built) -> None:
    import dagster as dg

    from dagster_project.defs.dbt.assets import MANIFEST

    project, done = built
    with event_log(project) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert run.job_name == "refresh"
        kinds = (dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ASSET_MATERIALIZATION)
        checks, assets = (instance.all_logs(run.run_id, of_type=kind) for kind in kinds)
        observations = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION)
    tests = [node for node in MANIFEST["nodes"].values() if node["resource_type"] == "test"]
    models = [node for node in MANIFEST["nodes"].values() if node["resource_type"] in ("model", "seed")]
    models = [node for node in models if node["config"]["materialized"] != "ephemeral"]  # steps are no tables
    # Dagster's own: every document and every fetched edition loads, no report is stale.
    assert len(checks) == len(tests) + 3
    assert not observations  # what dbt tests and no asset is named for ends here, where nobody looks
    assert len(assets) == len(models) + len(TABLES) + len(outside.TABLES) + 1  # raw tables, and the published file
    assert f"of {len(checks)}" in done.stdout


def test_every_asset_leads_from_the_documents_to_the_published_file() -> None:
    import dagster as dg

    from dagster_project.definitions import defs
    from dagster_project.defs.dbt.assets import MADE

    graph = defs().resolve_asset_graph()
    seeds_alone = {key for key in graph.get_all_asset_keys() if not graph.get(key).parent_keys}
    assert {key.path[0] for key in seeds_alone} == {"raw", "reference", "vocabulary", "kolada", "scb"}
    published = dg.AssetKey(["published", "kommunlager"])
    upstream = dg.AssetSelection.assets(published).upstream().resolve(graph)
    assert set(MADE) <= upstream
    documents = [key for key in seeds_alone if key.path[0] == "raw"]
    # What no report changes is not made again for a batch, and publishing does not wait for it.
    led_to = dg.AssetSelection.assets(*documents).downstream().resolve(graph)
    assert {key.path[0] for key in led_to - upstream - {published}} <= {outside.SCHEMA}


def test_a_failed_test_publishes_nothing_and_says_why(small: Project) -> None:
    assert small.run("refresh").returncode == 0
    before = small.warehouse.readlink()
    (small.reports / "två.txt").write_text(REPORT.format(value="FAIL"), encoding="utf-8")
    failed = small.run("refresh")
    assert failed.returncode == 1
    assert "what was published before is as it was" in failed.stderr
    assert "no_cell_says_fail (tests/no_cell_says_fail.sql): Got 1 result" in failed.stderr
    assert "report_id='tva', text='FAIL'" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert small.warehouse.readlink() == before
    assert leftovers(small) == set()
    (small.reports / "två.txt").write_text(REPORT.format(value="7"), encoding="utf-8")
    assert small.run("refresh").returncode == 0
    assert small.warehouse.readlink() != before


def leftovers(project: Project) -> set[str]:
    """What stands beside the warehouse and is neither the link, a release, nor the state folder."""
    place = project.warehouse.parent
    names = {path.name for folder in (place, place / "releases") if folder.is_dir() for path in folder.iterdir()}
    there = {release.name for release in releases(project.warehouse)}
    return names - there - {"kommunlager.duckdb", "releases", "withdrawn.json", ".state"}


def start_until(project: Project, line: str, **variables: str) -> subprocess.Popen[str]:
    """A refresh that has just said ``line``."""
    process = project.start("refresh", **variables)
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith(line):
            return process
    raise AssertionError(f"the refresh ended before it said {line!r}")


def test_a_refresh_outlives_who_reads_what_it_says(small: Project, killed_at_the_end: Callable[[Any], None]) -> None:
    """A terminal that is gone, or ``| head``: progress is told from threads of dbt, which must not wait for ever."""
    process = start_until(small, "Building")
    killed_at_the_end(process)
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(SECONDS) == 0
    assert small.run("query", "select count(*) from marts.report_values").returncode == 0


CUTS = [
    ("Starting", signal.SIGINT, 130),
    ("Building", signal.SIGINT, 130),
    ("Reading", signal.SIGKILL, -signal.SIGKILL),
    ("Reading", signal.SIGTERM, 143),
    ("Building", signal.SIGKILL, -signal.SIGKILL),
]
"""In which phase, by what, with which exit code; each begins where the one before left off."""


@pytest.mark.slow
def test_a_refresh_that_is_cut_off_leaves_what_was_published_and_the_next_one_works(
    small: Project, killed_at_the_end: Callable[[Any], None]
) -> None:
    assert small.run("refresh").returncode == 0
    before = small.warehouse.readlink()
    (small.reports / "ett.txt").write_text(REPORT.format(value="7"), encoding="utf-8")
    for phase, number, code in CUTS:
        process = start_until(small, phase)
        killed_at_the_end(process)
        process.send_signal(number)
        assert process.wait(60) == code, (phase, number)
        said = process.stderr.read() if process.stderr else ""
        assert "Traceback" not in said
        if number is not signal.SIGKILL:
            assert said.strip().splitlines()[-1] == "Interrupted; what was published before is as it was."
        assert small.warehouse.readlink() == before
        assert leftovers(small) == set()
    after = small.run("refresh")
    assert after.returncode == 0, after.stderr
    assert small.warehouse.readlink() != before
    assert unfinished_runs(small) == 0


LIMITS = (20_000, 400_000, 2_000_000)
"""Bytes of one file: Dagster's log, the working file or the published copy cannot be written."""


@pytest.mark.slow
def test_a_full_disk_at_any_moment_leaves_what_was_published_and_the_next_refresh_works(small: Project) -> None:
    """A limit on the size of files stands for the full disk: the write fails in the same way."""
    assert small.run("refresh").returncode == 0
    before = small.warehouse.readlink()
    (small.reports / "ett.txt").write_text(REPORT.format(value="7"), encoding="utf-8")
    for limit in LIMITS:
        failed = subprocess.run(
            small.command("refresh"),
            cwd=small.root,
            env=small.environment,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),  # type: ignore[misc]
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert failed.returncode == 1, (limit, failed.stderr)
        assert "what was published before is as it was" in failed.stderr
        assert "Traceback" not in failed.stderr, failed.stderr
        assert small.warehouse.readlink() == before
        assert leftovers(small) == set()
    assert small.run("refresh").returncode == 0
    assert small.warehouse.readlink() != before


def unfinished_runs(project: Project) -> int:
    import dagster as dg

    with event_log(project) as instance:
        finished = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
        return sum(run.status not in finished for run in instance.get_runs())


def test_two_refreshes_at_once_are_one(small: Project, killed_at_the_end: Callable[[Any], None]) -> None:
    first = start_until(small, "Starting")
    killed_at_the_end(first)
    second = small.run("refresh")
    assert second.returncode == 3
    assert f"Another refresh is running (process {first.pid} since " in second.stderr
    assert "refresh    running" in small.run("status").stdout or not small.warehouse.exists()
    assert first.wait(120) == 0


def test_the_lock_is_held_once_a_process_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    hold = (
        "import sys; from pathlib import Path; from dagster_project.warehouse.state.lock import refresh_lock\n"
        "with refresh_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(RefreshRunningError, match=f"process {other.pid} "), refresh_lock(path):
        pass
    other.kill()
    other.wait()
    with refresh_lock(path), refresh_lock(path):  # the command line, and in it the run
        pass
    with refresh_lock(path):
        pass


def test_the_published_file_is_not_a_file_that_somebody_put_there(small: Project) -> None:
    small.warehouse.parent.mkdir()
    small.warehouse.write_bytes(b"mine")
    refused = small.run("refresh")
    assert refused.returncode == 4
    assert "is a file, not a link that a refresh made" in refused.stderr
    assert small.warehouse.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "message"),
    [
        (["refresh", "--reports", "/nowhere"], {}, 4, "The reports folder /nowhere does not exist"),
        (["refresh"], {"KOMMUNLAGER_KEEP": "none"}, 4, "KOMMUNLAGER_KEEP is 'none'; it must be a whole number"),
        (["refresh"], {"KOMMUNLAGER_MAX_BYTES": "-1"}, 4, "KOMMUNLAGER_MAX_BYTES is '-1'"),
        (["refresh", "--warehouse", "/tmp/x.db"], {}, 4, "must end in .duckdb"),
        (["refresh", "--speed"], {}, 2, "No such option"),
        (["query"], {}, 2, "Missing argument 'SQL'"),
        (["query", "select 1", "--format", "xml"], {}, 2, "'xml' is not one of"),
        (["query", "select 1", "--format", "parquet"], {}, 2, "needs --output"),
        (["query", "select 1"], {}, 1, "There is no warehouse at"),
        (["status"], {}, 1, "There is no warehouse at"),
        (["fly"], {}, 2, "No such command"),
    ],
)
def test_wrong_use_ends_with_a_message_and_its_code(
    small: Project, arguments: list[str], variables: dict[str, str], code: int, message: str
) -> None:
    done = small.run(*arguments, **variables)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_in_the_vocabulary_is_a_wrong_setting(small_checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(small_checkout, root)
    project = Project(root, tmp_path)
    project.reports.mkdir()
    (project.reports / "ett.txt").write_text(REPORT.format(value="6"), encoding="utf-8")
    words = root / "seeds" / "vocabulary" / "structure_words.csv"
    words.write_text(words.read_text(encoding="utf-8") + "heading,Rubrik\n", encoding="utf-8")
    done = project.run("refresh")
    assert done.returncode == 4, done.stderr
    assert f"{words}, line" in done.stderr
    assert not project.warehouse.exists()


def test_a_model_that_does_not_parse_is_named(small_checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(small_checkout, root, ignore=shutil.ignore_patterns("target"))
    project = Project(root, tmp_path)
    project.reports.mkdir()
    (project.reports / "ett.txt").write_text(REPORT.format(value="6"), encoding="utf-8")
    (root / "dbt" / "models" / "marts" / "wrong.sql").write_text("select * from {{ ref('nothing_there') }}")
    done = project.run("refresh")
    assert done.returncode == 1
    assert "nothing_there" in done.stderr
    assert "Traceback" not in done.stderr


# --- settings ---------------------------------------------------------------------------------------------------------


def test_arguments_go_before_variables_and_variables_before_defaults(tmp_path: Path) -> None:
    default = load_settings({})
    assert default.reports == ROOT / "seeds" / "reports"
    assert default.warehouse == ROOT / "warehouse" / "kommunlager.duckdb"
    assert default.state == ROOT / "warehouse" / ".state"
    variables = {"KOMMUNLAGER_REPORTS": "/r", "KOMMUNLAGER_WAREHOUSE": "/w/x.duckdb", "KOMMUNLAGER_KEEP": "7"}
    from_variables = load_settings(variables)
    assert (from_variables.reports, from_variables.warehouse) == (Path("/r"), Path("/w/x.duckdb"))
    assert (from_variables.state, from_variables.keep) == (Path("/w/.state"), 7)
    assert load_settings(variables, reports=tmp_path).reports == tmp_path
    assert load_settings(from_variables.as_environment()) == from_variables


def test_every_setting_is_in_the_help(small: Project) -> None:
    said = small.run("--help").stdout + "".join(
        small.run(command, "--help").stdout for command in ("refresh", "status", "query", "ui")
    )
    for name in load_settings({}).as_environment():
        assert name in said or name == "KOMMUNLAGER_WORKING_FILE", name  # that one is between us and dbt
    for code in (0, 1, 2, 3, 4, 130, 143):
        assert f"{code}  " in said or f"({code}:" in said


@pytest.mark.parametrize("name", ["KEEP", "WORKERS", *(name.upper() for name in asdict(Limits()))])
def test_a_number_that_is_none_is_a_wrong_setting(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"KOMMUNLAGER_{name} is 'many'"):
        load_settings({f"KOMMUNLAGER_{name}": "many"})


@pytest.mark.parametrize("name", ["år?", "år%25", "%C3%A5r"])
def test_a_place_that_databases_misread_is_a_wrong_setting(tmp_path: Path, name: str) -> None:
    for variables in ({"KOMMUNLAGER_STATE": f"{tmp_path}/{name}"}, {"KOMMUNLAGER_WAREHOUSE": f"/x/{name}/k.duckdb"}):
        with pytest.raises(ConfigurationError, match="which databases take for something else"):
            load_settings(variables)
    load_settings({"KOMMUNLAGER_REPORTS": f"{tmp_path}/{name}", "KOMMUNLAGER_STATE": str(tmp_path / "100 % #1")})


# --- status and query -------------------------------------------------------------------------------------------------


def test_status_lists_every_report(built: Built) -> None:
    project, _ = built
    said = project.run("status").stdout
    for report in project.reports.iterdir():
        assert report.name in said
    assert project.warehouse.readlink().parent.name in said
    assert "refresh    none running" in said


def test_questions_and_help_do_not_wait_for_dagster_or_dbt(built: Built) -> None:
    project, _ = built
    for arguments in (["query", "select 1"], ["status"], ["--help"]):
        script = (
            f"import sys; sys.argv = ['kommunlager', *{arguments!r}]\n"
            "from dagster_project.cli import main\n"
            "try: main()\nexcept SystemExit as end: assert not end.code\n"
            "slow = {'dagster', 'dbt', 'pandas', 'sqlalchemy'} & set(sys.modules)\n"
            "assert not slow, slow"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], env=project.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


VALUES = """
    select 1 as i, 2.50::decimal(18, 2) as d, 0.1::double as f, 'a, "b"' || chr(10) || 'ö' as s, '' as e, null as n,
        date '2024-12-31' as t, true as b, [1, 2] as l
"""


def test_csv_keeps_every_value(built: Built) -> None:
    said = built[0].run("query", VALUES, "--format", "csv").stdout
    assert said == 'i,d,f,s,e,n,t,b,l\n1,2.50,0.1,"a, ""b""\nö","",,2024-12-31,true,"[1, 2]"\n'
    assert next(csv.DictReader(io.StringIO(said)))["s"] == 'a, "b"\nö'


def test_json_keeps_every_value(built: Built) -> None:
    said = built[0].run("query", VALUES, "--format", "json").stdout
    assert '"d": 2.50' in said
    assert json.loads(said) == [
        {"i": 1, "d": 2.5, "f": 0.1, "s": 'a, "b"\nö', "e": "", "n": None, "t": "2024-12-31", "b": True, "l": [1, 2]}
    ]
    assert json.loads(built[0].run("query", "select 1 where false", "--format", "json").stdout) == []


def test_parquet_keeps_every_type(built: Built, tmp_path: Path) -> None:
    file = tmp_path / "answer.parquet"
    done = built[0].run("query", VALUES, "--format", "parquet", "-o", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(file)}
    assert (types["d"], types["t"], types["b"]) == ("decimal128(18, 2)", "date32[day]", "bool")


def test_a_table_shows_nulls_and_counts_rows(built: Built) -> None:
    said = built[0].run("query", "select i, null as n from range(300) as t(i)", "--rows", "2").stdout
    assert "300 rows, the first 2 shown" in said
    assert said.count("null") == 2


def on_terminal(project: Project, width: int, *arguments: str) -> str:
    """What a command writes to a terminal of such a width, without its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(project.command(*arguments), env=project.environment, stdout=theirs, stdin=theirs)
    os.close(theirs)
    said = bytearray()
    with suppress(OSError):  # the other side is closed
        while piece := os.read(ours, 65_536):
            said += piece
    os.close(ours)
    assert process.wait(SECONDS) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).replace("\r\n", "\n")


def test_the_first_question_fits_a_terminal_and_a_wider_answer_says_what_it_leaves_out(built: Built) -> None:
    project, done = built
    first = next(line for line in done.stdout.splitlines() if line.startswith("ask it")) if done.stdout else ""
    asked = FIRST_QUERY
    assert asked in (first or asked)
    said = on_terminal(project, 80, "query", asked)
    assert max(map(len, said.splitlines())) <= 80
    assert "left out" not in said
    assert all(name in said.splitlines()[1] for name in ("municipality_name", "row_label", "value_text", "unit"))
    said = on_terminal(project, 100, "query", "from report_values limit 3")
    assert max(map(len, said.splitlines())) <= 100
    header, left_out = said.splitlines()[1], said.partition("left out (--wide shows all): ")[2].replace("\n", " ")
    shown = [name.strip() for name in header.strip("┃").split("┃")]
    told = [name.strip() for name in left_out.split(",")]
    with duckdb.connect(project.warehouse, read_only=True) as connection:
        columns = [name for name, *_ in connection.execute("describe marts.report_values").fetchall()]
    assert len(shown) >= 4
    assert sorted([*shown, *told]) == sorted(columns)
    assert "left out" not in on_terminal(project, 100, "query", "--wide", "from report_values limit 1")
    assert "fact_key" in project.run("query", "from report_values limit 1").stdout, "a pipe has no width"


def test_control_characters_do_not_reach_the_terminal(built: Built) -> None:
    said = built[0].run("query", "select chr(27) || '[31mred' as x, '[red]' as y").stdout
    assert "\x1b" not in said
    assert "\\x1b[31mred" in said
    assert "[red]" in said


def test_sql_can_come_from_standard_input(built: Built) -> None:
    project, _ = built
    done = subprocess.run(
        project.command("query", "-", "--format", "csv"),
        env=project.environment,
        input="select 42 as answer",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "answer\n42\n"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "syntax error at or near"),
        ("select * from marts.report_value", "Did you mean"),
        ("drop table raw.cell", "read-only"),
        ("select 1; delete from raw.cell", "read-only"),
        ("update raw.cell set text = ''", "read-only"),
        ("create table marts.x as select 1", "read-only"),
        ("select * from read_text('/etc/hostname')", "disabled"),
        ("select * from '/etc/hostname.csv'", "disabled"),
        ("copy raw.cell to 'cells.csv'", "disabled"),
        ("attach 'other.duckdb'", "disabled"),
        ("set enable_external_access = true", "locked"),
        ("install httpfs", "disabled"),
        ("", "There is no SQL statement"),
        ("-- nothing", "There is no SQL statement"),
    ],
)
def test_a_question_that_is_wrong_or_not_allowed_gets_a_message(built: Built, sql: str, message: str) -> None:
    done = built[0].run("query", sql)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_answer_that_nobody_reads_to_the_end_is_no_error(built: Built) -> None:
    project, _ = built
    command = " ".join(f"'{word}'" for word in project.command("query", "from range(1000000)", "--format", "csv"))
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", f"{command} | head -1"],
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "range\n", "")


def test_the_answer_can_be_written_where_it_may(built: Built, tmp_path: Path) -> None:
    there = tmp_path / "x.csv"
    there.write_text("mine")
    for form in ("csv", "json", "parquet"):
        refused = built[0].run("query", "select 1", "--format", form, "-o", str(there))
        assert refused.returncode == 1
        assert f"{there} is there already; --force replaces it" in refused.stderr
    assert there.read_text() == "mine"
    assert built[0].run("query", "select 1 as n", "--format", "csv", "-o", str(there), "--force").returncode == 0
    assert there.read_text() == "n\n1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    done = built[0].run("query", "select 1", "--format", "csv", "--output", str(tmp_path / "no" / "x.csv"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "no").exists()
