"""The steps of reading a PDF, from bytes to the document.

Belongs here: opening and closing PDFium objects, limits, refusals, the order of items on pages. Does not belong here:
how words, rules, tables and headings are found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import pypdfium2
import pypdfium2.raw as pdfium

from dagster_project.extract.document import (
    Document,
    ExtractionError,
    Limits,
    StructureWords,
    WordFate,
    collapse,
    fault_of,
    running_lines,
)
from dagster_project.extract.pdf.characters import PageText, Word, measure_spaces, read_words
from dagster_project.extract.pdf.frame import Frame, frame_of
from dagster_project.extract.pdf.joins import follows, goes_on_beside, may_follow, share_columns
from dagster_project.extract.pdf.lattice import find_lattices
from dagster_project.extract.pdf.ledger import kept_texts, word_fates
from dagster_project.extract.pdf.lines import TextLine, join_texts, make_lines, without_twins
from dagster_project.extract.pdf.outline import (
    Paragraph,
    can_be_heading,
    heading_levels,
    paragraphs,
    prose_leading,
    running_texts,
    running_words,
    tagged_paragraph,
)
from dagster_project.extract.pdf.readings import doubt_about, may_hold_rest, read_rest
from dagster_project.extract.pdf.rows import Untold
from dagster_project.extract.pdf.rules import Area, Drawing, read_drawing, struck_words
from dagster_project.extract.pdf.tables import (
    PageTable,
    Refused,
    find_regions,
    lattice_table,
    refused,
    region_table,
    tagged_table,
    title_beside,
)
from dagster_project.extract.pdf.tags import TaggedBlock, read_tags
from dagster_project.extract.pdf.zones import zones
from dagster_project.extract.structure import (
    YEAR_CELL,
    Grid,
    Item,
    Line,
    PrintedText,
    assemble,
    box_of,
    header_depth,
    is_number,
)

if TYPE_CHECKING:
    from dagster_project.extract.ocr.reading import Reading

EXTRACTOR = "pdf"
VERSION = "5"
RUNNING_PAGES = 12
"""Pages at the beginning whose headers and footers are kept; those behind print the same."""

LEFT_OUT = "a table was left out"
PARTED = "its header stands apart from its rows"
REST = "for it goes on with one that was left out"
HEADER_CUT = "the end of a page cuts its header"
HEADER_ONLY = "only a part of its header can be read"
NAMED = 5
"""Texts that a remark names."""
NO_TEXT = "no text layer: run OCR first"
PICTURE = "a picture may hold a table, and pictures are not read"
READ_BY_OCR = "read by OCR: of its figures only those are given that something vouches for"
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
    tags: list[TaggedBlock]
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
        pictures = _read_pictures(pdf, pages, notes, limits) if limits.ocr else None
    _refuse_unreadable(pages, notes)
    # What was read from pictures has no writer who prints spaces.
    measure_spaces([page.text.words for page in pages if pictures is None or page.number not in pictures.pages])
    lines = [make_lines(page.text.words) for page in pages]
    running = running_words([(page.text.frame.height, found) for page, found in zip(pages, lines, strict=True)])
    items, more, placed = _items(pages, running)
    notes.extend(more)
    if any(LEFT_OUT in note for note in notes) and not any(isinstance(item, Grid) for item in items):
        raise ExtractionError(f"no table could be read: {'; '.join(notes)}")
    try:
        if not items:
            raise ExtractionError("no table found")
        document = assemble(items, limits, words)
    except ExtractionError as error:
        raise ExtractionError("; ".join([str(error), *(note for note in notes if note.endswith(PICTURE))])) from error
    document = replace(
        document,
        media_type="application/pdf",
        page_count=count,
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        running_lines=running_lines(running_texts(lines[:RUNNING_PAGES], running)),
        word_fates=tuple(_word_fates(document, pages, running, placed)),
        notes=(*notes, *document.notes),
    )
    if pictures is None:
        return document
    from dagster_project.extract.ocr.vouching import vouched

    return vouched(document, pictures.pages, pictures.printed)


def _read_pictures(pdf: Any, pages: Sequence[_Page], notes: list[str], limits: Limits) -> Reading:
    """Add to the pages what is read in their pictures; remarks on those that were read go."""
    # Only now: it takes seconds to import, and most documents are read without it.
    from dagster_project.extract.ocr.reading import Reading, is_scan

    reading = Reading(limits)
    for page in pages:
        pictures = [one for one in page.drawing.printed if _is_bare(one, page.text.words)]
        whole = is_scan(page.text.words, page.drawing.images)
        # Text at an angle turns the page with it; then nothing says where its pictures are.
        if not (whole or pictures) or page.text.frame != page.shown:
            continue
        size = (page.shown.width, page.shown.height)
        found = reading.read(pdf[page.number - 1], page.number, size, page.text.words, None if whole else pictures)
        if not found:
            continue
        if whole:
            # A stamp, or the number of the page: they are in the picture too.
            page.text.words.clear()
        for one in found:
            page.text.words.extend(one.words)
            page.drawing.across.extend(one.ink.across)
            page.drawing.down.extend(one.ink.down)
        letters = sum(len(word.text) for one in found for word in one.words)
        page.text = replace(page.text, characters=page.text.characters + letters)
        told = (f"page {page.number}: {NO_TEXT}", f"page {page.number}: {PICTURE}")
        notes[:] = [note for note in notes if note not in told]
        notes.append(f"page {page.number}: {READ_BY_OCR}")
    return reading


def _word_fates(
    document: Document, pages: Sequence[_Page], running: Sequence[set[int]], placed: Sequence[_Placed]
) -> Iterator[WordFate]:
    """The ledger, page by page."""
    kept = "\n".join(sorted(kept_texts(document)))
    is_kept = {
        id(item.content): collapse(item.content.text) in kept for item in placed if isinstance(item.content, Paragraph)
    }
    on_page: dict[int, list[PageTable | Paragraph | Refused]] = {}
    for item in placed:
        on_page.setdefault(item.page, []).append(item.content)
    for page, dropped in zip(pages, running, strict=True):
        yield from word_fates(
            page.number,
            page.text.words,
            page.text.turned,
            dropped,
            on_page.get(page.number, ()),
            is_kept,
            is_tagged=bool(page.tags),
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
                text = read_words(handle, text_page, frame)
                drawing = read_drawing(handle, text.frame)
                tags = read_tags(handle)
            finally:
                pdfium.FPDFText_ClosePage(text_page)
        finally:
            pdfium.FPDF_ClosePage(handle)
        page = _Page(index + 1, text, drawing, tags, frame)
        notes.extend(f"page {page.number}: {note}" for note in _left_out(page))
        pages.append(page)
        if not text.words and drawing.images > 0.3:
            notes.append(f"page {index + 1}: {NO_TEXT}")
        elif any(_is_bare(picture, text.words) for picture in drawing.printed):
            notes.append(f"page {index + 1}: {PICTURE}")
    return pages, notes


def _is_bare(picture: Area, words: Sequence[Word]) -> bool:
    """Whether nothing is printed over a picture: what stands on a scan with a text layer is read."""
    return not any(
        picture.x0 < (word.x0 + word.x1) / 2 < picture.x1 and picture.y0 < word.y < picture.y1 for word in words
    )


def _left_out(page: _Page) -> list[str]:
    """Take struck text, and what is printed twice, from the words of a page; remarks on what of it is not read."""
    page.text.words[:] = without_twins(page.text.words)
    struck = struck_words(page.text.words, page.drawing.across)
    notes = [f"struck text left out: {_some(word.text for word in struck)}"] if struck else []
    gone = {id(word) for word in struck}
    page.text.words[:] = [word for word in page.text.words if id(word) not in gone]
    if page.text.hidden:
        notes.append(f"text that cannot be seen left out: {_some(page.text.hidden)}")
    if page.text.is_doubtful:
        notes.append("text printed over other text, or said to mean other figures than it shows, is not read")
    if turned := [word.text for word in page.text.turned if any(char.isdigit() for char in word.text)]:
        notes.append(f"figures printed at an angle are in no table: {_some(turned)}")
    return notes


def _some(texts: Iterable[str]) -> str:
    found = [collapse(text) for text in texts]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


def _refuse_unreadable(pages: Sequence[_Page], notes: Sequence[str]) -> None:
    """Raise for a document without a text layer, or whose characters have no meaning."""
    for page in pages:
        if page.text.contradiction:
            raise ExtractionError(
                f"page {page.number}: a font says other digits than it draws ({page.text.contradiction}): run OCR"
            )
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


def _joined(placed: list[_Placed]) -> list[_Placed]:
    """What stands on pages in their order, with what belongs together joined and what cannot stand refused."""
    placed = _without_loose_headers(placed)
    _refuse_rest(placed)
    for run in _runs(placed):
        share_columns(run)
    _align_repeated_headers(placed)
    _join_torn_rows(placed)
    _refuse_cut_headers(placed)
    _refuse_parted_headers(placed)
    _refuse_rest(placed)
    return placed


def _with_readings(page: _Page, dropped: set[int], known: Collection[str]) -> list[_Placed]:
    """What stands on a page; where no rule made a table that can stand, readings that are borne out do instead.

    A reading must not cost a table: where it would, none is taken.
    """
    placed = _of_page(page, dropped, known, ())
    words = [word for word in page.text.words if id(word) not in dropped and word.style.visible]
    taken = _words_of_tables(placed, page)
    if may_hold_rest(words, taken):
        given = [one.table for one in read_rest(words, page.drawing, taken)]
        if given:
            again = _of_page(page, dropped, known, given)
            if taken <= _words_of_tables(again, page):
                placed = again
    for item in placed:
        if isinstance(item.content, PageTable) and (doubt := doubt_about(item.content, page.text.words)) is not None:
            item.content = refused(item.content, doubt)
    return placed


def _words_of_tables(placed: Sequence[_Placed], page: _Page) -> set[int]:
    """Identities of the words in tables that nothing speaks against."""
    return {
        key
        for item in placed
        if isinstance(item.content, PageTable) and doubt_about(item.content, page.text.words) is None
        for key in item.content.words
    }


def _of_page(page: _Page, dropped: set[int], known: Collection[str], given: Sequence[PageTable]) -> list[_Placed]:
    """Tables and paragraphs of one page; tables that tags do not name are sought beside those that they name."""
    tagged = _tagged_items(page, given)
    if not tagged:
        return _page_items(page, dropped, known, given)
    held = {key for item in tagged if isinstance(item.content, PageTable) for key in item.content.words} | dropped
    if not may_hold_rest(page.text.words, held):
        return tagged
    found = [
        item.content
        for item in _page_items(replace(page, tags=[]), held, known, ())
        if isinstance(item.content, PageTable) and item.content.lines is None
    ]
    return _tagged_items(page, [*given, *found]) if found else tagged


def _items(pages: Sequence[_Page], running: Sequence[set[int]]) -> tuple[list[Item], list[str], list[_Placed]]:
    """The items for the document, remarks on what was left out, and what stands on the pages."""
    known = frozenset(word.text.casefold().rstrip(".,:;)") for page in pages for word in page.text.words)
    faults: dict[int, str] = {}

    def placed_on(page: _Page, dropped: set[int]) -> list[_Placed]:
        if page.number not in faults:
            try:
                return _with_readings(page, dropped, known)
            except Exception as error:  # a fault of ours costs what is on this page
                faults[page.number] = fault_of(error)
        everything = {id(word) for word in (*page.text.words, *page.text.turned)}
        return [_Placed(page.number, Refused(0.0, 0.0, faults[page.number], words=everything))]

    by_page = list(zip(pages, running, strict=True))
    while True:
        try:
            placed = _joined([item for page, dropped in by_page for item in placed_on(page, dropped)])
            return *_flow(placed, pages), placed
        except Exception as error:
            # What spans pages: the page is to blame with which it fails, alone or with the one before.
            reason = fault_of(error)
            for count, (page, _) in product((1, 2), by_page):
                if page.number in faults:
                    continue
                few = by_page[max(0, page.number - count) : page.number]
                try:
                    _flow(_joined([item for one, dropped in few for item in placed_on(one, dropped)]), pages)
                except Exception:
                    faults[page.number] = reason
                    break
            else:
                raise


def _flow(placed: Sequence[_Placed], pages: Sequence[_Page]) -> tuple[list[Item], list[str]]:
    """The items for the document, and remarks on what was left out."""
    notes = [
        f"page {item.page}: {LEFT_OUT}, {item.content.reason}" for item in placed if isinstance(item.content, Refused)
    ]
    prose = [item.content for item in placed if isinstance(item.content, Paragraph)]
    is_outlined = any(paragraph.level for paragraph in prose)
    in_tables = {key for item in placed if isinstance(item.content, PageTable) for key in item.content.words}
    levels = heading_levels(
        [paragraph for paragraph in prose if not (is_outlined and paragraph.is_tagged)],
        [word for page in pages for word in page.text.words if id(word) in in_tables],
    )
    items: list[Item] = []
    before: _Placed | None = None
    for item in placed:
        content = item.content
        if isinstance(content, Paragraph):
            if content.is_tagged and is_outlined:
                if content.level is not None and before is not None and _is_torn(before, item):
                    _join_torn(items, content)
                else:
                    items.append(_tagged_line(content, item.page))
                before = item
                continue
            level = levels.get(content.style) if can_be_heading(content) and not content.is_item else None
            if level is not None and before is not None and _is_torn(before, item):
                _join_torn(items, content)
                before = item
                continue
            items.append(Line(content.text, level=level, page=item.page, is_prose=bool(levels) and level is None))
        elif isinstance(content, PageTable):
            items.append(_grid(content, pages[item.page - 1], before))
        before = item
    return items, notes


def _join_torn(items: list[Item], content: Paragraph) -> None:
    """Give the heading before the rest of its text, on the other side of a page break."""
    last = items[-1]
    assert isinstance(last, Line)
    items[-1] = replace(last, text=join_texts([last.text, content.text]))


def _is_torn(before: _Placed, item: _Placed) -> bool:
    """Whether a text at the top of a page is the rest of the one at the foot of the page before, in the same style."""
    above, text = before.content, item.content
    return (
        isinstance(above, Paragraph)
        and isinstance(text, Paragraph)
        and item.page == before.page + 1
        and above.style == text.style
        and above.level == text.level
        and text.text[:1].islower()
        and above.text[-1:].isalnum()
    )


def _without_loose_headers(placed: Sequence[_Placed]) -> list[_Placed]:
    """What looked like a header at the foot of a page is text unless rows in its columns begin the next page.

    A row that stands alone at the top of a page is text unless a table in its columns ends the page before.
    """
    result: list[_Placed] = []
    for index, item in enumerate(placed):
        table = item.content
        if not isinstance(table, PageTable) or table.lines is None:
            result.append(item)
            continue
        if table.is_rest:
            above = result[-1] if result and result[-1].page == item.page - 1 else None
            if above is not None and isinstance(above.content, PageTable) and follows(above.content, table):
                table.lines = None
                result.append(item)
            else:
                result.extend(_Placed(item.page, paragraph) for paragraph in paragraphs(table.lines))
            continue
        following = placed[index + 1] if index + 1 < len(placed) else None
        rows = following.content if following is not None and following.page == item.page + 1 else None
        if (
            isinstance(rows, PageTable)
            and header_depth([tuple(row) for row in rows.rows]) == 0
            and follows(table, rows)
        ):
            result.append(item)
        else:
            if isinstance(rows, PageTable) and following is not None and _is_cut_header(table, rows):
                following.content = refused(rows, HEADER_CUT)
            result.extend(_Placed(item.page, paragraph) for paragraph in paragraphs(table.lines))
    return result


def _is_cut_header(above: PageTable, table: PageTable) -> bool:
    """Whether a header ends a page and other texts in its columns begin the table on the next one.

    A header that is printed again there is whole.
    """
    printed = {word for row in above.rows for cell in row for word in cell.split()}
    first = {word for cell in table.rows[0] for word in cell.split()}
    # A row of one text is the label of a group.
    return len(_texts(table.rows[0])) > 1 and not first <= printed and follows(above, table)


def _texts(row: Sequence[str]) -> list[str]:
    """The cells of a row that hold any text, white space made single spaces."""
    return [" ".join(cell.split()) for cell in row if cell]


def _align_repeated_headers(placed: Sequence[_Placed]) -> None:
    """Place the header at the foot of a page as where it is printed again, over the figures of its columns."""
    for before, item in pairwise(placed):
        above, table = before.content, item.content
        if not isinstance(above, PageTable) or not isinstance(table, PageTable) or item.page != before.page + 1:
            continue
        depth = min(table.marked, len(above.rows))
        repeated = depth > 0 and all(_texts(above.rows[row]) == _texts(table.rows[row]) for row in range(depth))
        if above.is_bold and repeated and follows(above, table):
            above.rows[:depth] = table.rows[:depth]
            kept = {place: span for place, span in above.spans.items() if place[0] >= depth}
            above.spans = kept | {place: span for place, span in table.spans.items() if place[0] < depth}
            above.marked = depth


def _refuse_rest(placed: Sequence[_Placed]) -> None:
    """Refuse rows without a header right below a table that was refused: their header is not known."""
    for before, item in pairwise(placed):
        table = item.content
        above = before.content
        if not isinstance(above, Refused) or not isinstance(table, PageTable):
            continue
        if item.page not in (before.page, before.page + 1):
            continue
        begins_whole = tuple(" ".join(cell.split()) for cell in table.rows[0] if cell) == above.header
        if begins_whole and above.header:
            # The header is printed again: nothing was lost with its first part.
            header = " ".join(above.header)
            before.content = Paragraph(
                header, (0.0, False, 0), above.top, 1, is_tagged=True, words=frozenset(above.words)
            )
        elif above.header or (table.marked == 0 if item.page > before.page else _is_headless(table)):
            item.content = refused(table, REST)


def _is_headless(table: PageTable) -> bool:
    """Whether a table of several columns begins with a row of figures, or with labels alone over one."""
    labels = next((index for index, row in enumerate(table.rows) if any(row[1:])), 0)
    figures = [cell for cell in table.rows[labels][1:] if is_number(cell) and not YEAR_CELL.fullmatch(cell)]
    return table.marked <= labels and len(table.columns) > 2 and bool(figures)


def _join_torn_rows(placed: Sequence[_Placed]) -> None:
    """Join the halves of rows with figures that the end of a page went through: a label would be cut off."""
    for before, item in pairwise(placed):
        above, table = before.content, item.content
        if not isinstance(above, PageTable) or not isinstance(table, PageTable) or item.page != before.page + 1:
            continue
        start = table.marked
        if len(table.rows) <= start or len(above.rows) <= above.marked or not follows(above, table):
            continue
        others = [*above.rows[:-1], *table.rows[start + 1 :]]
        if not _are_halves(above.rows[-1], table.rows[start], others):
            continue
        rest = table.rows.pop(start)
        above.rows[-1] = [join_texts([a, b]) if a and b else a or b for a, b in zip(above.rows[-1], rest, strict=True)]
        table.spans = {
            (row - (row > start), column): span for (row, column), span in table.spans.items() if row != start
        }


def _are_halves(last: Sequence[str], first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether two rows are the halves of one: the second goes on with texts of the first, in lower case.

    The figures stand in one of the halves. In the second they could be those of a row whose label begins in lower case,
    as they do where other rows have such labels.
    """
    pairs = [(a, b) for a, b in zip(last, first, strict=True) if b]
    texts = [(a, b) for a, b in pairs if not is_number(b)]
    if not texts or not all(a and not is_number(a) and _goes_on(b) for a, b in texts):
        return False
    above = any(is_number(cell) for cell in last[1:])
    below = any(is_number(cell) for cell in first[1:])
    if above == below:
        return False
    return above or not any(row[0][:1].islower() and any(map(is_number, row[1:])) for row in others)


