"""How the page writes numbers, dates and both languages.

Belongs here: formatting of single values. Does not belong here: pages, and words of the domain, which stay as printed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup

_SPACE: Final = "\N{NO-BREAK SPACE}"
_MINUS: Final = "\N{MINUS SIGN}"
MILLION: Final = 1_000_000

SCENARIO_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "actual": ("Utfall", "Outcome"),
    "budget": ("Budget", "Budget"),
    "budget_original": ("Ursprunglig budget", "Original budget"),
    "budget_revised": ("Reviderad budget", "Revised budget"),
    "forecast": ("Prognos", "Forecast"),
    "plan": ("Plan", "Plan"),
    "target": ("Målvärde", "Target"),
    "variance": ("Avvikelse", "Variance"),
    "change": ("Förändring", "Change"),
    "status": ("Status", "Status"),
    "baseline": ("Utgångsläge", "Baseline"),
    "tariff": ("Taxa", "Tariff"),
    "applied": ("Ansökt", "Applied for"),
    "granted": ("Beviljat", "Granted"),
    "approved": ("Prognos godkänt", "Expected to be approved"),
    "planned_effect": ("Planerad effekt", "Planned effect"),
    "achieved_effect": ("Uppnådd effekt", "Achieved effect"),
    "adjustment": ("Justering", "Adjustment"),
}
"""What kind of figure it is (``dim_scenario``), in Swedish and English."""

REASONS: Final = {
    "the report prints two different figures": "rapporten trycker två olika siffror",
    "the figure breaks a sum of its table": "siffran bryter en summa i sin tabell",
    "the report does not tell the figure": "rapporten lämnar inte ut siffran",
    "the report prints a bound, no number": "rapporten trycker en gräns, inget tal",
}
"""Why a value is missing (``municipality_comparison.missing_reason``), in Swedish."""

PERS: Final = {
    "inhabitant": ("per invånare", "per inhabitant"),
    "household": ("per hushåll", "per household"),
    "fte": ("per årsarbetare", "per full-time equivalent"),
    "day": ("per dygn", "per day"),
    "user": ("per brukare", "per user"),
    "teacher": ("per lärare", "per teacher"),
    "pupil": ("per elev", "per pupil"),
    "child": ("per barn", "per child"),
    "employee": ("per anställd", "per employee"),
}
"""What a number is divided by (``concepts.per``)."""

FLAGS: Final = {
    "is_total": ("summa", "total"),
    "is_misprint": ("tryckfel", "misprint"),
    "is_composite": ("flera värden i cellen", "several values in the cell"),
    "is_ambiguous_column": ("oklar kolumn", "ambiguous column"),
    "is_dash": ("streck", "dash"),
    "is_doubtful": ("tveksam", "doubtful"),
}
"""Columns that flag a figure, and what a reader is told where they are true."""


def both(swedish: str, english: str) -> Markup:
    """A text in both languages; the style sheet shows the one that the reader chose."""
    return Markup('<span lang="sv">{}</span><span lang="en">{}</span>').format(swedish, english)


def reason_words(reason: str) -> Markup:
    """Why a value is missing, in both languages."""
    return both(REASONS.get(reason, reason), reason)


PROOFS: Final = {
    "sum": ("bevisad av en summa", "proven by a sum"),
    "variance": ("bevisad av en avvikelse", "proven by a variance"),
    "stated again": ("bevisad: anges på nytt", "proven: stated again"),
    "national": ("bevisad av nationell statistik", "proven by national statistics"),
    "arithmetic": ("läst med OCR, räkningen stämmer", "read by OCR, its arithmetic holds"),
    "two readings": ("läst med OCR, två gånger lika", "read by OCR, twice alike"),
    "stated in text": ("läst med OCR, står i texten", "read by OCR, stated in the text"),
}
"""What proves a figure, as a remark beside it."""


def flags(row: Mapping[str, Any]) -> list[Markup]:
    """All that is flagged about a figure and what proves it, in both languages; one flag hides no other."""
    said = [both(*words) for column, words in FLAGS.items() if row[column]]
    return said + ([both(*PROOFS[row["proof"]])] if row["proof"] else [])


def proof(row: Mapping[str, Any]) -> tuple[str, str]:
    """Why a figure is proven or doubtful, in Swedish and English."""
    if row["identity_kind"] == "stated again":
        at, where = row["told_report_id"], row["table_seq"]
        return (f"Bevisad: samma siffra i {at}, tabell {where}", f"Proven: the same figure in {at}, table {where}")
    if row["identity_kind"] == "national":
        what = f"{row['statistic_title']} ({row['source_key']})"
        return f"Bevisad av nationell statistik: {what}", f"Proven by national statistics: {what}"
    if row["identity_kind"] == "scale":
        return (
            "Tveksam: beloppen på raden är tusen eller en miljon gånger isär under samma enhet",
            "Doubtful: the amounts of the row are a thousand or a million times apart below one unit",
        )
    if row["identity_type"] == "adjustments":
        place = row["column_label"] or "–"
        swedish, english = f"summan i kolumn {place}", f"the sum in the column {place}"
    else:
        place = row["row_label"] or "–"
        is_sum = row["identity_kind"] == "sum"
        swedish, english = (
            (f"summan på rad {place}", f"the sum in the row {place}")
            if is_sum
            else (f"avvikelsen på rad {place}", f"the variance in the row {place}")
        )
    if row["is_doubtful"]:
        return (
            f"Tveksam: {swedish} stämmer inte här men på andra ställen i tabellen",
            f"Doubtful: {english} does not hold here though it does elsewhere in the table",
        )
    return f"Bevisad av {swedish}", f"Proven by {english}"


def number(value: float | int | Decimal | None, decimals: int | None = None) -> str:
    """A number as Swedish prints it: no-break spaces between thousands, decimal comma, a true minus.

    ``decimals`` rounds to so many; without it all decimals of the value are kept, at most six.
    """
    if value is None:
        return ""
    if decimals is None:
        text = f"{value:,.6f}".rstrip("0").rstrip(".") if not isinstance(value, int) else f"{value:,}"
    else:
        text = f"{value:,.{decimals}f}"
    if text.strip("-0.,") == "":
        text = text.lstrip("-")
    return text.replace(",", _SPACE).replace(".", ",").replace("-", _MINUS)


def percent(share: float | None) -> str:
    """A share of 0 to 1 as a percentage."""
    return "" if share is None else f"{number(share * 100, 1)}{_SPACE}%"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as a page shows it."""

    value: float | int | Decimal
    """In ``unit``, not rounded."""
    unit: str
    text: str
    """In Swedish print, rounded as a reader wants it."""

    @property
    def scale(self) -> int:
        """By what it is multiplied to be compared with other amounts."""
        return {"mnkr": MILLION, "tkr": 1000}.get(self.unit, 1)

    @property
    def comparable(self) -> str:
        """The value in an order with others of its kind, whatever their units."""
        return f"{Decimal(str(self.value)) * self.scale:f}"

    @property
    def exact(self) -> str:
        """The value for programs: a decimal point, no exponent."""
        return f"{Decimal(str(self.value)):f}"


