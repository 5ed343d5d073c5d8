"""What Dagster loads: everything below ``defs/``, run in one process.

Belongs here: nothing but that. One process, because the working file lets nobody else in and because every process more
costs a second of imports a step.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The one graph: documents, raw tables, dbt models, published file."""
    found = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(found, dg.Definitions(executor=dg.in_process_executor))
