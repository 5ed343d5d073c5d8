"""Which characters of a PDF page a person does not see, or sees as something else than the file says.

Belongs here: text that is drawn without ink, in the colour of what lies under it, outside its clip, under what is drawn
later, over other text, or with another meaning attached. Does not belong here: what is made of it (``characters``), and
whether a font draws what its map says (``glyphs``).

The order and the places of the objects on the page say what may be unseen; one picture of the page decides. Pages with
nothing of the kind are never drawn.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, repeat
from typing import Any

import pypdfium2.raw as pdfium

from dagster_project.extract.pdf.calls import INT, POINTER, address_of, prototype
from dagster_project.extract.pdf.frame import Frame

Box = tuple[float, float, float, float]
"""Left, bottom, right and top in user space."""

WITHOUT_INK = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
FILLED = (
    pdfium.FPDF_TEXTRENDERMODE_FILL,
    pdfium.FPDF_TEXTRENDERMODE_FILL_CLIP,
)
DRAWING_COMMENTS = (
    pdfium.FPDF_ANNOT_FREETEXT,
    pdfium.FPDF_ANNOT_SQUARE,
    pdfium.FPDF_ANNOT_CIRCLE,
    pdfium.FPDF_ANNOT_POLYGON,
    pdfium.FPDF_ANNOT_STAMP,
    pdfium.FPDF_ANNOT_INK,
    pdfium.FPDF_ANNOT_REDACT,
)
"""Comments that may hide what lies under them; highlights and underlines do not."""
FAINT_ALPHA = 20
"""Opacity, of 255, up to which text cannot be read."""
CONTRAST = 24
"""Difference in one of red, green and blue, of 255, up to which two colours look the same."""
INK = 40
"""The same between the darkest and the lightest dot of a box with something printed in it."""
THIN = 1.5
"""Points up to which a drawn area hides no text."""
OVERLAP = 0.4
"""Share of the narrower of two figures from which one that is printed on the other makes it unreadable."""
SAME_LINE = 0.2
"""How far characters printed on each other may stand above one another, in parts of their height."""
BAND = 20.0
"""Points of height for which the layers are looked up together."""
SCALE = 2.0
MAX_DOTS = 4000
"""Dots along a side of the picture of a page."""
MAX_OBJECTS = 60_000
"""Objects of a page that are looked at; a map or a chart has more, and no table."""
MAX_DEPTH = 6
DIGITS = frozenset("0123456789")

_object_of = prototype(pdfium.FPDFText_GetTextObject, POINTER, POINTER, INT)
_char_box = prototype(pdfium.FPDFText_GetCharBox, INT, POINTER, INT, POINTER, POINTER, POINTER, POINTER)
_count_objects = prototype(pdfium.FPDFPage_CountObjects, INT, POINTER)
_object_at = prototype(pdfium.FPDFPage_GetObject, POINTER, POINTER, INT)
_count_inside = prototype(pdfium.FPDFFormObj_CountObjects, INT, POINTER)
_inside_at = prototype(pdfium.FPDFFormObj_GetObject, POINTER, POINTER, ctypes.c_ulong)
_type_of = prototype(pdfium.FPDFPageObj_GetType, INT, POINTER)
_matrix_of = prototype(pdfium.FPDFPageObj_GetMatrix, INT, POINTER, POINTER)
_bounds_of = prototype(pdfium.FPDFPageObj_GetBounds, INT, POINTER, POINTER, POINTER, POINTER, POINTER)
_fill_of = prototype(pdfium.FPDFPageObj_GetFillColor, INT, POINTER, POINTER, POINTER, POINTER, POINTER)
_is_transparent = prototype(pdfium.FPDFPageObj_HasTransparency, INT, POINTER)
_draw_mode = prototype(pdfium.FPDFPath_GetDrawMode, INT, POINTER, POINTER, POINTER)
_count_segments = prototype(pdfium.FPDFPath_CountSegments, INT, POINTER)
_render_mode = prototype(pdfium.FPDFTextObj_GetTextRenderMode, INT, POINTER)
_clip_of = prototype(pdfium.FPDFPageObj_GetClipPath, POINTER, POINTER)
_count_clips = prototype(pdfium.FPDFClipPath_CountPaths, INT, POINTER)
_count_clip_segments = prototype(pdfium.FPDFClipPath_CountPathSegments, INT, POINTER, INT)
_clip_segment = prototype(pdfium.FPDFClipPath_GetPathSegment, POINTER, POINTER, INT, INT)
_segment_point = prototype(pdfium.FPDFPathSegment_GetPoint, INT, POINTER, POINTER, POINTER)
_font_of = prototype(pdfium.FPDFTextObj_GetFont, POINTER, POINTER)
_count_marks = prototype(pdfium.FPDFPageObj_CountMarks, INT, POINTER)
_mark_at = prototype(pdfium.FPDFPageObj_GetMark, POINTER, POINTER, ctypes.c_ulong)
_floats = (ctypes.c_float * 6)()
_ints = (ctypes.c_int * 2)()
_uints = (ctypes.c_uint * 4)()
_doubles = (ctypes.c_double * 4)()
_AT = [ctypes.addressof(_floats) + 4 * index for index in range(6)]
_MODE = [ctypes.addressof(_ints) + 4 * index for index in range(2)]
_COLOUR = [ctypes.addressof(_uints) + 4 * index for index in range(4)]
_SIDES = [ctypes.addressof(_doubles) + 8 * index for index in range(4)]

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Characters of a page by their index."""

    hidden: frozenset[int] = frozenset()
    """Nobody sees them."""
    doubtful: frozenset[int] = frozenset()
    """What is seen there is not certain."""
    digits: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The digits that the text prints in each font, by the address of the font."""
    tails: Mapping[int, str] = field(default_factory=dict)
    """What the edge of its cell cuts off the end of a text without digits, by the last character of it that is seen."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is drawn on a page beside text: an area in a colour, or a picture (None)."""

    order: int
    box: Box
    colour: Colour | None
    hides: bool
    """Whether nothing that lies under it is seen."""


