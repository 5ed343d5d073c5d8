"""Measure the server for many readers: 50 clients, five minutes, ten publications, against files opened locally.

Belongs here: asking the same questions over Quack and of the local file, in turn, while releases are published and
hostile clients send whatever would crash, hold or fill a server. Does not belong here: the server. Needs a published
warehouse with its working file, and the extension httpfs for the clients.

    python tools/bench_serving.py [--clients N] [--seconds N] [--publications N] [--pause SECONDS] [--hostile N]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import duckdb

ROOT = Path(__file__).resolve().parents[1]
MEMORY_MB = 3000
"""The limit that the server is given."""

WAREHOUSE = ROOT / "warehouse" / "kommunlager.duckdb"

QUESTIONS = (
    """select municipality_name, committee, kind, count(*) as figures, sum(amount_sek) as amount_sek
       from marts.report_values where is_current group by all order by all""",
    """select row_label, column_label, value_text, unit from marts.report_values
       where municipality_name = 'Gävle' order by report_id, table_seq, row_index, col_index, part_index limit 200""",
    """select r.title, f.statement, count(*) as amounts, sum(f.amount_sek) as amount_sek
       from marts.fct_financial as f inner join marts.dim_report as r using (report_key) group by all order by all""",
    """select municipality_name, year, count(*) filter (where is_met) as met, count(is_met) as judged
       from marts.target_outcome group by all order by all""",
    """select account_name, budget_sek, actual_sek, variance_computed_sek from marts.budget_variance
       where is_total order by abs(variance_computed_sek) desc nulls last, report_id, table_seq, row_index
       limit 20""",
    "select count(*) as reports, sum(page_count) as pages from marts.dim_report",
)
"""What analysts and dashboards ask: the wide view, the star, the two heavy views, and a small one."""


@dataclass
class Measured:
    """What the clients saw."""

    attached_ms: list[float] = field(default_factory=list)
    """``from warehouse.query('…')`` of a client that stays attached."""
    single_ms: list[float] = field(default_factory=list)
    """``from quack_query(…)``: a session for each query."""
    local_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    different: int = 0
    """Answers over Quack that are not those of the local file."""
    publications: int = 0
    releases: int = 0
    """Releases that the server answered from."""
    quiet_ms: list[float] = field(default_factory=list)
    """Over Quack, before the hostile clients began."""
    hostile_ms: list[float] = field(default_factory=list)
    """Over Quack, while they went on."""
    hostile_statements: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    """Of the hostile clients' statements, as the server's log has them."""
    peak_mb: float = 0
    """Of all processes of the server together, what they share counted once (looked at twice a second)."""

    @property
    def ratio(self) -> float:
        """Median over Quack, both ways together, by median of the local file."""
        return median(self.remote_ms) / median(self.local_ms)

    @property
    def hostile_ratio(self) -> float:
        """Median over Quack with the hostile clients, by median without."""
        return median(self.hostile_ms) / median(self.quiet_ms)

    @property
    def remote_ms(self) -> list[float]:
        """Both ways of asking over Quack."""
        return self.attached_ms + self.single_ms


@contextmanager
def serving(warehouse: Path, hostile: int) -> Iterator[tuple[str, str, list[str], Path, int]]:
    """A server in a process of its own: address, token of the clients, those of hostile ones, log, and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token, *others = (os.urandom(16).hex() for _ in range(hostile + 1))
    token_file = warehouse.parent / "tokens"
    token_file.touch(0o600)
    lines = [f"analysts:{token}", *(f"hostile-{number}:{other}" for number, other in enumerate(others))]
    token_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = warehouse.parent / "serve.log"
    command = [sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(warehouse), "--port", str(port)]
    options = ["--token-file", str(token_file), "--memory", str(MEMORY_MB)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, *options], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert process.stdout is not None
            if not process.stdout.readline().startswith("serving"):
                raise RuntimeError(log.read_text(encoding="utf-8"))
            yield f"quack:127.0.0.1:{port}", token, others, log, process.pid
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()


