"""Readers of PDF side by side on the same made-up reports: speed, memory, and cells found and right.

Belongs here: running each reader in a process of its own and judging cell by cell. Does not belong here: other formats
and other benchmarks (``bench``). Needs the dependency group ``bench``; a reader that is not installed is left out.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SEEDS = (21, 22)
RULES = ("grid", "hrule", "headrule", "none", "zebra")
READERS = ("kommunlager", "pdfplumber", "camelot")

Rows = list[list[str]]


def reports() -> list[tuple[str, bytes, list[Rows]]]:
    """Name, PDF and true tables of every report; half of them by a browser where there is one."""
    from tests.typeset import chromium, varied, varied_html, varied_platypus

    made = []
    for seed in SEEDS:
        for rules in RULES:
            report = varied.make_report(seed, rules, plain=True)
            by_browser = chromium.PROGRAM is not None and seed % 2
            markup = varied_html.markup(report)
            data = chromium.print_html(markup) if by_browser else varied_platypus.typeset(report)
            truth = []
            for _, table in report.tables():
                rows = [[""] * table.n_cols for _ in range(table.n_rows)]
                for (row, column), (text, _, _) in table.cells.items():
                    rows[row][column] = " ".join(text.split())
                truth.append(rows)
            made.append((f"{rules}-{'browser' if by_browser else 'reportlab'}", data, truth))
    return made


def _kommunlager(path: Path) -> list[Rows]:
    from dagster_project.extract import extract

    document = extract(path.read_bytes(), path.name)
    tables = [[[""] * table.n_cols for _ in range(table.n_rows)] for table in document.tables]
    for cell in document.cells:
        tables[cell.table_seq - 1][cell.row_index][cell.col_index] = cell.text
    return tables


def _pdfplumber(path: Path) -> list[Rows]:
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        found = [table for page in pdf.pages for table in page.extract_tables()]
    return [[[cell or "" for cell in row] for row in table] for table in found]


def _camelot(path: Path) -> list[Rows]:
    from camelot.io import read_pdf

    found = read_pdf(str(path), pages="all", flavor="hybrid")
    return [table.df.astype(str).to_numpy().tolist() for table in found]


CALLS: dict[str, Callable[[Path], list[Rows]]] = {
    "kommunlager": _kommunlager,
    "pdfplumber": _pdfplumber,
    "camelot": _camelot,
}


def read_all(reader: str, folder: Path) -> dict[str, object]:
    """Tables, seconds and peak memory of one reader over a folder; runs in its own process."""
    started = time.perf_counter()
    tables = {path.stem: CALLS[reader](path) for path in sorted(folder.glob("*.pdf"))}
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"tables": tables, "seconds": seconds, "mib": peak}


def score(truth: list[Rows], found: list[Rows]) -> tuple[int, int, int]:
    """Cells right, found and expected.

    A cell is right if its text stands in a row with the same first cell, the same number of cells to its left that are
    filled, and the same text: kind to readers that cut tables at page breaks or keep empty columns.
    """

    def keys(tables: list[Rows]) -> Counter[tuple[str, int, str]]:
        result: Counter[tuple[str, int, str]] = Counter()
        for table in tables:
            for row in table:
                filled = [" ".join(cell.split()) for cell in row if cell.strip()]
                result.update((filled[0], place, cell) for place, cell in enumerate(filled))
        return result

    expected, seen = keys(truth), keys(found)
    return (expected & seen).total(), seen.total(), expected.total()


def section() -> str:
    """A Markdown section with one table; the readers run one after the other on the same files."""
    import pypdfium2

    made = reports()
    lines = [
        "## Tables in PDF",
        "",
        "| reader | pages per second | peak memory, MiB | precision | recall | F1 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = 0
        for stem, data, _ in made:
            (folder / f"{stem}.pdf").write_bytes(data)
            pages += len(pypdfium2.PdfDocument(data))
        for reader in READERS:
            done = subprocess.run(
                [sys.executable, __file__, reader, name], capture_output=True, text=True, check=False, timeout=1800
            )
            if done.returncode:
                reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed"
                lines.append(f"| {reader} | not run: {reason} | | | | |")
                continue
            result = json.loads(done.stdout.splitlines()[-1])
            right = found = expected = 0
            for stem, _, truth in made:
                a, b, c = score(truth, result["tables"][stem])
                right, found, expected = right + a, found + b, expected + c
            precision, recall = right / max(1, found), right / max(1, expected)
            f1 = 2 * right / max(1, found + expected)
            lines.append(
                f"| {reader} | {pages / result['seconds']:.1f} | {result['mib']:.0f} | {precision:.3f} | {recall:.3f} "
                f"| {f1:.3f} |"
            )
    lines += [
        "",
        f"{len(made)} made-up reports ({pages} pages) with grids, horizontal rules, a rule below the header, shaded "
        "rows and no rules, without tags, printed by a browser and by ReportLab; one process per reader. A cell counts "
        "as right if its text, the label of its row and its place among the filled cells of the row are.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(read_all(sys.argv[1], Path(sys.argv[2]))))
    else:
        print(section())
