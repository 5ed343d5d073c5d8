"""New reports from an inbox: a folder, or any address that fsspec knows, such as ``s3://bucket/reports``.

Belongs here: listing an inbox, telling what has stopped growing, and fetching it below the reports folder. Does not
belong here: when that is done (``defs.watch``), and reading reports.

The inbox is only read. A file that is gone from it stays in the reports folder, from which alone reports are removed:
an inbox that is emptied, or a network that shows nothing, must not withdraw figures.
"""

from __future__ import annotations

import errno
import json
import os
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from dagster_project.settings import Settings
from dagster_project.warehouse.intake.scan import OVERRIDES_FILE, READABLE, is_passed_over
from dagster_project.warehouse.state import journal

FETCHED: Final = "inbox.json"
"""In the state folder: which content of which file was fetched."""

SETTLED_SECONDS: Final = 30
"""A file that was written to later than this before now may still be growing."""

PAUSES: Final = (0.5, 2.0, 5.0)
"""Seconds before a network is tried again."""

SILENT: Final = 3
"""Files in a row without an answer after which the inbox counts as gone."""

LOCAL: Final = frozenset({"file", "local"})


class InboxError(Exception):
    """The inbox cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file of the inbox. Two looks at the same content have the same ``mark``."""

    name: str
    """Path below the inbox with forward slashes."""
    size_bytes: int
    mark: str
    written_at: float | None
    """Seconds since 1970, as far as the file system tells."""


def is_reports_folder(settings: Settings) -> bool:
    """Whether the inbox is the reports folder itself, from which nothing needs fetching."""
    fs, root = _file_system(settings.inbox)
    return _is_local(fs) and Path(root).resolve() == settings.reports.resolve()


def listing(address: str) -> list[InboxFile]:
    """The reports in the inbox, by name; what is passed over (``scan``) and what no reader exists for are left out.

    Raises:
        InboxError: it cannot be listed.
    """
    fs, root = _file_system(address)
    found: Mapping[str, Any] = _tried(address, lambda: _found(fs, root))
    files = []
    for path, details in found.items():
        name = PurePosixPath(path).relative_to(PurePosixPath(root)).as_posix()
        parts = PurePosixPath(name).parts
        is_wanted = PurePosixPath(name).suffix.lower() in READABLE or name == OVERRIDES_FILE
        if (
            details.get("type") == "file"
            and is_wanted
            and not any(is_passed_over(part) or part == ".." for part in parts)
        ):
            files.append(_file(name, details))
    return sorted(files, key=lambda file: file.name)


def owed(settings: Settings, files: Sequence[InboxFile]) -> list[str]:
    """Names of ``files``, as just listed, that a refresh has yet to fetch."""
    if is_reports_folder(settings):
        return []
    before = _state(settings)["fetched"]
    return [
        file.name
        for file in files
        if before.get(file.name) != file.mark and file.size_bytes <= settings.limits.max_bytes
    ]


def is_fetched(settings: Settings) -> bool:
    """Whether every file of the inbox is in the reports folder as it is now, and none is refused or waits.

    Raises:
        InboxError: the inbox cannot be listed.
    """
    if is_reports_folder(settings):
        return True
    state = _state(settings)
    return not state["seen"] and all(
        state["fetched"].get(file.name) == file.mark and _target(settings.reports, file.name).exists()
        for file in listing(settings.inbox)
    )


def fetch(settings: Settings, now: float | None = None) -> list[str]:
    """Copy what is new or changed in the inbox below the reports folder; returns the names of what was copied.

    A file that may still be growing waits for the next refresh. Each file appears whole or not at all, and one that
    cannot be fetched keeps no other back: it is told of (``inbox.failed``), and tried again with the next refresh.

    Raises:
        InboxError: the inbox cannot be read, or does not answer any more.
    """
    if not settings.inbox or is_reports_folder(settings):
        return []
    now = time.time() if now is None else now
    fs, root = _file_system(settings.inbox)
    state = _state(settings)
    before, seen = dict(state["fetched"]), state["seen"]
    state["seen"] = {}
    copied: list[str] = []
    silent = 0
    places: dict[str, str] = {}
    try:
        for file in listing(settings.inbox):
            target = _target(settings.reports, file.name)
            twin = places.setdefault(str(target), file.name)
            if twin != file.name:
                _tell("refused", file, f"its name is that of {twin!r}, written with other characters")
                continue
            if before.get(file.name) == file.mark and target.exists():
                continue
            if file.size_bytes > settings.limits.max_bytes:
                _tell("refused", file, f"too large: {file.size_bytes} bytes")
                continue
            if waits := _waits(file, seen, now):
                mark, since = seen.get(file.name, [None, now])
                state["seen"][file.name] = [file.mark, since if mark == file.mark else now]
                journal.event("inbox.waiting", file_name=file.name, reason=waits)
                continue
            try:
                reason = _copy(settings.inbox, fs, f"{root.rstrip('/')}/{file.name}", file, target)
            except _SilentError as error:
                silent += 1
                if silent == SILENT:
                    raise InboxError(str(error)) from error
                reason = str(error)
            else:
                silent = 0
            if reason:
                _tell("failed", file, reason)
                continue
            state["fetched"][file.name] = file.mark
            copied.append(file.name)
            journal.event("inbox.fetched", file_name=file.name, size_bytes=file.size_bytes)
    finally:
        _save(settings, state)
    return copied