CLIENTS = """
import json, random, sys, threading, time
from pathlib import Path
import duckdb
from dagster_project.serving.extensions import load_extension
questions, uri, token, warehouse, clients, seconds, pause, seed = json.loads(sys.argv[1])
result = {"attached_ms": [], "single_ms": [], "local_ms": [], "errors": [], "different": 0}
lock = threading.Lock()
ready = threading.Barrier(clients + 1)
until = 0.0
published = threading.Event()

def wait_for_publications():
    sys.stdin.readline()
    published.set()

def client(number):
    chance = random.Random(seed * 1000 + number)
    remote = duckdb.connect(config={"threads": 1})
    remote.execute("set enable_progress_bar = false")
    remote.execute("load httpfs")
    remote.execute("load quack")
    remote.execute(f"create secret (type quack, token '{token}')")
    remote.execute(f"attach '{uri}' as warehouse")
    local = duckdb.connect(warehouse, read_only=True)
    local.execute("set enable_progress_bar = false")
    ready.wait()
    ready.wait()
    time.sleep(chance.random() * pause)
    while time.monotonic() < until or not published.is_set():
        sql = chance.choice(questions)
        if chance.random() < 0.5:  # nobody has asked that before
            sql += f" -- {chance.random()}"
        answers = {}
        over_quack = chance.choice([
            ("attached_ms", remote, f"from warehouse.query($q${sql}$q$)"),
            ("single_ms", remote, f"from quack_query('{uri}', $q${sql}$q$)"),
        ])
        ways = [over_quack, ("local_ms", local, sql)]
        chance.shuffle(ways)
        for name, connection, text in ways:
            began = time.perf_counter()
            try:
                answers[name] = connection.execute(text).fetchall()
                with lock:
                    result[name].append((time.monotonic(), (time.perf_counter() - began) * 1e3))
            except Exception as error:
                with lock:
                    result["errors"].append(f"{name}: {str(error)[:200]}")
        with lock:
            result["different"] += len(answers) == 2 and answers[over_quack[0]] != answers["local_ms"]
        time.sleep(chance.random() * 2 * pause)

for name in ("httpfs", "quack"):
    load_extension(duckdb.connect(), name)
threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
for thread in threads: thread.start()
ready.wait()
print("READY", flush=True)
sys.stdin.readline()
until = time.monotonic() + seconds
ready.wait()
threading.Thread(target=wait_for_publications, daemon=True).start()
for thread in threads: thread.join()
print("RESULT" + json.dumps(result))  # DuckDB may have drawn a progress bar before
"""

HOSTILE = """
import http.client, itertools, json, random, sys, threading
from dagster_project.serving import quack
from tests.hostile_statements import COSTLY
port, tokens, seed = json.loads(sys.argv[1])
CLIENT = ("v1.5.5", "linux_amd64", 1, 1)

def post(message):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("POST", "/quack", message)
        return connection.getresponse().read()
    finally:
        connection.close()

def client(number, token):
    chance = random.Random(seed + number)
    for turn in itertools.count():
        sql = chance.choice(COSTLY)
        if turn % 2:  # not the same text again
            sql += f" -- {chance.random()}"
        try:
            session = quack.read_header(post(quack.connect(token, CLIENT))).session
            post(quack.prepare(session, sql))
            post(quack.disconnect(session))
        except (OSError, http.client.HTTPException):
            pass

for number, token in enumerate(tokens):
    threading.Thread(target=client, args=(number, token), daemon=True).start()
print("READY", flush=True)
sys.stdin.readline()
"""


