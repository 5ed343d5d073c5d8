"""What is certain on a page is read, and what is not is refused with its reason: one drawn page for each.

Belongs here: columns of a page and of a table, headers over columns, page breaks, rotated pages. Does not belong here:
how rules and cells are found (``test_pdf_mechanisms``) and whole reports (``test_pdf_reports``).
"""

from __future__ import annotations

import io

import pypdfium2
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from dagster_project.extract import Document, ExtractionError, extract
from dagster_project.extract.pdf.characters import Style, Word
from dagster_project.extract.pdf.lines import make_segments
from dagster_project.extract.pdf.rows import Untold
from dagster_project.extract.pdf.spans import AMBIGUOUS, Edges, _runs_over
from tests.test_pdf_mechanisms import EDGES, LEFT, PAD, PITCH, ROWS, SENTENCE, SIZE, Page, _rows

BOLD, PLAIN = "Helvetica-Bold", "Helvetica"
HALF = "Nämnden har utvecklat sin verksamhet i"


def _begun(title: str = "Ekonomi") -> Page:
    page = Page()
    page.text(title, 16, bold=True)
    page.text(SENTENCE)
    return page


def _put(page: Page, x: float, y: float, text: str, font: str = PLAIN, size: float = SIZE) -> None:
    page.canvas.setFont(font, size)
    page.canvas.drawString(x, y, text)


def _right(page: Page, x: float, y: float, text: str, font: str = PLAIN, size: float = SIZE) -> None:
    _put(page, x - stringWidth(text, font, size), y, text, font, size)


def _middle(page: Page, x: float, y: float, text: str, font: str = PLAIN) -> None:
    _put(page, x - stringWidth(text, font, SIZE) / 2, y, text, font)


def _notes(page: Page) -> str:
    try:
        document = page.read()
    except ExtractionError as error:
        return str(error)
    return "; ".join(document.notes)


# --- columns of a page, columns of a table ---------------------------------------------------------------------------


def _columns_of_text(page: Page, *, as_cells: bool) -> None:
    """Twelve lines beside twelve, drawn as three rows of cells or as two columns of the page."""
    top = page.y
    lines = [(row, line) for row in range(3) for line in range(4)]
    if as_cells:
        for row in range(3):
            for x in (LEFT, 320.0):
                for line in range(4):
                    _put(page, x, top - 50 * row - 11 * line, f"{HALF} {'abc'[row]}{line}")
    else:
        for x in (LEFT, 320.0):
            for row, line in lines:
                _put(page, x, top - 50 * row - 11 * line, f"{HALF} {'abc'[row]}{line}")
    page.y = top - 170


def test_text_in_two_columns_is_a_table_if_it_is_drawn_row_by_row() -> None:
    page = _begun()
    _put(page, LEFT, page.y, "Uppdrag", BOLD)
    _put(page, 320.0, page.y, "Status och kommentar", BOLD)
    page.y -= 16
    _columns_of_text(page, as_cells=True)
    page.text(SENTENCE)
    rows = _rows(page.read())
    assert rows[0] == ["Uppdrag", "Status och kommentar"]
    assert [row[0].split()[-1] for row in rows[1:]] == ["a3", "b3", "c3"]


def test_text_in_two_columns_of_the_page_is_no_table() -> None:
    page = _begun()
    _columns_of_text(page, as_cells=False)
    page.text(SENTENCE)
    page.rows(ROWS)
    document = page.read()
    assert [_rows(document, table.table_seq) for table in document.tables] == [ROWS]


def test_text_beside_a_table_is_no_column_of_it() -> None:
    page = _begun()
    top = page.y
    rows = [
        ["Projekt", "2023", "2024"],
        *([name, "12", "14"] for name in ("Skola", "Bad", "Väg", "Bro", "Hall", "Park")),
    ]
    printed = [(top - 17 * index, row, index == 0) for index, row in enumerate(rows)]
    beside = [(top - 4 - 12.5 * line, [HALF], False) for line in range(8)]
    # Line by line, so that the order of drawing tells nothing.
    for y, row, is_head in sorted([*printed, *beside], key=lambda line: -line[0]):
        font = BOLD if is_head else PLAIN
        if len(row) == 1:
            _put(page, LEFT, y, row[0], size=10)
            continue
        _put(page, 300, y, row[0], font)
        for x, text in zip((420.0, 500.0), row[1:], strict=True):
            _right(page, x, y, text, font)
    assert _rows(page.read()) == rows


def test_what_stands_below_two_tables_side_by_side_is_read() -> None:
    page = Page()
    for x in (LEFT, 330.0):
        edges = (x, x + 120, x + 200)
        page.y = 780
        top, bottom = page.rows([["Post", "Belopp"], ["Skola", "12"], ["Bad", "7"]], edges)
        page.across(*(top - PITCH * i for i in range(4)), edges=edges)
        page.down(top, bottom, *edges)
    page.y -= 20
    page.text(SENTENCE)
    page.rows(ROWS)
    document = page.read()
    assert len(document.tables) == 3
    assert _rows(document, 3) == ROWS


