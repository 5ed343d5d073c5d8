"""What a case of the hard corpus is, and how well a document agrees with it.

Belongs here: cases, expected tables, the score. Does not belong here: any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dagster_project.extract import Document, ExtractionError, extract
from tests.typeset_office.model import structure_words

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Expected:
    """One table as printed: rows of equal or shorter length, ``""`` for what is empty or under a merged cell."""

    rows: Rows
    header_rows: int = 1
    heading: str | None = None
    """The nearest heading above, without its number; None is not looked at."""


@dataclass(frozen=True)
class Case:
    """One document and its tables; ``notes`` are texts that the reader's remarks must hold."""

    name: str
    file_name: str
    data: bytes
    tables: tuple[Expected, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Score:
    """Non-empty cells: printed, found, and found in the right place of the right table with the right text."""

    printed: int = 0
    found: int = 0
    right: int = 0
    tables: int = 0
    header_rows_right: int = 0
    headings_right: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.printed += other.printed
        self.found += other.found
        self.right += other.right
        self.tables += other.tables
        self.header_rows_right += other.header_rows_right
        self.headings_right += other.headings_right
        self.misses += other.misses

    @property
    def recall(self) -> float:
        return self.right / max(1, self.printed)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.found)

    def __str__(self) -> str:
        return (
            f"recall {self.recall:.4f}, precision {self.precision:.4f} of {self.printed} cells; of {self.tables} tables"
            f" {self.header_rows_right} with the right header rows, {self.headings_right} under the right heading"
        )


Cells = dict[tuple[int, int], str]


def read(case: Case) -> Document | ExtractionError:
    """The document of a case, or why there is none."""
    try:
        return extract(case.data, case.file_name, words=structure_words())
    except ExtractionError as error:
        return error


def judge(case: Case) -> Score:
    """How well a case is read. Each printed table is compared with the found one that agrees best with it, in order."""
    document = read(case)
    score = Score(tables=len(case.tables))
    printed = [_cells(table.rows) for table in case.tables]
    score.printed = sum(map(len, printed))
    if isinstance(document, ExtractionError):
        score.misses.append(f"{case.name}: {document}")
        return score
    found: list[Cells] = [{} for _ in document.tables]
    for cell in document.cells:
        found[cell.table_seq - 1][cell.row_index, cell.col_index] = cell.text
    score.found = sum(map(len, found))
    pairs = _paired(printed, found)
    headings = {heading.heading_seq: heading.text for heading in document.headings}
    for index, expected in enumerate(case.tables):
        at = pairs.get(index)
        if at is None:
            score.misses.append(f"{case.name}: table {index + 1} not found")
            continue
        table = document.tables[at]
        score.right += len(printed[index].items() & found[at].items())
        lost, extra = printed[index].items() - found[at].items(), found[at].items() - printed[index].items()
        score.misses += [f"{case.name}: table {index + 1} lacks {item}" for item in sorted(lost)]
        score.misses += [f"{case.name}: table {index + 1} has {item}" for item in sorted(extra)]
        score.header_rows_right += table.header_rows == expected.header_rows
        if table.header_rows != expected.header_rows:
            score.misses.append(f"{case.name}: table {index + 1} has {table.header_rows} header rows")
        heading = headings.get(table.heading_seq or 0)
        score.headings_right += expected.heading in (None, heading)
        if expected.heading not in (None, heading):
            score.misses.append(f"{case.name}: table {index + 1} stands under {heading!r}")
    for at in set(range(len(found))) - set(pairs.values()):
        score.misses.append(f"{case.name}: no such table is printed: {list(found[at].items())[:4]}")
    missing = [note for note in case.notes if not any(note in remark for remark in document.notes)]
    score.misses += [f"{case.name}: no remark on {note!r}: {document.notes}" for note in missing]
    return score


def _cells(rows: Rows) -> Cells:
    return {(r, c): text for r, row in enumerate(rows) for c, text in enumerate(row) if text}


def _paired(printed: list[Cells], found: list[Cells]) -> dict[int, int]:
    """The pairs of tables, in order, that agree in the most cells."""
    best: dict[tuple[int, int], tuple[int, dict[int, int]]] = {}
    for i in range(len(printed) + 1):
        for j in range(len(found) + 1):
            if i == 0 or j == 0:
                best[i, j] = (0, {})
                continue
            agreed = len(printed[i - 1].items() & found[j - 1].items())
            both = best[i - 1, j - 1]
            options = [best[i - 1, j], best[i, j - 1]]
            if agreed:
                options.append((both[0] + agreed, {**both[1], i - 1: j - 1}))
            best[i, j] = max(options, key=lambda option: option[0])
    return best[len(printed), len(found)][1]
