"""One refresh from the command line: the job that the UI runs too, in this process, and what came of it.

Belongs here: Dagster's instance, the run, and its outcome in plain values. Does not belong here: what the assets do
(``defs``), and what the user sees (``cli``, ``console``). Importing this module is quick; running it imports Dagster
and dbt.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dagster_project import progress
from dagster_project.exit_codes import ExitCode
from dagster_project.settings import PACKAGE, ConfigurationError, Settings
from dagster_project.warehouse.release.releases import check_target, remove_leftovers
from dagster_project.warehouse.state.health import health, unknown_health
from dagster_project.warehouse.state.journal import journal, log, now_text, refreshes
from dagster_project.warehouse.state.lock import RefreshRunningError, refresh_lock
from dagster_project.warehouse.state.metrics import write_metrics
from dagster_project.warehouse.state.notify import notify

if TYPE_CHECKING:
    import dagster as dg

JOB: Final = "refresh"

LAUNCHED_BY: Final = {"kommunlager/launched_by": "command line"}
"""Tag of runs that live and die with a process of this command line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run."""

    exit_code: ExitCode
    message: str
    """Why it failed; empty when it did not."""
    run_id: str
    checks: int
    checks_passed: int
    warnings: tuple[str, ...]
    """Checks of severity warning that did not pass."""


def run_refresh(
    settings: Settings, *, verbose: bool = False, is_interrupted: Callable[[], bool] = lambda: False
) -> Outcome:
    """Run the whole job, unless there is nothing to do; the caller holds the refresh lock.

    ``is_interrupted`` is asked once all is imported: an interrupt that comes while Python runs a callback of an import
    is printed and forgotten, and the run would begin all the same.

    Raises:
        ConfigurationError: no warehouse can be published where the settings say, or the vocabulary cannot be used.
        TransformError: the dbt project does not parse.
    """
    check_target(settings.warehouse)
    if not verbose and (outcome := _unchanged(settings)) is not None:
        return outcome
    from dagster_project.warehouse.intake.vocabulary import check_vocabulary

    # Here too, for dbt cannot even parse a project with a seed that is no UTF-8, and does not say which one it is.
    check_vocabulary()
    prepare_dagster_home(settings)
    os.environ.update(settings.as_environment())

    import dagster as dg

    from dagster_project.definitions import defs

    job = defs().resolve_job_def(JOB)
    if is_interrupted():
        raise KeyboardInterrupt
    if not verbose:  # a check whose model was not built again has no result; that is no news
        logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    with dg.DagsterInstance.get() as instance:
        _close_dead_runs(instance)
        try:
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags=LAUNCHED_BY,
                run_config={"loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}}},
            )
        finally:
            remove_leftovers(settings.warehouse)
        line = _line(settings, result.run_id) or {}
        outcome = _outcome(result, line)
        _forget_old_runs(instance, settings.keep_runs)
    return outcome


def _unchanged(settings: Settings) -> Outcome | None:
    """The outcome of a refresh that has nothing to do, recorded as any other; None where there may be something.

    Dagster is not started for it and knows nothing of it: its sensor ``looked`` reads the record.
    """
    from dagster_project.warehouse.state.unchanged import look

    began = time.monotonic()
    found = look(settings)
    if found.doubt:
        return None
    remove_leftovers(settings.warehouse)
    run = str(uuid.uuid4())
    with journal(settings, run, time.monotonic() - began) as book:
        book.event("build.finished", mode="nothing", reason=found.reason, passed=0)
        book.facts |= {
            "next_refresh": found.next_refresh,
            "program": found.program,
            **dict.fromkeys(("fetched", "read", "removed", "interpreted"), 0),
            "loaded": found.loaded,
            "quarantined": found.quarantined,
            **{name: [] for name in ("stale", "held_back", "set_aside", "too_costly")},
            "why_held_back": "",
            "mode": "nothing",
            "reason": found.reason,
            "checks": {"passed": found.passed, "warned": list(found.warned), "failed": []},
            "ok": True,
            "is_new": False,
            "remark": found.reason,
        }
    files = found.loaded + found.quarantined
    progress.report("read", files, files, "nothing to read")
    progress.report("build", 1, 1, "nothing to build")
    return Outcome(ExitCode.OK, "", run, found.passed + len(found.warned), found.passed, found.warned)


# --- telling ----------------------------------------------------------------------------------------------------------


def tell(settings: Settings, code: ExitCode, error: str = "", run: str = "") -> list[str]:
    """Let journal, metrics and whoever the settings name know how a refresh ended; never raises.

    Args:
        settings: whose refresh.
        code: what it ends with.
        error: why, for a person.
        run: Dagster's, if one began; its line is in the record then.

    Returns:
        Who could not be told, and why.
    """
    problems = []
    if code is ExitCode.RUNNING:  # the record is that of the refresh that is running
        if settings.state.is_dir():
            log(settings, "refresh.refused", "warning", reason=error)
        problems += notify(settings, {"finished_at": now_text(), "error": error}, "refresh.refused", "warning")
    elif code not in (ExitCode.OK, ExitCode.REMOVALS_HELD):
        line = _line(settings, run) if run else None
        facts, died_before = (line, None) if line is not None else _recorded(settings, error)
        if died_before is not None:
            problems += notify(settings, died_before, "refresh.died", "warning")
        problems += notify(settings, {**facts, "error": error})
    return problems + tell_metrics(settings)


def _line(settings: Settings, run: str) -> dict[str, Any] | None:
    return next((one for one in reversed(refreshes(settings.state)) if one["run"] == run), None)


def _recorded(settings: Settings, error: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The line, in the record from now on, of a refresh whose run never began, and of one before it that was killed."""
    # Where no refresh has ever been nothing is left behind.
    if settings.state.is_dir():
        with (
            suppress(ConfigurationError, RefreshRunningError, OSError),
            refresh_lock(settings.lock_file),
            journal(settings, "") as book,
        ):
            book.facts["error"] = error
            return book.facts, book.died_before
    return {"started_at": now_text(), "error": error}, None