@dataclass(slots=True)
class _Text:
    """One text object."""

    order: int
    colour: Colour
    font: int
    clip: Box | None
    is_filled: bool
    """Whether its colour is that of its filling, without an outline."""
    is_without_ink: bool
    is_retold: bool
    """Whether the file attaches figures of its own."""
    is_on_layer: bool
    indexes: list[int] = field(default_factory=list)


def unseen_characters(page: Any, text_page: int, text: Sequence[str], boxes: Sequence[float], frame: Frame) -> Unseen:
    """The characters of a page that are not seen, or not as the file says.

    Args:
        page: PDFium handle of the page.
        text_page: address of its text page.
        text: its characters.
        boxes: left, top, right and bottom of each of them in user space, one after the other.
        frame: the page as it is shown.
    """
    return _Look(page, text_page, text, boxes, frame).result()


class _Look:
    def __init__(self, page: Any, text_page: int, text: Sequence[str], boxes: Sequence[float], frame: Frame) -> None:
        self._page = page
        self._text_page = text_page
        self._text = text
        self._boxes = boxes
        self._frame = frame
        self._layers: list[_Layer] = []
        self._orders: dict[int, tuple[int, Matrix | None]] = {}
        self._hidden: set[int] = set()
        self._doubtful: set[int] = set()
        self._texts: list[_Text] = []
        self._bands: dict[int, list[_Layer]] = {}
        self._digits: dict[int, set[str]] = defaultdict(set)

    def result(self) -> Unseen:
        for order, (item, kind, form) in enumerate(_objects(address_of(self._page))):
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                self._orders[item] = order, form
            elif order < MAX_OBJECTS and (layer := _layer(order, item, kind, form)):
                self._layers.append(layer)
        self._group()
        layered = {index for text in self._texts if text.is_on_layer for index in text.indexes}
        clipped = self._clipped()
        suspects, pale = self._under(surely=True) | clipped, self._under(surely=False) | layered | self._pale()
        if suspects or pale:
            self._settle(suspects, pale - suspects)
        tails = self._tails(clipped & self._hidden)
        self._under_comments()
        self._overprinted()
        digits = {font: frozenset(found) for font, found in self._digits.items()}
        return Unseen(frozenset(self._hidden), frozenset(self._doubtful - self._hidden), digits, tails)

    def _group(self) -> None:
        """The characters by the object that draws them; what is drawn without ink is hidden at once."""
        found: dict[int, _Text] = {}
        count = len(self._text)
        pointers = map(_object_of, repeat(self._text_page), range(count))
        start = 0
        for pointer, run in groupby(pointers):
            end = start + sum(1 for _ in run)
            indexes = [index for index in range(start, end) if not self._text[index].isspace()]
            start = end
            if not pointer or not indexes:
                continue
            text = found.get(pointer)
            if text is None:
                text = found[pointer] = self._read(pointer)
                self._texts.append(text)
            text.indexes.extend(indexes)
            self._digits[text.font].update(DIGITS.intersection(self._text[indexes[0] : end]))
            if text.is_without_ink:
                self._hidden.update(indexes)
            if text.is_retold:
                self._doubtful.update(indexes)

    def _read(self, pointer: int) -> _Text:
        mode = _render_mode(pointer)
        colour, alpha = _fill(pointer)
        order, form = self._orders.get(pointer, (MAX_OBJECTS, None))
        is_retold, is_on_layer = _marks(pointer)
        return _Text(
            order=order,
            colour=colour,
            font=_font_of(pointer) or 0,
            clip=_clip(pointer, form),
            is_filled=mode in FILLED,
            is_without_ink=mode in WITHOUT_INK or (mode in FILLED and alpha <= FAINT_ALPHA),
            is_retold=is_retold,
            is_on_layer=is_on_layer,
        )

    def _middle(self, index: int) -> tuple[float, float]:
        left, top, right, bottom = self._boxes[4 * index : 4 * index + 4]
        return (left + right) / 2, (top + bottom) / 2

    def _near(self, y: float) -> list[_Layer]:
        """The layers that may lie at a height of the page."""
        band = int(y // BAND)
        if band not in self._bands:
            low, high = band * BAND, (band + 1) * BAND
            self._bands[band] = [layer for layer in self._layers if layer.box[1] <= high and layer.box[3] >= low]
        return self._bands[band]

    def _under(self, *, surely: bool) -> set[int]:
        """Characters under areas (surely) or shapes and pictures (perhaps) that are drawn later."""
        first = min((text.order for text in self._texts), default=0)
        if not any(layer.hides and layer.order > first for layer in self._layers):
            return set()
        found: set[int] = set()
        for text in self._texts:
            for index in text.indexes:
                x, y = self._middle(index)
                if any(
                    layer.order > text.order
                    and layer.hides
                    and (layer.colour is not None) == surely
                    and _holds(layer.box, x, y)
                    for layer in self._near(y)
                ):
                    found.add(index)
        return found

    def _clipped(self) -> set[int]:
        """Characters outside the area in which their object is drawn."""
        return {
            index
            for text in self._texts
            if text.clip is not None
            for index in text.indexes
            if not _holds(text.clip, *self._middle(index))
        }

    def _tails(self, clipped: set[int]) -> dict[int, str]:
        """Ends of texts that begin in their area and run on beyond it (a name that is too long for its cell).

        A figure that is cut may be another one, so what holds a digit has no end.
        """
        found: dict[int, str] = {}
        for text in self._texts if clipped else ():
            cut = [index for index in text.indexes if index in clipped]
            seen = [index for index in text.indexes if index not in self._hidden]
            if not cut or not seen or len(cut) + len(seen) != len(text.indexes) or seen[-1] > cut[0]:
                continue
            if not any(char.isdigit() for char in self._text[seen[0] : cut[-1] + 1]):
                found[seen[-1]] = "".join(self._text[seen[-1] + 1 : cut[-1] + 1])
        return found

    def _pale(self) -> set[int]:
        """Characters in the colour of what lies under them."""
        found: set[int] = set()
        alike: dict[Colour, bool] = {}
        colours = {layer.colour for layer in self._layers if layer.colour is not None} | {WHITE}
        for text in self._texts:
            if not text.is_filled:
                continue
            if text.colour not in alike:
                alike[text.colour] = any(_is_like(text.colour, colour) for colour in colours)
            if not alike[text.colour]:
                continue
            for index in text.indexes:
                x, y = self._middle(index)
                below = (layer for layer in self._near(y) if layer.order < text.order and _holds(layer.box, x, y))
                top = max(below, key=lambda layer: layer.order, default=None)
                ground = WHITE if top is None else top.colour
                # On a picture or a shape without corners only a look at the page can tell.
                if ground is None or _is_like(ground, text.colour):
                    found.add(index)
        return found

    def _settle(self, suspects: set[int], pale: set[int]) -> None:
        """Draw the page: where there is nothing to see, nothing is printed."""
        picture = _Picture(self._page, self._frame)
        inked = {index for index in suspects | pale if self._is_inked(picture, index)}
        self._hidden |= suspects - inked
        for text in self._texts:
            # A thin letter on a picture may look like nothing; the others of its line tell.
            if pale.issuperset(text.indexes) and inked.isdisjoint(text.indexes):
                self._hidden.update(text.indexes)
        covered = suspects & inked
        if covered:
            others = [self._box(index) for text in self._texts for index in text.indexes if index not in suspects]
            # The ink may be that of a text printed over what was covered.
            self._hidden |= {
                index for index in covered if any(_overlap(self._box(index), other) > 0 for other in others)
            }

    def _under_comments(self) -> None:
        """Text that a comment strikes out is hidden; text on which a comment draws anything but a mark is doubtful."""
        struck: list[Box] = []
        drawn: list[Box] = []
        for kind, box in _comments(self._page):
            if kind == pdfium.FPDF_ANNOT_STRIKEOUT:
                struck.append(box)
            elif kind in DRAWING_COMMENTS:
                drawn.append(box)
        if not struck and not drawn:
            return
        met = {
            index
            for text in self._texts
            for index in text.indexes
            if any(_holds(box, *self._middle(index)) for box in (*struck, *drawn))
        }
        self._hidden |= {index for index in met if any(_holds(box, *self._middle(index)) for box in struck)}
        met -= self._hidden
        if met:
            without, having = _Picture(self._page, self._frame), _Picture(self._page, self._frame, comments=True)
            for index in met:
                place = self._tight_box(index)
                if place is None or without.dots(place) == having.dots(place):
                    continue
                (self._doubtful if having.has_ink(place) else self._hidden).add(index)

    def _is_inked(self, picture: _Picture, index: int) -> bool:
        box = self._tight_box(index)
        return box is not None and picture.has_ink(box)

    def _box(self, index: int) -> Box:
        left, top, right, bottom = self._boxes[4 * index : 4 * index + 4]
        return min(left, right), min(top, bottom), max(left, right), max(top, bottom)

    def _tight_box(self, index: int) -> Box | None:
        if not _char_box(self._text_page, index, *_SIDES):
            return None
        left, right, bottom, top = _doubles
        return left, bottom, right, top

    def _overprinted(self) -> None:
        """Figures with another character printed on them: nobody can read either."""
        spans = []
        for text in self._texts:
            first, last = self._box(text.indexes[0]), self._box(text.indexes[-1])
            spans.append((min(first[0], last[0]), max(first[2], last[2]), first, text))
        spans.sort(key=lambda span: span[:2])
        for position, (_, end, box, text) in enumerate(spans):
            for start, _, other_box, other in spans[position + 1 :]:
                if start >= end - 1:
                    break
                # Raised and lowered characters, and those of the lines above and below, are not printed on others.
                apart = abs(box[1] + box[3] - other_box[1] - other_box[3]) / 2
                if apart < SAME_LINE * min(box[3] - box[1], other_box[3] - other_box[1]):
                    self._compare(text, other)

    def _compare(self, text: _Text, other: _Text) -> None:
        for index in text.indexes:
            box = self._box(index)
            for other_index in other.indexes:
                char, other_char = self._text[index], self._text[other_index]
                if (
                    char != other_char
                    and (char.isdigit() or other_char.isdigit())
                    and (char.isalnum() and other_char.isalnum())
                    and not self._hidden & {index, other_index}
                    and _overlap(box, self._box(other_index)) > OVERLAP
                ):
                    self._doubtful.update((index, other_index))


def _overlap(one: Box, other: Box) -> float:
    """Share of the narrower and of the lower of two boxes that both cover."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    width, height = min(one[2] - one[0], other[2] - other[0]), min(one[3] - one[1], other[3] - other[1])
    if across <= 0 or along <= 0 or width <= 0 or height <= 0:
        return 0.0
    return min(across / width, along / height)


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _is_like(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= CONTRAST for a, b in zip(one, other, strict=True))


# --- objects ---------------------------------------------------------------------------------------------------------

Matrix = tuple[float, float, float, float, float, float]


def _objects(page: int) -> Iterator[tuple[int, int, Matrix | None]]:
    """The objects of a page in the order in which they are drawn, with the map of the form that holds them."""
    for index in range(max(0, _count_objects(page))):
        item = _object_at(page, index)
        kind = _type_of(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _inside(item, None, 1)
        else:
            yield item, kind, None


def _inside(form: int, outer: Matrix | None, depth: int) -> Iterator[tuple[int, int, Matrix | None]]:
    inner = _times(_read_matrix(form), outer)
    for index in range(max(0, _count_inside(form))):
        item = _inside_at(form, index)
        kind = _type_of(item)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            if depth < MAX_DEPTH:
                yield from _inside(item, inner, depth + 1)
        else:
            yield item, kind, inner


def _read_matrix(item: int) -> Matrix:
    if not _matrix_of(item, _AT[0]):
        return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    a, b, c, d, e, f = _floats
    return a, b, c, d, e, f


def _times(m: Matrix, n: Matrix | None) -> Matrix:
    if n is None:
        return m
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _layer(order: int, item: int, kind: int, form: Matrix | None) -> _Layer | None:
    colour: Colour | None = None
    opaque = True
    if kind == pdfium.FPDF_PAGEOBJ_PATH:
        if not _draw_mode(item, *_MODE) or not _ints[0]:
            return None
        colour, alpha = _fill(item)
        opaque = alpha == 255
    if not _bounds_of(item, *_AT[:4]):
        return None
    box = _mapped((_floats[0], _floats[1], _floats[2], _floats[3]), form)
    if box[2] - box[0] <= THIN or box[3] - box[1] <= THIN:
        return None
    if (clip := _clip(item, form)) is not None:
        box = max(box[0], clip[0]), max(box[1], clip[1]), min(box[2], clip[2]), min(box[3], clip[3])
        if box[2] <= box[0] or box[3] <= box[1]:
            return None
    opaque = opaque and not _is_transparent(item)
    # A rectangle has four corners and its first one again; of other shapes the box says too little.
    is_rectangle = kind == pdfium.FPDF_PAGEOBJ_PATH and _count_segments(item) in (4, 5)
    return _Layer(order, box, colour if opaque and is_rectangle else None, opaque)


def _mapped(box: Box, matrix: Matrix | None) -> Box:
    if matrix is None:
        return box
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(xs), min(ys), max(xs), max(ys)


def _fill(item: int) -> tuple[Colour, int]:
    if not _fill_of(item, *_COLOUR):
        return (0, 0, 0), 255
    return (int(_uints[0]), int(_uints[1]), int(_uints[2])), int(_uints[3])


def _clip(item: int, form: Matrix | None) -> Box | None:
    """The box of the area in which an object is drawn; None where nothing bounds it."""
    path = _clip_of(item)
    count = _count_clips(path) if path else 0
    if count <= 0:
        return None
    left, bottom, right, top = float("-inf"), float("-inf"), float("inf"), float("inf")
    for index in range(count):
        segments = _count_clip_segments(path, index)
        xs, ys = [], []
        for segment in range(max(0, segments)):
            if _segment_point(_clip_segment(path, index, segment), _AT[0], _AT[1]):
                xs.append(_floats[0])
                ys.append(_floats[1])
        if xs:
            left, bottom = max(left, min(xs)), max(bottom, min(ys))
            right, top = min(right, max(xs)), min(top, max(ys))
    return _mapped((left, bottom, right, top), form)


def _marks(item: int) -> tuple[bool, bool]:
    """Whether the file attaches figures of its own to a text, and whether it stands on a layer that can be off."""
    is_retold = is_on_layer = False
    for index in range(max(0, _count_marks(item))):
        mark = ctypes.cast(_mark_at(item, index), pdfium.FPDF_PAGEOBJECTMARK)
        length = ctypes.c_ulong()
        buffer = (ctypes.c_ushort * 64)()
        size = ctypes.sizeof(buffer)
        if pdfium.FPDFPageObjMark_GetName(mark, buffer, size, ctypes.byref(length)):
            is_on_layer |= buffer[0] == ord("O") and buffer[1] == ord("C") and not buffer[2]
        if pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", buffer, size, ctypes.byref(length)):
            told = bytes(buffer)[: length.value].decode("utf-16-le", "replace")
            is_retold |= any(char.isdigit() for char in told)
    return is_retold, is_on_layer


# --- the picture -----------------------------------------------------------------------------------------------------


class _Picture:
    """A page as it is shown."""

    def __init__(self, page: Any, frame: Frame, *, comments: bool = False) -> None:
        self._frame = frame
        self._scale = min(SCALE, MAX_DOTS / max(frame.width, frame.height, 1.0))
        self._width = max(1, round(frame.width * self._scale))
        self._height = max(1, round(frame.height * self._scale))
        bitmap = pdfium.FPDFBitmap_CreateEx(self._width, self._height, pdfium.FPDFBitmap_BGRx, None, 0)
        try:
            flags = pdfium.FPDF_ANNOT if comments else 0
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, self._width, self._height, 0, flags)
            self._stride = pdfium.FPDFBitmap_GetStride(bitmap)
            start = pdfium.FPDFBitmap_GetBuffer(bitmap)
            self._dots = ctypes.string_at(start, self._stride * self._height)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)

    def dots(self, box: Box) -> list[bytes]:
        """The dots of a box in user space, row by row."""
        x0, y0, x1, y1 = (value * self._scale for value in self._frame.box(*box))
        left, right = max(0, int(x0)), min(self._width, int(x1) + 1)
        top, bottom = max(0, int(y0)), min(self._height, int(y1) + 1)
        if right <= left or bottom <= top:
            return []
        return [
            self._dots[row * self._stride + 4 * left : row * self._stride + 4 * right] for row in range(top, bottom)
        ]

    def has_ink(self, box: Box) -> bool:
        """Whether the dots of a box in user space differ from each other."""
        rows = self.dots(box)
        return any(_range(row[channel::4] for row in rows) > INK for channel in range(3))


def _range(rows: Iterable[bytes]) -> int:
    dots = b"".join(rows)
    return max(dots) - min(dots) if dots else 0


def _comments(page: Any) -> Iterator[tuple[int, Box]]:
    """Kind and place of the comments of a page."""
    for index in range(max(0, pdfium.FPDFPage_GetAnnotCount(page))):
        comment = pdfium.FPDFPage_GetAnnot(page, index)
        if not comment:
            continue
        try:
            sides = pdfium.FS_RECTF()
            if pdfium.FPDFAnnot_GetRect(comment, sides):
                low, high = sorted((sides.bottom, sides.top))
                yield pdfium.FPDFAnnot_GetSubtype(comment), (sides.left, low, sides.right, high)
        finally:
            pdfium.FPDFPage_CloseAnnot(comment)
