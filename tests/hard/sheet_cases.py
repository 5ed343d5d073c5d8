"""Workbooks as controllers write them.

Belongs here: XLSX cases, by openpyxl and XlsxWriter. Does not belong here: what the readers make of them.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import xlsxwriter
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from tests.hard.model import Case, Expected

Build = Callable[[Workbook, Worksheet], None]
BOLD = Font(bold=True)


def _book(build: Build, title: str = "Blad1") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    build(book, sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _put(sheet: Worksheet, top: int, left: int, rows: list[list[Any]], formats: dict[int, str] | None = None) -> None:
    """Rows of values from a cell on, with a number format for each column."""
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is None:
                continue
            cell = sheet.cell(top + r, left + c, value)
            if formats and c in formats and not isinstance(value, str):
                cell.number_format = formats[c]


def _controller() -> Case:
    """Title rows over the table, table not at A1, thousands by format, red negatives in parentheses, frozen panes."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["B2"] = "Uppföljning per augusti 2024"
        sheet["B2"].font = Font(bold=True, size=16)
        sheet["B3"] = "Tekniska nämnden"
        sheet["B4"] = "Belopp i tkr"
        _put(
            sheet,
            6,
            2,
            [
                ["Verksamhet", "Budget 2024", "Utfall jan-aug", "Prognos", "Avvikelse", "Kommentar"],
                ["Gata och park", 45210, 29884.6, 46100, -890, "Snöröjning över budget"],
                ["Fastighet", 120400, 80100.2, 119000, 1400, None],
                ["Kost", 38950, 26020, 39700, -750, "Livsmedelspriser"],
                ["Summa", 204560, 136004.8, 204800, -240, None],
            ],
            dict.fromkeys((1, 2, 3, 4), "#,##0;[Red](#,##0)"),
        )
        sheet.freeze_panes = "C7"
        sheet.auto_filter.ref = "B6:G10"
        for column in "BCDEFG":
            sheet[f"{column}6"].font = BOLD
            sheet[f"{column}6"].fill = PatternFill("solid", fgColor="DDDDDD")

    return Case(
        "titles, parentheses, filter",
        "uppföljning.xlsx",
        _book(build, "Uppföljning"),
        (
            Expected(
                [
                    ["Verksamhet", "Budget 2024", "Utfall jan-aug", "Prognos", "Avvikelse", "Kommentar"],
                    ["Gata och park", "45 210", "29 885", "46 100", "(890)", "Snöröjning över budget"],
                    ["Fastighet", "120 400", "80 100", "119 000", "1 400"],
                    ["Kost", "38 950", "26 020", "39 700", "(750)", "Livsmedelspriser"],
                    ["Summa", "204 560", "136 005", "204 800", "(240)"],
                ]
            ),
        ),
    )


def _number_formats() -> Case:
    values: list[tuple[str, Any, str, str]] = [
        ("Procent", 0.076, "0.0%", "7,6 %"),
        ("Procent utan decimal", 0.5, "0%", "50 %"),
        ("Procent med blanksteg", 0.1234, "0.00 %", "12,34 %"),
        ("Tusental", 1209684, "#,##0", "1 209 684"),
        ("Minus", -4500, "#,##0;-#,##0", "-4 500"),
        ("Skalat till tusental", 1209684, "#,##0,", "1 210"),
        ("Skalat till miljoner", 45678901, '#,##0.0,,"\u00a0mnkr"', "45,7 mnkr"),
        ("Rött i parentes", -1234.5, "#,##0.0_);[Red](#,##0.0)", "(1 234,5)"),
        ("Enhet i formatet", 12, '0" st"', "12 st"),
        ("Kronor", 1250, '#,##0\\ "kr"', "1 250 kr"),
        ("Svensk valuta", 99.5, "#,##0.00\\ [$kr-41D]", "99,50 kr"),
        ("Noll som streck", 0, '#,##0;-#,##0;"-"', "-"),
        ("Datum", datetime.date(2024, 8, 31), "yyyy-mm-dd", "2024-08-31"),
        ("Månad", datetime.date(2024, 8, 1), "mmm yy", "aug 24"),
        ("År som tal", 2024, "General", "2024"),
        ("Allmänt decimaltal", 3.14159, "General", "3,14159"),
        ("Avrundat", 2.345, "0.0", "2,3"),
        ("Text som tal", "1 234,5", "@", "1 234,5"),
        ("Text med apostrof", "00123", "@", "00123"),
        ("Sant", True, "General", "SANT"),
        ("Bråk", 0.5, "# ?/?", "0,5"),
        ("Plus framför", 3.2, "+0.0;-0.0", "+3,2"),
        ("Promille i text", "4,5 ‰", "General", "4,5 ‰"),
        ("Redovisning", -1500, '_-* #,##0\\ _k_r_-;\\-* #,##0\\ _k_r_-;_-* "-"\\ _k_r_-;_-@_-', "- 1 500"),
        ("Procentenheter", -0.015, '0.0" pe"', "0,0 pe"),
    ]
    # A minus that rounds to nothing has no sign in Excel; the sign of the accounting format stands at the left edge.

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(sheet, 1, 1, [["Slag", "Värde"]])
        for index, (label, value, code, _) in enumerate(values, start=2):
            sheet.cell(index, 1, label)
            cell = sheet.cell(index, 2, value)
            cell.number_format = code

    return Case(
        "number formats",
        "format.xlsx",
        _book(build),
        (Expected([["Slag", "Värde"], *([label, shown] for label, _, _, shown in values)]),),
    )


