"""Reader for delimited text (CSV, TSV): delimiter found from the content, titles and several tables in one file.

Belongs here: delimiters, quotes, rows. Does not belong here: encodings (``text``) and where in the rows the tables are
(``sheets``).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from itertools import pairwise

from dagster_project.extract.columns import AMBIGUOUS
from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.sheets import Sheet, SheetCell, sheet_items
from dagster_project.extract.structure import assemble
from dagster_project.extract.text import OPEN_END, decode, plain

EXTRACTOR = "csv"
VERSION = "2"

DELIMITERS = (";", "\t", "|", ",")
"""In the order in which they are tried: the comma last, for it is also the decimal mark."""
NAMES = {";": "semicolon", "\t": "tab", "|": "pipe", ",": "comma"}
STATED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The first line by which Excel names the delimiter."""
MIN_EVEN = 0.6
"""Share of the lines with the delimiter that have as many of it as a neighbour."""
MIN_DIVIDED = 0.8
"""Share of the lines that have semicolons in delimited text that does not say so in its name."""
DIGITS = re.compile(r"[+\-−–]?\d+(?: \d{3})*")
FRACTION = re.compile(r"\d{1,4}\s?%?")


def read_csv(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read delimited text; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    text, notes = decode(data)
    delimiter, rows = delimited(text, limits)
    if delimiter is None:
        raise ExtractionError(f"{AMBIGUOUS}: no comma, semicolon, tab or pipe divides the lines evenly")
    if sum(len(row) for row in rows) > limits.max_cells:
        raise ExtractionError(f"the document has more than {limits.max_cells} table cells")
    if max(len(row) for row in rows) > limits.max_columns:
        raise ExtractionError(f"a table has more than {limits.max_columns} columns")
    if not text.endswith(("\n", "\r")) and len(rows) > 1 and 1 < len(rows[-1]) < len(rows[-2]):
        raise ExtractionError(
            f"cut off in the middle of a table row: the last row has {len(rows[-1])} cells,"
            f" the one before has {len(rows[-2])}"
        )
    cells = {
        (row_index, column): SheetCell(shown)
        for row_index, row in enumerate(rows)
        for column, cell in enumerate(row)
        if (shown := plain(cell))
    }
    if not cells:
        raise ExtractionError("no table found")
    document = assemble(sheet_items(Sheet(cells, {}), limits), limits, words)
    return replace(
        document,
        media_type="text/csv",
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        notes=(
            *notes,
            f"columns divided by {NAMES.get(delimiter, repr(delimiter))}",
            *(() if text.endswith(("\n", "\r")) else (OPEN_END,)),
            *document.notes,
        ),
    )


def delimited(text: str, limits: Limits) -> tuple[str | None, list[list[str]]]:
    """The delimiter of a text and its rows; None and no rows where no delimiter divides the lines evenly.

    Raises:
        ExtractionError: a quotation mark is never closed, a field is too long, or commas stand for two things.
    """
    if stated := STATED.match(text):
        return stated[1], _rows(text[stated.end() :], stated[1], limits)
    best, rows, most = None, [], 1
    for delimiter in DELIMITERS:
        if delimiter in text:
            found = _rows(text, delimiter, limits)
            if (even := _even_rows(found)) > most:
                best, rows, most = delimiter, found, even
    if best == ",":
        _refuse_decimal_commas(rows)
    return best, rows


def is_delimited(text: str) -> bool:
    """Whether a text of unknown kind is delimited by semicolons: most lines have them, and evenly."""
    lines = [line.count(";") for line in text.splitlines() if line.strip()]
    divided = [count for count in lines if count]
    even = sum(1 for before, after in pairwise(divided) if before == after)
    return len(divided) > 1 and len(divided) >= MIN_DIVIDED * len(lines) and even >= MIN_EVEN * (len(divided) - 1)


def _rows(text: str, delimiter: str, limits: Limits) -> list[list[str]]:
    csv.field_size_limit(min(limits.max_bytes, 2**31 - 1))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise ExtractionError("cut off: a quotation mark is never closed") from error
    try:
        # A mark inside a cell, as in 5" rör: taken as it stands.
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ExtractionError(f"no delimited text: {error}") from error


def _even_rows(rows: list[list[str]]) -> int:
    """How many rows are divided as often as the divided row before or after them; 0 where most are not."""
    divided = [len(row) for row in rows if len(row) > 1 and any(cell.strip() for cell in row)]
    alike = [a == b for a, b in pairwise(divided)]
    even = sum(1 for before, after in zip([False, *alike], [*alike, False], strict=False) if before or after)
    return even if even >= MIN_EVEN * len(divided) else 0


def _refuse_decimal_commas(rows: list[list[str]]) -> None:
    """Refuse rows that are longer than the head and hold a figure torn at its decimal comma."""
    head = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            head = 0
        elif head < 2:
            head = len(row)
        elif len(row) > head and any(DIGITS.fullmatch(a) and FRACTION.fullmatch(b) for a, b in pairwise(row)):
            raise ExtractionError(f"{AMBIGUOUS}: commas divide columns and mark decimals too")
