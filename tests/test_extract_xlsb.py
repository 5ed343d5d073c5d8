"""Binary workbooks are read as they are shown: with number formats, which the library that reads the values lacks."""

from __future__ import annotations

import io
import zipfile

import pytest

from dagster_project.extract import ExtractionError, Limits, extract
from tests.typeset_office.tables import headings, rows, spans
from tests.typeset_office.word_parts import container
from tests.typeset_office.xlsb_writer import BinarySheet, Error, Rich, write_xlsb

G = "General"
RESULT = BinarySheet(
    "Resultat",
    [
        [("Nämnd", G), ("Utfall", G), (None, G), ("Andel", G), ("Hjälp", G), ("Datum", G)],
        [("", G), (2022.0, "0"), (2023.0, "0"), (2023.0, "0"), None, None],
        [
            ("Skola", G),
            (1209684.0, "#,##0"),
            (-4500.5, "#,##0.0;(#,##0.0)"),
            (0.076, "0.0%"),
            (1.0, G),
            (45535.0, "yyyy\\-mm\\-dd"),
        ],
        [("Dold", G), (1.0, G), (2.0, G), (3.0, G), (4.0, G)],
        [("Omsorg", G), (Error(0x07), G), (45678901.0, '#,##0.0,,"\u00a0mnkr"'), (0.5, "0%"), (1.0, G), None],
    ],
    hidden_rows=frozenset({3}),
    hidden_columns=frozenset({4}),
    merged=[(0, 1, 0, 2), (0, 0, 1, 0)],
)
SECRET = BinarySheet("Underlag", [[("a", G), ("b", G)], [("c", G), (1.0, G)]], is_hidden=True)


def test_a_sheet_is_read_as_it_is_shown() -> None:
    document = extract(write_xlsb([RESULT, SECRET]), "bok.xlsb")
    assert document.extractor == "xlsb"
    assert headings(document) == [(1, "Resultat")]
    assert rows(document) == [
        ["Nämnd", "Utfall", "", "Andel", "Datum"],
        ["", "2022", "2023", "2023", ""],
        ["Skola", "1 209 684", "(4 500,5)", "7,6 %", "2024-08-31"],
        ["Omsorg", "#DIV/0!", "45,7 mnkr", "50 %", ""],
    ]
    assert spans(document) == {"Nämnd": (2, 1), "Utfall": (1, 2)}
    assert document.tables[0].header_rows == 2
    assert document.notes == (
        "hidden sheets left out: Underlag",
        "sheet 'Resultat': hidden rows left out: 4",
        "sheet 'Resultat': hidden columns left out: E",
    )


def test_a_lying_name_is_noted() -> None:
    document = extract(write_xlsb([RESULT]), "bok.xlsx")
    assert "the file name ends in .xlsx, the content is a binary Excel workbook: read as that" in document.notes


def test_limits_and_damage_are_named() -> None:
    whole = write_xlsb([RESULT, SECRET])
    with pytest.raises(ExtractionError, match="the workbook has 2 sheets, the limit is 1"):
        extract(whole, "bok.xlsb", Limits(max_sheets=1))
    with pytest.raises(ExtractionError, match="more than 5 cells"):
        extract(whole, "bok.xlsb", Limits(max_cells=5))
    with pytest.raises(ExtractionError, match="cut off or damaged"):
        extract(whole[: len(whole) // 2], "bok.xlsb")


def test_a_cell_style_that_is_not_in_the_file_is_no_guess() -> None:
    """Without its number format 7,6 % would read 0,076."""
    with zipfile.ZipFile(io.BytesIO(write_xlsb([RESULT]))) as package:
        files = {name: package.read(name) for name in package.namelist()}
    for styles in (b"", files["xl/styles.bin"][:200]):
        with pytest.raises(ExtractionError, match="damaged"):
            extract(container({**files, "xl/styles.bin": styles}), "bok.xlsb")


def test_a_raised_mark_is_no_digit_of_the_figure() -> None:
    sheet = BinarySheet(
        "A", [[("Mått", G), (2022.0, "0"), (2023.0, "0")], [(Rich("Yta, m", "2"), G), (Rich("88", "1"), G), (90.0, G)]]
    )
    assert rows(extract(write_xlsb([sheet]), "a.xlsb"))[1] == ["Yta, m²", "88 (1)", "90"]
