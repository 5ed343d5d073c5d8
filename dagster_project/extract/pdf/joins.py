"""Whether a table at the top of a page goes on with the one at the bottom of the page before.

Belongs here: comparing the places of columns. Does not belong here: comparing header rows and joining rows
(``structure``).
"""

from __future__ import annotations

from dagster_project.extract.pdf.tables import PageTable, Region

NEAR = 4.0
"""Points by which the edges of a column may differ between pages."""


def follows(before: PageTable, table: PageTable) -> bool:
    """Whether the columns of two tables stand in the same places."""
    if len(before.columns) != len(table.columns):
        return False
    return all(_same_place(a, b) for a, b in zip(before.columns, table.columns, strict=True))


def _same_place(a: tuple[float, float], b: tuple[float, float]) -> bool:
    if min(a[1], b[1]) - max(a[0], b[0]) <= 0:
        return False
    middle = abs((a[0] + a[1]) - (b[0] + b[1])) / 2
    return min(abs(a[0] - b[0]), abs(a[1] - b[1]), middle) <= NEAR


def continue_columns(region: Region, before: PageTable | None) -> Region:
    """A region at the top of a page with the columns of the table that ended the page before."""
    return region