def test_cells_that_all_but_touch_are_two_and_a_number_is_one() -> None:
    page = _begun("Mål för god ekonomisk hushållning i kommunen")
    for _ in range(8):
        page.text(SENTENCE)
    rows = [
        ["Mål", "Utfall", "Bedömning"],
        ["Resultat", "2 450 000", "Uppfyllt"],
        ["Soliditet", "1 120 000", "Uppfyllt"],
    ]
    for index, (label, figure, word) in enumerate(rows):
        font = PLAIN if index else BOLD
        _put(page, LEFT, page.y, label, font)
        _right(page, 300.0, page.y, figure, font)
        _put(page, 301.8, page.y, word, font)
        page.y -= PITCH
    assert _rows(page.read()) == rows


# --- headers ---------------------------------------------------------------------------------------------------------

RIGHT = [Edges(60, 200, True, False), Edges(250, 290, False, True), Edges(310, 350, False, True)]
RIGHT += [Edges(370, 410, False, True), Edges(430, 470, False, True), Edges(490, 530, False, True)]


def test_a_header_in_the_middle_of_its_columns_with_the_room_that_cells_keep() -> None:
    below = ["", "Budget", "Utfall", "Prognos", "Budget", "Utfall"]
    # The cells end 5 points right of their figures: from an unknown edge to 415, and from 415 to 535.
    runs = _runs_over([(305, 345), (455, 495)], [1, 2, 3, 4, 5], RIGHT, below)
    assert runs == [(1, 4), (4, 6)]


def test_headers_at_the_left_reach_to_the_next() -> None:
    edges = [Edges(60, 200, True, False), *(Edges(x, x + 40, False, True) for x in (250, 310, 370, 430, 490))]
    runs = _runs_over(
        [(250, 280), (370, 400)], [1, 2, 3, 4, 5], edges, ["", "Intäkt", "Kostnad", "Intäkt", "Kostnad", "Netto"]
    )
    assert runs == [(1, 3), (3, 6)]


def test_a_header_that_may_stand_over_one_column_or_three_is_refused() -> None:
    edges = [Edges(60, 150, True, False), Edges(180, 200, False, True), *RIGHT[2:5]]
    with pytest.raises(Untold, match=AMBIGUOUS):
        _runs_over([(360, 410)], [2, 3, 4], edges, ["", "", "Kvinnor", "Män", "Totalt"])


def test_an_upper_header_over_all_figures_belongs_to_the_table() -> None:
    page = _begun()
    middle = (EDGES[1] + EDGES[-1]) / 2
    _middle(page, middle, page.y, "Belopp i tkr", BOLD)
    page.y -= PITCH
    page.rows([["Nämnd", *ROWS[0][1:]], *ROWS[1:]])
    rows = _rows(page.read())
    assert rows[0] == ["", "Belopp i tkr", "", ""]
    assert rows[1] == ["Nämnd", "2022", "2023", "2024"]


def test_a_bold_header_close_above_the_first_row_is_not_its_first_line() -> None:
    page = _begun()
    page.rows(ROWS[:1], pitch=10.5)
    page.rows(ROWS[1:], head=False)
    assert _rows(page.read()) == ROWS


def test_years_begin_the_next_table_inside_the_same_rules() -> None:
    page = _begun()
    for first in ("Koncernen", "Kommunen"):
        rows = [[first, *ROWS[0][1:]], *ROWS[1:]]
        top, _ = page.rows(rows, head=False)
        page.across(*(top - PITCH * i for i in range(len(rows) + 1)))
        page.y -= 12
    document = page.read()
    assert [_rows(document, t.table_seq)[0][0] for t in document.tables] == ["Koncernen", "Kommunen"]


# --- labels ----------------------------------------------------------------------------------------------------------


def test_a_second_line_of_a_label_that_reaches_into_the_next_row() -> None:
    page = _begun()
    page.rows(ROWS[:2])
    y = page.y + PITCH - 1.05 * SIZE
    _put(page, LEFT + PAD, y, "och pensioner")
    page.rows(ROWS[2:], head=False)
    rows = _rows(page.read())
    assert rows[1][0] == "Personalkostnader och pensioner"
    assert rows[2:] == ROWS[2:]


def test_lines_printed_over_each_other_are_refused() -> None:
    page = _begun()
    page.rows(ROWS[:2])
    _put(page, LEFT + PAD, page.y + PITCH - 4, "Lokaler")
    page.rows(ROWS[2:], head=False)
    assert "lines are printed over each other" in _notes(page)


def test_labels_that_are_cut_off_are_refused() -> None:
    rows = [*ROWS[:3], ["i egen regi och köpt", "", "", ""], *ROWS[3:]]
    page = _begun()
    top, bottom = page.rows(rows)
    page.across(*(top - PITCH * i for i in range(len(rows) + 1)))
    page.down(top, bottom, *EDGES)
    assert "its labels do not stand on the rows of their figures" in _notes(page)


# --- page breaks -----------------------------------------------------------------------------------------------------


