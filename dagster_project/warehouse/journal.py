"""What a refresh did, as it happens and afterwards: one JSON line an event, and one line for each refresh.

Belongs here: the log file, the record of refreshes, and the notes that the steps of one refresh leave for both. Does
not belong here: Dagster's event log, and how anything is shown.

``log.jsonl`` in the state folder has an event a line (``event``, ``at``, ``level``, ``run``, and ``report_id`` where it
is about a report); it is turned over at 10 MB, five times. ``refreshes.jsonl`` has a line for each refresh. A disk that
is full loses lines, never a refresh.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from dagster_project.settings import Settings

LOG: Final = "log.jsonl"
RECORD: Final = "refreshes.jsonl"
LOG_BYTES: Final = 10_000_000
LOG_FILES: Final = 5
KEPT_REFRESHES: Final = 1000


class Journal:
    """The journal of one refresh."""

    def __init__(self, settings: Settings, run: str) -> None:
        self.facts: dict[str, Any] = {"run": run, "started_at": now_text(), "seconds": {}, "ok": False}
        self._began = time.monotonic()
        self._path = settings.state / RECORD
        self._logger = structlog.wrap_logger(
            _file_logger(settings),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.processors.add_log_level,
                structlog.processors.ExceptionRenderer(),
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        ).bind(run=run)

    def event(self, event: str, level: str = "info", **details: Any) -> None:
        """Log one event."""
        with suppress(OSError):
            getattr(self._logger, level)(event, **details)

    def finish(self) -> dict[str, Any]:
        """Log the end and record the refresh; returns its line."""
        self.facts["finished_at"] = now_text()
        self.facts["seconds"]["total"] = round(time.monotonic() - self._began, 3)
        self.event("refresh.finished", "info" if self.facts["ok"] else "error", **self._without_run())
        with suppress(OSError):
            lines = [json.dumps(one, ensure_ascii=False) for one in refreshes(self._path.parent)]
            lines.append(json.dumps(self.facts, ensure_ascii=False, default=str))
            unfinished = self._path.with_name(self._path.name + ".unfinished")
            unfinished.write_text("\n".join(lines[-KEPT_REFRESHES:]) + "\n", encoding="utf-8")
            unfinished.replace(self._path)
        return self.facts

    def _without_run(self) -> dict[str, Any]:
        return {key: value for key, value in self.facts.items() if key != "run"}


_open: list[Journal] = []


@contextmanager
def journal(settings: Settings, run: str) -> Iterator[Journal]:
    """The journal of a refresh for the duration of the block; :func:`event` and :func:`note` write to it."""
    book = Journal(settings, run)
    book.event("refresh.started", reports=str(settings.reports), warehouse=str(settings.warehouse))
    _open.append(book)
    try:
        yield book
    finally:
        _open.remove(book)
        book.finish()


def event(event: str, level: str = "info", **details: Any) -> None:
    """Log one event of the refresh that is running in this process, if one is."""
    for book in _open:
        book.event(event, level, **details)


def note(**facts: Any) -> None:
    """Add facts to the line of the refresh that is running in this process, if one is."""
    for book in _open:
        book.facts |= facts


@contextmanager
def step(name: str) -> Iterator[None]:
    """One step of the refresh: its seconds, and what went wrong in it."""
    began = time.monotonic()
    try:
        yield
    except BaseException as error:
        message = getattr(error, "description", None) or str(error) or type(error).__name__
        event(f"{name}.failed", "error", error=message)
        note(error=message)
        raise
    finally:
        for book in _open:
            book.facts["seconds"][name] = round(time.monotonic() - began, 3)


def refreshes(state: Path) -> list[dict[str, Any]]:
    """The refreshes recorded, oldest first; lines that a crash cut short are left out."""
    found = []
    with suppress(OSError):
        for line in (state / RECORD).read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
    return [one for one in found if isinstance(one, dict) and "started_at" in one]


def now_text() -> str:
    """Now, UTC, as text that sorts."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _file_logger(settings: Settings) -> logging.Logger:
    """Python's logger under structlog: it turns the file over, and one process writes at a time."""
    logger = logging.getLogger(f"kommunlager.journal.{settings.state}")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        with suppress(OSError):
            settings.state.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(
                settings.state / LOG, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
            )
            handler.handleError = lambda record: None  # type: ignore[method-assign] # a full disk is no news here
            logger.addHandler(handler)
        if settings.log_to_stderr:
            logger.addHandler(logging.StreamHandler(sys.stderr))
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    return logger
