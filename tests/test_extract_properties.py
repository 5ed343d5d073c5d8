"""Properties of reading that hold for any table: what goes in as tab-separated text comes out cell for cell."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dagster_project.extract import Document, ExtractionError, Limits, StructureWords, extract, report_id_for

WORDS = StructureWords(status_labels=frozenset({"status"}), status_values=frozenset({"uppnått"}))
EXAMPLES = settings(max_examples=60, deadline=None)

word = st.text("abcdefghijklmnopqrstuvwxyzåäöé", min_size=2, max_size=8)
label = st.lists(word, min_size=1, max_size=4).map(lambda words: " ".join(words).capitalize())
"""A row label or header: Swedish words, the first with a capital."""


@st.composite
def printed_numbers(draw: st.DrawFn) -> str:
    """A number as Swedish reports print it, that is no year."""
    number = draw(st.integers(0, 99_999_999))
    digits = f"{number:,}".replace(",", draw(st.sampled_from([" ", "\u00a0", "\u202f", "\u2009"])))
    decimals = draw(st.sampled_from(["", ",5", ",25"]))
    text = draw(st.sampled_from(["", "-", "–", "\u2212"])) + digits + decimals + draw(st.sampled_from(["", " %", "%"]))
    assume(not re.fullmatch(r"(?:19|20)\d\d", text))
    return text


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Header, then rows of a label and numbers; cells of the body may be empty, no row is, labels differ."""
    width = draw(st.integers(2, 6))
    header = draw(st.lists(label, min_size=width, max_size=width, unique=True))
    labels = draw(st.lists(label, min_size=2, max_size=8, unique=True))
    figures = st.lists(printed_numbers() | st.just(""), min_size=width - 1, max_size=width - 1)
    body = [[name, *draw(figures)] for name in labels]
    # The first row is whole, so that the width of the table does not depend on what was left empty.
    body[0] = [labels[0], *draw(st.lists(printed_numbers(), min_size=width - 1, max_size=width - 1))]
    return [header, *body]


def lines(rows: list[list[str]]) -> list[str]:
    return ["\t".join(row) for row in rows]


def collapsed(rows: list[list[str]]) -> list[list[str]]:
    return [[" ".join(cell.split()) for cell in row] for row in rows]


def grid(document: Document, table_seq: int = 1) -> list[list[str]]:
    table = document.tables[table_seq - 1]
    rows = [[""] * table.n_cols for _ in range(table.n_rows)]
    for cell in document.cells:
        if cell.table_seq == table_seq:
            rows[cell.row_index][cell.col_index] = cell.text
    return rows


