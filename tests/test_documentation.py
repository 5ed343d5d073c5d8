"""What the documentation says is what is there: columns and comments, units, and the README's queries."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.warehouse.build.transform import manifest_path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "dbt" / "models"
README = ROOT / "README.md"
SQL_BLOCK = re.compile(r"```sql\n(?P<sql>.*?)```\n+(?P<answer>(?:\|[^\n]*\n?)*)", re.DOTALL)

UNIT = re.compile(
    r"in kronor|\bkronor\b|in the unit printed|in its unit|without unit|"  # money and measures
    r"\bshare of\b.*\b0 to 1\b|number that a value is multiplied by|"  # ratios
    r"^(?:number|tables|cells|values|header cells|reports|pages|rows|columns|paragraphs|headings) ?|"  # counts
    r"\byear\b|\border\b|from [01]\b|size .* in bytes|in characters",  # years, orders, positions
    re.IGNORECASE,
)
"""How a description names the unit of a numeric column, or says that it counts or orders something."""

Relations = dict[str, dict[str, Any]]


def _described(folder: str) -> Relations:
    """Models of one folder with their columns, as the YAML files describe them."""
    found: Relations = {}
    for file in sorted((MODELS / folder).rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models") or []:
            columns = {column["name"]: column.get("description") for column in model.get("columns", [])}
            found[model["name"]] = {"description": model.get("description"), "columns": columns}
    return found


def _catalogue(connection: duckdb.DuckDBPyConnection, schema: str) -> Relations:
    """Tables and views of one schema with the comments of their columns, as DuckDB knows them."""
    found: Relations = {}
    for kind in ("table", "view"):
        for name, comment in connection.execute(
            f"select {kind}_name, comment from duckdb_{kind}s() where schema_name = ? and not internal", [schema]
        ).fetchall():
            found[name] = {"description": comment, "columns": {}}
    for name, column, comment in connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where schema_name = ?", [schema]
    ).fetchall():
        found[name]["columns"][column] = comment
    return found


def _lines(relations: Relations) -> dict[str, str | None]:
    """Relations and columns as ``name`` and ``name.column``, with their descriptions as one line."""
    lines: dict[str, str | None] = {}
    for name, relation in relations.items():
        lines[name] = _plain(relation["description"])
        lines |= {f"{name}.{column}": _plain(text) for column, text in relation["columns"].items()}
    return lines


def _plain(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


@pytest.mark.parametrize("layer", ["staging", "intermediate", "marts"])
def test_yaml_and_catalogue_agree_both_ways(warehouse: Path, working_file: Path, layer: str) -> None:
    nodes = json.loads(manifest_path().read_text(encoding="utf-8"))["nodes"].values()
    steps = {node["name"] for node in nodes if node["config"]["materialized"] == "ephemeral"}  # have no relation
    described = _lines({name: model for name, model in _described(layer).items() if name not in steps})
    with duckdb.connect(str(working_file if layer == "intermediate" else warehouse), read_only=True) as connection:
        catalogue = _lines(_catalogue(connection, layer))
    assert sorted(set(catalogue) - set(described)) == [], "in the warehouse, but not in YAML"
    assert sorted(set(described) - set(catalogue)) == [], "in YAML, but not in the warehouse"
    assert sorted(name for name, text in described.items() if not text) == [], "without a description"
    different = [name for name, text in described.items() if catalogue[name] != text]
    assert different == [], "the comment in DuckDB is not the description"


@pytest.mark.parametrize("layer", ["staging", "intermediate", "marts", "old_names"])
def test_every_model_says_its_grain(layer: str) -> None:
    grains = {name: str(model["description"]) for name, model in _described(layer).items()}
    assert [name for name, grain in grains.items() if not grain.startswith("One row per ")] == []


RENAMED = {
    "municipality_key": "municipality_code",
    "committee_name": "committee",
    "section_name": "section",
    "population": "inhabitants",
    "value": "value_numeric",
    "earlier_value": "earlier_value_numeric",
    "later_value": "later_value_numeric",
    "target_value": "target_value_numeric",
    "outcome_value": "outcome_value_numeric",
}
"""Names that the marts no longer use, and the one name of the same thing."""


def test_one_thing_has_one_name_in_all_marts(warehouse: Path) -> None:
    """What was renamed is there under its old name in ``old_names`` alone, and says the same there."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where schema_name in ('marts', 'old_names')"
        ).fetchall()
        # Of a report's attribute: a text.
        left = {(table, name) for schema, table, name in columns if schema == "marts" and name in RENAMED}
        assert left == {("report_metadata", "value")}
        old = [(table, name) for schema, table, name in columns if schema == "old_names" and name in RENAMED]
        assert len(old) == 13
        for table, name in old:
            connection.execute(f"select count({name}) from old_names.{table}")
            (was,) = connection.fetchall()
            (now,) = connection.execute(f"select count({RENAMED[name]}) from marts.{table}").fetchall()
            assert was == now, (table, name)
        ((kind,),) = connection.execute("select typeof(fact_keys) from old_names.budget_variance limit 1").fetchall()
        assert kind == "VARCHAR"


