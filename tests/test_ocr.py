"""Pictures of print: what is read from them, and above all what is not believed.

Belongs here: scans and pictures of tables, read by the real engines in the real child. Does not belong here: what
becomes of a cell that nothing vouches for (dbt's unit tests).
"""

from __future__ import annotations

import io
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from dagster_project.extract import Cell, Document, ExtractionError, Limits, Table, extract
from dagster_project.extract.ocr import what_is_missing
from dagster_project.extract.ocr.engine import Piece, Token
from dagster_project.extract.ocr.ink import Box, Ink, blobs
from dagster_project.extract.ocr.pictures import Recognised, Seen
from dagster_project.extract.ocr.vouching import vouched
from dagster_project.extract.pdf.rules import Rule
from dagster_project.extract.sandbox import Children
from dagster_project.settings import ConfigurationError, load_settings
from dagster_project.warehouse.intake.load import load_raw
from tests.drawn import FONTS, Drawn, draw, draw_any, spoiled, spoiled_otherwise, spoiled_picture
from tests.programs import program
from tests.typeset import chromium
from tests.typeset.model import Block, ContentsBlock, Style, blocks, report_files

ROOT = Path(__file__).resolve().parents[1]
OCR = Limits(ocr=True)
HALF, MOST_WRONG = 0.6, 0.001


@pytest.fixture(scope="module")
def reader() -> Iterator[Children]:
    program("tesseract")
    assert what_is_missing() is None
    with Children() as children:
        yield children


def _plain(text: str) -> str:
    return "".join(text.split()).translate(str.maketrans("−–", "--"))


def _given(document: Document) -> dict[tuple[str, str], str]:
    """Label and header to the figure, of all figures that something vouches for and that have a header; no spaces in
    labels.
    """
    found = {}
    for table in document.tables:
        cells = {(c.row_index, c.col_index): c for c in document.cells if c.table_seq == table.table_seq}
        for (row, column), cell in cells.items():
            label, header = cells.get((row, 0)), cells.get((table.header_rows - 1, column))
            if cell.vouched_by and label and header and header.is_header and any(map(str.isdigit, cell.text)):
                found[_plain(label.text), header.text] = cell.text
    return found


def _wrong(drawn: Drawn, given: dict[tuple[str, str], str]) -> list[tuple[tuple[str, str], str]]:
    """Figures that the page does not print; a header that is misread names nothing that the warehouse knows."""
    known = {(_plain(label), header): _plain(text) for (label, header), text in drawn.figures.items()}
    return [(key, text) for key, text in given.items() if key[1] in drawn.header and known.get(key) != _plain(text)]


# --- what vouches -----------------------------------------------------------------------------------------------------


PAGE = (0.0, 0.0, 600.0, 800.0)


def _signs(box: Box, text: str) -> list[Box]:
    """The ink of a text, five points a sign."""
    x, y = box[:2]
    return [(x + 5 * at, y + 2, x + 5 * at + 4, y + 9) for at, sign in enumerate(text) if sign != " "]


def _document(
    rows: list[list[str]], second: list[list[str]], more: Sequence[Box] = (), across: Sequence[Rule] = (),
    down: Sequence[Rule] = (),
) -> Document:  # fmt: skip
    """A document with one table that was read from a picture, and what the second engine read in its cells.

    Rows are 20 points apart, columns 100; ``more`` is ink beside that of the texts.
    """
    cells, again, signs = [], [], list(more)
    for row, (texts, others) in enumerate(zip(rows, second, strict=True)):
        for column, (text, other) in enumerate(zip(texts, others, strict=True)):
            box = (100.0 * column, 20.0 * row, 100.0 * column + 60, 20.0 * row + 10)
            cells.append(Cell(1, row, column, text, row == 0, page=1, x0=box[0], y0=box[1], x1=box[2], y1=box[3]))
            again.append((box, other))
            signs += _signs(box, text)
    return _judged(cells, Ink(np.array(signs, np.float32), across, down, PAGE), again)


