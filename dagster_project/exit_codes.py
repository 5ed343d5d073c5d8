"""What every command ends with. Belongs here: the numbers, which scripts rely on. Does not belong here: who decides."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command ends with; documented in the README."""

    OK = 0
    """Done; for a refresh: published, though single documents may be quarantined."""
    FAILED = 1
    """The refresh or the question failed; what was published before is as it was."""
    USAGE = 2
    """The command line is wrong."""
    RUNNING = 3
    """Another refresh is running; nothing was done."""
    CONFIGURATION = 4
    """A setting, the reports folder, reports.yml or the vocabulary is wrong; nothing was published."""
    REMOVALS_HELD = 5
    """Published, but without dropping reports whose files are gone: they are too many to be meant."""
    INTERRUPTED = 130
    """Ctrl-C; what was published before is as it was."""
    TERMINATED = 143
    """The same, by a signal to terminate."""
