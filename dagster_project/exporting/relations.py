"""What there is to export: tables and views with their columns, and the municipality that each row is about.

Belongs here: reading the catalogue, and choosing. Does not belong here: writing files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import duckdb

from dagster_project.warehouse.sql import literal, quoted

SCHEMA: Final = "marts"
"""Exported whole when nothing is chosen; where a name without schema is looked for."""

UNKNOWN: Final = "none"
"""Code of the municipality of what no report names."""

_MUNICIPALITY_OF: Final = (
    ("municipality_code", "{t}.municipality_code"),
    ("report_id", "(select r.municipality_code from marts.dim_report as r where r.report_id = {t}.report_id)"),
    ("report_key", "(select r.municipality_code from marts.dim_report as r where r.report_key = {t}.report_key)"),
    (
        "organisation_key",
        "(select o.municipality_code from marts.dim_organisation as o where o.organisation_key = {t}.organisation_key)",
    ),
    (
        "municipality_name",
        "(select min(m.municipality_code) from marts.dim_municipality as m "
        "where m.municipality_name = {t}.municipality_name)",
    ),
)
"""A column of a relation, and how the code of the municipality follows from it; the first that is there counts."""


_SOURCES: Final = re.compile(r"Source: ([^()]+) \(dim_source\)\.$")
"""How the comment of a column says whose facts it holds."""


class ExportError(Exception):
    """Nothing was exported; the message says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as DuckDB knows it."""

    name: str
    data_type: str
    comment: str
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name of its file or sheet: without the schema where that is the usual one."""
        return self.name if self.schema == SCHEMA else f"{self.schema}_{self.name}"

    @property
    def is_dimension(self) -> bool:
        """Whether it describes what the figures are about, rather than holding them."""
        return self.name.startswith("dim_")

    @property
    def datasets(self) -> dict[str, tuple[str, ...]]:
        """By column the datasets of other publishers that its facts are from, as its comment says.

        ``""`` stands for those that each row names itself, in its ``source_key``.
        """
        found = {}
        for column in self.columns:
            if said := _SOURCES.search(column.comment):
                found[column.name] = tuple("" if "source_key" in one else one for one in said[1].split(", "))
        return found

    @property
    def municipality(self) -> str | None:
        """SQL for the code of the municipality of a row; None where its rows belong to none."""
        names = {column.name for column in self.columns}
        for name, sql in _MUNICIPALITY_OF:
            if name in names:
                return sql.format(t="t")
        return None

    def query(self, municipalities: Sequence[str], *, only: str | None = None) -> str:
        """Its rows in a total order.

        Args:
            municipalities: codes; none for all. A dimension keeps its unknown members, which figures refer to.
            only: of one municipality.
        """
        code = self.municipality
        condition = ""
        if code and only is not None:
            condition = f"where coalesce({code}, '{UNKNOWN}') = {literal(only)}"
        elif code and municipalities:
            wanted = [*municipalities, UNKNOWN] if self.is_dimension else municipalities
            condition = f"where coalesce({code}, '{UNKNOWN}') in ({', '.join(map(literal, wanted))})"
        order = ", ".join(map(quoted, self.primary_key)) or "all"
        return f"select t.* from {quoted(self.schema)}.{quoted(self.name)} as t {condition} order by {order}"

    def codes_query(self) -> str:
        """The codes of the municipalities that its rows are about."""
        return (
            f"select distinct coalesce({self.municipality}, '{UNKNOWN}') from "
            f"{quoted(self.schema)}.{quoted(self.name)} as t order by 1"
        )


