"""More workbooks as controllers write them: what stands around, between and inside their tables.

Belongs here: XLSX cases that were written after the first ones were read. Does not belong here: what the readers make
of them.
"""

from __future__ import annotations

import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from tests.hard.model import Case, Expected
from tests.hard.sheet_cases import BOLD, _book, _put


def _title_and_date() -> Case:
    """A title at the left and a date at the right of the same row; the unit in a row of its own under the header."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["A1"] = "Samhällsbyggnadsnämnden"
        sheet["E1"] = datetime.date(2024, 9, 12)
        sheet["E1"].number_format = "yyyy-mm-dd"
        sheet["A2"] = "Budgetuppföljning"
        _put(
            sheet,
            4,
            1,
            [
                ["Verksamhet", "Budget", "Utfall", "Avvikelse", "Avvikelse"],
                [None, "tkr", "tkr", "tkr", "%"],
                ["Plan och bygg", 12400, 12950, -550, -0.044],
                ["Räddningstjänst", 38100, 37600, 500, 0.013],
            ],
            {1: "#,##0", 2: "#,##0", 3: "#,##0", 4: "0.0%"},
        )

    return Case(
        "title and date, unit row",
        "enhet.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Verksamhet", "Budget", "Utfall", "Avvikelse", "Avvikelse"],
                    ["", "tkr", "tkr", "tkr", "%"],
                    ["Plan och bygg", "12 400", "12 950", "-550", "-4,4 %"],
                    ["Räddningstjänst", "38 100", "37 600", "500", "1,3 %"],
                ],
                2,
            ),
        ),
    )


def _centred_title() -> Case:
    """A title that stands over the middle of the table without being merged."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet["C1"] = "Driftbudget 2025"
        sheet["C1"].font = BOLD
        _put(
            sheet,
            2,
            1,
            [
                ["Anslag", "2023", "2024", "2025", "Förändring"],
                ["Skola", 298.7, 305, 311.2, 6.2],
                ["Omsorg", 410.2, 418.9, 430, 11.1],
            ],
            dict.fromkeys(range(1, 5), "0.0"),
        )

    return Case(
        "title over the middle",
        "anslag.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Anslag", "2023", "2024", "2025", "Förändring"],
                    ["Skola", "298,7", "305,0", "311,2", "6,2"],
                    ["Omsorg", "410,2", "418,9", "430,0", "11,1"],
                ],
                heading="Driftbudget 2025",
            ),
        ),
    )


def _grouped_accounts() -> Case:
    """Accounts with codes, subtotals in bold, a blank row after each group, group names in rows of their own."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                ["Konto", "Benämning", "Utfall", "Budget"],
                [None, "Intäkter"],
                [3011, "Avgifter", 1200.4, 1150],
                [3510, "Bidrag", 4500, 4620],
                [None, "Summa intäkter", 5700.4, 5770],
                [None],
                [None, "Kostnader"],
                [5010, "Löner", -9800, -9700],
                [6010, "Hyror", -2200.5, -2200],
                [None, "Summa kostnader", -12000.5, -11900],
                [None],
                [None, "Resultat", -6300.1, -6130],
            ],
            {2: "#,##0", 3: "#,##0"},
        )

    return Case(
        "accounts in groups",
        "konton.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Konto", "Benämning", "Utfall", "Budget"],
                    ["", "Intäkter"],
                    ["3011", "Avgifter", "1 200", "1 150"],
                    ["3510", "Bidrag", "4 500", "4 620"],
                    ["", "Summa intäkter", "5 700", "5 770"],
                    ["", "Kostnader"],
                    ["5010", "Löner", "-9 800", "-9 700"],
                    ["6010", "Hyror", "-2 201", "-2 200"],
                    ["", "Summa kostnader", "-12 001", "-11 900"],
                    ["", "Resultat", "-6 300", "-6 130"],
                ]
            ),
        ),
    )


def _comment_beside() -> Case:
    """Remarks typed to the right of a table, beyond a blank column, and a legend below."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet, 1, 1, [["Mått", "2022", "2023"], ["Ärenden", 412, 377], ["Beslut", 390, 350], ["Överklagade", 12, 9]]
        )
        sheet["F2"] = "Minskningen beror på färre bygglov."
        sheet["A7"] = "Grön"
        sheet["B7"] = "målet är uppnått"
        sheet["A8"] = "Röd"
        sheet["B8"] = "målet är inte uppnått"

    return Case(
        "remark beside, legend below",
        "ärenden.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Mått", "2022", "2023"],
                    ["Ärenden", "412", "377"],
                    ["Beslut", "390", "350"],
                    ["Överklagade", "12", "9"],
                ]
            ),
            Expected([["Grön", "målet är uppnått"], ["Röd", "målet är inte uppnått"]]),
        ),
    )