def _judged(cells: list[Cell], ink: Ink, again: list[tuple[Box, str]]) -> Document:
    """A document with one table of these cells, all surely read; ``again`` is what the second engine read."""
    rows, columns = (1 + max(places) for places in zip(*((c.row_index, c.col_index) for c in cells), strict=True))
    table = Table(1, None, 1, 1, None, rows, columns, 1, 1)
    document = Document("application/pdf", None, 1, "pdf", "1", tables=(table,), cells=tuple(cells))
    seen = [Seen((c.x0 or 0.0, c.y0 or 0.0, c.x1 or 0.0, c.y1 or 0.0), c.text, 0.99) for c in cells]
    return vouched(document, {1: [Recognised(PAGE, [], ink, seen, [Token(*one) for one in again])]}, {})


def _vouchers(rows: list[list[str]], second: list[list[str]] | None = None) -> dict[str, str | None]:
    return {cell.text: cell.vouched_by for cell in _document(rows, second or rows).cells if not cell.is_header}


SUMS = [
    ["Nämnd", "Budget", "Utfall"],
    ["Förskola", "1 234", "2 345"],
    ["Grundskola", "3 111", "4 222"],
    ["Bibliotek", "500", "77"],
    ["Summa", "4 845", "6 644"],
]


BESIDE = [["Nämnd", "Utfall"], ["Förskola", "345"], ["Skola", "678"]]
"""The first figure stands from 100 to 114 points, its digits seven points high."""


@pytest.mark.parametrize(
    ("what", "more", "across", "down", "voucher"),
    [
        ("nothing else", [], [], [], "two readings"),
        ("a digit a thousands' gap before it, which is in no cell", [(90, 22, 94, 29)], [], [], None),
        ("a digit behind it", [(118, 22, 122, 29)], [], [], None),
        ("a minus that nobody read", [(95, 25, 98, 26)], [], [], None),
        ("a comma between its digits", [(104.2, 28, 104.8, 30)], [], [], None),
        ("another column", [(80, 22, 84, 29)], [], [], "two readings"),
        ("another line", [(90, 12, 94, 19)], [], [], "two readings"),
        ("a rule before a digit", [(90, 22, 94, 29)], [], [Rule(97, 15, 35)], "two readings"),
        ("a rule before a digit, seen as ink", [(90, 22, 94, 29), (96.5, 15, 97.5, 35)], [], [], "two readings"),
        ("a rule that touches it", [], [], [Rule(99.5, 15, 35)], None),
        ("a rule between its digits", [], [], [Rule(109.5, 15, 35)], None),
        ("a rule through it", [], [Rule(26, 0, 300)], [], None),
        ("a rule below it", [], [Rule(30, 0, 300)], [], "two readings"),
    ],
)
def test_a_figure_is_all_the_ink_of_its_place(
    what: str, more: list[Box], across: list[Rule], down: list[Rule], voucher: str | None
) -> None:
    found = {cell.text: cell.vouched_by for cell in _document(BESIDE, BESIDE, more, across, down).cells}
    assert found["345"] == voucher, what
    assert found["678"] == "two readings"


@pytest.mark.parametrize(("x", "voucher"), [(62.0, None), (70.0, "two readings")])
def test_a_label_is_whole_too(x: float, voucher: str | None) -> None:
    """The label ends at 54 points: what follows close behind it belongs to the same name."""
    rows = [["Nämnd", "Utfall"], ["Grundskolan", "345"], ["Skola", "678"]]
    found = {cell.text: cell.vouched_by for cell in _document(rows, rows, [(x, 22, x + 4, 29)]).cells}
    assert (found["345"], found["678"]) == (voucher, "two readings")


@pytest.mark.parametrize(
    ("first", "second", "voucher"),
    [("1,5", "2,5", "two readings"), ("315", "425", None), ("12 %", "9 %", "two readings")],
)
def test_what_follows_decimals_is_another_figure(first: str, second: str, voucher: str | None) -> None:
    """Two columns seven points apart: as much as the digits are high."""
    end = 100.0 + 5 * len(first) - 1
    boxes = [(0.0, 20.0, 60.0, 30.0), (100.0, 20.0, end, 30.0), (end + 7, 20.0, end + 7 + 5 * len(second), 30.0)]
    texts = ["Skola", first, second]
    cells = [
        Cell(1, 0, at, text, False, page=1, x0=box[0], y0=box[1], x1=box[2], y1=box[3])
        for at, (text, box) in enumerate(zip(texts, boxes, strict=True))
    ]
    signs = [sign for text, box in zip(texts, boxes, strict=True) for sign in _signs(box, text)]
    found = _judged(cells, Ink(np.array(signs, np.float32), (), (), PAGE), [*zip(boxes, texts, strict=True)]).cells
    assert [cell.vouched_by for cell in found[1:]] == [voucher, voucher]


