"""What dbt-duckdb lets us do to its connections; ``dbt/profiles.yml`` names this module.

Belongs here: our SQL functions for dbt. Does not belong here: the functions (``functions``), and running dbt
(``transform``).
"""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from dagster_project.warehouse.build.functions import register


class Plugin(BasePlugin):
    """Called by dbt-duckdb."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Of the connection that all of dbt's threads share a database through."""
        register(conn)
