"""What is seen on a page: printed lines of tokens, rules, shading. Facts, made once and never changed.

Belongs here: words to tokens (a figure with its thousands, its sign and its per cent is one), tokens to lines. Does not
belong here: which lines make a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Final

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.lattice import Lattice
from dagster_project.extract.pdf.lines import make_lines
from dagster_project.extract.pdf.rules import Drawing

YEAR: Final = re.compile(r"(?:19|20)\d\d(?:[-/–]\d{2,4})?\*?$|\d{4}-\d\d-\d\d$")
_FIGURE: Final = re.compile(
    r"[(\[~<>±+$€£−–-]*\s?\d[\d.,'\u2009 ]*\)?\s?[%*†‡§⁰¹²³⁴⁵⁶⁷⁸⁹]{0,2}\)?$|[-–—−]{1,2}$|n/?a$|mnkr$", re.IGNORECASE
)
_THOUSANDS_BEGUN: Final = re.compile(r"[(+−–$€-]*\d{1,3}(?:\d{3})*")
_GROUP: Final = re.compile(r"\d{3}(?:[.,]\d+)?\)?%?$")
_SIGN: Final = re.compile(r"[-−–+$€(]")
_CLOSING: Final = re.compile(r"[%)]")
MOST_DIGITS: Final = 12
"""Digits of the longest figure whose thousands are printed apart."""
TOUCHING_EM: Final = 0.13
"""A gap below which two words are one token."""
USUAL_SPACE_EM: Final = 0.27
"""The space between words where a page has too few to measure."""
MIN_SPACES: Final = 8
WIDEST_THOUSANDS_EM: Final = 0.47
WIDEST_SIGN_EM: Final = 0.6


@lru_cache(maxsize=200_000)
def is_figure(text: str) -> bool:
    """Whether a token is a figure or stands for one (a dash)."""
    return bool(_FIGURE.match(text)) and text.casefold() != "mnkr"


@lru_cache(maxsize=200_000)
def is_year(text: str) -> bool:
    """Whether a token is a year or a date."""
    return bool(YEAR.match(text))


@lru_cache(maxsize=200_000)
def has_letter(text: str) -> bool:
    """Whether a text holds a letter."""
    return any(char.isalpha() for char in text)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """Words printed as one. ``y`` is the baseline; lengths in points."""

    x0: float
    x1: float
    y: float
    size: float
    text: str
    is_bold: bool
    is_figure: bool
    words: tuple[Word, ...]


@dataclass(slots=True, eq=False)
class PrintedLine:
    """Tokens on one baseline from left to right."""

    y: float
    tokens: tuple[Token, ...]
    x0: float
    x1: float
    size: float
    is_bold: bool
    figures: int
    placed: dict[tuple[float, ...], tuple[dict[int, list[Token]], int]] = field(default_factory=dict)
    """Tokens by column, and tokens that cross a separator, for each set of separators that was tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The facts of one page that its readings share."""

    words: tuple[Word, ...]
    """Those to be read: visible, in no running line and in no table that is certain."""
    drawing: Drawing
    lattices: tuple[Lattice, ...]
    space: float
    """The usual gap between two words, as a share of the size."""


def page_of(words: Sequence[Word], drawing: Drawing, lattices: Sequence[Lattice]) -> Page:
    """The facts of a page about the ``words`` that are to be read."""
    return Page(tuple(words), drawing, tuple(lattices), _usual_space(words))


def _usual_space(words: Sequence[Word]) -> float:
    gaps = [
        gap
        for a, b in pairwise(words)
        if a.y == b.y
        and a.text[-1].isalpha()
        and b.text[0].isalpha()
        and TOUCHING_EM < (gap := (b.x0 - a.x1) / b.size) < WIDEST_SIGN_EM
    ]
    return median(gaps) if len(gaps) >= MIN_SPACES else USUAL_SPACE_EM


def printed_lines(words: Sequence[Word], space: float) -> list[PrintedLine]:
    """Lines of tokens from top to bottom; ``space`` as in :class:`Page`."""
    lines = []
    for line in make_lines(words):
        found = sorted((word for segment in line.segments for word in segment.words), key=lambda word: word.x0)
        groups: list[list[Word]] = []
        for word in found:
            if groups and _is_one(groups, word, space):
                groups[-1].append(word)
            else:
                groups.append([word])
        tokens = tuple(_token(group) for group in groups)
        lines.append(
            PrintedLine(
                line.y,
                tokens,
                tokens[0].x0,
                tokens[-1].x1,
                max(token.size for token in tokens),
                all(token.is_bold for token in tokens),
                sum(token.is_figure for token in tokens),
            )
        )
    return lines


def _is_one(groups: Sequence[Sequence[Word]], word: Word, space: float) -> bool:
    """Whether a word goes on with the token before it on its line."""
    group = groups[-1]
    before = group[-1]
    gap = (word.x0 - before.x1) / max(word.size, before.size)
    if gap < TOUCHING_EM and not (is_figure(word.text) and is_figure(before.text) and word.spaced):
        return True
    if gap < min(WIDEST_THOUSANDS_EM, 1.25 * space + 0.03) and _is_thousands(group, word):
        return True
    if gap >= (1.25 * space + 0.03 if before.text in "-−–+" else WIDEST_SIGN_EM):
        return False
    is_signed = len(group) == 1 and bool(_SIGN.fullmatch(before.text)) and word.text[0].isdigit()
    is_closed = bool(_CLOSING.fullmatch(word.text)) and before.text[-1].isdigit()
    # A dash at the beginning of a line is the mark of a list item.
    return is_closed or (is_signed and (len(groups) > 1 or before.text in "$€("))


def _is_thousands(group: Sequence[Word], word: Word) -> bool:
    text = "".join(part.text for part in group)
    digits = sum(char.isdigit() for char in text)
    return (
        bool(_THOUSANDS_BEGUN.fullmatch(text))
        and bool(_GROUP.match(word.text))
        and sum(char.isdigit() for char in group[0].text) <= 3
        and digits + 3 <= MOST_DIGITS
    )


def _token(words: Sequence[Word]) -> Token:
    text = words[0].text
    for a, b in pairwise(words):
        text += ("" if b.x0 - a.x1 < TOUCHING_EM * b.size and not b.spaced else " ") + b.text
    return Token(
        words[0].x0,
        max(word.x1 for word in words),
        words[0].y,
        max(word.size for word in words),
        text,
        all(word.style.bold for word in words),
        is_figure(text),
        tuple(words),
    )


def place(line: PrintedLine, separators: Sequence[float]) -> tuple[dict[int, list[Token]], int]:
    """The tokens of a line by column, and how many tokens cross a separator."""
    key = tuple(separators)
    known = line.placed.get(key)
    if known is not None:
        return known
    columns: dict[int, list[Token]] = {}
    crossing = 0
    for token in line.tokens:
        first = sum(token.x0 + 0.5 > x for x in separators)
        last = sum(token.x1 - 0.5 > x for x in separators)
        crossing += last > first
        is_label = last > first and token is line.tokens[0] and not token.is_figure
        middle = sum((token.x0 + token.x1) / 2 > x for x in separators)
        columns.setdefault(first if is_label else middle, []).append(token)
    line.placed[key] = columns, crossing
    return columns, crossing


def text_of(tokens: Sequence[Token]) -> str:
    """Tokens of one line as a text."""
    return " ".join(token.text for token in tokens)
