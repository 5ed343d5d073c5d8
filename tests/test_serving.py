"""The server for many readers: what it answers, what it refuses, its limits, its log, and new releases under it.

Statements are judged and run in real worker processes; the clients of the server are DuckDB's.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import duckdb
import pytest

from dagster_project.serving.extensions import load_extension
from dagster_project.serving.policy import read_functions
from dagster_project.serving.tokens import Tokens, make_token_file, read_token_file
from dagster_project.serving.workers import Limits, StatementError, Workers
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.ask.query import QueryError
from tests.conftest import ROOT

T = TypeVar("T")

TOKEN = "a-token-for-tests-0123456789"

HOSTILE: dict[str, Sequence[str]] = {
    "writing": (
        "create table marts.new (a int)",
        "create or replace table marts.report_values as select 1 as a",
        "create view marts.new as select 1 as a",
        "create temp table new as select 1 as a",
        "create schema new",
        "create macro f(x) as x",
        "create sequence s",
        "create type t as enum ('a')",
        "insert into marts.report_values select * from marts.report_values",
        "update marts.report_values set value_numeric = 0",
        "delete from marts.report_values",
        "truncate marts.report_values",
        "merge into marts.dim_unit using marts.dim_unit as x on true when matched then delete",
        "drop table marts.report_values",
        "drop view marts.coverage",
        "drop schema marts cascade",
        "alter table marts.report_values drop column value_text",
        "alter table marts.report_values rename to other",
        "comment on table marts.report_values is 'wrong'",
        "with x as (select 1) insert into marts.report_values select * from marts.report_values",
        "with x as (select 1) delete from marts.report_values",
        "vacuum",
        "analyze",
    ),
    "several statements": (
        "select 1; drop table marts.report_values",
        "select 1; select 2",
        "/* nothing */ ; select 1; attach 'x.duckdb'",
        "\n\t select 1;\nset threads = 64",
    ),
    "files": (
        "copy marts.report_values to '/tmp/kommunlager-hostile.csv'",
        "copy (select 1) to '/tmp/kommunlager-hostile.parquet' (format parquet)",
        "copy marts.report_values from '/etc/passwd'",
        "export database '/tmp/kommunlager-hostile'",
        "import database '/tmp/kommunlager-hostile'",
        "attach '/tmp/kommunlager-hostile.duckdb'",
        "attach ':memory:' as mine",
        "detach kommunlager",
        "use memory",
        "select * from read_text('/etc/hostname')",
        "select * from read_blob('/etc/hostname')",
        "select * from read_csv('/etc/passwd')",
        "select * from read_csv_auto('/etc/passwd', header = false)",
        "select * from READ_TEXT('/etc/hostname')",
        "select * from main.read_text('/etc/hostname')",
        "select * from system.main.read_text('/etc/hostname')",
        "select * from read_json('/etc/hostname')",
        "select * from read_parquet('/tmp/x.parquet')",
        "select * from parquet_scan('/tmp/x.parquet')",
        "select * from parquet_metadata('/tmp/x.parquet')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd.csv'",
        "select * from 'x.parquet'",
        'select * from "/etc/passwd"',
        "select (select content from read_text('/etc/hostname'))",
        "select 1 where exists (from read_text('/etc/hostname'))",
        "select 1 order by (select content from read_text('/etc/hostname'))",
        "select 1 limit (select count(*) from glob('/etc/*'))",
        "with a as (from read_text('/etc/hostname')) from a",
        "with recursive a as (select 1 as i union all select i + 1 from a, read_text('/etc/x') where i < 2) from a",
        "select * from (with \"/etc/passwd.csv\" as (select 1) select 1), '/etc/passwd.csv'",
        "describe select * from read_text('/etc/hostname')",
        "summarize '/etc/passwd.csv'",
        "values ((select content from read_text('/etc/hostname')))",
        "select count(*) over (order by (select content from read_text('/etc/hostname'))) from marts.dim_unit",
        "select list_transform([1], lambda x: (select content from read_text('/etc/hostname')))",
        "select * replace ((select content from read_text('/etc/hostname')) as unit_key) from marts.dim_unit",
        "from marts.dim_unit join read_text('/etc/hostname') on true",
        "select 1 union all select size from read_text('/etc/hostname')",
    ),
    "network": (
        "select * from 'https://example.org/x.csv'",
        "select * from read_csv('http://127.0.0.1/x.csv')",
        "from quack_query('quack:127.0.0.1', 'select 1')",
        "install httpfs",
        "load httpfs",
        "force install httpfs from 'http://127.0.0.1/'",
        "update extensions",
    ),
    "settings and innards": (
        "set threads = 64",
        "set global memory_limit = '100GB'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "pragma database_list",
        "pragma table_info('marts.report_values')",
        "pragma enable_profiling",
        "call enable_logging()",
        "call quack_stop('quack:127.0.0.1')",
        "set global quack_authorization_function = 'quack_nop_authorization'",
        "explain analyze select 1",
        "checkpoint",
        "prepare p as select 1",
        "execute p",
        "begin transaction",
        "rollback",
        "select current_setting('secret_directory')",
        "select * from duckdb_settings()",
        "select * from duckdb_logs",
        "select * from duckdb_logs()",
        "with duckdb_logs as (select 1) from duckdb_logs",
        "select * from duckdb_databases()",
        "select * from sqlite_master",
        "select * from pg_catalog.pg_class",
        "select * from kommunlager.main.anything",
        "select * from memory.main.anything",
        "select * from answers.main.answer_1",
        "show databases",
        "show variables",
    ),
    "secrets": (
        "select getenv('HOME')",
        "select * from duckdb_secrets()",
        "select * from which_secret('x', 's3')",
        "create secret (type s3, key_id 'a', secret 'b')",
        "drop secret x",
        "select * from tokens",
        "select getvariable('x')",
        "set variable x = 1",
    ),
    "SQL in text, and chance for the server": (
        "from query('drop table marts.report_values')",
        "from query_table('report_values')",
        "select json_serialize_sql('select 1')",
        "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
        "select nextval('s')",
        "select setseed(0.5)",
        "select write_log('x')",
        "select sleep_ms(100000)",
        "select pg_sleep(100)",
        "select $1",
        "",
        "-- nothing",
        "select " + "x" * 300_000,
    ),
}

STATEMENTS = [statement for statements in HOSTILE.values() for statement in statements]

FRIENDLY = (
    "select 1",
    "select 1;",
    "  -- a comment\nselect count(*) from marts.report_values",
    "from marts.report_values limit 5",
    "from report_values limit 5",
    "from kommunlager.marts.report_values limit 5",
    "FROM KOMMUNLAGER.MARTS.Report_Values LIMIT 5",
    "table marts.dim_unit",
    "values (1, 'a'), (2, 'b')",
    "describe marts.report_values",
    "summarize marts.coverage",
    "show tables",
    "show all tables",
    "with a as (select 1 as i), b as (from a) select * from b",
    "with recursive t as (select 1 as i union all select i + 1 from t where i < 5) select sum(i) from t",
    "select * from raw.cell limit 1",
    "select * from vocabulary.units inner join marts.dim_unit using (unit_key) limit 3",
    "select municipality_name, sum(amount_sek) as amount_sek from marts.report_values group by all order by all",
    "select row_number() over (partition by kind order by fact_key) as n from marts.report_values qualify n = 1",
    "select count(*) filter (where is_current), coalesce(null, 1), nullif(1, 2) from marts.report_values",
    "select case when 1 in (1, 2) then 'x' end, 1 between 0 and 2, 'å' collate nocase, not true, 3 is null",
    "select list_transform([1, 2], lambda x: x + 1), [x for x in [1, 2] if x > 1], {'type': 'BASE_TABLE'}.type",
    "select * exclude (fact_key) replace (upper(kind) as kind) from marts.report_values limit 1",
    "select columns('.*_key') from marts.dim_report limit 1",
    "select '2024-01-01'::date + interval 1 month, try_cast('x' as int), 'x' like '%', regexp_matches('a', 'a')",
    "select unnest([1, 2]), range(3), i from generate_series(1, 3) as t(i)",
    "from (pivot marts.report_values on scenario in ('actual', 'budget') using count(*) group by kind)",
    "unpivot (select 1 as a, 2 as b) on a, b into name n value v",
    "select kind, scenario, count(*), grouping(kind) from marts.report_values group by rollup (kind, scenario)",
    "select * from marts.dim_unit union all by name select * from marts.dim_unit",
    "select quantile_cont(value_numeric, 0.5), string_agg(distinct unit, ', ') from marts.report_values",
    "select table_name, comment from duckdb_tables() where schema_name = 'marts'",
    "select column_name, comment from duckdb_columns() where table_name = 'report_values'",
    "select table_name from information_schema.tables",
    "select a.unit_key from marts.dim_unit as a where exists (from marts.dim_unit as b where b.unit_key = a.unit_key)",
    "select now() is not null, current_date > date '2020-01-01'",
    "select row_label from marts.report_values where row_label ilike '%ek%' limit 10 offset 2",
    "select 1 as a, 2 as a",
    "select search.fts_main_narrative.match_bm25(paragraph_key, 'nämnden') as s from marts.narrative order by s",
)


class Pool:
    """Workers on an event loop of their own, for tests that are not."""

    def __init__(self, warehouse: Path, **limits: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.said: list[dict[str, Any]] = []
        log = SimpleNamespace(error=lambda event, **more: self.said.append({"event": event, **more}))
        self.workers = Workers(warehouse, Limits(**limits), log)
        try:
            self.run(self.workers.start())
        except BaseException:
            self.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.begin(work).result(120)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def ask(self, sql: str, reader: str = "anna") -> list[dict[str, Any]]:
        with self.run(self.workers.answer(reader, sql)) as answer:
            rows: list[dict[str, Any]] = answer.table().to_pylist()
            return rows

    def processes(self) -> list[int]:
        return [seat.child.pid for seat in self.workers._seats if seat.child]

    def living(self) -> list[int]:
        """The same when there is one for each seat, and none that has just died."""
        until = time.monotonic() + 60
        while True:
            seats = self.workers._seats
            if all(seat.child and seat.child.is_alive() and not seat.run for seat in seats):
                return self.processes()
            assert time.monotonic() < until
            time.sleep(0.05)

    def close(self) -> None:
        self.run(self.workers.close(0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def pool(warehouse: Path) -> Iterator[Pool]:
    made = Pool(warehouse, seconds=60, answer_mb=5, memory_mb=1500, running=2)
    yield made
    made.close()


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text[:60])
def test_a_worker_refuses(pool: Pool, statement: str) -> None:
    with pytest.raises(StatementError) as caught:
        pool.ask(statement)
    assert caught.value.outcome == "refused"


@pytest.mark.parametrize("query", FRIENDLY, ids=lambda text: text[:60])
def test_a_worker_answers(pool: Pool, query: str) -> None:
    with pool.run(pool.workers.answer("anna", query)) as answer:
        assert len(answer.columns) == len(answer.types) == answer.table().num_columns > 0
        assert answer.rows == answer.table().num_rows


def test_there_are_enough_hostile_statements() -> None:
    from tests.hostile_statements import COSTLY
    from tests.test_serving_hostile import REQUESTS

    assert len(set(STATEMENTS)) == len(STATEMENTS)
    assert len(STATEMENTS) + len(COSTLY) + len(REQUESTS) >= 150


def test_the_second_lock_holds_without_the_first(warehouse: Path, tmp_path: Path) -> None:
    """Whatever the judgement let through: the DuckDB that runs it reaches no file and keeps its settings."""
    statements = (
        "from read_text('/etc/hostname')",
        f"copy (select 1) to '{tmp_path / 'x.csv'}'",
        f"attach '{tmp_path / 'x.duckdb'}'",
        "set enable_external_access = true",
        "set threads = 64",
        "delete from kommunlager.marts.report_values",
        "load quack",
    )
    program = """
