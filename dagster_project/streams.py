"""Standard output and error of a command whose work matters more than what it says.

Belongs here: streams that outlive who reads them. Does not belong here: what is said (``console``), and commands whose
output is their work: they end when nobody reads it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Lasting(io.RawIOBase):
    """A file descriptor on which a write that fails is a write that nobody reads.

    A lost terminal, ``| head`` or a full disk under a log must not end a refresh, let alone hold it: progress is told
    from threads of dbt, which wait for ever for one that has died.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        """The descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._number)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Write what can be written; the number of bytes that need not be tried again."""
        try:
            return os.write(self._number, data)
        except BlockingIOError:
            raise  # the reader is slow, not gone
        except OSError:
            return memoryview(data).nbytes


def outlive_readers() -> None:
    """Let standard output and error of this process outlive who reads them; what stands in for them stays."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            number = stream.fileno()
        except (AttributeError, OSError):  # none at all, or a text in memory
            continue
        raw = _Lasting(number)
        lasting = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, line_buffering=True
        )
        setattr(sys, name, lasting)
