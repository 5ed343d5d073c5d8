"""When refreshes are planned. Belongs here: reading the cron expression. Does not belong here: the schedule itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from dagster_project.settings import ConfigurationError

TIME_ZONE: Final = "Europe/Stockholm"


def checked(schedule: str, variable: str = "KOMMUNLAGER_SCHEDULE") -> str:
    """The cron expression, if it is one.

    Raises:
        ConfigurationError: it is none.
    """
    from dagster._utils.schedules import is_valid_cron_string

    if schedule and not is_valid_cron_string(schedule):
        raise ConfigurationError(f"{variable} is {schedule!r}; it must be a cron expression such as '0 3 * * *'.")
    return schedule


def next_time(schedule: str) -> str | None:
    """The next time that the expression names in Swedish time, in UTC; None without one."""
    from dagster._utils.schedules import cron_string_iterator

    if not checked(schedule):
        return None
    moment = next(cron_string_iterator(datetime.now(UTC).timestamp(), schedule, TIME_ZONE)).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
