"""What would take the server from its readers: statements that crash, hold or fill it, and requests that are none.

Each is really done, against real processes; none may cost anybody else an answer.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from dagster_project.serving import quack, workers
from dagster_project.serving.shares import LIGHT_SECONDS, Shares, fairest
from dagster_project.serving.tokens import MOST_SLOWED, Guesses, Reader, Tokens
from dagster_project.serving.workers import StatementError
from tests import test_serving
from tests.hostile_statements import COSTLY, CRASHING, FILLING, HOLDING, SWELLING
from tests.test_serving import TOKEN, Pool, Serving, Start, ask, release

start = test_serving.start

ANNA, BO, MALLORY = "token-of-anna-0123456789", "token-of-bo-0123456789", "token-of-mallory-0123456789"
READERS = f"anna:{ANNA}\nbo:{BO}\nmallory:{MALLORY}\n"


@pytest.fixture(scope="module")
def pool(warehouse: Path) -> Iterator[Pool]:
    made = Pool(warehouse, seconds=1, turn_seconds=300, answer_mb=5, memory_mb=1500, running=3)
    yield made
    made.close()


@pytest.mark.slow
def test_whatever_a_statement_does_it_does_it_to_itself(pool: Pool) -> None:
    """All of them from one reader, many at a time, while another reader asks."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = {sql: pool.begin(pool.workers.answer("mallory", sql)) for sql in COSTLY}
    asked = 0
    while not all(one.done() for one in begun.values()):
        assert pool.ask(f"select {asked} as a", "anna") == [{"a": asked}]
        asked += 1
        time.sleep(0.05)
    assert asked > 10
    for sql, one in begun.items():
        wrong = one.exception()
        if wrong is None:  # DuckDB made short work of it, within the limits
            one.result().close()
        else:
            assert isinstance(wrong, StatementError), (sql[:80], wrong)
            assert str(wrong)
    outcomes = {sql: getattr(one.exception(), "outcome", "answered") for sql, one in begun.items()}
    assert {outcomes[sql] for sql in CRASHING[:1]} == {"crashed"}
    assert {outcomes[sql] for sql in HOLDING if "levenshtein(repeat('a', 2" in sql or "99999999)" in sql} == {"stopped"}
    assert {outcomes[sql] for sql in (*FILLING[:7], *SWELLING)} == {"stopped"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 100_000, "nothing of it came here"
    assert pool.said == [], "every process was replaced"


def test_a_statement_that_cost_a_process_is_not_tried_again_at_once(pool: Pool) -> None:
    with pytest.raises(StatementError, match="SIGSEGV"):
        pool.ask(CRASHING[0] + " ", "bo")
    processes = set(pool.processes())
    with pytest.raises(StatementError, match="not tried again"):
        pool.ask(CRASHING[0] + " ", "bo")
    assert processes <= set(pool.processes())


def test_a_process_that_the_system_took_costs_nobody_an_answer(pool: Pool) -> None:
    fork_server = _parent_of(pool.living()[0])
    for victims in (pool.living(), [fork_server]):
        for process in victims:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.5)
        for number in range(10):
            assert pool.ask(f"select {number} as b") == [{"b": number}]
    assert not set(pool.processes()) & set(victims)
    pool.said.clear()


def _parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_processes_hold_no_secret_and_are_held_by_the_system(pool: Pool) -> None:
    os.environ["KOMMUNLAGER_TEST_SECRET"] = "a-secret-that-stays"
    try:
        assert pool.ask("select 1 as c")
        processes = pool.living()
        fork_server = _parent_of(processes[0])
        assert "KOMMUNLAGER" not in Path(f"/proc/{fork_server}/environ").read_text()
        assert pool.workers.holds["missing"] or pool.workers.holds["open"] == []
        for process in processes:
            assert _parent_of(process) == fork_server
            files = {name: Path(f"/proc/{process}/{name}").read_text() for name in ("status", "limits")}
            assert "NoNewPrivs:\t1" in files["status"]
            if "capabilities" in pool.workers.holds["in_force"]:
                assert "CapEff:\t0000000000000000" in files["status"]
            if "system calls" in pool.workers.holds["in_force"]:
                assert "Seccomp:\t2" in files["status"]
            limits = {line[:26].strip(): line[26:].split()[0] for line in files["limits"].splitlines()[1:]}
            assert int(limits["Max address space"]) < 1_500_000_000
            assert limits["Max core file size"] == "0"
            assert int(limits["Max open files"]) <= 64
            assert limits["Max cpu time"] != "unlimited"
    finally:
        del os.environ["KOMMUNLAGER_TEST_SECRET"]


