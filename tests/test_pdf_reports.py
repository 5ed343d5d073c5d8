"""The five reports typeset to PDF give the tables of their text versions.

Belongs here: accuracy over writers and ruling styles, and the limits that it must not fall below. Does not belong
here: layouts that the reports do not have (``test_pdf_layouts``) and broken files (``test_pdf_hostile``).
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

import pytest

from dagster_project.extract import Document, extract
from tests.typeset import chromium, platypus
from tests.typeset.model import Style, blocks, report_files, structure_words, text_document
from tests.typeset.score import Score, compare

WRITERS: dict[str, ModuleType] = {"chromium": chromium, "platypus": platypus}
RENDERINGS = {
    "chromium-grid": Style("chromium-grid", "grid"),
    "chromium-hrule": Style("chromium-hrule", "hrule", font="DejaVu Sans", size=9, repeat_header=False),
    "chromium-none": Style("chromium-none", "none", font="Liberation Sans", valign="middle"),
    "platypus-grid": Style("platypus-grid", "grid", font="Liberation Serif", repeat_header=False),
    "platypus-hrule": Style("platypus-hrule", "hrule", font="Liberation Sans", size=9),
    "platypus-none": Style("platypus-none", "none", font="DejaVu Sans", size=8),
}
LEAST_F1 = {"grid": 0.99, "hrule": 0.98, "none": 0.94}
LEAST_NUMERIC_PRECISION = 0.99
LEAST_F1_OVER_ALL = 0.975

pytestmark = pytest.mark.skipif(not report_files(), reason="the reports are not in seeds/reports")


@cache
def _read(name: str) -> Score:
    """Score of one rendering of the five reports."""
    writer = WRITERS[name.split("-")[0]]
    if getattr(writer, "PROGRAM", "in the process") is None:
        pytest.skip("no Chromium on this machine")
    total = Score()
    for path in report_files():
        data = path.read_bytes()
        pdf = writer.typeset(blocks(data), RENDERINGS[name])
        document: Document = extract(pdf, path.name, words=structure_words())
        total.add(compare(text_document(data), document))
        assert all(cell.page is not None for cell in document.cells)
    print(f"\n{name}: {total}")  # noqa: T201
    return total


@pytest.mark.parametrize("name", RENDERINGS)
def test_cells_of_a_rendering(name: str) -> None:
    score = _read(name)
    assert score.f1 >= LEAST_F1[RENDERINGS[name].rules], "\n".join(score.misses)
    assert score.numeric_precision >= LEAST_NUMERIC_PRECISION, "\n".join(score.misses)


@pytest.mark.parametrize("name", RENDERINGS)
def test_header_rows_and_headings_of_a_rendering(name: str) -> None:
    score = _read(name)
    assert score.false_joins == 0, "\n".join(score.misses)
    assert score.header_rows_right == score.matched, "\n".join(score.misses)
    assert score.headings_right == score.matched, "\n".join(score.misses)


def test_cells_over_all_renderings() -> None:
    total = Score()
    for name in RENDERINGS:
        total.add(_read(name))
    print(f"\nall: {total}")  # noqa: T201
    assert total.f1 >= LEAST_F1_OVER_ALL
    assert total.false_joins == 0
