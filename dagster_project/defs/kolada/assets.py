"""Editions fetched from Kolada as assets, with a job and a weekly schedule of their own.

Belongs here: keys, descriptions, metadata, when. Does not belong here: asking and writing (``outside.kolada``). The job
``refresh`` leaves these assets out: it takes the editions that are there.
"""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.watch.times import TIME_ZONE, checked
from dagster_project.outside.kolada import address_of, refresh_kolada
from dagster_project.settings import load_settings

GROUP = "kolada"
DESCRIPTIONS = {
    "catalogue": "Kolada's indicators, municipalities and regions.",
    "similar": "Kolada's groups of similar municipalities.",
    "values": "Values of the indicators that the vocabulary leads to.",
}
KEYS = [dg.AssetKey([GROUP, dataset]) for dataset in DESCRIPTIONS]

WEEKLY = "0 4 * * 1"
"""When Kolada is asked unless a setting names another time: Monday morning, before people come."""


@dg.multi_asset(
    name="kolada_editions",
    specs=[
        dg.AssetSpec([GROUP, dataset], description=description, group_name=GROUP, kinds={"python", "parquet"})
        for dataset, description in DESCRIPTIONS.items()
    ],
)
def kolada_editions(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Ask Kolada for what is new and write editions of it."""
    fetched = refresh_kolada(load_settings())
    for dataset, rows in fetched.rows.items():
        edition = next((one for one in fetched.editions if one.startswith(f"kolada/{dataset}-")), "")
        yield dg.MaterializeResult(
            [GROUP, dataset],
            metadata={
                "dagster/row_count": rows,
                "edition": edition or "nothing new",
                "requests": fetched.asked,
                "kept_answers": fetched.kept,
            },
        )


kolada = dg.define_asset_job(
    "kolada",
    selection=dg.AssetSelection.groups(GROUP),
    description="Ask Kolada; the next refresh of reports loads what came.",
    executor_def=dg.in_process_executor,
)

weekly_kolada = dg.ScheduleDefinition(
    name="weekly_kolada",
    job=kolada,
    cron_schedule=checked(load_settings().kolada_schedule, "KOMMUNLAGER_KOLADA_SCHEDULE") or WEEKLY,
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING
    if address_of(load_settings())
    else dg.DefaultScheduleStatus.STOPPED,
    description="Asks Kolada weekly, or when KOMMUNLAGER_KOLADA_SCHEDULE says, where KOMMUNLAGER_KOLADA allows it.",
)
