"""Tables that no rule reads, or reads wrong: readings are weighed, and what cannot be told is refused with its reason.

Belongs here: small inputs of kinds that real files hold, each with the cells that it must give, and the figures of the
table competition where its documents are at hand. Does not belong here: the rules (``test_pdf_mechanisms``) and what
becomes of cells (dbt).
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader

from dagster_project.extract import Document, ExtractionError, Limits, extract
from dagster_project.extract.pdf.readings.evidence import SIGNS, weights
from tests.test_pdf_mechanisms import EDGES as FOUR
from tests.test_pdf_mechanisms import LEFT, PITCH, ROWS, SENTENCE, Page

CASES = Path(__file__).parent / "corpora" / "cases" / "reports"
CHART = Path(__file__).parent / "cases" / "pdf" / "06_chart_legend_axis.pdf"
SHARED = Path(__file__).resolve().parents[2] / "shared"
COMPETITION = SHARED / "peers" / "icdar2013"


def _read(name: str) -> Document:
    path = CASES / name
    return extract(path.read_bytes(), path.name)


def _rows(document: Document, table: int = 1) -> list[list[str]]:
    cells = [cell for cell in document.cells if cell.table_seq == table]
    columns = range(max(cell.col_index for cell in cells) + 1)
    texts = {(cell.row_index, cell.col_index): cell.text for cell in cells}
    return [
        [texts.get((row, column), "") for column in columns] for row in range(max(cell.row_index for cell in cells) + 1)
    ]


def test_a_label_over_two_rows_holds_for_both() -> None:
    document = _read("08_label_over_two_rows.pdf")
    labels = [cell for cell in document.cells if cell.col_index == 0 and cell.row_index]
    assert [(cell.text, cell.row_index, cell.row_span) for cell in labels] == [
        ("Försörjningsstöd", 1, 2),
        ("Placering i familjehem", 3, 2),
        ("Kontaktfamilj", 5, 2),
        ("Öppenvård för barn och unga", 7, 2),
    ]


def test_the_label_of_a_group_is_no_part_of_a_year() -> None:
    rows = _rows(_read("19_group_label_flush.pdf"))
    assert [row[0] for row in rows] == ["År", "Utfall", "2021", "2022", "2023", "Prognos", "2024", "2025"]
    assert rows[1][1:] == rows[5][1:] == [""] * 4


def test_a_title_beside_the_headers_is_the_heading_of_their_table() -> None:
    document = _read("s04_title_on_header_line.pdf")
    assert [table.caption for table in document.tables] == ["Resultaträkning"]
    assert [cell.text for cell in document.cells if cell.is_header] == [
        "Not 1", "2023-01-01 -2023-12-31", "2022-01-01 -2022-12-31",
    ]  # fmt: skip


def test_a_name_that_runs_on_behind_its_neighbour_is_whole_and_a_figure_is_not_read() -> None:
    document = _read("11_excel_label_under_figure.pdf")
    assert [row[0] for row in _rows(document)] == ["Enhet", "Norra", "Enheten för ensamkommande barn", "Södra"]
    assert document.notes == ()


def test_a_chart_is_no_table() -> None:
    with pytest.raises(ExtractionError, match="axis of a chart"):
        extract(CHART.read_bytes(), CHART.name)


def test_years_with_marks_of_footnotes_are_a_header() -> None:
    document = _read("17_years_with_stars.pdf")
    assert [cell.text for cell in document.cells if cell.is_header] == ["2021", "2022*", "2023*"]


def test_tags_without_a_table_do_not_end_the_search() -> None:
    assert _rows(_read("s01_tagged_without_table.pdf"))[-1] == ["Resultat", "22,5", "3,0", "19,5"]


@pytest.mark.parametrize("name", ["s02_second_header_row_untagged.pdf", "s02b_second_header_row.docx"])
def test_a_second_header_row_that_is_not_marked_is_a_header(name: str) -> None:
    document = _read(name)
    assert document.tables[0].header_rows == 2
    assert _rows(document)[1][1:4] == ["Total budget", "Ack. utfall", "Avvikelse"]


def test_white_behind_texts_is_no_shading() -> None:
    document = _read("s05_paragraphs_over_table.pdf")
    rows = _rows(document)
    assert rows[0] == ["", "2023", "2022"]
    assert rows[1] == ["Nettoomsättning", "1 356 113", "1 315 291"]
    assert len(rows) == 11


EDGES = (230.0, 300.0, 370.0, 440.0)


def _framed(page: Page) -> None:
    """A grid that holds figures only, with the labels of its rows left of it."""
    top = page.y + PITCH - 4
    for row in ROWS:
        page.canvas.setFont("Helvetica-Bold" if row is ROWS[0] else "Helvetica", 9)
        page.canvas.drawString(LEFT, page.y, row[0])
        for x, text in zip(EDGES[1:], row[1:], strict=True):
            page.canvas.drawRightString(x - 5, page.y, text)
        page.y -= PITCH
    bottom = page.y + PITCH - 4
    page.across(*(top - PITCH * index for index in range(len(ROWS) + 1)), edges=EDGES)
    page.down(top, bottom, *EDGES)


def _page() -> Page:
    page = Page()
    page.text("Ekonomi", 16, bold=True)
    page.text(SENTENCE)
    return page


def test_two_figures_below_each_other_in_a_cell_are_not_one() -> None:
    page = _page()
    rows = [ROWS[0], *([row[0], "100\n200", *row[2:]] if row is ROWS[2] else row for row in ROWS[1:])]
    pitch = 2 * PITCH
    top, bottom = page.rows(rows, pitch=pitch)
    page.across(*(top - pitch * index for index in range(len(rows) + 1)))
    page.down(top, bottom, *FOUR)
    assert _rows(page.read())[2][1] == "100\n200"


def test_labels_left_of_a_frame_belong_to_its_rows() -> None:
    page = _page()
    _framed(page)
    assert _rows(page.read())[1:] == ROWS[1:]


def test_a_column_in_one_drawn_cell_is_read_row_by_row_or_refused() -> None:
    page = _page()
    rows = [*ROWS, *([f"Post {index}", f"{index} 100", f"{index} 200", f"{index} 300"] for index in range(1, 6))]
    top, bottom = page.rows(rows)
    page.across(top, top - PITCH, bottom)
    page.down(top, bottom, LEFT, *EDGES)
    try:
        document = page.read()
    except ExtractionError:
        return
    assert _rows(document) == rows


def test_a_picture_that_may_hold_a_table_is_told_and_a_photograph_is_not() -> None:
    print_of_a_table = Image.new("L", (900, 400), 255)
    pen = ImageDraw.Draw(print_of_a_table)
    for row in range(8):
        pen.line((20, 20 + 45 * row, 880, 20 + 45 * row), fill=0, width=2)
        for column in range(5):
            pen.text((40 + 170 * column, 32 + 45 * row), f"{row}{column} 123", fill=0, font_size=22)
    noise = Image.effect_noise((900, 400), 90).point(lambda tone: tone // 2)
    for picture, is_told in ((print_of_a_table, True), (noise, False)):
        page = _page()
        page.canvas.drawImage(ImageReader(picture), LEFT, 300, 450, 200)
        with pytest.raises(ExtractionError) as raised:
            page.read()
        assert ("page 1: a picture may hold a table" in str(raised.value)) is is_told


def test_every_word_with_a_digit_has_one_fate() -> None:
    page = _page()
    page.rows(ROWS)
    page.text("År 2023 var 12 procent fler.")
    page.canvas.saveState()
    page.canvas.rotate(90)
    page.canvas.drawString(300, -560, "Dnr 2024-17")
    page.canvas.restoreState()
    page.next()
    page.text("Nästa sida, 3 kapitel.")
    document = page.read()
    fates = {(fate.page, fate.fate): fate.n_words for fate in document.word_fates}
    digits = sum(any(char.isdigit() for char in word) for row in ROWS for cell in row for word in cell.split())
    # Thousands that are printed apart are words of their own.
    assert fates == {(1, "table"): digits, (1, "text"): 2, (1, "sideways"): 1, (2, "text"): 1}


def test_what_is_refused_is_in_the_ledger_with_its_reason() -> None:
    page = _page()
    page.rows(ROWS)
    page.next()
    page.text("Andel", 16, bold=True)
    page.rows([["100", "Norr", "Söder", ""], ["80", "Öster", "Väster", ""], ["60", "", "", ""], ["40", "", "", ""]])
    refused = [fate for fate in page.read().word_fates if fate.fate == "refused"]
    assert [(fate.page, fate.reason, fate.sample) for fate in refused] == [
        (2, "its first column is the axis of a chart", "100 80 60 40")
    ]


def test_every_sign_has_its_weights_and_says_what_it_is() -> None:
    for purpose in ("choice", "acceptance"):
        assert set(weights(purpose).of) == set(SIGNS)
    assert all(sign.__doc__ for sign in SIGNS.values())


@pytest.mark.slow
@pytest.mark.skipif(not COMPETITION.is_dir(), reason="the documents of the competition are not at hand")
def test_figures_of_the_table_competition() -> None:
    scorer = _scorer()
    right = found = expected = 0
    for path in sorted(COMPETITION.glob("*.pdf")):
        truth: Counter[Any] = scorer.figures(list(scorer.truth(path.with_name(f"{path.stem}-str.xml"))))
        ours: Counter[Any] = scorer.figures(scorer.read(path)[0])
        right, found, expected = right + (truth & ours).total(), found + ours.total(), expected + truth.total()
    assert right / expected >= 0.9
    assert right / found >= 0.985


def _scorer() -> Any:
    spec = importlib.util.spec_from_file_location("score_icdar", SHARED / "tools" / "score_icdar.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "goteborg-intraservice-delar-2026",
        "simrishamn-kfn-bokslut-2025",
        "fordjupad-manadsuppfoljning-2026-tekniska-namnden",
    ],
)
def test_figures_of_real_documents(name: str) -> None:
    path, gold = SHARED / "real" / f"{name}.pdf", SHARED / "gold" / f"{name}.csv"
    if not path.is_file():
        pytest.skip("the real documents are not at hand")
    scorer = _scorer()
    with gold.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    pages = {int(row["page"]) for row in rows}
    expected = Counter(
        (text, scorer.norm(row["row_label"]).lstrip("-"))
        for row in rows
        if scorer.NUMBER.match(text := scorer.norm(row["value_text"]))
    )
    document = extract(path.read_bytes(), path.name, Limits())
    tables: dict[tuple[int, int | None], list[Any]] = {}
    for cell in document.cells:
        if cell.page in pages and not cell.is_header and scorer.norm(cell.text):
            place = (cell.row_index, cell.col_index, cell.row_span, cell.col_span, scorer.norm(cell.text))
            tables.setdefault((cell.table_seq, cell.page), []).append(place)
    ours: Counter[Any] = Counter()
    for (text, label), count in scorer.figures(list(tables.values())).items():
        ours[text, label.lstrip("-")] += count
    assert (ours & expected).total() >= 0.98 * expected.total()
    unnamed = sum(count for (_, label), count in (ours - expected).items() if not label)
    assert (ours - expected).total() - unnamed <= 0.005 * ours.total()
