"""``datapackage.json``: what the files are and what every column means, as Frictionless Data describes it.

Belongs here: the description, from DuckDB's own catalogue. Does not belong here: the files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dagster_project.exporting.relations import Relation

_TYPES: Final = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "FLOAT": "number",
    "DOUBLE": "number",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT"), "integer"),
}


Sources = Mapping[str, Sequence[Mapping[str, str]]]
"""By column the editions that its facts are from: name, title, publisher, licence, attribution."""


def schema_of(relation: Relation, exported: Sequence[Relation], form: str, sources: Sources) -> dict[str, Any]:
    """The Table Schema of a relation: fields, primary key, and references to dimensions that are exported as well."""
    described: dict[str, Any] = {"fields": [_field(relation, index, sources) for index in range(len(relation.columns))]}
    if relation.primary_key:
        described["primaryKey"] = list(relation.primary_key)
    references = []
    for column in relation.columns:
        dimension = f"dim_{column.name.removesuffix('_key')}"
        others = (other for other in exported if other.schema == relation.schema and other != relation)
        target = next((other for other in others if other.name == dimension), None)
        if column.name.endswith("_key") and target and target.primary_key == (column.name,):
            references.append(
                {
                    "fields": [column.name],
                    "reference": {"resource": resource_name(target, form), "fields": [column.name]},
                }
            )
    if references:
        described["foreignKeys"] = references
    return described


def sources_of(sources: Sources) -> dict[str, Any]:
    """``sources`` and ``licenses`` of a resource: of all its columns; empty where it holds no outside facts."""
    editions = {one["name"]: one for of_column in sources.values() for one in of_column}
    if not editions:
        return {}
    return {
        "sources": [dict(editions[name]) for name in sorted(editions)],
        "licenses": [
            {"name": re.sub(r"[^A-Za-z0-9.-]+", "-", licence).strip("-"), "title": licence}
            for licence in sorted({one["licence"] for one in editions.values()})
        ],
    }


def _field(relation: Relation, index: int, sources: Sources) -> dict[str, Any]:
    column = relation.columns[index]
    kind = column.data_type.partition("(")[0]
    field: dict[str, Any] = {"name": column.name}
    if kind.startswith("TIMESTAMP"):
        field |= {"type": "datetime", "format": "any"}
    elif kind == "DECIMAL":
        field |= {"type": "number"}
    else:
        field |= {"type": _TYPES.get(kind, "string")}
    if column.comment:
        field["description"] = column.comment
    if of_column := sources.get(column.name):
        field["sources"] = [dict(one) for one in of_column]
    if not column.is_nullable or column.name in relation.primary_key:
        field["constraints"] = {"required": True}
    return field


def resource_name(relation: Relation, form: str) -> str:
    """The name of a resource: of the relation, and of the format where that is not CSV."""
    name = relation.label.replace("_", "-").lower()
    return name if form == "csv" else f"{name}-{form}"


def package(
    title: str, created: str, version: str, resources: list[dict[str, Any]], *, is_marked: bool
) -> dict[str, Any]:
    """The whole description.

    Args:
        title: for people.
        created: moment in UTC, ISO 8601.
        version: the name of the release that the data are from.
        resources: one for each relation and format.
        is_marked: whether texts in CSV that a spreadsheet would take for formulas begin with an apostrophe.
    """
    said = ["Figures that Swedish municipal committees print in their reports, each with its cell."]
    if is_marked:
        said.append("In CSV a text that a spreadsheet would take for a formula has an apostrophe before it.")
    return {
        "profile": "data-package",
        "name": "kommunlager",
        "title": title,
        "description": " ".join(said),
        "created": created,
        "version": version,
        "resources": resources,
    }
