"""PDF files that cannot be read are refused with the reason, and broken ones never bring anything else down.

Belongs here: scans, encryption, fonts without meaning, limits, damage. Does not belong here: accuracy.
"""

from __future__ import annotations

import contextlib
import io
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate, Table

from dagster_project.extract import ExtractionError, Limits, extract

ROWS = [["Verksamhet", "2023", "2024"], ["Förskola", "12,5", "13,1"], ["Grundskola", "101,2", "99,8"]]


def _pdf(rows: list[list[str]] = ROWS, times: int = 1, **options: object) -> bytes:
    buffer = io.BytesIO()
    table = Table(rows * times, repeatRows=1)
    table.setStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    SimpleDocTemplate(buffer, pagesize=A4, **options).build([table])
    return buffer.getvalue()


@cache
def _sample() -> bytes:
    return _pdf(times=4)


def _refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ExtractionError) as caught:
        extract(data, "a.pdf", limits)
    return str(caught.value)


def test_a_table_is_read() -> None:
    document = extract(_pdf(), "a.pdf")
    assert document.media_type == "application/pdf"
    assert [cell.text for cell in document.cells] == [text for row in ROWS for text in row]
    assert {cell.page for cell in document.cells} == {1}


def test_a_page_without_text_is_a_scan() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.save()
    assert _refusal(buffer.getvalue()) == "no text layer: run OCR first"


def test_an_encrypted_file_is_named() -> None:
    assert _refusal(_pdf(encrypt="secret")) == "password protected"


def test_text_without_digits_has_lost_them() -> None:
    rows = [["Verksamhet", "Utfall", "Budget"]] + [["Förskola och grundskola", "kommunen", "nämnden"]] * 120
    assert _refusal(_pdf(rows)) == "the text has lost its digits: run OCR first"


def test_numbers_that_may_be_one_or_two_columns_are_not_guessed() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for line, (label, values) in enumerate(
        [("Verksamhet", "2023 2024"), ("Förskola", "125 131"), ("Skola", "1012 998"), ("Kultur", "44 5012")]
    ):
        canvas.drawString(60, 700 - 18 * line, label)
        canvas.drawString(250, 700 - 18 * line, values)
    canvas.save()
    assert "columns cannot be told apart" in _refusal(buffer.getvalue())


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_pages=1), "the document has 4 pages, the limit is 1"),
        (Limits(max_characters=50), "the document has more than 50 characters"),
        (Limits(max_cells=5), "the document has more than 5 table cells"),
    ],
)
def test_limits(limits: Limits, reason: str) -> None:
    assert _refusal(_pdf(times=40), limits) == reason


@pytest.mark.parametrize("data", [b"%PDF-", b"%PDF-1.7\n%%EOF", b"%PDF-1.4" + b"\x00" * 4000, b"%PDF-1.4 xref trailer"])
def test_rubbish_that_says_it_is_a_pdf(data: bytes) -> None:
    assert _refusal(data)


def _survives(data: bytes) -> None:
    with contextlib.suppress(ExtractionError):
        extract(data, "a.pdf")


FUZZ = settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@FUZZ
@given(st.floats(0, 1))
def test_cut_off_files(share: float) -> None:
    data = _sample()
    _survives(data[: max(5, int(share * len(data)))])


@FUZZ
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=40))
def test_flipped_bits(flips: list[tuple[float, int]]) -> None:
    data = bytearray(_sample())
    for share, bit in flips:
        data[5 + int(share * (len(data) - 5))] ^= 1 << bit
    _survives(bytes(data))


@FUZZ
@given(st.floats(0, 1), st.floats(0, 1), st.binary(max_size=200))
def test_spliced_files(first: float, second: float, between: bytes) -> None:
    data = _sample()
    _survives(data[: max(5, int(first * len(data)))] + between + data[int(second * len(data)) :])


def test_text_far_off_the_page_is_left_out() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.drawString(1e9, 500, "Text som ingen kan se på sidan")
    canvas.drawString(60, 500, "Text som alla kan se på sidan")
    canvas.save()
    assert _refusal(buffer.getvalue()) == "no table found"