def unit_name(unit: str | None) -> str:
    """The key of a unit as pages write it."""
    return "%" if unit == "percent" else unit or ""


def quantity(value: float | Decimal | None, unit: str | None, decimals: int | None = None) -> Quantity | None:
    """A number in its unit; millions of kronor where it is that much. None for none."""
    if value is None:
        return None
    if unit == "kr" and abs(float(value)) >= MILLION:
        return millions(value)
    return printed(value, unit, decimals)


def printed(value: float | Decimal, unit: str | None, decimals: int | None = None) -> Quantity:
    """A number in the unit in which a report prints it."""
    return Quantity(value, unit_name(unit), number(value, decimals))


def millions(amount: float | Decimal | None) -> Quantity | None:
    """An amount in kronor as millions with one decimal. None for none."""
    if amount is None:
        return None
    value = Decimal(str(amount)) / MILLION
    return Quantity(value.normalize(), "mnkr", number(value, 1))


def period(start: date | None, end: date | None) -> str:
    """A period in its shortest form: ``2023``, ``2024-02``, ``2024 kv 3``, ``2021–2024`` or two dates."""
    if start is None or end is None:
        return ""
    if start.day == 1 and (end.month, end.day) == (12, 31) and start.month == 1:
        return str(start.year) if start.year == end.year else f"{start.year}–{end.year}"
    if start.year == end.year and start.day == 1 and end.day >= 28:
        if start.month == end.month:
            return f"{start.year}-{start.month:02}"
        if (end.month - start.month, start.month % 3) == (2, 1):
            return f"{start.year}{_SPACE}kv{_SPACE}{(start.month + 2) // 3}"
        return f"{start.year}-{start.month:02}–{end.month:02}"
    return f"{start.isoformat()} – {end.isoformat()}"


MAX_NAME: Final = 120
"""Characters of a file name without its ending: with the folders above it, paths stay below Windows' 260."""
HASHED: Final = 12


def file_name(key: str) -> str:
    """A key as a file name that every system accepts: letters, digits, dots and dashes only, and not too many."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", plain).strip("-.") or "x"
    if len(name) <= MAX_NAME:
        return name
    # Two long keys may begin in the same way.
    return f"{name[: MAX_NAME - HASHED - 1].rstrip('-.')}-{hashlib.sha256(key.encode()).hexdigest()[:HASHED]}"


SHORT: Final = 16


def short_key(fact_key: str) -> str:
    """As much of the key of a figure as names no other."""
    return fact_key[:SHORT]


def figure_anchor(fact_key: str) -> str:
    """The name of a figure on the page of its report."""
    return f"f-{short_key(fact_key)}"


def cell_anchor(table_seq: int, row_index: int, col_index: int) -> str:
    """The name of a place on the page of its report, for what is no figure: another release may print another there."""
    return f"t{table_seq}r{row_index}c{col_index}"
