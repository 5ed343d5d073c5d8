"""One spelling of each character: the same text is the same whatever program wrote it.

Belongs here: letters and marks, digits of other scripts, ligatures, characters that are in a file and not in print.
Does not belong here: what a number or a word means (dbt), encodings (``text``), glyphs of a page (``pdf``).

Every reader gives its texts in this spelling. Compatibility forms stay as they are: the mark of ``12²`` is no digit.
"""

from __future__ import annotations

import re
import unicodedata

from dagster_project.extract.document import collapse

LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
WIDE = {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}
"""The characters of ASCII in the width of a Chinese one."""
PLAIN_FORMS = LIGATURES | WIDE
FRACTION = re.compile("(?<![\\d\u2044])([1-9])\u2044([2-9])(?![\\d\u2044])")
VULGAR = {unicodedata.normalize("NFKC", char): char for char in "½¼¾⅛⅜⅝⅞⅕⅖⅗⅘"}
"""Fractions written with a slash of their own, ``1⁄2``, as the one character."""

SOFT_HYPHEN_INSIDE = re.compile(r"(?<=\w)\u00ad+(?=\w)")
SOFT_HYPHEN_AT_END = re.compile(r"(?<=[^\W\d_])\u00ad+(?=\s|$)")
"""Shown as a hyphen where the line ends; one before or behind a figure stays: was a minus meant?"""

NO_WIDTH = re.compile("[\u034f\u180e\u200b\u200c\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\ufff9-\ufffb]")
"""Joiners, marks of byte order, variants of glyphs."""

MOST_MARKS = 30
DIVIDER = "\u034f"
"""A character without width that keeps marks apart (Unicode's stream-safe form has it after 30)."""

MARKS = "\u061c\u200e\u200f"
DIRECTION_MARK = re.compile(rf"(?<![\d{MARKS}])[{MARKS}]+|[{MARKS}]+(?![\d{MARKS}])")
DIRECTION_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]+")
"""Embeddings, overrides and isolates: between them the order shown need not be the order stored."""

LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


def normalised(text: str) -> str:
    """A text in its one spelling.

    Letters are composed with their marks, decimal digits of all scripts become those of ASCII, ligatures letters. Of
    the characters that are not in print all go but those that may change a number: soft hyphens at its ends, and what
    says that its digits are shown in another order than they are stored in. No number is read with one of these.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", _in_short_runs(text)).translate(PLAIN_FORMS).replace(DIVIDER, "")
    text = _without_invisible(FRACTION.sub(lambda match: VULGAR.get(match[0], match[0]), text))
    if not text.isascii() and any(char > "\x7f" and char.isdecimal() for char in text):
        text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    return text


def _in_short_runs(text: str) -> str:
    """The text with a divider in each run of more marks than any letter has: sorting a run takes the square of it."""
    marks = [char for char in set(text) if unicodedata.combining(char)]
    if not marks:
        return text
    return re.sub(f"[{re.escape(''.join(marks))}]{{{MOST_MARKS}}}", rf"\g<0>{DIVIDER}", text)


def _without_invisible(text: str) -> str:
    text = DIRECTION_MARK.sub("", NO_WIDTH.sub("", text))
    if not any(char.isdecimal() for char in text):
        text = DIRECTION_CONTROL.sub("", text)
    return SOFT_HYPHEN_AT_END.sub("-", SOFT_HYPHEN_INSIDE.sub("", text))


WIDE_GAP = re.compile(r"(?<=\d)[^\S\n\t]{2,}(?=\d)")
"""More than one space between digits parts two numbers, or is a slip: nobody can tell."""


def shown(text: str) -> str:
    """Text as printed, on one line: one spelling, white space as one space (two inside a number), ends trimmed."""
    return "  ".join(map(collapse, WIDE_GAP.split(normalised(text))))


def shown_lines(text: str) -> str:
    """Like :func:`shown` with line breaks of every kind kept as newlines; empty lines go."""
    lines = (shown(line) for line in LINE_BREAKS.split(text))
    return "\n".join(line for line in lines if line)
