"""How much of other people's documents is read, and how much of that is right: ``make accuracy``.

Belongs here: the corpora of the tests, annotated real documents and the ICDAR 2013 table competition in one table,
which is written into docs/accuracy.md with date and commit. Does not belong here: how two values are compared
(``tests/annotation``), and speed alone (``bench_pdf``). Real documents and the competition's are no part of the
checkout: folders that are not there are left out, and the page says so.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.annotation import Row, proof_score, read_found, read_gold, score  # noqa: E402

PAGE = ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
CORPORA = ("invented", "printed", "varied", "unseen")
SEED = 13
"""Of the figures that are misread for the sake of it: the same in every run."""
FIGURE = re.compile(r"[(\[~<>±+$€£-]*\d[\d.,'-]*\)?[%a-z*†‡§]{0,2}\)?")


class Line(NamedTuple):
    """What was measured on one set of documents."""

    name: str
    documents: int
    counts: Counter[str]
    seconds: float
    """CPU seconds of reading and interpreting all of them."""

    def proofs(self) -> list[str]:
        """The row of the table of proofs."""
        names = ("quantities", "proven", "wrong", "wrong_proven", "doubtful", "wrong_doubtful")
        shown = [f"{self.counts[name]:,}".replace(",", " ") for name in names]
        shown.insert(2, f"{100 * self.counts['proven'] / max(1, self.counts['quantities']):.1f}")
        made = ("misread", "misread_proven", "misread_doubtful")
        return [self.name, *shown, *(str(self.counts[name]) if "misread" in self.counts else "–" for name in made)]

    def cells(self) -> list[str]:
        """The row of the table: shares in per cent, a dash for what the set's annotation does not tell."""
        counts = self.counts

        def share(part: str, whole: str) -> str:
            return f"{100 * counts[part] / counts[whole]:.1f}" if part in counts and counts[whole] else "–"

        return [
            self.name,
            str(self.documents),
            f"{counts['gold']:,}".replace(",", " "),
            share("paired", "gold"),
            share("paired", "found"),
            share("hard", "gold"),
            share("all", "gold"),
            str(counts["silent"]) if "silent" in counts else "–",
            f"{self.seconds:.0f}",
        ]


def interpreted(name: str, documents: dict[str, Path], gold: dict[str, list[Row]]) -> Line:
    """Documents that are annotated value by value, through the whole warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        reports, warehouse = Path(folder, "reports"), Path(folder, "warehouse", "kommunlager.duckdb")
        reports.mkdir()
        for path in documents.values():
            shutil.copyfile(path, reports / path.name)
        before = os.times()
        refresh(name, reports, warehouse)
        after = os.times()
        found = read_found(warehouse)
        counts: Counter[str] = Counter(hard=0, all=0)
        for report_id in documents:
            counts.update(score(gold[report_id], found[report_id]))
            counts.update(proof_score(gold[report_id], found[report_id]))
        counts["silent"] = silent(warehouse)
        if all(path.suffix == ".txt" for path in documents.values()):
            counts.update(misread(name, reports, warehouse, found))
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return Line(name, len(documents), counts, seconds)


def refresh(name: str, reports: Path, warehouse: Path) -> None:
    """Read a folder into a warehouse."""
    command = [sys.executable, "-m", "dagster_project.cli", "refresh"]
    options = ["--reports", str(reports), "--warehouse", str(warehouse)]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: the refresh failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def misread(name: str, reports: Path, warehouse: Path, found: dict[str, list[Row]]) -> Counter[str]:
    """What becomes of one proven figure of each table whose text has another digit: does it keep its proof?"""
    chosen = random.Random(SEED)
    changed: dict[tuple[str, ...], str] = {}
    place = ("report_id", "table_seq", "row_index", "col_index")
    for rows in found.values():
        path = reports / rows[0]["file_name"]
        text = path.read_text(encoding="utf-8")
        proven: dict[str, list[Row]] = {}
        for row in rows:
            if row["proof"] and len(re.findall(rf"(?<![\d,]){re.escape(row['value_text'])}(?![\d,])", text)) == 1:
                proven.setdefault(row["table_seq"], []).append(row)
        for rows_of_table in proven.values():
            row = chosen.choice(rows_of_table)
            at = chosen.choice([number for number, char in enumerate(row["value_text"]) if char.isdigit()])
            digit = chosen.choice([digit for digit in "123456789" if digit != row["value_text"][at]])
            other = row["value_text"][:at] + digit + row["value_text"][at + 1 :]
            pattern = rf"(?<![\d,]){re.escape(row['value_text'])}(?![\d,])"
            text = re.sub(pattern, other.replace("\\", r"\\"), text)
            changed[tuple(row[part] for part in place)] = other
        path.write_text(text, encoding="utf-8")
    refresh(name, reports, warehouse)
    counts: Counter[str] = Counter(misread=0, misread_proven=0, misread_doubtful=0)
    for rows in read_found(warehouse).values():
        for row in rows:
            if row["value_text"] == changed.get(tuple(row[part] for part in place)):
                counts["misread"] += 1
                counts["misread_proven"] += bool(row["proof"])
                counts["misread_doubtful"] += row["is_doubtful"] == "True"
    return counts


def silent(warehouse: Path) -> int:
    """Words with a digit on pages that have no fate at all."""
    import duckdb

    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        row = connection.execute(
            "select coalesce(sum(n_words), 0) from raw.word_fate where fate = 'nothing'"
        ).fetchone()
    return int(row[0]) if row else 0


def plain(text: str) -> str:
    """A text without what two writers of the same truth may write differently."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[\u2010-\u2015\u2212\u00ad]", "-", text)
    text = re.sub(r"[\u2018\u2019\u201a\u00b4`]", "'", text)
    return re.sub(r"[\s\u00b7\u2022\uf0b7]+", "", re.sub(r"[\u201c\u201d\u201e]", '"', text)).casefold()


