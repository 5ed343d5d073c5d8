"""Words of one PDF page, with place, size and style, from the characters that PDFium sees.

Belongs here: the calls for characters, rotated pages and rotated text, superscripts, characters without a Unicode
value. Does not belong here: which words make a line, a cell or a heading (``layout``, ``tables``).
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, repeat
from statistics import median
from typing import Any

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.calls import INT, POINTER, prototype
from dagster_project.extract.pdf.frame import Frame
from dagster_project.extract.pdf.glyphs import contradiction
from dagster_project.extract.pdf.seen import Unseen, unseen_characters
from dagster_project.extract.spelling import normalised

SPLIT_EM = 0.13
"""A gap between glyphs wider than this share of the size divides words; a plain space is 0.25, kerning up to 0.1."""
THIN_EM = 0.07
"""A gap between digits wider than this share of the size may part thousands: digits are not kerned apart."""
THIN_SPACE = "\u2009"
THOUSANDS = re.compile(r"\D*\d{1,3}(?:\u2009\d{3})+(?:\D.*)?")
SUPERSCRIPT_SHARE = 0.85
SUPERSCRIPTS = str.maketrans("0123456789)", "⁰¹²³⁴⁵⁶⁷⁸⁹⁾")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
REPLACEMENT = "\ufffd"
PRIVATE_BULLETS = frozenset("\uf0b7\uf0a7\uf0d8\uf0fc\uf02d\uf076\uf0e8")
"""Bullets of Symbol and Wingdings, which have no Unicode value of their own."""
CELL_GAP_EM = 0.5
"""A gap of this share of the size with no space character in it may part two cells."""
MIN_GAPS = 20
"""Gaps between words on a page from which it can be told whether its writer prints spaces."""
MIN_FONT_GAPS = 5
PRINTED_SHARE = 0.75
"""Share of narrow gaps with a printed space; the others part cells that stand close to each other."""
WIDER = 1.12
"""How many times wider than the usual space of its font a gap without a space must be to part cells."""
LINE_END_HYPHENS = "\x02\ufffe\u00ad"
"""What PDFium says for a hyphen at the end of a line, and what fonts say for the hyphen that they draw."""
COMBINING_MARKS = {
    "`": "\u0300",
    "\u00b4": "\u0301",
    "^": "\u0302",
    "\u02c6": "\u0302",
    "~": "\u0303",
    "\u02dc": "\u0303",
    "\u00a8": "\u0308",
    "\u00b0": "\u030a",
    "\u02da": "\u030a",
    "\u00b8": "\u0327",
}
"""Accents that are printed as characters of their own, over the letter before or behind them."""
NO_GLYPH = "\n"
"""What stands for what is not read, or was set on its letter: like the end of a line, neither glyph nor space."""
DOUBTFUL = 2 * REPLACEMENT
"""Stands for a glyph of which it is not certain what it shows; a single one would be a picture (``_text_of``)."""


@dataclass(frozen=True, slots=True)
class Style:
    """What tells a heading from prose. ``size`` in points, rounded to halves; ``angle`` in degrees clockwise."""

    size: float
    bold: bool
    font: str
    colour: int
    angle: int
    visible: bool
    content: int = -1
    """Number of the marked content it is printed in, which the tag tree refers to; -1 where it is not tagged."""


@dataclass(slots=True)
class Word:
    """Glyphs without a gap. Coordinates in points from the top left corner of the page as it is shown.

    ``y`` is the baseline; ``spaced`` says that the writer printed a space character before the word; ``cell_gap``
    is the gap, as a share of the size, from which the word, if it is not ``spaced``, may begin another cell.
    """

    x0: float
    x1: float
    y: float
    text: str
    style: Style
    spaced: bool
    cell_gap: float = CELL_GAP_EM
    rise: float | None = None
    """Height above ``y`` of text that runs at an angle."""
    is_cut: bool = False
    """Whether the page ends in the middle of what is printed here: the next word, or its own end, lies beyond."""
    order: int = 0
    """Place in the order of drawing: writers draw a table cell by cell, row after row."""

    @property
    def size(self) -> float:
        """Height of the font in points."""
        return self.style.size


@dataclass(frozen=True, slots=True)
class PageText:
    """The words of a page: those in the reading direction and those at an angle to it (side labels, stamps)."""

    frame: Frame
    words: list[Word]
    turned: list[Word]
    characters: int
    unmapped: int
    """Glyphs without a Unicode value."""
    hidden: tuple[str, ...] = ()
    """Texts of the file that nobody sees on the page."""
    is_doubtful: bool = False
    """Whether figures are printed over others, or stand for others than they show."""
    contradiction: str | None = None
    """A digit that a font draws as another than its character map names."""


_loose_box = prototype(pdfium.FPDFText_GetLooseCharBox, INT, POINTER, INT, POINTER)
_origin = prototype(pdfium.FPDFText_GetCharOrigin, INT, POINTER, INT, POINTER, POINTER)
_is_generated = prototype(pdfium.FPDFText_IsGenerated, INT, POINTER, INT)
_unicode = prototype(pdfium.FPDFText_GetUnicode, ctypes.c_uint, POINTER, INT)
_map_error = prototype(pdfium.FPDFText_HasUnicodeMapError, INT, POINTER, INT)
_object = prototype(pdfium.FPDFText_GetTextObject, POINTER, POINTER, INT)
_font_size = prototype(pdfium.FPDFText_GetFontSize, ctypes.c_double, POINTER, INT)
_matrix = prototype(pdfium.FPDFText_GetMatrix, INT, POINTER, INT, POINTER)
_font_info = prototype(pdfium.FPDFText_GetFontInfo, ctypes.c_ulong, POINTER, INT, POINTER, ctypes.c_ulong, POINTER)
_weight = prototype(pdfium.FPDFText_GetFontWeight, INT, POINTER, INT)
_fill = prototype(pdfium.FPDFText_GetFillColor, INT, POINTER, INT, POINTER, POINTER, POINTER, POINTER)
_render_mode = prototype(pdfium.FPDFTextObj_GetTextRenderMode, INT, POINTER)
_content = prototype(pdfium.FPDFPageObj_GetMarkedContentID, INT, POINTER)


def read_words(page: Any, text_page: Any, frame: Frame) -> PageText:
    """The words of a page.

    Args:
        page: PDFium page handle.
        text_page: PDFium text page handle.
        frame: how the page is shown.

    Returns:
        Words in the order in which they are drawn. If most of the text runs at an angle, the frame is turned with it.
    """
    reader = _Reader(page, text_page, frame)
    words, apart = reader.words(frame, reader.all_indexes(), 0)
    counts: Counter[int] = Counter()
    counts[0] = sum(len(word.text) for word in words)
    for angle, indexes in apart.items():
        counts[angle] = len(indexes)
    angle = max(counts, key=lambda key: (counts[key], key == 0))
    if angle:
        frame = frame.turned(angle)
        words, apart = reader.words(frame, reader.all_indexes(), 0)
    turned: list[Word] = []
    for other, indexes in sorted(apart.items()):
        if other % 90 == 0:
            side = frame.turned(other)
            found, _ = reader.words(side, indexes, other)
            turned.extend(_seen_from(frame, side, other, word) for word in found)
    words = [word for word in words if _on_page(word, frame)]
    for order, word in enumerate(words):
        word.order = order
    turned = [word for word in turned if _on_page(word, frame)]
    return PageText(
        frame,
        words,
        turned,
        characters=reader.glyphs,
        unmapped=reader.unmapped,
        hidden=tuple(reader.hidden),
        is_doubtful=reader.is_doubtful,
        contradiction=reader.contradiction(),
    )


def _on_page(word: Word, frame: Frame) -> bool:
    """Whether a word can be seen: printers' marks stand beside the page, damaged files put text anywhere."""
    return word.x0 >= -1 and word.x1 <= frame.width + 1 and 0 <= word.y <= frame.height + 1


