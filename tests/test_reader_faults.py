"""A fault of a reader costs the table, page or sheet that it happens on, is told, and the rest is read.

Belongs here: faults that are brought about. Does not belong here: documents that are refused on purpose.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from reportlab.pdfgen.canvas import Canvas

from dagster_project.extract import ExtractionError, Limits, extract, html, sheets, structure
from dagster_project.extract.document import Document
from dagster_project.extract.pdf import reader

HEAD = ("Nyckeltal", "Utfall 2022", "Utfall 2023")


def rows(page: int) -> list[tuple[str, ...]]:
    return [
        HEAD,
        *((f"Antal ärenden av slag {number}", f"{page}{number}", f"{page + 4}{number}") for number in range(6)),
    ]


def pdf(pages: int) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 780, f"Kapitel {page} handlar om verksamheten och hur den har gått under året som var.")
        for index, row in enumerate(rows(page)):
            canvas.setFont("Helvetica-Bold" if index == 0 else "Helvetica", 10)
            for x, text in zip((60, 260, 380), row, strict=True):
                canvas.drawString(x, 720 - 16 * index, text)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 560, "Efter tabellen kommer mer text om verksamheten, så att sidan inte slutar med den.")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(data: bytes, name: str) -> Document:
    return extract(data, name, Limits())


def figures(document: Document) -> set[str]:
    return {cell.text for cell in document.cells if cell.text.isdecimal()}


def failing(real: Callable[..., Any], on: Callable[..., bool]) -> Callable[..., Any]:
    def call(*arguments: Any, **more: Any) -> Any:
        if on(*arguments, **more):
            raise ValueError("max() arg is an empty sequence")
        return real(*arguments, **more)

    return call


FAULT = "the reader failed on it (ValueError: max() arg is an empty sequence)"


@pytest.mark.parametrize(
    ("where", "on"),
    [
        ("region_table", lambda region, *_, **__: any("21" in s.text for line in region.lines for s in line.segments)),
        ("find_regions", lambda lines, _: any(s.text == "21" for line in lines for s in line.segments)),
        ("_is_headless", lambda table: any("21" in cell for row in table.rows for cell in row)),
    ],
)
def test_a_fault_on_a_page_costs_the_table_of_that_page(
    monkeypatch: pytest.MonkeyPatch, where: str, on: Callable[..., bool]
) -> None:
    data = pdf(3)
    whole = figures(read(data, "r.pdf"))
    monkeypatch.setattr(reader, where, failing(getattr(reader, where), on))
    document = read(data, "r.pdf")
    assert figures(document) == {figure for figure in whole if figure[0] not in "26"}
    assert f"page 2: a table was left out, {FAULT}" in document.notes


def test_texts_below_each_other_have_no_rest() -> None:
    """A page foot of lines with one text each, and a row of figures below: there was nothing to measure columns by."""
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont("Helvetica-Bold", 9)
    for index, text in enumerate(("Kommunen", "Box 12", "Org.nr")):
        canvas.drawString(60, 120 - 12 * index, text)
    canvas.setFont("Helvetica", 9)
    for x, text in ((60, "Sida"), (300, "12"), (420, "15")):
        canvas.drawString(x, 84, text)
    for index, row in enumerate(rows(1)):
        canvas.setFont("Helvetica-Bold" if index == 0 else "Helvetica", 9)
        for x, text in zip((60, 260, 380), row, strict=True):
            canvas.drawString(x, 720 - 16 * index, text)
    canvas.save()
    document = read(out.getvalue(), "r.pdf")
    assert {"10", "50", "15", "55"} <= figures(document)
    assert not any("failed" in note for note in document.notes)


def test_a_fault_on_a_sheet_costs_that_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for page in (1, 2):
        sheet = book.create_sheet(f"Blad {page}")
        for row in rows(page):
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    on = failing(sheets.visible_part, lambda stored: stored.name == "Blad 1")
    monkeypatch.setattr(sheets, "visible_part", on)
    document = read(out.getvalue(), "r.xlsx")
    assert figures(document) == {figure for row in rows(2)[1:] for figure in row[1:]}
    assert f"sheet 'Blad 1': left out, {FAULT}" in document.notes
    monkeypatch.setattr(sheets, "visible_part", failing(sheets.visible_part, lambda _: True))
    with pytest.raises(ExtractionError, match="no table found; sheet 'Blad 1': left out"):
        read(out.getvalue(), "r.xlsx")


def test_a_fault_on_a_table_of_a_web_page_costs_that_table(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [
        "<h1>Del {}</h1><table>{}</table>".format(
            page, "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows(page))
        )
        for page in (1, 2)
    ]
    data = f"<html><body>{''.join(tables)}</body></html>".encode()
    on = failing(html._Table.read, lambda _, node: ">21<" in (node.html or ""))
    monkeypatch.setattr(html._Table, "read", on)
    document = read(data, "r.html")
    assert figures(document) == {figure for row in rows(1)[1:] for figure in row[1:]}
    assert f"below 'Del 2': a table was left out, {FAULT}" in document.notes


def test_a_fault_while_a_document_is_put_together_costs_that_table(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [f"# Del {page}\n\n" + "\n".join("\t".join(row) for row in rows(page)) + "\n\nSlut.\n" for page in (1, 2)]
    data = "\n".join(parts).encode()
    on = failing(structure.header_depth, lambda found: any("21" in cell for row in found for cell in row))
    monkeypatch.setattr(structure, "header_depth", on)
    document = read(data, "r.txt")
    assert figures(document) == {figure for row in rows(1)[1:] for figure in row[1:]}
    assert any(note.endswith(f"a table was left out, {FAULT}") for note in document.notes)
