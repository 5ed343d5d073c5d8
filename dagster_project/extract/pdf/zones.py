"""Parts of a page that are read one after the other: columns of text, tables side by side.

Belongs here: cutting a page at white space that runs down it. Does not belong here: the columns of one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.tables import PageTable, Refused


@dataclass(slots=True)
class Zone:
    """Words and tables with rules that are read together, from top to bottom."""

    words: list[Word]
    tables: list[PageTable | Refused]


def zones(words: Sequence[Word], tables: Sequence[PageTable | Refused]) -> list[Zone]:
    """Cut a page into zones in reading order."""
    return [Zone(list(words), list(tables))]
