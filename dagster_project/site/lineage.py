"""Which model is made from which, from dbt's manifest.

Belongs here: reading the manifest. Does not belong here: descriptions, which stand as comments in the warehouse itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Lineage:
    """Relations by ``schema.name``; empty where there is no manifest."""

    made_from: dict[str, list[str]] = field(default_factory=dict)
    used_by: dict[str, list[str]] = field(default_factory=dict)


def read_lineage(manifest: Path | None) -> Lineage:
    """The lineage of models, seeds and sources; an absent manifest gives none."""
    if manifest is None or not manifest.exists():
        return Lineage()
    nodes: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    relations = {
        unique_id: f"{node['schema']}.{node.get('alias') or node['name']}"
        for unique_id, node in (nodes["nodes"] | nodes["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source")
    }
    # A step of a model has no relation of its own: what it reads is what the model is made from.
    steps = {key for key, node in nodes["nodes"].items() if node.get("config", {}).get("materialized") == "ephemeral"}

    def read_by(unique_id: str) -> set[str]:
        parents = nodes["nodes"].get(unique_id, {}).get("depends_on", {}).get("nodes", [])
        through = (read_by(parent) for parent in parents if parent in steps)
        return {relations[parent] for parent in parents if parent in relations and parent not in steps}.union(*through)

    lineage = Lineage()
    for unique_id, name in relations.items():
        if unique_id in steps:
            continue
        lineage.made_from[name] = sorted(read_by(unique_id))
        for parent in lineage.made_from[name]:
            lineage.used_by.setdefault(parent, []).append(name)
    return lineage
