"""A figure is traced to the cell that prints it, in its table, and the cell is marked on a picture of its page.

Belongs here: the command ``show``, the place of cells on pages, the picture. Does not belong here: which cells are
found (``test_pdf_reports``).
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import duckdb
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image, ImageChops
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.platypus import PageBreak, SimpleDocTemplate, Table

from dagster_project.extract import Cell, Document, ExtractionError, Limits, extract
from dagster_project.extract.picture import FRAME, render_cell
from dagster_project.extract.sandbox import Children
from dagster_project.extract.structure import Box
from tests.conftest import Project
from tests.typeset import chromium, platypus
from tests.typeset.model import Style, blocks, report_files, structure_words

STYLES = {
    "platypus": Style("grid", "grid"),
    "platypus-hrule": Style("hrule", "hrule", repeat_header=False),
    "platypus-none": Style("none", "none", font="DejaVu Sans", size=8),
    "chromium-hrule": Style("chromium-hrule", "hrule", font="DejaVu Sans", size=9),
}
UNSURE = frozenset("-\u2010\ufffd•")
"""A hyphen at the end of a line may go; a glyph without a Unicode value may be given any, or be read as a bullet."""


@cache
def _typeset(style: str) -> tuple[bytes, Document]:
    writer = chromium if style.startswith("chromium") else platypus
    if getattr(writer, "PROGRAM", "in the process") is None:
        pytest.skip("no Chromium on this machine")
    path = next(path for path in report_files() if "hisingen" in path.name)
    pdf = writer.typeset(blocks(path.read_bytes()), STYLES[style])
    return pdf, extract(pdf, "a.pdf", words=structure_words())


def box_of(cell: Cell) -> Box:
    assert cell.x0 is not None
    assert cell.y0 is not None
    assert cell.x1 is not None
    assert cell.y1 is not None
    return cell.x0, cell.y0, cell.x1, cell.y1


Glyph = tuple[float, float, str]
"""Middle of the character's box in points from the left and the top, and the character."""


def _glyphs(page: pypdfium2.PdfPage) -> list[Glyph]:
    """The characters of an upright page as PDFium gives them, white space left out."""
    height = page.get_height()
    text_page = page.get_textpage()
    # One by one: characters without a Unicode value are missing from the text as a whole.
    result = []
    for index in range(text_page.count_chars()):
        char = chr(pdfium.FPDFText_GetUnicode(text_page, index))
        if not char.isspace():
            box = text_page.get_charbox(index)
            result.append(((box[0] + box[2]) / 2, height - (box[1] + box[3]) / 2, char))
    return result


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char not in UNSURE)


def _printed(glyphs: list[Glyph], box: Box) -> str:
    return "".join(char for x, y, char in glyphs if box[0] <= x <= box[2] and box[1] <= y <= box[3])


@pytest.mark.parametrize("style", STYLES)
def test_the_box_of_every_cell_holds_what_the_cell_prints_and_nothing_else(style: str) -> None:
    pdf, document = _typeset(style)
    assert len(document.cells) > 600
    wrong = []
    with pypdfium2.PdfDocument(pdf) as opened:
        glyphs = [_glyphs(page) for page in opened]
    for cell in document.cells:
        assert cell.page is not None
        if cell.x0 is None:
            continue  # the half of a row that stands on the next page
        printed = _printed(glyphs[cell.page - 1], box_of(cell))
        text = "".join(cell.text.split())
        if _plain(printed) != _plain(text):
            wrong.append((cell, printed))
    assert wrong == []
    assert sum(cell.x0 is None for cell in document.cells) <= 0.01 * len(document.cells)


def _table_pdf(pages: int = 1) -> bytes:
    rows = [["Verksamhet", "2023", "2024"], ["Förskola", "12,5", "13,1"], ["Grundskola", "101,2", "99,8"]]
    buffer = io.BytesIO()
    flow = []
    for _ in range(pages):
        table = Table(rows)
        table.setStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
        flow += [table, PageBreak()]
    SimpleDocTemplate(buffer, pagesize=A4).build(flow)
    return buffer.getvalue()


