"""Names and texts as SQL has them.

Belongs here: quoting. Does not belong here: statements.
"""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or the path of a file: where a parameter cannot stand (``attach``, ``load``, ``copy``), and where nothing
    else has parameters, for with the first one DuckDB imports pandas."""
    return "'" + str(text).replace("'", "''") + "'"
