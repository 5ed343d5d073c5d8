"""The same documents give the same warehouse, whatever the folder is called and in whatever order anything is read."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from dagster_project.outside.load import load_outside
from dagster_project.settings import Settings
from dagster_project.warehouse.build.transform import build
from dagster_project.warehouse.intake.load import load_raw
from dagster_project.warehouse.state.working import open_working_file

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(ROOT / "tools"))
from fingerprint import content_hashes  # noqa: E402


def _settings(folder: Path, reports: Path) -> Settings:
    return Settings(reports=reports, warehouse=folder / "kommunlager.duckdb", state=folder / ".state", workers=1)


def test_another_folder_and_order_of_files_give_the_same_raw_rows(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Ny mapp (kopia)"
    folder.mkdir()
    for report in sorted((ROOT / "seeds" / "reports").glob("*.txt"), reverse=True):
        shutil.copyfile(report, folder / report.name)
    settings = _settings(tmp_path, folder)
    load_raw(settings)
    found, expected = content_hashes(settings.working_file, "raw"), content_hashes(warehouse, "raw")
    assert found == expected
    assert len(found) > 5


@pytest.mark.slow
def test_rows_in_another_order_give_the_same_marts(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tie that is settled by the order of rows shows here: every raw table is written back to front, then built."""
    settings = _settings(tmp_path, ROOT / "seeds" / "reports")
    connection, _ = open_working_file(settings.working_file)
    with connection:
        connection.execute(f"attach '{warehouse}' as published (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'raw'"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"insert into raw.{table} select * from published.raw.{table} order by rowid desc")
    load_outside(settings)
    monkeypatch.setenv("KOMMUNLAGER_WORKING_FILE", str(settings.working_file))
    monkeypatch.setenv("DBT_INDIRECT_SELECTION", "empty")  # models and seeds alone, without their tests
    result = build(settings, select=("resource_type:seed", "resource_type:model"))
    assert not result.failed, result.explain()
    found, expected = content_hashes(settings.working_file, "marts"), content_hashes(warehouse, "marts")
    assert {name for name in expected if found.get(name) != expected[name]} == set()
    assert set(found) == set(expected)
    assert len(found) > 15
