"""Editions fetched from services as assets, each service with a job and a weekly schedule of its own.

Belongs here: keys, descriptions, metadata, when. Does not belong here: asking and writing (``outside.kolada``,
``outside.scb``). The job ``refresh`` leaves these assets out: it takes the editions that are there.
"""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg

from dagster_project.defs.watch.times import TIME_ZONE, checked
from dagster_project.outside import kolada as of_kolada
from dagster_project.outside import scb as of_scb
from dagster_project.outside.fetching import Fetched
from dagster_project.settings import Settings, load_settings

WEEKLY = "0 4 * * 1"
"""When a service is asked unless a setting names another time: Monday morning, before people come."""

Ask = Callable[[Settings], Fetched]

KOLADA = {
    "catalogue": "Kolada's indicators, municipalities and regions.",
    "similar": "Kolada's groups of similar municipalities.",
    "values": "Values of the indicators that the vocabulary leads to.",
}
SCB = {
    "population": "SCB's inhabitants on 31 December.",
    "net-cost": "SCB's net costs of municipalities by activity.",
    "tax-rate": "SCB's municipal tax rates.",
}


def _editions(service: str, name: str, descriptions: Mapping[str, str], ask: Ask) -> dg.AssetsDefinition:
    """The datasets of a service, each an asset; ``ask`` is looked up when they are asked for."""

    @dg.multi_asset(
        name=f"{service}_editions",
        specs=[
            dg.AssetSpec([service, dataset], description=description, group_name=service, kinds={"python", "parquet"})
            for dataset, description in descriptions.items()
        ],
        description=f"Ask {name} for what is new and write editions of it.",
    )
    def editions() -> Iterator[dg.MaterializeResult[None]]:
        fetched = ask(load_settings())
        for dataset, rows in fetched.rows.items():
            edition = next((one for one in fetched.editions if one.startswith(f"{service}/{dataset}-")), "")
            yield dg.MaterializeResult(
                [service, dataset],
                metadata={
                    "dagster/row_count": rows,
                    "edition": edition or "nothing new",
                    "requests": fetched.asked,
                    "kept_answers": fetched.kept,
                },
            )

    return editions


def _weekly(service: str, name: str, said: str, address: str) -> dg.ScheduleDefinition:
    variable = f"KOMMUNLAGER_{service.upper()}"
    return dg.ScheduleDefinition(
        name=f"weekly_{service}",
        job_name=service,
        cron_schedule=checked(said, f"{variable}_SCHEDULE") or WEEKLY,
        execution_timezone=TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING if address else dg.DefaultScheduleStatus.STOPPED,
        description=f"Asks {name} weekly, or when {variable}_SCHEDULE says, where {variable} allows it.",
    )


kolada_editions = _editions("kolada", "Kolada", KOLADA, lambda settings: of_kolada.refresh_kolada(settings))
kolada = dg.define_asset_job(
    "kolada",
    selection=dg.AssetSelection.groups("kolada"),
    description="Ask Kolada; the next refresh of reports loads what came.",
    executor_def=dg.in_process_executor,
)
weekly_kolada = _weekly("kolada", "Kolada", load_settings().kolada_schedule, of_kolada.address_of(load_settings()))

scb_editions = _editions("scb", "SCB", SCB, lambda settings: of_scb.refresh_scb(settings))
scb = dg.define_asset_job(
    "scb",
    selection=dg.AssetSelection.groups("scb"),
    description="Ask SCB; the next refresh of reports loads what came.",
    executor_def=dg.in_process_executor,
)
weekly_scb = _weekly("scb", "SCB", load_settings().scb_schedule, of_scb.address_of(load_settings()))

SERVICES = {"kolada": KOLADA, "scb": SCB}
KEYS = [dg.AssetKey([service, dataset]) for service, datasets in SERVICES.items() for dataset in datasets]
