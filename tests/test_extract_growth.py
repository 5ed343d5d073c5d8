"""What a document costs grows with its size and no faster, whatever is written in it.

Belongs here: texts made to be slow, for every reader and every public function on text. Does not belong here: seconds
(``make bench``), and what is read from them (the tests of the readers).

Processor time, not the clock, and the best of several tries: a busy machine changes that little. What is quick is not
measured further; where a case costs something, each doubling may cost three times as much at most. ``make soak`` does
the same with texts of up to a megabyte.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import inspect
import io
import os
import pkgutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import FrameType

import pytest
from openpyxl import Workbook
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from dagster_project import extract as readers
from dagster_project.extract import ExtractionError, Limits, extract
from dagster_project.extract.columns import Drawings
from dagster_project.extract.csv import delimited, is_delimited
from dagster_project.extract.document import collapse, report_id_for, running_lines
from dagster_project.extract.grids import superscript
from dagster_project.extract.html import decode_page
from dagster_project.extract.mending import KnownWords
from dagster_project.extract.numberformat import shown_value
from dagster_project.extract.ocr.pictures import digits_of
from dagster_project.extract.pdf.lines import is_list_mark, join_texts
from dagster_project.extract.sheets import column_name
from dagster_project.extract.sniff import is_plain_text, sniff
from dagster_project.extract.spelling import normalised, shown, shown_lines
from dagster_project.extract.structure import is_number, is_word, normalise
from dagster_project.extract.text import decode, items, plain
from tests.typeset_office.word_parts import container, paragraph, row, table, word

pytestmark = pytest.mark.slow

SIZE = int(os.environ.get("KOMMUNLAGER_GROWTH_CHARACTERS", "20000"))
"""Characters of a case; then it is doubled twice."""
QUICK = 0.4e-6
"""Processor seconds a character below which nothing is measured: four megabytes are read in seconds even if this were
to grow with the square."""
MOST = 3.0**2
"""How much two doublings may cost: four times, and what allocation and caches add; what grows with the square costs 16
times as much."""
TRIES = 20
SHORTEST = 1e-5
"""Processor seconds, about the least that the clock tells apart."""
FOR_EVER = 30
"""Processor seconds after which a case is given up."""
LIMITS = Limits()


class TooSlowError(Exception):
    """A case takes for ever."""


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cost(run: Callable[[object], object], made: object) -> float:
    normalise.cache_clear()
    # The collector looks at everything that the whole session has made.
    gc.disable()
    began = time.process_time()
    try:
        with contextlib.suppress(ExtractionError):
            run(made)
        return time.process_time() - began
    finally:
        gc.enable()


def made(make: Callable[[int], str | bytes], size: int) -> str | bytes:
    """The case of about so many characters; of a container, of what it holds."""
    sample = 1000
    return make(max(2, round(size * sample / _length(make(sample)))))


def _length(content: str | bytes) -> int:
    if isinstance(content, bytes) and content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            return max(member.file_size for member in container.infolist())
    return len(content)


def growth(run: Callable[..., object], make: Callable[[int], str | bytes], size: int) -> float:
    """How much more four times the case costs; 1 where that costs next to nothing."""
    with bounded(FOR_EVER):
        small, large = made(make, size), made(make, 4 * size)
        dearest = cost(run, large)
        if dearest < QUICK * 4 * size:
            return 1.0
        cheapest = cost(run, small)
        for _ in range(TRIES):
            if dearest < MOST * cheapest:
                break
            # The least of several tries is what it costs; a machine that is busy only adds.
            cheapest, dearest = min(cheapest, cost(run, small)), min(dearest, cost(run, large))
    return dearest / max(cheapest, SHORTEST)


def too_costly(
    cases: Mapping[str, Callable[[int], str | bytes]], run: Callable[..., object], size: int = SIZE
) -> dict[str, str]:
    """The cases that grow faster than their text, and by how much."""
    found = {}
    for name, make in cases.items():
        try:
            ratio = growth(run, make, size)
        except TooSlowError:
            found[name] = f"more than {FOR_EVER} seconds of processor time"
            continue
        if ratio >= MOST:
            found[name] = f"{ratio:.1f} times as much for four times the text"
    return found


# --- texts ------------------------------------------------------------------------------------------------------------

HEAD = "Rapport 2023\n\nPost\t2022\t2023\nA\t1\t2\n\n"
"""A table, for a document without any is refused."""

TEXTS: dict[str, Callable[[int], str]] = {
    # one line of one kind of character
    **{
        f"a line of {name}": lambda n, mark=mark: mark * n  # type: ignore[misc]
        for name, mark in {
            "spaces": " ",
            "spaces and a letter": "    a",
            "pairs of spaces": "a  ",
            "no-break spaces": "a\u00a0\u00a0",
            "dashes": "-",
            "dashes and spaces": "- ",
            "equals signs": "=",
            "underscores": "_",
            "box drawing": "─",
            "boxes": "+--",
            "crosses": "─┼",
            "pipes": "|",
            "pipes and spaces": "| ",
            "escaped pipes": "\\|",
            "ruled pipes": "|--",
            "colons": ":--",
            "tabs": "a\t",
            "tabs alone": "\t",
            "digits": "1",
            "groups of digits": "123 ",
            "numbers": "1,5 ",
            "numbered": "1.",
            "dots": ".",
            "dots and spaces": ". ",
            "leaders": "a....1 ",
            "ellipses": "…",
            "letters": "a",
            "words": "ord ",
            "capitals": "A. B",
            "brackets": "(",
            "closed brackets": "(1)",
            "half tags": "<",
            "tags": "<p>",
            "tags with blanks": "<p ",
            "attributes": "<b a=",
            "closing tags": "</b>",
            "comments": "<!-- -->",
            "open comments": "<!--",
            "rows": "<tr>",
            "entities": "&amp;",
            "asterisks": "*",
            "bold": "**a** ",
            "hashes": "# ",
            "quotes": '"',
            "quoted": '"a";',
            "semicolons": ";",
            "commas": "1,",
            "carriage returns": "\r",
            "form feeds": "\f",
            "invisible characters": "\u200b",
            "letters with marks": "a\u0301",
            "marks above and below": "\u0301\u0316",
            "garbled letters": "Ã¥",
            "signs": "−",
            "percent signs": "1 %",
            "footnotes": "1¹",
            "years": "2023-",
            "slashes": "2023/",
            "structure words": "belopp i tkr ",
        }.items()
    },
    # many lines
    **{
        f"lines of {name}": lambda n, line=line: HEAD + f"{line}\n" * n  # type: ignore[misc]
        for name, line in {
            "nothing": "",
            "one letter": "A",
            "headings": "1.1 Rubrik",
            "marks of headings": "# Rubrik",
            "bold": "**Rubrik**",
            "open bold": "**Rubrik",
            "prose": "Det här är en mening som går på.",
            "cells": "A\t1\t2",
            "one cell": "\t1",
            "heads": "Post\t2022\t2023",
            "numbers of pages": "12",
            "contents": "1.1 Rubrik ......... 12",
            "the title of the contents": "Innehållsförteckning",
            "pipes": "| a | 1 |",
            "open pipes": "a | b",
            "rules of pipes": "|---|---|",
            "crossed rules": "----+----",
            "boxes": "+---+---+",
            "filled boxes": "+---+---+\n| a | 1 |",
            "open boxes": "+---+\n| a |",
            "drawn boxes": "┌───┬───┐",
            "columns": "Ord    1    2",
            "columns of words": "Ord    ord    ord",
            "columns that shift": "Ord    1    2\n   3   ord  4",
            "single entries": "Ord    1    2\n        mitt",
            "rules": "-----  -----",
            "rules below columns": "Ord    1    2\n-----  -----",
            "status": "Bedömning: Uppnått",
            "labels": "Bedömning",
            "bullets": "- punkt",
            "semicolons": "a;1;;b;2",
            "semicolons and blanks": "a;1;;b;2\n",
            "commas": "a,1,2",
            "quotes": '"a";"1"',
            "tables with blanks": "Post\t2022\n\nA\t1\n",
            "tables and lines": "Post\t2022\nA\t1\nRad\n",
            "tables of contents": "Rubrik\t12",
        }.items()
    },
    # growing in two ways
    "wide lines": lambda n: HEAD + ("a\t" * int(n**0.5) + "\n") * int(n**0.5),
    "wide columns": lambda n: ("ord  1  " * 40 + "\n") * (n // 40),
    "stacked boxes": lambda n: ("+--" * 30 + "+\n") * (n // 30),
    "staggered columns": lambda n: "".join(" " * (i % 900) + "a  1\n" for i in range(n // 100)),
    "different headings": lambda n: HEAD + "".join(f"{i % 99}.{i} Rubrik {i}\n" for i in range(n // 4)),
    "different lines": lambda n: HEAD + "".join(f"Rubrik {i}\n" for i in range(n // 4)),
    "different contents": lambda n: "Innehåll\n" + "".join(f"{i} Rubrik {i} .... {i}\n" for i in range(n // 4)) + HEAD,
    "contents twice": lambda n: "".join(f"Rubrik {i} ....... {i % 900}\nRad\n" for i in range(n // 8)) + HEAD,
    "nested comments": lambda n: "<!--" * n + "-->" * n,
    "comments and blanks": lambda n: "<!-- --> " * n + "x",
    "comments of an end": lambda n: "<!---->\n" * n + "<p",
    "a declaration": lambda n: "<?xml " + " " * n,
    "quotes of csv": lambda n: 'a;"' + '""' * n + '";1\n' * 2,
    "open quotes of csv": lambda n: 'a;"b' * n,
}

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "sniff as text": lambda text: sniff(text.encode(), "a.txt", LIMITS),
    "decode": lambda text: decode(text.encode()),
    "decode windows": lambda text: decode(text.encode("cp1252", "replace") + b"\xe5"),
    "decode a page": lambda text: decode_page(text.encode()),
    "digits_of": digits_of,
    "items": items,
    "plain": plain,
    "is_number": is_number,
    "is_word": lambda text: is_word(text, frozenset(("summa", "totalt"))),
    "is_list_mark": is_list_mark,
    "join_texts": lambda text: join_texts(text.split("\n")),
    "is_plain_text": lambda text: is_plain_text(text.encode(), "a.txt", LIMITS),
    "normalise": normalise,
    "collapse": collapse,
    "running_lines": lambda text: running_lines([text, *text.split("\n")]),
    "report_id_for": report_id_for,
    "delimited": lambda text: delimited(text, LIMITS),
    "is_delimited": is_delimited,
    "Drawings": lambda text: every_table(text.split("\n")),
    "normalised": normalised,
    "shown": shown,
    "shown_lines": shown_lines,
    "superscript": lambda text: (superscript(text, "2"), superscript("m", text)),
    "shown_value": lambda text: (shown_value(1.5, text), shown_value(datetime.date(2024, 1, 31), text)),
    "mended": lambda text: KnownWords([text]).mended(text),
    "extract as text": lambda text: extract(text.encode(), "a.txt"),
    "extract as csv": lambda text: extract(text.encode(), "a.csv"),
    "extract as a page": lambda text: extract(f"<html><body>{text}".encode(), "a.html"),
}
"""Every public function of the readers that is given text of a document."""


NOT_TEXT = frozenset({"box_of", "column_index", "print_text"})
"""Public functions that look at no characters of the text, or at three at most."""


def test_no_function_on_text_is_left_out() -> None:
    """What a new one costs is measured too."""
    left_out = set()
    for module in pkgutil.walk_packages(readers.__path__, f"{readers.__name__}."):
        for name, function in vars(import_module(module.name)).items():
            if name.startswith("_") or not inspect.isfunction(function) or function.__module__ != module.name:
                continue
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and first.annotation == "str":
                left_out.add(name)
    assert left_out - FUNCTIONS.keys() - NOT_TEXT == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_text(function: str) -> None:
    assert too_costly(TEXTS, FUNCTIONS[function]) == {}


def every_table(lines: list[str]) -> None:
    """Ask for a table at every line that stands in none, as a reader does."""
    drawings = Drawings(lines)
    index = 0
    while index < len(lines):
        drawn = drawings.table(index)
        index = drawn.end if drawn else index + 1


# --- pages, office files, PDF -----------------------------------------------------------------------------------------

PAGES: dict[str, Callable[[int], str]] = {
    "open paragraphs": lambda n: "<p>a" * n,
    "open divisions": lambda n: "<div>a" * n,
    "nested spans": lambda n: "<span>" * min(n, 100) + "a" * n,
    "open tables": lambda n: "<table><tr><td>1" * n,
    "tables": lambda n: "<table><tr><td>A<td>1<tr><td>B<td>2</table>" * n,
    "rows": lambda n: "<table>" + "<tr><td>A<td>1" * min(n, 50_000) + "</table>",
    "groups of rows": lambda n: "<table>" + "<tbody><tr><td rowspan=2>A<td>1" * min(n, 50_000) + "</table>",
    "rows that reach down": lambda n: "<table>" + "<tr><td rowspan=65534>A" * min(n, 400) + "a" * n + "</table>",
    "cells": lambda n: ("<table>" + "<tr>" + "<td>1" * 200) * (n // 200),
    "marks": lambda n: "<p>" + "a<sup>1</sup>" * n,
    "powers": lambda n: "<p>" + "m<sup>2</sup>" * n,
    "styled elements": lambda n: f"<b style='{'position:absolute;left:1;' * 10}'>a</b>" * n,
    "comments of style": lambda n: "<style>" + "/*" * n + "</style>",
    "rules of style": lambda n: "<style>" + "}.a{display:none" * min(n, 100) + "</style>" + "<p class=a>b" * n,
    "at rules": lambda n: "<style>" + "@media{a{b:c}}" * n + "</style>",
    "headings": lambda n: "<h2>Rubrik</h2><p>text</p>" * n,
    "images": lambda n: "<img alt='automati'>" * n,
    "lists": lambda n: "<ul>" + "<li>a" * n,
    "definitions": lambda n: "<!DOCTYPE html " + "<!ENTITY a 'b'>" * n,
}


def test_pages() -> None:
    first = "<html><body><table><tr><td>Post<td>2023<tr><td>A<td>1</table>"
    assert too_costly(PAGES, lambda page: extract((first + page).encode(), "a.html")) == {}


def styles(n: int) -> str:
    """Word styles, each based on the one before."""
    return "".join(
        f'<w:style w:type="paragraph" w:styleId="s{i}"><w:name w:val="s{i}"/><w:basedOn w:val="s{i - 1}"/></w:style>'
        for i in range(n)
    )


FIELD = '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText>'
WORD: dict[str, Callable[[int], bytes]] = {
    "paragraphs": lambda n: word(table(row("A", "1")) + paragraph("text") * n),
    "runs": lambda n: word(table(row("A", "1")) + "<w:p>" + "<w:r><w:t>a</w:t></w:r>" * n + "</w:p>"),
    "tables": lambda n: word(table(row("A", "1"), row("B", "2")) * n),
    "rows": lambda n: word(table(*[row("A", "1")] * n)),
    "merged rows": lambda n: word(
        "<w:tbl>" + "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>" * n + "</w:tbl>"
    ),
    "open fields": lambda n: word(
        table(row("A", "1")) + f'{FIELD}<w:fldChar w:fldCharType="separate"/></w:r></w:p>' * n
    ),
    "instructions": lambda n: word(table(row("A", "1")) + FIELD + "<w:instrText>a</w:instrText>" * n + "</w:r></w:p>"),
    "styles on styles": lambda n: word(
        table(row("A", "1"))
        + "".join(f'<w:p><w:pPr><w:pStyle w:val="s{i}"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>' for i in range(n)),
        styles=styles(n),
    ),
    "raised marks": lambda n: word(
        table(row("A", "1"))
        + "<w:p>"
        + '<w:r><w:t>a</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>1</w:t></w:r>' * n
        + "</w:p>"
    ),
    "tabs": lambda n: word("".join(f"<w:p><w:r><w:t>A</w:t><w:tab/><w:t>{i}</w:t></w:r></w:p>" for i in range(n))),
}


def test_word() -> None:
    assert too_costly(WORD, lambda data: extract(data, "a.docx")) == {}


def ods(rows: str, head: str = "", styles: str = "") -> bytes:
    names = {
        "office": "office:1.0",
        "table": "table:1.0",
        "text": "text:1.0",
        "style": "style:1.0",
        "number": "datastyle:1.0",
    }
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}"' for name, urn in names.items())
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="A">{head}{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    return container({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def ods_row(*texts: str) -> str:
    cells = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row>{cells}</table:table-row>"


def sheet_xml(cells: str, more: str = "") -> str:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData>{more}</worksheet>'


def xlsx(sheet: str) -> bytes:
    """A workbook with one sheet of hand-written XML."""
    with zipfile.ZipFile(io.BytesIO(_empty_book())) as book:
        files: dict[str, str | bytes] = {name: book.read(name) for name in book.namelist()}
    return container({**files, "xl/worksheets/sheet1.xml": sheet})


@cache
def _empty_book() -> bytes:
    buffer = io.BytesIO()
    Workbook().save(buffer)
    return buffer.getvalue()


def xlsx_row(number: int, *columns: str) -> str:
    cells = "".join(f'<c r="{column}{number}" t="inlineStr"><is><t>{column}</t></is></c>' for column in columns)
    return f'<row r="{number}">{cells}</row>'


SHEETS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "columns of ods": (
        "a.ods",
        lambda n: ods(
            ods_row("A", "1") * n,
            "".join(f'<table:table-column table:default-cell-style-name="s{i}"/>' for i in range(n)),
        ),
    ),
    "rows of ods": ("a.ods", lambda n: ods(ods_row("A", "1", "2") * n)),
    "rows apart of ods": ("a.ods", lambda n: ods((ods_row("A", "1", "2") + "<table:table-row/>") * n)),
    "styles on styles of ods": (
        "a.ods",
        lambda n: ods(
            "".join(
                f'<table:table-row><table:table-cell table:style-name="s{i}"><text:p>a</text:p></table:table-cell>'
                f"<table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>"
                for i in range(n)
            ),
            styles="".join(f'<style:style style:name="s{i}" style:parent-style-name="s{i - 1}"/>' for i in range(n)),
        ),
    ),
    "marks of ods": ("a.ods", lambda n: ods(ods_row("A", "1") + ods_row("b" + "<text:span>1</text:span>" * n, "1"))),
    "rows of xlsx": (
        "a.xlsx",
        lambda n: xlsx(sheet_xml("".join(xlsx_row(i, "A", "B") for i in range(1, n + 1)))),
    ),
    "rows apart of xlsx": (
        "a.xlsx",
        lambda n: xlsx(sheet_xml("".join(xlsx_row(3 * i, "A", "B") for i in range(1, n + 1)))),
    ),
    "merged cells of xlsx": (
        "a.xlsx",
        lambda n: xlsx(
            sheet_xml(
                "".join(xlsx_row(i, "A", "B", "C") for i in range(1, n + 1)),
                "<mergeCells>" + "".join(f'<mergeCell ref="A{i}:B{i}"/>' for i in range(1, n + 1)) + "</mergeCells>",
            )
        ),
    ),
    "open merged cells of xlsx": (
        "a.xlsx",
        lambda n: xlsx(sheet_xml(xlsx_row(1, "A", "B") + xlsx_row(2, "A", "B"), "<mergeCell " * n)),
    ),
    "columns apart of xlsx": (
        "a.xlsx",
        lambda n: xlsx(
            sheet_xml(
                "".join(
                    xlsx_row(i, *(column_name(column) for column in range(0, 200, 2))) for i in range(1, n // 100 + 2)
                )
            )
        ),
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_sheets(name: str) -> None:
    file_name, make = SHEETS[name]
    assert too_costly({name: make}, lambda data: extract(data, file_name)) == {}


def pdf(lines: Sequence[str], per_page: int) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=0)
    for start in range(0, len(lines), per_page):
        canvas.setFont("Courier", 6)
        for index, line in enumerate(lines[start : start + per_page]):
            canvas.drawString(30, 820 - index * 790 / per_page, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


PDFS: dict[str, Callable[[int], bytes]] = {
    "pages of rows": lambda n: pdf(["Post    2022    2023", *["A       1       2"] * n], 60),
    "pages of prose": lambda n: pdf(["Det här är en mening som går på."] * n, 60),
    "pages of dashes": lambda n: pdf(["- " * 60] * n, 60),
    "pages of figures": lambda n: pdf(["1 234  " * 14] * n, 60),
    "pages of headings": lambda n: pdf([f"{i % 20}.{i} Rubrik" for i in range(n)], 60),
}


def test_pdf() -> None:
    assert too_costly(PDFS, lambda data: extract(data, "a.pdf")) == {}