def _several_tables() -> Case:
    """Tables below and beside each other, with titles, a blank row or column between."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["A1"] = "Resultat per enhet"
        sheet["A1"].font = BOLD
        _put(
            sheet,
            2,
            1,
            [
                ["Enhet", "2022", "2023"],
                ["Norra skolan", 12.1, 12.9],
                ["Södra skolan", 8.4, 8.8],
                ["Summa", 20.5, 21.7],
            ],
            {1: "0.0", 2: "0.0"},
        )
        sheet["E1"] = "Personal"
        sheet["E1"].font = BOLD
        _put(sheet, 2, 5, [["Yrke", "Antal"], ["Lärare", 88], ["Fritidspedagoger", 31], ["Övriga", 17]])
        sheet["A8"] = "Volymer"
        sheet["A8"].font = BOLD
        _put(
            sheet,
            9,
            1,
            [["Mått", "Utfall", "Mål"], ["Elever", 1204, 1250], ["Inskrivna fritids", 655, 640]],
            {1: "#,##0", 2: "#,##0"},
        )

    return Case(
        "tables beside and below",
        "enheter.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Enhet", "2022", "2023"],
                    ["Norra skolan", "12,1", "12,9"],
                    ["Södra skolan", "8,4", "8,8"],
                    ["Summa", "20,5", "21,7"],
                ],
                heading="Resultat per enhet",
            ),
            Expected(
                [["Yrke", "Antal"], ["Lärare", "88"], ["Fritidspedagoger", "31"], ["Övriga", "17"]], heading="Personal"
            ),
            Expected(
                [["Mått", "Utfall", "Mål"], ["Elever", "1 204", "1 250"], ["Inskrivna fritids", "655", "640"]],
                heading="Volymer",
            ),
        ),
    )


def _merged_headers() -> Case:
    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["A1"] = "Nämndernas driftredovisning (mnkr)"
        sheet.merge_cells("A1:G1")
        _put(
            sheet,
            2,
            1,
            [
                ["Nämnd", "Intäkter", None, "Kostnader", None, "Netto", None],
                [None, "Budget", "Utfall", "Budget", "Utfall", "Budget", "Utfall"],
                ["Socialnämnden", 62.3, 101.1, -310.2, -397.5, -247.9, -296.4],
                ["Byggnadsnämnden", 12, 11.2, -20.5, -22.9, -8.5, -11.7],
            ],
            dict.fromkeys(range(1, 7), "#,##0.0"),
        )
        for area in ("A2:A3", "B2:C2", "D2:E2", "F2:G2"):
            sheet.merge_cells(area)

    return Case(
        "merged header on two levels",
        "drift.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Nämnd", "Intäkter", "", "Kostnader", "", "Netto", ""],
                    ["", "Budget", "Utfall", "Budget", "Utfall", "Budget", "Utfall"],
                    ["Socialnämnden", "62,3", "101,1", "-310,2", "-397,5", "-247,9", "-296,4"],
                    ["Byggnadsnämnden", "12,0", "11,2", "-20,5", "-22,9", "-8,5", "-11,7"],
                ],
                2,
            ),
        ),
    )


def _three_levels() -> Case:
    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            3,
            2,
            [
                ["Verksamhet", "Helår", None, None, None, "Perioden", None],
                [None, "Utfall", None, "Budget", None, "Utfall", "Budget"],
                [None, 2022, 2023, 2022, 2023, 2023, 2023],
                ["Bibliotek", 10.1, 10.9, 10, 10.5, 7.2, 7],
                ["Idrott", 22.5, 23.1, 22, 23, 15.5, 15.3],
            ],
        )
        for row in (6, 7):
            for column in range(3, 9):
                sheet.cell(row, column).number_format = "0.0"
        for area in ("B3:B5", "C3:F3", "G3:H3", "C4:D4", "E4:F4"):
            sheet.merge_cells(area)

    return Case(
        "merged header on three levels",
        "tre.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Verksamhet", "Helår", "", "", "", "Perioden", ""],
                    ["", "Utfall", "", "Budget", "", "Utfall", "Budget"],
                    ["", "2022", "2023", "2022", "2023", "2023", "2023"],
                    ["Bibliotek", "10,1", "10,9", "10,0", "10,5", "7,2", "7,0"],
                    ["Idrott", "22,5", "23,1", "22,0", "23,0", "15,5", "15,3"],
                ],
                3,
            ),
        ),
    )


def _spacers() -> Case:
    """Blank columns inside a table for looks, and blank rows between groups."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Kostnadsslag", None, "Budget", "Utfall", None, "Avvikelse"],
                ["Personal", None, 100.5, 102.5, None, -2],
                ["Lokaler", None, 20, 19.5, None, 0.5],
                [None],
                ["Köpt verksamhet", None, 55, 60, None, -5],
                ["Övrigt", None, 8, 7, None, 1],
                [None],
                ["Summa", None, 183.5, 189, None, -5.5],
            ],
            dict.fromkeys(range(2, 6), "0.0"),
        )
        sheet.column_dimensions["B"].width = 2
        sheet.column_dimensions["E"].width = 2

    return Case(
        "blank spacer columns and rows",
        "luft.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Kostnadsslag", "Budget", "Utfall", "Avvikelse"],
                    ["Personal", "100,5", "102,5", "-2,0"],
                    ["Lokaler", "20,0", "19,5", "0,5"],
                    ["Köpt verksamhet", "55,0", "60,0", "-5,0"],
                    ["Övrigt", "8,0", "7,0", "1,0"],
                    ["Summa", "183,5", "189,0", "-5,5"],
                ]
            ),
        ),
    )


