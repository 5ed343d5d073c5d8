"""What every asset needs: the settings, and the right to write.

Belongs here: resources. Does not belong here: assets, jobs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import dagster as dg

from dagster_project.defs.watch.times import next_time
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.journal import journal
from dagster_project.warehouse.lock import refresh_lock
from dagster_project.warehouse.notify import notify


class Refresh(dg.ConfigurableResource[Settings]):
    """Settings from the environment; the refresh lock is held, and the journal open, as long as the run lasts."""

    full: bool = False
    """Read and build everything anew."""
    quarantine_failing: bool = False
    """Leave out reports that fail a check of severity error by themselves."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Settings]:
        """Take the lock at the beginning of the run, give it back at the end."""
        settings = load_settings()
        settings = replace(
            settings,
            full=settings.full or self.full,
            quarantine_failing=settings.quarantine_failing or self.quarantine_failing,
        )
        with refresh_lock(settings.lock_file, wait=settings.wait), journal(settings, context.run_id or "") as book:
            book.facts["next_refresh"] = next_time(settings.schedule)
            if book.died_before is not None:
                _tell(context, notify(settings, book.died_before, "refresh.died", "warning"))
            yield settings
            if book.facts["ok"] and book.facts.get("set_aside"):
                _tell(context, notify(settings, book.facts, "reports.set_aside", "warning"))


def _tell(context: dg.InitResourceContext, problems: list[str]) -> None:
    for problem in problems:
        if context.log is not None:
            context.log.error(problem)


@dg.definitions
def resources() -> dg.Definitions:
    """The resources of every asset."""
    return dg.Definitions(resources={"settings": Refresh()})
