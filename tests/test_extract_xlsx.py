"""Workbooks as officials keep them: several tables a sheet, titles, hidden parts, formats."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable

import pytest
import xlwt
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.extract import Document, ExtractionError, extract
from dagster_project.extract.numberformat import Value, shown_value
from tests.typeset_office.tables import headings, paragraphs, rows, spans
from tests.typeset_office.word_parts import container


def stored(fill: Callable[[Worksheet], None], *more: tuple[str, Callable[[Worksheet], None]]) -> bytes:
    """A workbook with the sheet ``Ekonomi`` and others."""
    book = Workbook()
    assert book.active is not None
    book.active.title = "Ekonomi"
    fill(book.active)
    for name, fill_other in more:
        fill_other(book.create_sheet(name))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(fill: Callable[[Worksheet], None], *more: tuple[str, Callable[[Worksheet], None]]) -> Document:
    return extract(stored(fill, *more), "bok.xlsx")


def put(sheet: Worksheet, corner: str, table: list[list[str | int | float | None]]) -> None:
    first = sheet[corner]
    for row, values in enumerate(table):
        for column, value in enumerate(values):
            sheet.cell(first.row + row, first.column + column).value = value


SMALL: list[list[str | int | float | None]] = [["Mått", 2023, 2022], ["Antal", 5, 6]]
JANUARY = datetime.datetime(2024, 1, 31)  # noqa: DTZ001 - workbooks know no time zones
SMALL_TEXT = [["Mått", "2023", "2022"], ["Antal", "5", "6"]]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.076, "0.0%", "7,6 %"),
        (0.5, "0%", "50 %"),
        (5, "0\\ %", "500 %"),
        (12, '0 "%"', "12 %"),
        (1209684, "#,##0", "1 209 684"),
        (1209684, "# ##0", "1 209 684"),
        (-1209684.4, "#,##0;[Red]-#,##0", "-1 209 684"),
        (-1234, "#,##0;(#,##0)", "(1 234)"),
        (0, '_-* #,##0\\ _k_r_-;\\-* #,##0\\ _k_r_-;_-* "-"??\\ _k_r_-;_-@_-', "-"),
        (1209684, "#,##0,", "1 210"),
        (1500, "#,##0\\ [$kr-41D]", "1 500 kr"),
        (1209684, '#,##0 "tkr"', "1 209 684 tkr"),
        (7.125, "0.00", "7,13"),
        (2.675, "0.00", "2,68"),
        (0.1 + 0.2, "General", "0,3"),
        (2023.0, "General", "2023"),
        (1.5, "0.##", "1,5"),
        (5, "000", "005"),
        (0.05, ";;;", ""),
        (0.001, "0.00E+00", "1,00E-03"),
        (True, "General", "SANT"),
        (JANUARY, "mm-dd-yy", "2024-01-31"),
        (JANUARY, "mmm-yy", "jan-24"),
        (JANUARY, "[$-41D]mmmm yyyy;@", "januari 2024"),
        (JANUARY, "[$-409]mmmm yyyy", "January 2024"),
        (JANUARY.replace(hour=14, minute=5), "yyyy-mm-dd hh:mm", "2024-01-31 14:05"),
        (datetime.time(9, 30), "h:mm", "9:30"),
    ],
)
def test_values_read_as_they_are_shown(value: Value, code: str, text: str) -> None:
    assert shown_value(value, code) == text


def test_formats_in_cells_and_raised_marks() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", [["Mått", None, "Andel"], ["Netto", 1209684, 0.076]])
        sheet["B1"] = datetime.date(2023, 12, 31)
        sheet["B1"].number_format = "yyyy"
        sheet["B2"].number_format = "#,##0"
        sheet["C2"].number_format = "0.0%"
        sheet["A3"] = CellRichText("Barn", TextBlock(InlineFont(vertAlign="superscript"), "1"))
        sheet["B3"] = "7"
        sheet["C3"] = "8"
        sheet["C3"].font = Font(strike=True)

    assert rows(read(fill)) == [["Mått", "2023", "Andel"], ["Netto", "1 209 684", "7,6 %"], ["Barn (1)", "7", ""]]


def test_several_tables_with_titles_on_one_sheet() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["B2"] = "Kostnader (tkr)"
        put(sheet, "B3", SMALL)
        put(sheet, "B7", [["Volymer", None, None], ["Mått", 2023, 2022], ["Platser", 7, 8]])
        put(sheet, "G3", [["Enhet", "Antal"], ["Norr", 1], ["Söder", 2]])

    document = read(fill)
    assert [rows(document, seq) for seq in (1, 2, 3)] == [
        SMALL_TEXT,
        [["Enhet", "Antal"], ["Norr", "1"], ["Söder", "2"]],
        [["Mått", "2023", "2022"], ["Platser", "7", "8"]],
    ]
    assert [text for _, text in headings(document)] == ["Ekonomi", "Kostnader (tkr)", "Volymer"]
    assert document.tables[0].caption == "Kostnader (tkr)"


def test_numbered_heading_right_above_a_table_is_no_figure() -> None:
    document = read(lambda sheet: put(sheet, "A1", [["2.3 Mål", None, None], *SMALL]))
    assert rows(document) == SMALL_TEXT
    assert document.tables[0].caption == "2.3 Mål"
    assert document.tables[0].header_rows == 1


def test_empty_column_inside_a_table_is_no_border() -> None:
    document = read(lambda sheet: put(sheet, "A1", [["Mått", None, 2023, None, 2022], ["Antal", None, 5, None, 6]]))
    assert rows(document) == SMALL_TEXT


def test_rows_after_a_blank_row_without_a_header_belong_to_the_table() -> None:
    table: list[list[str | int | float | None]] = [*SMALL, [None, None, None], ["Platser", 7, 8]]
    assert rows(read(lambda sheet: put(sheet, "A1", table))) == [*SMALL_TEXT, ["Platser", "7", "8"]]


def test_declared_tables_that_touch_are_two() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", [["Mått", "Värde"], ["Antal", 5], ["Enhet", "Plats"], ["Norr", 7]])
        sheet.add_table(Table(displayName="Ett", ref="A1:B2"))
        sheet.add_table(Table(displayName="Tva", ref="A3:B4"))

    document = read(fill)
    assert [rows(document, 1), rows(document, 2)] == [
        [["Mått", "Värde"], ["Antal", "5"]],
        [["Enhet", "Plats"], ["Norr", "7"]],
    ]


def test_merged_header_cells_and_merged_title() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", [["Nämndens budget", None, None, None, None]])
        put(sheet, "A2", [["Mått", "Inne", None, "Ute", None], [None, "Flickor", "Pojkar", "Flickor", "Pojkar"]])
        put(sheet, "A4", [["Antal", 1, 2, 3, 4]])
        for area in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(area)

    document = read(fill)
    assert rows(document) == [
        ["Mått", "Inne", "", "Ute", ""],
        ["", "Flickor", "Pojkar", "Flickor", "Pojkar"],
        ["Antal", "1", "2", "3", "4"],
    ]
    assert document.tables[0].header_rows == 2
    assert spans(document) == {"Mått": (2, 1), "Inne": (1, 2), "Ute": (1, 2)}
    assert "Nämndens budget" in [text for _, text in headings(document)]


def test_hidden_rows_columns_and_sheets_are_left_out_and_noted() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", [["Mått", 2021, 2023, 2022], ["Hemlig", 1, 2, 3], ["Antal", 4, 5, 6]])
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    def secret(sheet: Worksheet) -> None:
        put(sheet, "A1", SMALL)
        sheet.sheet_state = "veryHidden"

    document = read(fill, ("Underlag", secret), ("Volymer", lambda sheet: put(sheet, "A1", SMALL)))
    assert [rows(document, 1), rows(document, 2), len(document.tables)] == [SMALL_TEXT, SMALL_TEXT, 2]
    assert [text for _, text in headings(document)] == ["Ekonomi", "Volymer"]
    assert document.notes == (
        "hidden sheets left out: Underlag",
        "sheet 'Ekonomi': hidden rows left out: 2",
        "sheet 'Ekonomi': hidden columns left out: B",
    )


def test_formula_without_a_stored_result_is_empty_and_noted() -> None:
    document = read(lambda sheet: put(sheet, "A1", [*SMALL, ["Summa", "=B2", "=SUM(C2)"], ["Platser", 1, 2]]))
    assert rows(document) == [*SMALL_TEXT, ["Summa", "", ""], ["Platser", "1", "2"]]
    assert [note for note in document.notes if "B3, C3" in note and "without a stored result" in note]


def test_text_around_tables_is_kept() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", SMALL)
        sheet["A4"] = "Källa: egen statistik."

    assert paragraphs(read(fill)) == ["Källa: egen statistik."]


def test_far_apart_cells_and_huge_merges_cost_nothing() -> None:
    def fill(sheet: Worksheet) -> None:
        put(sheet, "A1", SMALL)
        sheet["XFD1048576"] = "slut"

    data = stored(fill)
    assert rows(extract(data, "bok.xlsx")) == SMALL_TEXT
    merged = _with_sheet(
        data, b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    )
    with pytest.raises(ExtractionError, match="more than 200000 cells"):
        extract(merged, "bok.xlsx")


def _with_sheet(data: bytes, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        files: dict[str, str | bytes] = {name: source.read(name) for name in source.namelist()}
    name = "xl/worksheets/sheet1.xml"
    content = files[name]
    assert isinstance(content, bytes)
    assert old in content
    return container({**files, name: content.replace(old, new)})


def test_old_workbook() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ekonomi")
    percent, grouped = xlwt.easyxf(num_format_str="0.0%"), xlwt.easyxf(num_format_str="#,##0")
    for place, value in {(0, 0): "Mått", (1, 1): "2023", (1, 2): "Andel", (2, 0): "Dold", (2, 1): 1}.items():
        sheet.write(*place, value)
    sheet.write_merge(0, 0, 1, 2, "Belopp")
    sheet.row(2).hidden = True
    sheet.write(3, 0, "Netto")
    sheet.write(3, 1, 1209684, grouped)
    sheet.write(3, 2, 0.076, percent)
    hidden = book.add_sheet("Underlag")
    hidden.write(0, 0, "x")
    hidden.visibility = 1
    buffer = io.BytesIO()
    book.save(buffer)
    document = extract(buffer.getvalue(), "bok.xls")
    assert rows(document) == [["Mått", "Belopp", ""], ["", "2023", "Andel"], ["Netto", "1 209 684", "7,6 %"]]
    assert spans(document) == {"Belopp": (1, 2)}
    assert document.notes == ("hidden sheets left out: Underlag", "sheet 'Ekonomi': hidden rows left out: 3")


ODS = """<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:number="n" xmlns:style="s"
 xmlns:fo="f"><office:automatic-styles>