def _hidden() -> Case:
    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Post", "Hjälp", "2022", "2023"],
                ["Intäkter", 1, 50, 52],
                ["Mellanräkning", 2, 7, 8],
                ["Kostnader", 3, -48, -51],
            ],
        )
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[3].hidden = True
        secret = book.create_sheet("Underlag")
        _put(secret, 1, 1, [["A", "B"], ["x", 1]])
        secret.sheet_state = "hidden"
        veiled = book.create_sheet("Listor")
        _put(veiled, 1, 1, [["Ja", "Nej"], ["a", 2]])
        veiled.sheet_state = "veryHidden"
        grouped = book.create_sheet("Detalj")
        _put(grouped, 1, 1, [["Konto", "Belopp"], ["4010", 100], ["4020", 200], ["Summa", 300]])
        grouped.row_dimensions.group(2, 3, hidden=True)

    return Case(
        "hidden rows, columns, sheets, groups",
        "dolt.xlsx",
        _book(build, "Resultat"),
        (
            Expected(
                [["Post", "2022", "2023"], ["Intäkter", "50", "52"], ["Kostnader", "-48", "-51"]], heading="Resultat"
            ),
            Expected([["Konto", "Belopp"], ["Summa", "300"]], heading="Detalj"),
        ),
        (
            "hidden sheets left out: Underlag, Listor",
            "hidden rows left out: 3",
            "hidden columns left out: B",
            "'Detalj': hidden rows left out: 2, 3",
        ),
    )


