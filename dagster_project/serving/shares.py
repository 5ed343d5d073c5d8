"""Who has used how much of the server lately, and who is next.

Belongs here: accounts of processor time and the order of those who wait, as plain bookkeeping. Does not belong here:
processes, and what is done with who is next (``workers``).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

WINDOW_SECONDS: Final = 60.0
"""What was used longer ago does not count."""

LIGHT_SECONDS: Final = 10.0
"""Of processor time in the window: who has used less finds workers that are kept free for such readers."""

FREE_OFFENCES: Final = 20
"""Refused or stopped statements in the window that cost nothing; everybody mistypes."""

LONGEST_PAUSE: Final = 0.1
"""Enough that asking without pause what is refused does not take the server from others."""


class Account:
    """What one reader used in the window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def add(self, amount: float) -> None:
        """Charge."""
        self._entries.append((self._clock(), amount))
        self._sum += amount

    @property
    def used(self) -> float:
        """The sum of the window."""
        began = self._clock() - WINDOW_SECONDS
        while self._entries and self._entries[0][0] < began:
            self._sum -= self._entries.popleft()[1]
        return self._sum if self._entries else 0.0


class Shares:
    """The accounts of all readers, by name."""

    def __init__(self, cpu_seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            cpu_seconds: processor time that a reader may use in a minute; None for any.
            clock: seconds.
        """
        self.cpu_seconds = cpu_seconds
        self.is_shared = True
        """Whether there is more than one reader: else there is nobody to keep anything for."""
        self._clock = clock
        self._cpu: dict[str, Account] = {}
        self._offences: dict[str, Account] = {}

    def charge(self, reader: str, seconds: float) -> None:
        """Note processor time."""
        self._cpu.setdefault(reader, Account(self._clock)).add(seconds)

    def used(self, reader: str) -> float:
        """Seconds of processor time in the last minute."""
        account = self._cpu.get(reader)
        return account.used if account else 0.0

    def is_light(self, reader: str) -> bool:
        """Whether the reader has used little, or is the only one."""
        return not self.is_shared or self.used(reader) < LIGHT_SECONDS

    def may_begin(self, reader: str) -> bool:
        """Whether the reader's share is not used up."""
        return self.cpu_seconds is None or not self.is_shared or self.used(reader) < self.cpu_seconds

    def pause_after_offence(self, reader: str) -> float:
        """Note a statement that was refused or stopped; seconds that its answer may take longer for that."""
        account = self._offences.setdefault(reader, Account(self._clock))
        account.add(1.0)
        return min(LONGEST_PAUSE, 0.005 * max(0.0, account.used - FREE_OFFENCES))


class Waiting(Protocol):
    """Somebody in the queue."""

    @property
    def reader(self) -> str:
        """Whose statement it is."""
        ...


W = TypeVar("W", bound=Waiting)


def fairest(waiting: Iterable[W], used: Callable[[str], float]) -> list[W]:
    """Those who wait, first the readers who have used least; of one reader, in the order in which they came."""
    return sorted(waiting, key=lambda one: used(one.reader))
