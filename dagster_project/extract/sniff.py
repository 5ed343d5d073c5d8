"""Finds out from the content what kind of file a document is; its name is only compared with it.

Belongs here: first bytes, members of zip and OLE containers, the look of text. Does not belong here: reading (the
readers).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from dagster_project.extract.csv import is_delimited
from dagster_project.extract.document import ExtractionError, Limits
from dagster_project.extract.package import PASSWORD, Package

UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "an RTF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"MIME-Version:", "a web archive (MHT)"),
)
"""First bytes of formats that no reader exists for."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_STREAMS: tuple[tuple[str, str | None, str], ...] = (
    ("EncryptedPackage", None, PASSWORD),
    ("EncryptionInfo", None, PASSWORD),
    ("WordDocument", None, "format not supported yet: the content is an old Word document; save it as docx"),
    ("PowerPoint Document", None, "format not supported yet: the content is a presentation"),
    ("Workbook", "xls", ""),
    ("Book", "xls", ""),
)
"""Streams of an OLE container: the kind of document that has one, or the reason why it is not read."""
ZIP_TYPES: tuple[tuple[str, str | None, str], ...] = (
    ("wordprocessingml.document.main", "docx", ""),
    ("ms-word.document.macroEnabled.main", "docx", ""),
    ("wordprocessingml.template.main", "docx", ""),
    ("spreadsheetml.sheet.main", "xlsx", ""),
    ("ms-excel.sheet.macroEnabled.main", "xlsx", ""),
    ("spreadsheetml.template.main", "xlsx", ""),
    ("ms-excel.sheet.binary", "xlsb", ""),
    ("presentationml", None, "format not supported yet: the content is a presentation"),
    ("opendocument.spreadsheet", "ods", ""),
    ("opendocument.text", None, "format not supported yet: the content is an OpenDocument text; save it as docx"),
)
"""Content types that a zip container states: the kind of document, or the reason why it is not read."""
XML_START = re.compile(r"<\?xml[^>]{0,200}>\s*+")
HTML_START = re.compile(
    r"<(?:!doctype\s+html|(?:html|head|body|table|meta|title|div|h[1-6]|section|article|main|script|style)\b)",
    re.IGNORECASE,
)
"""What a page begins with, behind white space, an XML declaration and comments."""
MAX_COMMENT = 4000
HTML_ELEMENT = re.compile(r"<html[\s>]", re.IGNORECASE)
TABLE_PART = re.compile(r"<t([rdh])[\s>]", re.IGNORECASE)
"""The beginning of a row or of a cell."""
LABELS = {
    "pdf": "a PDF file",
    "docx": "a Word document",
    "xlsx": "an Excel workbook",
    "xlsb": "a binary Excel workbook",
    "xls": "an old Excel workbook",
    "ods": "an OpenDocument spreadsheet",
    "html": "HTML",
    "csv": "delimited text",
    "text": "text",
}
SUFFIXES = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".dotx": "docx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xltx": "xlsx",
    ".xlsb": "xlsb",
    ".xls": "xls",
    ".ods": "ods",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".md": "text",
    ".text": "text",
}
HEAD = 65536
"""Characters of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: a key of :data:`LABELS`, and remarks."""

    name: str
    notes: tuple[str, ...] = ()


def sniff(data: bytes, file_name: str, limits: Limits) -> Kind:
    """Find out what a file is.

    Args:
        data: the whole file.
        file_name: its name; decides only between text and delimited text.
        limits: bounds for zip containers.

    Raises:
        ExtractionError: a format without a reader, a protected file, or a damaged container.
    """
    suffix = PurePosixPath(file_name.replace("\\", "/")).suffix.lower()
    notes: list[str] = []
    name = _kind(data, suffix, limits, notes)
    expected = SUFFIXES.get(suffix)
    if expected is not None and expected != name:
        notes.insert(0, f"the file name ends in {suffix}, the content is {LABELS[name]}: read as that")
    return Kind(name, tuple(notes))


def is_plain_text(data: bytes, file_name: str, limits: Limits) -> bool:
    """Whether a document is read without a parser of its own (text, delimited text), or refused at a glance."""
    if data.startswith((b"PK", OLE)) or b"%PDF-" in data[:1024]:
        return False
    try:
        return sniff(data, file_name, limits).name in ("text", "csv")
    except ExtractionError:
        return True


def _kind(data: bytes, suffix: str, limits: Limits, notes: list[str]) -> str:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(data, limits, notes)
    if data.startswith(OLE):
        return _of(OLE_STREAMS, lambda stream: stream.encode("utf-16-le") in data, "an old Office file")
    for signature, label in UNSUPPORTED:
        if data.startswith(signature):
            raise ExtractionError(f"format not supported yet: the content is {label}")
    text = _look(data)
    if _begins_as_html(text) or HTML_ELEMENT.search(text[:4096]) or _rows_of_html(text) > 1:
        return "html"
    if text.lstrip().startswith("<?xml"):
        raise ExtractionError("format not supported yet: the content is XML")
    if SUFFIXES.get(suffix) == "csv" or is_delimited(text):
        return "csv"
    return "text"


def _begins_as_html(text: str) -> bool:
    """Whether the first thing in a text that is neither white space, declaration nor comment is an element of a page.

    A loop, for comments behind each other are a pattern that takes a search for ever.
    """
    at = _behind_blanks(text, 0)
    if declaration := XML_START.match(text, at):
        at = declaration.end()
    while text.startswith("<!--", at):
        end = text.find("-->", at + 4, at + 4 + MAX_COMMENT + 3)
        if end < 0:
            return False
        at = _behind_blanks(text, end + 3)
    return HTML_START.match(text, at) is not None


def _behind_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _rows_of_html(text: str) -> int:
    """How many rows of a table have a cell."""
    parts = [match[1].lower() for match in TABLE_PART.finditer(text)]
    return sum(1 for part, following in pairwise(parts) if part == "r" and following != "r")


def _zip(data: bytes, limits: Limits, notes: list[str]) -> str:
    package = Package(data, limits)
    stated = package.read("mimetype") + package.read("[Content_Types].xml")
    if any(name.endswith("vbaProject.bin") for name in package.names):
        notes.append("the file holds macros; they were not run")
    return _of(ZIP_TYPES, lambda stated_type: stated_type.encode() in stated, "a zip archive")


def _of(known: tuple[tuple[str, str | None, str], ...], holds: Callable[[str], bool], label: str) -> str:
    """The kind of the first mark that a container holds."""
    for mark, kind, reason in known:
        if holds(mark):
            if kind is None:
                raise ExtractionError(reason)
            return kind
    raise ExtractionError(f"format not supported yet: the content is {label}")


def _look(data: bytes) -> str:
    """The beginning of a text, decoded well enough to tell markup; the readers decode in earnest."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[: 2 * HEAD].decode("utf-16", "replace")
    return data[:HEAD].decode("utf-8-sig", "replace")