@dataclass(frozen=True, slots=True)
class Municipality:
    """One of the 290, or the unknown one."""

    code: str
    name: str

    @property
    def slug(self) -> str:
        """Name of its folder: begins with the code, and is no number, or a reader would drop the zeros in front."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return f"{self.code}-{re.sub('[^a-z0-9]+', '-', plain).strip('-')}"


def list_relations(connection: duckdb.DuckDBPyConnection) -> list[Relation]:
    """Every table and view that is published, sorted by schema and name."""
    listed = connection.execute("""
        select schema_name, table_name, comment from duckdb_tables()
        where database_name = current_database() and not internal
        union all
        select schema_name, view_name, comment from duckdb_views()
        where database_name = current_database() and not internal
        order by all
    """).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, data_type, comment, is_nullable in connection.execute("""
        select schema_name, table_name, column_name, data_type, comment, is_nullable from duckdb_columns()
        where database_name = current_database() and not internal
        order by schema_name, table_name, column_index
    """).fetchall():
        described = Column(str(name), str(data_type), " ".join((comment or "").split()), bool(is_nullable))
        columns.setdefault((schema, table), []).append(described)
    keys = {
        (schema, table): tuple(names)
        for schema, table, names in connection.execute("""
            select schema_name, table_name, constraint_column_names from duckdb_constraints()
            where database_name = current_database() and constraint_type = 'PRIMARY KEY'
        """).fetchall()
    }
    return [
        Relation(
            schema,
            name,
            " ".join((comment or "").split()),
            tuple(columns.get((schema, name), ())),
            keys.get((schema, name), ()),
        )
        for schema, name, comment in listed
    ]


def choose_relations(relations: Sequence[Relation], names: Iterable[str]) -> list[Relation]:
    """Those that are named, ``report_values`` or ``raw.cell``; without names all of the marts.

    Raises:
        ExportError: a name that is not there, with the names that it looks like.
    """
    wanted = [name.strip() for name in names if name.strip()]
    if not wanted:
        return [relation for relation in relations if relation.schema == SCHEMA]
    by_name = {f"{relation.schema}.{relation.name}": relation for relation in relations}
    chosen: dict[str, Relation] = {}
    for name in wanted:
        full = name.lower() if "." in name else f"{SCHEMA}.{name.lower()}"
        if full not in by_name:
            near = get_close_matches(full, by_name, n=3) or sorted(n for n in by_name if n.startswith(f"{SCHEMA}."))
            raise ExportError(f"There is no table or view {name!r} in the warehouse. Did you mean: {', '.join(near)}?")
        chosen[full] = by_name[full]
    return list(chosen.values())


def list_sources(connection: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, list[dict[str, str]]]:
    """By column of ``relation`` the editions of other publishers that its facts are from: licence and attribution."""
    datasets = relation.datasets
    if not datasets:
        return {}
    names = {column.name for column in relation.columns}
    own = "false"
    if "source_key" in names:
        raw = "is_raw" if "is_raw" in names else "true"
        own = (
            f"source_key in (select source_key from {quoted(relation.schema)}.{quoted(relation.name)} as t "
            f"where {raw} or dim_source.is_named_when_computed)"
        )
    told = connection.execute(
        "select dataset, source_key as name, title, publisher, licence, attribution, "
        f"coalesce({own}, false) as is_own from marts.dim_source order by source_key"
    )
    titles = [column[0] for column in told.description or ()]
    editions = [dict(zip(titles, row, strict=True)) for row in told.fetchall()]
    shown = ("name", "title", "publisher", "licence", "attribution")
    return {
        column: [
            {name: str(edition[name]) for name in shown}
            for edition in editions
            if edition["dataset"] in wanted or ("" in wanted and edition["is_own"])
        ]
        for column, wanted in datasets.items()
    }


def list_municipalities(connection: duckdb.DuckDBPyConnection) -> list[Municipality]:
    """All, with the unknown one."""
    rows = connection.execute("select municipality_code, municipality_name from marts.dim_municipality order by 1")
    return [Municipality(code, name) for code, name in rows.fetchall()]


def choose_municipalities(municipalities: Sequence[Municipality], names: Iterable[str]) -> list[Municipality]:
    """Those that are named, by code or name ("Göteborg", "Göteborgs kommun", "1480").

    Raises:
        ExportError: a name that no municipality has, with the names that it looks like.
    """
    by_code = {one.code: one for one in municipalities}
    by_name = {one.name.casefold(): one for one in municipalities}
    chosen: dict[str, Municipality] = {}
    for given in (name.strip() for name in names):
        plain = re.sub(r"\s+(kommun|stad)$", "", given.casefold())
        found = by_code.get(given) or by_name.get(plain) or by_name.get(plain.removesuffix("s"))
        if found is None:
            near = get_close_matches(plain, by_name, n=3, cutoff=0.5)
            hint = f" Did you mean: {', '.join(by_name[name].name for name in near)}?" if near else ""
            raise ExportError(f"There is no municipality {given!r}; give its name or its four-digit code.{hint}")
        chosen[found.code] = found
    return list(chosen.values())