def _goes_on(text: str) -> bool:
    """Whether a text begins in the middle of another: in lower case, or with signs only, as ``%``."""
    return text[:1].islower() or not any(char.isalnum() for char in text)


def _refuse_cut_headers(placed: Sequence[_Placed]) -> None:
    """Refuse a table whose header begins at the foot of the page before: its headers are halves of words."""
    for before, item in pairwise(placed):
        above, table = before.content, item.content
        if (
            isinstance(above, PageTable)
            and isinstance(table, PageTable)
            and item.page == before.page + 1
            and above.marked == 0
            and table.marked > 0
            and above.is_bold
            and _is_cut_header(above, table)
        ):
            before.content, item.content = refused(above, HEADER_CUT), refused(table, HEADER_CUT)


def _refuse_parted_headers(placed: Sequence[_Placed]) -> None:
    """Refuse figures without a header close below what is nothing but a header: they belong together."""
    for index, item in enumerate(placed):
        table = item.content
        if not isinstance(table, PageTable) or not _is_headless(table):
            continue
        for near in placed[max(0, index - 2) : index]:
            above = near.content
            if near.page == item.page and isinstance(above, PageTable) and above.is_bold and len(above.columns) > 2:
                near.content, item.content = refused(above, PARTED), refused(table, PARTED)


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
    above = before.content if before is not None and before.page in (page.number - 1, page.number) else None
    if before is not None and before.page == page.number:
        goes_on = isinstance(above, PageTable) and goes_on_beside(above, table)
    else:
        goes_on = isinstance(above, PageTable) and follows(above, table)
    # The part above marks its header by weight and this part begins without: its rows go on.
    # Where tags state headers, a bold first row without such a tag is a row.
    untagged = isinstance(above, PageTable) and above.below_tag and table.is_tagged and table.header_rows is None
    headless = goes_on and isinstance(above, PageTable) and above.below_mark and (table.marked == 0 or untagged)
    table.below_tag = (untagged and goes_on) or (table.is_tagged and table.header_rows is not None)
    table.below_mark = headless or table.marked > 0
    return Grid(
        tuple(tuple(page.place(text) for text in row) for row in table.rows),
        page=page.number,
        header_rows=0 if headless else table.header_rows,
        spans=tuple((*place, *span) for place, span in sorted(table.spans.items())),
        follows=goes_on,
    )


