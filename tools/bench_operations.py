"""What refreshes cost that have little to do: nothing at all, and one report more in a small and a large warehouse.

Belongs here: timing whole commands, as an operator starts them. Does not belong here: tuning.

    python tools/bench_operations.py [--large N] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
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
from dagster_project.warehouse.transform import _invoke, _manifest, release_working_file

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


class Place:
    """A warehouse of its own."""

    def __init__(self, folder: Path, reports: int) -> None:
        self.folder, self.next = folder, reports
        write_reports(folder / "reports", range(reports))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_"))}
        self.environment = kept | {
            "PYTHONPATH": str(ROOT),
            "KOMMUNLAGER_REPORTS": str(folder / "reports"),
            "KOMMUNLAGER_WAREHOUSE": str(folder / "warehouse" / "kommunlager.duckdb"),
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.first = self.refresh()

    def run(self, *command: str) -> float:
        """Seconds of a process; one that fails ends the measurement."""
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *command], env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return seconds

    def refresh(self) -> float:
        """Seconds of one refresh."""
        return self.run("-m", "dagster_project.cli", "refresh")

    def start(self) -> float:
        """Seconds of starting everything for nothing."""
        return self.run("-c", START)

    def add(self) -> float:
        """Seconds of the refresh after one report has come."""
        write_reports(self.folder / "reports", range(self.next, self.next + 1))
        self.next += 1
        seconds = self.refresh()
        mode = self.last()["mode"]
        assert mode == "batch", mode
        return seconds

    def last(self) -> dict[str, object]:
        """The line of the last refresh."""
        path = self.folder / "warehouse" / ".state" / "refreshes.jsonl"
        line: dict[str, object] = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return line


def section(large: int = LARGE, rounds: int = ROUNDS) -> str:
    """Measure in turns, so that whatever else the machine does meets all alike; returns Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = Place(Path(folder) / "few", SMALL), Place(Path(folder) / "many", large)
        times: dict[str, list[float]] = {"start": [], "few": [], "many": [], "nothing": [], "nothing many": []}
        steps = []
        for _ in range(rounds):
            times["few"].append(few.add())
            times["many"].append(many.add())
            steps.append((few.last()["seconds"], many.last()["seconds"]))
            few.refresh()  # a file that was written just now is looked at once more
            many.refresh()
            times["start"].append(few.start())
            times["nothing"].append(few.refresh())
            times["nothing many"].append(many.refresh())
    seconds = {name: median(values) for name, values in times.items()}
    rows = [
        ("Dagster and dbt started, nothing to do", seconds["start"]),
        (f"refresh with nothing to do, {SMALL} reports", seconds["nothing"]),
        (f"refresh with nothing to do, {large} reports", seconds["nothing many"]),
        (f"first refresh of {SMALL} reports", few.first),
        (f"first refresh of {large} reports", many.first),
        (f"one report more than {SMALL}", seconds["few"]),
        (f"one report more than {large}", seconds["many"]),
    ]
    ratios = [
        (f"nothing to do, {SMALL} reports, to starting", seconds["nothing"] / seconds["start"], 1.3),
        (f"nothing to do, {large} reports, to starting", seconds["nothing many"] / seconds["start"], 1.3),
        (f"one more than {large} to one more than {SMALL}", seconds["many"] / seconds["few"], 1.5),
    ]
    return "\n".join(
        [
            "## Refreshes with little to do",
            "",
            f"Synthetic reports of three tables (`tools/synthetic_reports.py`); median of {rounds}, whole commands.",
            "",
            "| what | seconds |",
            "| --- | ---: |",
            *(f"| {what} | {value:.1f} |" for what, value in rows),
            "",
            "| ratio | measured | wanted |",
            "| --- | ---: | ---: |",
            *(f"| {what} | {value:.2f} | at most {wanted} |" for what, value, wanted in ratios),
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
