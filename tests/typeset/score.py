"""Compares a document that was read from PDF with the text version of the same report.

Belongs here: counting. Does not belong here: typesetting and the limits that tests set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dagster_project.extract import Document
from dagster_project.extract.document import collapse
from dagster_project.extract.structure import is_number


@dataclass
class Score:
    """Cells expected, found and right; the same for cells that print numbers; tables, headings above them."""

    expected: int = 0
    found: int = 0
    right: int = 0
    numeric_expected: int = 0
    numeric_found: int = 0
    numeric_right: int = 0
    tables_expected: int = 0
    tables_found: int = 0
    tables_exact: int = 0
    headings_right: int = 0
    header_rows_right: int = 0
    matched: int = 0
    false_joins: int = 0
    """Tables that hold most words of two tables of the report."""
    pieces: int = 0
    """Tables that are parts of one that was matched: page breaks over which rows were not joined."""
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 0.0

    @property
    def f1(self) -> float:
        total = self.found + self.expected
        return 2 * self.right / total if total else 0.0

    @property
    def numeric_precision(self) -> float:
        return self.numeric_right / self.numeric_found if self.numeric_found else 0.0

    def add(self, other: Score) -> None:
        """Add the counts of another score."""
        for name in self.__dataclass_fields__:
            if name != "misses":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.misses.extend(other.misses)

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f}  P {self.precision:.3f}  R {self.recall:.3f}  numeric P {self.numeric_precision:.3f} "
            f"R {self.numeric_right / max(1, self.numeric_expected):.3f}  "
            f"tables {self.tables_exact} exact, {self.tables_found} found of {self.tables_expected}  "
            f"headings {self.headings_right}  header rows {self.header_rows_right} of {self.matched}  "
            f"pieces {self.pieces}  false joins {self.false_joins}"
        )


MARKS = dict.fromkeys(map(ord, "✔✓•\ufffd"))
STATUS_BLOCK = {(0, 1), (1, 0), (1, 1)}

Cells = dict[tuple[int, int], str]


def cells_of(document: Document) -> dict[int, Cells]:
    """Cells of each table by (row, column), white space made single spaces."""
    result: dict[int, Cells] = {table.table_seq: {} for table in document.tables}
    for cell in document.cells:
        result[cell.table_seq][cell.row_index, cell.col_index] = collapse(cell.text)
    return {seq: _without_empty_columns(cells) for seq, cells in result.items()}


def _without_empty_columns(cells: Cells) -> Cells:
    """Columns without any text have no place on paper unless rules draw them; marks that fonts lack are left out."""
    columns = {column: place for place, column in enumerate(sorted({column for _, column in cells}))}
    plain = {(row, columns[column]): collapse(text.translate(MARKS)) for (row, column), text in cells.items()}
    return {place: text for place, text in plain.items() if text}


def compare(expected: Document, actual: Document) -> Score:
    """Score one document; tables are matched in order, those with most cells in common first."""
    score = Score()
    gold, seen = cells_of(expected), cells_of(actual)
    score.tables_expected, score.tables_found = len(gold), len(seen)
    pairs = _pairs(gold, seen)
    for seq, cells in gold.items():
        score.expected += len(cells)
        score.numeric_expected += sum(is_number(text) for text in cells.values())
        other = pairs.get(seq)
        found = seen[other] if other is not None else {}
        right = {at for at, text in cells.items() if found.get(at) == text}
        score.right += len(right)
        score.numeric_right += sum(is_number(cells[at]) for at in right)
        if other is None:
            score.misses.append(f"table {seq} not found: {list(cells.values())[:3]}")
            continue
        score.matched += 1
        exact = cells == found
        score.tables_exact += exact
        first, second = expected.tables[seq - 1], actual.tables[other - 1]
        if set(cells) == STATUS_BLOCK:
            # Unmarked headings of the text version are typeset as headings, which blocks belong to in a layout.
            first = replace(first, heading_seq=None)
            second = replace(second, heading_seq=None)
        headings = heading_above(expected, first.heading_seq), heading_above(actual, second.heading_seq)
        score.headings_right += headings[0] == headings[1]
        score.header_rows_right += first.header_rows == second.header_rows
        if headings[0] != headings[1]:
            score.misses.append(f"table {seq} heading {headings[1]!r} for {headings[0]!r}")
        if first.header_rows != second.header_rows:
            score.misses.append(f"table {seq} header rows {second.header_rows} for {first.header_rows}")
        if not exact:
            wrong = [(at, found.get(at), text) for at, text in cells.items() if found.get(at) != text]
            extra = [(at, text) for at, text in found.items() if at not in cells]
            score.misses.append(f"table {seq}: {len(wrong)} wrong {wrong[:2]} extra {extra[:2]}")
    matched = {other: seq for seq, other in pairs.items()}
    for seq, cells in seen.items():
        words = _words(cells)
        if seq in matched:
            larger = len(cells) > len(gold[matched[seq]])
            others = [_words(gold[g]) for g in gold if larger and g not in pairs]
            score.false_joins += any(len(other) > 8 and len(other & words) > 0.7 * len(other) for other in others)
        else:
            score.pieces += any(len(words & _words(gold[g])) > 0.8 * len(words) for g in pairs)
        score.found += len(cells)
        score.numeric_found += sum(is_number(text) for text in cells.values())
        if seq not in pairs.values():
            score.misses.append(f"false table: {list(cells.values())[:4]} page {actual.tables[seq - 1].page_first}")
    return score


def heading_above(document: Document, heading_seq: int | None) -> str | None:
    """Text of a heading, without its number."""
    return collapse(document.headings[heading_seq - 1].text) if heading_seq else None


def _pairs(gold: dict[int, Cells], seen: dict[int, Cells]) -> dict[int, int]:
    """The matching in order with the most common words (a longest common subsequence with weights)."""
    left, right = list(gold), list(seen)
    words = {("g", k): _words(v) for k, v in gold.items()} | {("s", k): _words(v) for k, v in seen.items()}
    best = [[(0.0, 0)] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            a, b = words["g", left[i]], words["s", right[j]]
            common = len(a & b) / max(1, len(a | b))
            options = [(best[i + 1][j][0], 1), (best[i][j + 1][0], 2)]
            if common > 0.3:
                options.append((best[i + 1][j + 1][0] + common, 3))
            best[i][j] = max(options)
    pairs: dict[int, int] = {}
    i = j = 0
    while i < len(left) and j < len(right):
        step = best[i][j][1]
        if step == 3:
            pairs[left[i]] = right[j]
        i, j = i + (step != 2), j + (step != 1)
    return pairs


def _words(cells: Cells) -> set[str]:
    return {f"{word}" for text in cells.values() for word in text.split()}
