"""How dbt's nodes are called in Dagster.

Belongs here: keys, groups, and which nodes a selection of assets means; pure functions of the manifest. Does not belong
here: running dbt.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from dagster_project.outside.tables import SCHEMA
from dagster_project.warehouse.build.transform import same_for_any_report


class Translator(DagsterDbtTranslator):
    """Assets are called ``schema/name`` and grouped by schema, as the tables are in DuckDB."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The asset of one node; a source is the raw table that Dagster itself writes."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec
        return spec.replace_attributes(key=dg.AssetKey([node["schema"], node["alias"]]), group_name=node["schema"])


TRANSLATOR = Translator(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))


def selectors(manifest: Mapping[str, Any], keys: Set[dg.AssetKey]) -> list[str]:
    """What ``dbt build --select`` must be given to build just the assets ``keys``, sorted."""
    nodes = (node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed", "snapshot"))
    return sorted(
        ".".join(node["fqn"])
        for node in nodes
        if TRANSLATOR.get_asset_spec(manifest, node["unique_id"], None).key in keys
    )


def keys_of_every_build(manifest: Mapping[str, Any]) -> list[dg.AssetKey]:
    """The assets that a build of a batch makes too, sorted."""
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    parents = {key: node["depends_on"]["nodes"] for key, node in nodes.items() if node["resource_type"] == "model"}
    outside = [key for key, source in manifest["sources"].items() if source["schema"] == SCHEMA]
    steps = {key for key, node in nodes.items() if node["config"]["materialized"] == "ephemeral"}  # are no assets
    made = nodes.keys() - same_for_any_report(parents, outside) - steps
    return sorted(TRANSLATOR.get_asset_spec(manifest, key, None).key for key in made)
