"""A file is read as what it is, whatever its name says."""

from __future__ import annotations

import pytest

from dagster_project.extract import ExtractionError, Limits, extract
from dagster_project.extract.sniff import Kind, sniff
from tests.conftest import ROOT
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import report_paths, text_version
from tests.typeset_office.text_writer import write_csv
from tests.typeset_office.word_parts import container
from tests.typeset_office.xlsx_writer import write_xlsx

REPORT = text_version(report_paths()[0].name)
TEXT = report_paths()[0].read_bytes()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "kind", "label"),
    [
        (write_docx(REPORT), "docx", "a Word document"),
        (write_xlsx(REPORT), "xlsx", "an Excel workbook"),
        (write_html(REPORT), "html", "HTML"),
        (TEXT, "text", "text"),
        (b"%PDF-1.7\n%\xe2\xe3", "pdf", "a PDF file"),
    ],
)
def test_kind_is_found_from_the_content(data: bytes, kind: str, label: str) -> None:
    assert sniff(data, "utan-andelse", Limits()) == Kind(kind)
    lie = ".xls" if kind != "xls" else ".txt"
    note = f"the file name ends in {lie}, the content is {label}: read as that"
    assert sniff(data, f"rapport{lie}", Limits()) == Kind(kind, (note,))


def test_html_named_xls_is_read_as_html_with_a_note() -> None:
    document = extract(b"<table><tr><td>A</td><td>1</td></tr></table>", "export.xls")
    assert document.media_type == "text/html"
    assert document.notes == ("the file name ends in .xls, the content is HTML: read as that",)


def test_delimited_text_without_its_suffix() -> None:
    assert sniff(b"a;2023;2022\nb;1;2\nc;3;4\n", "data.txt", Limits()).name == "csv"
    assert sniff(write_csv(REPORT), "data.csv", Limits()).name == "csv"
    assert sniff(b"Ett; och sedan annat.\nEn rad till.\n", "brev.txt", Limits()).name == "text"


def test_text_with_remains_of_markup_is_text() -> None:
    for path in report_paths():
        assert sniff(path.read_bytes(), path.name, Limits()) == Kind("text")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{\\rtf1 x}", "an RTF file"),
        (b"\x89PNG\r\n", "a picture"),
        (b"<?xml version='1.0'?><Workbook/>", "XML"),
        (container({"a.txt": "x"}), "a zip archive"),
        (container({"mimetype": "application/vnd.oasis.opendocument.text"}), "OpenDocument text; save it as docx"),
        (OLE + "WordDocument".encode("utf-16-le"), "old Word document; save it as docx"),
        (OLE, "an old Office file"),
    ],
)
def test_formats_without_a_reader_say_what_they_are(data: bytes, reason: str) -> None:
    with pytest.raises(ExtractionError, match=f"^format not supported yet: .*{reason}"):
        extract(data, "fil")


def test_protected_files() -> None:
    with pytest.raises(ExtractionError, match=r"^password protected"):
        extract(OLE + "EncryptedPackage".encode("utf-16-le"), "hemlig.xlsx")
    locked = bytearray(container({"word/document.xml": "x"}))
    # The flag that says "encrypted", in the local header and in the central directory.
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ExtractionError, match=r"^password protected"):
        extract(bytes(locked), "hemlig.docx")


def test_macros_are_noted() -> None:
    types = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    files: dict[str, str | bytes] = {"[Content_Types].xml": types, "word/vbaProject.bin": b"\x00"}
    assert sniff(container(files), "rapport.docm", Limits()).notes == ("the file holds macros; they were not run",)


def test_comments_of_a_web_page_without_an_end_do_not_hang_the_reader() -> None:
    """A pattern that tried every way to read them took days for 328 bytes."""
    path = ROOT / "tests" / "cases" / "ops" / "html-comments-328-bytes.txt"
    with pytest.raises(ExtractionError, match="no table found"):
        extract(path.read_bytes(), path.name)
