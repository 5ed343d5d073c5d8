"""New reports from an inbox: a folder, or any address that fsspec knows, such as ``s3://bucket/reports``.

Belongs here: listing an inbox, telling what has stopped growing, and fetching it below the reports folder. Does not
belong here: when that is done (``defs.watch``), and reading reports.

The inbox is only read. A file that is gone from it stays in the reports folder, from which alone reports are removed:
an inbox that is emptied, or a network that shows nothing, must not withdraw figures.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from dagster_project.settings import Settings
from dagster_project.warehouse import journal
from dagster_project.warehouse.scan import OVERRIDES_FILE, READABLE

FETCHED: Final = "inbox.json"
"""In the state folder: which content of which file was fetched."""

SETTLED_SECONDS: Final = 30
"""A file that was written to later than this before now may still be growing."""

PAUSES: Final = (0.5, 2.0, 5.0)
"""Seconds before a network is tried again."""

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
    """The reports in the inbox, by name; hidden files and what no reader exists for are left out.

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
            and not any(part.startswith(".") or part == ".." for part in parts)
        ):
            written_at = _written_at(details)
            mark = str(details.get("ETag") or details.get("etag") or written_at or "")
            files.append(InboxFile(name, int(details.get("size") or 0), f"{details.get('size')} {mark}", written_at))
    return sorted(files, key=lambda file: file.name)


def fetch(settings: Settings, now: float | None = None) -> list[str]:
    """Copy what is new or changed in the inbox below the reports folder; returns the names of what was copied.

    A file that was written to just now waits for the next refresh. Each file appears whole or not at all.

    Raises:
        InboxError: the inbox cannot be read.
    """
    if not settings.inbox or is_reports_folder(settings):
        return []
    now = time.time() if now is None else now
    fs, root = _file_system(settings.inbox)
    before = _fetched(settings)
    after, copied = dict(before), []
    for file in listing(settings.inbox):
        target = settings.reports / file.name
        if before.get(file.name) == file.mark and target.exists():
            continue
        if file.written_at is not None and now - file.written_at < SETTLED_SECONDS:
            journal.event("inbox.waiting", file_name=file.name, reason="it was written to just now")
            continue
        if file.size_bytes > settings.limits.max_bytes:
            journal.event("inbox.refused", "warning", file_name=file.name, reason=f"too large: {file.size_bytes} bytes")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")  # hidden: no reader looks at it
        try:
            source = f"{root.rstrip('/')}/{file.name}"
            _tried(settings.inbox, lambda: fs.get_file(source, str(unfinished)))  # noqa: B023 - called at once
            unfinished.replace(target)
        finally:
            with suppress(OSError):
                unfinished.unlink()
        after[file.name] = file.mark
        copied.append(file.name)
        journal.event("inbox.fetched", file_name=file.name, size_bytes=file.size_bytes)
    if after != before:
        path = settings.state / FETCHED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(after, ensure_ascii=False, indent=0), encoding="utf-8")
    return copied


def _fetched(settings: Settings) -> dict[str, str]:
    with suppress(OSError, ValueError, AttributeError):
        return dict(json.loads((settings.state / FETCHED).read_text(encoding="utf-8")).items())
    return {}


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
    """Try again what a network may have spoilt; what is not there, or not allowed, is so the next time too."""
    for pause in (*PAUSES, None):
        try:
            return action()
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            raise InboxError(f"The inbox {_shown(address)} cannot be read: {error}") from error
        except Exception as error:  # each file system raises its own
            if pause is None:
                raise InboxError(
                    f"The inbox {_shown(address)} cannot be read: {type(error).__name__}: {error}"
                ) from error
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


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
