"""Build the bundle that Apache Superset imports: database, datasets, charts and a dashboard, from deploy/superset.

Belongs here: putting the parts into Superset's own form; names and descriptions of columns come from the published
warehouse, whose path is put in as well. Does not belong here: what is shown (the YAML files) and the check
(``check_superset``).

    python tools/superset_bundle.py [--warehouse FILE] [--seen-as PATH] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import duckdb
import yaml

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "deploy" / "superset"
WAREHOUSE = ROOT / "warehouse" / "kommunlager.duckdb"
OUTPUT = ROOT / "build" / "kommunlager-superset.zip"
SCHEMA = "marts"
TOP = "kommunlager"
"""Name of the folder in the bundle."""


def key(kind: str, name: str) -> str:
    """The identity of a part: always the same, so that a later import replaces the earlier one."""
    return str(uuid5(NAMESPACE_URL, f"kommunlager/superset/{kind}/{name}"))


def read(path: Path) -> dict[str, Any]:
    """One YAML file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), path
    return content


def parts(folder: str) -> dict[str, dict[str, Any]]:
    """The YAML files of a folder by name."""
    return {path.stem: read(path) for path in sorted((SOURCES / folder).glob("*.yaml"))}


def bundle(warehouse: Path, seen_as: str) -> dict[str, dict[str, Any]]:
    """Every file of the bundle by its path in it.

    Args:
        warehouse: the published file, asked for its columns.
        seen_as: path of that file where Superset runs.
    """
    database = read(SOURCES / "database.yaml") | {
        "sqlalchemy_uri": f"duckdb:///{seen_as}",
        "uuid": key("database", "kommunlager"),
        "version": "1.0.0",
    }
    charts, datasets = parts("charts"), parts("datasets")
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {
            "version": "1.0.0",
            "type": "Dashboard",
            "timestamp": datetime.now(UTC).isoformat(),
        },
        "databases/kommunlager.yaml": database,
    }
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for name, dataset in datasets.items():
            files[f"datasets/kommunlager/{name}.yaml"] = _dataset(connection, dataset, str(database["uuid"]))
    for name, chart in charts.items():
        files[f"charts/{name}.yaml"] = _chart(name, chart)
    files["dashboards/kommunlager.yaml"] = _dashboard(read(SOURCES / "dashboard.yaml"), charts)
    return files


def write(files: dict[str, dict[str, Any]], target: Path) -> None:
    """The bundle as a zip file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(f"{TOP}/{path}", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def _dataset(connection: duckdb.DuckDBPyConnection, dataset: dict[str, Any], database: str) -> dict[str, Any]:
    table = dataset["table_name"]
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [SCHEMA, table],
    ).fetchall()
    if not rows:
        raise LookupError(f"deploy/superset/datasets: the warehouse has no {SCHEMA}.{table}")
    columns = [
        {
            "column_name": name,
            "is_dttm": kind in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
            "is_active": True,
            "type": kind,
            "groupby": True,
            "filterable": True,
            "description": " ".join((comment or "").split()),
        }
        for name, kind, comment in rows
    ] + [
        {"is_dttm": False, "is_active": True, "groupby": True, "filterable": True} | column
        for column in dataset.get("calculated_columns", [])
    ]
    metrics = [{"metric_type": None, "warning_text": None, "extra": {}} | metric for metric in dataset["metrics"]]
    return {
        "table_name": table,
        "main_dttm_col": dataset["main_dttm_col"],
        "description": dataset["description"],
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": 0,
        "schema": SCHEMA,
        "sql": None,
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "uuid": key("dataset", table),
        "metrics": metrics,
        "columns": columns,
        "version": "1.0.0",
        "database_uuid": database,
    }


def _chart(name: str, chart: dict[str, Any]) -> dict[str, Any]:
    filters = [
        {"filterOptionName": f"filter_{name}_{number}", "subject": None, "operator": None, "comparator": None} | one
        for number, one in enumerate(chart["params"]["adhoc_filters"])
    ]
    return {
        "slice_name": chart["slice_name"],
        "description": chart.get("description"),
        "certified_by": None,
        "certification_details": None,
        "viz_type": chart["viz_type"],
        "params": chart["params"] | {"adhoc_filters": filters, "viz_type": chart["viz_type"]},
        "query_context": None,
        "cache_timeout": 0,
        "uuid": key("chart", name),
        "version": "1.0.0",
        "dataset_uuid": key("dataset", chart["dataset"]),
    }


def _dashboard(dashboard: dict[str, Any], charts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "dashboard_title": dashboard["dashboard_title"],
        "description": dashboard["description"],
        "css": None,
        "slug": dashboard["slug"],
        "certified_by": None,
        "certification_details": None,
        "published": True,
        "uuid": key("dashboard", dashboard["slug"]),
        "position": _position(dashboard["dashboard_title"], dashboard["rows"], charts),
        "metadata": {
            "color_scheme": "supersetColors",
            "cross_filters_enabled": True,
            "expanded_slices": {},
            "native_filter_configuration": [_filter(one) for one in dashboard["filters"]],
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
        },
        "version": "1.0.0",
    }


def _position(title: str, rows: list[dict[str, Any]], charts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Superset's layout: a grid of rows that hold charts."""
    made: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": title}},
    }
    for number, row in enumerate(rows):
        name = f"{'HEADER' if 'heading' in row else 'ROW'}-{number}"
        made["GRID_ID"]["children"].append(name)
        parents = ["ROOT_ID", "GRID_ID"]
        if "heading" in row:
            meta = {"text": row["heading"], "headerSize": "MEDIUM_HEADER", "background": "BACKGROUND_TRANSPARENT"}
            made[name] = {"id": name, "type": "HEADER", "children": [], "parents": parents, "meta": meta}
            continue
        children = [f"CHART-{chart}" for chart in row["charts"]]
        meta = {"background": "BACKGROUND_TRANSPARENT"}
        made[name] = {"id": name, "type": "ROW", "children": children, "parents": parents, "meta": meta}
        for chart, width in row["charts"].items():
            made[f"CHART-{chart}"] = {
                "id": f"CHART-{chart}",
                "type": "CHART",
                "children": [],
                "parents": [*parents, name],
                "meta": {
                    "width": width,
                    "height": row["height"],
                    "sliceName": charts[chart]["slice_name"],
                    "uuid": key("chart", chart),
                    "chartId": number,
                },
            }
    return made


def _filter(one: dict[str, Any]) -> dict[str, Any]:
    """A filter of the page; charts whose data lack its column stay as they are."""
    return {
        "id": f"NATIVE_FILTER-{one['name'].lower()}",
        "name": one["name"],
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"column": {"name": one["column"]}, "datasetUuid": key("dataset", one["dataset"])}],
        "controlValues": {
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "multiSelect": True,
            "searchAllOptions": False,
            "inverseSelection": False,
        },
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
    }


def main() -> None:
    """Build."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--warehouse", type=Path, default=WAREHOUSE)
    parser.add_argument("--seen-as", help="path of the warehouse where Superset runs (default: as here)")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    files = bundle(arguments.warehouse, arguments.seen_as or str(arguments.warehouse.absolute()))
    write(files, arguments.output)
    print(json.dumps({"bundle": str(arguments.output), "files": len(files)}))


if __name__ == "__main__":
    main()
