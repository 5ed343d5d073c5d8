"""HTML pages as content management systems and exports write them."""

from __future__ import annotations

import pytest

from dagster_project.extract import Document, ExtractionError, extract
from tests.typeset_office.tables import headings, paragraphs, rows, spans


def read(body: str, head: str = "") -> Document:
    return extract(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode(), "sida.html")


TWO_LEVELS = """
<table><thead>
<tr><th rowspan="2">Mått</th><th colspan="2">2023</th><th colspan="2">2022</th></tr>
<tr><th>Budget</th><th>Utfall</th><th>Budget</th><th>Utfall</th></tr>
</thead><tbody>
<tr><td rowspan="2">Barn</td><td>1</td><td>2</td><td>3</td><td>4</td></tr>
<tr><td>5</td><td>6</td><td>7</td><td>8</td></tr>
</tbody></table>"""


@pytest.mark.parametrize("marked", [True, False])
def test_row_and_column_spans(marked: bool) -> None:
    html = TWO_LEVELS
    if not marked:
        html = html.replace("th>", "td>").replace("<th ", "<td ").replace("<thead>", "").replace("</thead>", "")
    document = read(html)
    assert rows(document) == [
        ["Mått", "2023", "", "2022", ""],
        ["", "Budget", "Utfall", "Budget", "Utfall"],
        ["Barn", "1", "2", "3", "4"],
        ["", "5", "6", "7", "8"],
    ]
    assert document.tables[0].header_rows == 2
    assert spans(document) == {"Mått": (2, 1), "2023": (1, 2), "2022": (1, 2), "Barn": (2, 1)}


def test_row_span_ends_with_its_group_and_column_span_with_the_table() -> None:
    document = read(
        "<table><tbody><tr><td rowspan=9>a<td>1<tr><td>2</tbody><tbody><tr><td>b<td>3<tr><td colspan=100>not</table>"
    )
    assert rows(document) == [["a", "1"], ["", "2"], ["b", "3"], ["not", ""]]
    assert spans(document) == {"a": (2, 1), "not": (1, 2)}


def test_nested_table_is_a_table_of_its_own() -> None:
    document = read(
        "<table><tr><th>Mål</th><th>Status</th></tr><tr><td>Trygghet<table><tr><td>Antal</td><td>5</td></tr>"
        "<tr><td>Andel</td><td>7,6 %</td></tr></table></td><td>Uppnått</td></tr></table>"
    )
    assert rows(document, 1) == [["Mål", "Status"], ["Trygghet", "Uppnått"]]
    assert rows(document, 2) == [["Antal", "5"], ["Andel", "7,6 %"]]


def test_table_that_arranges_the_page_is_no_table() -> None:
    document = read(
        "<table><tr><td><h2>Ekonomi</h2><p>Text här.</p></td><td><table><tr><td>Netto</td><td>5</td></tr></table></td>"
        "</tr></table><table><tr><td>Bara en ruta</td></tr></table>"
    )
    assert len(document.tables) == 1
    assert rows(document) == [["Netto", "5"]]
    assert headings(document)[0] == (2, "Ekonomi")


def test_two_tables_with_one_header_stay_two() -> None:
    table = "<table><tr><th>Mått</th><th>2023</th></tr><tr><td>A</td><td>1</td></tr></table>"
    assert len(read(table + table).tables) == 2


def test_title_between_two_tables_is_no_row() -> None:
    tables = ["<table><tr><td>Mått<td>2023<tr><td>A<td>1</table>", "<table><tr><td>B<td>2<tr><td>C<td>3</table>"]
    document = read("<p>Kostnader per enhet</p>".join(tables))
    assert [rows(document, 1), rows(document, 2)] == [[["Mått", "2023"], ["A", "1"]], [["B", "2"], ["C", "3"]]]


def test_row_whose_label_stands_elsewhere_too_stays_in_its_table() -> None:
    document = read("<p>Vuxna</p>" * 4 + "<table><tr><th>Enhet<th>Antal<tr><td>Barn<td>6<tr><td>Vuxna<td>5</table>")
    assert rows(document) == [["Enhet", "Antal"], ["Barn", "6"], ["Vuxna", "5"]]


def test_entities_breaks_and_raised_marks() -> None:
    document = read(
        "<table><tr><td>M&aring;l &amp; medel<td>Yta km<sup>2</sup><td>H&shy;VB</tr>"
        "<tr><td>Utfall<br>2023<td>1&#160;234<sup>1)</sup><td>&minus;5</tr></table>"
    )
    assert rows(document) == [["Mål & medel", "Yta km²", "HVB"], ["Utfall\n2023", "1 234 (1)", "−5"]]


def test_what_is_hidden_struck_or_scripted_is_not_read() -> None:
    document = read(
        "<script>document.write('<table><tr><td>x<td>1</table>')</script>"
        "<table><tr><td>A<td style='display: none'>fel<td>1<td class=dold>fel<td hidden>fel</tr>"
        "<tr class='print'><td>B<td><del>2</del> 3<td style='visibility:hidden'>4</tr>"
        "<tr style='display:none'><td>C<td>9</tr></table>",
        "<style>.dold { color: red; display:none } @media print { .print { display: none } }</style>",
    )
    assert rows(document) == [["A", "1", ""], ["B", "3", ""]]


def test_lists_and_cards_are_paragraphs() -> None:
    document = read(
        "<h1>Års<br>redovisning</h1><ul><li>Ökad trygghet<li>Fler platser</ul><dl><dt>Antal barn<dd>235</dl>"
        "<table><caption>Tabell 1. Kostnader</caption><tr><th>A<th>2023<tr><td>b<td>1</table>"
    )
    assert headings(document) == [(1, "Års redovisning")]
    assert paragraphs(document) == ["Ökad trygghet", "Fler platser", "Antal barn", "235", "Tabell 1. Kostnader"]
    assert document.tables[0].caption == "Tabell 1. Kostnader"


def test_missing_end_tags_are_mended_as_a_browser_does() -> None:
    document = read("<table><tr><td>A<td>1<tr><td>B<td>2<h2>Nästa</h2><p>text<table><tr><td>C<td>3</table>")
    assert [rows(document, 1)[0], rows(document, 2)] == [["A", "1"], [["C", "3"]]]


def test_page_that_ends_inside_a_table_is_refused() -> None:
    with pytest.raises(ExtractionError, match="cut off"):
        extract(b"<html><body><table><tr><td>A</td><td>1 209", "sida.html")


@pytest.mark.parametrize(("charset", "codec"), [("iso-8859-1", "cp1252"), ("utf-8", "utf-8"), ("utf-8", "cp1252")])
def test_encoding_is_what_the_page_states_or_what_it_is(charset: str, codec: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><body><table><tr><td>Öppenvård<td>5</table></body></html>'
    assert rows(extract(page.encode(codec), "sida.html")) == [["Öppenvård", "5"]]


def test_picture_stands_for_its_text_where_a_cell_has_none() -> None:
    document = read("<table><tr><th>Mål<th>Status<tr><td>A<td><img src=gron.png alt='Uppnått'></table>")
    assert rows(document)[1] == ["A", "Uppnått"]