<number:percentage-style style:name="N1"><number:number number:decimal-places="1" number:min-integer-digits="1"/>
<number:text>%</number:text></number:percentage-style>
<number:number-style style:name="N2"><number:number number:decimal-places="0" number:grouping="true"/>
</number:number-style>
<style:style style:name="c1" style:data-style-name="N1"/><style:style style:name="c2" style:data-style-name="N2"/>
<style:style style:name="gone"><style:table-properties table:display="false"/></style:style>
</office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="Underlag" table:style-name="gone"><table:table-row><table:table-cell><text:p>x</text:p>
</table:table-cell></table:table-row></table:table>
<table:table table:name="Ekonomi">
<table:table-row><table:table-cell><text:p>Mått</text:p></table:table-cell>
<table:table-cell table:number-columns-spanned="2"><text:p>2023</text:p></table:table-cell><table:covered-table-cell/>
</table:table-row>
<table:table-row table:visibility="collapse"><table:table-cell table:number-columns-repeated="3"><text:p>dold</text:p>
</table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>Netto<text:line-break/>totalt</text:p></table:table-cell>
<table:table-cell table:style-name="c2" office:value-type="float" office:value="1209684"><text:p>1,209,684</text:p>
</table:table-cell><table:table-cell table:style-name="c1" office:value-type="percentage" office:value="0.076">
<text:p>7.6%</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"/>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


def test_opendocument_numbers_are_shown_as_in_sweden_whatever_the_program_was_set_to() -> None:
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    document = extract(container({"mimetype": mimetype, "content.xml": ODS}), "bok.ods")
    assert rows(document) == [["Mått", "2023", ""], ["Netto\ntotalt", "1 209 684", "7,6 %"]]
    assert spans(document) == {"2023": (1, 2)}
    assert document.notes == ("hidden sheets left out: Underlag", "sheet 'Ekonomi': hidden rows left out: 2")
