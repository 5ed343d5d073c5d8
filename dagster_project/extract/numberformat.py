"""Cell values as a spreadsheet program set to Swedish shows them under their number format.

Belongs here: number, date and text formats of Excel, with decimal comma and space between thousands. Does not belong
here: where the values come from (``xlsx``) and what they mean (dbt).
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

Value = str | bool | int | float | datetime.datetime | datetime.date | datetime.time | datetime.timedelta

TOKEN = re.compile(
    r"""
      (?P<quoted>"[^"]*"?)
    | \\(?P<escaped>.)
    | (?P<pad>[_*].)
    | \[(?P<bracket>[^\[\]]*)\]
    | (?P<ampm>AM/PM|A/P)
    | (?P<general>General)
    | (?P<exponent>[Ee][+-](?=[0\#?]))
    | (?P<date>[Yy]+|[Mm]+|[Dd]+|[Hh]+|[Ss]+(?:\.0+)?)
    | (?P<digits>[0\#?](?:[0\#?,]|[\ \u00a0\u202f](?=[0\#?]))*)
    | (?P<any>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)$")
CURRENCY = re.compile(r"\$([^-]*)(?:-([0-9A-Fa-f]+))?$")
ELAPSED = re.compile(r"(?:h+|m+|s+)$", re.IGNORECASE)
ENGLISH = frozenset({"409", "809"})
LOCAL_DATES = frozenset({"mm-dd-yy", "m/d/yy", "m/d/yyyy", "mm/dd/yyyy", "m/d/yy h:mm"})
"""Stored formats that stand for "the short date of the reader's country": yyyy-mm-dd in Sweden."""
MONTHS = (
    re.findall(r"\w+", "januari februari mars april maj juni juli augusti september oktober november december"),
    re.findall(r"\w+", "January February March April May June July August September October November December"),
)
DAYS = (
    re.findall(r"\w+", "måndag tisdag onsdag torsdag fredag lördag söndag"),
    re.findall(r"\w+", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
)
GENERAL_DIGITS = 11
"""Digits that the format General shows at most."""
MAX_DECIMALS = 30
MAX_CODE = 1000
"""Characters of a number format; Excel takes 255."""


PLAIN = {"%": "percent", "@": "text", ".": "point"}


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the up to four parts of a format: its tokens as (kind, text)."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None
    english: bool = False

    def has(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _ in self.tokens)


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    """The parts of a format code."""
    sections: list[_Section] = []
    tokens: list[tuple[str, str]] = []
    condition: tuple[str, float] | None = None
    english = False
    for match in TOKEN.finditer(code):
        kind = match.lastgroup or "any"
        text = match[kind]
        if kind == "any" and text == ";":
            sections.append(_Section(tuple(tokens), condition, english))
            tokens, condition, english = [], None, False
        elif kind == "bracket":
            if stated := CONDITION.match(text):
                condition = (stated[1], float(stated[2]))
            elif currency := CURRENCY.match(text):
                tokens.append(("literal", currency[1]))
                english = english or (currency[2] or "").lstrip("0") in ENGLISH
            elif ELAPSED.match(text):
                tokens.append(("elapsed", text.lower()))
        elif kind == "quoted":
            tokens.append(("literal", text.strip('"')))
        elif kind == "escaped":
            tokens.append(("literal", text))
        elif kind == "pad":
            # Room of the width of a character, which keeps a minus or a unit apart from the figure.
            tokens.append(("literal", " "))
        elif kind == "any":
            tokens.append((PLAIN.get(text, "literal"), text))
        else:
            tokens.append((kind, text.lower() if kind == "date" else text))
    sections.append(_Section(tuple(tokens), condition, english))
    return tuple(sections[:4])


def shown_value(value: Value, code: str) -> str:
    """A cell's value as it is shown.

    Args:
        value: the stored value; dates as Python dates.
        code: the number format (``0.0%``, ``#,##0``, ``yyyy-mm-dd``); one longer than any program takes counts as
            ``General``.

    Returns:
        The text, with decimal comma, a plain space between thousands and before %: ``7,6 %``, ``1 209 684``.
    """
    if isinstance(value, str):
        return value
    if len(code) > MAX_CODE:
        code = "General"
    if isinstance(value, bool):
        return "SANT" if value else "FALSKT"
    if isinstance(value, int | float):
        return _shown_number(value, code)
    return _shown_time(value, code)


# --- numbers --------------------------------------------------------------------------------------------------------


def _shown_number(value: int | float, code: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "#NUM!"
    section, magnitude = _chosen(value, _sections(code))
    if section.has("exponent"):
        return _scientific(value, section)
    fraction = section.has("digits") and any(kind == "literal" and text == "/" for kind, text in section.tokens)
    if section.has("general"):
        return _general_in(magnitude, section)
    if fraction or section.has("text"):
        return _general(value)
    if not section.has("digits"):
        return " ".join("".join(text for kind, text in section.tokens if kind in ("literal", "percent")).split())
    return _digits(magnitude, section)


def _chosen(value: int | float, sections: tuple[_Section, ...]) -> tuple[_Section, int | float]:
    """The part of the format for a value, and the value to print in it: a part for negatives prints its own sign."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(value, section.condition):
                return section, value
        return sections[-1], value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return sections[0], value


def _holds(value: int | float, condition: tuple[str, float]) -> bool:
    sign, bound = condition
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _general(value: int | float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 10**GENERAL_DIGITS else f"{value:.5E}".replace(".", ",")
    return f"{value:.{GENERAL_DIGITS - 1}g}".replace(".", ",")


def _general_in(value: int | float, section: _Section) -> str:
    """A number as General shows it, among the other parts of its format."""
    shown = {"general": _general(abs(value)), "percent": " %"}
    parts = [shown.get(kind, text) for kind, text in section.tokens if kind in ("general", "percent", "literal")]
    return ("-" if value < 0 else "") + " ".join("".join(parts).split())


def _scientific(value: int | float, section: _Section) -> str:
    at = next(index for index, (kind, _) in enumerate(section.tokens) if kind == "point") if section.has("point") else 0
    decimals = len(section.tokens[at + 1][1]) if at and section.tokens[at + 1][0] == "digits" else 0
    return f"{value:.{min(decimals, MAX_DECIMALS)}E}".replace(".", ",")


def _digits(value: int | float, section: _Section) -> str:
    """A number in digit placeholders: rounding, grouping, percent and scaling by trailing commas."""
    kinds = [kind for kind, _ in section.tokens]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    whole = "".join(text for kind, text in section.tokens[:point] if kind == "digits")
    decimals = "".join(text for kind, text in section.tokens[point:] if kind == "digits")
    last = decimals or whole
    scaled = len(last) - len(last.rstrip(","))
    number = Decimal(repr(value)).scaleb(2 * kinds.count("percent") - 3 * scaled)
    grouped = re.search(r"[0#?][, \u00a0\u202f]+[0#?]", whole) is not None
    places = [char for char in decimals if char in "0#?"][:MAX_DECIMALS]
    rounded = abs(number).quantize(Decimal(1).scaleb(-len(places)), rounding=ROUND_HALF_UP)
    integer, _, rest = f"{rounded:f}".partition(".")
    integer = integer.lstrip("0").rjust(sum(1 for char in whole if char == "0"), "0")
    if grouped:
        integer = f"{int(integer):,}".replace(",", " ").rjust(len(integer), "0") if integer else ""
    while rest and places and places[len(rest) - 1] != "0" and rest[-1] == "0":
        rest = rest[:-1]
    sign = "-" if number < 0 and rounded else ""
    figure = integer + ("," + rest if rest else "")
    parts: list[str] = []
    placed = False
    for kind, text in section.tokens:
        if kind == "digits":
            parts.append("" if placed else figure)
            placed = True
        elif kind == "percent":
            parts.append(" %")
        elif kind == "literal":
            parts.append(text)
        elif kind == "date":
            # A letter that is no date here, as in an unquoted ``kr``: programs store it as it was typed.
            parts.append(text)
    return sign + " ".join("".join(parts).split())


# --- dates and times ------------------------------------------------------------------------------------------------


def _shown_time(value: datetime.datetime | datetime.date | datetime.time | datetime.timedelta, code: str) -> str:
    if isinstance(value, datetime.timedelta):
        seconds = int(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    section = _sections(code)[0]
    if code.lower() in LOCAL_DATES or not section.has("date"):
        return _iso(value)
    return " ".join("".join(_date_parts(value, section)).split())


def _iso(value: datetime.datetime | datetime.date | datetime.time) -> str:
    if isinstance(value, datetime.time):
        return value.isoformat("minutes" if value.second == 0 else "seconds")
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    if value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat(" ", "minutes" if value.second == 0 else "seconds")


def _date_parts(value: datetime.datetime | datetime.date | datetime.time, section: _Section) -> list[str]:
    day = value if isinstance(value, datetime.date) else datetime.date(1900, 1, 1)
    clock = value.time() if isinstance(value, datetime.datetime) else datetime.time()
    clock = value if isinstance(value, datetime.time) else clock
    months, days = MONTHS[section.english], DAYS[section.english]
    half = section.has("ampm")
    fields = [text[0] for kind, text in section.tokens if kind in ("date", "elapsed")]
    seen = 0
    parts: list[str] = []
    for kind, text in section.tokens:
        if kind in ("date", "elapsed"):
            # ``m`` is the minute after an hour or before a second, else the month.
            before, behind = fields[max(0, seen - 1) : seen], fields[seen + 1 : seen + 2]
            is_minute = text[0] == "m" and len(text) < 3 and ("h" in before or "s" in (before + behind)[-1:])
            seen += 1
            letter = "n" if is_minute else text[0]
            hour = (clock.hour - 1) % 12 + 1 if half else clock.hour
            number = {"y": day.year, "m": day.month, "d": day.day, "h": hour, "n": clock.minute, "s": clock.second}[
                letter
            ]
            if letter == "y":
                parts.append(f"{number:04d}" if len(text) > 2 else f"{number % 100:02d}")
            elif letter == "m" and len(text) > 2:
                parts.append(months[number - 1][:3] if len(text) == 3 else months[number - 1])
            elif letter == "d" and len(text) > 2:
                parts.append(days[day.weekday()][:3] if len(text) == 3 else days[day.weekday()])
            else:
                parts.append(f"{number:02d}" if len(text.partition(".")[0]) > 1 else str(number))
        elif kind == "ampm":
            parts.append("PM" if clock.hour >= 12 else "AM")
        elif kind in ("literal", "point", "text"):
            parts.append(text if kind != "text" else "")
    return parts
