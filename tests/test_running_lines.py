"""What stands on the edge of every page, or in a web page's title: no text, but often all that says whose a report is.

Belongs here: that each format hands it on, and nothing of it as text. Does not belong here: what it means.
"""

from __future__ import annotations

import io

import docx
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from dagster_project.extract import extract

ROWS = (("Nyckeltal", "2022", "2023"), ("Besök", "41", "52"), ("Tillstånd", "7", "8"))


def lund_pdf() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for page in range(1, 5):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(60, 810, "Lunds kommun | Miljönämnden")
        canvas.drawString(60, 30, f"www.lund.se    sida {page}")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(60, 740, f"Kapitel {'ABCD'[page - 1]} om miljön")
        for row, cells in enumerate(ROWS):
            for column, text in enumerate(cells):
                canvas.drawString(60 + 150 * column, 700 - 18 * row, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def lund_docx() -> bytes:
    word = docx.Document()
    word.sections[0].header.paragraphs[0].text = "Lunds kommun\tMiljönämnden"
    word.sections[0].footer.paragraphs[0].text = "www.lund.se"
    word.add_heading("Verksamheten", 1)
    table = word.add_table(rows=3, cols=3)
    for row, cells in enumerate(ROWS):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def lund_html() -> bytes:
    rows = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in ROWS)
    page = f"<html><head><title>Miljönämnden - Lunds kommun</title></head><body><table>{rows}</table></body></html>"
    return page.encode()


def test_pdf_keeps_headers_and_footers_once() -> None:
    document = extract(lund_pdf(), "rapport.pdf")
    assert [line.text for line in document.running_lines] == ["Lunds kommun | Miljönämnden", "www.lund.se sida 1"]
    texts = [*(item.text for item in document.headings), *(item.text for item in document.paragraphs)]
    assert not [text for text in texts if "Lund" in text or "lund" in text]


def test_word_keeps_headers_and_footers() -> None:
    document = extract(lund_docx(), "rapport.docx")
    assert [line.text for line in document.running_lines] == ["Lunds kommun Miljönämnden", "www.lund.se"]


def test_web_page_keeps_its_title() -> None:
    document = extract(lund_html(), "rapport.html")
    assert [(line.line_seq, line.text) for line in document.running_lines] == [(1, "Miljönämnden - Lunds kommun")]


def test_lines_without_letters_and_page_numbers_are_left_out() -> None:
    word = docx.Document()
    word.sections[0].footer.paragraphs[0].text = "1 (12)"
    word.add_table(rows=2, cols=2).cell(0, 0).text = "Nyckeltal"
    word.tables[0].cell(1, 1).text = "5"
    buffer = io.BytesIO()
    word.save(buffer)
    assert extract(buffer.getvalue(), "rapport.docx").running_lines == ()
