"""Delimited text, and tables that plain text draws with pipes and spaces."""

from __future__ import annotations

import pytest

from dagster_project.extract import Document, ExtractionError, Limits, extract
from tests.typeset_office.model import TableBlock, blocks, report_paths, text_version
from tests.typeset_office.tables import headings, paragraphs, rows
from tests.typeset_office.text_writer import rows as written_rows
from tests.typeset_office.text_writer import write_aligned


def read(text: str, name: str = "tabell.csv") -> Document:
    return extract(text.encode(), name)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(delimiter: str, codec: str) -> None:
    lines = [["Mått", "Utfall", "Mål"], ["Öppenvård", "5", "6"], ["Placeringar", "7", "8"]]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(codec)
    assert rows(extract(data, "tabell.csv")) == lines


def test_decimal_commas_between_semicolons() -> None:
    assert rows(read("Mått;2023;2022\nAndel;7,6;8,1\nNetto;1 209 684;-5,25\n")) == [
        ["Mått", "2023", "2022"],
        ["Andel", "7,6", "8,1"],
        ["Netto", "1 209 684", "-5,25"],
    ]


def test_decimal_commas_between_commas_are_refused() -> None:
    with pytest.raises(ExtractionError, match="columns cannot be told apart"):
        read("Mått,2023,2022\nAndel,7,6,8,1\nAntal,5,2,6,3\n")


def test_titles_above_the_header_quotes_with_newlines_and_two_tables() -> None:
    document = read(
        'Nämndens kostnader 2023;;\nMått;"Utfall\n2023";2022\n"Vård; öppen";5;6\n\n'
        'Volymer\nMått;2023\nPlatser;"1 ""8"""\n'
    )
    assert rows(document, 1) == [["Mått", "Utfall\n2023", "2022"], ["Vård; öppen", "5", "6"]]
    assert rows(document, 2) == [["Mått", "2023"], ["Platser", '1 "8"']]
    assert [text for _, text in headings(document)] == ["Nämndens kostnader 2023", "Volymer"]


def test_delimiter_that_the_file_states() -> None:
    assert rows(read("sep=|\nMått|2023\nAntal|5\n")) == [["Mått", "2023"], ["Antal", "5"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bara en kolumn\noch en rad till\n", "columns cannot be told apart"),
        ('Mått;2023\n"Antal;5\nAndel;6\n', "quotation mark is never closed"),
        ("Mått;2023;2022\nAntal;5;6\nAndel;7", "cut off in the middle of a table row"),
        (f"{'a;' * 600}\n{'b;' * 600}\n", "more than 512 columns"),
    ],
)
def test_delimited_text_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExtractionError, match=reason):
        read(text)


def test_limits_of_delimited_text() -> None:
    with pytest.raises(ExtractionError, match="more than 20 table cells"):
        extract(b"a;1;2\n" * 10, "t.csv", Limits(max_cells=20))
    with pytest.raises(ExtractionError, match="a table has more than 20 cells"):
        extract(b"a;1;2\n" * 10, "t.csv", Limits(max_table_cells=20))


def test_markdown_tables() -> None:
    document = read(
        "Text | med streck i.\n\n| Mått | 2023 | 2022 |\n|:---|---:|:--:|\n| **Antal** | 1 234 | |\n| a\\|b | 5 | 6 |\n"
        "\nMått | 2021\n--- | ---\nPlatser | 7\n",
        "rapport.md",
    )
    assert rows(document, 1) == [["Mått", "2023", "2022"], ["Antal", "1 234", ""], ["a|b", "5", "6"]]
    assert rows(document, 2) == [["Mått", "2021"], ["Platser", "7"]]
    assert paragraphs(document) == ["Text | med streck i."]


ALIGNED = """Kostnader per område

                               2024        2023
Nettokostnad IFO          1 209 684   1 124 047
Barn och unga
  varav externt             283 648           -
Andel av budget               7,6 %       6,8 %

Enhet      Ansvarig    Status
Norr       Anna        Klar
"""


def test_columns_aligned_by_spaces() -> None:
    document = read(ALIGNED, "rapport.txt")
    assert rows(document, 1) == [
        ["", "2024", "2023"],
        ["Nettokostnad IFO", "1 209 684", "1 124 047"],
        ["Barn och unga", "", ""],
        ["varav externt", "283 648", "-"],
        ["Andel av budget", "7,6 %", "6,8 %"],
    ]
    assert rows(document, 2) == [["Enhet", "Ansvarig", "Status"], ["Norr", "Anna", "Klar"]]


def test_prose_with_double_spaces_stays_prose() -> None:
    document = read(
        "Nämnden har 5 mål.  Två är uppnådda.  Tre återstår.\nArbetet går vidare.  Mer kommer 2024.  Slut.\n"
        "\na\t2023\nb\t1\n",
        "rapport.txt",
    )
    assert len(document.tables) == 1
    assert paragraphs(document)[0] == "Nämnden har 5 mål. Två är uppnådda. Tre återstår."
    assert document.notes == ()


@pytest.mark.parametrize(
    "drawn",
    [
        "Namn        2024 2023\nAntal       12 345 678  5\nAndel       1  2\n",
        "Mått      2023        2022\nAntal  5   6\nAndel     7   8\n",
    ],
)
def test_columns_that_cannot_be_told_apart_make_no_table(drawn: str) -> None:
    with pytest.raises(ExtractionError, match="columns cannot be told apart"):
        read(f"Rubrik\n\n{drawn}", "rapport.txt")
    document = read(f"Rubrik\n\n{drawn}\na\t2023\nb\t1\n", "rapport.txt")
    assert len(document.tables) == 1
    assert ["columns cannot be told apart" in note for note in document.notes] == [True]


def test_tables_of_the_reports_aligned_by_spaces_are_right_or_none() -> None:
    """Of 42 tables with short cells, 37 are read, and of these all cells are right but a label without figures."""
    right = wrong = none = 0
    for path in report_paths():
        for block in blocks(text_version(path.name)):
            if not isinstance(block, TableBlock):
                continue
            table = written_rows(block)
            if any("\n" in cell or len(cell) > 80 for row in table for cell in row):
                continue
            truth = {(place, cell.text) for place, cell in block.cells.items()}
            try:
                document = read(f"Rubrik\n\n{write_aligned(table)}\n", "rapport.txt")
            except ExtractionError:
                none += 1
                continue
            found = {((cell.row_index, cell.col_index), cell.text) for cell in document.cells}
            right += found == truth
            wrong += not found <= truth
    assert (right, wrong, none) == (37, 0, 4)