def test_every_seed_and_its_columns_are_described(warehouse: Path) -> None:
    files_of_seeds = sorted(MODELS.glob("seeds*.yml"))
    seeds = [seed for file in files_of_seeds for seed in yaml.safe_load(file.read_text(encoding="utf-8"))["seeds"]]
    described = {
        seed["name"]: {column["name"]: column.get("description") for column in seed["columns"]} for seed in seeds
    }
    files = {
        file.stem: file.read_text(encoding="utf-8").splitlines()[0].split(",")
        for folder in ("reference", "vocabulary")
        for file in (ROOT / "seeds" / folder).glob("*.csv")
    }
    assert {name: sorted(columns) for name, columns in described.items()} == {
        name: sorted(columns) for name, columns in files.items()
    }
    assert [(seed, column) for seed, columns in described.items() for column, text in columns.items() if not text] == []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sql = "select municipality_code from reference.municipalities order by 1 limit 2"
        codes = connection.execute(sql).fetchall()
    assert codes == [("0114",), ("0115",)], "codes keep their leading zeros"


def test_every_numeric_mart_column_names_its_unit_or_what_it_counts(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        numeric = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts' "
            "and regexp_matches(data_type, '^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DOUBLE|FLOAT|DECIMAL)')"
        ).fetchall()
    assert len(numeric) > 40
    assert [f"{table}.{column}: {text}" for table, column, text in numeric if not UNIT.search(text or "")] == []
    money = [f"{table}.{column}" for table, column, text in numeric if column.endswith("_sek") and "kronor" not in text]
    assert money == []


def _examples() -> list[tuple[str, str]]:
    if not README.is_file():
        return []
    text = README.read_text(encoding="utf-8")
    return [(match["sql"], match["answer"]) for match in SQL_BLOCK.finditer(text)]


def test_the_readme_prints_the_answers_that_its_queries_give(warehouse: Path) -> None:
    assert _examples(), "the README has no queries"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for sql, answer in _examples():
            result = connection.execute(sql)
            names = [column[0] for column in result.description or ()]
            rows = [["" if value is None else str(value) for value in row] for row in result.fetchall()]
            assert rows, f"no answer:\n{sql}"
            printed = [_table_row(line) for line in answer.splitlines()]
            if printed:
                assert [printed[0], *printed[2:]] == [names, *rows], sql


def _table_row(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_a_table_of_the_readme_ends_before_the_next_paragraph() -> None:
    """Markdown takes a line directly below a table for one more row of it."""
    lines = README.read_text(encoding="utf-8").splitlines()
    glued = [line for above, line in pairwise(lines) if above.startswith("|") and line and line[0] != "|"]
    assert glued == []
