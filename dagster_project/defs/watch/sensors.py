"""The nightly refresh, the inbox, and what happens when a run fails.

Belongs here: schedule and sensors; thin. Does not belong here: listing and fetching (``warehouse.inbox``), sending
(``warehouse.notify``). They are on when their setting is there, and off, to be switched on in the UI, when it is not.
"""

import hashlib
import json
import time
from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.jobs import refresh
from dagster_project.defs.reports.assets import REPORT_KEY
from dagster_project.defs.resources import TOLD
from dagster_project.defs.watch.times import TIME_ZONE, checked
from dagster_project.refresh import LAUNCHED_BY
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.intake.inbox import InboxError, InboxFile, listing, owed
from dagster_project.warehouse.state.journal import refreshes
from dagster_project.warehouse.state.notify import notify

SECONDS_BETWEEN_LOOKS = 30
SECONDS_BETWEEN_TELLING = 600
FIRST_PAUSE, LONGEST_PAUSE = 60, 3600
"""Seconds before a run that failed is requested again."""

NIGHTLY = "0 3 * * *"
"""When the schedule is switched on in the UI without a setting."""


def _inbox_of(settings: Settings) -> str:
    return settings.inbox or str(settings.reports)


def next_look(
    files: list[InboxFile], cursor: str | None, *, is_owed: bool = False, now: float | None = None
) -> tuple[str, str | None]:
    """The new cursor, and the key of the run to request; None for none.

    A run is requested when two looks in a row have shown the same files, all of the same size and date, and they are
    others than those that the last run was requested for: what is still being copied looks different each time. However
    many files came, it is one run. ``is_owed`` says that the last run has not done what it was requested for: then
    another one is requested for the same files, after a minute, two, four, and so on up to an hour.
    """
    now = time.time() if now is None else now
    state = json.loads(cursor) if cursor else {}
    look = hashlib.sha256(repr([(file.name, file.mark) for file in files]).encode()).hexdigest()[:32]
    is_settled = state.get("seen") == look
    is_new = state.get("requested") != look
    is_due = is_new or (is_owed and now >= state.get("again_at", 0))
    state["seen"] = look
    if not is_settled or not is_due:
        return json.dumps(state), None
    state["requested"] = look
    if not files:
        return json.dumps(state), None
    state["tries"] = 0 if is_new else state.get("tries", 0) + 1
    state["again_at"] = now + min(FIRST_PAUSE * 2 ** min(state["tries"], 10), LONGEST_PAUSE)
    # Counted, for Dagster asks for no second run with a key that it has had, and files may be what they were before.
    state["runs"] = state.get("runs", 0) + 1
    return json.dumps(state), f"{look}-{state['runs']}"


def _is_owed(context: dg.SensorEvaluationContext, settings: Settings, files: list[InboxFile]) -> bool:
    """Whether the last run has ended and failed, whoever asked for it, or has left files in the inbox."""
    last = context.instance.get_runs(dg.RunsFilter(job_name=refresh.name), limit=1)
    if not last or not last[0].is_finished:
        return False
    return last[0].status is not dg.DagsterRunStatus.SUCCESS or bool(settings.inbox and owed(settings, files))


@dg.sensor(
    name="inbox",
    job=refresh,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.RUNNING if load_settings().inbox else dg.DefaultSensorStatus.STOPPED,
    description="Refreshes when reports have come to the inbox (or to the reports folder) and have stopped growing.",
)
def inbox(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Look; request one run for whatever is new."""
    settings = load_settings()
    try:
        files = listing(_inbox_of(settings))
    except InboxError as error:
        yield dg.SkipReason(str(error))
        return
    cursor, key = next_look(files, context.cursor, is_owed=_is_owed(context, settings, files))
    context.update_cursor(cursor)
    if key is None:
        yield dg.SkipReason(f"{len(files)} files; none is new, or some may still be growing.")
    else:
        yield dg.RunRequest(run_key=key, tags={"kommunlager/launched_by": "inbox"})


nightly = dg.ScheduleDefinition(
    name="nightly",
    job=refresh,
    cron_schedule=checked(load_settings().schedule) or NIGHTLY,
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING if load_settings().schedule else dg.DefaultScheduleStatus.STOPPED,
    tags={"kommunlager/launched_by": "schedule"},
    description="Refreshes at the time that KOMMUNLAGER_SCHEDULE names, in Swedish time.",
)


@dg.sensor(
    name="looked",
    minimum_interval_seconds=SECONDS_BETWEEN_TELLING,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Lets Dagster know of refreshes of the command line that had nothing to do, and so did not start it.",
)
def looked(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Tell of the last one, for the freshness of the raw reports, which it has looked at."""
    idle = (one for one in reversed(refreshes(load_settings().state)) if one.get("ok") and one.get("mode") == "nothing")
    last = next(idle, {}).get("finished_at", "")
    if last <= (context.cursor or ""):
        return dg.SkipReason("There has been none since.")
    looked_at = dg.AssetMaterialization(REPORT_KEY, metadata={"looked_at": last, "read": 0, "removed": 0})
    return dg.SensorResult(asset_events=[looked_at], cursor=last)


@dg.run_failure_sensor(
    name="tell_of_failure",
    monitored_jobs=[refresh],
    default_status=dg.DefaultSensorStatus.RUNNING
    if load_settings().webhook or load_settings().mail_to
    else dg.DefaultSensorStatus.STOPPED,
    description="Posts a failed run to KOMMUNLAGER_WEBHOOK and mails it to KOMMUNLAGER_MAIL_TO.",
)
def tell_of_failure(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Tell of a run that could not tell itself: its process died, or ended before it had the settings."""
    tags = context.dagster_run.tags.items()
    if LAUNCHED_BY.items() <= tags or TOLD.items() <= tags:
        return dg.SkipReason("This run has told itself, or the command line that it was of.")
    settings = load_settings()
    run = context.dagster_run.run_id
    facts = next((one for one in reversed(refreshes(settings.state)) if one["run"] == run), {"run": run})
    problems = notify(settings, {"error": context.failure_event.message, **facts})
    for problem in problems:
        context.log.error(problem)
    return dg.SkipReason("; ".join(problems)) if problems else None
