"""Measure the readers: documents and cells a second and peak memory of each format, beside what a user would script.

Belongs here: one fresh process for each format and library, on the same files, with recall and precision of the cells.
Does not belong here: the whole job (``bench``). Run it with nothing else on the machine.

    python tools/bench_formats.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
"""How often the files are read; the fastest round counts."""

FORMATS = ("txt", "md", "csv", "tsv", "html", "docx", "xlsx", "xls", "ods", "pdf")
OTHERS = {
    "python-docx": ("docx", "docx"),
    "openpyxl alone": ("xlsx", "openpyxl"),
    "pandas.read_html": ("html", "lxml"),
    "csv module": ("csv", "csv"),
}
"""What a user would script instead: the format, and the module that must be there."""

MEASURE = """
import json, re, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tools.bench_formats import READERS, ROUNDS
read = READERS[sys.argv[1]]
files = [(path.name, path.read_bytes()) for path in sorted(Path(sys.argv[2]).iterdir()) if path.is_file()]
read(*files[0])
best = None
for _ in range(ROUNDS):
    began = time.perf_counter()
    found = [read(name, data) for name, data in files]
    seconds = time.perf_counter() - began
    best = seconds if best is None else min(best, seconds)
# Not getrusage: its peak is that of the parent where the parent was larger.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({"seconds": best, "peak": peak, "cells": [cells for cells, _ in found],
                  "pages": sum(pages or 0 for _, pages in found)}))
"""
Cells = list[tuple[int, int, int, str]]
"""Table, row, column (from 0) and text."""


def _ours(name: str, data: bytes) -> tuple[Cells, int | None]:
    from dagster_project.extract import extract
    from tests.typeset_office.model import structure_words

    document = extract(data, name, words=structure_words())
    return [(c.table_seq - 1, c.row_index, c.col_index, _plain(c.text)) for c in document.cells], document.page_count


def _python_docx(name: str, data: bytes) -> tuple[Cells, None]:
    import io

    import docx

    cells: Cells = []
    for index, table in enumerate(docx.Document(io.BytesIO(data)).tables):
        for r, row in enumerate(table.rows):
            cells += [(index, r, c, _plain(cell.text)) for c, cell in enumerate(row.cells) if cell.text.strip()]
    return cells, None


def _openpyxl(name: str, data: bytes) -> tuple[Cells, None]:
    """A sheet has no tables for it: a blank row ends one, as a script would have it."""
    import io

    import openpyxl

    cells: Cells = []
    index = -1
    for sheet in openpyxl.load_workbook(io.BytesIO(data), data_only=True):
        block: list[tuple[object, ...]] = []
        for row in [*sheet.iter_rows(values_only=True), ()]:
            if any(value is not None for value in row):
                block.append(row)
                continue
            if len(block) > 1:
                index += 1
                for r, values in enumerate(block):
                    cells += [(index, r, c, _plain(str(v))) for c, v in enumerate(values) if v is not None]
            block = []
    return cells, None


def _read_html(name: str, data: bytes) -> tuple[Cells, None]:
    import io

    import pandas as pd

    cells: Cells = []
    for index, frame in enumerate(pd.read_html(io.BytesIO(data), header=None)):
        rows = [*([list(map(str, frame.columns))] if not isinstance(frame.columns, pd.RangeIndex) else [])]
        rows += [["" if pd.isna(value) else str(value) for value in row] for row in frame.to_numpy()]
        for r, row in enumerate(rows):
            cells += [(index, r, c, _plain(text)) for c, text in enumerate(row) if text.strip()]
    return cells, None


def _csv(name: str, data: bytes) -> tuple[Cells, None]:
    import csv
    import io

    cells: Cells = []
    index, r = 0, 0
    text = data.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), csv.Sniffer().sniff(text[:65536])):
        if not any(row):
            index, r = index + 1, 0
            continue
        cells += [(index, r, c, _plain(cell)) for c, cell in enumerate(row) if cell.strip()]
        r += 1
    return cells, None


READERS: dict[str, Callable[[str, bytes], tuple[Cells, int | None]]] = {
    "kommunlager": _ours,
    "python-docx": _python_docx,
    "openpyxl alone": _openpyxl,
    "pandas.read_html": _read_html,
    "csv module": _csv,
}


def _plain(text: str) -> str:
    return " ".join(text.split())


def _agreement(found: list[Cells], printed: list[Cells]) -> tuple[float, float]:
    """Recall and precision of the cells: text, row and column, whatever number its table has."""

    def places(cells: Cells) -> Counter[tuple[int, int, str]]:
        return Counter((r, c, text) for _, r, c, text in cells)

    right = sum((places(a) & places(b)).total() for a, b in zip(found, printed, strict=True))
    return right / max(1, sum(map(len, printed))), right / max(1, sum(map(len, found)))


def _measured(reader: str, folder: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, reader, str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def section() -> str:
    """The section of the benchmarks: a table of Markdown."""
    from tests.typeset_office.every_format import write_every_format
    from tests.typeset_office.model import report_paths

    lines = [
        "## Readers by format",
        "",
        "The five reports in every format, read in one process each; the fastest of"
        f" {ROUNDS} rounds, starting the process left out. Cells are right if text, row and column are.",
        "",
        "| format | reader | documents/s | pages/s | cells/s | peak MB | recall | precision |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "txt").mkdir()
        for path in report_paths():
            (folder / "txt" / path.name).write_bytes(path.read_bytes())
        write_every_format(folder)
        truth = _measured("kommunlager", folder / "txt")["cells"]
        runs = [(form, "kommunlager") for form in FORMATS if (folder / form).is_dir()]
        runs += [(form, name) for name, (form, module) in OTHERS.items() if find_spec(module)]
        for form, reader in sorted(runs, key=lambda run: FORMATS.index(run[0])):
            try:
                measured = _measured(reader, folder / form)
            except subprocess.CalledProcessError as error:
                reason = error.stderr.strip().splitlines()[-1][:80]
                lines.append(f"| {form} | {reader} | fails: {reason} | | | | | |")
                continue
            seconds, found = float(str(measured["seconds"])), measured["cells"]
            assert isinstance(found, list)
            assert isinstance(truth, list)
            recall, precision = _agreement(found, truth)
            pages = f"{int(str(measured['pages'])) / seconds:.0f}" if measured["pages"] else ""
            lines.append(
                f"| {form} | {reader} | {len(found) / seconds:.1f} | {pages} | {sum(map(len, found)) / seconds:,.0f}"
                f" | {int(str(measured['peak'])) / 1000:.0f} | {recall:.3f} | {precision:.3f} |".replace(",", " ")
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    print(section())
