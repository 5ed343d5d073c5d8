"""Reports with annotation: reading both sides and pairing their values.

Belongs here: what tests of annotated reports share. Does not belong here: which differences a test allows.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import duckdb

FIELDS = (
    "table_seq", "kind", "section", "org_unit", "group_label", "row_label", "row_note", "column_label", "scenario",
    "period_start", "period_end", "value_text", "value_numeric", "unit", "amount_sek", "flag",
)  # fmt: skip
"""Every field of the annotation but the report's own name and the comment."""

Row = dict[str, str]


def read_gold(folder: Path) -> dict[str, list[Row]]:
    """The annotated values of each report."""
    return {path.stem: _rows(path) for path in sorted(folder.glob("[!_]*.csv"))}


def read_metadata(folder: Path) -> dict[str, Row]:
    """Who and when, as annotated, by report."""
    return {row.pop("report_id"): row for row in _rows(folder / "_metadata.csv")}


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def read_found(warehouse: Path) -> dict[str, list[Row]]:
    """The values of each report in the warehouse, as text."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in _query(
        warehouse, "select * from marts.report_values order by report_id, table_seq, row_index, col_index, part_index"
    ):
        rows[row["report_id"]].append(row)
    return rows


def read_found_metadata(warehouse: Path) -> dict[str, Row]:
    """Who and when, as found, by report."""
    return {
        row.pop("report_id"): row
        for row in _query(
            warehouse,
            """
            select
                dim_report.report_id,
                dim_report.municipality_code,
                dim_organisation.committee,
                report_type,
                fiscal_year
            from marts.dim_report inner join marts.dim_organisation using (organisation_key)
            where dim_report.report_id != 'unknown'
            """,
        )
    }


def _query(warehouse: Path, query: str) -> list[Row]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description or ()]
        return [{name: _text(value) for name, value in zip(names, values, strict=True)} for values in result.fetchall()]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def same(field: str, one: str, other: str) -> bool:
    """Whether two texts of a field say the same."""
    if field in ("value_numeric", "amount_sek") and one and other:
        return abs(float(one) - float(other)) < 1e-6
    return one == other


def _plain(text: str) -> str:
    """A printed value without what a hand and a reader may write differently: the kind of minus, and white space."""
    return re.sub(r"[\s\xad]+", "", text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-"))


def agrees(field: str, gold: Row, found: Row) -> bool:
    """Whether a field is as annotated, or one of the answers that are called right too.

    Those stand in the comment ([alt unit=kr|tkr]) or in a column of their own (unit=kr;group_label=).
    """
    if same(field, gold[field], found[field]):
        return True
    answers = [
        answer for group in re.findall(rf"\[alt {field}=([^\]]*)\]", gold["comment"]) for answer in group.split("|")
    ]
    named = [part.strip().partition("=") for part in gold.get("alt", "").split(";")]
    answers += [answer for name, is_given, answer in named if is_given and name == field]
    return any(answer == "*" or same(field, answer, found[field]) for answer in answers)


def pair(gold: list[Row], found: list[Row]) -> list[tuple[int, int]]:
    """Places of annotated and found values of the same text, paired so that those which agree best come first."""
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(found):
        waiting[_plain(row["value_text"])].append(place)
    candidates = sorted(
        (-sum(agrees(name, row, found[other]) for name in FIELDS), number, other)
        for number, row in enumerate(gold)
        for other in waiting[_plain(row["value_text"])]
    )
    pairs: list[tuple[int, int]] = []
    taken_gold: set[int] = set()
    taken_found: set[int] = set()
    for _, number, other in candidates:
        if number not in taken_gold and other not in taken_found:
            taken_gold.add(number)
            taken_found.add(other)
            pairs.append((number, other))
    return pairs


def _covered(gold: list[Row], found: list[Row]) -> list[Row]:
    """The found values of the annotated pages or, where ``page`` is ``section``, sections; else all."""
    pages = {row["page"] for row in gold if row.get("page")}
    if pages == {"section"}:
        sections = {row["section"] for row in gold}
        return [row for row in found if row["section"] in sections]
    return [row for row in found if not pages or row["page"] in pages]


def proof_score(gold: list[Row], found: list[Row]) -> Counter[str]:
    """Numbers of quantities: all, ``proven`` and ``doubtful``, and of each those whose number is ``wrong``.

    Wrong is what the annotation does not have, or has with another number.
    """
    found = _covered(gold, found)
    right = {other for number, other in pair(gold, found) if agrees("value_numeric", gold[number], found[other])}
    counts: Counter[str] = Counter(quantities=0, proven=0, doubtful=0, wrong=0, wrong_proven=0, wrong_doubtful=0)
    for place, row in enumerate(found):
        if row["value_numeric"]:
            kinds = {"quantities": True, "proven": bool(row["proof"]), "doubtful": row["is_doubtful"] == "True"}
            counts.update(kind for kind, is_so in kinds.items() if is_so)
            if place not in right:
                counts.update(kind for kind in ("wrong", "wrong_proven", "wrong_doubtful") if kinds.get(kind[6:], True))
    return counts


HARD = ("value_numeric", "unit", "amount_sek", "scenario", "period_start", "period_end")
"""What makes a figure another one where it is wrong."""
ATTRIBUTES = (*HARD, "kind", "org_unit", "group_label", "row_label", "column_label", "flag")
"""What must be right for a value to count as right."""


def score(gold: list[Row], found: list[Row]) -> Counter[str]:
    """Numbers of values: ``gold``, ``found``, ``paired``, and of the paired those right in ``hard`` and in ``all``.

    Where the annotation covers some pages or sections only, so does what is counted as found.
    """
    found = _covered(gold, found)
    pairs = pair(gold, found)
    counts = Counter(gold=len(gold), found=len(found), paired=len(pairs))
    for number, other in pairs:
        wrong = [name for name in ATTRIBUTES if not agrees(name, gold[number], found[other])]
        counts["hard"] += not set(wrong) & set(HARD)
        counts["all"] += not wrong
    return counts


NAMED_BY = ("row_label", "column_label", "value_text")
NUMERIC = ("value_numeric", "amount_sek", "bound_low", "bound_high")


def expected_differences(path: Path, found: list[Row]) -> list[str]:
    """What differs between the figures of a report and a file that gives some of their attributes.

    Each cell of the file is the attribute, ``unknown`` for none, or several right ones with `` or `` between them; rows
    without a text are remarks.
    """
    wanted = [row for row in _rows(path) if row["value_text"]]
    left, result = list(found), []
    for row in wanted:
        alike = [
            other
            for other in left
            if all(other[name] == row[name] for name in ("row_label", "column_label", "value_text"))
        ]
        if not alike:
            result.append(f"not found: {row}")
            continue
        best = min(alike, key=lambda other: len(_unlike(row, other)))
        left.remove(best)
        result += [f"{row['row_label']}, {row['column_label']}: {text}" for text in _unlike(row, best)]
    return result + [f"not expected: {row['row_label']}, {row['column_label']}, {row['value_text']}" for row in left]


def _unlike(wanted: Row, found: Row) -> list[str]:
    return [
        f"{name} is {found[name]!r}, not {right!r}"
        for name, right in wanted.items()
        if not any(_is_same(name, one, found[name]) for one in right.split(" or "))
    ]


def _is_same(name: str, right: str, found: str) -> bool:
    if right in ("", "unknown") or not found:
        return right == found or (right in ("", "unknown") and found in ("", "unknown"))
    return float(right) == float(found) if name in NUMERIC else same(name, right, found)