def _formulas() -> Case:
    """Formulas with stored results (XlsxWriter writes them), without, and errors."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Beräkning")
        one = book.add_format({"num_format": "#,##0.0"})
        share = book.add_format({"num_format": "0.0%"})
        for column, text in enumerate(("Mått", "Utfall", "Mål", "Andel")):
            sheet.write(0, column, text)
        for row, (label, outcome, target) in enumerate((("Elever", 1204.0, 1250.0), ("Lärare", 88.5, 90.0)), start=1):
            sheet.write(row, 0, label)
            sheet.write(row, 1, outcome, one)
            sheet.write(row, 2, target, one)
            sheet.write_formula(row, 3, f"=B{row + 1}/C{row + 1}", share, outcome / target)
        sheet.write(3, 0, "Summa")
        sheet.write_formula(3, 1, "=SUM(B2:B3)", one, 1292.5)
        sheet.write_formula(3, 2, "=C2/0", one, "#DIV/0!")
        sheet.write_formula(3, 3, '=IF(1,"","x")', None, "")
        sheet.write(4, 0, "Saknas")
        sheet.write_formula(4, 1, "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        sheet.write_formula(4, 2, '=TEXT(1,"0")&" st"', None, "1 st")
        sheet.write_formula(4, 3, "=TRUE", None, True)
    return Case(
        "formulas and errors",
        "formler.xlsx",
        buffer.getvalue(),
        (
            Expected(
                [
                    ["Mått", "Utfall", "Mål", "Andel"],
                    ["Elever", "1 204,0", "1 250,0", "96,3 %"],
                    ["Lärare", "88,5", "90,0", "98,3 %"],
                    ["Summa", "1 292,5", "#DIV/0!", ""],
                    ["Saknas", "#N/A", "1 st", "SANT"],
                ],
                heading="Beräkning",
            ),
        ),
    )


def _formulas_never_computed() -> Case:
    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Mått", "2022", "2023"],
                ["Elever", 100, 110],
                ["Lärare", 10, 11],
                ["Summa", "=SUM(B2:B3)", "=SUM(C2:C3)"],
            ],
        )

    return Case(
        "formulas without a stored result",
        "obräknad.xlsx",
        _book(build),
        (Expected([["Mått", "2022", "2023"], ["Elever", "100", "110"], ["Lärare", "10", "11"], ["Summa"]]),),
        ("formulas without a stored result left out: B4, C4",),
    )


def _declared_tables() -> Case:
    """Tables declared with Ctrl+T, a total row, and a table right below another one without a blank row."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(sheet, 1, 1, [["Enhet", "Kr"], ["A-huset", 100], ["B-huset", 200]])
        _put(sheet, 4, 1, [["Lokal", "Yta"], ["Hall", 900], ["Sal", 120]])
        sheet.add_table(Table(displayName="T1", ref="A1:B3"))
        sheet.add_table(Table(displayName="T2", ref="A4:B6"))
        book.defined_names["Område"] = DefinedName("Område", attr_text="Blad1!$A$1:$B$3")

    return Case(
        "declared tables",
        "tabeller.xlsx",
        _book(build),
        (
            Expected([["Enhet", "Kr"], ["A-huset", "100"], ["B-huset", "200"]]),
            Expected([["Lokal", "Yta"], ["Hall", "900"], ["Sal", "120"]]),
        ),
    )