def _ruled(page: Page, rows: list[list[str]], *, head: bool) -> None:
    top, bottom = page.rows(rows, head=head)
    page.across(*(top - PITCH * i for i in range(len(rows) + 1)))
    page.down(top, bottom, *EDGES)


def test_the_halves_of_a_row_with_figures_are_joined() -> None:
    page = _begun()
    page.y = 150
    _ruled(page, [*ROWS[:2], ["Köp av verksamhet för", "211 873", "209 800", "219 054"]], head=True)
    page.next()
    _ruled(page, [["äldre och barn", "", "", ""], ROWS[4]], head=False)
    rows = _rows(page.read())
    assert rows[2:] == [["Köp av verksamhet för äldre och barn", "211 873", "209 800", "219 054"], ROWS[4]]


def test_rows_that_begin_a_page_without_a_header_have_none() -> None:
    page = _begun()
    page.rows(ROWS)
    page.text(SENTENCE)
    page.next()
    page.rows(ROWS[1:], head=False)
    page.text(SENTENCE)
    document = page.read()
    assert [table.header_rows for table in document.tables] == [1, 0]
    assert not any(cell.is_header for cell in document.cells if cell.table_seq == 2)


def test_a_table_goes_on_in_the_next_column_of_the_page() -> None:
    page = Page()
    for x, rows in ((LEFT, ROWS[1:3]), (330.0, ROWS[3:])):
        page.y = 500.0 if x == LEFT else 780.0
        if x == LEFT:
            for line in range(20):
                _put(page, x, 780.0 - 11 * line, HALF)
        top, _ = page.rows([ROWS[0], *rows], tuple(x + step for step in (0, 100, 145, 190, 235)))
        page.across(top, top - PITCH, edges=(x, x + 235))
        if x != LEFT:
            for line in range(20):
                _put(page, x, 600.0 - 11 * line, HALF)
    document = page.read()
    assert [_rows(document, t.table_seq) for t in document.tables] == [ROWS]


def test_the_title_of_the_document_in_small_print_is_a_running_header() -> None:
    page = Page()
    page.text("Årsredovisning 2024", 22, bold=True)
    page.y = 150
    page.rows(ROWS[:3])
    page.next()
    _put(page, LEFT, 812, "Årsredovisning 2024", size=8)
    page.rows([ROWS[0], *ROWS[3:]])
    document = page.read()
    assert [_rows(document, t.table_seq) for t in document.tables] == [ROWS]


# --- rotated pages ---------------------------------------------------------------------------------------------------


def _cells(document: Document) -> list[tuple[int, int, int, str]]:
    return [(c.table_seq, c.row_index, c.col_index, c.text) for c in document.cells]


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_is_shown_turned_gives_the_same_cells(angle: int) -> None:
    page = _begun()
    _ruled(page, ROWS, head=True)
    upright = page.read()
    pdf = pypdfium2.PdfDocument(page.buffer.getvalue())
    pdf[0].set_rotation(angle)
    turned = io.BytesIO()
    pdf.save(turned)
    assert _cells(extract(turned.getvalue(), "page.pdf")) == _cells(upright)


@pytest.mark.parametrize("angle", [90, 270])
def test_text_that_runs_up_or_down_the_page_is_read_along_its_lines(angle: int) -> None:
    page = Page()
    page.canvas.rotate(angle)
    page.canvas.translate(0, -595) if angle == 90 else page.canvas.translate(-842, 0)
    page.y = 560.0
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    page.rows(ROWS)
    assert _rows(page.read()) == ROWS


# --- figures close beside each other ----------------------------------------------------------------------------------


def _words(texts: list[str], gaps: list[float]) -> list[Word]:
    words, x = [], 100.0
    for text, gap in zip(texts, [*gaps, 0.0], strict=True):
        style = Style(10, bold=False, font="", colour=0, angle=0, visible=True)
        words.append(Word(x, x + 5.0 * len(text), 50.0, text, style, spaced=False))
        x += 5.0 * len(text) + gap
    return words


def test_figures_with_decimals_and_figures_with_more_room_between_them_are_parted() -> None:
    assert [s.text for s in make_segments(_words(["21,24", "21,18", "0,25"], [4.5, 4.5]))] == ["21,24", "21,18", "0,25"]
    wide = make_segments(_words(["7", "372", "7", "481"], [2.5, 4.4, 2.5]))
    assert [s.text for s in wide] == ["7 372", "7 481"]


def test_figures_with_the_same_room_everywhere_are_left_as_printed() -> None:
    assert [s.text for s in make_segments(_words(["125", "131", "140"], [4.0, 4.0]))] == ["125 131 140"]


def test_a_header_that_holds_several_years_over_figures_is_refused() -> None:
    page = _begun()
    _put(page, LEFT, page.y, "Post", BOLD)
    _put(page, EDGES[1] + 30, page.y, "Utfall 2022 Utfall 2023 Budget 2024", BOLD)
    page.y -= PITCH
    page.rows(ROWS[1:], head=False)
    assert "columns cannot be told apart" in _notes(page)