def measure_spaces(pages: Sequence[Sequence[Word]]) -> None:
    """Set the gap that parts cells for words without a space before them, on pages that print their spaces.

    Word and LibreOffice print all spaces, so a gap without one that is wider than the font's space parts two cells,
    however narrow it is. Chromium leaves spaces out, all or those of some fonts, and justified text stretches them.
    A page with too few gaps between words is taken to be like all others of its document.
    """
    found = [_Gaps.of(words) for words in pages]
    document = _Gaps.of([])
    for gaps in found:
        document.add(gaps)
    for words, gaps in zip(pages, found, strict=True):
        (gaps if len(gaps.spaced) >= MIN_GAPS else document).apply(words)


@dataclass(slots=True)
class _Gaps:
    """Narrow gaps between words on one line, as shares of the size."""

    by_font: dict[str, list[float]]
    printed: Counter[tuple[str, bool]]
    """How many have a space printed in them, and how many have none, by font."""
    spaced: list[bool]
    """Whether one is printed, for the gaps between letters: what parts thousands is printed in other ways."""

    @classmethod
    def of(cls, words: Sequence[Word]) -> _Gaps:
        gaps = cls(defaultdict(list), Counter(), [])
        for before, after in pairwise(words):
            gap = (after.x0 - before.x1) / after.size
            if after.y == before.y and SPLIT_EM < gap < CELL_GAP_EM:
                gaps.by_font[after.style.font].append(gap)
                gaps.printed[after.style.font, after.spaced] += 1
                if before.text[-1].isalpha() and after.text[0].isalpha():
                    gaps.spaced.append(after.spaced)
        return gaps

    def add(self, other: _Gaps) -> None:
        for font, found in other.by_font.items():
            self.by_font[font].extend(found)
        self.printed.update(other.printed)
        self.spaced.extend(other.spaced)

    def apply(self, words: Sequence[Word]) -> None:
        """Set the gaps of the words of a page, if spaces are printed."""
        if len(self.spaced) < MIN_GAPS or sum(self.spaced) < PRINTED_SHARE * len(self.spaced):
            return
        usual = {font: median(found) for font, found in self.by_font.items() if len(found) >= MIN_FONT_GAPS}
        for word in words:
            word.cell_gap = min(CELL_GAP_EM, WIDER * usual.get(word.style.font, CELL_GAP_EM))
        spaces = {
            font: median(found)
            for font, found in self.by_font.items()
            if self.printed[font, True] >= PRINTED_SHARE * len(found)
        }
        _part_aligned(words, spaces)
        _part_flush(words)


