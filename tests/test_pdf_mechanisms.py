"""Tables as word processors draw them, and what stands close to them: one small drawn page for each way to go wrong.

Belongs here: pages drawn line by line, each with the cells that it must give. Does not belong here: whole reports
(``test_pdf_reports``) and pages set by a browser (``test_pdf_layouts``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from dagster_project.extract import Document, extract
from dagster_project.extract.pdf import outline
from dagster_project.extract.pdf.characters import Style, Word
from dagster_project.extract.pdf.tables import tagged_table
from dagster_project.extract.pdf.tags import TaggedCell

LEFT, SIZE, PITCH, PAD = 60.0, 9.0, 14.0, 5.0
EDGES = (LEFT, 230.0, 300.0, 370.0, 440.0)
ROWS = [
    ["Belopp i tkr", "2022", "2023", "2024"],
    ["Personalkostnader", "786 411", "802 300", "811 902"],
    ["Lokalkostnader", "168 330", "174 200", "174 611"],
    ["Köp av verksamhet", "211 873", "209 800", "219 054"],
    ["Summa kostnader", "1 166 614", "1 186 300", "1 205 567"],
]
SENTENCE = "Nämnden har under året utvecklat verksamheten i samverkan med andra, och arbetet fortsätter nästa år."


class Page:
    """A page on which things are put from the top downwards."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(595, 842))
        self.y = 780.0

    def text(self, text: str, size: float = 10.0, *, bold: bool = False) -> None:
        """One line of text and some room below it."""
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(LEFT, self.y, text)
        self.y -= 2 * size

    def rows(
        self, rows: Sequence[Sequence[str]], edges: Sequence[float] = EDGES, *, head: bool = True, pitch: float = PITCH
    ) -> tuple[float, float]:
        """Rows of cells: the first text left, the others right; returns the top and the bottom."""
        top = self.y + pitch - 4
        for index, row in enumerate(rows):
            font = "Helvetica-Bold" if head and index == 0 else "Helvetica"
            self.canvas.setFont(font, SIZE)
            for column, cell in enumerate(row):
                for line, part in enumerate(reversed(cell.split("\n"))):
                    x = edges[column] + PAD
                    if column:
                        x = edges[column + 1] - PAD - stringWidth(part, font, SIZE)
                    self.canvas.drawString(x, self.y + line * SIZE * 1.1, part)
            self.y -= pitch
        return top, self.y + pitch - 4

    def across(self, *ys: float, edges: Sequence[float] = EDGES) -> None:
        """Horizontal rules."""
        for y in ys:
            self.canvas.line(edges[0], y, edges[-1], y)

    def down(self, top: float, bottom: float, *xs: float) -> None:
        """Vertical rules."""
        for x in xs:
            self.canvas.line(x, top, x, bottom)

    def shade(self, top: float, bottom: float) -> None:
        """A row shaded cell by cell."""
        self.canvas.setFillGray(0.85)
        for a, b in pairwise(EDGES):
            self.canvas.rect(a, bottom, b - a, top - bottom, stroke=0, fill=1)
        self.canvas.setFillGray(0)

    def next(self) -> None:
        """The next page."""
        self.canvas.showPage()
        self.y = 780.0

    def read(self) -> Document:
        """What is read from it."""
        self.canvas.save()
        return extract(self.buffer.getvalue(), "page.pdf")


def _rows(document: Document, table_seq: int = 1) -> list[list[str]]:
    table = document.tables[table_seq - 1]
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in document.cells:
        if cell.table_seq == table_seq:
            rows[cell.row_index][cell.col_index] = cell.text
    return rows


def test_rows_between_horizontal_rules_inside_a_frame() -> None:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    top = page.y + PITCH - 4
    page.shade(top, top - PITCH)
    top, bottom = page.rows(ROWS)
    page.across(*(top - PITCH * i for i in range(len(ROWS) + 1)))
    page.down(top, bottom, EDGES[0], EDGES[-1])
    assert _rows(page.read()) == ROWS