def _page_items(page: _Page, dropped: set[int], known: Collection[str], given: Sequence[PageTable]) -> list[_Placed]:
    """Tables and paragraphs of one page in reading order.

    ``known`` are the words of the document, ``given`` tables of the page that need not be sought.
    """
    words = [word for word in page.text.words if id(word) not in dropped]
    leading = prose_leading(make_lines(words))
    tables: list[PageTable | Refused] = list(given)
    held = {key for table in given for key in table.words}
    words = [word for word in words if id(word) not in held]
    for tagged in _tagged(page, words):
        tables.append(tagged)
        words = [word for word in words if id(word) not in tagged.words]
    for lattice in find_lattices(page.drawing):
        try:
            table = lattice_table(lattice, words, page.text.turned, leading, known)
        except Exception as error:
            inside = {id(w) for w in words if lattice.holds((w.x0 + w.x1) / 2, w.y - 0.3 * w.size)}
            tables.append(Refused(lattice.ys[0], lattice.xs[0], _reason(error), words=inside))
            words = [w for w in words if id(w) not in inside]
            continue
        if table is not None:
            tables.append(table)
            words = [word for word in words if id(word) not in table.words]
    placed: list[_Placed] = []
    parts = zones(words, tables, page.drawing.across)
    for zone in parts:
        lines = make_lines(zone.words)
        drawing = page.drawing if len(parts) == 1 else _drawing_of(page.drawing, zone.words)
        found = list(zone.tables)
        taken: set[int] = set()
        for region in find_regions(lines, drawing):
            is_first = not placed and not found and region.lines[0] is lines[0]
            is_last = region.lines[-1] is lines[-1]
            try:
                table = region_table(region, drawing, leading, known, is_first=is_first, is_last=is_last)
            except Exception as error:
                inside = {id(word) for line in region.lines for segment in line.segments for word in segment.words}
                top, left = region.lines[0].segments[0].top, region.lines[0].x0
                found.append(Refused(top, left, _reason(error), words=inside))
                taken |= inside
                continue
            if table is not None:
                title = title_beside(lines, region.lines[0])
                if title is not None:
                    table.top = max(table.top, title.y)
                found.append(table)
                taken |= table.words
        spare = [line for line in lines if not any(id(w) in taken for s in line.segments for w in s.words)]
        placed.extend(_in_order(page.number, found, spare))
    return placed