import json, sys
from pathlib import Path
import duckdb
from dagster_project.serving.runner import Runner
runner = Runner(Path(sys.argv[1]), 1, 200, 5)
for statement in json.loads(sys.argv[2]):
    try:
        runner._connection.execute(statement)
    except duckdb.Error:
        continue
    print(statement)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(warehouse.resolve()), json.dumps(statements)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""


def test_every_function_of_this_duckdb_is_decided() -> None:
    listed = read_functions()
    with duckdb.connect() as connection:
        names = connection.execute("""
            select distinct lower(function_name) from duckdb_functions()
            where function_type in ('scalar', 'aggregate', 'macro', 'table', 'table_macro')
              and database_name = 'system' and function_name not like 'icu_collate%'
        """).fetchall()
    assert [name for (name,) in names if name not in listed.allowed and name not in listed.refused] == []
    assert listed.allowed & set(listed.refused) == set()


def test_an_answer_that_is_too_large_is_stopped(pool: Pool) -> None:
    with pytest.raises(StatementError, match="larger than 5 MB"):
        pool.ask("select * from range(100000000)")
    assert pool.ask("select 1 as a") == [{"a": 1}]


def test_a_large_answer_comes_whole(pool: Pool) -> None:
    assert [row["i"] for row in pool.ask("select i from range(500000) as t(i)")] == list(range(500_000))


