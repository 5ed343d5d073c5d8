"""The published file as an asset, downstream of every model.

Belongs here: key and metadata. Does not belong here: copying and linking (``warehouse.publishing``).
"""

from pathlib import Path

import dagster as dg

from dagster_project import progress
from dagster_project.defs.dbt.assets import MADE
from dagster_project.defs.reports.assets import raw_tables
from dagster_project.settings import Settings
from dagster_project.warehouse.release.publishing import publish
from dagster_project.warehouse.release.releases import DIFFERENCE
from dagster_project.warehouse.state import journal

LONGEST_PAGE = 20_000
"""Characters of a difference that Dagster's log keeps."""


@dg.asset(
    key=["published", "kommunlager"],
    deps=[raw_tables, *MADE],
    group_name="published",
    kinds={"duckdb"},
    pool="duckdb",
    description="The file that readers open: a compact copy of the working file, made only when every test has passed.",
)
def published(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[None]:
    """Make a release of the working file and let the link lead to it."""
    with journal.step("publish"):
        result = publish(settings)
    journal.event(
        "release.published" if result.is_new else "release.unchanged",
        release=result.release.name,
        remark=result.remark,
        removed=list(result.removed),
        difference=result.release.manifest.get("difference", {}) if result.is_new else {},
    )
    journal.note(ok=True, release=result.release.name, is_new=result.is_new, remark=result.remark)
    progress.report("publish", 1, 1, result.release.name if result.is_new else result.remark)
    return dg.MaterializeResult(
        metadata={
            "link": dg.MetadataValue.path(result.link),
            "release": result.release.name,
            "is_new": result.is_new,
            "remark": result.remark,
            "content_hash": result.release.content_hash,
            "size_bytes": result.size_bytes,
            "tables": len(result.release.manifest["tables"]),
            "views": int(result.release.manifest["views"]),
            "removed": list(result.removed),
            "rows": dg.MetadataValue.json(
                {name: one["rows"] for name, one in result.release.manifest["tables"].items()}
            ),
            "difference": dg.MetadataValue.md(_page(result.release.folder)),
        }
    )


def _page(folder: Path) -> str:
    try:
        return (folder / DIFFERENCE).read_text(encoding="utf-8")[:LONGEST_PAGE]
    except OSError:
        return ""
