"""Measure what interpretation costs a cell: with 10 and 1,000 reports, with the vocabulary and ten times as much.

Belongs here: replicating reports and vocabulary in a working file and timing dbt's models on it. Does not belong here:
reading documents (``bench``), tuning. The copies are of the composed reports in ``tests``; a vocabulary row added for
the measurement never matches anything.

    python tools/bench_interpretation.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "tests" / "composed" / "reports"
BASE = 10
"""Reports that are copied; as many as the smaller measurement has."""

VOCABULARY = ("scenario_words", "unit_words", "column_roles", "table_kinds", "status_words", "account_aliases")
"""Seeds of terms that headers, labels and cells are compared with."""


def section() -> str:
    """Measure and return the section of the benchmark page, in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = loaded(folder)
        rows = [
            measured(folder, base, reports, times)
            for reports, times in ((BASE, 1), (BASE * 10, 1), (BASE * 100, 1), (BASE * 100, 10))
        ]
    return "\n".join(
        [
            "## Interpretation",
            "",
            "Seconds that dbt spends in the models from staging to marts, without tests, on copies of ten composed",
            "reports. With few reports nearly all of it is the fixed cost of a model; what a cell costs must not grow",
            "with reports or vocabulary.",
            "",
            "| reports | vocabulary rows | cells | seconds | ms a cell | ms a cell in the intermediate models |",
            "| ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
        ]
    )


def loaded(folder: Path) -> Path:
    """A working file with the raw tables, seeds and models of the composed reports."""
    warehouse = folder / "warehouse" / "kommunlager.duckdb"
    environment = os.environ | {"KOMMUNLAGER_REPORTS": str(REPORTS), "KOMMUNLAGER_WAREHOUSE": str(warehouse)}
    run([sys.executable, "-m", "dagster_project.cli", "refresh"], environment)
    return warehouse.parent / ".state" / "working.duckdb"


def measured(folder: Path, base: Path, reports: int, times: int) -> str:
    """A row of the table: interpretation of so many reports with so many times the vocabulary."""
    working = folder / f"{reports}-{times}.duckdb"
    cells, terms = replicated(base, working, reports, times)
    target = folder / f"target-{reports}-{times}"
    dbt = [str(Path(sys.executable).parent / "dbt"), "--quiet", "--log-level-file", "none", "run"]
    project = str(ROOT / "dbt")
    run(
        [*dbt, "--full-refresh", "--project-dir", project, "--profiles-dir", project, "--target-path", str(target)],
        os.environ | {"KOMMUNLAGER_WORKING_FILE": str(working)},
    )
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    seconds = sum(result["execution_time"] for result in results)
    inner = sum(
        result["execution_time"] for result in results if manifest[result["unique_id"]]["schema"] == "intermediate"
    )
    working.unlink()
    return (
        f"| {reports:,} | {terms:,} | {cells:,} | {seconds:.1f} | "
        f"{1000 * seconds / cells:.2f} | {1000 * inner / cells:.2f} |"
    ).replace(",", " ")


def replicated(base: Path, working: Path, reports: int, times: int) -> tuple[int, int]:
    """Write ``working`` with copies of the first reports of ``base`` and a longer vocabulary; cells and terms in it."""
    with duckdb.connect(str(working)) as connection:
        connection.execute(f"attach '{base}' as base (read_only)")
        connection.execute("copy from database base to " + working.stem.join('""'))
        connection.execute("detach base")
        connection.execute(
            f"""
            create temp table copies as
            select report_id, report_id || '-' || number as copy_id
            from
                (select report_id from raw.report where status = 'loaded' order by report_id limit {BASE}),
                range({reports // BASE}) as numbers (number)
            """
        )
        for table, columns in connection.execute(
            """
            select table_name, list(column_name order by column_index)
            from duckdb_columns() where schema_name = 'raw' and not internal
            group by all having list_contains(list(column_name), 'report_id')
            """
        ).fetchall():
            names = ", ".join(f'"{column}"' for column in columns)
            values = ", ".join("copies.copy_id" if name == "report_id" else f'source."{name}"' for name in columns)
            connection.execute(f"create temp table source as select * from raw.{table}")
            connection.execute(f"delete from raw.{table}")
            connection.execute(
                f"insert into raw.{table} ({names}) select {values} from source inner join copies using (report_id)"
            )
            connection.execute("drop table source")
        for seed in VOCABULARY:
            term = "alias" if seed == "account_aliases" else "term"
            connection.execute(
                f"""
                insert into vocabulary.{seed}
                select words.* replace (words.{term} || ' x' || numbers.number as {term})
                from vocabulary.{seed} as words, range(1, {times}) as numbers (number)
                """
            )
        terms = sum(
            connection.execute(f"select count(*) from vocabulary.{seed}").fetchall()[0][0] for seed in VOCABULARY
        )
        cells = connection.execute("select count(*) from raw.cell").fetchall()[0][0]
    return cells, terms


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run to the end; a command that fails ends the measurement."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    print(section())