def _turned(pdf: bytes, degrees: int) -> bytes:
    with pypdfium2.PdfDocument(pdf) as opened:
        for page in opened:
            page.set_rotation(degrees)
        buffer = io.BytesIO()
        opened.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_shown_however_it_is_turned(degrees: int) -> None:
    """The picture is cut to the box: it holds ink, and beside the box, where the cell is empty, there is none."""
    pdf = _turned(_table_pdf(), degrees)
    document = extract(pdf, "a.pdf")
    plain = render_cell(pdf, 1, None, scale=4).convert("L")
    assert [cell.text for cell in document.cells][-1] == "99,8"
    for cell in document.cells:
        x0, y0, x1, y1 = (round(4 * edge) for edge in box_of(cell))
        assert _ink(plain, (x0, y0, x1, y1)) > 0.03, (degrees, cell)
        # A rim of one point around the box is white: nothing of the text stands out of it.
        whole = _ink(plain, (x0 - 4, y0 - 4, x1 + 4, y1 + 4)) * (x1 - x0 + 8) * (y1 - y0 + 8)
        assert whole == pytest.approx(_ink(plain, (x0, y0, x1, y1)) * (x1 - x0) * (y1 - y0), abs=2), (degrees, cell)


def _ink(picture: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Share of dark pixels."""
    part = picture.crop(box)
    dark = sum(part.histogram()[:128])
    return dark / (part.width * part.height)


def test_the_frame_is_drawn_around_the_cell() -> None:
    pdf = _table_pdf(pages=2)
    cell = next(cell for cell in extract(pdf, "a.pdf").cells if cell.page == 2 and cell.text == "13,1")
    marked, plain = render_cell(pdf, 2, box_of(cell)), render_cell(pdf, 2, None)
    assert marked.mode == "RGB"
    assert marked.size == plain.size == (round(2 * A4[0] + 0.5), round(2 * A4[1] + 0.5))
    x0, y0, x1, y1 = ImageChops.difference(marked, plain).getbbox() or (0, 0, 0, 0)
    for edge, drawn in zip(box_of(cell), (x0, y0, x1, y1), strict=True):
        assert abs(2 * edge - drawn) <= 6
    assert marked.getpixel((x0, y0)) == FRAME[:3]


def test_a_picture_is_drawn_in_a_child_and_refusals_come_back() -> None:
    pdf = _table_pdf()
    with Children() as children:
        picture = Image.open(io.BytesIO(children.picture(pdf, 1, (10, 10, 60, 30))))
        assert picture.size == render_cell(pdf, 1, None).size
        with pytest.raises(ExtractionError, match="the PDF has no page 2"):
            children.picture(pdf, 2, None)
        with pytest.raises(ExtractionError, match="cannot be drawn"):
            children.picture(b"%PDF-1.4 rubbish", 1, None)
        with pytest.raises(ExtractionError, match=r"memory|crashed|without an answer"):
            children.picture(pdf, 1, None, Limits(max_memory_bytes=1))


# --- the command ----------------------------------------------------------------------------------------------------


def _ask(project: Project, condition: str) -> tuple[str, str]:
    """Key and printed text of the first figure for which a condition holds."""
    with duckdb.connect(project.warehouse, read_only=True) as connection:
        row = connection.execute(
            f"select fact_key, value_text from marts.report_values where {condition} order by fact_key"
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


RESULT = "amount_sek = 5472000 and scenario = 'actual' and row_label = 'Resultat' and file_name like '{}/%'"


def test_show_prints_the_cell_in_its_table_and_what_became_of_it(every_format: Project) -> None:
    key, _ = _ask(every_format, RESULT.format("pdf"))
    done = every_format.run("show", key)
    assert done.returncode == 0, done.stderr
    assert "pdf/goteborg-socialnamnd-hisingen-arsrapport-2024.pdf" in done.stdout
    assert "4 Bokslut > 4.2 Resultaträkning" in done.stdout
    assert done.stdout.count("▶") == 1
    marked = next(line for line in done.stdout.splitlines() if "▶" in line)
    assert marked.replace("│", " ").split() == ["Resultat", "▶", "5", "472", "◀", "0", "16", "013"]
    for label, value in (("amount_sek", "5472000.00"), ("unit", "tkr"), ("scenario", "actual"), ("fact_key", key)):
        assert any(line.split() == [label, value] for line in done.stdout.splitlines()), label


def test_show_takes_the_beginning_of_a_key_that_is_the_only_one(every_format: Project) -> None:
    with duckdb.connect(every_format.warehouse, read_only=True) as connection:
        keys = [str(key) for (key,) in connection.execute("select fact_key from marts.report_values").fetchall()]
    key = keys[0]
    length = next(n for n in range(1, 33) if sum(other.startswith(key[:n]) for other in keys) == 1)
    assert key in every_format.run("show", key[:length].upper()).stdout
    several = every_format.run("show", key[:1])
    assert (several.returncode, several.stdout) == (1, "")
    assert f"The key '{key[:1]}' is the beginning of several; add characters:" in several.stderr
    assert len(several.stderr.splitlines()) <= 10
    none = every_format.run("show", "nope' or 1=1")
    assert (none.returncode, none.stdout) == (1, "")
    assert 'No figure has the key "nope\' or 1=1"' in none.stderr
    assert every_format.run("show", " ").returncode == 1


def test_show_says_which_figures_share_a_cell(every_format: Project) -> None:
    with duckdb.connect(every_format.warehouse, read_only=True) as connection:
        first, second = connection.execute(
            "select min(fact_key), max(fact_key) from marts.report_values where file_name like 'docx/%'"
            " group by report_id, table_seq, row_index, col_index having count(*) = 2 order by 1 limit 1"
        ).fetchall()[0]
    done = every_format.run("show", first)
    assert any(line.split() == ["same", "cell", second] for line in done.stdout.splitlines())
    assert "no pages in this format" in done.stdout


def test_a_long_table_is_shown_around_the_cell(every_format: Project) -> None:
    key, _ = _ask(every_format, RESULT.format("pdf"))
    done = every_format.run("show", key, "--rows", "4")
    assert "rows of the table not shown (--rows 0 for all)" in done.stdout
    assert "Årets utfall" in done.stdout
    assert "Finansiellt netto" in done.stdout
    assert "Taxor och avgifter" not in done.stdout


def test_show_draws_the_page(every_format: Project, tmp_path: Path) -> None:
    key, _ = _ask(every_format, RESULT.format("pdf"))
    target = tmp_path / "cell.png"
    done = every_format.run("show", key, "--image", str(target))
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout
    with Image.open(target) as picture:
        reds = sum(count for count, colour in picture.getcolors(1 << 24) or [] if colour == FRAME[:3])
    assert reds > 100
    again = every_format.run("show", key, "--image", str(target))
    assert again.returncode == 1
    assert "is there already; --force replaces it" in again.stderr


def test_no_picture_of_another_file_than_the_one_that_was_read(every_format: Project, tmp_path: Path) -> None:
    key, _ = _ask(every_format, RESULT.format("pdf"))
    name = "goteborg-socialnamnd-hisingen-arsrapport-2024.pdf"
    target = tmp_path / "cell.png"
    gone = every_format.run("show", key, "--image", str(target), "--reports", str(tmp_path))
    assert gone.returncode == 1
    assert f"{name} is gone" in gone.stderr
    (tmp_path / "pdf").mkdir()
    (tmp_path / "pdf" / name).write_bytes(_table_pdf())
    changed = every_format.run("show", key, "--image", str(target), "--reports", str(tmp_path))
    assert changed.returncode == 1
    assert "has changed since it was read" in changed.stderr
    word, _ = _ask(every_format, RESULT.format("docx"))
    other = every_format.run("show", word, "--image", str(target))
    assert other.returncode == 1
    assert "Only pages of PDF files can be drawn" in other.stderr
    assert not target.exists()
    assert every_format.run("show", key, "--image", str(tmp_path / "no" / "x.png")).returncode == 1


def test_show_without_a_warehouse(small: Project) -> None:
    done = small.run("show", "abc")
    assert done.returncode == 1
    assert "There is no warehouse" in done.stderr