def test_where_two_cells_lie_over_each_other_no_label_is_that_of_a_row() -> None:
    """A false rule shifts the cells of one column: a figure stands beside the label of another row."""
    rows = [["Nämnd", "Utfall"], ["Skola", "345"], ["Park", "678"], ["Gata", "910"]]
    plain = [Cell(1, row, at, text, row == 0, page=1, x0=100.0 * at, y0=20.0 * row, x1=100.0 * at + 60,
                  y1=20.0 * row + 10) for row, texts in enumerate(rows) for at, text in enumerate(texts)]  # fmt: skip
    signs = [sign for cell in plain for sign in _signs((cell.x0 or 0, cell.y0 or 0, 0, 0), cell.text)]
    again = [((cell.x0 or 0.0, cell.y0 or 0.0, cell.x1 or 0.0, cell.y1 or 0.0), cell.text) for cell in plain]
    tall = [replace(cell, row_span=2) if cell.text == "Skola" else cell for cell in plain]
    ink = Ink(np.array(signs, np.float32), (), (), PAGE)
    for cells, vouched_for in ((plain, {"345", "678", "910"}), (tall, {"910"})):
        found = _judged(cells, ink, again).cells
        assert {cell.text for cell in found if cell.vouched_by and cell.col_index} == vouched_for


def test_sums_do_not_vouch_for_the_last_digits_of_figures_either() -> None:
    more = [
        (100 * column - 10, 20 * row + 2, 100 * column - 6, 20 * row + 9) for row in range(1, 5) for column in (1, 2)
    ]
    cells = _document(SUMS, SUMS, [tuple(map(float, box)) for box in more]).cells  # type: ignore[misc]
    assert not any(cell.vouched_by for cell in cells if cell.col_index)


def test_what_stands_at_the_edge_of_a_picture_may_be_cut() -> None:
    cells = _document([["", "Utfall"], ["12", "345"]], [["", "Utfall"], ["12", "345"]]).cells
    assert not any(cell.vouched_by for cell in cells if cell.text == "12")


@pytest.mark.parametrize(("paper", "print_"), [(255, 0), (225, 90), (60, 250)])
def test_ink_is_told_from_paper_and_rules(paper: int, print_: int) -> None:
    picture = Image.new("L", (600, 200), paper)
    pen = ImageDraw.Draw(picture)
    for at, sign in enumerate("-12 345,6"):
        pen.text((200 + 18 * at, 80), sign, font=ImageFont.truetype(FONTS["sans"], 28), fill=print_)
    for x in (150, 420):
        pen.line((x, 0, x, 200), fill=print_, width=2)
    pen.line((0, 130, 600, 130), fill=print_, width=2)
    piece = Piece(((195.0, 75.0), (365.0, 75.0), (365.0, 115.0), (195.0, 115.0)), "-12 345,6", 1.0)
    found = blobs(np.asarray(picture), [piece], 200 / 72, 20)
    assert len(found) == 8
    assert 195 < found[:, 0].min() < found[:, 2].max() < 365


def _other(rows: list[list[str]], **changes: str) -> list[list[str]]:
    return [
        [changes.get(text.replace(" ", "_").replace("-", "m").replace(",", "c"), text) for text in row] for row in rows
    ]


def test_sums_in_two_columns_vouch_for_digits_that_the_other_engine_reads_otherwise() -> None:
    found = _vouchers(SUMS, [[text.replace("1", "7") for text in row] for row in SUMS])
    assert found["1 234"] == found["4 845"] == found["77"] == "arithmetic"


def test_a_sum_in_one_column_vouches_for_nothing() -> None:
    rows = [row[:2] for row in SUMS]
    found = _vouchers(rows, [[text.replace("1", "7") for text in row] for row in rows])
    assert found["1 234"] is None
    assert found["500"] == "two readings"


