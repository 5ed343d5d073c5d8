"""The published file in the hands of other versions of DuckDB: what docs/connect promises of 1.2 to 2.0.

Belongs here: reading with wheels that ``make readers`` installs, one for each file of tests/readers. Does not belong
here: what the figures are.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dagster_project.settings import load_settings
from dagster_project.warehouse.release.publishing import publish
from dagster_project.warehouse.state.working import NOTES, SMALL_BLOCK, finish_build
from tests.conftest import ROOT
from tests.test_publishing import WORKING_FILE

VERSIONS = sorted(path.stem for path in (ROOT / "tests" / "readers").glob("*.lock"))

SEEDS = range(3)

READ = """
import json, sys, duckdb
found = {"version": duckdb.__version__, "relations": {}}
for schema, name in json.loads(sys.argv[2]):
    with duckdb.connect(sys.argv[1], read_only=True) as connection:  # a fatal error ends a connection
        try:
            relation = connection.execute(f'select columns(*)::varchar from "{schema}"."{name}"')
            found["relations"][f"{schema}.{name}"] = len(relation.fetchall())
        except duckdb.Error as error:
            found["relations"][f"{schema}.{name}"] = str(error)[:200]
print(json.dumps(found))
"""


def read_with(version: str, database: Path, relations: list[tuple[str, str]]) -> dict[str, int | str]:
    """Every value of ``relations``, read by DuckDB ``version``: name to the number of rows, or to the error."""
    folder = ROOT / ".venv" / "readers" / version
    if not folder.is_dir():
        message = f"DuckDB {version} is not installed: make readers"
        if os.environ.get("KOMMUNLAGER_TEST_PROGRAMS") == "required":
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run(
        [sys.executable, "-S", "-c", READ, str(database), json.dumps(relations)],
        env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == version
    return dict(found["relations"])


def read_here(database: Path) -> dict[tuple[str, str], int]:
    """Every relation of a file with its number of rows, by the DuckDB that writes it."""
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal "
            "union all select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        return {
            (schema, name): len(connection.execute(f'select 1 from "{schema}"."{name}"').fetchall())
            for schema, name in names
        }


@pytest.mark.parametrize("version", VERSIONS)
def test_every_relation_is_read_whole(version: str, warehouse: Path, corpora: Path) -> None:
    """Of the five reports and of all corpora, whose relations take several blocks."""
    for place in (warehouse, corpora):
        expected = read_here(place.resolve())
        assert any(expected.values())
        found = read_with(version, place.resolve(), list(expected))
        assert found == {f"{schema}.{name}": rows for (schema, name), rows in expected.items()}


def build_in_steps(working_file: Path, seed: int) -> None:
    """A working file with tables of many widths, some made anew, some private, and a checkpoint now and then."""
    width = random.Random(seed)

    def make(table: str, columns: int) -> str:
        return f"create or replace table {table} as select {', '.join(f'{n} as c{n}' for n in range(columns))}"

    working_file.parent.mkdir(parents=True)
    with duckdb.connect() as maker:
        maker.execute(f"attach '{working_file}' as made (block_size {SMALL_BLOCK})")
    with duckdb.connect(working_file) as connection:
        connection.execute(WORKING_FILE + ";".join(NOTES))
        for n in range(25):
            connection.execute(make(f"marts.m{n}", width.randint(5, 90)))
            connection.execute(make(f"dbt_test__audit.p{n}", 100))
            if n % 3 == 0:
                connection.execute("checkpoint")
        for n in range(0, 25, 2):
            connection.execute(make(f"marts.m{n}", width.randint(5, 90)))
    finish_build(working_file, "rules", {"passed": 1})


@pytest.fixture(scope="module")
def releases_of_many_shapes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What a checkpoint that keeps old notes leaves to chance: DuckDB 1.4.1 fails in some of these then."""
    files = []
    for seed in SEEDS:
        settings = load_settings({}, warehouse=tmp_path_factory.mktemp("shape") / "place" / "kommunlager.duckdb")
        build_in_steps(settings.working_file, seed)
        files.append(publish(settings).version)
    return files


@pytest.mark.parametrize("version", VERSIONS)
def test_a_release_holds_no_pointer_that_an_older_version_follows_to_nowhere(
    version: str, releases_of_many_shapes: list[Path]
) -> None:
    for file in releases_of_many_shapes:
        expected = read_here(file)
        found = read_with(version, file, list(expected))
        assert found == {f"{schema}.{name}": rows for (schema, name), rows in expected.items()}