def test_long_queries_give_way_when_others_wait(warehouse: Path) -> None:
    long = "select sum(sin(i)) from range(99999999999) as t(i) where i <> {}"
    pool = Pool(warehouse, seconds=60, answer_mb=5, memory_mb=1500, running=2, threads=1)
    try:
        begun = [pool.begin(pool.workers.answer("mallory", long.format(number))) for number in range(3)]
        for number in range(5):
            assert pool.ask(f"select {number} as a", "anna") == [{"a": number}]
        stopped = [one for one in begun if one.done()]
        assert 1 <= len(stopped) <= 2, "one long query goes on in the background"
        for one in stopped:
            with pytest.raises(StatementError, match="others wait"):
                one.result()
        for one in begun:
            one.cancel()
    finally:
        pool.close()


def test_a_query_that_has_to_leave_before_it_is_long_gets_another_turn(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(workers, "LONG_CPU_SECONDS", 1000.0)  # as on a machine where no query gets far
    pool = Pool(warehouse, seconds=60, answer_mb=5, memory_mb=1500, running=1, threads=1)
    ended: list[BaseException | None] = []
    monkeypatch.setattr(Shares, "charge", lambda *_: ended.append(sys.exception()))
    try:
        small = "select sum(sin(i)) > 0 as a, {} as b from range(20000000) as t(i)"
        asked = [pool.begin(pool.workers.answer(f"reader {number}", small.format(number))) for number in range(6)]
        for number, one in enumerate(asked):
            with one.result(60) as answer:
                assert answer.table().to_pylist()[0]["b"] == number
        assert any(isinstance(one, workers._PutBackError) for one in ended), "none had to leave"
    finally:
        pool.close()


def test_a_query_that_nobody_waits_for_is_ended(pool: Pool) -> None:
    async def given_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await pool.workers.answer("bo", "select count(*) from range(9000000000) as t(i) where sin(i) < 2")

    pool.run(given_up())
    assert pool.ask("select 1 as d", "bo") == [{"d": 1}]


def test_a_query_keeps_its_release_and_the_next_has_the_new_one(warehouse: Path, tmp_path: Path) -> None:
    link = tmp_path / "kommunlager.duckdb"
    release(link, 0, warehouse)
    pool = Pool(link, seconds=60, answer_mb=5, memory_mb=1500, running=1, threads=1)
    try:
        slow = "select min(file_name) as name, count(*) from raw.report, range(30000000) as t(i) where sin(i) < 2"
        running = pool.begin(pool.workers.answer("anna", slow))
        release(link, 1, link)
        assert pool.run(pool.workers.follow()) == "20300101T000001Z-00000000"
        assert pool.ask("select min(file_name) as name from raw.report") == [{"name": "release 1"}]
        with running.result(60) as answer:
            assert answer.release[0] == "20300101T000000Z-00000000"
            assert answer.table().to_pylist()[0]["name"] != "release 1"
    finally:
        pool.close()


# --- shares -----------------------------------------------------------------------------------------------------------


def test_shares_are_of_the_last_minute() -> None:
    now = [0.0]
    shares = Shares(20.0, lambda: now[0])
    shares.charge("anna", LIGHT_SECONDS - 1)
    assert shares.is_light("anna")
    shares.charge("anna", 0.1, penalty=LIGHT_SECONDS)
    assert not shares.is_light("anna")
    assert shares.may_begin("anna")
    shares.charge("anna", 20)
    assert not shares.may_begin("anna")
    assert shares.may_begin("bo")
    now[0] = 61.0
    assert shares.weight("anna") == 0
    assert shares.may_begin("anna")


def test_many_small_statements_weigh_nothing() -> None:
    shares = Shares(None)
    for _ in range(10_000):
        shares.charge("many people", 0.05)
    assert shares.is_light("many people")


def test_the_only_reader_has_nobody_to_share_with() -> None:
    shares = Shares(None)
    shares.is_shared = False
    shares.charge("anna", 1000)
    assert shares.is_light("anna")


def test_who_weighs_least_is_next_and_equals_take_turns() -> None:
    came = ["mallory 1", "anna 1", "anna 2", "mallory 2", "anna 3", "bo 1", "bo 2"]
    waiting = [SimpleNamespace(reader=one.split()[0], name=one) for one in came]
    weights = {"mallory": 9.0, "anna": 0.2, "bo": 0.0}
    order = [one.name for one in fairest(waiting, lambda name: weights[name])]
    assert order == ["anna 1", "bo 1", "anna 2", "bo 2", "anna 3", "mallory 1", "mallory 2"]


def test_refused_statements_without_end_are_answered_ever_more_slowly() -> None:
    shares = Shares(None)
    pauses = [shares.pause_after_offence("mallory") for _ in range(100)]
    assert pauses[0] == pauses[10] == 0
    assert pauses == sorted(pauses)
    assert 0 < pauses[-1] < 1
    assert shares.pause_after_offence("anna") == 0


# --- wrong tokens -----------------------------------------------------------------------------------------------------


def test_guesses_are_slowed_and_readers_from_there_are_not() -> None:
    anna, bo = Reader("anna", ANNA), Reader("bo", BO)

    async def attack() -> tuple[list[bool], float]:
        guesses = Guesses()
        assert guesses.is_passed("10.0.0.1", anna)
        began = time.monotonic()

        async def guess() -> bool:
            async with guesses.slowed("10.0.0.1") as was_looked_at:
                return was_looked_at

        tasks = [asyncio.create_task(guess()) for _ in range(50)]
        await asyncio.sleep(0.05)  # the first few are through by now
        tasks += [asyncio.create_task(guess()) for _ in range(10)]
        await asyncio.sleep(0.05)
        assert guesses.is_passed("10.0.0.1", anna), "who was let in before does not wait"
        assert not guesses.is_passed("10.0.0.1", bo), "nobody learns in a flood that a token is right"
        assert guesses.is_passed("10.0.0.2", bo), "elsewhere nothing has changed"
        return await asyncio.gather(*tasks), time.monotonic() - began

    looked_at, _ = asyncio.run(attack())
    assert 3 <= sum(looked_at) <= MOST_SLOWED + 3


def test_tokens_are_masked_in_what_is_logged() -> None:
    tokens = Tokens(None, (Reader("anna", ANNA),))
    for text in (
        f"select '{ANNA}'",
        f"from quack_query('quack:x', 'select 1', token => '{ANNA}')",
        "from quack_query('quack:x', 'select 1', token => 'another-secret')",
        "create secret (type quack, token 'another-secret')",
        'create secret (type quack, TOKEN "another-secret")',
        "create secret (type quack, token $a$another-secret$a$)",
        "create secret (type quack, token 'another-secret",
    ):
        masked = tokens.masked(text)
        assert ANNA not in masked
        assert "another-secret" not in masked
        assert "***" in masked
    for text in ("token" + " " * 190_000, "token '" * 30_000, "token $a" * 24_000, "token $a$ " * 20_000):
        assert len(tokens.masked(text)) > 0, "in no time"
    plain = "select token_count, 'x' from marts.dim_unit"
    assert tokens.masked(plain) == plain


# --- requests ---------------------------------------------------------------------------------------------------------


def post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = ["POST /quack HTTP/1.1", "Host: x", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


SESSION = "0123456789ABCDEF" * 2

REQUESTS: dict[str, bytes] = {
    "nothing": b"",
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "a line without end": b"GET /" + b"a" * 100_000,
    "a header without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
    "headers without end": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000,
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "another method": b"DELETE /quack HTTP/1.1\r\nHost: x\r\n\r\n",
    "a page": b"GET /quack HTTP/1.1\r\nHost: x\r\n\r\n",
    "another path": b"POST /../../etc/passwd HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "another site": b"OPTIONS /quack HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n",
    "a length that is none": b"POST /quack HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /quack HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "length and chunks": post(b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunks that are none": b"POST /quack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a body of 600 MB": post(b"x" * 1000, length=600_000_000),
    "a connection of 600 MB": post(quack.connect("x" * 64, ("v1.5.5", "linux", 1, 1)), length=600_000_000),
    "a length beyond numbers": post(b"x", length=10**40),
    "a statement without a session": post(quack.prepare(SESSION, "select 1")),
    "a long statement without a session": post(quack.prepare(SESSION, "x" * 500_000)),
    "more of an answer without a session": post(quack.fetch(SESSION, quack.new_name(b"0" * 16))),
    "an end without a session": post(quack.disconnect(SESSION)),
    "an empty body": post(b""),
    "a header alone": post(b"\x01\x00\x03\xff\xff"),
    "a header cut off": post(b"\x01\x00\x03\x02\x00\x20ABC"),
    "a number without end": post(b"\x01\x00" + b"\xff" * 100),
    "a text that is too long": post(b"\x01\x00\x01\xff\xff\x01\x00\xff\xff\xff\xff\x0f"),
    "a kind of no one": post(b"\x01\x00\x7b\xff\xff\xff\xff"),
    "an answer": post(quack.success()),
    "a text that is none": post(b"\x01\x00\x01\xff\xff\x01\x00\x02\xff\xfe\xff\xff"),
    "more than a message": post(quack.connect("x" * 20, ("v1.5.5", "linux", 1, 1)) + b"more"),
    "no token": post(quack.connect("", ("v1.5.5", "linux", 1, 1))),
    "a token of no one": post(quack.connect("y" * 40, ("v1.5.5", "linux", 1, 1))),
    "a token with a zero": post(quack.connect(TOKEN + "\0", ("v1.5.5", "linux", 1, 1))),
    "a token with a quotation mark": post(quack.connect("' or true --", ("v1.5.5", "linux", 1, 1))),
    "rows without a session": post(b"\x01\x00\x09\x02\x00\x20" + SESSION.encode() + b"\xff\xff\xff\xff"),
    "fields in another order": post(b"\x03\x00\x01\x01\x00\x03\xff\xff\xff\xff"),
    "noise": post(bytes(range(256)) * 10),
}


@pytest.fixture(scope="module")
def shared(start: Start) -> Serving:
    return start("--seconds", "3", "--answer", "20", "--memory", "1500", "--running", "2", readers=READERS)


@pytest.fixture(scope="module")
def anna(shared: Serving) -> Iterator[duckdb.DuckDBPyConnection]:
    with shared.client(ANNA) as connection:
        yield connection


def port_of(serving: Serving) -> int:
    return int(serving.uri.rpartition(":")[2])


def sent(serving: Serving, request: bytes) -> bytes:
    """All that comes back for it, until the server closes or says no more."""
    with socket.create_connection(("127.0.0.1", port_of(serving)), timeout=15) as connection:
        came = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                came += part
        except OSError:  # closed meanwhile
            pass
        return came


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_is_none_gets_nothing(shared: Serving, anna: duckdb.DuckDBPyConnection, name: str) -> None:
    came = sent(shared, REQUESTS[name])
    assert b"Access-Control" not in came
    if came.startswith(b"HTTP/1.1 200"):
        body = came.partition(b"\r\n\r\n")[2]
        assert quack.error_of(body) in ("Invalid connection id", "Authentication failed")
    else:
        assert came == b"" or came[9:10] == b"4", came[:100]
    assert shared.process.poll() is None
    assert ask(anna, shared, "select 1") == [(1,)]


def test_rows_to_append_are_refused(shared: Serving) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(shared), timeout=15)

    def said(message: bytes) -> bytes:
        connection.request("POST", "/quack", message)
        return connection.getresponse().read()

    welcome = said(quack.connect(ANNA, ("v1.5.5", "linux_amd64", 1, 1)))
    session = quack.read_header(welcome).session
    append = quack.disconnect(session).replace(b"\x01\x00\x0b", b"\x01\x00\x09", 1)[:-2]
    assert "Refused" in (quack.error_of(said(append + b"\x01\x00\x04main\x02\x00\x01u\xff\xff")) or "")
    assert quack.read_header(said(quack.prepare(session, "select 1"))).kind == quack.Kind.PREPARED
    assert quack.error_of(said(quack.fetch(session, quack.new_name(b"1" * 16)))) is not None
    assert said(quack.disconnect(session)) == quack.success()
    assert quack.error_of(said(quack.prepare(session, "select 1"))) == "Invalid connection id"
    connection.close()


def test_slow_strangers_do_not_keep_readers_out(shared: Serving, anna: duckdb.DuckDBPyConnection) -> None:
    """More than there are places, from the very address of the reader: silent, with half a head, with half a body."""
    half = post(quack.prepare(SESSION, "select 1"))
    with ExitStack() as stack:
        for number in range(300):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(shared)), timeout=5))
            slow.sendall((b"", half[:20], half[:-10])[number % 3])
        for number in range(20):
            assert ask(anna, shared, f"select {number} as slow") == [(number,)]


