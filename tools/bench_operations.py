"""What refreshes cost that have little to do: nothing at all, and one report more in a small and a large warehouse.

Belongs here: timing whole commands, as an operator starts them. Does not belong here: tuning.

    python tools/bench_operations.py [--large N] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))
from synthetic_reports import write_reports

ROOT = Path(__file__).resolve().parents[1]
SMALL, LARGE, ROUNDS = 5, 1000, 3

START = """
import os
from dagster_project.refresh import prepare_dagster_home
from dagster_project.settings import load_settings
settings = load_settings()
prepare_dagster_home(settings)
os.environ.update(settings.as_environment())
import dagster as dg
from dagster_project.definitions import defs
from dagster_project.warehouse.build.transform import _invoke, _manifest, release_working_file

@dg.op
def nothing(): pass

@dg.job(executor_def=dg.in_process_executor)
def empty(): nothing()

defs().resolve_job_def("refresh")
with dg.DagsterInstance.get() as instance:
    assert empty.execute_in_process(instance=instance).success
result = _invoke(["build", "--select", "tag:nothing_has_this_tag"], settings.dbt_target, _manifest())
release_working_file()
"""
"""Dagster and dbt started on this project, each with nothing to do."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and its children, in seconds."""

    wall: float
    cpu: float
    """Hardly depends on what else the machine does."""


class Place:
    """A warehouse of its own, of so many made-up reports; with none of them, of the five of ``seeds/reports``."""

    def __init__(self, folder: Path, reports: int, root: Path = ROOT, python: str = sys.executable) -> None:
        self.folder, self.next, self._root, self._python = folder, reports, root, python
        if reports:
            write_reports(folder / "reports", range(reports))
        else:
            shutil.copytree(ROOT / "seeds" / "reports", folder / "reports")
            time.sleep(2.5)  # a file that was written just now is looked at once more
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_"))}
        self.environment = kept | {
            "PYTHONPATH": str(root),
            "KOMMUNLAGER_REPORTS": str(folder / "reports"),
            "KOMMUNLAGER_WAREHOUSE": str(folder / "warehouse" / "kommunlager.duckdb"),
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.first = self.refresh()

    def run(self, *command: str) -> Cost:
        """What a process costs; one that fails ends the measurement."""
        began = time.perf_counter()
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(
                [self._python, *command], env=self.environment, cwd=self._root, stdout=out, stderr=subprocess.STDOUT
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                out.seek(0)
                sys.exit(f"{command} ended with {process.returncode}:\n{out.read()}")
        return Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime)

    def refresh(self, *options: str) -> Cost:
        """What one refresh costs."""
        return self.run("-m", "dagster_project.cli", "refresh", *options)

    def ask(self, question: str) -> Cost:
        """What one question costs."""
        return self.run("-m", "dagster_project.cli", "query", question)

    def start(self) -> Cost:
        """What starting everything for nothing costs."""
        return self.run("-c", START)

    def add(self) -> Cost:
        """What the refresh after one report has come costs."""
        write_reports(self.folder / "reports", range(self.next, self.next + 1))
        self.next += 1
        cost = self.refresh()
        mode = self.last()["mode"]
        assert mode == "batch", mode
        return cost

    def last(self) -> dict[str, object]:
        """The line of the last refresh."""
        path = self.folder / "warehouse" / ".state" / "refreshes.jsonl"
        line: dict[str, object] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return line


def section(large: int = LARGE, rounds: int = ROUNDS) -> str:
    """Measure in turns, so that whatever else the machine does meets all alike; returns Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = Place(Path(folder) / "few", SMALL), Place(Path(folder) / "many", large)
        costs: dict[str, list[Cost]] = {"start": [], "few": [], "many": [], "nothing": [], "nothing many": []}
        steps = []
        for _ in range(rounds):
            costs["few"].append(few.add())
            costs["many"].append(many.add())
            steps.append((few.last()["seconds"], many.last()["seconds"]))
            few.refresh()  # a file that was written just now is looked at once more
            many.refresh()
            costs["start"].append(few.start())
            costs["nothing"].append(few.refresh())
            costs["nothing many"].append(many.refresh())
    middle = {
        name: Cost(median(one.wall for one in values), median(one.cpu for one in values))
        for name, values in costs.items()
    }
    rows = [
        ("Dagster and dbt started, nothing to do", middle["start"]),
        (f"refresh with nothing to do, {SMALL} reports", middle["nothing"]),
        (f"refresh with nothing to do, {large} reports", middle["nothing many"]),
        (f"first refresh of {SMALL} reports", few.first),
        (f"first refresh of {large} reports", many.first),
        (f"one report more than {SMALL}", middle["few"]),
        (f"one report more than {large}", middle["many"]),
    ]
    ratios = [
        (f"nothing to do, {SMALL} reports, to starting", middle["nothing"], middle["start"], 1.3),
        (f"nothing to do, {large} reports, to starting", middle["nothing many"], middle["start"], 1.3),
        (f"one more than {large} to one more than {SMALL}", middle["many"], middle["few"], 1.5),
    ]
    return "\n".join(
        [
            "## Refreshes with little to do",
            "",
            f"Synthetic reports of three tables (`tools/synthetic_reports.py`); median of {rounds}, whole commands",
            "with their children. CPU seconds hardly depend on what else the machine does.",
            "",
            "| what | seconds | CPU seconds |",
            "| --- | ---: | ---: |",
            *(f"| {what} | {cost.wall:.1f} | {cost.cpu:.1f} |" for what, cost in rows),
            "",
            "| ratio | by the clock | in CPU seconds | wanted |",
            "| --- | ---: | ---: | ---: |",
            *(
                f"| {what} | {one.wall / base.wall:.2f} | {one.cpu / base.cpu:.2f} | at most {wanted} |"
                for what, one, base, wanted in ratios
            ),
            "",
            f"Seconds by step of the last added report: {steps[-1][0]} and {steps[-1][1]}.",
            "",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    print(section(arguments.large, arguments.rounds))
