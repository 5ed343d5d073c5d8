"""Damaged files of every format: nothing crashes or hangs, and no figure comes out of garbage.

Belongs here: bytes cut off, turned over, taken out, overwritten and spliced with those of another file. Does not belong
here: files made to do harm (``test_extract_hostile``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.extract import Document, ExtractionError, Limits
from dagster_project.extract.sandbox import Children
from dagster_project.extract.structure import is_number
from tests.typeset import platypus
from tests.typeset.model import Style
from tests.typeset.model import blocks as printed_blocks
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import report_paths, structure_words, text_version
from tests.typeset_office.text_writer import write_csv, write_markdown
from tests.typeset_office.xlsb_writer import BinarySheet, write_xlsb
from tests.typeset_office.xlsx_writer import stored, write_xlsx

pytestmark = pytest.mark.slow

SECONDS = 30
CHECKED = ("docx", "xlsx", "xlsb")
"""Formats whose container has checksums: damage is found, and nothing else than the whole file is ever read."""
FORMATS = (*CHECKED, "pdf", "html", "csv", "md")


@cache
def whole(form: str) -> bytes:
    path = report_paths()[0]
    document = text_version(path.name)
    match form:
        case "docx":
            return write_docx(document)
        case "xlsx":
            return write_xlsx(document)
        case "xlsb":
            return _binary(document)
        case "html":
            return write_html(document)
        case "csv":
            return write_csv(document)
        case "md":
            return write_markdown(document)
    return platypus.typeset(printed_blocks(path.read_bytes()), Style("grid", "grid"))


def _binary(document: Document) -> bytes:
    sheets = []
    for table in document.tables:
        cells = {(c.row_index, c.col_index): c.text for c in document.cells if c.table_seq == table.table_seq}
        rows = [
            [stored(cells[r, c]) if (r, c) in cells else None for c in range(table.n_cols)] for r in range(table.n_rows)
        ]
        sheets.append(BinarySheet(f"Tabell {table.table_seq}", rows))
    return write_xlsb(sheets)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children() as found:
        yield found


def _figures(document: Document) -> Counter[str]:
    return Counter(cell.text for cell in document.cells if is_number(cell.text))


@st.composite
def damaged(draw: st.DrawFn, data: bytes, other: bytes) -> bytes:
    place = st.integers(0, len(data) - 1)
    match draw(st.sampled_from(["cut", "flip", "remove", "zero", "splice"])):
        case "cut":
            return data[: draw(place)]
        case "flip":
            changed = bytearray(data)
            for at in draw(st.lists(place, min_size=1, max_size=8)):
                changed[at] ^= 1 << draw(st.integers(0, 7))
            return bytes(changed)
        case "remove":
            start, end = sorted((draw(place), draw(place)))
            return data[:start] + data[end:]
        case "zero":
            at = draw(place)
            return data[:at] + bytes(min(512, len(data) - at)) + data[at + 512 :]
        case _:
            return data[: draw(place)] + other[draw(st.integers(0, len(other) - 1)) :]


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_damage_is_refused_or_does_no_harm(form: str, data: st.DataObject, children: Children) -> None:
    source, name = whole(form), str(Path("a").with_suffix(f".{form}"))
    expected = _figures(children.extract(source, name, None, structure_words()))
    content = data.draw(damaged(source, whole(data.draw(st.sampled_from(FORMATS)))))
    try:
        found = children.extract(content, name, Limits(max_seconds=SECONDS), structure_words())
    except ExtractionError as error:
        reason = str(error)
        assert reason
        # A reader may refuse; it may neither fail in a way nobody thought of nor take its process with it.
        for fault in ("the reader failed", "the reader crashed", "took longer", "without an answer"):
            assert fault not in reason
        return
    if form in CHECKED:
        assert _figures(found) == expected
