"""What an answer looks like in a terminal.

Belongs here: which columns are shown in how many characters. Does not belong here: real terminals (``test_cli``).
"""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.cli import FIRST_QUERY
from dagster_project.console import answer_table
from dagster_project.warehouse.ask.query import Answer

LONGEST_KIND = """
    create view report_values as select
        'Upplands-Bro' as municipality_name, 'Kommunstyrelsens förvaltning, avgifter' as row_label, 2025 as year,
        'forecast' as scenario, '-1 234 567,8' as value_text, 'kr per invånare' as unit, 'x' as other
"""
"""Words of ordinary length, every one longer than a column of 80 characters' six has room for."""


@pytest.mark.parametrize(("sql", "width", "left_out"), [
    (FIRST_QUERY, 80, []),
    (FIRST_QUERY, 60, ["value_text", "unit"]),
    ("select *, row_label as again from report_values", 80, ["unit", "again"]),
])  # fmt: skip
def test_columns_are_folded_before_one_is_left_out(sql: str, width: int, left_out: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.execute(LONGEST_KIND)
        table, rows, told = answer_table(Answer(connection, sql), 0, width)
    assert (rows, told) == (1, left_out)
    assert sum((column.width or 0) + 3 for column in table.columns) + 1 <= width
