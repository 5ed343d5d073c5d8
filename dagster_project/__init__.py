"""kommunlager: reports of Swedish municipalities as a star schema in DuckDB."""
