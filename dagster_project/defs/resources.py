"""What every asset needs: the settings, and the right to write.

Belongs here: resources. Does not belong here: assets, jobs.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import dagster as dg

from dagster_project.defs.watch.times import next_time
from dagster_project.exit_codes import ExitCode
from dagster_project.refresh import LAUNCHED_BY, tell
from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.state.journal import journal
from dagster_project.warehouse.state.lock import RefreshRunningError, refresh_lock
from dagster_project.warehouse.state.notify import notify
from dagster_project.warehouse.state.unchanged import program_fingerprint

TOLD: dict[str, str] = {"kommunlager/told": "yes"}
"""Tag of runs that have told themselves how they ended; of all others the sensor tells."""


class Refresh(dg.ConfigurableResource[Settings]):
    """Settings from the environment; the refresh lock is held, and the journal open, as long as the run lasts.

    A run of the command line leaves it to that to tell how it ended; any other tells when the lock is given back.
    """

    full: bool = False
    """Read and build everything anew."""
    quarantine_failing: bool = False
    """Leave out reports that fail a check of severity error by themselves."""
    accept_removals: bool = False
    """Drop reports whose files are gone, however many they are."""
    ocr: bool = False
    """Read pages without a text layer, and pictures that may hold a table."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Settings]:
        """Take the lock at the beginning of the run, give it back at the end."""
        settings = load_settings()
        settings = replace(
            settings,
            full=settings.full or self.full,
            quarantine_failing=settings.quarantine_failing or self.quarantine_failing,
            accept_removals=settings.accept_removals or self.accept_removals,
            limits=replace(settings.limits, ocr=settings.limits.ocr or self.ocr),
        )
        run = context.run_id or ""
        try:
            with refresh_lock(settings.lock_file, wait=settings.wait), journal(settings, run) as book:
                book.facts["next_refresh"] = next_time(settings.schedule)
                book.facts["program"] = program_fingerprint(settings)
                if book.died_before is not None:
                    _log(context, notify(settings, book.died_before, "refresh.died", "warning"))
                yield settings
                _log(context, _tell_of_reports(settings, book.facts))
        except RefreshRunningError as error:
            _tell_of_end(context, settings, ExitCode.RUNNING, str(error))
            raise
        except ConfigurationError as error:
            _tell_of_end(context, settings, ExitCode.CONFIGURATION, str(error))
            raise
        code = ExitCode.OK if book.facts["ok"] else ExitCode.FAILED
        _tell_of_end(context, settings, code, str(book.facts.get("error") or "it was cut off"), run)


def _tell_of_reports(settings: Settings, facts: dict[str, object]) -> list[str]:
    """Of reports that were left out, or kept without their file, by a refresh that came to its end."""
    problems = []
    for key, event, severity in (
        ("set_aside", "reports.set_aside", "warning"),
        ("why_held_back", "reports.held_back", "error"),
        ("stale", "reports.stale", "warning"),
    ):
        if facts["ok"] and facts.get(key):
            problems += notify(settings, facts, event, severity)
    return problems


def _tell_of_end(
    context: dg.InitResourceContext, settings: Settings, code: ExitCode, error: str, run: str = ""
) -> None:
    dagster_run = context.dagster_run
    if dagster_run is not None and LAUNCHED_BY.items() <= dagster_run.tags.items():
        return
    _log(context, tell(settings, code, error if code is not ExitCode.OK else "", run))
    if dagster_run is not None and context.instance is not None:
        with suppress(Exception):  # a disk that is full: the sensor tells once more
            context.instance.add_run_tags(dagster_run.run_id, TOLD)


def _log(context: dg.InitResourceContext, problems: list[str]) -> None:
    for problem in problems:
        if context.log is not None:
            context.log.error(problem)


@dg.definitions
def resources() -> dg.Definitions:
    """The resources of every asset."""
    return dg.Definitions(resources={"settings": Refresh()})
