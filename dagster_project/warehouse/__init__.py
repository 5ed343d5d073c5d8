"""From the reports folder to the published file: finding, reading, writing raw tables, publishing, asking.

Belongs here: files, processes, DuckDB. Does not belong here: how a document is read (``extract``), what a word means
(dbt), and anything of Dagster.
"""