def test_rows_with_vertical_rules_in_every_other_row() -> None:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    top, bottom = page.rows(ROWS)
    page.across(*(top - PITCH * i for i in range(len(ROWS) + 1)))
    page.down(top, bottom, EDGES[0], EDGES[-1])
    for row in (1, 3):
        page.down(top - PITCH * row, top - PITCH * (row + 1), *EDGES)
    assert _rows(page.read()) == ROWS


def test_words_and_numbers_that_are_broken_in_a_narrow_cell() -> None:
    wide = stringWidth("Helårsprog", "Helvetica-Bold", SIZE)
    edges = (LEFT, 230.0, 230.0 + wide + 2 * PAD + 1, 360.0, 360 + stringWidth("-1 598 70", "Helvetica", SIZE) + 11)
    rows = [
        ["Belopp i tkr", "Helårsprog\nnos", "Avvikelse\nbudget", "2024"],
        ["Kostnader", "12", "13", "-1 598 70\n0"],
        ["Intäkter", "22", "23", "598 700"],
    ]
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    top, bottom = page.rows(rows, edges, pitch=26)
    page.across(*(top - 26 * i for i in range(len(rows) + 1)), edges=edges)
    page.down(top, bottom, *edges)
    found = _rows(page.read())
    assert found[0] == ["Belopp i tkr", "Helårsprognos", "Avvikelse budget", "2024"]
    assert found[1][3].replace(" ", "") == "-1598700"


def test_the_header_of_the_next_table_begins_a_table() -> None:
    second = [["Nyckeltal", "2022", "2023", "2024"], *ROWS[1:]]
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    for rows in (ROWS, second):
        top, _ = page.rows(rows)
        page.across(*(top - PITCH * i for i in range(1, len(rows) + 1)))
        page.y -= 11
    document = page.read()
    assert [_rows(document, table.table_seq) for table in document.tables] == [ROWS, second]


def test_long_labels_stay_with_their_figures() -> None:
    labels = [
        "Verksamhetens intäkter i miljoner kronor",
        "Soliditet inklusive pensionsförpliktelser i procent",
        "Årets resultat i miljoner kronor per invånare",
        "Nettoinvesteringar i miljoner kronor under året",
        "Långfristig låneskuld i miljoner kronor vid årets slut",
        "Investeringar per invånare i kronor och procent",
        "Självfinansieringsgrad i antal gånger under året",
        "Verksamhetens kostnader i miljoner kronor",
    ]
    edges = (LEFT, 300.0, 350.0, 400.0, 450.0)
    rows = [["Kommunen", "2022", "2023", "2024"], *([label, "12,1", "13,2", "14,3"] for label in labels)]
    page = Page()
    page.text("Översikt", 16, bold=True)
    page.text(SENTENCE)
    page.rows(rows, edges)
    assert _rows(page.read()) == rows


def test_a_row_alone_at_the_top_of_a_page_goes_on_with_the_table() -> None:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    for _ in range(30):
        page.text(SENTENCE)
    page.y = 130
    top, _ = page.rows(ROWS[:-1])
    page.across(*(top - PITCH * i for i in range(1, len(ROWS))))
    page.next()
    page.rows(ROWS[-1:], head=False)
    page.y -= 20
    page.text(SENTENCE)
    assert _rows(page.read()) == ROWS


def test_headings_of_a_file_without_prose() -> None:
    page = Page()
    page.text("Årsredovisning 2024", 22)
    for heading in ("Resultaträkning", "Not 1: Verksamhetens intäkter"):
        page.text(heading, 12, bold=True)
        top, _ = page.rows(ROWS)
        page.across(*(top - PITCH * i for i in range(1, len(ROWS) + 1)))
        page.y -= 25
    document = page.read()
    above = [document.headings[(table.heading_seq or 0) - 1].text for table in document.tables]
    assert above == ["Resultaträkning", "Not 1: Verksamhetens intäkter"]


