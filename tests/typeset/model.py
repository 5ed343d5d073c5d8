"""The reports as blocks to be typeset, read from their text versions.

Belongs here: what is printed (headings, paragraphs, contents, tables) and how it may look (a style). Does not belong
here: how a writer draws it (the modules beside this one) and how the result is judged (``score``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dagster_project.extract import Document, Limits, StructureWords
from dagster_project.extract.document import Table, collapse
from dagster_project.extract.structure import NUMBERED, Grid, Line, is_number
from dagster_project.extract.text import items, read_text

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class HeadingBlock:
    level: int
    text: str


@dataclass(frozen=True)
class ParagraphBlock:
    text: str


@dataclass(frozen=True)
class ContentsBlock:
    entries: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TableBlock:
    """Cells by (row, column): text, row span, column span."""

    n_rows: int
    n_cols: int
    header_rows: int
    cells: dict[tuple[int, int], tuple[str, int, int]]

    def rows(self) -> list[list[tuple[str, int, int]]]:
        """The cells to be drawn, row by row, empty ones included, those under a span left out."""
        covered: set[tuple[int, int]] = set()
        result = []
        for row in range(self.n_rows):
            drawn = []
            for column in range(self.n_cols):
                if (row, column) in covered:
                    continue
                text, row_span, col_span = self.cells.get((row, column), ("", 1, 1))
                covered |= {(row + i, column + j) for i in range(row_span) for j in range(col_span)}
                drawn.append((text, row_span, col_span))
            result.append(drawn)
        return result

    def places(self) -> list[list[int]]:
        """The columns of the cells that ``rows`` gives."""
        covered = {
            (row + i, column + j)
            for (row, column), (_, down, across) in self.cells.items()
            for i in range(down)
            for j in range(across)
            if i or j
        }
        return [[c for c in range(self.n_cols) if (r, c) not in covered] for r in range(self.n_rows)]

    def numeric_columns(self) -> set[int]:
        """Columns whose body cells are numbers in the main: set flush right."""
        numeric: set[int] = set()
        for column in range(1, self.n_cols):
            body = [t for (r, c), (t, _, _) in self.cells.items() if c == column and r >= self.header_rows]
            if body and sum(is_number(t) for t in body) * 2 > len(body):
                numeric.add(column)
        return numeric


Block = HeadingBlock | ParagraphBlock | ContentsBlock | TableBlock


@dataclass(frozen=True)
class Style:
    """How a report looks. Lengths are in points."""

    name: str
    rules: str
    """``grid``, ``hrule``, ``none``, ``headrule``, ``zebra``, ``vbox``, ``whitegrid`` or ``shadehead``."""
    font: str = "Liberation Sans"
    size: float = 10
    leading: float = 1.2
    pad_x: float = 4
    pad_y: float = 3
    valign: str = "top"
    repeat_header: bool = True
    bold_header: bool = True
    numbers: str = "right"
    landscape: bool = False
    heading_scale: float = 1.0
    width: str = "100%"
    header_align: str = "same"
    tagged: bool = False


def report_files() -> list[Path]:
    """The five reports in text form."""
    return sorted((ROOT / "seeds" / "reports").glob("*.txt"))


def structure_words() -> StructureWords:
    """The words of seeds/vocabulary/structure_words.csv."""
    roles: dict[str, set[str]] = {}
    for line in (ROOT / "seeds/vocabulary/structure_words.csv").read_text("utf-8").splitlines()[1:]:
        role, _, word = line.partition(",")
        roles.setdefault(role, set()).add(word)
    return StructureWords(
        status_labels=frozenset(roles["status_label"]),
        status_values=frozenset(roles["status_value"]),
        contents_titles=frozenset(roles["contents_title"]),
    )


def text_document(data: bytes) -> Document:
    """The text version, which the typeset versions are compared with."""
    return read_text(data, Limits(), structure_words())


def blocks(data: bytes) -> list[Block]:
    """What the report prints, in order."""
    document = text_document(data)
    headings, tables = list(document.headings), list(document.tables)
    cells: dict[int, dict[tuple[int, int], tuple[str, int, int]]] = {table.table_seq: {} for table in tables}
    for cell in document.cells:
        cells[cell.table_seq][cell.row_index, cell.col_index] = (cell.text, cell.row_span, cell.col_span)
    result: list[Block] = []
    flow, _ = items(data.decode("utf-8-sig"))
    grids = [table for table in tables if not _is_status_block(cells[table.table_seq], flow)]
    paragraphs = {collapse(paragraph.text) for paragraph in document.paragraphs}
    status = {
        collapse(text) for table in tables if table not in grids for text, _, _ in cells[table.table_seq].values()
    }
    for item in flow:
        if isinstance(item, Grid):
            rows = [row for row in item.rows if any(row)]
            if grids and _begins(rows, cells[grids[0].table_seq]):
                table = grids.pop(0)
                _unmark_headings(result, table, document)
                result.append(
                    TableBlock(table.n_rows, table.n_cols, table.header_rows, _spread(table, cells[table.table_seq]))
                )
        elif headings and collapse(item.text) in _printed(headings[0]):
            heading = headings.pop(0)
            text = f"{heading.number} {heading.text}" if heading.number else heading.text
            result.append(HeadingBlock(heading.level, text))
        elif collapse(item.text) in paragraphs | status:
            result.append(ParagraphBlock(item.text))
    result = _with_prose(result)
    entries = [(block.text, 2 + i // 3) for i, block in enumerate(b for b in result if isinstance(b, HeadingBlock))]
    listed = tuple(entry for entry in entries if NUMBERED.fullmatch(entry[0]))
    if len(listed) > 2:
        front = next(
            i for i, b in enumerate(result) if not isinstance(b, HeadingBlock) or NUMBERED.fullmatch(b.text) or i > 2
        )
        result[front:front] = [HeadingBlock(1, "Innehållsförteckning"), ContentsBlock(listed)]
    return result


def _unmark_headings(printed: list[Block], table: Table, document: Document) -> None:
    """Print as text what the text version takes for a heading, but not for that of the table which follows."""
    heading = document.headings[table.heading_seq - 1] if table.heading_seq else None
    for index in range(len(printed) - 1, -1, -1):
        block = printed[index]
        if isinstance(block, TableBlock) or heading is None:
            return
        if isinstance(block, HeadingBlock):
            if block.text in (heading.text, f"{heading.number} {heading.text}"):
                return
            printed[index] = ParagraphBlock(block.text)


PROSE = (
    "Nämnden har under året arbetat vidare med det som beslutades i verksamhetsplanen, och arbetet följs upp löpande "
    "tillsammans med de verksamheter som berörs. Där utvecklingen avviker från det som var planerat beskrivs orsaken, "
    "och vilka åtgärder som har vidtagits eller som återstår. Bedömningen är att arbetssätten behöver ses över även "
    "under kommande år, så att stödet når dem som behöver det."
)


def _with_prose(flow: list[Block]) -> list[Block]:
    """The sections end with running text, as in a report: the texts in ``seeds/reports`` keep little of theirs."""
    result: list[Block] = []
    for index, block in enumerate(flow):
        if index > 3 and isinstance(block, HeadingBlock) and not isinstance(flow[index - 1], HeadingBlock):
            result.append(ParagraphBlock(PROSE))
        result.append(block)
    return result


def _printed(heading: object) -> set[str]:
    number, text = heading.number, heading.text  # type: ignore[attr-defined]
    return {collapse(text), collapse(f"{number} {text}"), collapse(f"{number}. {text}")}


def _begins(rows: list[tuple[str, ...]], cells: dict[tuple[int, int], tuple[str, int, int]]) -> bool:
    for index, row in enumerate(rows[:2]):
        for column, text in enumerate(row):
            if cells.get((index, column), ("", 1, 1))[0] != text and index == 0:
                return False
    return True


def _is_status_block(cells: dict[tuple[int, int], tuple[str, int, int]], flow: list[Line | Grid]) -> bool:
    lines = {collapse(part) for item in flow if isinstance(item, Line) for part in (item.text, *item.text.split(":"))}
    return set(cells) == {(0, 1), (1, 0), (1, 1)} and collapse(cells[0, 1][0]) in lines


def _spread(
    table: object, cells: dict[tuple[int, int], tuple[str, int, int]]
) -> dict[tuple[int, int], tuple[str, int, int]]:
    """A long note alone in its row runs over all columns, as every writer of such a table makes it."""
    n_cols, header_rows = table.n_cols, table.header_rows  # type: ignore[attr-defined]
    spread = dict(cells)
    for (row, column), (text, row_span, _) in cells.items():
        alone = sum(1 for other in cells if other[0] == row) == 1
        if alone and column == 0 and row >= header_rows and len(text) > 60 and n_cols > 4:
            spread[row, column] = (text, row_span, n_cols)
    return spread
