"""What has changed from one release to the next, as a page for a person.

Belongs here: comparing two databases table by table, and the Markdown. Does not belong here: what a release is.

Only the rows of reports whose hashes differ are looked at; so a page costs what has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from dagster_project.warehouse.release.content import Content, relation, report_column, row_hash
from dagster_project.warehouse.sql import quoted

SAMPLE: Final = 5
"""Rows shown of each kind."""

SHOWN_REPORTS: Final = 50
LONGEST: Final = 80
"""Characters of a value."""

POSITION: Final = ("report_id", "report_key", "table_seq", "row_index", "col_index", "part_index")
"""Columns that place a row in its document, for tables without a primary key."""

REPORTS: Final = """
    select
        coalesce(now_there.file_name, was_there.file_name) as file_name,
        case
            when was_there.file_name is null then 'added'
            when now_there.file_name is null then 'removed'
            when was_there.status != now_there.status then now_there.status || ', was ' || was_there.status
            when was_there.sha256 is distinct from now_there.sha256 then 'changed'
            else 'other reason: ' || coalesce(now_there.error, '')
        end as what,
        now_there.error
    from was.raw.report as was_there
    full outer join now.raw.report as now_there using (file_name)
    where
        was_there.file_name is null
        or now_there.file_name is null
        or was_there.sha256 is distinct from now_there.sha256
        or was_there.status != now_there.status
        or was_there.error is distinct from now_there.error
    order by all
"""


Columns = Mapping[str, list[tuple[str, str]]]
"""Name and type of the columns, by ``schema.name``."""


@dataclass(frozen=True, slots=True)
class TableDifference:
    """How the rows of one table differ; ``changed`` is None for a table without a key."""

    table: str
    added: int
    removed: int
    changed: int | None
    samples: tuple[str, ...]
    remark: str = ""


def difference(
    connection: duckdb.DuckDBPyConnection, was: Content, now: Content, was_name: str, now_name: str
) -> tuple[str, dict[str, Any]]:
    """The page, and its numbers for the manifest. The two databases are attached as ``was`` and ``now``."""
    reports = connection.execute(REPORTS).fetchall()
    columns = {database: _columns(connection, database) for database in ("was", "now")}
    tables = [
        found
        for table in sorted(was.tables.keys() | now.tables.keys())
        if (found := _table_difference(connection, table, was, now, columns)) is not None
    ]
    numbers = {
        "reports": {what: sum(row[1] == what for row in reports) for what in ("added", "changed", "removed")},
        "tables": {one.table: {"added": one.added, "removed": one.removed, "changed": one.changed} for one in tables},
    }
    lines = [f"# {now_name}", "", f"Compared with {was_name}.", "", "## Reports", ""]
    lines += [
        f"- {_plain(what)}: {_plain(name)}" + (f" ({_plain(error)})" if error else "")
        for name, what, error in reports[:SHOWN_REPORTS]
    ]
    if len(reports) > SHOWN_REPORTS:
        lines.append(f"- and {len(reports) - SHOWN_REPORTS} more")
    lines += ["- none has changed"] if not reports else []
    lines += ["", "## Rows", ""]
    if tables:
        lines += ["| table | added | removed | changed |", "| --- | ---: | ---: | ---: |"]
        lines += [
            f"| {one.table}{' (' + one.remark + ')' if one.remark else ''} | {one.added} | {one.removed} | "
            f"{'' if one.changed is None else one.changed} |"
            for one in tables
        ]
    else:
        lines.append("The rows are the same.")
    for one in tables:
        if one.samples:
            lines += ["", f"### {one.table}", "", *one.samples]
    return "\n".join(lines) + "\n", numbers


def _table_difference(
    connection: duckdb.DuckDBPyConnection, table: str, was: Content, now: Content, columns: Mapping[str, Columns]
) -> TableDifference | None:
    before, after = was.tables.get(table), now.tables.get(table)
    if before is None or after is None:
        there = before or after
        assert there is not None
        rows, remark = there.rows, "new table" if before is None else "table removed"
        return TableDifference(table, rows if before is None else 0, rows if after is None else 0, None, (), remark)
    if columns["was"].get(table) != columns["now"].get(table):
        return TableDifference(table, after.rows, before.rows, None, (), "other columns")
    if before.hash == after.hash:
        return None
    owners = sorted(
        name
        for name in before.by_report.keys() | after.by_report.keys()
        if before.by_report.get(name) != after.by_report.get(name)
    )
    return _rows(connection, table, columns["now"][table], owners)


def _columns(connection: duckdb.DuckDBPyConnection, database: str) -> Columns:
    """Of all tables at once: DuckDB lists all of them however few are asked for."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for table, column, type_ in connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? order by schema_name, table_name, column_index",
        [database],
    ).fetchall():
        found[table].append((column, type_))
    return found