def test_time_and_chance_are_not_kept(pool: Pool) -> None:
    for query in ("select now()", "select current_date", "select random()", "from dim_unit using sample 3"):
        assert not pool.run(pool.workers.answer("anna", query)).is_repeatable, query
    assert pool.run(pool.workers.answer("anna", "select count(*) from report_values")).is_repeatable


def test_without_a_warehouse_there_is_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="no warehouse"):
        Workers(tmp_path / "kommunlager.duckdb", Limits(), None)


def test_limits_that_cannot_be_kept_are_said(warehouse: Path) -> None:
    with pytest.raises(ConfigurationError, match="1000 MB are too little for 4 queries"):
        Workers(warehouse, Limits(memory_mb=1000), None)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "serve.token"
    make_token_file(path)
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    make_token_file(path)
    assert path.read_text() == text, "one that is there stays"
    assert read_token_file(path)[0].token == text.strip()


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("anna:0123456789abcdef\n", 0o644, "open to others"),
        ("anna:short\n", 0o600, "line 1"),
        ("# nobody\n\n", 0o600, "no token"),
    ],
)
def test_a_bad_token_file_is_named_and_no_token_shown(tmp_path: Path, text: str, mode: int, message: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_token_file(path)
    assert "0123456789abcdef" not in str(caught.value)
    assert "short" not in str(caught.value).replace(str(path), "")


def test_a_reader_who_is_taken_out_is_shut_out_at_once(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("anna:0123456789abcdef\nbo:fedcba9876543210\n")
    path.chmod(0o600)
    tokens = Tokens(path)
    assert [reader.name for reader in tokens.current()] == ["anna", "bo"]
    assert tokens.reader_of("0123456789abcdeX") is None
    path.write_text("bo:fedcba9876543210\n# anna has left\n")
    assert tokens.reader_of("0123456789abcdef") is None
    bo = tokens.reader_of("fedcba9876543210")
    assert bo is not None
    assert bo.name == "bo"
    assert "fedcba" not in repr(bo)


# --- the server, with DuckDB's own clients ----------------------------------------------------------------------------


@dataclass
class Serving:
    process: subprocess.Popen[str]
    uri: str
    warehouse: Path
    log: Path

    def client(self, token: str = TOKEN) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"threads": 1})
        load_client(connection)
        connection.execute(f"create secret (type quack, token '{token}')")
        return connection

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def wait_for(self, event: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for line in self.lines():
                if line["event"] == event:
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no {event} in {self.log.read_text(encoding='utf-8')[-2000:]}")


def load_client(connection: duckdb.DuckDBPyConnection) -> None:
    """Quack's client speaks HTTP through the extension httpfs."""
    load_extension(connection, "httpfs")
    load_extension(connection, "quack")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Start = Callable[..., Serving]


@pytest.fixture(scope="module")
def start(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a server on a copy of the warehouse, where releases can be published."""
    started: list[Serving] = []
    home = tmp_path_factory.mktemp("home")  # as on a new machine: no extension is there that a client has put there

    def begin(*options: str, readers: str | None = None) -> Serving:
        folder = tmp_path_factory.mktemp("serve")
        link = folder / "kommunlager.duckdb"
        release(link, 0, warehouse)
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KOMMUNLAGER_")}
        log = folder / "serve.log"
        if readers:
            token_file = folder / "tokens"
            token_file.write_text(readers)
            token_file.chmod(0o600)
            options = (*options, "--token-file", str(token_file))
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(link)),
                    *("--port", str(port), *options),
                ],
                env=kept | {"KOMMUNLAGER_SERVE_TOKEN": TOKEN, "PYTHONPATH": str(ROOT), "HOME": str(home)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        serving = Serving(process, f"quack:127.0.0.1:{port}", link, log)
        started.append(serving)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("serving"), log.read_text(encoding="utf-8")
        return serving

    yield begin
    for serving in started:
        serving.process.kill()
        serving.process.wait()
        if serving.process.stdout:
            serving.process.stdout.close()


@pytest.fixture(scope="module")
def serving(start: Start) -> Serving:
    return start("--seconds", "5", "--answer", "20")


@pytest.fixture(scope="module")
def client(serving: Serving) -> Iterator[duckdb.DuckDBPyConnection]:
    with serving.client() as connection:
        yield connection


def ask(client: duckdb.DuckDBPyConnection, serving: Serving, sql: str) -> list[tuple[Any, ...]]:
    return client.execute(f"from quack_query('{serving.uri}', $sql${sql}$sql$)").fetchall()


def test_a_client_gets_what_the_file_says(client: duckdb.DuckDBPyConnection, serving: Serving, warehouse: Path) -> None:
    types = (
        "select null as n, [1, 2] as l, {'a': 1} as s, 170141183460469231731687303715884105727::hugeint as h, "
        "date '2024-02-29' as d, interval 3 day as i, 1.50::decimal(9, 2) as m, 'x'::enum ('x', 'y') as e, "
        "time '10:00' as t, map {'a': 1} as p, 'Göteborg' as g, true as b"
    )
    queries = [
        types,
        "from marts.report_values order by fact_key",
        "from raw.cell order by all",
        "select count(*) from range(1000000)",
        "select i from range(100000) as t(i) order by i desc",
        "select 1 as a where false",
    ]
    with duckdb.connect(str(serving.warehouse.resolve()), read_only=True) as local:
        for sql in queries:
            assert ask(client, serving, sql) == local.execute(sql).fetchall(), sql


def test_every_hostile_statement_is_refused_over_the_wire(client: duckdb.DuckDBPyConnection, serving: Serving) -> None:
    before = (serving.warehouse.stat().st_size, serving.warehouse.stat().st_mtime_ns)
    for statement in STATEMENTS:
        with pytest.raises(duckdb.Error, match="Refused"):
            ask(client, serving, statement)
    assert ask(client, serving, "select 1") == [(1,)]
    assert (serving.warehouse.stat().st_size, serving.warehouse.stat().st_mtime_ns) == before
    assert not list(Path("/tmp").glob("kommunlager-hostile*"))


def test_an_attached_client_reads_and_cannot_write(serving: Serving, warehouse: Path) -> None:
    with serving.client() as client, duckdb.connect(str(warehouse), read_only=True) as local:
        client.execute(f"attach '{serving.uri}' as remote")
        for table in ("marts.report_values", "marts.target_outcome", "raw.cell", "vocabulary.units"):
            sql = "select * from {} order by all"
            theirs = client.execute(sql.format(f"remote.{table}")).fetchall()
            assert theirs == local.execute(sql.format(table)).fetchall(), table
        assert client.execute("from remote.query('select count(*) from marts.report_values')").fetchall() == [(639,)]
        for statement in (
            "create table remote.marts.new (a int)",
            "insert into remote.marts.dim_unit select * from remote.marts.dim_unit",
            "drop view remote.marts.coverage",
            "drop table remote.raw.cell",
            "delete from remote.marts.dim_unit",
            "update remote.marts.dim_unit set unit_key = 'x'",
            "create schema remote.new",
        ):
            with pytest.raises(duckdb.Error):
                client.execute(statement)
        assert client.execute("from remote.query('select count(*) from marts.report_values')").fetchall() == [(639,)]


def test_a_wrong_token_opens_nothing_and_is_in_the_log(serving: Serving) -> None:
    with serving.client("another-token-0123456789") as client, pytest.raises(duckdb.Error, match="Authentication"):
        ask(client, serving, "select 1")
    assert serving.wait_for("not admitted")["level"] == "warning"
    assert "another-token" not in serving.log.read_text(encoding="utf-8")


def test_the_log_says_who_asked_what_and_what_came_of_it(client: duckdb.DuckDBPyConnection, serving: Serving) -> None:
    mark = f"select {time.time_ns()} as mark"
    ask(client, serving, mark)
    ask(client, serving, mark)
    with pytest.raises(duckdb.Error, match="longer than 5 seconds"):
        ask(client, serving, "select count(*) from range(9999999) as a, range(9999999) as b")
    with pytest.raises(duckdb.Error, match="not_there"):
        ask(client, serving, "select not_there from marts.dim_unit")
    lines = serving.lines()
    first, again = (line for line in lines if line.get("sql") == mark)
    assert {"reader", "session", "ms", "rows", "release", "timestamp"} <= set(first)
    assert (first["outcome"], first["rows"], again["cached"]) == ("answered", 1, True)
    assert re.fullmatch("[0-9a-f]{12}", first["session"])
    assert {line["outcome"] for line in lines if line["event"] == "query"} >= {"answered", "stopped", "failed"}
    assert TOKEN not in serving.log.read_text(encoding="utf-8")


def test_new_releases_are_followed_and_no_query_fails(start: Start) -> None:
    serving = start("--log-queries", "hash")
    with serving.client() as client:
        for number in range(1, 4):
            assert ask(client, serving, "select count(*) from marts.report_values") == [(639,)]
            release(serving.warehouse, number, serving.warehouse)
            until = time.monotonic() + 60
            while ask(client, serving, "select file_name from raw.report limit 1") != [(f"release {number}",)]:
                assert time.monotonic() < until
                time.sleep(0.05)
    assert "sql_sha256" in serving.wait_for("query")
    answered_from = {line["release"] for line in serving.lines() if line.get("outcome") == "answered"}
    assert answered_from == {f"20300101T00000{number}Z-00000000" for number in range(4)}
    assert not [line for line in serving.lines() if line["level"] != "info"]
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(30) == 0
    assert serving.lines()[-1]["event"] == "stopped"


def release(link: Path, number: int, source: Path, *, content: bytes | None = None) -> None:
    """Another release, laid out as a refresh does: a folder each, the file in it always of the same name."""
    database = link.parent / "releases" / f"20300101T00000{number}Z-00000000" / link.name
    database.parent.mkdir(parents=True)
    if content is None:
        shutil.copyfile(source.resolve(), database)
        with duckdb.connect(str(database)) as connection:
            connection.execute("update raw.report set file_name = ?", [f"release {number}"])
    else:
        database.write_bytes(content)
    new_link = link.with_name(".new.link")
    new_link.symlink_to(database.relative_to(link.parent))
    new_link.replace(link)


@pytest.mark.slow
def test_a_release_that_cannot_be_opened_leaves_the_one_before(start: Start) -> None:
    serving = start()
    release(serving.warehouse, 1, serving.warehouse, content=b"no database")
    assert "cannot be opened" in serving.wait_for("release not opened; the one before stays")["error"]
    with serving.client() as client:
        assert ask(client, serving, "select count(*) from marts.report_values") == [(639,)]


def test_a_port_that_is_taken_is_said(serving: Serving, warehouse: Path, tmp_path: Path) -> None:
    port = serving.uri.rpartition(":")[2]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(warehouse), "--port", port),
        ],
        env=os.environ | {"KOMMUNLAGER_SERVE_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert "Address already in use" in done.stderr
    assert TOKEN not in done.stderr + done.stdout


@pytest.mark.slow
def test_many_clients_through_publications_among_hostile_ones(warehouse: Path, tmp_path: Path) -> None:
    """The measurement of ``tools/bench_serving.py``: short, or as long as `make soak` says."""
    with duckdb.connect() as connection:
        load_client(connection)
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import bench_serving
    finally:
        sys.path.remove(str(ROOT / "tools"))
    soak = float(os.environ.get("KOMMUNLAGER_SOAK_SERVING", "0"))
    folder, publications = tmp_path / "w", 10 if soak else 3
    if soak:
        measured = bench_serving.measure(folder, warehouse, 50, soak, publications, 1.0, 5, soak / 5)
    else:
        measured = bench_serving.measure(folder, warehouse, 10, 8.0, publications, 0.3, 5, 2.0)
    assert measured.errors == []
    assert measured.different == 0
    assert measured.publications == publications
    assert len(measured.remote_ms) > 20
    assert measured.hostile_statements > 0
    assert measured.peak_mb < bench_serving.MEMORY_MB
    if soak:
        assert measured.hostile_ratio < 1.5