def test_arithmetic_says_nothing_of_a_minus_that_a_whole_column_has_lost() -> None:
    second = [[f"-{text}" if text[0].isdigit() and at == 1 else text for at, text in enumerate(row)] for row in SUMS]
    found = _vouchers(SUMS, second)
    assert found["1 234"] is None
    assert found["2 345"] == "arithmetic"


def test_arithmetic_says_nothing_of_a_decimal_mark_that_a_whole_column_has_lost() -> None:
    second = [[f"{text[:-1]},{text[-1]}" if text[0].isdigit() else text for text in row] for row in SUMS]
    assert set(_vouchers(SUMS, second).values()) <= {None, "two readings"}
    assert _vouchers(SUMS, second)["1 234"] is None


def test_a_relation_of_columns_needs_three_rows() -> None:
    rows = [["Nämnd", "Budget", "Utfall", "Avvikelse"]]
    rows += [[label, str(a), str(b), str(a - b)] for label, a, b in (("Förskola", 905, 801), ("Skola", 717, 713))]
    second = [[text.replace("1", "7") for text in row] for row in rows]
    assert _vouchers(rows, second)["717"] is None
    rows.append(["Park", "610", "121", "489"])
    second = [[text.replace("1", "7") for text in row] for row in rows]
    assert _vouchers(rows, second)["717"] == "arithmetic"


@pytest.mark.parametrize("text", ["12.5", "12,5,", "1O2", "12 34", "|12", "..", "1.234"])
def test_what_is_no_plain_number_is_not_given_however_often_it_is_read(text: str) -> None:
    assert _vouchers([["Nämnd", "Utfall"], ["Förskola", text]])[text] is None or not any(map(str.isdigit, text))


def test_a_figure_must_look_like_the_others_of_its_column() -> None:
    rows = [["Nämnd", "Utfall"], ["Förskola", "12,5"], ["Skola", "13,5"], ["Park", "145"]]
    found = _vouchers(rows)
    assert (found["12,5"], found["145"]) == ("two readings", None)


def test_a_label_must_read_as_words() -> None:
    rows = [["Nämnd", "Utfall"], ["Förskola", "125"], ["|'~", "135"], ["Åk 7", "145"]]
    found = _vouchers(rows, _other(rows, Åk_7="Åk 1"))
    assert (found["125"], found["135"], found["145"]) == ("two readings", None, None)


def test_a_label_that_begins_in_another_cell_names_no_row() -> None:
    rows = [["Nämnd", "Utfall"], ["Förskola", "125"], ["och familjeomsorg", "135"], ["Bibliotek", "145"]]
    found = _vouchers(rows)
    assert (found["125"], found["135"], found["145"]) == ("two readings", None, "two readings")
    small = [["", "Utfall"], ["lön", "125"], ["hyra", "135"], ["resor", "145"]]
    assert _vouchers(small)["135"] == "two readings", "these are written so"


@pytest.mark.parametrize("label", ["Skola 8,7", "Skolor 1 234", "Skolor -5,0", "Skola 12 %"])
def test_a_label_that_has_swallowed_a_figure_names_no_row(label: str) -> None:
    rows = [["Nämnd", "Utfall"], ["Förskola", "125"], [label, "135"], ["Åk 7", "145"], ["Skolor 2024", "155"]]
    found = _vouchers(rows)
    assert (found["125"], found["135"]) == ("two readings", None)
    assert (found["145"], found["155"]) == ("two readings", "two readings")


def test_a_year_that_is_read_in_two_ways_costs_its_column() -> None:
    rows = [["Nämnd", "2023", "2024"], ["Förskola", "125", "135"]]
    found = _vouchers(rows, _other(rows, **{"2023": "2028"}))
    assert (found["125"], found["135"]) == (None, "two readings")


# --- settings ---------------------------------------------------------------------------------------------------------


def test_scans_are_not_read_unless_asked_for() -> None:
    with pytest.raises(ExtractionError, match="no text layer"):
        extract(draw(random.Random(1), dpi=100).pdf(), "a.pdf")
    assert not load_settings({}).limits.ocr
    assert load_settings(load_settings({"KOMMUNLAGER_OCR": "1"}).as_environment()).limits.ocr


