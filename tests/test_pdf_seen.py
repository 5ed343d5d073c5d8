"""What is printed is what a person sees: text of a PDF that is not seen, or not as the file says, is no figure.

Belongs here: pages of one small table, some in ``seen/``, some made here. Does not belong here: how tables are found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.extract import Document, ExtractionError, extract

SEEN = Path(__file__).parent / "seen"
CASES = Path(__file__).parent / "corpora" / "cases" / "reports"

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def page(more: str, *, resources: str = "", catalog: str = "", more_of_page: str = "") -> bytes:
    """A page with a table of two columns of figures, the first cell of which is left to ``more``."""
    texts = [(50, 700, "Nyckeltal"), (200, 700, "Utfall 2023"), (350, 700, "Budget 2023")]
    texts += [(50, 680, "Antal besok"), (350, 680, "13")]
    texts += [(50, 660, "Antal moten"), (200, 660, "14"), (350, 660, "15")]
    texts += [(50, 640, "Antal beslut"), (200, 640, "16"), (350, 640, "17")]
    lines = [f"50 {y} m 500 {y} l S" for y in (715, 695, 675, 655, 635)]
    drawn = [f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in texts]
    content = "\n".join([*drawn, *lines, more])
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {more_of_page}"
        f" /Resources << /Font << /F1 5 0 R >> {resources} >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        FONT,
        "<< /Type /OCG /Name (L) >>",
    ]
    result = "%PDF-1.7\n"
    places = []
    for number, item in enumerate(objects, start=1):
        places.append(len(result))
        result += f"{number} 0 obj\n{item}\nendobj\n"
    start = len(result)
    result += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    result += "".join(f"{place:010d} 00000 n \n" for place in places)
    result += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return result.encode("latin-1")


def figure(document: Document) -> str:
    """The cell of the second row and column."""
    return next((cell.text for cell in document.cells if (cell.row_index, cell.col_index) == (1, 1)), "")


@pytest.mark.parametrize(
    ("name", "text", "remark"),
    [
        ("plain", "12", None),
        ("kern-thousand", "12 345", None),
        ("bold-twice", "12", None),
        ("rise-footnote", "12¹", None),
        ("cover", "99", "text that cannot be seen left out: 12"),
        ("white-beside", "12", "text that cannot be seen left out: 99"),
        ("strike", "", "struck text left out: 12"),
        ("p6_tabula509_struck", "", "struck text left out: -70"),
        ("upside", "", "figures printed at an angle are in no table: 16"),
        ("vertical", "", "figures printed at an angle are in no table: 12"),
    ],
)
def test_a_figure_is_what_is_seen(name: str, text: str, remark: str | None) -> None:
    document = extract((SEEN / f"{name}.pdf").read_bytes(), "a.pdf")
    assert figure(document) == text
    assert document.notes == ((f"page 1: {remark}",) if remark else ())
    assert "nothing" not in {word.fate for word in document.word_fates}


def test_what_is_printed_twice_to_look_bold_is_there_once() -> None:
    twice = "\n".join(f"BT /F1 10 Tf {x} 760 Td (Tabell 7 visar utfall 2023) Tj ET" for x in (50, 50.3))
    document = extract(page(twice), "a.pdf")
    assert [one.text for one in document.headings] == ["Tabell 7 visar utfall 2023"]
    assert {word.fate: word.sample for word in document.word_fates if word.fate != "table"} == {"text": "7 2023"}


@pytest.mark.parametrize("name", ["overprint-offset", "at-99"])
def test_a_figure_that_is_not_certain_loses_its_characters(name: str) -> None:
    text = figure(extract((SEEN / f"{name}.pdf").read_bytes(), "a.pdf"))
    assert "\ufffd" in text
    assert "12" not in text
    assert "99" not in text


def test_a_font_that_says_other_digits_than_it_draws_is_told_and_nothing_is_read() -> None:
    with pytest.raises(ExtractionError, match=r"page 1: a font says other digits than it draws \(8 drawn as 2\)"):
        extract((SEEN / "lying-tounicode.pdf").read_bytes(), "a.pdf")


def test_a_ligature_without_a_character_damages_its_word_and_is_told() -> None:
    document = extract((CASES / "s14_ligature_without_character.pdf").read_bytes(), "a.pdf")
    assert [cell.text for cell in document.cells if cell.row_index == 1] == ["Ne\ufffdomsä\ufffdning", "3 241", "3 212"]
    assert any("Ne\ufffdomsä\ufffdning" in note for note in document.notes)


TWELVE = "BT /F1 10 Tf 200 680 Td (12) Tj ET"
STATES = "/ExtGState << /Faint << /ca 0 >> /Over << /BM /Multiply >> >>"

UNSEEN = {
    "without ink": f"3 Tr {TWELVE}",
    "transparent": f"/Faint gs {TWELVE}",
    "white": f"1 1 1 rg {TWELVE}",
    "nearly white": f"0.97 1 0.98 rg {TWELVE}",
    "clipped": f"q 0 0 100 100 re W n {TWELVE} Q",
    "in the colour of its area": f"0.2 0.3 0.6 rg 195 676 60 14 re f {TWELVE}",
    "under an area": f"{TWELVE} 0 0 0 rg 195 676 60 14 re f",
    "under a white circle": f"{TWELVE} 1 1 1 rg 230 683 m 230 700 180 700 180 683 c 180 666 230 666 230 683 c f",
}


@pytest.mark.parametrize("how", UNSEEN)
def test_text_that_nobody_sees_is_no_figure(how: str) -> None:
    document = extract(page(f"q {UNSEEN[how]} Q", resources=STATES), "a.pdf")
    assert figure(document) == ""
    assert document.notes == ("page 1: text that cannot be seen left out: 12",)


SEEN_ALL_THE_SAME = {
    "white on a dark area": f"q 0.2 0.3 0.6 rg 195 676 60 14 re f 1 1 1 rg {TWELVE} Q",
    "under a highlight": f"{TWELVE} q /Over gs 1 1 0 rg 195 676 60 14 re f Q",
    "over a white area": f"q 1 1 1 rg 195 676 60 14 re f 0 0 0 rg {TWELVE} Q",
    "inside its clip": f"q 190 670 100 40 re W n {TWELVE} Q",
    "under an area that its clip keeps away": f"{TWELVE} q 0 0 50 50 re W n 1 1 1 rg 0 0 595 842 re f Q",
    "beside a rule": f"{TWELVE} 198 678 m 214 678 l S",
    "with a rule of the table above it": f"{TWELVE} 50 692 m 500 692 l S",
}


@pytest.mark.parametrize("how", SEEN_ALL_THE_SAME)
def test_text_that_is_seen_is_read_whatever_lies_around_it(how: str) -> None:
    document = extract(page(SEEN_ALL_THE_SAME[how], resources=STATES), "a.pdf")
    assert figure(document) == "12"
    assert document.notes == ()


def test_a_layer_that_is_switched_off_is_not_seen() -> None:
    layers = "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>"
    data = page(f"/OC /L BDC {TWELVE} EMC", resources="/Properties << /L 6 0 R >>", catalog=layers)
    assert figure(extract(data, "a.pdf")) == ""
    shown = page(f"/OC /L BDC {TWELVE} EMC", resources="/Properties << /L 6 0 R >>")
    assert figure(extract(shown, "a.pdf")) == "12"


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("/Subtype /Square /C [0 0 0] /IC [0 0 0] /Rect [195 676 255 690]", ""),
        ("/Subtype /StrikeOut /QuadPoints [198 690 214 690 198 676 214 676] /Rect [198 676 214 690]", ""),
        ("/Subtype /Highlight /C [1 1 0] /QuadPoints [198 690 214 690 198 676 214 676] /Rect [198 676 214 690]", "12"),
        ("/Subtype /Square /C [1 0 0] /Rect [300 676 330 690]", "12"),
        ("/Subtype /Link /Rect [195 676 255 690]", "12"),
    ],
)
def test_a_comment_may_hide_what_lies_under_it(comment: str, text: str) -> None:
    assert figure(extract(page(TWELVE, more_of_page=f"/Annots [<< /Type /Annot {comment} /F 4 >>]"), "a.pdf")) == text


def test_text_beside_the_page_is_not_seen() -> None:
    assert figure(extract(page("BT /F1 10 Tf 700 680 Td (12) Tj ET"), "a.pdf")) == ""
