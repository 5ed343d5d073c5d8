"""Reader for text: tab-separated tables between lines of prose, with remains of HTML and Markdown markup.

Belongs here: encodings, markup remains and the cutting of a text into lines and grids. Does not belong here: which
line is a heading and which rows are one table (``structure``), and what any of it means (dbt).
"""

from __future__ import annotations

import html
import re
from contextlib import suppress
from dataclasses import replace

from dagster_project.extract.columns import Drawings
from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.spelling import normalised, shown_lines
from dagster_project.extract.structure import Grid, Item, Line, assemble

EXTRACTOR = "text"
VERSION = "2"

BLOCK_TAG = re.compile(r"</?(?:p|br|ul|ol|li|div|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE)
INLINE_TAG = re.compile(r"</?(?:b|i|u|em|strong|sup|sub|span|font)(?:\s[^<>]*)?>", re.IGNORECASE)
BOLD_LINE = re.compile(r"(?:<(?:b|strong)>.*</(?:b|strong)>|\*\*.*\*\*)", re.IGNORECASE)
MARKDOWN_HEADING = re.compile(r"(#{1,6})\s+(.*)")
MARKDOWN_RULE = re.compile(r"(?:[-_*=]\s*+){3,}+")
DOUBLE_ENCODED = re.compile("Ã[\u0084\u0085\u0096¤¥¶„…–©]")
SYMBOL_IN_WORD = re.compile(r"(?<=[a-zåäö])(?:[^\w\s.,:;/()\-–'’&*+\"\u00ad]|[ŒŠšžŽ])(?=[a-zåäö])")
"""Swedish letters of other encodings, read as Windows-1252: quotes and daggers (code page 850), Œ Š š (Mac Roman)."""
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
LINE_END = re.compile(r"\r\n|\r|\n")
SEPARATOR = re.compile("[\u2028\u2029]")
"""The end of a line in texts that have no other; else it breaks a line inside a cell."""

OPEN_END = "the last line has no end: the file may be cut off"
MAX_REPLACEMENT_SHARE = 0.0005
MAX_CONTROL_SHARE = 0.001


def read_text(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a text document; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    text, notes = decode(data)
    if not LINE_END.search(text):
        text = SEPARATOR.sub("\n", text)
    source, unclear = items(text)
    if unclear and not any(isinstance(item, Grid) for item in source):
        raise ExtractionError(f"no table found: {unclear[0]}")
    is_open = not text.endswith(("\n", "\r", "\f"))
    document = assemble(source, limits, words, cut_off=is_open)
    return Document(
        media_type="text/plain",
        title=document.title,
        page_count=text.count("\f") + 1 if "\f" in text.strip("\f") else None,
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        headings=document.headings,
        paragraphs=document.paragraphs,
        tables=document.tables,
        cells=document.cells,
        notes=(*notes, *unclear, *((OPEN_END,) if is_open else ()), *document.notes),
    )


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8 (with or without BOM), UTF-16 with BOM, or Windows-1252.

    Returns:
        The text and remarks on the encoding.

    Raises:
        ExtractionError: the bytes are no text, or text in an encoding that cannot be told.
    """
    notes: tuple[str, ...] = ()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ExtractionError(f"not valid UTF-16 at byte {error.start}") from error
        notes = ("read as UTF-16",)
    elif b"\x00" in data:
        raise ExtractionError(f"a binary file, not text: NUL byte at position {data.index(0)}")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            text = _decode_windows_1252(data, error)
            notes = ("read as Windows-1252",)
    if len(garbled := DOUBLE_ENCODED.findall(text)) > 2:
        raise ExtractionError(
            f"wrongly encoded: UTF-8 that was read as Latin-1 and saved again "
            f"({garbled[0]!r} and {len(garbled) - 1} more)"
        )
    controls = len(CONTROL.findall(text))
    if controls > MAX_CONTROL_SHARE * len(text):
        raise ExtractionError(f"a binary file, not text: {controls} control characters")
    if lost := text.count("\ufffd"):
        if lost > max(2, MAX_REPLACEMENT_SHARE * len(text)):
            raise ExtractionError(f"wrongly encoded: {lost} characters were lost (U+FFFD) before the file came here")
        notes = (*notes, f"{lost} lost characters (U+FFFD)")
    # Before columns are counted: a letter and its mark take one place in print.
    return normalised(text), notes


def _decode_windows_1252(data: bytes, utf8_error: UnicodeDecodeError) -> str:
    """Windows-1252, if the bytes make Swedish text in it; the place of the UTF-8 error is named if they do not."""
    line = data.count(b"\n", 0, utf8_error.start) + 1
    place = f"not valid UTF-8 at byte {utf8_error.start} (line {line})"
    if utf8_error.end >= len(data) and utf8_error.reason == "unexpected end of data":
        raise ExtractionError(f"cut off in the middle of a character: {place}") from utf8_error
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ExtractionError(f"wrongly encoded: {place}, nor Windows-1252 at byte {error.start}") from error
    foreign = sum(1 for char in text if char > "\x7f")
    if DOUBLE_ENCODED.search(text):
        raise ExtractionError(f"wrongly encoded: {place}, though other parts are UTF-8")
    if (odd := len(SYMBOL_IN_WORD.findall(text))) > 0.2 * foreign:
        raise ExtractionError(f"wrongly encoded: {place}, and as Windows-1252 {odd} words hold symbols")
    return text


def items(text: str) -> tuple[list[Item], tuple[str, ...]]:
    """Cut a text into lines and grids, in order; with remarks on tables that could not be cut.

    A grid is a run of lines with tabs, or a table drawn with pipes or spaces. Form feeds count pages (from 1) where
    the text has any.
    """
    result: list[Item] = []
    notes: list[str] = []
    paged = "\f" in text.strip("\f")
    first_line = 1
    for number, page_text in enumerate(text.split("\f"), start=1):
        page = number if paged else None
        rows: list[tuple[str, ...]] = []
        lines = _join_open_bold(LINE_END.split(page_text))
        drawings = Drawings(lines)
        index = 0
        while index < len(lines):
            raw = lines[index]
            if "\t" in raw and raw.strip():
                rows.append(tuple([plain(cell) if cell else "" for cell in raw.split("\t")]))
                index += 1
                continue
            if rows:
                result.append(Grid(rows=tuple(rows), page=page))
                rows = []
            drawn = drawings.table(index)
            if drawn and drawn.rows:
                cells = tuple(tuple(plain(cell) for cell in row) for row in drawn.rows)
                result.append(Grid(cells, page=page, whole=drawn.whole))
                index = drawn.end
                continue
            end = drawn.end if drawn else index + 1
            if drawn:
                notes.append(f"lines {first_line + index} to {first_line + end - 1}: {drawn.reason}, no table is made")
            for line in lines[index:end]:
                # Lines of a table that was refused are no headings.
                result.extend(replace(item, body=True) if drawn else item for item in _lines(line, page))
            index = end
        if rows:
            result.append(Grid(rows=tuple(rows), page=page))
        first_line += len(lines) - 1
    return result, tuple(notes)


def plain(cell: str) -> str:
    """Cell text without markup remains; block tags become newlines, other white space collapses.

    Only tags that writers of reports leave behind are taken away: ``<script>`` in a label is data.
    """
    text = cell.strip(" ")
    if text.isprintable() and "  " not in text and "<" not in text and "*" not in text and "_" not in text:
        return text
    if "<" in cell:
        text = INLINE_TAG.sub("", BLOCK_TAG.sub("\n", cell))
        if text != cell:
            # A number of thousands of digits is no character.
            with suppress(ValueError):
                text = html.unescape(text)
    text = shown_lines(text)
    for mark in ("**", "__"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text


def _lines(raw: str, page: int | None) -> list[Line]:
    """The paragraphs of one line of the file outside tables."""
    stripped = raw.strip()
    if not stripped or MARKDOWN_RULE.fullmatch(stripped):
        return []
    level = None
    if match := MARKDOWN_HEADING.fullmatch(stripped):
        level, stripped = len(match[1]), match[2].strip()
    bold = BOLD_LINE.fullmatch(stripped) is not None
    parts = plain(stripped).split("\n")
    if len(stripped) > 2 and stripped[0] == stripped[-1] == "*" and not bold:
        parts = [stripped.strip("*").strip()]
    return [Line(text=part, level=level, bold=bold, page=page) for part in parts if part]


def _join_open_bold(lines: list[str]) -> list[str]:
    """A bold line that the writer broke in two, ``**INVESTERINGSBUDGE`` / ``T**``, as one line again."""
    joined: list[str] = []
    for line in lines:
        previous = joined[-1].strip() if joined else ""
        if previous.startswith("**") and previous.count("**") == 1 and line.strip().endswith("**"):
            # A single letter is the rest of a word, more is the next word.
            glue = "" if len(line.strip()) == 3 else " "
            joined[-1] = previous + glue + line.strip()
        else:
            joined.append(line)
    return joined