def _form() -> Case:
    """A form: every value merged over several columns, as templates are laid out."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        rows: list[tuple[str, Any, Any]] = [
            ("Nyckeltal", "Utfall", "Mål"),
            ("Sjukfrånvaro", 0.071, 0.065),
            ("Medarbetarindex", 79, 80),
        ]
        for r, (label, outcome, target) in enumerate(rows, start=2):
            for column, value in ((2, label), (6, outcome), (9, target)):
                cell = sheet.cell(r, column, value)
                if isinstance(value, float):
                    cell.number_format = "0.0%"
            sheet.merge_cells(start_row=r, end_row=r, start_column=2, end_column=5)
            sheet.merge_cells(start_row=r, end_row=r, start_column=6, end_column=8)
            sheet.merge_cells(start_row=r, end_row=r, start_column=9, end_column=11)

    return Case(
        "form of merged cells",
        "mall.xlsx",
        _book(build),
        (
            Expected(
                [["Nyckeltal", "Utfall", "Mål"], ["Sjukfrånvaro", "7,1 %", "6,5 %"], ["Medarbetarindex", "79", "80"]]
            ),
        ),
    )


def _rich_text() -> Case:
    """Superscripts, struck text and bold parts inside cells."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(sheet, 1, 1, [["Mått", "Utfall", "Prognos"], ["Yta", 1200, 1250], ["Avfall", 88, 90], ["Utgått", 5, 6]])
        raised = InlineFont(vertAlign="superscript")
        struck = InlineFont(strike=True)
        sheet["A2"] = CellRichText("Yta, m", TextBlock(raised, "2"))
        sheet["B3"] = CellRichText("88", TextBlock(raised, "1"))
        sheet["C3"] = CellRichText(TextBlock(struck, "92 "), "90")
        for column in "ABC":
            sheet[f"{column}4"].font = Font(strike=True)

    return Case(
        "rich text",
        "rikt.xlsx",
        _book(build),
        (Expected([["Mått", "Utfall", "Prognos"], ["Yta, m²", "1200", "1250"], ["Avfall", "88 (1)", "90"]]),),
    )


def _year_band() -> Case:
    """Header levels without merges: the upper one stands over the first of its columns."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(
            sheet,
            1,
            1,
            [
                [None, "Bokslut", None, "Budget", None, "Plan"],
                ["Mnkr", 2022, 2023, 2024, 2025, 2026],
                ["Intäkter", 62.1, 64.4, 66, 67.2, 68],
                ["Kostnader", -310.5, -322.2, -330, -335.9, -341],
            ],
        )
        for row in (3, 4):
            for column in range(2, 7):
                sheet.cell(row, column).number_format = "#,##0.0"

    return Case(
        "header levels without merges",
        "plan.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["", "Bokslut", "", "Budget", "", "Plan"],
                    ["Mnkr", "2022", "2023", "2024", "2025", "2026"],
                    ["Intäkter", "62,1", "64,4", "66,0", "67,2", "68,0"],
                    ["Kostnader", "-310,5", "-322,2", "-330,0", "-335,9", "-341,0"],
                ],
                2,
            ),
        ),
    )


def _staggered() -> Case:
    """Tables beside each other that begin on different rows, and one below that reaches under both."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(sheet, 1, 1, [["Enhet", "Antal"], ["Norr", 10], ["Söder", 12], ["Öster", 9], ["Väster", 11]])
        _put(sheet, 3, 5, [["Yrke", "Tjänster", "Vakanser"], ["Lärare", 88, 3], ["Rektor", 6, 0]])
        _put(
            sheet,
            8,
            1,
            [
                ["Kostnad", "Jan", "Feb", "Mar", "Apr", "Maj", "Jun"],
                ["Hyra", 1, 2, 3, 4, 5, 6],
                ["El", 6, 5, 4, 3, 2, 1],
            ],
        )

    return Case(
        "tables on different rows",
        "spridda.xlsx",
        _book(build),
        (
            Expected([["Enhet", "Antal"], ["Norr", "10"], ["Söder", "12"], ["Öster", "9"], ["Väster", "11"]]),
            Expected([["Yrke", "Tjänster", "Vakanser"], ["Lärare", "88", "3"], ["Rektor", "6", "0"]]),
            Expected(
                [
                    ["Kostnad", "Jan", "Feb", "Mar", "Apr", "Maj", "Jun"],
                    ["Hyra", "1", "2", "3", "4", "5", "6"],
                    ["El", "6", "5", "4", "3", "2", "1"],
                ]
            ),
        ),
    )