MIN_ALIGNED = 2
"""Lines on which two words without a space between them must meet at the same places to be cells."""


SPACE_TOLERANCE_EM = 0.02


def _part_aligned(words: Sequence[Word], spaces: Mapping[str, float]) -> None:
    """Part words without a space between them that meet at the same x on several lines: cells right and left aligned.

    The room between two such cells may be narrower than a space.

    Args:
        words: words as drawn.
        spaces: width of the space, as a share of the size, of every font that prints its spaces.
    """
    meeting: dict[tuple[int, int], list[Word]] = defaultdict(list)
    for before, after in pairwise(words):
        gap = (after.x0 - before.x1) / after.size
        # What stands between digits may be the space that parts thousands.
        digits = before.text[-1].isdigit() and after.text[0].isdigit()
        space = spaces.get(after.style.font, gap)
        if abs(gap - space) < SPACE_TOLERANCE_EM or digits or after.spaced:
            continue
        if after.y == before.y and SPLIT_EM < gap < after.cell_gap:
            meeting[round(before.x1), round(after.x0)].append(after)
    for found in meeting.values():
        if len({word.y for word in found}) >= MIN_ALIGNED:
            for word in found:
                word.cell_gap = SPLIT_EM


MIN_FLUSH = 3
"""Cells that must begin where a figure right behind a label does for it to be a cell."""
FLUSH_POINTS = 0.3


