"""Tables without any style, as programs set them that know little of tables: one drawn page for each mechanism.

Belongs here: labels and headers in the middle of their cells, figures at the left, cells a space apart, broken rules.
Does not belong here: tables as word processors set them (``test_pdf_mechanisms``) and whole reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from dagster_project.extract import Document
from dagster_project.extract.pdf.characters import Style, Word
from dagster_project.extract.pdf.lines import segment_of
from dagster_project.extract.pdf.rows import is_broken, is_broken_end
from tests.test_pdf_mechanisms import LEFT, SENTENCE, SIZE, Page, _rows

BOLD, PLAIN = "Helvetica-Bold", "Helvetica"
WIDE = 2.6 * SIZE
PAD = 1.5


class Plain(Page):
    """A page of cells drawn one after the other: labels and headers in bold, in the middle; figures at the left."""

    def row(self, cells: Sequence[str], edges: Sequence[float], *, head: bool = False, bold: bool = True) -> None:
        for column, text in enumerate(cells):
            is_head = head or (bold and column == 0)
            font = BOLD if is_head else PLAIN
            x = edges[column] + PAD
            for part in reversed(text.split("\n")):
                if is_head:
                    x = (edges[column] + edges[column + 1] - stringWidth(part, font, SIZE)) / 2
                self.canvas.setFont(font, SIZE)
                self.canvas.drawString(x, self.y, part)
        self.y -= WIDE

    def middle(self, text: str, x0: float, x1: float, y: float) -> None:
        self.canvas.setFont(BOLD, SIZE)
        self.canvas.drawString((x0 + x1 - stringWidth(text, BOLD, SIZE)) / 2, y, text)


def _begun() -> Plain:
    page = Plain()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    page.text(SENTENCE)
    page.y -= SIZE
    return page


EDGES = (LEFT, 240.0, 300.0, 360.0, 400.0, 440.0)
FIGURES = [
    ["Personalkostnader", "6 859,9", "5 814,3", "759,1", "851,4"],
    ["Lokalkostnader", "135,6", "126,7", "117,8", "109,0"],
    ["Köp av verksamhet", "46,3", "47,5", "661,8", "666,7"],
]


def test_headers_that_are_wider_than_their_figures_stand_over_their_own_columns() -> None:
    page = _begun()
    page.middle("Belopp", EDGES[0], EDGES[1], page.y)
    page.middle("Kommunkoncernen", EDGES[1], EDGES[3], page.y)
    page.middle("Kommunen", EDGES[3], EDGES[5], page.y)
    page.y -= WIDE
    page.row(["", "2021", "2020", "2021", "2020"], EDGES, head=True)
    for row in FIGURES:
        page.row(row, EDGES)
    document = page.read()
    spans = {cell.text: (cell.col_index, cell.col_span) for cell in document.cells if cell.row_index == 0}
    assert spans["Kommunkoncernen"] == (1, 2)
    assert spans["Kommunen"] == (3, 2)
    assert _rows(document)[2:] == FIGURES


def test_labels_of_groups_in_the_middle_of_the_table_belong_to_it() -> None:
    page = _begun()
    page.row(["Belopp", "2021", "2020", "2019", "2018"], EDGES, head=True)
    for group in ("TILLGÅNGAR", "EGET KAPITAL, AVSÄTTNINGAR OCH SKULDER"):
        page.middle(group, EDGES[0], EDGES[-1], page.y)
        page.y -= WIDE
        for row in FIGURES:
            page.row(row, EDGES)
    document = page.read()
    assert len(document.tables) == 1
    assert [row for row in _rows(document) if row[1]][1:] == FIGURES * 2


def test_the_label_of_the_first_group_is_no_header() -> None:
    page = _begun()
    page.row(["", "Utfall", "Budget", "Plan", "Plan"], EDGES, head=True)
    page.row(["Belopp", "2021", "2020", "2019", "2018"], EDGES, head=True)
    page.middle("Anläggningstillgångar som helhet", EDGES[0], EDGES[-1], page.y)
    page.y -= WIDE
    for row in FIGURES:
        page.row(row, EDGES, bold=False)
    document = page.read()
    assert {cell.row_index for cell in document.cells if cell.is_header} == {0, 1}
    assert _rows(document)[2][0] == "Anläggningstillgångar som helhet"


def test_years_that_are_printed_again_begin_the_next_table() -> None:
    page = _begun()
    for label in ("Koncernen", "Kommunen"):
        page.row([label, "2021", "2020", "2019", "2018"], EDGES, head=True)
        for row in FIGURES:
            page.row(row, EDGES)
    document = page.read()
    assert [table.n_rows for table in document.tables] == [4, 4]
    assert _rows(document, 2)[0][0] == "Kommunen"


def test_a_row_below_an_empty_one_has_the_header_above() -> None:
    page = _begun()
    page.row(["Belopp", "2021", "2020", "2019", "2018"], EDGES, head=True)
    page.y -= 0.9 * WIDE
    for row in FIGURES:
        page.row(row, EDGES)
    assert _rows(page.read())[1:] == FIGURES


def _row_of_full_label(page: Plain, *, is_cell: bool) -> Document:
    """A table in which one label takes all the room of its cell; or in which a space is printed behind it."""
    label = "Samhällsbyggnadsnämnden ny"
    edge = LEFT + stringWidth(label, PLAIN, SIZE) + 2 * PAD
    edges = (LEFT, edge, edge + 60, edge + 120, edge + 180)
    page.row(["Belopp", "2021", "2020", "2019"], edges, head=True)
    for row in FIGURES:
        page.row(row[:4], edges, bold=False)
    if is_cell:
        page.row([label, "61,1", "62,2", "63,3"], edges, bold=False)
    else:
        page.row([f"{label} 61,1", "", "62,2", "63,3"], edges, bold=False)
    return page.read()


def test_a_figure_right_behind_a_label_that_takes_all_its_cell() -> None:
    document = _row_of_full_label(_begun(), is_cell=True)
    assert _rows(document)[-1] == ["Samhällsbyggnadsnämnden ny", "61,1", "62,2", "63,3"]


def test_a_figure_behind_a_printed_space_may_belong_to_the_label() -> None:
    with pytest.raises(Exception, match="cannot be told apart"):
        _row_of_full_label(_begun(), is_cell=False)


def test_figures_below_a_label_alone_have_no_header() -> None:
    page = _begun()
    page.row(["Driftkostnader"], EDGES, head=True)
    for row in FIGURES:
        page.row(row, EDGES, bold=False)
    document = page.read()
    assert [table.header_rows for table in document.tables] == [0]


def test_rules_between_columns_that_labels_of_groups_interrupt() -> None:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    edges = (LEFT, 230.0, 300.0, 370.0)
    header = [["Belopp i tkr", "Kommunen", "Koncernen"], ["", "2022", "2023"]]
    for row in header:
        top, bottom = page.rows([row], edges)
        page.across(top, bottom, edges=edges)
        page.down(top, bottom, *edges[1:-1])
    body = [["Personalkostnader", "786", "802"], ["Lokalkostnader", "168", "174"]]
    for group in ([["Drift"]], [["Tillgångar"], ["Investeringar"]]):
        page.rows(group, edges, head=False)
        for row in body:
            top, bottom = page.rows([row], edges, head=False)
            page.down(top, bottom, *edges[1:-1])
    groups = [["Tillgångar", "", ""], ["Investeringar", "", ""]]
    assert _rows(page.read()) == [*header, ["Drift", "", ""], *body, *groups, *body]


STYLE = Style(10, bold=True, font="helvetica", colour=0, angle=0, visible=True)


def _line(text: str, x1: float, y: float) -> object:
    return segment_of([Word(0, x1, y, text, STYLE, spaced=False)])


@pytest.mark.parametrize(
    ("upper", "lower", "known", "broken"),
    [
        ("12/31/201", "7", (), True),
        ("INTÄKTE", "R", (), True),
        ("Dispositi", "on", (), True),
        ("Kommun", "bidrag", ("kommunbidrag",), True),
        ("Kommun", "bidrag", (), False),
        ("Budget", "2017", (), False),
        ("Bokslut", "och", (), False),
        ("Not", "7", (), False),
    ],
)
def test_a_word_that_had_no_room_on_a_line(upper: str, lower: str, known: tuple[str, ...], broken: bool) -> None:
    a, b = _line(upper, 50, 10), _line(lower, 6 * len(lower), 21)
    assert is_broken_end(a, b, (0, 51), known) is broken  # type: ignore[arg-type]
    assert not is_broken_end(a, b, (0, 90), known) or upper.startswith("12/")  # type: ignore[arg-type]


def test_the_decimals_of_a_figure_that_had_no_room() -> None:
    a, b = _line("-1 074,", 30, 10), _line("0", 5, 21)
    assert is_broken(a, b, (0, 31))  # type: ignore[arg-type]