def test_a_flood_of_wrong_tokens_keeps_no_reader_out(shared: Serving, anna: duckdb.DuckDBPyConnection) -> None:
    assert ask(anna, shared, "select 1") == [(1,)]
    with ExitStack() as stack:
        for number in range(60):
            guess = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(shared)), timeout=5))
            guess.sendall(post(quack.connect(f"guess-{number:020}", ("v1.5.5", "linux_amd64", 1, 1))))
        assert ask(anna, shared, "select 2") == [(2,)]
    until = time.monotonic() + 60
    with shared.client(MALLORY) as newcomer:  # who was never let in from there waits until the flood is over
        while True:
            with suppress(duckdb.Error):
                assert ask(newcomer, shared, "select 3") == [(3,)]
                break
            assert time.monotonic() < until
            time.sleep(0.1)
    assert "guess-0000" not in shared.log.read_text(encoding="utf-8")


def test_a_crash_costs_that_query_alone_and_the_log_names_it(shared: Serving, anna: duckdb.DuckDBPyConnection) -> None:
    with shared.client(MALLORY) as mallory:
        mallory.execute(f"attach '{shared.uri}' as remote")
        anna.execute(f"attach '{shared.uri}' as remote")
        statement = f"{CRASHING[0]} as crash, '{ANNA}' as stolen"
        with pytest.raises(duckdb.Error, match="died of it"):
            mallory.execute(f"from remote.query($q${statement}$q$)")
        assert mallory.execute("from remote.query('select 7')").fetchall() == [(7,)], "the session goes on"
        assert anna.execute("from remote.query('select 8')").fetchall() == [(8,)]
        anna.execute("detach remote")
    (line,) = (line for line in shared.lines() if "as stolen" in line.get("sql", ""))
    assert (line["reader"], line["outcome"]) == ("mallory", "crashed")
    assert "SIGSEGV" in line["reason"]
    assert ANNA not in shared.log.read_text(encoding="utf-8")


