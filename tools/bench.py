"""Measure what the main job costs and write docs/benchmarks.md: seconds, peak memory, and ratios of one run.

Belongs here: timing whole commands in a copy of this checkout, so that caches are cold when they should be. Does not
belong here: tuning. Run it with nothing else on the machine; the load before it is written down with the figures.

    python tools/bench.py [--rounds N] [--output FILE] [TOPIC ...]

A topic is a module ``bench_<topic>`` beside this one, whose ``section()`` measures and returns its part of the page.
Without topics the whole page is written, which takes the better part of an hour; with topics only their parts are
measured, and replace those that stand on the page.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]

TOPICS = ("formats", "pdf", "ocr", "interpretation", "concepts", "operations", "serving", "site")

EXTRACTION_ROWS = ("tables without their prose", "whole reports (wanted: at least 5)")
FULL_REPORTS = ROOT.parent / "shared" / "reports"
"""The reports with their prose, where they lie beside the checkout."""

MEGABYTES = 20
"""Text for the measurement of extraction: the reports again and again until it is so much."""

EXTRACTION = """
import sys, time
from pathlib import Path
from dagster_project.extract import extract
from dagster_project.warehouse.intake.words import read_structure_words
words = read_structure_words(Path("seeds/vocabulary/structure_words.csv"))
reports = [(path.name, path.read_bytes()) for path in sorted(Path(sys.argv[2]).glob("*.txt"))]
times = max(1, int(float(sys.argv[1]) * 1e6 / sum(len(data) for _, data in reports)))
began = time.perf_counter()
cells = sum(len(extract(data, name, None, words).cells) for _ in range(times) for name, data in reports)
seconds = time.perf_counter() - began
print(times * sum(len(data) for _, data in reports), cells, seconds)
"""


@dataclass(frozen=True)
class Run:
    """One run of one command."""

    seconds: float
    peak_mb: float
    """Largest resident set of the process, in 10^6 bytes."""
    output: str


@dataclass(frozen=True)
class Measured:
    """Several runs of the same."""

    name: str
    runs: Sequence[Run]

    @property
    def seconds(self) -> float:
        """Median."""
        return median(run.seconds for run in self.runs)

    def row(self) -> str:
        """A row of the table."""
        spread = f"{min(run.seconds for run in self.runs):.1f}-{max(run.seconds for run in self.runs):.1f}"
        peak = max(run.peak_mb for run in self.runs)
        return f"| {self.name} | {self.seconds:.1f} | {spread if len(self.runs) > 1 else ''} | {peak:.0f} |"


def main() -> None:
    """Measure what is asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("topics", nargs="*", choices=[*TOPICS, []], metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--rounds", type=int, default=3, help="runs of each warm command; the median counts")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    arguments = parser.parse_args()
    if arguments.topics:
        page = arguments.output.read_text(encoding="utf-8")
    else:
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as folder:
            page = measure(copy_of_checkout(Path(folder)), arguments.rounds, load)
    for topic in arguments.topics or TOPICS:
        page = with_section(page, topic, importlib.import_module(f"bench_{topic}").section())
        arguments.output.write_text(page, encoding="utf-8")  # what is measured stays, whatever becomes of the next
    print(page)


def with_section(page: str, topic: str, section: str) -> str:
    """The page with the part of a topic replaced, or added at its end."""
    part = f"<!-- {topic}: begin -->\n{section.strip()}\n<!-- {topic}: end -->\n"
    standing = re.compile(rf"<!-- {topic}: begin -->.*?<!-- {topic}: end -->\n", re.DOTALL)
    return standing.sub(lambda _: part, page) if standing.search(page) else f"{page.rstrip()}\n\n{part}"


def copy_of_checkout(folder: Path) -> Path:
    """The checkout without anything that a run has made."""
    made = shutil.ignore_patterns("__pycache__", "target", "logs")
    for name in ("dagster_project", "dbt", "seeds"):
        shutil.copytree(ROOT / name, folder / name, ignore=made)
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def measure(checkout: Path, rounds: int, load: float) -> str:
    """Run everything in ``checkout``; returns the page."""
    refresh = [sys.executable, "-m", "dagster_project.cli", "refresh"]
    bare = [
        str(Path(sys.executable).parent / "dbt"),
        "--quiet",
        "build",
        "--project-dir",
        "dbt",
        "--profiles-dir",
        "dbt",
    ]
    question = [sys.executable, "-m", "dagster_project.cli", "query", "select count(*) from marts.report_values"]

    extraction = [extract_from(checkout / "seeds" / "reports", checkout, rounds)]
    if FULL_REPORTS.is_dir():
        extraction.append(extract_from(FULL_REPORTS, checkout, rounds))
    first = Measured("first refresh (bytecode there, dbt project not parsed, no event log)", [run(refresh, checkout)])
    first_bare = Measured("bare `dbt build`, project not parsed", [run(bare, checkout)])
    again: list[Run] = []
    idle: list[Run] = []
    again_bare: list[Run] = []
    for _ in range(rounds):  # in turns, so that whatever else the machine does meets both
        again_bare.append(run(bare, checkout))
        again.append(run([*refresh, "--full"], checkout))
        idle.append(run(refresh, checkout))
    second = Measured("whole refresh again (`--full`)", again)
    nothing = Measured("refresh with nothing to do", idle)
    second_bare = Measured("bare `dbt build`, project parsed", again_bare)
    without_units = Measured(
        "bare `dbt build` without unit tests, as a refresh runs it",
        [run([*bare, "--exclude-resource-type", "unit_test"], checkout) for _ in range(rounds)],
    )
    asked = Measured("`kommunlager query`, start to end", [run(question, checkout) for _ in range(rounds)])

    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`; ratios are of one run and carry over to other machines better than seconds do.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; load before the run {load:.1f}.",
            f"{versions()}.",
            f"The five reports of `seeds/reports`; median of {rounds} where a spread is given; peak memory a process.",
            "",
            "| what | seconds | spread | peak MB |",
            "| --- | ---: | ---: | ---: |",
            *(measured.row() for measured in (first, first_bare, second, second_bare, without_units, nothing, asked)),
            "",
            "| ratio | measured | wanted |",
            "| --- | ---: | ---: |",
            f"| whole refresh to bare `dbt build`, parsed | {second.seconds / second_bare.seconds:.2f} | at most 2 |",
            f"| first refresh to bare `dbt build`, not parsed | {first.seconds / first_bare.seconds:.2f} | at most 2 |",
            f"| whole refresh to the same without unit tests | {second.seconds / without_units.seconds:.2f} | |",
            f"| refresh with nothing to do to a whole one | {nothing.seconds / second.seconds:.2f} | |",
            "",
            "| extraction, one core | MB of text a second | cells a second | peak MB |",
            "| --- | ---: | ---: | ---: |",
            *(f"| {name} | {row} |" for name, row in zip(EXTRACTION_ROWS, extraction, strict=False)),
            "",
        ]
    )


def extract_from(folder: Path, checkout: Path, rounds: int) -> str:
    """Read the reports of ``folder`` again and again; the cells of the table: MB a second, cells a second, peak MB."""
    runs = [run([sys.executable, "-c", EXTRACTION, str(MEGABYTES), str(folder)], checkout) for _ in range(rounds)]
    size, cells, seconds = (median(float(one.output.split()[column]) for one in runs) for column in range(3))
    per_second = f"{cells / seconds:,.0f}".replace(",", " ")
    return f"{size / 1e6 / seconds:.1f} | {per_second} | {max(one.peak_mb for one in runs):.0f}"


def run(command: Sequence[str], checkout: Path) -> Run:
    """Run to the end and measure; a command that fails ends the measurement."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("KOMMUNLAGER_", "DAGSTER_", "DBT_"))
    }
    environment = kept | {
        "PYTHONPATH": str(checkout),
        "KOMMUNLAGER_REPORTS": str(checkout / "seeds" / "reports"),
        "KOMMUNLAGER_WORKING_FILE": str(checkout / "warehouse" / ".state" / "working.duckdb"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile("w+") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)  # wait4 tells the peak of this process alone
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit / 1e6, output)


def machine() -> str:
    """Processor, cores, memory and systems, as far as they can be found out."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def versions() -> str:
    """Of what counts."""
    packages = ("dagster", "dbt-core", "dbt-duckdb", "duckdb")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])


if __name__ == "__main__":
    main()