def _part_flush(words: Sequence[Word]) -> None:
    """Part a figure from a label that takes all the room of its cell, where the figures of its column begin.

    Call it for a page that prints its spaces only: none is printed between the two.
    """
    starts: dict[int, list[float]] = defaultdict(list)
    found: list[Word] = []
    for before, after in pairwise(words):
        gap = (after.x0 - before.x1) / after.size
        if after.y != before.y or gap > SPACED_APART_EM:
            starts[round(after.x0)].append(after.x0)
        elif (
            not after.spaced
            and SPLIT_EM < gap < after.cell_gap
            and (before.text[-1].isalpha() or before.text[-1] == ")")
            and FIGURE_START.match(after.text)
        ):
            found.append(after)
    for word in found:
        near = [x for at in range(-1, 2) for x in starts[round(word.x0) + at]]
        if sum(abs(x - word.x0) < FLUSH_POINTS for x in near) >= MIN_FLUSH:
            word.cell_gap = SPLIT_EM


SPACED_APART_EM = 0.85
"""A gap that parts cells, a space in it or not."""
FIGURE_START = re.compile(r"[-\u2212\u2013]?\d|[-\u2212\u2013]$")


def _seen_from(frame: Frame, side: Frame, angle: int, word: Word) -> Word:
    """A word at an angle with the box it takes on the page; its baseline becomes the bottom of that box."""
    rise = word.x1 - word.x0
    if angle == 90:
        return replace(word, x0=side.height - word.y, x1=side.height - word.y + word.size, y=word.x1, rise=rise)
    if angle == 270:
        return replace(word, x0=word.y - word.size, x1=word.y, y=frame.height - word.x0, rise=rise)
    return replace(word, x0=frame.width - word.x1, x1=frame.width - word.x0, y=frame.height - word.y + word.size)


