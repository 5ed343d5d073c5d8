"""The published file as an asset, downstream of every model.

Belongs here: key and metadata. Does not belong here: copying and linking (``warehouse.publishing``).
"""

import dagster as dg

from dagster_project import progress
from dagster_project.defs.dbt.assets import MODELS
from dagster_project.defs.reports.assets import raw_tables
from dagster_project.settings import Settings
from dagster_project.warehouse.publishing import publish


@dg.asset(
    key=["published", "kommunlager"],
    deps=[raw_tables, *MODELS],
    group_name="published",
    kinds={"duckdb"},
    pool="duckdb",
    description="The file that readers open: a compact copy of the working file, made only when every test has passed.",
)
def published(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult[None]:
    """Copy the working file to a new version and let the link lead to it."""
    result = publish(settings)
    progress.report("publish", 1, 1, result.version.name)
    return dg.MaterializeResult(
        metadata={
            "link": dg.MetadataValue.path(result.link),
            "version": dg.MetadataValue.path(result.version),
            "size_bytes": result.size_bytes,
            "tables": result.tables,
            "views": result.views,
            "removed": [path.name for path in result.removed],
        }
    )
