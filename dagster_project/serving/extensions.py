"""Loading DuckDB's extensions from their wheels. Does not belong here: what is done with them."""

from __future__ import annotations

import duckdb


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB, from its wheel where that is installed.

    Raises:
        duckdb.Error: there is neither a wheel nor a copy in DuckDB's folder for extensions.
    """
    try:
        from duckdb_extensions import import_extension

        import_extension(name)
    except (ImportError, OSError):  # then it may lie in DuckDB's own folder
        pass
    connection.execute(f"load {name}")
