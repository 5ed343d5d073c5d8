"""What a reader may ask: one query on the published schemas, with functions that are on a list.

Belongs here: the judgement of a statement as DuckDB's own parser understands it (``json_serialize_sql``). Does not
belong here: running it. Everything is a list of what is allowed; what the list does not know, of this DuckDB or a later
one, is refused. The engine that runs what passes has no access to files or the network either: this is the first of
two locks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

CATALOG: Final = "kommunlager"
"""The name of the published database in SQL, as for everybody who opens the file by its link."""

DEFAULT_SCHEMA: Final = "marts"
"""Where a name without schema is looked for."""

MAX_CHARACTERS: Final = 200_000
"""Of one statement."""

INFORMATION_SCHEMA: Final = frozenset({"columns", "constraint_column_usage", "schemata", "tables", "views"})

_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLES: Final = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF"}
)
_MODIFIERS: Final = frozenset(
    {
        *("ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"),
        *("ASCENDING", "DESCENDING", "ORDER_DEFAULT"),
    }
)
_EXPRESSIONS: Final = frozenset(
    {
        *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION"),
        *("LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"),
    }
)
_CHANGING: Final = frozenset(
    {
        *("age", "ago", "current_date", "current_localtime", "current_localtimestamp", "current_time"),
        *("current_timestamp", "gen_random_uuid", "get_current_time", "get_current_timestamp", "localtime"),
        *("localtimestamp", "now", "random", "today", "transaction_timestamp", "uuid", "uuidv4", "uuidv7"),
    }
)
"""Functions, and names that stand for functions, that give another answer another time."""

_LISTINGS: Final = frozenset({'"tables"', "__show_tables_expanded"})
"""What ``show tables`` and ``show all tables`` are to the parser."""

_PLAIN_NAME: Final = re.compile(r"\w+")


class RefusedError(Exception):
    """The statement may not be run; the message says why."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a reader may name, all in lower case."""

    relations: Mapping[str, frozenset[str]]
    """Schema to its tables and views."""
    macros: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Database and schema, with a dot, to its macros."""
    system_names: frozenset[str] = frozenset()
    """Relations of DuckDB itself that are found without a schema."""


@dataclass(frozen=True, slots=True)
class Functions:
    """Names on the list, in lower case."""

    allowed: frozenset[str]
    refused: Mapping[str, str]
    """Name to the reason."""


@cache
def read_functions() -> Functions:
    """The list ``functions.csv``: every function that this DuckDB knows, allowed or refused."""
    allowed, refused = set(), {}
    with Path(__file__).with_name("functions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["verdict"] == "allowed":
                allowed.add(row["function"].lower())
            else:
                refused[row["function"].lower()] = row["reason"]
    return Functions(frozenset(allowed), refused)


def judge(tree: Mapping[str, Any], published: Published) -> bool:
    """Pass, or say why not.

    Args:
        tree: what ``json_serialize_sql`` makes of the text that will be run.
        published: what may be named.

    Returns:
        Whether the same release gives the same answer again: no time of day, no chance.

    Raises:
        RefusedError: it is more than one statement, no query, or names something that is not published or allowed.
    """
    if tree.get("error"):
        if tree.get("error_type") in ("not implemented", "Not implemented"):
            raise RefusedError("only queries are answered here: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW")
        raise RefusedError(str(tree.get("error_message", "the statement cannot be parsed")))
    statements = tree.get("statements") or []
    if len(statements) != 1:
        raise RefusedError(f"one query at a time, not {len(statements)} statements")
    if statements[0].get("named_param_map"):
        raise RefusedError("parameters cannot be passed on: write the values into the query")
    judgement = _Judge(published, _named_subqueries(statements[0], published))
    judgement.walk(statements[0])
    return judgement.is_repeatable


def _named_subqueries(tree: Any, published: Published) -> frozenset[str]:
    """The names that WITH gives, wherever.

    Such a name passes wherever it stands, so it must be one that means nothing outside of its WITH: no file (those have
    a dot), no relation of DuckDB itself.
    """
    names = {name.lower() for name in _with_names(tree)}
    for name in sorted(names):
        if not _PLAIN_NAME.fullmatch(name) or name in published.system_names:
            raise RefusedError(f"WITH {name!r}: choose a plain name of letters, digits and _ that DuckDB does not use")
    return frozenset(names)


def _with_names(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for entry in (tree.get("cte_map") or {}).get("map") or []:
            yield str(entry["key"])
        for value in tree.values():
            yield from _with_names(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _with_names(value)


class _Judge:
    """Walks the tree; knows every kind of node that may stand in it."""

    def __init__(self, published: Published, with_names: frozenset[str]) -> None:
        self._published = published
        self._with_names = with_names
        self._functions = read_functions()
        self.is_repeatable = True

    def walk(self, tree: Any) -> None:
        if isinstance(tree, list):
            for value in tree:
                self.walk(value)
        elif isinstance(tree, dict) and self._goes_on_below(tree):
            self.is_repeatable &= not tree.get("sample")
            for value in tree.values():
                self.walk(value)

    def _goes_on_below(self, node: dict[str, Any]) -> bool:
        kind = node.get("type")
        if "class" in node:
            return self._expression(str(node["class"]), node)
        if not isinstance(kind, str) or kind in _NODES or kind in _MODIFIERS or kind.endswith("_TYPE_INFO"):
            return True
        if kind not in _TABLES:
            raise RefusedError(f"{kind.lower().replace('_', ' ')}: not known to this server")
        if kind == "BASE_TABLE":
            self._table(node)
        elif kind == "TABLE_FUNCTION":
            self._function(node["function"])
        elif kind == "SHOW_REF" and not node.get("query") and node.get("table_name") not in _LISTINGS:
            raise RefusedError("SHOW TABLES and SHOW ALL TABLES are answered, other listings are not")
        return True

    def _expression(self, kind: str, node: dict[str, Any]) -> bool:
        if kind not in _EXPRESSIONS:
            raise RefusedError(f"{kind.lower()}: not known to this server")
        if kind in ("FUNCTION", "WINDOW"):
            self._function(node)
        names = node.get("column_names") if kind == "COLUMN_REF" else [node.get("function_name")]
        self.is_repeatable &= not any(str(name).lower() in _CHANGING for name in names or [])
        return kind != "CONSTANT"  # which is data: a struct may have a field of any name

    def _table(self, node: dict[str, Any]) -> None:
        catalog, schema, name = (
            str(node.get(key) or "").lower() for key in ("catalog_name", "schema_name", "table_name")
        )
        if name in self._with_names and not catalog and schema in ("", "recurring"):
            return
        if catalog in ("", CATALOG):
            if name in self._published.relations.get(schema or DEFAULT_SCHEMA, frozenset()):
                return
            if schema == "information_schema" and name in INFORMATION_SCHEMA:
                return
        given = ".".join(part for part in (catalog, schema, name) if part)
        raise RefusedError(f"there is no published table or view {given}; SHOW ALL TABLES lists them")

    def _function(self, node: dict[str, Any]) -> None:
        catalog, schema, name = (str(node.get(key) or "").lower() for key in ("catalog", "schema", "function_name"))
        if catalog in ("", "system") and schema in ("", "main", "pg_catalog") and name in self._functions.allowed:
            return
        if name in self._published.macros.get(f"{catalog or CATALOG}.{schema or DEFAULT_SCHEMA}", frozenset()):
            return
        reason = self._functions.refused.get(name, "not on the list of functions")
        raise RefusedError(f"the function {name} is not allowed here ({reason})")
