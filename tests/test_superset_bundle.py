"""The bundle for Superset against the warehouse: what it names is there. With a real Superset: make check-superset."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import superset_bundle

Files = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def files(warehouse: Path) -> Files:
    return superset_bundle.bundle(warehouse, "/warehouse/kommunlager.duckdb")


def test_the_zip_holds_what_superset_imports(files: Files, tmp_path: Path) -> None:
    superset_bundle.write(files, tmp_path / "made" / "bundle.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "made" / "bundle.zip").read_bytes())) as archive:
        names = set(archive.namelist())
        database = yaml.safe_load(archive.read("kommunlager/databases/kommunlager.yaml"))
    assert {"kommunlager/metadata.yaml", "kommunlager/dashboards/kommunlager.yaml"} <= names
    assert database["sqlalchemy_uri"] == "duckdb:////warehouse/kommunlager.duckdb"
    connect = database["extra"]["engine_params"]["connect_args"]
    assert connect["read_only"] is True
    assert connect["config"]["enable_external_access"] is False
    assert not any(database[f"allow_{what}"] for what in ("ctas", "cvas", "dml", "file_upload"))


def test_identities_are_unique_and_stay(files: Files, warehouse: Path) -> None:
    identities = [content["uuid"] for content in files.values() if "uuid" in content]
    assert len(identities) == len(set(identities)) > 10
    again = superset_bundle.bundle(warehouse, "/elsewhere.duckdb")
    assert [content["uuid"] for content in again.values() if "uuid" in content] == identities


def test_every_column_and_metric_of_a_chart_is_in_its_dataset(files: Files) -> None:
    datasets = {content["uuid"]: content for path, content in files.items() if path.startswith("datasets/")}
    charts = {path: content for path, content in files.items() if path.startswith("charts/")}
    assert len(charts) >= 8
    for path, chart in charts.items():
        dataset = datasets[chart["dataset_uuid"]]
        columns = {column["column_name"] for column in dataset["columns"]}
        metrics = {metric["metric_name"] for metric in dataset["metrics"]}
        params = chart["params"]
        used = {params.get("x_axis"), *params.get("all_columns", ()), *params.get("groupby", ())}
        used |= {*params.get("groupbyRows", ()), *params.get("groupbyColumns", ())}
        assert used - {None} - columns == set(), path
        assert {params.get("metric"), *params.get("metrics", ())} - {None} - metrics == set(), path


def test_every_dataset_has_a_date_to_put_on_an_axis(files: Files) -> None:
    for path, dataset in files.items():
        if path.startswith("datasets/"):
            dates = [one["column_name"] for one in dataset["columns"] if one["is_dttm"]]
            assert dataset["main_dttm_col"] in dates, path


def test_the_expressions_run(files: Files, warehouse: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for path, dataset in files.items():
            if not path.startswith("datasets/"):
                continue
            table = f"{dataset['schema']}.{dataset['table_name']}"
            for metric in dataset["metrics"]:
                connection.execute(f"select {metric['expression']} from {table}").fetchall()
            for column in dataset["columns"]:
                assert column["description"], (path, column["column_name"])
                if "expression" in column:
                    connection.execute(f"select {column['expression']} from {table}").fetchall()
        for path, chart in files.items():
            if path.startswith("charts/"):
                table = next(
                    f"{one['schema']}.{one['table_name']}"
                    for one in files.values()
                    if one.get("uuid") == chart["dataset_uuid"]
                )
                for condition in chart["params"]["adhoc_filters"]:
                    connection.execute(f"select 1 from {table} where {condition['sqlExpression']}").fetchall()


def test_the_dashboard_shows_every_chart_and_filters_what_is_there(files: Files) -> None:
    dashboard = files["dashboards/kommunlager.yaml"]
    shown = {
        part["meta"]["uuid"]
        for part in dashboard["position"].values()
        if isinstance(part, dict) and part["type"] == "CHART"
    }
    assert shown == {content["uuid"] for path, content in files.items() if path.startswith("charts/")}
    widths = [
        sum(dashboard["position"][child]["meta"]["width"] for child in part["children"])
        for part in dashboard["position"].values()
        if isinstance(part, dict) and part["type"] == "ROW"
    ]
    assert set(widths) == {12}
    datasets = {content["uuid"]: content for path, content in files.items() if path.startswith("datasets/")}
    for one in dashboard["metadata"]["native_filter_configuration"]:
        (target,) = one["targets"]
        names = {column["column_name"] for column in datasets[target["datasetUuid"]]["columns"]}
        assert target["column"]["name"] in names
