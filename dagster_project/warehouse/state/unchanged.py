"""Whether a refresh would find nothing to do, asked before Dagster and dbt are there: they take seconds to start.

Belongs here: the order of the questions. Does not belong here: the questions themselves, which are those of a refresh
(``load``, ``outside.load``, ``working``, ``releases``), so that there is one meaning of change; and doing anything.

Only reads. What cannot be answered without writing, or for certain, is a doubt, and a doubt is a reason for the whole
refresh: it costs seconds, and a correction that is passed over costs trust.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import duckdb

from dagster_project.outside import load as outside
from dagster_project.settings import PACKAGE, PROJECT, ConfigurationError, Settings
from dagster_project.warehouse.build.transform import project_fingerprint
from dagster_project.warehouse.files import add_files
from dagster_project.warehouse.intake import inbox, load
from dagster_project.warehouse.intake.removals import RemovalsError
from dagster_project.warehouse.release import releases
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.journal import RUNNING, refreshes
from dagster_project.warehouse.state.working import Mode

CHECKS: Final = 3
"""What a refresh checks that builds nothing: documents are read, reports have their files, fetched editions load."""

UNREAD_CHECK: Final = "every_document_loads"
"""The one of them that may fail for long."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found; the numbers only where there is no doubt."""

    doubt: str
    """Why there may be something to do; empty where there is nothing."""
    loaded: int = 0
    quarantined: int = 0
    reason: str = ""
    """Why there is nothing to do, as a build says it."""
    next_refresh: str | None = None
    program: str = ""
    """:func:`program_fingerprint`, which is that of the refresh before."""
    passed: int = 0
    """Checks that stand: of the build of what is published, and :data:`CHECKS`."""
    warned: tuple[str, ...] = ()
    """Those of them that did not pass, by name."""


def look(settings: Settings) -> Look:
    """Compare reports, settings, program and published release with what the refresh before left; never raises.

    Only for the holder of the refresh lock.
    """
    try:
        return _look(settings)
    except (ConfigurationError, RemovalsError, inbox.InboxError, duckdb.Error, OSError, ValueError) as error:
        return Look(f"it cannot be told: {error}")


def _look(settings: Settings) -> Look:
    last = next(iter(refreshes(settings.state)[-1:]), {})
    next_refresh = last.get("next_refresh")
    if doubt := _doubt_of_record(settings, last) or _doubt_of_files(settings):
        return Look(doubt)
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        if not working.is_ours(connection):
            return Look("the working file is of another version")
        if doubt := load.would_change(connection, settings):
            return Look(doubt)
        if not outside.is_loaded(connection, settings):
            return Look("outside facts are new, have changed or were left out")
        plan = working.make_plan(
            connection,
            project_fingerprint(PROJECT),
            lambda content_hash: releases.is_published(settings.warehouse, content_hash),
        )
        if plan.mode is not Mode.NOTHING:
            return Look(plan.reason)
        counts = dict(connection.execute("select status, count(*) from raw.report group by all").fetchall())
        passed, warned = working.checks_that_stand(connection)
    if counts.get("quarantined"):
        warned = sorted([*warned, UNREAD_CHECK])
    return Look(
        "",
        counts.get("loaded", 0),
        counts.get("quarantined", 0),
        plan.reason,
        next_refresh,
        str(last["program"]),
        passed + CHECKS - (UNREAD_CHECK in warned),
        tuple(warned),
    )


def _doubt_of_record(settings: Settings, last: dict[str, object]) -> str:
    """What the settings and the record of refreshes tell."""
    if settings.full:
        return "everything is wanted anew"
    if (settings.state / RUNNING).exists():
        return "the refresh before was killed"
    if not last.get("ok"):
        return "the refresh before failed, or none is recorded"
    if last.get("program") != program_fingerprint(settings):
        return "the program or a setting has changed"
    next_refresh = last.get("next_refresh")
    if settings.schedule and not (next_refresh and str(next_refresh) > f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"):
        return "when the next refresh is planned is to be told"
    return ""


def _doubt_of_files(settings: Settings) -> str:
    """What can be told without opening a database."""
    working_file = settings.working_file
    beside = (working_file.with_name(working_file.name + ".wal"), working.unfinished_copy(working_file))
    if not working_file.exists() or any(path.exists() for path in beside):
        return "the working file is gone, or was not closed"
    release = releases.current(settings.warehouse)
    if release is None:
        return "nothing is published, or it is damaged"
    if not releases.was_seen_whole(settings.state, release):
        return "the published file has been touched"
    if settings.inbox and not inbox.is_fetched(settings):
        return "there is something in the inbox"
    return ""


def program_fingerprint(settings: Settings) -> str:
    """Hash over the program and those settings that say what a refresh makes, and of what."""
    digest = hashlib.sha256()
    add_files(digest, PACKAGE.parent, sorted(PACKAGE.rglob("*.py")))
    without = {
        **dict.fromkeys(("full", "accept_removals", "wait", "log_to_stderr"), False),
        **dict.fromkeys(("webhook", "mail_to", "mail_from", "smtp", "kolada", "kolada_schedule"), ""),
        **dict.fromkeys(("workers", "max_age_hours", "keep_runs"), 0),
        "metrics": None,
    }
    digest.update(repr(replace(settings, **without)).encode())  # type: ignore[arg-type] # each has its type
    return digest.hexdigest()[:16]
