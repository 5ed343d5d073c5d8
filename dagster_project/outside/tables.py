"""The tables of outside facts: columns and keys.

Belongs here: names, types and what tells two rows apart. Does not belong here: reading editions (``sources``), and
writing them to the working file (``load``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SCHEMA: Final = "outside"

_SOURCE: Final = {"source_key": "varchar not null"}

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "source": {
        **_SOURCE,
        "publisher": "varchar not null",
        "dataset": "varchar not null",
        "edition": "varchar not null",
        "title": "varchar not null",
        "licence": "varchar not null",
        "attribution": "varchar not null",
        "accessed": "date not null",
        "as_of": "date not null",
        "origin": "varchar not null",
        "note": "varchar",
        "sha256": "varchar not null",
        "row_count": "integer not null",
        "is_live": "boolean not null",
        "is_named_when_computed": "boolean not null",
    },
    "statistic": {
        **_SOURCE,
        "statistic_key": "varchar not null",
        "title": "varchar not null",
        "definition": "varchar",
        "operating_area": "varchar",
        "perspective": "varchar",
        "municipality_type": "varchar",
        "is_divided_by_gender": "boolean",
        "has_ou_data": "boolean",
        "parent_key": "varchar",
        "publication_date": "date",
        "last_year": "integer",
        "is_withdrawn": "boolean not null",
        "unit_key": "varchar",
        "per": "varchar",
        "comparable_area": "varchar not null",
    },
    "statistic_value": {
        **_SOURCE,
        "statistic_key": "varchar not null",
        "municipality_code": "varchar not null",
        "year": "integer not null",
        "gender": "varchar not null",
        "value": "double",
        "status": "varchar",
    },
    "comparable_municipality": {
        **_SOURCE,
        "comparable_area": "varchar not null",
        "year": "integer not null",
        "group_id": "varchar not null",
        "municipality_code": "varchar not null",
        "comparable_code": "varchar not null",
    },
    "price_index": {
        **_SOURCE,
        "year": "integer not null",
        "change_percent": "double not null",
        "price_index": "double not null",
    },
    "municipality_change": {
        **_SOURCE,
        "year": "integer not null",
        "kind": "varchar not null",
        "municipality_code": "varchar not null",
        "municipality_name": "varchar not null",
        "other_code": "varchar",
        "other_name": "varchar not null",
        "stated_by": "varchar not null",
    },
    "place": {
        **_SOURCE,
        "place_code": "varchar not null",
        "place_name": "varchar not null",
        "place_type": "varchar not null",
    },
}
"""Table to columns with their types; every table is there after a load, empty or not."""

DERIVED: Final = {"statistic": ("unit_key", "per", "comparable_area")}
"""Columns that no file holds: ``rules`` tells them from title and area."""

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "statistic": ("statistic_key",),
    "statistic_value": ("statistic_key", "municipality_code", "year", "gender"),
    "comparable_municipality": ("comparable_area", "year", "municipality_code", "comparable_code"),
    "price_index": ("year",),
    "municipality_change": ("year", "kind", "municipality_code"),
    "place": ("place_code",),
}
"""Columns that tell the rows of one edition apart; the tables that an edition may hold."""

CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "statistic_value": ("municipality_code",),
    "comparable_municipality": ("municipality_code", "comparable_code"),
    "municipality_change": ("municipality_code",),
}
"""Columns that hold codes of places."""


def create_statement(table: str) -> str:
    """DDL of one table."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES[table].items())
    return f"create table {SCHEMA}.{table} ({columns})"


def file_columns(table: str) -> dict[str, str]:
    """Columns of a file of ``table`` with their types, ``not null`` left in."""
    derived = ("source_key", *DERIVED.get(table, ()))
    return {name: kind for name, kind in TABLES[table].items() if name not in derived}
