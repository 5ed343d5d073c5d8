"""What a refresh did, as it happens and afterwards: one JSON line an event, and one line for each refresh.

Belongs here: the log file, the record of refreshes, and the notes that the steps of one refresh leave for both. Does
not belong here: Dagster's event log, and how anything is shown.

A refresh that is killed cannot write its line. It leaves ``running.json``, which says how far it came; the next one
writes the line from that.

``log.jsonl`` in the state folder has an event a line (``event``, ``at``, ``level``, ``run``, and ``report_id`` where it
is about a report); it is turned over at 10 MB, five times. ``refreshes.jsonl`` has a line for each refresh. A disk that
is full loses lines, never a refresh.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from dagster_project.settings import Settings
from dagster_project.warehouse.files import replace_text

LOG: Final = "log.jsonl"
RECORD: Final = "refreshes.jsonl"
RUNNING: Final = "running.json"
LOG_BYTES: Final = 10_000_000
LOG_FILES: Final = 5
KEPT_REFRESHES: Final = 1000


class Journal:
    """The journal of one refresh; made only by the holder of the refresh lock."""

    def __init__(self, settings: Settings, run: str, seconds_ago: float = 0) -> None:
        started_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        self.facts: dict[str, Any] = {"run": run, "started_at": _text_of(started_at), "seconds": {}, "ok": False}
        self._began = time.monotonic() - seconds_ago
        self._state = settings.state
        self._logger = _logger(settings).bind(run=run)
        self.died_before = died(self._state)
        """The line of the refresh before, if it was killed; it is recorded now."""
        if self.died_before is not None:
            with suppress(OSError):
                self._logger.bind(run=self.died_before["run"]).error("refresh.died", **_without_run(self.died_before))
            self._record(self.died_before)
        self.step("start")

    def step(self, name: str) -> None:
        """Note what begins now, in case that nothing can be noted afterwards."""
        running = {"pid": os.getpid(), "step": name, **self.facts}
        with suppress(OSError):
            replace_text(self._state / RUNNING, json.dumps(running, ensure_ascii=False, default=str) + "\n")

    def event(self, event: str, level: str = "info", **details: Any) -> None:
        """Log one event."""
        with suppress(OSError):
            getattr(self._logger, level)(event, **details)

    def finish(self) -> dict[str, Any]:
        """Log the end and record the refresh; returns its line."""
        self.facts["finished_at"] = now_text()
        self.facts["seconds"]["total"] = round(time.monotonic() - self._began, 3)
        self.event("refresh.finished", "info" if self.facts["ok"] else "error", **_without_run(self.facts))
        self._record(self.facts)
        return self.facts

    def _record(self, facts: dict[str, Any]) -> None:
        """Add the line of a refresh that has ended, and only then forget that it was running."""
        with suppress(OSError):
            # Two refreshes that never began may have been told in one second; a run is told once.
            lines = [
                json.dumps(one, ensure_ascii=False)
                for one in refreshes(self._state)
                if not (facts["run"] and _name(one) == _name(facts))
            ]
            lines.append(json.dumps(facts, ensure_ascii=False, default=str))
            replace_text(self._state / RECORD, "\n".join(lines[-KEPT_REFRESHES:]) + "\n")
            (self._state / RUNNING).unlink(missing_ok=True)


def _name(facts: dict[str, Any]) -> tuple[Any, Any]:
    """What tells one run from another; those that never began have no name, only the second in which they were told."""
    return facts.get("run"), facts["started_at"]


def _without_run(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key != "run"}


def died(state: Path) -> dict[str, Any] | None:
    """The line of a refresh that was killed and has none yet; None without one. It may also be running: ask the lock.

    It is said to have ended when it was last heard of.
    """
    path = state / RUNNING
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        last = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        pid, step = facts.pop("pid"), facts.pop("step")
        began = datetime.fromisoformat(facts["started_at"])
        facts["finished_at"] = f"{last:%Y-%m-%dT%H:%M:%SZ}"
        facts["seconds"]["total"] = max(0.0, round((last - began).total_seconds(), 3))
        why = f"process {pid} ended without a word in step {step!r} (killed, or the machine went down)"
        told = {_name(one) for one in refreshes(state)}
        is_told = _name(facts) in told  # killed between its line and the end
        return None if is_told else {**facts, "ok": False, "died": True, "error": why}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


_open: list[Journal] = []


@contextmanager
def journal(settings: Settings, run: str, seconds_ago: float = 0) -> Iterator[Journal]:
    """The journal of a refresh for the duration of the block; :func:`event` and :func:`note` write to it.

    Args:
        settings: whose refresh.
        run: its name.
        seconds_ago: when it began.
    """
    book = Journal(settings, run, seconds_ago)
    book.event("refresh.started", reports=str(settings.reports), warehouse=str(settings.warehouse))
    _open.append(book)
    try:
        yield book
    finally:
        if book in _open:
            _open.remove(book)
            book.finish()


def close(why: str) -> str:
    """Finish the journal of this process, which is about to end at once; returns the run that it was of, if any."""
    run = ""
    while _open:
        book = _open.pop()
        book.facts.setdefault("error", why)
        run = str(book.finish()["run"])
    return run


def log(settings: Settings, event: str, level: str = "info", **details: Any) -> None:
    """Log one event of something that is no refresh, such as one that was refused."""
    with suppress(OSError):
        getattr(_logger(settings), level)(event, **details)


def event(event: str, level: str = "info", **details: Any) -> None:
    """Log one event of the refresh that is running in this process, if one is."""
    for book in _open:
        book.event(event, level, **details)


def note(**facts: Any) -> None:
    """Add facts to the line of the refresh that is running in this process, if one is."""
    for book in _open:
        book.facts |= facts


def checked(*, passed: int = 0, warned: Iterable[str] = (), failed: Iterable[str] = ()) -> None:
    """Add checks to those of the refresh that is running in this process, if one is: how many passed, which did not."""
    for book in _open:
        checks = book.facts.setdefault("checks", {"passed": 0, "warned": [], "failed": []})
        checks["passed"] += passed
        checks["warned"] = sorted([*checks["warned"], *warned])
        checks["failed"] = sorted([*checks["failed"], *failed])


@contextmanager
def step(name: str) -> Iterator[None]:
    """One step of the refresh: its seconds, and what went wrong in it."""
    began = time.monotonic()
    for book in _open:
        book.step(name)
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
    return _text_of(datetime.now(UTC))


def _text_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _logger(settings: Settings) -> Any:
    return structlog.wrap_logger(
        _file_logger(settings),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.add_log_level,
            structlog.processors.ExceptionRenderer(),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


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
