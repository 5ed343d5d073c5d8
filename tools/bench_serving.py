"""Measure the server for many readers: 50 clients, five minutes, ten publications, against files opened locally.

Belongs here: asking the same questions over Quack and of the local file, in turn, while releases are published. Does
not belong here: the server. Needs a published warehouse with its working file, and the extension httpfs for the
clients.

    python tools/bench_serving.py [--clients N] [--seconds N] [--publications N] [--pause SECONDS]
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import duckdb

ROOT = Path(__file__).resolve().parents[1]
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

    @property
    def ratio(self) -> float:
        """Median over Quack, both ways together, by median of the local file."""
        return median(self.remote_ms) / median(self.local_ms)

    @property
    def remote_ms(self) -> list[float]:
        """Both ways of asking over Quack."""
        return self.attached_ms + self.single_ms


@contextmanager
def serving(warehouse: Path, *options: str) -> Iterator[tuple[str, str, Path]]:
    """A server in a process of its own: its address, a token, and the file with its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = os.urandom(16).hex()
    log = warehouse.parent / "serve.log"
    command = [sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(warehouse), "--port", str(port)]
    environment = os.environ | {"KOMMUNLAGER_SERVE_TOKEN": token, "PYTHONPATH": str(ROOT)}
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, *options], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert process.stdout is not None
            if not process.stdout.readline().startswith("serving"):
                raise RuntimeError(log.read_text(encoding="utf-8"))
            yield f"quack:127.0.0.1:{port}", token, log
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
                    result[name].append((time.perf_counter() - began) * 1e3)
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


def measure(folder: Path, warehouse: Path, clients: int, seconds: float, publications: int, pause: float) -> Measured:
    """Run everything in ``folder`` on a copy of ``warehouse``.

    Args:
        folder: an empty folder.
        warehouse: link to a published warehouse, with ``.state/working.duckdb`` beside it.
        clients: how many ask at a time, each over Quack and, in turn, of the local file opened once.
        seconds: how long.
        publications: real ones, evenly spread.
        pause: mean seconds that a client waits between two questions; 0 asks without a pause.
    """
    link = _copied(folder, warehouse)
    processes = max(1, clients // 10)
    with serving(link) as (uri, token, log):
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
        publisher = threading.Thread(target=_publish, args=(link, seconds, publications, measured))
        publisher.start()
        for process in started:  # all of them first: communicate() waits for the end
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        publisher.join()
        for process in started:  # they go on until all publications are made, however slow the machine
            assert process.stdin is not None
            process.stdin.write("published\n")
            process.stdin.flush()
        for process in started:
            out, _ = process.communicate(timeout=seconds + 300)
            said = json.loads(out.rpartition("RESULT")[2])
            measured.attached_ms += said["attached_ms"]
            measured.single_ms += said["single_ms"]
            measured.local_ms += said["local_ms"]
            measured.errors += said["errors"]
            measured.different += said["different"]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    measured.releases = len({line["release"] for line in lines if line.get("outcome") == "answered"})
    return measured


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
    from dagster_project.warehouse.publishing import publish

    settings = Settings(warehouse=link, state=link.parent / ".state")
    began = time.monotonic()
    for number in range(1, publications + 1):
        time.sleep(max(0.0, began + number * seconds / (publications + 1) - time.monotonic()))
        with duckdb.connect(str(settings.working_file)) as working:  # or there would be nothing new to publish
            working.execute("update raw.report set title = ?", [f"publication {number}"])
        measured.publications += publish(settings).is_new


def section(clients: int = 50, seconds: float = 300, publications: int = 10, pause: float = 1.0) -> str:
    """The section of the benchmarks page, in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder) / "warehouse", WAREHOUSE, clients, seconds, publications, pause)
    return _page(measured, clients, seconds, pause)


def _page(measured: Measured, clients: int, seconds: float, pause: float) -> str:
    def row(name: str, times: Sequence[float]) -> str:
        return (
            f"| {name} | {len(times):,} | {median(times):.1f} | {quantiles(times, n=20)[18]:.1f} | {max(times):.0f} |"
        )

    return f"""## Many readers

{clients} clients for at least {seconds:.0f} seconds, each with a pause of {pause:g} seconds on average between
two questions and each asking the same question over Quack and of the file opened locally, in turn;
{measured.publications} publications meanwhile (answers came from {measured.releases} releases).
Load of the machine at the end: {os.getloadavg()[1]:.1f}.

| asked | queries | median ms | 95 % ms | slowest ms |
| --- | --- | --- | --- | --- |
{row("over Quack, attached: `from warehouse.query('…')`", measured.attached_ms)}
{row("over Quack, a session for each query: `from quack_query(…)`", measured.single_ms)}
{row("over Quack, both", measured.remote_ms)}
{row("local file, read-only", measured.local_ms)}

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
    arguments = parser.parse_args()
    print(section(arguments.clients, arguments.seconds, arguments.publications, arguments.pause))


if __name__ == "__main__":
    main()