def test_without_engines_it_is_said_what_to_install() -> None:
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(ROOT)!r});"
         "from dagster_project.extract.ocr import what_is_missing; print(what_is_missing())"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "pip install 'kommunlager[ocr]'" in said


def test_a_refresh_that_cannot_read_pictures_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({"KOMMUNLAGER_OCR": "1"}, reports=tmp_path, warehouse=tmp_path / "w" / "k.duckdb")
    monkeypatch.setattr("dagster_project.extract.ocr.LANGUAGE_FOLDERS", ())
    with pytest.raises(ConfigurationError, match=r"--ocr.*tesseract-ocr-swe"):
        load_raw(settings)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_scanned_page_gives_its_figures_with_their_places(reader: Children) -> None:
    chance = random.Random(6)
    drawn = spoiled(chance, draw(chance, dpi=200), 0.4)
    document = reader.extract(drawn.pdf(), "a.pdf", OCR)
    given = _given(document)
    assert not _wrong(drawn, given)
    assert len(given) >= HALF * len(drawn.figures)
    scale = drawn.dpi / 72
    for cell in document.cells:
        assert cell.extraction_basis == "ocr"
        if cell.vouched_by and cell.x0 is not None:
            box = [round(edge * scale) for edge in (cell.x0, cell.y0 or 0, cell.x1 or 0, cell.y1 or 0)]
            part = np.asarray(drawn.picture)[box[1] : box[3] + 1, box[0] : box[2] + 1]
            assert part.min() < 150, cell.text
    assert reader.picture(drawn.pdf(), 1, None)
    assert not any(fate.fate == "nothing" for fate in document.word_fates)


