"""The five reports written in each office format give the tables of the text version, cell by cell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.extract import Document, extract
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import Score, outline, report_paths, score, shape, structure_words, text_version
from tests.typeset_office.text_writer import write_csv, write_markdown
from tests.typeset_office.xlsx_writer import write_xlsx

NAMES = [path.name for path in report_paths()]
WRITERS: dict[str, tuple[str, Callable[[Document], bytes]]] = {
    "html": ("r.html", write_html),
    "html without th": ("r.html", lambda document: write_html(document, mark_headers=False)),
    "docx": ("r.docx", write_docx),
    "docx without repeated headers": ("r.docx", lambda document: write_docx(document, mark_headers=False)),
    "xlsx": ("r.xlsx", write_xlsx),
    "xlsx from column B": ("r.xlsx", lambda document: write_xlsx(document, first_column=2)),
    "csv with semicolons": ("r.csv", write_csv),
    "csv with commas": ("r.csv", lambda document: write_csv(document, delimiter=",")),
    "tsv": ("r.tsv", lambda document: write_csv(document, delimiter="\t")),
    "markdown": ("r.md", write_markdown),
}
OUTLINED = ("html", "docx", "markdown")
"""Formats that mark headings, so that levels must be the same too."""
TABLES, CELLS = 50, 1166
"""Tables and non-empty cells of the five reports, from the text version."""


def test_the_reports_hold_what_the_scores_are_about() -> None:
    documents = [text_version(name) for name in NAMES]
    assert (len(documents), sum(len(d.tables) for d in documents), sum(len(d.cells) for d in documents)) == (
        5,
        TABLES,
        CELLS,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", WRITERS)
def test_same_tables_and_cells_as_the_text_version(form: str, name: str) -> None:
    file_name, write = WRITERS[form]
    truth = text_version(name)
    found = extract(write(truth), file_name, words=structure_words())
    assert score(found, truth) == Score(precision=1.0, recall=1.0)
    assert shape(found) == shape(truth)
    if form.startswith(OUTLINED):
        assert outline(found) == outline(truth)