Placed = tuple[int, int, int, int, str]
"""Row, column, rows, columns and text of a cell."""


def figures(tables: list[list[Placed]]) -> Counter[tuple[str, str]]:
    """Cells that are numbers, each with the first text of its row."""
    counted: Counter[tuple[str, str]] = Counter()
    for cells in tables:
        at: dict[tuple[int, int], int] = {}
        for number, (row, column, rows, columns, _) in enumerate(cells):
            for down in range(rows):
                for across in range(columns):
                    at.setdefault((row + down, column + across), number)
        for number, (row, column, _, _, text) in enumerate(cells):
            if FIGURE.fullmatch(text):
                left = (at.get((row, place)) for place in range(column))
                label = next((cells[other][4] for other in left if other is not None and other != number), "")
                counted[text, label] += 1
    return counted


def _beside(folder: Path, annotated: dict[str, list[Row]]) -> dict[str, Path]:
    """The annotated documents that lie in the folder, in whatever format."""
    return {name: path for name in annotated for path in folder.glob(f"{name}.*")}


def true_tables(path: Path) -> list[list[Placed]]:
    """The tables of a document of the competition, as its structure file has them."""
    tables = []
    for region in ElementTree.parse(path).getroot().iter("region"):
        cells = []
        for cell in region.iter("cell"):
            row, column = int(cell.attrib["start-row"]), int(cell.attrib["start-col"])
            last_row = int(cell.attrib.get("end-row") or row)
            last_column = int(cell.attrib.get("end-col") or column)
            text = plain(" ".join(part.text or "" for part in cell.iter("content")))
            if text:
                cells.append((row, column, last_row - row + 1, last_column - column + 1, text))
        tables.append(cells)
    return tables


def read_tables(path: Path) -> list[list[Placed]]:
    """The tables that we read, cut where they go on over a page, as the truth has them."""
    from dagster_project.extract import ExtractionError, Limits, extract

    tables: dict[tuple[int, int | None], list[Placed]] = {}
    try:
        document = extract(path.read_bytes(), path.name, Limits())
    except ExtractionError:
        return []
    for cell in document.cells:
        text = plain(cell.text)
        if text:
            placed = (cell.row_index, cell.col_index, cell.row_span, cell.col_span, text)
            tables.setdefault((cell.table_seq, cell.page), []).append(placed)
    return list(tables.values())


def competition(folder: Path) -> Line:
    """The ICDAR documents in ``folder``: NAME.pdf with NAME-str.xml."""
    counts: Counter[str] = Counter()
    paths = sorted(folder.glob("*.pdf"))
    seconds = 0.0
    for path in paths:
        wanted = figures(true_tables(path.with_name(f"{path.stem}-str.xml")))
        begun = time.process_time()
        found = figures(read_tables(path))
        seconds += time.process_time() - begun
        counts.update(gold=wanted.total(), found=found.total(), paired=(wanted & found).total())
    return Line("ICDAR 2013, figures with their row", len(paths), counts, seconds)


def measured(shared: Path) -> str:
    """The part of the page that is made anew."""
    own = {path.stem: path for path in (ROOT / "seeds" / "reports").glob("*.txt")}
    lines = [interpreted("the five reports, text", own, read_gold(ROOT / "tests" / "gold"))]
    folder = ROOT / "tests" / "corpora"
    for corpus in CORPORA:
        gold = read_gold(folder / corpus / "gold")
        files = {path.stem: path for path in (folder / corpus / "reports").iterdir()}
        lines.append(interpreted(f"corpus {corpus}, text", {name: files[name] for name in gold}, gold))
    real, annotated = shared / "real", read_gold(shared / "gold") if (shared / "gold").is_dir() else {}
    documents = _beside(real, annotated)
    missing = []
    if documents:
        lines.append(interpreted("real documents of municipalities", documents, annotated))
    more = read_gold(ROOT / "tests" / "real")
    documents = _beside(real, more)
    if documents:
        lines.append(interpreted("more of them (tests/real)", documents, more))
    else:
        missing.append("annotated real documents")
    icdar = shared / "peers" / "icdar2013"
    if icdar.is_dir():
        lines.append(competition(icdar))
    else:
        missing.append("the ICDAR documents")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    head = ["set", "documents", "figures", "recall %", "precision %", "hard right %", "all right %", "silent", "CPU s"]
    table = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    table += ["| " + " | ".join(line.cells()) + " |" for line in lines]
    said = f"Measured by `make accuracy` on {datetime.now(tz=UTC).date()}, commit {commit.stdout.strip()}."
    if missing:
        said += f" Not beside the checkout and left out: {', '.join(missing)}."
    return "\n".join([said, "", *table, "", *proof_table(lines)])


def proof_table(lines: list[Line]) -> list[str]:
    """What `proof` is worth, on the sets whose numbers are annotated."""
    head = ["set", "numbers", "proven", "%", "wrong", "of them proven", "doubtful", "of them wrong"]
    head += ["made wrong", "of them proven", "of them doubtful"]
    table = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return table + ["| " + " | ".join(line.proofs()) + " |" for line in lines if "quantities" in line.counts]


def main() -> None:
    """Measure, and write the page or print what would stand on it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="holds real/, gold/ and peers/")
    parser.add_argument("--print", action="store_true", help="print it, and leave the page as it is")
    args = parser.parse_args()
    text = measured(args.shared)
    if args.print:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN not in page:
        raise SystemExit(f"{PAGE.name} has no line {BEGIN}")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
