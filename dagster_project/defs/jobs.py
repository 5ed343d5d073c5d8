"""The job that makes a new version of the warehouse.

Belongs here: jobs. Does not belong here: what they run.
"""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.services.assets import SERVICES

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(*SERVICES),  # never waits for a service
    description="Read every report, build and test the star schemas, publish if every test of severity error passed.",
    executor_def=dg.in_process_executor,
)
