"""SQL functions that the models call and DuckDB does not have.

Belongs here: making them known to a connection. Does not belong here: what they do (``totals``), and dbt, which has
them through ``dbt_plugin``.
"""

from __future__ import annotations

import duckdb

from dagster_project.warehouse.build.totals import ROW_TYPE, TOTAL_TYPE, find_totals


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to the database of ``connection``."""
    connection.create_function("find_totals", find_totals, [ROW_TYPE], TOTAL_TYPE)
