"""One refresh at a time: a lock that ends with the process that holds it.

Belongs here: taking, holding and giving back the lock. Does not belong here: what is done meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from dagster_project.settings import ConfigurationError


class RefreshRunningError(Exception):
    """Another refresh holds the lock; the message says which process and since when. Exit code 3."""


PAUSES: Final = (0.02, 0.1, 0.3)
"""Seconds before a lock that somebody has is tried again."""

_held: dict[Path, int] = {}
"""How often this process holds which lock: the command line takes it, and within it the Dagster run does again."""


@contextmanager
def refresh_lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file ``path`` for the duration of the block.

    A ``flock``, so that it is gone however the process ends; the file itself stays and says who held it last.

    Args:
        path: the lock file.
        wait: whether to wait until another process gives it back.

    Raises:
        RefreshRunningError: another process holds it, and ``wait`` is false.
        ConfigurationError: the file cannot be made or locked.
    """
    if path in _held:
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The lock file {path} cannot be made: {error.strerror}.") from None
    with handle:
        try:
            _lock(handle, wait=wait)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise RefreshRunningError(f"Another refresh is running ({holder}). Nothing was done.") from None
        except OSError as error:
            raise ConfigurationError(f"The file system of {path} does not lock files: {error.strerror}.") from None
        with suppress(OSError):  # a full disk: the lock holds without the words
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode())
        _held[path] = 1
        try:
            yield
        finally:
            del _held[path]


def _lock(handle: TextIO, *, wait: bool) -> None:
    """Take the lock.

    Tried more than once: whoever asks whether a refresh is running (:func:`is_locked`) holds it for a moment.

    Raises:
        BlockingIOError: another process holds it.
    """
    if wait:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return
    for pause in (*PAUSES, None):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def is_locked(path: Path) -> bool:
    """Whether a refresh is running."""
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
