"""Reading of text documents: encodings, contents, page breaks, headers, status blocks, markup, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dagster_project.extract import Document, ExtractionError, Limits, StructureWords, extract, report_id_for
from dagster_project.warehouse.intake.words import read_structure_words

ROOT = Path(__file__).resolve().parents[1]
SEED_REPORTS = sorted((ROOT / "seeds" / "reports").glob("*.txt"))
FULL_REPORTS = ROOT.parent / "shared" / "reports"
WORDS = StructureWords(
    status_labels=frozenset({"bedömning måluppfyllelse", "status"}),
    status_values=frozenset({"uppnått", "inte uppnått", "pågående"}),
)
TABLE = "Nyckeltal\tUtfall 2022\tUtfall 2023\nAntal ärenden\t1 268\t1 301\nAndel nöjda\t88 %\t91 %\n"
REPORT = f"Årsredovisning för Växjö\n\nFörord om året som gick.\n\n{TABLE}\nSlut på texten.\n"


def read(text: str, words: StructureWords | None = WORDS) -> Document:
    return extract(text.encode(), "rapport.txt", words=words)


def grid(document: Document, table_seq: int = 1) -> list[list[str]]:
    """The cells of one table as rows of text, empty cells as empty text."""
    table = document.tables[table_seq - 1]
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in document.cells:
        if cell.table_seq == table_seq:
            rows[cell.row_index][cell.col_index] = cell.text
    return rows


PLAIN_GRID = [
    ["Nyckeltal", "Utfall 2022", "Utfall 2023"],
    ["Antal ärenden", "1 268", "1 301"],
    ["Andel nöjda", "88 %", "91 %"],
]


# --- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "remark"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("latin-1", "read as Windows-1252"),
        ("cp1252", "read as Windows-1252"),
        ("utf-16", "read as UTF-16"),
    ],
)
def test_encodings_give_the_same_cells(encoding: str, remark: str | None) -> None:
    document = extract(REPORT.encode(encoding), "rapport.txt", words=WORDS)
    assert grid(document) == PLAIN_GRID
    assert document.title == "Årsredovisning för Växjö"
    assert document.notes == ((remark,) if remark else ())


def test_the_dashes_and_quotes_of_windows_1252_are_read() -> None:
    text = REPORT.replace("88 %", "–88 %").replace("Förord", "”Förord”")
    assert grid(extract(text.encode("cp1252"), "rapport.txt"))[2][1] == "–88 %"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (REPORT.encode("cp850"), "wrongly encoded"),
        (REPORT.encode("mac_roman"), "wrongly encoded"),
        (
            f"Vårdplatser på särskilt boende räknas här.\n\n{TABLE}".encode("cp850"),
            "as Windows-1252 .* words hold symbols",
        ),
        (REPORT.encode("utf-8").decode("cp1252").encode("utf-8"), "UTF-8 that was read as Latin-1"),
        (REPORT.encode("utf-8") + REPORT.encode("latin-1"), "not valid UTF-8 at byte"),
        (REPORT.replace("ä", "\ufffd").replace("ö", "\ufffd").encode(), "lost"),
        (REPORT.encode("utf-16-le"), "NUL byte"),
        (REPORT.encode("utf-16") + b"\x00", "not valid UTF-16"),
    ],
)
def test_text_in_an_encoding_that_cannot_be_told_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError, match=reason):
        extract(data, "rapport.txt")


def test_the_place_of_a_wrong_byte_is_named() -> None:
    data = b"Rad ett\nRad tv\xc3\xa5\nRad tr\xe5 \x81\n" + TABLE.encode()
    with pytest.raises(ExtractionError, match=r"at byte 23 \(line 3\)"):
        extract(data, "rapport.txt")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends(end: str) -> None:
    assert grid(read(REPORT.replace("\n", end))) == PLAIN_GRID


# --- what is no report ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t\r\n ", "nothing but white space"),
        (b"%PDF-1.7\n1 0 obj", "the PDF is damaged"),
        (b"PK\x03\x04\x14\x00", "a zip container"),
        (b"\x00\x01\x02\x03" * 40, "a binary file"),
        (bytes(range(1, 32)) * 20, "a binary file"),
        (b"Bara prosa, ingen tabell alls.\n", "no table found"),
        ("Innehåll\n1 Förord\t3\n2 Ekonomi\t5\n3 Mål\t9\n".encode(), "no table found"),
    ],
)
def test_what_is_no_report_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError, match=reason):
        extract(data, "rapport.txt", words=WORDS)


def test_limits() -> None:
    data = REPORT.encode()
    with pytest.raises(ExtractionError, match=rf"too large: {len(data)} bytes, the limit is {len(data) - 1}"):
        extract(data, "rapport.txt", Limits(max_bytes=len(data) - 1))
    with pytest.raises(ExtractionError, match="more than 8 table cells"):
        extract(data, "rapport.txt", Limits(max_cells=8))
    with pytest.raises(ExtractionError, match="more than 2 columns"):
        extract(data, "rapport.txt", Limits(max_columns=2))
    document = extract(data, "rapport.txt", Limits(max_bytes=len(data), max_cells=9, max_columns=3))
    assert len(document.cells) == 9


# --- cut off ----------------------------------------------------------------------------------------------------------


def test_a_file_cut_in_the_middle_of_a_row_is_refused() -> None:
    text = REPORT[: REPORT.index("\t91 %")]
    with pytest.raises(ExtractionError, match="cut off in the middle of a table row: the last row has 2 cells"):
        read(text)


def test_a_file_without_a_last_line_end_is_read() -> None:
    assert grid(read(REPORT[: REPORT.index("\nSlut")].rstrip("\n"))) == PLAIN_GRID


def test_a_file_cut_in_the_middle_of_a_character_is_refused() -> None:
    data = REPORT.encode()
    cut = data[: data.rindex("ö".encode()) + 1]
    with pytest.raises(ExtractionError, match="cut off in the middle of a character"):
        extract(cut, "rapport.txt")


def test_a_file_whose_contents_list_goes_on_after_the_text_is_refused() -> None:
    chapters = ["Förord", "Organisation", "Ekonomi", "Mål", "Personal", "Framtid", "Risker", "Kontroll", "Ordlista"]
    contents = "Innehåll\n" + "".join(f"{n} {name}\t{n + 2}\n" for n, name in enumerate(chapters, start=1))
    bodies = [f"\n{n} {name}\n\nText om {name.lower()}.\n\n{TABLE}" for n, name in enumerate(chapters, start=1)]
    assert len(read(contents + "".join(bodies)).tables) == len(chapters)
    with pytest.raises(ExtractionError, match="cut off: the table of contents lists 3 headings from 'risker' on"):
        read(contents + "".join(bodies[:6]))


# --- contents and outline ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contents",
    [
        "Innehåll\n1 Ekonomi\t3\n1.1 Resultat\t4\n2 Mål\t7\n",
        "INNEHÅLLSFÖRTECKNING\n1 Ekonomi ........ 3\n1.1 Resultat ..... 4\n2 Mål .......... 7\n",
        "1 Ekonomi ............\t3\n1.1 Resultat ............\t4\n2 Mål ............\t7\n",
    ],
)
def test_a_table_of_contents_is_no_table(contents: str) -> None:
    document = read(f"{contents}\n1 Ekonomi\n\nText.\n\n1.1 Resultat\n\nText.\n\n{TABLE}\n2 Mål\n\nText.\n")
    assert len(document.tables) == 1
    assert grid(document) == PLAIN_GRID
    assert [(heading.level, heading.number, heading.text) for heading in document.headings] == [
        (1, "1", "Ekonomi"),
        (2, "1.1", "Resultat"),
        (1, "2", "Mål"),
    ]
    assert document.tables[0].heading_seq == 2


def test_a_table_of_small_numbers_is_not_taken_for_contents() -> None:
    table = "Ålder\tAntal\n-19\t3\n20–25\t14\n51 -\t7\n"
    assert grid(read(f"Personal\n\nText om personalen.\n\n{table}")) == [
        ["Ålder", "Antal"],
        ["-19", "3"],
        ["20–25", "14"],
        ["51 -", "7"],
    ]


def test_markup_remains_leave_headings_and_cells() -> None:
    document = read(
        "# Verksamhetsplan 2025\n\n## **Mål** \n\n<p>En rad med <b>fet</b> text.</p>\n\n"
        "**Nyckeltal**\t<b>2024</b>\n<p>Antal &amp; andel</p>\t**1 268**\n<i>Nöjda</i>\t88 %\n"
    )
    assert grid(document) == [["Nyckeltal", "2024"], ["Antal & andel", "1 268"], ["Nöjda", "88 %"]]
    assert document.headings[0].text == "Verksamhetsplan 2025"
    assert [paragraph.text for paragraph in document.paragraphs] == ["En rad med fet text."]


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table raw.cell; --",
        '=cmd|"/c calc"!A1',
        'Han sa "nej", sedan ja',
        "a < b > c",
        "<script>x</script>",
        "5 > 3 & 2",
        "\\N",
    ],
)
def test_cell_text_is_data(text: str) -> None:
    assert grid(read(f"Rubrik\n\nEtikett\tUtfall\n{text}\t5\n"))[1] == [text, "5"]


def test_bullets_with_tabs_are_paragraphs() -> None:
    document = read(f"Mål\n\n•\tFörsta punkten i listan\n•\tAndra punkten i listan\n\n{TABLE}")
    assert len(document.tables) == 1
    assert [item.text for item in document.paragraphs] == ["• Första punkten i listan", "• Andra punkten i listan"]


# --- header rows ------------------------------------------------------------------------------------------------------


def test_two_level_header() -> None:
    header = "Bidrag\tAnsökt\t\tBeviljat\t\n\t2022\t2023\t2022\t2023\n"
    document = read(f"Bidrag\n\n{header}Statsbidrag A\t1 000\t1 200\t900\t\n")
    assert document.tables[0].header_rows == 2
    spans = {cell.text: cell.col_span for cell in document.cells if cell.row_index == 0}
    assert spans == {"Bidrag": 1, "Ansökt": 2, "Beviljat": 2}
    assert grid(document)[2] == ["Statsbidrag A", "1 000", "1 200", "900", ""]


def test_years_alone_are_a_header_and_figures_are_none() -> None:
    assert read("Volymer\n\nTyp\t2022\t2023\nÄrenden\t5\t6\n").tables[0].header_rows == 1
    assert read("Volymer\n\nÄrenden\t5\t6\nBeslut\t7\t8\n").tables[0].header_rows == 0


@pytest.mark.parametrize(
    ("header", "depth"),
    [
        ("2022 (kr)\t2023 (kr)\tFörändring (kr)", 1),
        ("2021 Kalix\t2021 Riket\t2022 Kalix", 1),
        ("2022 (1 900)\t2023\t5", 0),
        ("2 022 kr\t2 023 kr\t1 kr", 0),
        ("2021 st\t12 st\t5 st", 0),
    ],
)
def test_years_with_words_or_units_head_columns(header: str, depth: int) -> None:
    document = read(f"Avgifter\n\nAvgift\t{header}\nHemtjänst\t2 170\t2 359\t189\nFörskola\t1 572\t1 645\t73\n")
    assert document.tables[0].header_rows == depth


def test_what_reads_as_a_year_with_a_unit_below_is_no_header() -> None:
    assert read("Volymer\n\nGods\t2021 ton\t2022 ton\nGrus\t2031 ton\t2041 ton\n").tables[0].header_rows == 0


def test_a_table_with_a_header_and_nothing_else_has_no_values() -> None:
    document = read(f"Uppdrag\n\nUppdrag\tStatus\tKommentar\n\nText emellan tabellerna här.\n\n{TABLE}")
    assert [table.n_rows for table in document.tables] == [1, 3]
    assert all(cell.is_header for cell in document.cells if cell.table_seq == 1)


def test_empty_cells_keep_their_place() -> None:
    document = read("Rubrik\n\nA\tB\tC\tD\n\t1\t\t3\nx\t\t2\t\n")
    assert grid(document)[1:] == [["", "1", "", "3"], ["x", "", "2", ""]]
    assert all(cell.text for cell in document.cells)


# --- page breaks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gap",
    ["\n", "\n\n\n", "\n12\n\n", "\nSida 12 (40)\n\n", "\n12 (40)\n", "\n- 12 -\n", "\n\f", "\n12\n\f\n"],
)
def test_a_table_that_a_page_break_cut_is_one(gap: str) -> None:
    header, first, second = TABLE.splitlines()
    document = read(f"Rubrik\n\n{header}\n{first}\n{gap}{header}\n{second}\n\nText efter tabellen.\n")
    assert [(table.n_rows, table.fragments) for table in document.tables] == [(3, 2)]
    assert grid(document) == PLAIN_GRID


def test_a_header_repeated_between_rows_without_a_gap_is_a_page_break() -> None:
    header, first, second = TABLE.splitlines()
    document = read(f"Rubrik\n\n{header}\n{first}\n{header}\n{second}\n")
    assert grid(document) == PLAIN_GRID
    assert document.tables[0].fragments == 2


def test_rows_going_on_without_a_header_are_the_same_table() -> None:
    header, first, second = TABLE.splitlines()
    assert grid(read(f"Rubrik\n\n{header}\n{first}\n\n14\n\n{second}\n")) == PLAIN_GRID


def test_text_between_two_equal_headers_makes_two_tables() -> None:
    header, first, second = TABLE.splitlines()
    document = read(f"Rubrik\n\n{header}\n{first}\n\nNästa mål är ett annat mål.\n\n{header}\n{second}\n")
    assert [table.n_rows for table in document.tables] == [2, 2]


def test_the_assignments_that_page_breaks_cut_are_whole_rows() -> None:
    """The Hisingen report prints 22 assignments on nine pages; one is cut in the middle of its comment."""
    document = extract(_report("hisingen").read_bytes(), "h.txt", words=_words())
    (table,) = [table for table in document.tables if grid(document, table.table_seq)[0][0] == "Uppdrag från KF/KS"]
    rows = grid(document, table.table_seq)[table.header_rows :]
    assert (len(rows), table.fragments) == (22, 9)
    assert all(label.endswith("budgetbeslut") for label, _ in rows)
    assert all(re.match(r"(?:[✔✓] )?(?:Avslutad|Pågående)\n", status) for _, status in rows)


def test_a_row_cut_in_the_middle_of_a_sentence_is_joined() -> None:
    document = read(
        "Uppdrag\n\nUppdrag\tStatus\tKommentar\n"
        "Ta fram en plan för arbetet\tPågående\tArbetet har påbörjats under våren och planen väntas vara\n\n"
        "17\n\n"
        "Uppdrag\tStatus\tKommentar\n"
        "\t\tklar till hösten samma år.\n"
        "Se över lokalerna i centrum\tAvslutad\tÖversynen är klar.\n"
    )
    assert len(document.tables) == 1
    assert grid(document)[1] == [
        "Ta fram en plan för arbetet",
        "Pågående",
        "Arbetet har påbörjats under våren och planen väntas vara klar till hösten samma år.",
    ]
    assert grid(document)[2][0] == "Se över lokalerna i centrum"


def test_a_row_cut_between_two_sentences_is_joined_by_a_new_line() -> None:
    """The half on the second page has no label: that alone says whose it is."""
    header = "Uppdrag\tStatus\tKommentar\n"
    document = read(
        f"Uppdrag\n\n{header}Se över lokalerna\tAvslutad\tFörsta meningen.\n\n17\n\n{header}\t\tAndra meningen.\n"
    )
    assert grid(document)[1:] == [["Se över lokalerna", "Avslutad", "Första meningen.\nAndra meningen."]]


def test_pages_are_counted_by_form_feeds() -> None:
    document = read(f"Rubrik\n\nText på sidan ett.\n\f\n{TABLE}\n\fText på sidan tre, den sista.\n")
    assert document.page_count == 3
    assert {cell.page for cell in document.cells} == {2}
    assert [paragraph.page for paragraph in document.paragraphs] == [1, 3]


# --- status blocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    ["Bedömning måluppfyllelse\nInte uppnått", "Bedömning måluppfyllelse: Inte uppnått", "Status:\nInte uppnått"],
)
def test_a_status_block_is_a_table_of_one_row(lines: str) -> None:
    goal = "Andelen ansökningar ska öka till minst 18 procent."
    document = read(f"Nämndens mål\n\n{goal}\n\n{lines}\n\nText om målet.\n")
    label = lines.replace("\n", ":").split(":")[0]
    assert grid(document) == [["", label], [goal, "Inte uppnått"]]
    assert document.tables[0].header_rows == 1


def test_status_words_in_prose_are_no_block() -> None:
    document = read(f"Mål\n\nMålet är viktigt.\n\nStatus\n\nMålet är uppnått i år.\n\n{TABLE}")
    assert len(document.tables) == 1


# --- the five reports -------------------------------------------------------------------------------------------------


def _words() -> StructureWords:
    return read_structure_words(ROOT / "seeds" / "vocabulary" / "structure_words.csv")


def _report(part: str) -> Path:
    (found,) = [file for file in SEED_REPORTS if part in file.name]
    return found


@pytest.mark.parametrize("seed", SEED_REPORTS, ids=lambda file: str(file.stem))
def test_the_full_report_gives_the_same_tables_and_cells_as_its_seed(seed: Path) -> None:
    full = FULL_REPORTS / seed.name
    if not full.is_file():
        pytest.skip("the full reports are not here")
    words = _words()
    ours = extract(seed.read_bytes(), seed.name, words=words)
    theirs = extract(full.read_bytes(), seed.name, words=words)
    assert len(ours.tables) == len(theirs.tables)
    for table, full_table in zip(ours.tables, theirs.tables, strict=True):
        assert grid(ours, table.table_seq) == grid(theirs, table.table_seq), f"table {table.table_seq}"
        assert table.header_rows == full_table.header_rows, f"table {table.table_seq}"
        assert _section(ours, table.heading_seq) == _section(theirs, full_table.heading_seq), f"table {table.table_seq}"
    assert ours.title == theirs.title


def _section(document: Document, heading_seq: int | None) -> str | None:
    return document.headings[heading_seq - 1].text if heading_seq else None


def _lines(file: Path) -> list[str]:
    return [" ".join(line.split()) for line in file.read_text(encoding="utf-8-sig").splitlines()]


def test_every_seed_line_is_printed_in_the_full_report() -> None:
    if not FULL_REPORTS.is_dir():
        pytest.skip("the full reports are not here")
    for seed in SEED_REPORTS:
        full = set(_lines(FULL_REPORTS / seed.name))
        lines = _lines(seed)
        assert not [line for line in lines if line and line not in full], seed.name


@pytest.mark.parametrize(
    ("path", "report_id"),
    [
        ("2023/Årsbokslut Växjö.txt", "2023-arsbokslut-vaxjo"),
        ("a\\b c.TXT", "a-b-c"),
        ("Delårsrapport 2017:1.txt", "delarsrapport-2017-1"),
        ("rapport.v2.txt", "rapport-v2"),
    ],
)
def test_report_ids(path: str, report_id: str) -> None:
    assert report_id_for(path) == report_id
