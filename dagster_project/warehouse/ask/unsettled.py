"""Reports of which the documents do not say surely enough whose they are, of what kind, or about which year.

Belongs here: asking the published warehouse for them. Does not belong here: how sure is enough (dbt), and how they are
shown (``cli``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dagster_project.warehouse.ask.query import open_published

RELATION = "reports_to_settle"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """One report that a human should settle."""

    file_name: str
    open_attributes: str
    """What is not known, joined with commas."""
    entry: str
    """Lines to paste into ``reports.yml``."""


def list_unsettled(link: Path) -> list[Unsettled]:
    """Every such report, sorted by file name; none where the published version is older than the relation.

    Raises:
        QueryError: nothing is published.
    """
    with open_published(link) as connection:
        # No parameter: with one, DuckDB imports pandas, which takes longer than all the rest.
        known = connection.execute(
            f"select 1 from information_schema.tables where table_schema = 'marts' and table_name = '{RELATION}'"
        ).fetchone()
        if known is None:
            return []
        rows = connection.execute(
            f"select file_name, open_attributes, entry from marts.{RELATION} order by file_name"
        ).fetchall()
    return [Unsettled(*row) for row in rows]