def test_the_first_group_below_a_tagged_header_is_no_header_row() -> None:
    style = Style(9, False, "helvetica", 0, 0, True)
    by_content: dict[int, list[Word]] = {}

    def cell(text: str, row: int, column: int, *, span: int = 1, header: bool = False) -> TaggedCell:
        number = len(by_content)
        x = 60.0 + 80 * column
        by_content[number] = [Word(x, x + 40, 100.0 + 14 * row, text, style, False, order=number)]
        return TaggedCell([number], 1, span, header)

    rows = [
        [cell("Tkr", 0, 0, header=True), cell("2023", 0, 1, header=True), cell("2024", 0, 2, header=True)],
        [cell("Tillgångar", 1, 0, span=3, header=True)],
        [cell("Kassa", 2, 0), cell("12", 2, 1), cell("13", 2, 2)],
        [cell("Förråd", 3, 0), cell("5", 3, 1), cell("7", 3, 2)],
    ]
    table = tagged_table(rows, by_content)
    assert table is not None
    assert table.header_rows == 1
    assert table.rows[1] == ["Tillgångar", "", ""]


def test_page_numbers_set_against_the_leader_dots_of_contents() -> None:
    headings = ["1 Mål", "2 Budget", "2.1 Driftbudget", "2.2 Ersättning per elev", "2.3 Volymer"]
    page = Page()
    page.text("Innehållsförteckning", 12, bold=True)
    for number, heading in enumerate(headings, start=3):
        page.text(f"{heading}{'.' * 90}{' ' if number < 5 else ''}{number}")
    page.next()
    for heading in headings:
        page.text(heading, 16, bold=True)
        page.text(SENTENCE)
    top, _ = page.rows(ROWS)
    page.across(*(top - PITCH * i for i in range(1, len(ROWS) + 1)))
    document = page.read()
    assert [heading.text for heading in document.headings][-5:] == [heading.split(" ", 1)[1] for heading in headings]
    assert _rows(document) == ROWS


BALANCE = [
    ["Belopp i mnkr", "2023", "2024", "2025"],
    ["TILLGÅNGAR", "", "", ""],
    ["Anläggningstillgångar", "", "", ""],
    ["Mark och byggnader", "521,2", "507,7", "444,8"],
    ["Maskiner", "30,7", "25,9", "76,4"],
    ["Summa anläggningstillgångar", "551,9", "533,6", "521,2"],
    ["Omsättningstillgångar", "", "", ""],
    ["Förråd", "5,1", "4,7", "5,1"],
    ["Summa tillgångar", "557,0", "538,3", "526,3"],
]


def test_empty_rows_and_group_labels_do_not_cut_a_table() -> None:
    page = Page()
    page.text("Balansräkning", 16, bold=True)
    page.text(SENTENCE)
    for row in BALANCE:
        page.rows([row], head=row is BALANCE[0], pitch=12)
        if row[0].startswith(("TILLG", "Anl", "Summa a", "Oms")):
            page.y -= 14
    assert _rows(page.read()) == BALANCE


def test_prose_between_two_tables_keeps_them_apart() -> None:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    page.rows(ROWS)
    page.y -= 11
    page.text(SENTENCE)
    page.rows(ROWS)
    document = page.read()
    assert [_rows(document, table.table_seq) for table in document.tables] == [ROWS, ROWS]


def test_a_label_in_capitals_is_a_row_of_its_own() -> None:
    rows = [
        ["Belopp i mnkr", "2023", "2024", "2025"],
        ["EGET KAPITAL OCH SKULDER", "", "", ""],
        ["Avsättningar för pensioner", "73,8", "72,6", "85,3"],
        ["Andra avsättningar", "40,6", "36,1", "43,9"],
        ["Skulder", "9,6", "8,1", "7,9"],
    ]
    edges = (LEFT, 195.0, 265.0, 335.0, 405.0)
    page = Page()
    page.text("Balansräkning", 16, bold=True)
    page.text(SENTENCE)
    page.rows(rows, edges, pitch=10)
    assert _rows(page.read()) == rows


