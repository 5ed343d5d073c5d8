"""From the reports folder to the published file: five rooms, named by what passes through them.

Belongs here: files, processes, DuckDB; beside the rooms what all of them write with (``files``, ``sql``). Does not
belong here: how a document is read (``extract``), what a word means (dbt), and anything of Dagster. ``make lint``
sees to it.
"""