def tell_metrics(settings: Settings) -> list[str]:
    """Write the metrics at the end of a refresh, if the settings say where; returns what went wrong."""
    if settings.metrics is None:
        return []
    try:
        state = health(settings, is_ending=True)
    except Exception as error:  # whatever is wrong with the warehouse, that it is wrong can be told
        state = unknown_health(str(error))
    try:
        write_metrics(state, settings.warehouse, settings.metrics)
    except OSError as error:
        return [f"the metrics could not be written: {error}"]
    return []


def prepare_dagster_home(settings: Settings) -> None:
    """Make Dagster's home with its configuration and let ``DAGSTER_HOME`` lead there."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    template, configuration = PACKAGE / "instance.yaml", home / "dagster.yaml"
    if not configuration.exists() or configuration.read_bytes() != template.read_bytes():
        shutil.copyfile(template, configuration)
    os.environ["DAGSTER_HOME"] = str(home)


def _close_dead_runs(instance: dg.DagsterInstance) -> None:
    """Runs of this command line that were killed stand in the log as running: we hold the lock, so none is."""
    import dagster as dg

    unfinished = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=unfinished, tags=LAUNCHED_BY)):
        instance.report_run_failed(
            run, "The process of this run has ended without a word (killed, or the power failed)."
        )


def _forget_old_runs(instance: dg.DagsterInstance, keep: int) -> None:
    """Keep Dagster's log from growing: each run adds 2 to 3 MB to it."""
    import dagster as dg

    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    for run in instance.get_runs(dg.RunsFilter(statuses=finished))[keep:]:  # the latest come first
        instance.delete_run(run.run_id)


def _outcome(result: dg.ExecuteInProcessResult, line: Mapping[str, Any]) -> Outcome:
    """What came of a run, counted as its ``line`` in the record counts it."""
    evaluations = result.get_asset_check_evaluations()
    checks = line.get("checks") or {"passed": 0, "warned": [], "failed": []}
    passed = int(checks["passed"])
    warnings = sorted(
        f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
        for evaluation in evaluations
        if not evaluation.passed and evaluation.severity.value == "WARN"
    )
    code, message = (ExitCode.OK, "") if result.success else _why(result)
    if code is ExitCode.OK and not line.get("ok"):
        code, message = ExitCode.FAILED, "The run ended without an error and published nothing."
    if code is ExitCode.OK and line.get("why_held_back"):
        code, message = ExitCode.REMOVALS_HELD, str(line["why_held_back"])
    total = passed + len(checks["warned"]) + len(checks["failed"])
    return Outcome(code, message, result.run_id, total, passed, tuple(warnings))


def _why(result: dg.ExecuteInProcessResult) -> tuple[ExitCode, str]:
    """The first failure of the run; what was said on purpose goes before what Dagster says about it."""
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    errors += [getattr(event.event_specific_data, "error", None) for event in result.all_events if event.is_failure]
    for error in errors:
        link: Any = error
        while link is not None:
            if link.cls_name in _OUR_ERRORS:
                message = str(link.message).strip().partition(": ")[2]
                return _OUR_ERRORS[link.cls_name], message
            link = link.cause or link.context
    for error in errors:
        if error is not None:
            innermost: Any = error
            while innermost.cause is not None:
                innermost = innermost.cause
            return ExitCode.FAILED, str(innermost.message).strip()
    return ExitCode.FAILED, "The run failed; `kommunlager ui` shows its log."


_OUR_ERRORS: Final = {
    "ConfigurationError": ExitCode.CONFIGURATION,
    "SourceError": ExitCode.CONFIGURATION,
    "RefreshRunningError": ExitCode.RUNNING,
    "TransformError": ExitCode.FAILED,
    "PublishError": ExitCode.FAILED,
    "InboxError": ExitCode.FAILED,
    "RemovalsError": ExitCode.FAILED,  # nothing could be published
    "Failure": ExitCode.FAILED,
    "DagsterExecutionInterruptedError": ExitCode.INTERRUPTED,  # Dagster's own answer to Ctrl-C and SIGTERM
}
