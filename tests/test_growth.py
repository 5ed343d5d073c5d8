"""What a question costs must not grow with the square of the warehouse.

Belongs here: how DuckDB goes about what every analyst and every refresh asks. Does not belong here: seconds, which are
measured (``tools/bench_operations.py``).
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.warehouse.ask.query import open_published


def test_no_view_compares_everything_with_everything(warehouse: Path) -> None:
    """A join with a condition that is no equality beside it may be planned as a loop in a loop: 5 seconds of a view
    with a thousand reports, that none of five shows."""
    with open_published(warehouse) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts' and not internal order by all"
        ).fetchall()
        assert len(views) > 10
        plans = {name: connection.execute(f"explain select * from marts.{name}").fetchall()[0][1] for (name,) in views}
    loops = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN")
    assert [name for name, plan in plans.items() if any(loop in plan for loop in loops)] == []