def _title_directly_above() -> Case:
    """Three tables with titles right above them and one blank row between, the label column headed by nothing."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        top = 1
        for title, values in (("Förskola", (812, 790)), ("Grundskola", (2310, 2355)), ("Gymnasium", (905, 911))):
            sheet.cell(top, 1, title).font = BOLD
            _put(sheet, top + 1, 1, [[None, "2022", "2023"], ["Barn", *values], ["Andel av åldern", 0.91, 0.92]])
            for column in (2, 3):
                sheet.cell(top + 2, column).number_format = "#,##0"
                sheet.cell(top + 3, column).number_format = "0%"
            top += 5

    def expected(first: str, second: str, title: str) -> Expected:
        return Expected(
            [["", "2022", "2023"], ["Barn", first, second], ["Andel av åldern", "91 %", "92 %"]], heading=title
        )

    return Case(
        "titles right above",
        "skolor.xlsx",
        _book(build),
        (
            expected("812", "790", "Förskola"),
            expected("2 310", "2 355", "Grundskola"),
            expected("905", "911", "Gymnasium"),
        ),
    )


def _wide_status() -> Case:
    """Assignments with long texts, dates and statuses; no figures at all."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        sheet.append(["Uppdrag", "Beslutat", "Status", "Kommentar"])
        sheet.append(
            ["Utreda ny simhall", datetime.date(2022, 11, 28), "Pågår", "Förstudien är klar.\nBeslut tas i juni 2025."]
        )
        sheet.append(
            ["Ta fram näringslivsprogram", datetime.date(2023, 6, 19), "Slutfört", "Antaget av fullmäktige § 45."]
        )
        sheet.append(["Se över taxor", datetime.date(2023, 11, 27), "Ej påbörjat"])
        for row in (2, 3, 4):
            sheet.cell(row, 2).number_format = "mm-dd-yy"

    return Case(
        "assignments",
        "uppdrag.xlsx",
        _book(build),
        (
            Expected(
                [
                    ["Uppdrag", "Beslutat", "Status", "Kommentar"],
                    ["Utreda ny simhall", "2022-11-28", "Pågår", "Förstudien är klar.\nBeslut tas i juni 2025."],
                    ["Ta fram näringslivsprogram", "2023-06-19", "Slutfört", "Antaget av fullmäktige § 45."],
                    ["Se över taxor", "2023-11-27", "Ej påbörjat"],
                ]
            ),
        ),
    )


def _empty_formats() -> Case:
    """Formatted but empty rows and columns far out, a print area, a hidden row."""

    def build(book: Workbook, sheet: Worksheet) -> None:
        _put(sheet, 2, 2, [["Resultat", "2023"], ["Intäkt", 5], ["Kostnad", -4], ["Netto", 1]])
        for row in range(1, 400):
            sheet.cell(row, 40).font = BOLD
        sheet.row_dimensions[3].hidden = True
        sheet.print_area = "B2:C5"

    return Case(
        "formatted empty cells",
        "format.xlsx",
        _book(build),
        (Expected([["Resultat", "2023"], ["Kostnad", "-4"], ["Netto", "1"]]),),
        ("hidden rows left out: 3",),
    )


def cases() -> list[Case]:
    """All these cases."""
    return [
        build()
        for build in (
            _title_and_date,
            _centred_title,
            _grouped_accounts,
            _comment_beside,
            _form,
            _rich_text,
            _year_band,
            _staggered,
            _title_directly_above,
            _wide_status,
            _empty_formats,
        )
    ]