def _sections_and_notes() -> Case:
    """Section rows in bold, indented labels, a note under the table, comments on cells, line breaks in cells."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Indikator", "Utfall\n2022", "Utfall\n2023", "Målvärde 2023", "Kommentar"])
        sheet.append(["Trygg kommun"])
        sheet.append(["Trygghet i skolan", 0.86, 0.88, 0.9, "Enkät\nåk 5"])
        sheet.append(["Anmälningar", 412, 377, "< 400"])
        sheet.append(["Attraktiv kommun"])
        sheet.append(["Nöjd region-index", 61, 63, 65])
        sheet.append([])
        sheet.append(["* Resultatet avser läsåret 2022/23."])
        for row in (2, 5):
            sheet.cell(row, 1).font = BOLD
        for row in (3, 4, 6):
            sheet.cell(row, 1).alignment = Alignment(indent=1)
        for column in (2, 3, 4):
            sheet.cell(3, column).number_format = "0%"
        sheet["C3"].comment = Comment("kontrolleras", "a")

    return Case(
        "section rows, notes, breaks in cells",
        "indikatorer.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Indikator", "Utfall\n2022", "Utfall\n2023", "Målvärde 2023", "Kommentar"],
                    ["Trygg kommun"],
                    ["Trygghet i skolan", "86 %", "88 %", "90 %", "Enkät\nåk 5"],
                    ["Anmälningar", "412", "377", "< 400"],
                    ["Attraktiv kommun"],
                    ["Nöjd region-index", "61", "63", "65"],
                ]
            ),
        ),
    )


def _many_sheets() -> Case:
    """A cover sheet, a contents sheet, data sheets, an empty one, a chart sheet."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["B3"] = "Årsredovisning 2023"
        sheet["B4"] = "Kultur- och fritidsnämnden"
        contents = book.create_sheet("Innehåll")
        _put(contents, 1, 1, [["Innehåll"], ["Resultaträkning"], ["Nyckeltal"]])
        result = book.create_sheet("Resultaträkning")
        _put(
            result,
            1,
            1,
            [
                ["Belopp i tkr", "Not", "2023", "2022"],
                ["Verksamhetens intäkter", "1", 12400, 11900],
                ["Verksamhetens kostnader", "2", -88500, -84200],
                ["Nettokostnad", None, -76100, -72300],
            ],
            {2: "#,##0", 3: "#,##0"},
        )
        keys = book.create_sheet("Nyckeltal")
        _put(
            keys,
            1,
            1,
            [
                ["Nyckeltal", "2021", "2022", "2023"],
                ["Besök per öppettimme", 31.5, 34.2, 36.9],
                ["Lån per invånare", 4.9, 5.1, 5.4],
            ],
            {1: "0.0", 2: "0.0", 3: "0.0"},
        )
        book.create_sheet("Tomt")
        book.create_chartsheet("Diagram")

    return Case(
        "cover, contents, data and chart sheets",
        "årsredovisning.xlsx",
        _book(build, "Försättsblad"),
        (
            Expected(
                [
                    ["Belopp i tkr", "Not", "2023", "2022"],
                    ["Verksamhetens intäkter", "1", "12 400", "11 900"],
                    ["Verksamhetens kostnader", "2", "-88 500", "-84 200"],
                    ["Nettokostnad", "", "-76 100", "-72 300"],
                ],
                heading="Resultaträkning",
            ),
            Expected(
                [
                    ["Nyckeltal", "2021", "2022", "2023"],
                    ["Besök per öppettimme", "31,5", "34,2", "36,9"],
                    ["Lån per invånare", "4,9", "5,1", "5,4"],
                ],
                heading="Nyckeltal",
            ),
        ),
    )


def _months() -> Case:
    """Months as dates over twelve columns, a percent column, a total column."""
    months = [datetime.date(2024, m, 1) for m in range(1, 13)]
    hours = [14_000 + 111 * m for m in range(1, 13)]

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Timmar", *months, "Totalt", "Andel"])
        sheet.append(["Hemtjänst", *hours, sum(hours), 0.75])
        sheet.append(["Boendestöd", *(value // 10 for value in hours), sum(value // 10 for value in hours), 0.25])
        for column in range(2, 14):
            sheet.cell(1, column).number_format = "mmm"
        for row in (2, 3):
            for column in range(2, 15):
                sheet.cell(row, column).number_format = "#,##0"
            sheet.cell(row, 15).number_format = "0%"

    def spaced(value: int) -> str:
        return f"{value:,}".replace(",", " ")

    names = ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]
    tenth = [value // 10 for value in hours]
    return Case(
        "months as dates",
        "månader.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Timmar", *names, "Totalt", "Andel"],
                    ["Hemtjänst", *map(spaced, hours), spaced(sum(hours)), "75 %"],
                    ["Boendestöd", *map(spaced, tenth), spaced(sum(tenth)), "25 %"],
                ]
            ),
        ),
    )


def _side_by_side_close() -> Case:
    """Two tables with one blank column between, headed by years, as before and after."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet, 1, 1, [["Före omorganisation"], ["Avdelning", "Tjänster"], ["Stab", 12], ["Drift", 40], ["Plan", 9]]
        )
        _put(sheet, 1, 4, [["Efter omorganisation"], ["Avdelning", "Tjänster"], ["Ledning", 10], ["Produktion", 45]])
        sheet.merge_cells("A1:B1")
        sheet.merge_cells("D1:E1")

    return Case(
        "two tables close together",
        "före-efter.xlsx",
        _book(build),
        (
            Expected(
                [["Avdelning", "Tjänster"], ["Stab", "12"], ["Drift", "40"], ["Plan", "9"]],
                heading="Före omorganisation",
            ),
            Expected(
                [["Avdelning", "Tjänster"], ["Ledning", "10"], ["Produktion", "45"]], heading="Efter omorganisation"
            ),
        ),
    )


def _text_numbers() -> Case:
    """Figures typed as text, with blanks of every kind, minus signs of every kind, and units."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Mått", "2022", "2023"])
        sheet.append(["Kostnad per brukare", "1\u00a0234\u00a0567", "1 301 222"])
        sheet.append(["Resultat", "\u22124,5", "–2,1"])
        sheet.append(["Andel", "97,5%", "98 %"])
        sheet.append(["Väntetid", "12 dagar", "-"])
        sheet.append(["  Indrag", " 5 ", "6"])

    return Case(
        "figures typed as text",
        "text.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Mått", "2022", "2023"],
                    ["Kostnad per brukare", "1 234 567", "1 301 222"],
                    ["Resultat", "\u22124,5", "–2,1"],
                    ["Andel", "97,5%", "98 %"],
                    ["Väntetid", "12 dagar", "-"],
                    ["Indrag", "5", "6"],
                ]
            ),
        ),
    )


