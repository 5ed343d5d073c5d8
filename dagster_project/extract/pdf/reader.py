"""The steps of reading a PDF, from bytes to the document.

Belongs here: opening and closing PDFium objects, limits, refusals, the order of items on pages. Does not belong here:
how words, rules, tables and headings are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords
from dagster_project.extract.pdf.characters import Frame, PageText, frame_of, read_words
from dagster_project.extract.pdf.joins import follows, may_follow, share_columns
from dagster_project.extract.pdf.lattice import find_lattices
from dagster_project.extract.pdf.lines import TextLine, make_lines
from dagster_project.extract.pdf.outline import (
    Paragraph,
    can_be_heading,
    heading_levels,
    paragraphs,
    prose_leading,
    running_words,
)
from dagster_project.extract.pdf.rows import Untold
from dagster_project.extract.pdf.rules import Drawing, read_drawing
from dagster_project.extract.pdf.tables import (
    UNTOLD,
    PageTable,
    Refused,
    find_regions,
    lattice_table,
    region_table,
)
from dagster_project.extract.pdf.zones import zones
from dagster_project.extract.structure import Grid, Item, Line, PrintedText, assemble, box_of

EXTRACTOR = "pdf"
VERSION = "1"

NO_TEXT = "no text layer: run OCR first"
MAX_POINTS = 14_400.0
"""Width or height of a page, in points, that the format allows."""
MIN_GLYPHS = 20
"""Glyphs of a document below which it has no text layer: a scan with a stamp."""
MAX_UNMAPPED_SHARE = 0.01
MIN_GLYPHS_FOR_DIGITS = 3000
"""Glyphs of a document with tables from which the lack of any digit means that digits were lost."""


@dataclass(slots=True)
class _Page:
    number: int
    text: PageText
    drawing: Drawing
    shown: Frame
    """The page as a viewer shows it; the words may be turned against it."""

    def place(self, text: str) -> str:
        """The text of a cell with its place on the page as shown, to a tenth of a point."""
        box = box_of(text)
        if box is None:
            return text
        x0, y0, x1, y1 = (round(value, 1) for value in self.text.frame.moved(box, self.shown))
        return PrintedText(text, (x0, y0, x1, y1))


def read_pdf(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a PDF document; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    with _opened(data) as pdf:
        count = len(pdf)
        if count == 0:
            raise ExtractionError("the PDF has no pages")
        if count > limits.max_pages:
            raise ExtractionError(f"the document has {count} pages, the limit is {limits.max_pages}")
        pages, notes = _read_pages(pdf, count, limits)
    _refuse_unreadable(pages, notes)
    items, more = _items(pages)
    notes.extend(more)
    if any(UNTOLD in note for note in notes) and not any(isinstance(item, Grid) for item in items):
        raise ExtractionError(f"no table could be read: {'; '.join(notes)}")
    if not items:
        raise ExtractionError("no table found")
    document = assemble(items, limits, words)
    return replace(
        document,
        media_type="application/pdf",
        page_count=count,
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        notes=(*notes, *document.notes),
    )


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = pdfium.FPDF_GetLastError()
        if code == pdfium.FPDF_ERR_PASSWORD or "password" in str(error).casefold():
            raise ExtractionError("password protected") from error
        if code == pdfium.FPDF_ERR_SECURITY:
            raise ExtractionError("encrypted in a way that cannot be read") from error
        raise ExtractionError("the PDF is damaged: it cannot be opened") from error
    try:
        yield pdf
    finally:
        pdf.close()


def _read_pages(pdf: Any, count: int, limits: Limits) -> tuple[list[_Page], list[str]]:
    pages: list[_Page] = []
    notes: list[str] = []
    glyphs = 0
    for index in range(count):
        handle = pdfium.FPDF_LoadPage(pdf.raw, index)
        if not handle:
            raise ExtractionError(f"the PDF is damaged: page {index + 1} cannot be read")
        try:
            text_page = pdfium.FPDFText_LoadPage(handle)
            if not text_page:
                raise ExtractionError(f"the PDF is damaged: the text of page {index + 1} cannot be read")
            try:
                glyphs += max(0, pdfium.FPDFText_CountChars(text_page))
                if glyphs > limits.max_characters:
                    raise ExtractionError(f"the document has more than {limits.max_characters} characters")
                frame = frame_of(handle)
                if not max(frame.width, frame.height) <= MAX_POINTS:
                    raise ExtractionError(f"the PDF is damaged: page {index + 1} has an impossible size")
                text = read_words(text_page, frame)
                drawing = read_drawing(handle, text.frame)
            finally:
                pdfium.FPDFText_ClosePage(text_page)
        finally:
            pdfium.FPDF_ClosePage(handle)
        pages.append(_Page(index + 1, text, drawing, frame))
        if not text.words and drawing.images > 0.3:
            notes.append(f"page {index + 1}: {NO_TEXT}")
    return pages, notes


def _refuse_unreadable(pages: Sequence[_Page], notes: Sequence[str]) -> None:
    """Raise for a document without a text layer, or whose characters have no meaning."""
    glyphs = sum(page.text.characters for page in pages)
    scanned = sum(1 for note in notes if note.endswith(NO_TEXT))
    if glyphs < MIN_GLYPHS or 2 * scanned > len(pages):
        raise ExtractionError(NO_TEXT)
    unmapped = sum(page.text.unmapped for page in pages)
    if unmapped > MAX_UNMAPPED_SHARE * glyphs:
        raise ExtractionError(
            f"a font without a character map: {unmapped} of {glyphs} characters have no meaning, run OCR first"
        )
    has_digit = any(char.isdigit() for page in pages for word in page.text.words for char in word.text)
    if glyphs > MIN_GLYPHS_FOR_DIGITS and not has_digit:
        raise ExtractionError("the text has lost its digits: run OCR first")


# --- pages to items --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Placed:
    """A table or paragraph in reading order."""

    page: int
    content: PageTable | Paragraph | Refused


def _items(pages: Sequence[_Page]) -> tuple[list[Item], list[str]]:
    lines = [make_lines(page.text.words) for page in pages]
    running = running_words([(page.text.frame.height, found) for page, found in zip(pages, lines, strict=True)])
    placed: list[_Placed] = []
    for page, dropped in zip(pages, running, strict=True):
        placed.extend(_page_items(page, dropped))
    _refuse_rest(placed)
    notes = [
        f"page {item.page}: a table was left out, its {UNTOLD}" for item in placed if isinstance(item.content, Refused)
    ]
    for run in _runs(placed):
        share_columns(run)
    prose = [item.content for item in placed if isinstance(item.content, Paragraph)]
    levels = heading_levels(prose)
    items: list[Item] = []
    before: _Placed | None = None
    for item in placed:
        content = item.content
        if isinstance(content, Paragraph):
            level = levels.get(content.style) if can_be_heading(content) else None
            items.append(Line(content.text, level=level, page=item.page, is_prose=bool(levels) and level is None))
        elif isinstance(content, PageTable):
            items.append(_grid(content, pages[item.page - 1], before))
        before = item
    return items, notes


def _refuse_rest(placed: Sequence[_Placed]) -> None:
    """Refuse rows at the top of a page that go on with a table that was refused: their header is not known."""
    for before, item in pairwise(placed):
        table = item.content
        is_next = isinstance(before.content, Refused) and item.page == before.page + 1
        if is_next and isinstance(table, PageTable) and table.marked == 0:
            item.content = Refused(table.top, table.x0)


def _runs(placed: Sequence[_Placed]) -> list[list[PageTable]]:
    """Runs of tables on successive pages with nothing between them, which may be parts of one."""
    runs: list[list[PageTable]] = []
    for before, item in pairwise(placed):
        above, table = before.content, item.content
        if not isinstance(above, PageTable) or not isinstance(table, PageTable) or item.page != before.page + 1:
            continue
        if may_follow(above, table):
            if runs and runs[-1][-1] is above:
                runs[-1].append(table)
            else:
                runs.append([above, table])
    return runs


def _grid(table: PageTable, page: _Page, before: _Placed | None) -> Grid:
    above = before.content if before is not None and before.page == page.number - 1 else None
    goes_on = isinstance(above, PageTable) and follows(above, table)
    # The part above marks its header by weight and this part begins without: its rows go on.
    headless = goes_on and isinstance(above, PageTable) and above.below_mark and table.marked == 0
    table.below_mark = headless or table.marked > 0
    return Grid(
        tuple(tuple(page.place(text) for text in row) for row in table.rows),
        page=page.number,
        header_rows=0 if headless else None,
        spans=tuple((*place, *span) for place, span in sorted(table.spans.items())),
        follows=goes_on,
    )


def _page_items(page: _Page, dropped: set[int]) -> list[_Placed]:
    """Tables and paragraphs of one page in reading order."""
    words = [word for word in page.text.words if id(word) not in dropped]
    leading = prose_leading(make_lines(words))
    tables: list[PageTable | Refused] = []
    for lattice in find_lattices(page.drawing):
        try:
            table = lattice_table(lattice, words, page.text.turned, leading)
        except Untold:
            tables.append(Refused(lattice.ys[0], lattice.xs[0]))
            words = [w for w in words if not lattice.holds((w.x0 + w.x1) / 2, w.y - 0.3 * w.size)]
            continue
        if table is not None:
            tables.append(table)
            words = [word for word in words if id(word) not in table.words]
    placed: list[_Placed] = []
    for zone in zones(words, tables, page.drawing.across):
        lines = make_lines(zone.words)
        found = list(zone.tables)
        taken: set[int] = set()
        for region in find_regions(lines, page.drawing):
            try:
                table = region_table(region, page.drawing, leading)
            except Untold:
                found.append(Refused(region.lines[0].segments[0].top, region.lines[0].x0))
                taken |= {id(word) for line in region.lines for segment in line.segments for word in segment.words}
                continue
            if table is not None:
                found.append(table)
                taken |= table.words
        spare = [line for line in lines if not any(id(w) in taken for s in line.segments for w in s.words)]
        placed.extend(_in_order(page.number, found, spare))
    return placed


def _in_order(page: int, tables: Sequence[PageTable | Refused], lines: Sequence[TextLine]) -> list[_Placed]:
    """Tables and the paragraphs between them, from top to bottom."""
    ordered = sorted(tables, key=lambda table: (table.top, table.x0))
    result: list[_Placed] = []
    start = float("-inf")
    for table in [*ordered, None]:
        end = table.top + 1 if table is not None else float("inf")
        between = [line for line in lines if start <= line.y < end]
        result.extend(_Placed(page, paragraph) for paragraph in paragraphs(between))
        if table is not None:
            result.append(_Placed(page, table))
            start = max(start, end)
    return result