class _Reader:
    """Characters of one page in plain lists, fetched in bulk."""

    def __init__(self, page: Any, text_page: Any, frame: Frame) -> None:
        self.handle: int = ctypes.cast(text_page, ctypes.c_void_p).value or 0
        count = max(0, pdfium.FPDFText_CountChars(text_page))
        self.count = count
        self.text = self._text(text_page, count)
        boxes, points = (ctypes.c_float * (4 * count))(), (ctypes.c_double * (2 * count))()
        start = ctypes.addressof(boxes)
        _run(map(_loose_box, repeat(self.handle), range(count), range(start, start + 16 * count, 16)))
        start = ctypes.addressof(points)
        ends = range(start, start + 16 * count, 16), range(start + 8, start + 8 + 16 * count, 16)
        _run(map(_origin, repeat(self.handle), range(count), *ends))
        self.boxes: list[float] = boxes[:]
        self.points: list[float] = points[:]
        self.glyphs = 0
        self.unmapped = 0
        self._styles: dict[int, Style] = {}
        self._names: dict[tuple[str, int], tuple[bool, str]] = {}
        self.hidden: list[str] = []
        unseen = unseen_characters(page, self.handle, self.text, self.boxes, frame)
        self._digits = unseen.digits
        self._leave_out(unseen)
        self._count_glyphs()
        self._compose()

    def _text(self, text_page: Any, count: int) -> list[str]:
        buffer = (ctypes.c_ushort * (count + 1))()
        written = pdfium.FPDFText_GetText(text_page, 0, count, buffer) if count else 0
        text = bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
        if len(text) == count:
            return list(text)
        # PDFium leaves characters without a Unicode value out of its text: the two can only be matched one by one.
        codes = map(_unicode, repeat(self.handle), range(count))
        return [chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else REPLACEMENT for code in codes]

    def _count_glyphs(self) -> None:
        for index, char in enumerate(self.text):
            if char.isspace():
                continue
            self.glyphs += 1
            if char in LINE_END_HYPHENS and (char == "\u00ad" or self._ends_line(index)):
                self.text[index] = "-"
            elif char in LINE_END_HYPHENS:
                # A ligature that the font has no letters for: its word is damaged, the others can be read.
                self.text[index] = REPLACEMENT
            elif char == DOUBTFUL:
                continue
            elif char == REPLACEMENT or (char >= "\ue000" and unicodedata.category(char) == "Co"):
                self.text[index] = "•" if char in PRIVATE_BULLETS else REPLACEMENT
                self.unmapped += char not in PRIVATE_BULLETS
            elif char < " ":
                self.text[index] = REPLACEMENT
                self.unmapped += 1

    def contradiction(self) -> str | None:
        """The first digit of the page that its font draws as another."""
        found = (contradiction(font, digits) for font, digits in self._digits.items() if font)
        return next((text for text in found if text), None)

    def _ends_line(self, index: int) -> bool:
        """Whether the next character stands on another line, or there is none."""
        after = next((other for other in range(index + 1, self.count) if not self.text[other].isspace()), None)
        if after is None:
            return True
        x, y = self.points[2 * index : 2 * index + 2]
        other_x, other_y = self.points[2 * after : 2 * after + 2]
        size = abs(self.boxes[4 * index + 1] - self.boxes[4 * index + 3]) or 1.0
        # A page may be turned: on its line a character stands close to the one before it.
        return max(abs(x - other_x), abs(y - other_y)) > size

    def _leave_out(self, unseen: Unseen) -> None:
        """Characters that nobody sees are not read, but for ends of names; what is not certain has no meaning."""
        read = {place for index, tail in unseen.tails.items() for place in range(index + 1, index + 1 + len(tail))}
        told = unseen.hidden - read
        for index in sorted(told):
            if index - 1 in told and self.hidden:
                self.hidden[-1] += self.text[index]
            else:
                self.hidden.append(self.text[index])
        for index in unseen.hidden:
            self.text[index] = NO_GLYPH
        for index, tail in unseen.tails.items():
            self.text[index] += re.sub(r"\s+", " ", tail)
        self.is_doubtful = bool(unseen.doubtful)
        for index in unseen.doubtful:
            self.text[index] = DOUBTFUL

    def _compose(self) -> None:
        """Set marks that are glyphs of their own on the letters that they are printed over."""
        for index, char in enumerate(self.text):
            if len(char) > 1:
                continue
            mark = COMBINING_MARKS.get(char) or (char if char > "\u02ff" and unicodedata.combining(char) else None)
            if mark is None:
                continue
            for other in (index - 1, index + 1):
                if 0 <= other < self.count and self.text[other].isalpha() and self._covers(other, index):
                    composed = unicodedata.normalize("NFC", self.text[other] + mark)
                    if len(composed) == 1:
                        self.text[other], self.text[index] = composed, NO_GLYPH
                        break

    def _covers(self, letter: int, mark: int) -> bool:
        """Whether the middle of a mark lies in the box of a letter, or at its end where the mark has no width."""
        left, top, right, bottom = self.boxes[4 * letter : 4 * letter + 4]
        own = self.boxes[4 * mark : 4 * mark + 4]
        x, y = (own[0] + own[2]) / 2, (own[1] + own[3]) / 2
        slack = 0.1 * min(abs(right - left), abs(top - bottom))
        return (
            min(left, right) - slack <= x <= max(left, right) + slack
            and min(top, bottom) - slack <= y <= max(top, bottom) + slack
        )

    def all_indexes(self) -> range:
        return range(self.count)

    def words(self, frame: Frame, indexes: Iterable[int], angle: int) -> tuple[list[Word], dict[int, list[int]]]:
        """Words that run from left to right in ``frame``, and the indexes of all other characters by their angle."""
        found: list[Word] = []
        apart: dict[int, list[int]] = {}
        text, boxes, points = self.text, self.boxes, self.points
        a, b, c, d, e, f = frame.a, frame.b, frame.c, frame.d, frame.e, frame.f
        x0 = x1 = y = 0.0
        glyphs: list[str] = []
        style: Style | None = None
        parted = spaced = False
        limit = near = thin = 0.0
        direction = angle

        def close() -> None:
            if glyphs and style is not None and style.visible:
                found.append(Word(x0, x1, y, _text_of(glyphs), style, spaced_word))

        spaced_word = False
        for index in indexes:
            char = text[index]
            if char.isspace():
                if not (char in "\r\n" or _is_generated(self.handle, index)):
                    parted = spaced = True
                continue
            at = 2 * index
            px, py = points[at], points[at + 1]
            left, base = a * px + c * py + e, b * px + d * py + f
            box = 4 * index
            right = max(a * boxes[box] + c * boxes[box + 3] + e, a * boxes[box + 2] + c * boxes[box + 1] + e)
            if style is not None and not parted and abs(base - y) < near and -limit * 3 < left - x1 < limit:
                if left - x1 > thin and char.isdigit() and glyphs[-1].isdigit():
                    glyphs.append(THIN_SPACE)
                glyphs.append(char)
                if right > x1:
                    x1 = right
                continue
            found_style = self.style(index, frame)
            if found_style.angle != direction % 360 and found_style.angle != 0:
                apart.setdefault(found_style.angle, []).append(index)
                continue
            if style is not None and glyphs:
                close()
            style, x0, x1, y, glyphs = found_style, left, right, base, [char]
            limit, near, thin = SPLIT_EM * style.size, 0.12 * style.size, THIN_EM * style.size
            spaced_word, parted, spaced = spaced, False, False
        if glyphs:
            close()
        _level_superscripts(found)
        return found, apart

    def style(self, index: int, frame: Frame) -> Style:
        """Style of a character; its angle is that of the text in ``frame``."""
        pointer = _object(self.handle, index) or 0
        key = hash((pointer, frame.a, frame.b)) if pointer else -index - 1
        known = self._styles.get(key)
        if known is not None:
            return known
        matrix = (ctypes.c_float * 6)(1, 0, 0, 1, 0, 0)
        _matrix(self.handle, index, ctypes.addressof(matrix))
        dx = frame.a * matrix[0] + frame.c * matrix[1]
        dy = frame.b * matrix[0] + frame.d * matrix[1]
        angle = round(math.degrees(math.atan2(dy, dx))) % 360
        angle = next((right for right in (0, 90, 180, 270, 360) if abs(angle - right) <= 3), angle) % 360
        size = _font_size(self.handle, index) * math.hypot(matrix[2], matrix[3])
        colour = (ctypes.c_uint * 4)()
        start = ctypes.addressof(colour)
        _fill(self.handle, index, start, start + 4, start + 8, start + 12)
        name, flags = self._font(index)
        weight = _weight(self.handle, index)
        plain = name.split("+")[-1].casefold()
        bold = (
            weight >= 600
            or any(part in plain for part in ("bold", "black", "heavy", "semib", "demi"))
            or bool(flags & (1 << 18))
        )
        # Mode 3 draws nothing: the text layer that text recognition lays over a scan.
        visible = not (pointer and _render_mode(pointer) == 3)
        style = Style(
            max(0.5, round(size * 2) / 2),
            bold,
            plain,
            colour[0] << 16 | colour[1] << 8 | colour[2],
            angle,
            visible,
            _content(pointer) if pointer else -1,
        )
        self._styles[key] = style
        return style

    def _font(self, index: int) -> tuple[str, int]:
        buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        _font_info(self.handle, index, ctypes.addressof(buffer), 128, ctypes.addressof(flags))
        return buffer.value.decode("utf-8", "replace"), flags.value