def _rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]], owners: list[str]
) -> TableDifference:
    owner, key = report_column(columns), _key(connection, table, columns)
    condition = f"where {quoted(owner)} in (select unnest(?::varchar[]))" if owner else ""
    for database in ("was", "now"):
        # Those that are in both as often fall out by their hash; what is left is small.
        connection.execute(
            f"create or replace temp table {database}_rows as "
            f"select *, {row_hash(columns)} as hash_ from {relation(database, table)} {condition}",
            [owners] if owner else None,
        )
    same = "select hash_ from was_rows intersect select hash_ from now_rows"
    for database in ("was", "now"):
        connection.execute(
            f"create or replace temp table {database}_only as from {database}_rows where hash_ not in ({same})"
        )
    names = [name for name, type_ in columns if type_ != "TIMESTAMP WITH TIME ZONE"]
    joined = " and ".join(f"was_only.{quoted(name)} is not distinct from now_only.{quoted(name)}" for name in key)
    samples: list[str] = []
    if key:
        changed = _number(connection, f"select count(*) from was_only inner join now_only on {joined}")
        pairs = connection.execute(
            "select {}, {} from was_only inner join now_only on {} order by {} limit {}".format(
                ", ".join(f"was_only.{quoted(name)}" for name in names),
                ", ".join(f"now_only.{quoted(name)}" for name in names),
                joined,
                ", ".join(f"now_only.{quoted(name)}" for name in key),
                SAMPLE,
            )
        ).fetchall()
        samples += [_change(names, key, row[: len(names)], row[len(names) :]) for row in pairs]
    counts: dict[str, int] = defaultdict(int)
    for kind, one, other in (("added", "now_only", "was_only"), ("removed", "was_only", "now_only")):
        only = f"from {one} " + (f"where not exists (select 1 from {other} where {joined})" if key else "")
        counts[kind] = _number(connection, f"select count(*) {only}")
        rows = connection.execute(
            f"select {', '.join(map(quoted, names))} {only} order by all limit {SAMPLE}"
        ).fetchall()
        samples += [f"- {kind}: {_values(zip(names, row, strict=True))}" for row in rows]
    return TableDifference(table, counts["added"], counts["removed"], changed if key else None, tuple(samples))


def _key(connection: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]]) -> list[str]:
    """The primary key; without one, the place in the document if that names one row; else nothing."""
    schema, _, name = table.partition(".")
    row = connection.execute(
        "select constraint_column_names from duckdb_constraints() where database_name = 'now' and schema_name = ? "
        "and table_name = ? and constraint_type = 'PRIMARY KEY'",
        [schema, name],
    ).fetchone()
    if row is not None:
        return list(row[0])
    place = [column for column, _ in columns if column in POSITION]
    if len(place) < 2:
        return place if table == "raw.report" else []
    several = f"select count(*) from (select 1 from {{}} group by {', '.join(map(quoted, place))} having count(*) > 1)"
    both = (_number(connection, several.format(relation(database, table))) for database in ("was", "now"))
    return place if not any(both) else []


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _change(names: list[str], key: list[str], was: tuple[Any, ...], now: tuple[Any, ...]) -> str:
    values = list(zip(names, was, now, strict=True))
    place = _values((name, new) for name, _, new in values if name in key)
    changes = ", ".join(f"{name} {_text(old)} → {_text(new)}" for name, old, new in values if old != new)
    return f"- changed: {place}: {changes}"


def _values(pairs: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in pairs if value is not None)


def _text(value: Any) -> str:
    text = "null" if value is None else str(value)
    return f"`{_plain(text if len(text) <= LONGEST else text[:LONGEST] + '…')}`"


def _plain(text: Any) -> str:
    """Nothing of a document may become Markdown or steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text)).replace("`", "'")


def content_from_json(content: Mapping[str, Any]) -> Content:
    """Read again what :func:`content_to_json` wrote."""
    from dagster_project.warehouse.release.content import TableContent

    tables = {
        name: TableContent(
            int(one["rows"]), str(one["hash"]), {key: (int(n), str(h)) for key, (n, h) in one["by_report"].items()}
        )
        for name, one in content["tables"].items()
    }
    return Content(tables, str(content["hash"]))


def content_to_json(content: Content) -> dict[str, Any]:
    """Everything, as plain values."""
    return {
        "hash": content.hash,
        "tables": {
            name: {"rows": one.rows, "hash": one.hash, "by_report": {k: list(v) for k, v in one.by_report.items()}}
            for name, one in content.tables.items()
        },
    }