def measure(
    folder: Path,
    warehouse: Path,
    clients: int,
    seconds: float,
    publications: int,
    pause: float,
    hostile: int = 0,
    quiet_seconds: float = 0.0,
) -> Measured:
    """Run everything in ``folder`` on a copy of ``warehouse``.

    Args:
        folder: an empty folder.
        warehouse: link to a published warehouse, with ``.state/working.duckdb`` beside it.
        clients: how many ask at a time, each over Quack and, in turn, of the local file opened once.
        seconds: how long.
        publications: real ones, evenly spread.
        pause: mean seconds that a client waits between two questions; 0 asks without a pause.
        hostile: how many more clients, each with a token of its own, send without pause what would take the server
            from the others.
        quiet_seconds: how much later than the others those begin.
    """
    link = _copied(folder, warehouse)
    processes = max(1, clients // 10)
    with serving(link, hostile) as (uri, token, others, log, server):
        started = [
            subprocess.Popen(
                [
                    *(sys.executable, "-c", CLIENTS),
                    json.dumps([QUESTIONS, uri, token, str(link), share, seconds, pause, number]),
                ],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number, share in enumerate(_shares(clients, processes))
        ]
        for process in started:
            assert process.stdout is not None
            while process.stdout.readline().strip()[-5:] not in ("READY", ""):
                pass
        measured = Measured()
        ended = threading.Event()
        watcher = threading.Thread(target=_watch_memory, args=(server, measured, ended))
        watcher.start()
        publisher = threading.Thread(target=_publish, args=(link, seconds, publications, measured))
        publisher.start()
        for process in started:  # all of them first: communicate() waits for the end
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        time.sleep(quiet_seconds)
        hostile_since = time.monotonic()
        attack = subprocess.Popen(
            [sys.executable, "-c", HOSTILE, json.dumps([int(uri.rpartition(":")[2]), others, 1])],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        publisher.join()
        for process in started:  # they go on until all publications are made, however slow the machine
            assert process.stdin is not None
            process.stdin.write("published\n")
            process.stdin.flush()
        for process in started:
            out, _ = process.communicate(timeout=seconds + 300)
            said = json.loads(out.rpartition("RESULT")[2])
            for moment, ms in said["attached_ms"] + said["single_ms"]:
                (measured.quiet_ms if moment < hostile_since else measured.hostile_ms).append(ms)
            measured.attached_ms += [ms for _, ms in said["attached_ms"]]
            measured.single_ms += [ms for _, ms in said["single_ms"]]
            measured.local_ms += [ms for _, ms in said["local_ms"]]
            measured.errors += said["errors"]
            measured.different += said["different"]
        attack.kill()
        attack.wait()
        ended.set()
        watcher.join()
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    measured.releases = len({line["release"] for line in lines if line.get("outcome") == "answered"})
    outcomes = Counter(line["outcome"] for line in lines if str(line.get("reader")).startswith("hostile"))
    measured.outcomes, measured.hostile_statements = dict(outcomes), outcomes.total()
    return measured


def _watch_memory(process: int, measured: Measured, ended: threading.Event) -> None:
    while not ended.wait(0.5):
        measured.peak_mb = max(measured.peak_mb, sum(_proportional_mb(one) for one in _family(process)))


def _family(root: int) -> list[int]:
    found, left = [], [root]
    while left:
        process = left.pop()
        found.append(process)
        with suppress(OSError):
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                left += [int(child) for child in children.read_text(encoding="ascii").split()]
    return found


def _proportional_mb(process: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _copied(folder: Path, warehouse: Path) -> Path:
    first = folder / "releases" / "first" / warehouse.name
    first.parent.mkdir(parents=True)
    shutil.copyfile(warehouse.resolve(), first)
    (folder / ".state").mkdir()
    shutil.copyfile(warehouse.parent / ".state" / "working.duckdb", folder / ".state" / "working.duckdb")
    link = folder / warehouse.name
    link.symlink_to(first.relative_to(folder))
    return link


def _shares(clients: int, processes: int) -> list[int]:
    return [clients // processes + (number < clients % processes) for number in range(processes)]


def _publish(link: Path, seconds: float, publications: int, measured: Measured) -> None:
    from dagster_project.settings import Settings
    from dagster_project.warehouse.release.publishing import publish

    settings = Settings(warehouse=link, state=link.parent / ".state")
    began = time.monotonic()
    for number in range(1, publications + 1):
        time.sleep(max(0.0, began + number * seconds / (publications + 1) - time.monotonic()))
        with duckdb.connect(str(settings.working_file)) as working:  # or there would be nothing new to publish
            working.execute("update raw.report set title = ?", [f"publication {number}"])
        measured.publications += publish(settings).is_new


def section(
    clients: int = 50, seconds: float = 300, publications: int = 10, pause: float = 1.0, hostile: int = 5
) -> str:
    """The section of the benchmarks page, in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(
            Path(folder) / "warehouse", WAREHOUSE, clients, seconds, publications, pause, hostile, seconds / 2
        )
    return _page(measured, clients, seconds, pause, hostile)


def _page(measured: Measured, clients: int, seconds: float, pause: float, hostile: int) -> str:
    def row(name: str, times: Sequence[float]) -> str:
        return (
            f"| {name} | {len(times):,} | {median(times):.1f} | {quantiles(times, n=20)[18]:.1f} | {max(times):.0f} |"
        )

    return f"""## Many readers

{clients} clients for at least {seconds:.0f} seconds, each with a pause of {pause:g} seconds on average between
two questions and each asking the same question over Quack and of the file opened locally, in turn, half of them in
words that nobody has used before;
{measured.publications} publications meanwhile (answers came from {measured.releases} releases).
Load of the machine at the end: {os.getloadavg()[1]:.1f}.

| asked | queries | median ms | 95 % ms | slowest ms |
| --- | --- | --- | --- | --- |
{row("over Quack, attached: `from warehouse.query('…')`", measured.attached_ms)}
{row("over Quack, a session for each query: `from quack_query(…)`", measured.single_ms)}
{row("over Quack, both", measured.remote_ms)}
{row("local file, read-only", measured.local_ms)}

In the second half {hostile} hostile clients sent without pause what crashes, holds or fills a DuckDB
(`tests/hostile_statements.py`): {measured.hostile_statements:,} statements, which were
{", ".join(f"{outcome} {count:,} times" for outcome, count in sorted(measured.outcomes.items()))}.
Median over Quack before {median(measured.quiet_ms):.1f} ms, meanwhile {median(measured.hostile_ms):.1f} ms:
**{measured.hostile_ratio:.2f}** times (wanted: at most 1.5). Most memory of all processes of the server:
{measured.peak_mb:,.0f} MB of {MEMORY_MB:,}.

Failed queries: {len(measured.errors)}. Answers that differ from the local file's: {measured.different}. Median over
Quack by local median: **{measured.ratio:.2f}** (wanted: at most 3).
""" + "".join(f"\n- {error}" for error in sorted(set(measured.errors))[:10])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--publications", type=int, default=10)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between two questions of a client")
    parser.add_argument("--hostile", type=int, default=5, help="hostile clients, from the middle on")
    arguments = parser.parse_args()
    print(section(arguments.clients, arguments.seconds, arguments.publications, arguments.pause, arguments.hostile))


if __name__ == "__main__":
    main()
