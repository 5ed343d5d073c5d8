"""How far a refresh is, told to whoever wants to know.

Belongs here: the one listener of this process. Does not belong here: how progress is shown (``console``), and Dagster's
event log, which keeps what happened for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done in one phase of the refresh."""

    phase: str
    """``read``, ``build`` or ``publish``."""
    done: int
    total: int
    what: str
    """A file name, a model, a test."""


Listener = Callable[[Step], None]

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hand every step to ``listener`` for the duration of the block; steps may come from another thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(phase: str, done: int, total: int, what: str) -> None:
    """Tell the listener, if there is one."""
    for listener in _listeners:
        listener(Step(phase, done, total, what))
