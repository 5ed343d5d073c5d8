"""Judges the reading of a made-up report, for which the truth is known cell by cell.

Belongs here: counting. Does not belong here: the limits that tests set.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from dagster_project.extract import Document
from dagster_project.extract.document import collapse
from dagster_project.extract.structure import is_number
from tests.typeset.varied import Report, VariedTable

Cells = dict[tuple[int, int], str]


@dataclass
class Tally:
    """Counts over documents; cells of tables at their row and column, all others are wrong."""

    expected: int = 0
    found: int = 0
    right: int = 0
    numeric_expected: int = 0
    numeric_found: int = 0
    numeric_right: int = 0
    tables: int = 0
    exact: int = 0
    matched: int = 0
    headings: int = 0
    header_rows: int = 0
    false_tables: int = 0
    breaks: int = 0
    """Tables that stand on several pages."""
    joined: int = 0
    """Those of them that were read as one."""
    false_joins: int = 0
    refused: int = 0
    pages: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.found + self.expected)

    @property
    def numeric_precision(self) -> float:
        return self.numeric_right / self.numeric_found if self.numeric_found else 1.0

    @property
    def numeric_recall(self) -> float:
        return self.numeric_right / max(1, self.numeric_expected)

    def __str__(self) -> str:
        return (
            f"P {self.precision:.4f} R {self.recall:.4f} F1 {self.f1:.4f} | numeric P {self.numeric_precision:.4f} "
            f"R {self.numeric_recall:.4f} | exact {self.exact}/{self.tables} false {self.false_tables} "
            f"refused {self.refused} | headings {self.headings}/{self.matched} "
            f"header rows {self.header_rows}/{self.matched} | joins {self.joined}/{self.breaks} "
            f"false {self.false_joins} | {self.seconds / max(1, self.pages):.3f} s/page"
        )


def plain(text: str) -> str:
    return collapse(unicodedata.normalize("NFC", text))


def gold_cells(table: VariedTable) -> Cells:
    return {place: plain(text) for place, (text, _, _) in table.cells.items() if plain(text)}


def compact(cells: Cells) -> Cells:
    """Rows and columns without any text have no place on paper."""
    rows = {row: place for place, row in enumerate(sorted({row for row, _ in cells}))}
    columns = {column: place for place, column in enumerate(sorted({column for _, column in cells}))}
    return {(rows[row], columns[column]): text for (row, column), text in cells.items()}


def judge(report: Report, document: Document | None, *, label: str = "") -> Tally:
    """Tally of one document; None where it was refused as a whole."""
    tally = Tally()
    truth = report.tables()
    gold = [compact(gold_cells(table)) for _, table in truth]
    seen: dict[int, Cells] = {}
    if document is not None:
        seen = {table.table_seq: {} for table in document.tables}
        for cell in document.cells:
            seen[cell.table_seq][cell.row_index, cell.col_index] = plain(cell.text)
        tally.pages = document.page_count or 0
        tally.refused = sum("left out" in note for note in document.notes)
        seen = {seq: compact(cells) for seq, cells in seen.items()}
    tally.tables = len(gold)
    for cells in gold:
        tally.expected += len(cells)
        tally.numeric_expected += sum(map(is_number, cells.values()))
    for cells in seen.values():
        tally.found += len(cells)
        tally.numeric_found += sum(map(is_number, cells.values()))
    pairs = _pairs(gold, seen)
    owners = {seq: index for index, seq in pairs.items()}
    for index, (heading, table) in enumerate(truth):
        cells, seq = gold[index], pairs.get(index)
        name = f"{label}{report.name} {heading}"
        if seq is None or document is None:
            tally.misses.append(f"{name}: not found")
            continue
        found = seen[seq]
        tally.matched += 1
        good = [at for at, text in cells.items() if found.get(at) == text]
        tally.right += len(good)
        tally.numeric_right += sum(is_number(cells[at]) for at in good)
        other = document.tables[seq - 1]
        above = plain(document.headings[other.heading_seq - 1].text) if other.heading_seq else None
        number, _, rest = plain(heading or "").partition(" ")
        is_right = above == (plain(heading or "") if not number[:1].isdigit() else rest)
        tally.headings += is_right
        tally.header_rows += other.header_rows == table.header_rows
        if not is_right:
            tally.misses.append(f"{name}: heading {above!r}")
        if other.header_rows != table.header_rows:
            tally.misses.append(f"{name}: header rows {other.header_rows} for {table.header_rows}")
        if found == cells:
            tally.exact += 1
        else:
            wrong = [(at, found.get(at), text) for at, text in cells.items() if found.get(at) != text]
            extra = [(at, text) for at, text in found.items() if at not in cells]
            tally.misses.append(f"{name} page {other.page_first}: {len(wrong)} wrong {wrong[:3]} extra {extra[:2]}")
    words = [_words(cells) for cells in gold]
    rows = [_rows(cells) for cells in gold]
    for seq, cells in seen.items():
        assert document is not None
        mine = _words(cells)
        # Rows of two tables in one, wherever they stand.
        held = _rows(cells)
        holds = [
            index
            for index, theirs in enumerate(rows)
            if sum((theirs & held).values()) > 1 and _share(theirs, held) > 0.3
        ]
        if len(holds) > 1:
            tally.false_joins += 1
            tally.misses.append(
                f"{label}{report.name}: false join of {[truth[i][0] for i in holds]} "
                f"page {document.tables[seq - 1].page_first}"
            )
        if seq not in owners and not any(_share(mine, theirs) > 0.8 for theirs in words):
            tally.false_tables += 1
            tally.misses.append(
                f"{label}{report.name}: false table {list(cells.values())[:5]} "
                f"page {document.tables[seq - 1].page_first}"
            )
    for index in range(len(gold)):
        parts = [seq for seq, cells in seen.items() if _share(_words(cells), words[index]) > 0.8]
        if document is None or not parts:
            continue
        pages = {p for seq in parts for p in (document.tables[seq - 1].page_first, document.tables[seq - 1].page_last)}
        if len(pages) > 1 and index in pairs:
            tally.breaks += 1
            if len(parts) == 1:
                tally.joined += 1
            else:
                tally.misses.append(
                    f"{label}{report.name} {truth[index][0]}: in {len(parts)} pieces "
                    f"on pages {sorted(p or 0 for p in pages)}"
                )
    return tally


def _words(cells: Cells) -> Counter[str]:
    return Counter(word for text in cells.values() for word in text.split())


def _rows(cells: Cells) -> Counter[str]:
    """Rows by their figures."""
    rows: dict[int, list[str]] = {}
    for (row, _), text in sorted(cells.items()):
        if is_number(text):
            rows.setdefault(row, []).append(text)
    return Counter(" | ".join(found) for found in rows.values() if len("".join(found)) > 3)


def _share(part: Counter[str], whole: Counter[str]) -> float:
    return sum((part & whole).values()) / max(1, sum(part.values()))


def _pairs(gold: list[Cells], seen: dict[int, Cells]) -> dict[int, int]:
    left = [_words(cells) for cells in gold]
    right = {seq: _words(cells) for seq, cells in seen.items()}
    scores = sorted(
        (
            (-sum((a & b).values()) / max(1, sum((a | b).values())), index, seq)
            for index, a in enumerate(left)
            for seq, b in right.items()
        ),
    )
    pairs: dict[int, int] = {}
    for score, index, seq in scores:
        if -score > 0.3 and index not in pairs and seq not in pairs.values():
            pairs[index] = seq
    return pairs