def _reason(error: Exception) -> str:
    """Why the table in a part of a page is left out: it cannot be told how it is to be read, or a fault of ours."""
    return error.reason if isinstance(error, Untold) else fault_of(error)


ZONE_MARGIN = 8.0
"""Points by which the rules of a table may reach beyond its text."""


def _drawing_of(drawing: Drawing, words: Sequence[Word]) -> Drawing:
    """The rules and areas that stand in one part of a page."""
    left = min((word.x0 for word in words), default=0.0) - ZONE_MARGIN
    right = max((word.x1 for word in words), default=0.0) + ZONE_MARGIN
    return replace(
        drawing,
        across=[rule for rule in drawing.across if left <= (rule.start + rule.end) / 2 <= right],
        down=[rule for rule in drawing.down if left <= rule.at <= right],
        areas=[area for area in drawing.areas if left <= (area.x0 + area.x1) / 2 <= right],
    )


def _tagged_line(content: Paragraph, page: int) -> Line:
    """A text of a file that tags its headings; bold lines between them are headings that the author did not style."""
    level = content.level if any(char.isalpha() for char in content.text) else None
    bold = content.style[1] and not content.is_item and can_be_heading(content)
    return Line(
        content.text,
        level=level,
        bold=bold,
        page=page,
        outline=level is not None,
        body=content.is_item,
        is_prose=level is None and not bold,
    )