def _text_of(glyphs: Sequence[str]) -> str:
    """The glyphs of a word; narrow gaps between digits stay where they part thousands, else they are tracking."""
    text = normalised("".join(glyphs))
    if text == REPLACEMENT:
        # One glyph of its own without a meaning is a picture: a check mark or bullet of a font of symbols.
        return "•"
    if THIN_SPACE not in text or THOUSANDS.fullmatch(text):
        return text
    return text.replace(THIN_SPACE, "")


def _run(calls: Iterable[Any]) -> None:
    deque(calls, maxlen=0)


def _level_superscripts(words: list[Word]) -> None:
    """Put raised or lowered small words on the baseline of the neighbour that they are printed against.

    Their digits become superscript or subscript characters: a footnote mark must not become a digit of the number
    that it stands behind (``13,1`` with note 2 is not ``13,12``).
    """
    for before, after in pairwise(words):
        small, large = (after, before) if after.size < before.size else (before, after)
        if small.size > SUPERSCRIPT_SHARE * large.size or small.y == large.y:
            continue
        if abs(small.y - large.y) < 0.6 * large.size and -0.1 * large.size < after.x0 - before.x1 < 0.3 * large.size:
            if small.text.isascii():
                small.text = small.text.translate(SUPERSCRIPTS if small.y < large.y else SUBSCRIPTS)
            small.y = large.y
