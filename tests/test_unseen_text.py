"""Text that an office file or a web page holds and does not show is no figure; PDF: ``test_pdf_seen``."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from dagster_project.extract import Document, extract

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def cells(document: Document) -> dict[tuple[int, int], str]:
    return {(cell.row_index, cell.col_index): cell.text for cell in document.cells}


def test_white_text_on_a_white_ground_of_a_sheet_is_left_out_and_named() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Nyckeltal", "Utfall 2023"], ["Antal ärenden", 5], ["Antal beslut", 7], ["Antal möten", 99]):
        sheet.append(row)
    sheet["A1"].font = sheet["B4"].font = sheet["B3"].font = Font(color="FFFFFFFF")
    sheet["A1"].fill = sheet["B3"].fill = PatternFill("solid", fgColor="FF000080")
    data = io.BytesIO()
    book.save(data)
    document = extract(data.getvalue(), "a.xlsx")
    found = cells(document)
    assert found[0, 0] == "Nyckeltal"
    assert found[2, 0] == "Antal beslut"
    assert [found.get((row, 1)) for row in range(4)] == ["Utfall 2023", "5", "7", None]
    assert document.notes == ("sheet 'Sheet': text in the colour of its ground left out: B4",)


def word(run: str, shading: str = "") -> bytes:
    """A document with a table whose second row has a cell of two runs."""

    def cell(content: str) -> str:
        return f"<w:tc><w:tcPr>{shading}</w:tcPr><w:p>{content}</w:p></w:tc>"

    def text(content: str, properties: str = "") -> str:
        return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{content}</w:t></w:r>"

    rows = [
        cell(text("Nyckeltal")) + cell(text("Utfall 2023")),
        cell(text("Antal beslut")) + cell(text("12") + text("99", run)),
        cell(text("Antal möten")) + cell(text("7")),
    ]
    table = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as package:
        package.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override'
            ' PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'wordprocessingml.document.main+xml"/></Types>',
        )
        package.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
            ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
            ' Target="word/document.xml"/></Relationships>',
        )
        body = f'<w:document xmlns:w="{WORD}"><w:body><w:tbl>{table}</w:tbl></w:body></w:document>'
        package.writestr("word/document.xml", body)
    return data.getvalue()


@pytest.mark.parametrize(
    ("run", "shading", "text"),
    [
        ("", "", "1299"),
        ("<w:vanish/>", "", "12"),
        ("<w:strike/>", "", "12"),
        ('<w:color w:val="FFFFFF"/>', "", "12"),
        ('<w:color w:val="FFFFFF"/>', '<w:shd w:val="clear" w:fill="1F3864"/>', "1299"),
        ('<w:color w:val="FFFFFF"/>', '<w:shd w:val="clear" w:fill="auto"/>', "12"),
        ('<w:color w:val="FF0000"/>', "", "1299"),
    ],
)
def test_hidden_struck_and_white_text_of_a_word_document_is_left_out(run: str, shading: str, text: str) -> None:
    assert cells(extract(word(run, shading), "a.docx"))[1, 1] == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("display:none", "12"),
        ("visibility: hidden", "12"),
        ("opacity:0", "12"),
        ("opacity: .0;", "12"),
        ("font-size:0px", "12"),
        ("color:#fff", "12"),
        ("color: white", "12"),
        ("color:rgb(255, 255, 255);", "12"),
        ("color:#eee;background:#EEEEEE", "12"),
        ("color:transparent", "12"),
        ("color:#fff;background:navy", "1299"),
        ("color:#eee", "1299"),
        ("opacity:0.5", "1299"),
        ("font-size:10px", "1299"),
    ],
)
def test_text_that_a_page_hides_is_left_out(style: str, text: str) -> None:
    page = (
        "<table><tr><th>Nyckeltal<th>Utfall 2023"
        f'<tr><td>Antal beslut<td>12<span style="{style}">99</span><tr><td>Antal möten<td>7</table>'
    )
    assert cells(extract(page.encode(), "a.html"))[1, 1] == text


@pytest.mark.parametrize(
    ("head", "row", "cell", "text"),
    [
        ("", "", "color:#fff", None),
        ("", "background-color:#1f3864", "color:#fff", "99"),
        ("", "color:#fff", "background:#1f3864", "99"),
        ("", "color:#fff", "", None),
        ("<style>.mork { background: #1f3864 }</style>", "", "color:#fff", "99"),
        ('<link rel="stylesheet" href="a.css">', "", "color:#fff", "99"),
    ],
    ids=["paper", "row filled", "cell filled", "row white", "style sheet fills", "style sheet elsewhere"],
)
def test_white_text_of_a_page_is_left_out_where_its_ground_is_known_to_be_white(
    head: str, row: str, cell: str, text: str | None
) -> None:
    page = (
        f"<html><head>{head}</head><body><table><tr><th>Nyckeltal</th><th>Utfall 2023</th></tr>"
        f'<tr style="{row}"><td style="{cell}">Antal beslut</td><td style="{cell}">99</td></tr>'
        "<tr><td>Antal möten</td><td>7</td></tr><tr><td>Antal ärenden</td><td>8</td></tr></table></body></html>"
    )
    document = extract(page.encode(), "a.html")
    assert ("99" in cells(document).values()) is (text is not None)
    assert any("in the colour of its ground" in note for note in document.notes) is (text is None)


OPEN_DOCUMENT = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0">
<office:automatic-styles><style:style style:name="c" style:family="table-cell">{cell}<style:text-properties {text}/>
</style:style></office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="Blad1">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""


@pytest.mark.parametrize(
    ("text", "cell", "is_seen"),
    [
        ('fo:color="#ffffff"', "", False),
        ('fo:color="#FFFFFF"', '<style:table-cell-properties fo:background-color="transparent"/>', False),
        ('fo:color="#ffffff"', '<style:table-cell-properties fo:background-color="#1f3864"/>', True),
        ('fo:color="#ffffff" style:use-window-font-color="true"', "", True),
        ('fo:color="#ffffff"', '<style:map style:condition="value()&gt;5" style:apply-style-name="d"/>', True),
        ('fo:color="#c00000"', "", True),
    ],
)
def test_white_text_on_a_white_ground_of_an_open_document_is_left_out(text: str, cell: str, is_seen: bool) -> None:
    def line(label: str, value: str, style: str = "") -> str:
        named = f' table:style-name="{style}"' if style else ""
        return (
            f"<table:table-row><table:table-cell><text:p>{label}</text:p></table:table-cell>"
            f"<table:table-cell{named}><text:p>{value}</text:p></table:table-cell></table:table-row>"
        )

    rows = line("Nyckeltal", "Utfall 2023") + line("Antal beslut", "7") + line("Antal möten", "99", "c")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", OPEN_DOCUMENT.format(text=text, cell=cell, rows=rows))
    document = extract(data.getvalue(), "a.ods")
    assert ("99" in cells(document).values()) is is_seen
    assert document.notes == (() if is_seen else ("sheet 'Blad1': text in the colour of its ground left out: B3",))