@EXAMPLES
@given(
    rows=tables(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    padding=st.sampled_from(["", " ", "  ", "\u00a0"]),
)
def test_a_table_comes_back_cell_for_cell(rows: list[list[str]], end: str, encoding: str, padding: str) -> None:
    padded = [[f"{padding}{cell}{padding}" if cell else cell for cell in row] for row in rows]
    before, after = ["Rubrik", "", "Text före tabellen, en hel mening.", ""], ["", "Text efter tabellen.", ""]
    text = end.join([*before, *lines(padded), *after])
    document = extract(text.encode(encoding), "t.txt", words=WORDS)
    assert grid(document) == collapsed(rows)
    assert document.tables[0].header_rows == 1
    assert [cell.is_header for cell in document.cells] == [cell.row_index == 0 for cell in document.cells]


@EXAMPLES
@given(rows=tables())
def test_windows_1252_gives_the_same_cells_as_utf_8(rows: list[list[str]]) -> None:
    plain = [[re.sub("[\u202f\u2009]", " ", cell).replace("\u2212", "–") for cell in row] for row in rows]
    text = "Årsredovisning för Växjö\n\n" + "\n".join(lines(plain)) + "\n"
    assert grid(extract(text.encode("cp1252"), "t.txt")) == grid(extract(text.encode(), "t.txt")) == collapsed(plain)


@EXAMPLES
@given(rows=tables(), data=st.data(), gap=st.sampled_from(["\n", "\n12\n\n", "\nSida 3 (9)\n", "\f", "\n\n7\n\f\n"]))
def test_a_repeated_header_behind_a_page_break_changes_nothing(
    rows: list[list[str]], data: st.DataObject, gap: str
) -> None:
    header, *body = lines(rows)
    cuts = data.draw(st.sets(st.integers(1, len(body) - 1), max_size=3))
    parts = [header]
    for index, line in enumerate(body):
        if index in cuts:
            parts += [gap + header]
        parts.append(line)
    whole = extract(f"Rubrik\n\n{header}\n{chr(10).join(body)}\n\nText efter.\n".encode(), "t.txt")
    cut = extract(f"Rubrik\n\n{chr(10).join(parts)}\n\nText efter.\n".encode(), "t.txt")
    assert grid(cut) == grid(whole) == collapsed(rows)
    assert len(cut.tables) == 1
    assert cut.tables[0].fragments == len(cuts) + 1


@EXAMPLES
@given(first=tables(), second=tables())
def test_tables_divided_by_text_stay_apart_in_reading_order(first: list[list[str]], second: list[list[str]]) -> None:
    between = ["", "En mening mellan tabellerna, med punkt.", ""]
    text = "\n".join(["Rubrik", "", *lines(first), *between, *lines(second), ""])
    document = extract(text.encode(), "t.txt")
    assert [grid(document, table.table_seq) for table in document.tables] == [collapsed(first), collapsed(second)]
    assert [table.table_seq for table in document.tables] == [1, 2]


@EXAMPLES
@given(rows=tables())
def test_reading_twice_gives_the_same(rows: list[list[str]]) -> None:
    data = ("Rubrik\n\n" + "\n".join(lines(rows)) + "\n").encode()
    assert extract(data, "a.txt", words=WORDS) == extract(data, "b/c.txt", words=WORDS)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from("\t\n\f\r #*<>/pb|-–.:;,()0123456789 %Aaåäö\u00a0\u2028\ufeff"), max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refuse(text.encode())


def _read_or_refuse(data: bytes) -> None:
    """Either a document whose parts fit together, or a reason; never another error."""
    limits = Limits(max_cells=200, max_columns=20)
    try:
        document = extract(data, "t.txt", limits, WORDS)
    except ExtractionError as refusal:
        reason = str(refusal)
    else:
        _check(document, limits)
        return
    assert reason


def _check(document: Document, limits: Limits) -> None:
    sizes = {table.table_seq: (table.n_rows, table.n_cols) for table in document.tables}
    assert list(sizes) == list(range(1, len(sizes) + 1))
    places = {(cell.table_seq, cell.row_index, cell.col_index) for cell in document.cells}
    assert len(places) == len(document.cells) <= limits.max_cells
    for cell in document.cells:
        n_rows, n_cols = sizes[cell.table_seq]
        assert cell.text.strip() == cell.text != ""
        assert cell.row_index + cell.row_span <= n_rows
        assert cell.col_index + cell.col_span <= n_cols
    headings = {heading.heading_seq for heading in document.headings}
    assert {table.heading_seq for table in document.tables} <= {None, *headings}
    assert {paragraph.heading_seq for paragraph in document.paragraphs} <= {None, *headings}


@settings(deadline=None)
@given(name=st.text(max_size=60))
def test_a_report_id_is_a_slug(name: str) -> None:
    report_id = report_id_for(f"{name}.txt")
    assume(report_id)  # a name without letters and digits has none
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", report_id)
    assert report_id_for(f"{report_id}.txt") == report_id


@given(parts=st.lists(st.text("abcåäö123 _", min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_report_id_is_the_same_with_either_slash_and_case(parts: list[str]) -> None:
    path = "/".join(parts) + ".txt"
    assert report_id_for(path) == report_id_for(path.replace("/", "\\")) == report_id_for(path.upper())
