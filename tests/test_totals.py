"""Totals that arithmetic finds among the rows of a table, against the rule said plainly and slowly.

Belongs here: ``find_totals``. Does not belong here: which tables are searched (``dbt/models/unit_tests.yml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.warehouse.build.totals import find_totals

CLASSES = ("total", "word", "subtotal", "unknown", "line")

Row = dict[str, Any]


def row(row_class: str, *printed: float | None, rounding: float = 0.5, indent: float | None = None) -> Row:
    return {
        "row_class": row_class,
        "indent": indent,
        "printed": list(printed),
        "roundings": [rounding] * len(printed),
    }


def numbered(rows: Sequence[Row]) -> list[Row]:
    return [{"row_index": index, **one} for index, one in enumerate(rows)]


def found(*rows: Row) -> list[tuple[int, list[int], str]]:
    return [(one["row_index"], one["component_rows"], one["method"]) for one in find_totals(numbered(rows))]


def slowly(rows: Sequence[Row]) -> list[tuple[int, list[int], str]]:
    """The rule with nothing remembered: every run of rows above is summed for every row."""
    leads = slow_leads(rows)
    stack: list[Row] = []
    totals: list[tuple[int, list[int], str]] = []
    heights: list[tuple[int, int]] = []
    for position, one in enumerate(rows):
        columns = [index for index, value in enumerate(one["printed"]) if value]
        whole, choices = len(stack), []
        last = stack[-1]["row_class"] if stack else ""
        runs = [(k, "sum") for k in range(1, whole + 1)] + [(2, "difference"), (2, "reverse")] * (whole > 1)
        for k, method in runs if position not in leads else []:
            n = sum(holds(one, stack[whole - k :], index, method) for index in columns)
            mostly = n > 1 and n * 10 >= 6 * len(columns)
            everywhere = n > 0 and n == len(columns)
            is_right = {
                "total": n > 0 or (k == whole and method == "sum"),
                "word": n > 0,
                "subtotal": (everywhere or mostly) if k > 1 else (mostly and last == "subtotal"),
                "unknown": method == "sum"
                and everywhere
                and ((k == whole and k > 3) if n == 1 else k > 2 if n == 2 else k > 1),
                "line": False,
            }
            if is_right[one["row_class"]]:
                choices.append((n, method == "sum", k, method))
        if choices:
            *_, k, method = max(choices)
            totals.append((one["row_index"], [taken["row_index"] for taken in stack[whole - k :]], method))
            del stack[whole - k :]
            heights = [(end, height) for end, height in heights if height <= len(stack)]
        stack.append(one)
        if position in leads:
            totals.append((one["row_index"], [rows[part]["row_index"] for part in leads[position][0]], "sum_below"))
            heights.append((leads[position][1], len(stack)))
        while heights and heights[-1][0] <= position:
            del stack[heights.pop()[1] :]
    return totals


def slow_leads(rows: Sequence[Row]) -> dict[int, tuple[list[int], int]]:
    """Totals above their parts: the parts, and the last row that they or their own parts reach."""
    indents = [one["indent"] for one in rows if one["indent"] is not None]
    is_indented = bool(indents) and max(indents) - min(indents) >= 3
    leads: dict[int, tuple[list[int], int]] = {}
    for position in reversed(range(len(rows))):
        taken = {place for parts, _ in leads.values() for place in parts}
        below = [place for place in range(position + 1, len(rows)) if place not in taken]
        inner = [place for place in below if is_inner(rows, position, place)] if is_indented else None
        if inner is not None:
            inner = below[: next((n for n, place in enumerate(below) if place not in inner), len(below))]
        tried = [inner] if inner is not None else [below[:count] for count in range(1, len(below) + 1)]
        for parts in tried:
            if is_led(rows, position, parts, certain=inner is not None):
                leads[position] = (parts, leads.get(parts[-1], ([], parts[-1]))[1])
                break
    return leads


def is_inner(rows: Sequence[Row], position: int, place: int) -> bool:
    return bool(rows[place]["indent"] >= rows[position]["indent"] + 3)


def is_led(rows: Sequence[Row], position: int, parts: list[int], *, certain: bool) -> bool:
    one, taken = rows[position], [rows[place] for place in parts]
    if not taken or not any(one["printed"]) or any(part["row_class"] not in ("unknown", "line") for part in taken):
        return False
    columns = [index for index, value in enumerate(one["printed"]) if value is not None]
    if not all(holds(one, taken, index, "sum") for index in columns):
        return False
    witnesses = {
        one["printed"][index]: index
        for index in columns
        if abs(one["printed"][index]) >= 1000 * max(one["roundings"][index], 1e-6)
        and sum(bool(part["printed"][index]) for part in taken) > 1
    }
    return certain or (one["row_class"] == "unknown" and len(witnesses) > 1)


def holds(one: Row, above: Sequence[Row], index: int, method: str) -> bool:
    parts = [other["printed"][index] or 0.0 for other in above]
    result = {"sum": sum(parts), "difference": parts[0] - sum(parts[1:]), "reverse": sum(parts[1:]) - parts[0]}[method]
    tolerance = one["roundings"][index] + sum(other["roundings"][index] for other in above)
    return bool(abs(one["printed"][index] - result) <= tolerance + 1e-6)


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Rows of which about half are a sum or a difference of rows above, give or take the rounding and then some."""
    columns = draw(st.integers(1, 4))
    decimals, rounding = draw(st.sampled_from([(0, 0.0), (0, 0.5), (1, 0.05), (2, 0.005), (0, 5.0)]))
    numbers = st.integers(-2000, 2000).map(lambda number: round(number / 10**decimals, decimals))
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 14))):
        printed: list[float | None] = [draw(st.none() | numbers) for _ in range(columns)]
        is_sum: bool = draw(st.booleans())
        if rows and is_sum:
            taken = rows[-draw(st.integers(1, len(rows))) :]
            sign = draw(st.sampled_from([1, 1, 1, -1]))
            printed = [
                round(
                    sign * sum(other["printed"][index] or 0.0 for other in taken) + draw(st.integers(-2, 2)) * rounding,
                    decimals,
                )
                for index in range(columns)
            ]
        rows.append(row(draw(st.sampled_from(CLASSES)), *printed, rounding=rounding))
    if draw(st.booleans()):
        rows.reverse()  # the sums stand above their parts
    if draw(st.booleans()):
        rows = [{**one, "indent": draw(st.sampled_from([0.0, 0.0, 9.0, 18.0]))} for one in rows]
    return numbered(rows)


