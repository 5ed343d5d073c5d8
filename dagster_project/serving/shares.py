"""Who has used how much of the server lately, and who is next.

Belongs here: accounts of processor time and the order of those who wait, as plain bookkeeping. Does not belong here:
processes, and what is done with who is next (``workers``).
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

WINDOW_SECONDS: Final = 60.0
"""What was used longer ago does not count."""

FREE_SECONDS: Final = 0.25
"""Of processor time of each statement that weighs nothing: many small questions, of many people perhaps who share a
token, are no burden to anybody."""

LIGHT_SECONDS: Final = 2.0
"""Weight in the window: who has more goes behind."""

STEP_SECONDS: Final = 0.5
"""Who weighs so much more is behind; with less between them they take turns."""

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
        """Whether there is more than one reader: else there is nobody to go behind."""
        self._clock = clock
        self._cpu: dict[str, Account] = {}
        self._weight: dict[str, Account] = {}
        self._offences: dict[str, Account] = {}

    def charge(self, reader: str, seconds: float, penalty: float = 0.0) -> None:
        """Note the processor time of a statement, and what else it cost the server."""
        self._cpu.setdefault(reader, Account(self._clock)).add(seconds)
        if weight := weight_of(seconds) + penalty:
            self._weight.setdefault(reader, Account(self._clock)).add(weight)

    def weight(self, reader: str) -> float:
        """What the reader's statements weighed in the last minute."""
        account = self._weight.get(reader)
        return account.used if account else 0.0

    def is_light(self, reader: str) -> bool:
        """Whether the reader asked little that is costly, or is the only one."""
        return not self.is_shared or self.weight(reader) < LIGHT_SECONDS

    def may_begin(self, reader: str) -> bool:
        """Whether the reader's share of processor time is not used up."""
        account = self._cpu.get(reader)
        return self.cpu_seconds is None or account is None or account.used < self.cpu_seconds

    def pause_after_offence(self, reader: str) -> float:
        """Note a statement that was refused or stopped; seconds that its answer may take longer for that."""
        account = self._offences.setdefault(reader, Account(self._clock))
        account.add(1.0)
        return min(LONGEST_PAUSE, 0.005 * max(0.0, account.used - FREE_OFFENCES))


def weight_of(cpu_seconds: float) -> float:
    """Of one statement."""
    return max(0.0, cpu_seconds - FREE_SECONDS)


class Waiting(Protocol):
    """Somebody in the queue."""

    @property
    def reader(self) -> str:
        """Whose statement it is."""
        ...


W = TypeVar("W", bound=Waiting)


def fairest(waiting: Iterable[W], weight: Callable[[str], float]) -> list[W]:
    """Those who wait, in the order in which they are next.

    First the readers of least weight, roughly; among equals in turn, one statement of each; those of one reader
    in the order in which they came.
    """
    before: Counter[str] = Counter()
    order = []
    for number, one in enumerate(waiting):
        order.append((int(weight(one.reader) / STEP_SECONDS), before[one.reader], number, one))
        before[one.reader] += 1
    return [one for *_, one in sorted(order, key=lambda entry: entry[:3])]