def test_rules_around_a_header_keep_the_first_row_at_the_foot_of_a_page() -> None:
    header = [["", "Bokslut", "Budget", "Plan"], ROWS[0]]
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    for _ in range(30):
        page.text(SENTENCE)
    page.y = 110
    for rows in (ROWS[1:2], ROWS[2:]):
        top = page.y + PITCH - 4
        for row in header:
            page.rows([row])
        page.across(top, top - PITCH, top - 2 * PITCH)
        page.rows(rows, head=False)
        if rows == ROWS[1:2]:
            page.next()
    page.y -= 20
    page.text(SENTENCE)
    document = page.read()
    assert len(document.tables) == 1
    assert _rows(document)[1:] == ROWS


def test_headers_a_space_apart_end_where_their_figures_end() -> None:
    edges = [LEFT, 180.0]
    for text in ("Ingående", "Dispens", "Bidraget"):
        edges.append(edges[-1] + stringWidth(text, "Helvetica-Bold", SIZE) + 4)
    rows = [
        ["Nämnd", "Ingående", "Dispens", "Bidraget"],
        ["Barnnämnden", "149,4", "-32,7", "2 903,2"],
        ["Socialnämnden", "11,8", "0,0", "470,1"],
        ["Kulturnämnden", "10,7", "-3,5", "175,9"],
    ]
    page = Page()
    page.text("Driftsredovisning", 16, bold=True)
    page.text(SENTENCE)
    page.rows(rows, edges)
    assert _rows(page.read()) == rows


def test_two_headers_below_one_are_headers_of_two_columns() -> None:
    edges = (LEFT, 230.0, 270.0, 330.0, 370.0, 430.0)
    rows = [
        ["", "Not", "2024-12-31", "Not", "2024-12-31"],
        ["Eget kapital", "24", "919,3", "", "911,2"],
        ["Skulder", "25", "601,0", "", "612,4"],
    ]
    page = Page()
    page.text("Balansräkning", 16, bold=True)
    page.text(SENTENCE)
    page.canvas.setFont("Helvetica-Bold", SIZE)
    for x, text in ((LEFT + PAD, "Löpande prisnivå"), (250.0, "KOMMUNEN"), (349.0, "KONCERNEN")):
        page.canvas.drawString(x, page.y, text)
    page.y -= 11.5
    page.rows(rows, edges)
    assert _rows(page.read())[1:] == rows


def test_a_list_of_notes_that_is_broken_in_a_number() -> None:
    edges = (LEFT, 230.0, 230 + stringWidth("2, 3, 1", "Helvetica", SIZE) + 2 * PAD, 340.0, 410.0)
    rows = [
        ["Belopp i mnkr", "Not", "2024", "2025"],
        ["Verksamhetens intäkter", "1", "10 866", "10 932"],
        ["Verksamhetens kostnader", "2, 3, 1\n7", "-38 339", "-39 658"],
        ["Avskrivningar", "4, 5", "-1 400", "-1 490"],
    ]
    page = Page()
    page.text("Resultaträkning", 16, bold=True)
    page.text(SENTENCE)
    top, _ = page.rows(rows, edges, pitch=24)
    page.across(*(top - 24 * i for i in range(len(rows) + 1)), edges=edges)
    assert _rows(page.read())[2][1] == "2, 3, 17"


def test_headings_longer_than_the_prose_are_headings_still() -> None:
    heading, prose = (14.0, False, 0), (10.0, False, 0)
    found = [
        outline.Paragraph(text, style, y, 1)
        for y, (text, style) in enumerate(
            [
                ("Driftredovisning per verksamhet", heading),
                ("Resultatet är bättre än budget.", prose),
                ("Investeringsredovisning", heading),
                ("Balansräkning i sammandrag", heading),
            ]
        )
    ]
    assert outline.heading_levels(found) == {heading: 1}