def _file(name: str, details: Mapping[str, Any]) -> InboxFile:
    written_at = _written_at(details)
    mark = str(details.get("ETag") or details.get("etag") or written_at or "")
    return InboxFile(name, int(details.get("size") or 0), f"{details.get('size')} {mark}", written_at)


def _target(reports: Path, name: str) -> Path:
    """Where a file is put: its letters in one spelling (a Mac writes ``ö`` as two characters), or where it is."""
    if (reports / name).exists():
        return reports / name
    return reports / unicodedata.normalize("NFC", name)


def _waits(file: InboxFile, seen: Mapping[str, list[Any]], now: float) -> str | None:
    """Why a file is not fetched yet; None for one that has stopped growing.

    A date that lies ahead says nothing of when the file was written: such a file is taken when it has looked the same
    for a while.
    """
    if file.written_at is None or now - file.written_at >= SETTLED_SECONDS:
        return None
    if now >= file.written_at:
        return "it was written to just now"
    mark, since = seen.get(file.name, [None, now])
    if mark == file.mark and now - since >= SETTLED_SECONDS:
        return None
    return "it is dated ahead: it is taken when it looks the same at another look"


def _copy(address: str, fs: Any, source: str, file: InboxFile, target: Path) -> str | None:
    """Copy one file; returns why it could not be, None if it was.

    Raises:
        _SilentError: the inbox does not answer.
    """
    unfinished = target.with_name(f".{os.getpid()}.part")  # hidden: no reader looks at it; short: a name may be long
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _tried(address, lambda: fs.get_file(source, str(unfinished)))
        fs.invalidate_cache()
        after = _file(file.name, _tried(address, lambda: fs.info(source)))
        if after.mark != file.mark or unfinished.stat().st_size != file.size_bytes:
            return "it has changed while it was fetched"
        unfinished.replace(target)
    except (_RefusedError, OSError) as error:
        return f"it cannot be fetched: {getattr(error, 'strerror', None) or error}"
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return None


def _tell(what: str, file: InboxFile, reason: str) -> None:
    journal.event(f"inbox.{what}", "warning", file_name=file.name, reason=reason)


def _state(settings: Settings) -> dict[str, dict[str, Any]]:
    """``fetched``: the mark of each file that was fetched; ``seen``: mark of each that waits, and since when."""
    state: dict[str, Any] = {}
    with suppress(OSError, ValueError, AttributeError):
        state = dict(json.loads((settings.state / FETCHED).read_text(encoding="utf-8")).items())
    if "fetched" not in state or not isinstance(state["fetched"], dict):
        state = {"fetched": state}  # as versions before wrote it
    return {"fetched": state["fetched"], "seen": state.get("seen") or {}}


def _save(settings: Settings, state: Mapping[str, Any]) -> None:
    path = settings.state / FETCHED
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(json.dumps(state, ensure_ascii=False, indent=0), encoding="utf-8")
    unfinished.replace(path)


def _file_system(address: str) -> tuple[Any, str]:
    import fsspec

    try:
        fs, root = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise InboxError(f"The inbox {_shown(address)} cannot be opened: {error}") from error
    return fs, root


def _is_local(fs: Any) -> bool:
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    return bool(protocols & LOCAL)


def _found(fs: Any, root: str) -> Mapping[str, Any]:
    fs.invalidate_cache()  # an object store remembers what it listed
    if not fs.exists(root):
        raise FileNotFoundError(f"{root} does not exist")
    found: Mapping[str, Any] = fs.find(root, detail=True)
    return found


Result = TypeVar("Result")


def _tried(address: str, action: Callable[[], Result]) -> Result:
    """Try again what a network may have spoilt; what is not there, or not allowed, is so the next time too.

    Raises:
        _RefusedError: it is not there, or not allowed.
        _SilentError: whatever else, however often it was tried.
    """
    for pause in (*PAUSES, None):
        try:
            return action()
        except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise _RefusedError(f"The inbox {_shown(address)} cannot be read: {error}") from error
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise _RefusedError(str(error)) from error
            last: Exception = error
        except Exception as error:  # each file system raises its own
            last = error
        if pause is not None:
            time.sleep(pause)
    raise _SilentError(f"The inbox {_shown(address)} cannot be read: {type(last).__name__}: {last}") from last


class _RefusedError(InboxError):
    """What was asked for is not there, or not for us; asking again does not help."""


class _SilentError(InboxError):
    """There was no answer."""


def _written_at(details: Mapping[str, Any]) -> float | None:
    for key in ("mtime", "LastModified", "last_modified", "created"):
        value = details.get(key)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, (int, float)):
            return float(value)
    return None


def _shown(address: str) -> str:
    """Without a password that stands in it."""
    head, mark, tail = address.partition("://")
    return f"{head}{mark}{tail.rpartition('@')[2]}"