@given(tables())
@settings(max_examples=200, deadline=None)
def test_the_search_finds_what_the_rule_says(rows: list[Row]) -> None:
    assert [tuple(one.values()) for one in find_totals(rows)] == slowly(rows)


@pytest.mark.parametrize("row_class", ["unknown", "subtotal", "word"])
def test_a_long_table_gives_what_the_rule_says(row_class: str) -> None:
    """Longer than a block of rows that are passed over together, with totals that reach over several of them."""
    rows = [row("unknown", float(index % 89 + 1), float(index % 7 - 3)) for index in range(200)]
    rows.append(row(row_class, *(sum(one["printed"][column] for one in rows[20:]) for column in (0, 1))))
    rows += [row("unknown", float(index % 13), -5.0) for index in range(150)]
    rows.append(row(row_class, *(sum(one["printed"][column] for one in rows[201:]) for column in (0, 1))))
    assert found(*rows) == slowly(numbered(rows))
    assert [taken for _, taken, _ in found(*rows)][-1][-1] == 350


def test_a_difference_takes_the_two_rows_above_it() -> None:
    income, costs = row("line", 100.0, 90.0), row("line", 30.0, 50.0)
    assert found(income, costs, row("subtotal", 70.0, 40.0)) == [(2, [0, 1], "difference")]
    assert found(income, costs, row("subtotal", -70.0, -40.0)) == [(2, [0, 1], "reverse")]


def test_a_total_that_adds_up_nowhere_is_shown_with_all_the_rows_above() -> None:
    assert found(row("line", 1.0), row("line", 20.0), row("total", 500.0)) == [(2, [0, 1], "sum")]
    assert found(row("line", 1.0), row("line", 20.0), row("word", 500.0)) == []


def test_a_total_above_its_parts_leads_them() -> None:
    rows = [
        row("unknown", 34_950.0, 34_680.0), row("unknown", 5_625.0, 5_625.0), row("unknown", 29_325.0, 29_055.0),
        row("unknown", 30_505.0, 30_150.0), row("unknown", 7_853.0, 4_030.0), row("unknown", 22_652.0, 26_120.0),
    ]  # fmt: skip
    total = row("word", 65_455.0, 64_830.0)
    leads = [(0, [1, 2], "sum_below"), (3, [4, 5], "sum_below")]
    assert found(*rows, total) == [*leads, (6, [0, 3], "sum")]
    # The same figures in both columns are one witness, small ones and the net of a statement are none.
    assert found(*(row("unknown", one["printed"][0], one["printed"][0]) for one in rows[:3])) == []
    assert found(row("unknown", 57.0, 40.0, rounding=0.05), *(row("unknown", 28.5, 20.0, rounding=0.05),) * 2) == []
    assert found(row("unknown", 1000.0, 900.0), row("unknown", 900.0, 850.0), row("subtotal", 100.0, 50.0))[:1] != [
        (0, [1, 2], "sum_below")
    ]


def test_labels_further_in_tell_the_parts_of_a_total() -> None:
    rows = [row("line", 15.0, indent=0.0), row("unknown", 15.0, indent=9.0), row("unknown", 7.0, indent=0.0)]
    assert found(*rows) == [(0, [1], "sum_below")]
    assert found(*({**one, "indent": 0.0} for one in rows)) == []
    # Exactly those that stand further in, or none.
    assert found(*rows[:2], row("unknown", 5.0, indent=9.0)) == []


def test_figures_that_are_not_printed_add_nothing() -> None:
    assert found(row("line", None, 2.0), row("line", 5.0, None), row("total", 5.0, 2.0)) == [(2, [0, 1], "sum")]
    assert found(row("line", None), row("total", None)) == [(1, [0], "sum")]
    assert find_totals([]) == []


def test_a_table_as_long_as_a_document_may_hold_is_searched() -> None:
    """With a sum anew for every run of every row, these would be 10^12 additions."""
    rows = [row("unknown", float(index % 977) - 300, float(index % 613)) for index in range(10_000)]
    assert found(*rows, row("total", sum(one["printed"][0] for one in rows), 0.0)) == [
        (10_000, list(range(10_000)), "sum")
    ]
