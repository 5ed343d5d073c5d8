"""The state of the warehouse as a Prometheus textfile.

Belongs here: names and units of the metrics. Does not belong here: what they count (``health``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from dagster_project.warehouse.release.releases import current


def write_metrics(state: dict[str, Any], link: Path, path: Path) -> None:
    """Write ``path`` in one step, for the textfile collector of the node exporter; ``state`` is that of ``health``.

    Raises:
        OSError: it cannot be written.
    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()

    def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"kommunlager_{name}", text, labels, registry=registry)

    last, good, release = state["last_refresh"], state["last_good_refresh"], state["release"]
    gauge("up", "1 if nothing is wrong with the warehouse").set(not state["problems"])
    if last:
        gauge("last_refresh_timestamp_seconds", "End of the last refresh").set(_seconds(last["finished_at"]))
        gauge("last_refresh_success", "1 if the last refresh came to its end").set(bool(last["ok"]))
        duration = gauge("last_refresh_duration_seconds", "Duration of the last refresh by step", ("step",))
        for step, seconds in last["seconds"].items():
            duration.labels(step).set(seconds)
        counted = gauge("last_refresh_reports", "Reports that the last refresh read, removed, interpreted", ("what",))
        for what in ("read", "removed", "interpreted"):
            counted.labels(what).set(last.get(what) or 0)
    if good:
        gauge("last_success_timestamp_seconds", "End of the last good refresh").set(_seconds(good["finished_at"]))
    reports = gauge("reports", "Reports of the current release by status", ("status",))
    for status in ("loaded", "quarantined"):
        reports.labels(status).set(state["reports"].get(status, 0))
    stale = gauge("stale_reports", "Reports of the current release that their files could not renew", ("why",))
    stale.labels("held_back").set(sum(one["is_held_back"] for one in state["stale"]))
    stale.labels("cannot_be_read").set(sum(not one["is_held_back"] for one in state["stale"]))
    if state["is_last_built_published"] is not None:
        gauge("last_build_published", "1 if readers have what was built and tested last").set(
            state["is_last_built_published"]
        )
    if release:
        gauge("release_number", "Number of the current release").set(release["number"])
        gauge("release_timestamp_seconds", "When the current release was made").set(_seconds(release["made_at"]))
        gauge("release_size_bytes", "Size of the current release").set(release["size_bytes"])
        checks = gauge("release_checks", "Checks of the build that made the current release", ("result",))
        checks.labels("passed").set(release["checks"].get("passed", 0))
        checks.labels("warned").set(len(release["checks"].get("warned", ())))
        rows = gauge("release_rows", "Rows of the current release by table", ("table",))
        now = current(link)
        for table, one in (now.manifest["tables"] if now else {}).items():
            rows.labels(table).set(one["rows"])
    write_to_textfile(str(path), registry)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
