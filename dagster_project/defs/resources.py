"""What every asset needs: the settings, and the right to write.

Belongs here: resources. Does not belong here: assets, jobs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.lock import refresh_lock


class Refresh(dg.ConfigurableResource[Settings]):
    """Settings from the environment; the refresh lock is held as long as the run lasts."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Settings]:
        """Take the lock at the beginning of the run, give it back at the end."""
        settings = load_settings()
        with refresh_lock(settings.lock_file):
            yield settings


@dg.definitions
def resources() -> dg.Definitions:
    """The resources of every asset."""
    return dg.Definitions(resources={"settings": Refresh()})
