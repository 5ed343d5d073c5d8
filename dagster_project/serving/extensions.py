"""Loading DuckDB's extensions from their wheels. Does not belong here: what is done with them."""

from __future__ import annotations

from contextlib import suppress

import duckdb


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB, from its wheel where that is installed.

    Raises:
        duckdb.Error: there is neither a wheel nor a copy in DuckDB's folder for extensions.
    """
    try:
        connection.execute(f"load {name}")
    except duckdb.Error:  # not there yet
        with suppress(ImportError, OSError):
            from duckdb_extensions import import_extension

            import_extension(name, con=connection)
        connection.execute(f"load {name}")
