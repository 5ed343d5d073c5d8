"""Totals that arithmetic finds among the rows of a table, against the rule said plainly and slowly.

Belongs here: ``find_totals``. Does not belong here: which tables are searched (``dbt/models/unit_tests.yml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.warehouse.totals import find_totals

CLASSES = ("total", "word", "subtotal", "unknown", "line")

Row = dict[str, Any]


def row(row_class: str, *printed: float | None, rounding: float = 0.5) -> Row:
    return {"row_class": row_class, "printed": list(printed), "roundings": [rounding] * len(printed)}


def numbered(rows: Sequence[Row]) -> list[Row]:
    return [{"row_index": index, **one} for index, one in enumerate(rows)]


def found(*rows: Row) -> list[tuple[int, list[int], str]]:
    return [(one["row_index"], one["component_rows"], one["method"]) for one in find_totals(numbered(rows))]


def slowly(rows: Sequence[Row]) -> list[tuple[int, list[int], str]]:
    """The rule with nothing remembered: every run of rows above is summed for every row."""
    stack: list[Row] = []
    totals = []
    for one in rows:
        columns = [index for index, value in enumerate(one["printed"]) if value]
        whole, choices = len(stack), []
        last = stack[-1]["row_class"] if stack else ""
        runs = [(k, "sum") for k in range(1, whole + 1)] + [(2, "difference"), (2, "reverse")] * (whole > 1)
        for k, method in runs:
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
        stack.append(one)
    return totals


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
