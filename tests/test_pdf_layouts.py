"""Layouts that the five reports do not have: tables side by side, columns of text, text at an angle, footnote marks.

Belongs here: small pages set by a browser, each with the cells that it must give. Does not belong here: the reports
(``test_pdf_reports``).
"""

from __future__ import annotations

import html

import pytest

from dagster_project.extract import Document, extract
from tests.typeset import chromium

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="no Chromium on this machine")

A = [
    ["Verksamhet", "2023", "2024"],
    ["Förskola", "12,5", "13,1"],
    ["Grundskola", "101,2", "99,8"],
    ["Fritid", "3,4", "3,5"],
    ["Kultur", "8,8", "9,0"],
    ["Administration", "5,1", "5,2"],
    ["Summa", "131,0", "130,6"],
]
B = [
    ["Nyckeltal", "Utfall", "Mål"],
    ["Antal barn", "1 250", "1 300"],
    ["Andel nöjda", "82 %", "85 %"],
    ["Antal klagomål", "12", "10"],
    ["Sjukfrånvaro", "6,1 %", "5,5 %"],
    ["Antal årsarbetare", "586", "590"],
    ["Kö", "31", "0"],
]
PROSE = (
    "<p>" + "Nämnden har under året utvecklat verksamheten i samverkan med andra och med tidiga insatser. " * 8 + "</p>"
)
CSS = """body { font: 10pt 'Liberation Sans', sans-serif } td, th { padding: 3pt 6pt; text-align: left }
td.n { text-align: right } table { border-collapse: collapse; break-inside: avoid }
.grid td, .grid th { border: 1px solid #333 } .hrule td, .hrule th { border-bottom: 1px solid #666 }
.pair { display: flex; gap: 40pt }"""


def _table(rows: list[list[str]], kind: str) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td class='{'n' if i else ''}'>{html.escape(c)}</td>" for i, c in enumerate(row)) + "</tr>"
        for row in rows[1:]
    )
    return f"<table class='{kind}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _read(body: str, css: str = "") -> Document:
    return extract(chromium.print_html(f"<meta charset=utf-8><style>{CSS}{css}</style>{body}"), "layout.pdf")


def _rows(document: Document, table_seq: int) -> list[list[str]]:
    table = document.tables[table_seq - 1]
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in document.cells:
        if cell.table_seq == table_seq:
            rows[cell.row_index][cell.col_index] = cell.text
    return rows


@pytest.mark.parametrize("kind", ["grid", "hrule", "none"])
def test_tables_side_by_side(kind: str) -> None:
    document = _read(f"<h2>Ekonomi</h2>{PROSE}<div class=pair>{_table(A, kind)}{_table(B, kind)}</div>{PROSE}")
    assert [_rows(document, table.table_seq) for table in document.tables] == [A, B]


@pytest.mark.parametrize("kind", ["grid", "hrule", "none"])
def test_one_column_of_text_is_read_before_the_next(kind: str) -> None:
    column = f"{PROSE * 2}<h2>Utfall</h2>{_table(A, kind)}{PROSE}"
    body = f"<h1>Rapport</h1><div style='columns: 2; column-gap: 18pt'>{column}</div>"
    document = _read(body)
    assert [_rows(document, table.table_seq) for table in document.tables] == [A]
    assert document.headings[(document.tables[0].heading_seq or 0) - 1].text == "Utfall"
    assert all(paragraph.text.startswith("Nämnden har") for paragraph in document.paragraphs)


def test_landscape_page() -> None:
    document = _read(f"<h2>Ekonomi</h2>{_table(A, 'hrule')}", "@page { size: A4 landscape }")
    assert _rows(document, 1) == A


def test_text_that_runs_down_the_page() -> None:
    document = _read(f"<div style='writing-mode: vertical-rl'><h3>Sidvänd</h3>{_table(A, 'grid')}</div>")
    assert _rows(document, 1) == A
    assert [heading.text for heading in document.headings] == ["Sidvänd"]


def test_header_cells_that_run_up() -> None:
    table = _table(A, "grid").replace("<th>2", "<th style='writing-mode: vertical-rl'>Utfall 2")
    assert _rows(_read(f"<h2>Ekonomi</h2>{table}"), 1)[0] == ["Verksamhet", "Utfall 2023", "Utfall 2024"]


def test_footnote_marks_do_not_become_digits() -> None:
    table = _table(A, "hrule").replace("13,1", "13,1<sup>2</sup>").replace("Förskola", "Förskola<sup>1)</sup>")
    assert _rows(_read(f"<h2>Ekonomi</h2>{table}<p>Not</p>"), 1)[1] == ["Förskola¹⁾", "12,5", "13,1²"]