def _merged_rows() -> Case:
    """Goals merged downwards over their indicators, and a merged note below."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Mål", "Indikator", "Utfall", "Målvärde"],
                ["God utbildning", "Behörighet", 0.861, 0.88],
                [None, "Meritvärde", 224, 230],
                ["Trygg miljö", "Trygghet", 0.9, 0.92],
                [None, "Frånvaro", 0.078, 0.07],
            ],
        )
        for row, code in ((2, "0.0%"), (4, "0%"), (5, "0.0%")):
            for column in (3, 4):
                sheet.cell(row, column).number_format = code
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("A4:A5")

    return Case(
        "labels merged downwards",
        "mål.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Mål", "Indikator", "Utfall", "Målvärde"],
                    ["God utbildning", "Behörighet", "86,1 %", "88,0 %"],
                    ["", "Meritvärde", "224", "230"],
                    ["Trygg miljö", "Trygghet", "90 %", "92 %"],
                    ["", "Frånvaro", "7,8 %", "7,0 %"],
                ]
            ),
        ),
    )


def _sparse() -> Case:
    """Tables with gaps: cells not filled in, a year without figures, a header over a blank label column."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            2,
            1,
            [
                [None, "2021", "2022", "2023"],
                ["Nöjda elever", 0.81, None, 0.84],
                ["Nöjda föräldrar", None, None, 0.79],
                ["Svarsfrekvens", None, None, None],
                ["Antal svar", 310, None, 402],
            ],
            {1: "0%", 2: "0%", 3: "0%"},
        )
        for column in (2, 4):
            sheet.cell(6, column).number_format = "0"

    return Case(
        "cells not filled in",
        "glest.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["", "2021", "2022", "2023"],
                    ["Nöjda elever", "81 %", "", "84 %"],
                    ["Nöjda föräldrar", "", "", "79 %"],
                    ["Svarsfrekvens"],
                    ["Antal svar", "310", "", "402"],
                ]
            ),
        ),
    )


def _label_between() -> Case:
    """Tables one after the other with only their titles between them, no blank row."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Intäkter (tkr)"],
                ["Slag", "Budget", "Utfall"],
                ["Avgifter", 1200, 1310],
                ["Bidrag", 4500, 4420],
                [None],
                ["Kostnader (tkr)"],
                ["Slag", "Budget", "Utfall"],
                ["Löner", -9800, -10020],
                ["Hyror", -2200, -2195],
                [None],
                [None],
                ["Upprättad av ekonomiavdelningen 2024-02-01"],
            ],
            {1: "#,##0", 2: "#,##0"},
        )

    return Case(
        "titles between tables",
        "slag.xlsx",
        _book(build),
        (
            Expected([["Slag", "Budget", "Utfall"], ["Avgifter", "1 200", "1 310"], ["Bidrag", "4 500", "4 420"]]),
            Expected([["Slag", "Budget", "Utfall"], ["Löner", "-9 800", "-10 020"], ["Hyror", "-2 200", "-2 195"]]),
        ),
    )


def cases() -> list[Case]:
    """All cases of Excel."""
    return [
        build()
        for build in (
            _controller,
            _number_formats,
            _several_tables,
            _merged_headers,
            _three_levels,
            _spacers,
            _hidden,
            _formulas,
            _formulas_never_computed,
            _declared_tables,
            _sections_and_notes,
            _many_sheets,
            _months,
            _side_by_side_close,
            _text_numbers,
            _merged_rows,
            _sparse,
            _label_between,
        )
    ]