def _mixed(picture: Image.Image) -> bytes:
    """A page with a table of text, and another that is a picture."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setFont("Helvetica", 10)
    canvas.drawString(60, 780, "Uppföljning per område 2024")
    for number, row in enumerate((("Område", "Budget", "Utfall"), ("Park", "110", "120"), ("Gata", "210", "230"))):
        for x, text in zip((60, 260, 360), row, strict=True):
            canvas.drawString(x, 740 - 16 * number, text)
    width = 480.0
    canvas.drawImage(ImageReader(picture), 60, 300, width, width * picture.height / picture.width)
    canvas.save()
    return buffer.getvalue()


def test_a_picture_beside_text_is_read_and_the_text_stays_as_it_is(reader: Children) -> None:
    drawn = draw(random.Random(10), dpi=200)
    edge = drawn.picture.point(lambda tone: 255 - tone).getbbox()
    assert edge is not None
    picture = drawn.picture.crop((edge[0] - 5, 220, edge[2] + 5, edge[3] + 5))
    data = _mixed(picture)
    before = reader.extract(data, "a.pdf", Limits())
    after = reader.extract(data, "a.pdf", OCR)
    assert before.cells == tuple(cell for cell in after.cells if cell.extraction_basis is None)
    assert any(note.endswith("pictures are not read") for note in before.notes)
    assert not any(note.endswith("pictures are not read") for note in after.notes)
    given = _given(after)
    assert not _wrong(drawn, given)
    assert len(given) >= HALF * len(drawn.figures)


def test_files_with_text_are_read_alike_with_and_without(reader: Children) -> None:
    data = _mixed(Image.new("L", (200, 20), 255))
    assert reader.extract(data, "a.pdf", OCR) == reader.extract(data, "a.pdf", Limits())


def test_a_stamp_beside_a_table_costs_nothing_of_it(reader: Children) -> None:
    drawn = draw(random.Random(21), dpi=200)
    pen = ImageDraw.Draw(drawn.picture)
    pen.ellipse((1150, 60, 1500, 230), outline=90, width=6)
    pen.text((1200, 120), "INKOM 2025-02-17", font=ImageFont.truetype(FONTS["sans"], 28), fill=90)
    given = _given(reader.extract(drawn.pdf(), "a.pdf", OCR))
    assert not _wrong(drawn, given)
    assert len(given) >= HALF * len(drawn.figures)


def test_a_scan_that_takes_too_long_is_given_up(reader: Children) -> None:
    drawn = draw(random.Random(1), dpi=100)
    buffer = io.BytesIO()
    drawn.picture.save(buffer, "PDF", resolution=100, save_all=True, append_images=[drawn.picture] * 4)
    with pytest.raises(ExtractionError, match="longer than the limit of 1 seconds"):
        reader.extract(buffer.getvalue(), "a.pdf", Limits(ocr=True, max_ocr_seconds=1))


@pytest.mark.slow
def test_of_the_figures_given_at_most_one_in_a_thousand_is_wrong(reader: Children) -> None:
    counts: Counter[str] = Counter()
    wrong = []
    for number in range(15):
        chance = random.Random(7000 + number)
        if number % 3 == 0:
            drawn = spoiled(chance, draw(chance), chance.random())
        elif number % 3 == 1:
            drawn = spoiled_otherwise(chance, draw(chance))
        else:
            drawn = spoiled(chance, draw_any(chance), chance.uniform(0, 0.7))
        counts["printed"] += sum(map(bool, drawn.figures.values()))
        try:
            given = _given(reader.extract(drawn.pdf(), "a.pdf", OCR))
        except ExtractionError:
            counts["tables refused"] += 1
            continue
        counts["given"] += len(given)
        wrong += _wrong(drawn, given)
    print(f"\n{dict(counts)}")  # noqa: T201
    assert len(wrong) <= MOST_WRONG * counts["given"], wrong
    assert counts["given"] >= counts["printed"] / 3


PAGES = 2
"""Pages of each report that are scanned: those with the most digits."""


def _scanned(pdf: bytes, chance: random.Random, dpi: int) -> tuple[bytes, bytes]:
    """The pages of a PDF with the most digits, as they are and as a scanner gives them."""
    with pypdfium2.PdfDocument(pdf) as whole, pypdfium2.PdfDocument.new() as part:
        digits = [sum(map(str.isdigit, page.get_textpage().get_text_range())) for page in whole]
        chosen = sorted(sorted(range(len(whole)), key=lambda index: -digits[index])[:PAGES])
        part.import_pages(whole, chosen)
        plain, scan = io.BytesIO(), io.BytesIO()
        part.save(plain)
        drawn = [whole[index].render(scale=dpi / 72).to_pil().convert("L") for index in chosen]
    pages = [spoiled_picture(chance, page, dpi, chance.uniform(0.1, 0.7)) for page in drawn]
    pages[0].save(scan, "PDF", resolution=dpi, save_all=True, append_images=pages[1:])
    return plain.getvalue(), scan.getvalue()


def _figures(document: Document) -> Counter[tuple[str, str]]:
    """Label of the row and figure, of every cell of a body that is believed."""
    cells = {(cell.table_seq, cell.row_index, cell.col_index): cell for cell in document.cells}
    return Counter(
        (_plain(label.text), _plain(cell.text))
        for (table, row, column), cell in cells.items()
        if column
        and not cell.is_header
        and any(map(str.isdigit, cell.text))
        and (cell.extraction_basis is None or cell.vouched_by)
        and (label := cells.get((table, row, 0))) is not None
    )


@pytest.mark.slow
@pytest.mark.skipif(not report_files(), reason="the reports are not in seeds/reports")
def test_scans_of_the_reports_give_no_wrong_figure(reader: Children) -> None:
    program("chromium")
    counts: Counter[str] = Counter()
    wrong = []
    for number, path in enumerate(report_files()):
        chance = random.Random(number)
        style = Style("scan", ("grid", "hrule", "none")[number % 3], font="Liberation Sans")
        # A part of a report lacks what its contents list.
        content: list[Block] = [block for block in blocks(path.read_bytes()) if not isinstance(block, ContentsBlock)]
        plain, scan = _scanned(chromium.typeset(content, style), chance, (150, 200, 300)[number % 3])
        printed = _figures(reader.extract(plain, path.name))
        counts["printed"] += printed.total()
        try:
            given = _figures(reader.extract(scan, "scan.pdf", OCR))
        except ExtractionError as error:
            print(f"\n{path.name}: {error}")  # noqa: T201
            continue
        counts["given"] += given.total()
        wrong += [(path.name, *figure) for figure in given - printed]
    print(f"\n{dict(counts)}")  # noqa: T201
    assert not wrong