MAX_UNTAGGED = 0.02
"""Share of the words between the first and the last tagged one that may lack a tag."""


def _tagged_items(page: _Page, given: Sequence[PageTable]) -> list[_Placed]:
    """Tables and paragraphs of a page as its tags have them; empty where they leave anything out.

    What stands above or below all that is tagged is no part of the text: running headers, the repeated heads of tables.
    A table of ``given``, which tags do not name, stands where the first of its words is tagged.
    """
    held = {key for table in given for key in table.words}
    by_content = _by_content(page, page.text.words)
    given_by_content = {
        word.style.content: table for table in given for word in page.text.words if id(word) in table.words
    }
    by_content = {
        content: kept for content, whole in by_content.items() if (kept := [w for w in whole if id(w) not in held])
    }
    placed: list[_Placed] = []
    waiting = list(given)
    for block in page.tags:
        for content in [*block.ids, *(key for row in block.rows for cell in row for key in cell.ids)]:
            untagged = given_by_content.get(content)
            if untagged is not None and any(untagged is table for table in waiting):
                waiting = [table for table in waiting if table is not untagged]
                placed.append(_Placed(page.number, untagged))
        if block.rows:
            table = tagged_table(block.rows, by_content)
            if table is not None:
                placed.append(_Placed(page.number, table))
                held |= table.words
                continue
            cells = [cell for row in block.rows for cell in row if any(by_content.get(i) for i in cell.ids)]
            if block is page.tags[-1] and cells and all(cell.is_header for cell in cells):
                texts = tuple(" ".join(word.text for word in cell.words) for cell in cells)
                found = [word for cell in cells for word in cell.words]
                top, left = min(w.y for w in found), min(w.x0 for w in found)
                inside = {id(word) for word in found}
                placed.append(_Placed(page.number, Refused(top, left, HEADER_ONLY, texts, words=inside)))
                held |= inside
                continue
            if max(sum(cell in cells for cell in row) for row in block.rows) > 1:
                return []
            blocks = [TaggedBlock(ids=cell.ids) for cell in cells]
        else:
            blocks = [block]
        for text in blocks:
            words = [word for content in text.ids for word in by_content.get(content, ())]
            if words:
                paragraph = tagged_paragraph(make_lines(words), text.level, is_item=text.is_item)
                placed.append(_Placed(page.number, paragraph))
                held |= {id(word) for word in words}
    placed.extend(_Placed(page.number, table) for table in waiting)
    tagged = [word for word in page.text.words if id(word) in held]
    if len(placed) == len(given) or not tagged:
        return []
    top, bottom = min(word.y for word in tagged), max(word.y for word in tagged)
    loose = [word for word in page.text.words if id(word) not in held and top <= word.y <= bottom]
    if len(loose) > MAX_UNTAGGED * len(tagged):
        return []
    return [*placed, *(_Placed(page.number, paragraph) for paragraph in paragraphs(make_lines(loose)))]


def _by_content(page: _Page, words: Sequence[Word]) -> dict[int, list[Word]]:
    """Words by the marked content that they are printed in."""
    found: dict[int, list[Word]] = {}
    for word in (*words, *page.text.turned):
        if word.style.content >= 0:
            found.setdefault(word.style.content, []).append(word)
    return found


def _tagged(page: _Page, words: Sequence[Word]) -> list[PageTable]:
    """The tables of the tag tree that hold everything that is printed within their bounds."""
    by_content = _by_content(page, words)
    found = [table for block in page.tags if (table := tagged_table(block.rows, by_content)) is not None]
    return [
        table
        for table in found
        if not any(
            table.x0 < (word.x0 + word.x1) / 2 < table.x1
            and table.top < word.y < table.bottom
            and id(word) not in table.words
            for word in words
        )
    ]


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