def test_statements_that_would_hold_the_server_hold_nobody(shared: Serving, anna: duckdb.DuckDBPyConnection) -> None:
    with ExitStack() as stack:
        connections = [http.client.HTTPConnection("127.0.0.1", port_of(shared), timeout=60) for _ in range(7)]
        for number, connection in enumerate(connections):
            stack.callback(connection.close)
            connection.request("POST", "/quack", quack.connect(MALLORY, ("v1.5.5", "linux_amd64", 1, 1)))
            session = quack.read_header(connection.getresponse().read()).session
            connection.request("POST", "/quack", quack.prepare(session, f"{HOLDING[number % 5]} -- {number}"))
        for number in range(30):
            assert ask(anna, shared, f"select {number} as held") == [(number,)]
        for connection in connections:
            # Each is told what became of it; a quick machine answers some in time.
            answer = quack.read_header(connection.getresponse().read())
            assert answer.kind in (quack.Kind.ERROR, quack.Kind.PREPARED)


def test_an_answer_in_parts_comes_whole_and_in_order(shared: Serving, anna: duckdb.DuckDBPyConnection) -> None:
    for count in (0, 1, 2_047, 2_048, 2_049, 24_576, 24_577, 300_000):
        rows = ask(anna, shared, f"select i, 'row ' || i as s from range({count}) as t(i)")
        assert rows == [(i, f"row {i}") for i in range(count)], count
    twice = ask(anna, shared, "select i from range(30000) as t(i)")
    assert ask(anna, shared, "select i from range(30000) as t(i)") == twice == [(i,) for i in range(30_000)]


def test_the_log_holds_json_and_no_token(shared: Serving) -> None:
    for line in shared.log.read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["event"]
        assert not any(token in line for token in (ANNA, BO, MALLORY))
