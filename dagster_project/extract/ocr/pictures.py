"""From a picture of print to words and rules, as a page of text has them.

Belongs here: straightening, where exactly the ink of a word stands, rules among the points of a picture. Does not
belong here: reading the words (``engine``), tables (``pdf``), and which figures are believed (``vouching``).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median
from typing import Any, Final

import numpy as np

from dagster_project.extract.ocr.engine import Engines, Piece, Token
from dagster_project.extract.ocr.ink import Box, Ink, blobs
from dagster_project.extract.pdf.characters import Style, Word
from dagster_project.extract.pdf.rules import Rule
from dagster_project.extract.spelling import normalised

MARGIN: Final = 2.0
"""Points around a picture that are drawn with it."""
FONT: Final = "OCR"
"""What stands for the font of words that were read from a picture."""
MIN_ANGLE, MAX_ANGLE = 0.05, 8.0
"""Degrees: below it a picture is straight, and above it is not straightened and not read."""
INK_DARK: Final = 0.6
"""Share of the tone of the paper up to which a point is ink."""
NEARLY: Final = 0.8
"""Likeness of two readings of the same word, of which the second is taken."""
MAX_INK_POINTS: Final = 60_000
"""Points of ink that tell the angle."""
CAPITAL: Final = 0.7
"""Height of capital letters and digits, as a share of the size of the font."""
SAME_SIZE: Final = 0.3
"""Share by which heights of one size may differ: letters with and without parts above the others."""
SAME_LINE: Final = 0.3
"""Share of the size by which baselines of one line may differ."""
BASELINE: Final = 0.3
"""Share of the fullest row of a word from which on a row is part of its letters, and not of what hangs below them."""
CELL_GAP: Final = 0.9
"""Gap, as a share of the size, that parts two cells, whatever the engine says."""
RULE_DARK: Final = 0.72
"""Share of the tone of the paper up to which a point may be part of a rule: rules are often grey."""
MIN_RULE: Final = 24.0
"""Length of a rule in points; no letter is as wide."""
MAX_RULE: Final = 3.0
"""Thickness of a rule in points; beyond it is an area."""
RULE_GAP: Final = 2.0
"""Points by which a rule may be broken."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece of print of the first reading, where it stands on the straightened page (points)."""

    box: Box
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was read in a picture; all places are in points on the page, straightened around ``centre``."""

    box: Box
    """The picture on the page as it is shown."""
    words: list[Word]
    ink: Ink
    seen: list[Seen]
    again: list[Token]
    """The second reading."""
    angle: float = 0.0
    """Degrees by which the print runs down to the right."""
    centre: tuple[float, float] = (0.0, 0.0)

    def shown(self, box: Box) -> Box:
        """Where a place on the straightened page is on the page as it is shown."""
        if not self.angle:
            return box
        x, y = _turned((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, self.centre, self.angle)
        half, tall = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
        return x - half, y - tall, x + half, y + tall

    def holds(self, box: Box) -> bool:
        """Whether a place on the straightened page is in this picture."""
        x0, y0, x1, y1 = self.shown(box)
        left, top, right, bottom = self.box
        return left - 1 <= (x0 + x1) / 2 <= right + 1 and top - 1 <= (y0 + y1) / 2 <= bottom + 1


def recognise(engines: Engines, tones: np.ndarray, scale: float, box: Box) -> Recognised | None:
    """Read a picture twice.

    Args:
        engines: the engines.
        tones: the picture in shades of grey (rows, columns; uint8), as a viewer shows it.
        scale: its points a point of the page.
        box: where it stands on the page as shown (points).

    Returns:
        Words and rules; None where nothing can be read, or the print runs too much aslant.
    """
    pieces = engines.read(tones)
    if not pieces:
        return None
    angle = _angle(tones)
    if abs(angle) >= MAX_ANGLE:
        return None
    height, width = tones.shape
    middle = (width / 2, height / 2)
    if abs(angle) < MIN_ANGLE:
        angle = 0.0
    else:
        tones = _straightened(tones, angle)
        pieces = [
            replace(piece, corners=tuple(_turned(x, y, middle, -angle) for x, y in piece.corners)) for piece in pieces
        ]
    again = engines.read_again(tones, 72 * scale)
    inked = [(piece, ink) for piece in pieces if (ink := _ink(tones, piece)) is not None]
    for piece, ink in inked:
        # In sparse print the second engine leaves out what is short: a 0 that stands by itself.
        if any(map(str.isdigit, piece.text)) and not any(ink.holds(token) for token in again):
            again += engines.read_line(tones, 72 * scale, (ink.x0, ink.top, ink.x1, ink.baseline))
    found = [(_spelled(piece, ink, again), ink) for piece, ink in inked]
    left, top = box[:2]

    def placed(x0: float, y0: float, x1: float, y1: float) -> Box:
        return left + x0 / scale, top + y0 / scale, left + x1 / scale, top + y1 / scale

    usual = median(ink.height for _, ink in found) if found else 1.0
    words: list[Word] = []
    seen: list[Seen] = []
    for piece, ink in found:
        tall = usual if abs(ink.height - usual) <= SAME_SIZE * usual else ink.height
        size = max(1.0, round(2 * tall / scale / CAPITAL) / 2)
        style = Style(size, False, FONT, 0, 0, True)
        is_whole = True
        for part in _parts(piece.text, ink, tall / CAPITAL):
            x0, _, x1, y1 = placed(part.x0, ink.top, part.x1, ink.baseline)
            words.append(Word(x0, x1, y1, part.text, style, spaced=part.is_spaced, order=len(words)))
            is_whole = is_whole and part.is_certain
        seen.append(Seen(placed(ink.x0, ink.top, ink.x1, ink.baseline), piece.text, piece.confidence * is_whole))
    _on_lines(words)
    across, down = _rules(tones, scale)
    across = [rule for rule in across if not any(ink.has_inside(rule) for _, ink in inked)]
    all_ink = Ink(
        blobs(tones, pieces, scale, usual) / scale + np.array((left, top, left, top), np.float32),
        [Rule(top + rule.at / scale, left + rule.start / scale, left + rule.end / scale) for rule in across],
        [Rule(left + rule.at / scale, top + rule.start / scale, top + rule.end / scale) for rule in down],
        (box[0] + MARGIN, box[1] + MARGIN, box[2] - MARGIN, box[3] - MARGIN),
    )
    return Recognised(
        box,
        words,
        all_ink,
        seen,
        [Token(placed(*token.box), token.text) for token in again],
        angle,
        (left + middle[0] / scale, top + middle[1] / scale),
    )


def digits_of(text: str) -> str:
    """The digits of a text alone."""
    return "".join(char for char in text if char.isdigit())


# --- straightening ----------------------------------------------------------------------------------------------------


def _angle(tones: np.ndarray) -> float:
    """The angle of the print, in degrees; positive where it runs down to the right.

    It is the one at which the ink stands in the fewest rows.
    """
    across, down = _ink_points(tones)
    if not across.size:
        return 0.0
    best = 0.0
    for width, step in ((MAX_ANGLE, 0.25), (0.25, 0.05), (0.05, 0.01)):
        tries = np.arange(best - width, best + width + step / 2, step)
        best = float(max(tries, key=lambda angle: (_evenness(across, down, angle), -abs(angle))))
    return best


def _ink_points(tones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of dark points, some of them where there are many."""
    paper = float(np.percentile(tones[::4, ::4], 80))
    down, across = np.nonzero(tones < INK_DARK * paper)
    step = max(1, down.size // MAX_INK_POINTS)
    return across[::step].astype(np.float32), down[::step].astype(np.float32)


def _evenness(across: np.ndarray, down: np.ndarray, angle: float) -> float:
    rows = (down - across * math.tan(math.radians(angle))).astype(np.int64)
    counts = np.bincount(rows - rows.min()).astype(np.float64)
    return float((counts * counts).sum())


def _turned(x: float, y: float, centre: tuple[float, float], angle: float) -> tuple[float, float]:
    """A point turned around another, clockwise as y runs downward (degrees)."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = x - centre[0], y - centre[1]
    return centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y


def _straightened(tones: np.ndarray, angle: float) -> np.ndarray:
    from PIL import Image

    picture: Any = Image.fromarray(tones)
    paper = int(np.percentile(tones[::4, ::4], 90))
    return np.asarray(picture.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=paper))


def _spelled(piece: Piece, ink: _Ink, again: Iterable[Token]) -> Piece:
    """A piece of letters as the second reading spells it, if it reads nearly the same: it knows Swedish, and the first
    does not. Only where they differ in no letter, marks aside, is it certain.
    """
    if any(char.isdigit() for char in piece.text):
        return piece
    inside = [token for token in again if ink.holds(token)]
    text = " ".join(token.text for token in sorted(inside, key=lambda token: token.box[0]))
    if _bare(text) == _bare(piece.text):
        # The spaces of the first are those that the places of its words rest upon.
        return replace(piece, text=text) if text.count(" ") == piece.text.count(" ") else piece
    is_near = SequenceMatcher(None, _bare(piece.text), _bare(text)).ratio() >= NEARLY
    return replace(piece, text=text if is_near else piece.text, confidence=0.0)


def _bare(text: str) -> str:
    """Letters without marks and spaces."""
    plain = unicodedata.normalize("NFKD", "".join(text.split()))
    return "".join(char for char in plain if not unicodedata.combining(char))


# --- ink --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ink:
    """The ink of a piece of print (pixels)."""

    x0: float
    x1: float
    top: float
    baseline: float
    runs: list[tuple[float, float]] = field(default_factory=list)
    """Stretches from left to right with ink in them."""

    @property
    def height(self) -> float:
        return max(1.0, self.baseline - self.top)

    def has_inside(self, rule: Rule) -> bool:
        """Whether what looks like a horizontal rule is the letters of this print: it is no longer than they are."""
        margin = SAME_SIZE * self.height
        return (
            self.top < rule.at < self.baseline - 0.5 * margin
            and rule.start > self.x0 - margin
            and rule.end < self.x1 + margin
        )

    def holds(self, token: Token) -> bool:
        """Whether a word of the second reading stands there."""
        x, y = (token.box[0] + token.box[2]) / 2, (token.box[1] + token.box[3]) / 2
        return self.x0 <= x <= self.x1 and self.top <= y <= self.baseline


def _ink(tones: np.ndarray, piece: Piece) -> _Ink | None:
    """Where the ink of a piece of print is; None where it cannot be told from the paper."""
    xs, ys = [x for x, _ in piece.corners], [y for _, y in piece.corners]
    height, width = tones.shape
    x0, x1 = max(0, math.floor(min(xs))), min(width, math.ceil(max(xs)))
    y0, y1 = max(0, math.floor(min(ys))), min(height, math.ceil(max(ys)))
    if x1 - x0 < 2 or y1 - y0 < 4:
        return None
    part = tones[y0:y1, x0:x1].astype(np.int16)
    dark, bright = (float(tone) for tone in np.percentile(part, (2, 98)))
    if bright - dark < 40:
        return None
    middle = (dark + bright) / 2
    mask = part < middle if float(np.median(part)) > middle else part > middle
    # Rules of the table that run through it.
    mask[:, mask.mean(axis=0) > 0.92] = False
    mask[mask.mean(axis=1) > 0.92, :] = False
    rows = mask.sum(axis=1).astype(float)
    if not rows.any():
        return None
    full = np.flatnonzero(rows >= BASELINE * np.percentile(rows[rows > 0], 90))
    inked = np.flatnonzero(rows >= max(1.0, 0.05 * rows.max()))
    columns = mask[max(0, inked[0]) : inked[-1] + 1].any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], columns.astype(np.int8), [0]))))
    runs = [(x0 + float(a), x0 + float(b)) for a, b in edges.reshape(-1, 2)]
    return _Ink(runs[0][0], runs[-1][1], y0 + float(inked[0]), y0 + float(full[-1]) + 1, runs)


@dataclass(frozen=True, slots=True)
class _Part:
    x0: float
    x1: float
    text: str
    is_spaced: bool
    is_certain: bool


def _parts(text: str, ink: _Ink, size: float) -> list[_Part]:
    """The words of a piece of print with their places: its spaces are its widest gaps.

    A gap that is too wide for a space parts two cells. Where the engine saw no space there, nothing says which letters
    stand on which side of it: the piece stays whole and is not certain.
    """
    texts = normalised(text).split()
    gaps = sorted(((b[0] - a[1], index) for index, (a, b) in enumerate(pairwise(ink.runs))), reverse=True)
    wide = sum(gap > CELL_GAP * size for gap, _ in gaps)
    if not texts:
        return []
    if len(gaps) < len(texts) - 1 or wide > len(texts) - 1:
        return [_Part(ink.x0, ink.x1, " ".join(texts), is_spaced=False, is_certain=False)]
    cuts = sorted(index for _, index in gaps[: len(texts) - 1])
    starts = [0, *(index + 1 for index in cuts)]
    ends = [*cuts, len(ink.runs) - 1]
    parts = []
    for number, (word, start, end) in enumerate(zip(texts, starts, ends, strict=True)):
        gap = ink.runs[start][0] - ink.runs[start - 1][1] if number else 0.0
        is_spaced = number > 0 and gap <= CELL_GAP * size
        parts.append(_Part(ink.runs[start][0], ink.runs[end][1], word, is_spaced, is_certain=True))
    return parts


def _on_lines(words: Sequence[Word]) -> None:
    """Give words of one line one baseline: ink is not as even as print."""
    line: list[Word] = []
    for word in [*sorted(words, key=lambda word: word.y), None]:
        if word is not None and (not line or word.y - line[0].y <= SAME_LINE * min(word.size, line[0].size)):
            line.append(word)
            continue
        if line:
            at = median(one.y for one in line)
            for one in line:
                one.y = at
        line = [word] if word is not None else []


# --- rules ------------------------------------------------------------------------------------------------------------


def _rules(tones: np.ndarray, scale: float) -> tuple[list[Rule], list[Rule]]:
    """Horizontal and vertical rules of a straight picture (pixels)."""
    paper = float(np.percentile(tones[::4, ::4], 80))
    dark = tones < RULE_DARK * paper
    return _lines_of(dark, scale), _lines_of(dark.T, scale)


def _lines_of(dark: np.ndarray, scale: float) -> list[Rule]:
    """Rules along the second axis: long runs of dark points, on few rows."""
    shortest, gap, thickest = MIN_RULE * scale, RULE_GAP * scale, max(2.0, MAX_RULE * scale)
    # A rule that is not quite straight goes from one row to the next: two rows are looked at together.
    both = dark.copy()
    both[1:] |= dark[:-1]
    open_rules: list[list[float]] = []  # first row, last row, start, end
    done: list[list[float]] = []
    for row in np.flatnonzero(both.sum(axis=1) >= shortest):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], both[row].astype(np.int8), [0])))).reshape(-1, 2)
        runs: list[list[float]] = []
        for start, end in edges:
            if runs and start - runs[-1][1] <= gap:
                runs[-1][1] = float(end)
            elif end - start >= gap:
                runs.append([float(start), float(end)])
        for start, end in runs:
            if end - start < shortest:
                continue
            for rule in open_rules:
                if row - rule[1] <= 2 and min(end, rule[3]) - max(start, rule[2]) > 0.5 * (end - start):
                    rule[1], rule[2], rule[3] = float(row), min(start, rule[2]), max(end, rule[3])
                    break
            else:
                open_rules.append([float(row), float(row), start, end])
        done += [rule for rule in open_rules if row - rule[1] > 2]
        open_rules = [rule for rule in open_rules if row - rule[1] <= 2]
    return [
        Rule((first + last) / 2, start, end)
        for first, last, start, end in [*done, *open_rules]
        if last - first <= thickest
    ]
