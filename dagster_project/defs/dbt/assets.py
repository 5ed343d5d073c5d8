"""The dbt project as assets, its data tests as asset checks.

Belongs here: handing dbt's events to Dagster while dbt runs. Does not belong here: dbt's arguments and results
(``warehouse.transform``).
"""

import json
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
import duckdb
from dagster_dbt import dbt_assets
from dagster_dbt.core.dbt_cli_event import (
    DbtCoreCliEventMessage,  # not public: the reason for the pin in pyproject.toml
)

from dagster_project import progress
from dagster_project.defs.dbt.translator import TRANSLATOR, keys_of_every_build, selectors
from dagster_project.settings import Settings
from dagster_project.warehouse.build.transform import BuildResult, build, manifest_path
from dagster_project.warehouse.state import journal
from dagster_project.warehouse.state.working import Mode

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

MANIFEST: Final = json.loads(manifest_path().read_text(encoding="utf-8"))

MADE: Final = keys_of_every_build(MANIFEST)
"""Assets that every build makes, so that what follows them is never skipped."""

RESULT_EVENTS: Final = frozenset({"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult"})


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, name="star_schemas", pool="duckdb")
def star_schemas(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Iterator[Any]:
    """Build and test every model; a failed test of severity error fails the run before anything is published."""
    selected = selectors(MANIFEST, context.selected_asset_keys) if context.is_subset else []
    with journal.step("build"):
        result = yield from _streamed(context, settings, lambda on_event: build(settings, selected, on_event))
        _tell(result)
        if result.failed:
            raise dg.Failure(f"{len(result.failed)} of dbt's nodes failed:\n{result.explain()}", allow_retries=False)
    context.log.info("%s: %s", result.plan.mode, result.plan.reason)
    if result.plan.mode is Mode.NOTHING:
        progress.report("build", 1, 1, "nothing to build")
    for node in result.warned:
        context.log.warning("%s: %s", node.name, node.message)


def _tell(result: BuildResult) -> None:
    """What the build did, for the journal."""
    for node in result.failed:
        journal.event("check.failed", "error", check=node.name, message=node.message, sample=node.sample)
    for node in result.warned:
        journal.event("check.warned", "warning", check=node.name, message=node.message)
    for report_id, reason in result.set_aside:
        journal.event("report.set_aside", "error", report_id=report_id, reason=reason)
    journal.event("build.finished", mode=result.plan.mode, reason=result.plan.reason, passed=result.passed_tests)
    journal.note(
        mode=str(result.plan.mode),
        reason=result.plan.reason,
        interpreted=result.interpreted,
        set_aside=[report_id for report_id, _ in result.set_aside],
        too_costly=list(result.too_costly),
    )
    passed, warned = result.passed_tests, [node.name for node in result.warned]
    if result.plan.mode is Mode.NOTHING:  # as no build of chosen assets is
        passed, warned = result.standing
        journal.note(ok=True, is_new=False, remark=result.plan.reason)
    journal.checked(passed=passed, warned=warned, failed=[node.name for node in result.failed])


def _streamed(
    context: dg.AssetExecutionContext, settings: Settings, run: Callable[[Callable[["EventMsg"], None]], BuildResult]
) -> Generator[Any, None, BuildResult]:
    """Run dbt in a thread and yield Dagster's events as dbt's come; returns and raises what ``run`` does.

    So Dagster writes its event log while DuckDB works, and the UI shows each model when it is done.
    """
    from google.protobuf.json_format import MessageToDict

    events: SimpleQueue[tuple[dict[str, Any], int | None] | BuildResult | BaseException] = SimpleQueue()
    count = _Count()

    def on_event(event: "EventMsg") -> None:
        count.add(event)
        if event.info.name in RESULT_EVENTS:
            told = MessageToDict(event, preserving_proto_field_name=True)
            events.put((told, _rows(told, settings.working_file)))

    def work() -> None:
        try:
            events.put(run(on_event))
        except BaseException as error:
            events.put(error)

    threading.Thread(target=work, name="dbt", daemon=True).start()
    while True:
        event = events.get()
        if isinstance(event, BuildResult):
            return event
        if isinstance(event, BaseException):
            raise event
        told, rows = event
        message = DbtCoreCliEventMessage(raw_event=told, event_history_metadata={})
        for asset_event in message.to_default_asset_events(MANIFEST, TRANSLATOR, context):
            if rows is not None and isinstance(asset_event, dg.Output):
                yield asset_event.with_metadata({**asset_event.metadata, "dagster/row_count": rows})
            else:
                yield asset_event


def _rows(event: Mapping[str, Any], working_file: Path) -> int | None:
    """The number of rows of a table that was made; dbt gives its seconds.

    Asked while dbt tells of it: this process has the file open then, and no other could look. Afterwards the file is
    opened read-only, which DuckDB refuses while anything else here has it open for writing.
    """
    node = event.get("data", {}).get("node_info", {})
    relation = node.get("node_relation") or {}
    if event["info"]["name"] not in ("LogSeedResult", "LogModelResult") or node.get("materialized") == "view":
        return None
    with suppress(duckdb.Error, KeyError), duckdb.connect(working_file) as connection:
        row = connection.execute(f'select count(*) from "{relation["schema"]}"."{relation["alias"]}"').fetchone()
        return int(row[0]) if row else None
    return None


class _Count:
    """How many of dbt's nodes are done; their own numbers are those of the start, which is another order."""

    def __init__(self) -> None:
        self._done = 0
        self._total = 0
        self._lock = threading.Lock()

    def add(self, event: "EventMsg") -> None:
        if event.info.name == "LogStartLine":
            self._total = event.data.total
            if event.data.index == 1:  # the first of a build: there may have been one that was stopped
                self._done = 0
        elif event.info.name == "NodeFinished" and event.data.node_info.materialized != "ephemeral":
            with self._lock:  # a step of a model is told of and not counted
                self._done += 1
                progress.report("build", self._done, self._total, event.data.node_info.node_name)
