"""What the processes of the server can still do once they are closed, before they are given anything from outside.

Belongs here: what each kind of process needs, and closing the one that calls. Does not belong here: how the system
closes a process (``extract.confinement``, which closes those that read documents too), and its work (``runner``,
``encoder``).
"""

from __future__ import annotations

import functools
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dagster_project.extract.confinement import SYSTEM_LIBRARIES, Needs, attempts, confine, told
from dagster_project.warehouse.release.releases import INDEX_FILE

ROOT: Final = Path(__file__).resolve().parents[2]
MACHINE: Final = ("/proc/self/cgroup", "/sys/fs/cgroup", "/sys/devices/system/cpu", "/usr/share/zoneinfo")
"""Where DuckDB looks how much memory there is, without which it ends; how many processors; and zones of time."""

MESSAGES_PER_ANSWER: Final = 2
"""How many times as long as its rows an answer may become when it is written as messages."""


def needs_of(work: str, settings: Mapping[str, Any]) -> Needs:
    """What a process needs that does ``work``: libraries, its release, and files in memory for its answers.

    Args:
        work: ``runner`` or ``encoder``.
        settings: see there.
    """
    # Reports, seeds and warehouses lie below ROOT, and on sys.path nothing of it but the environment.
    libraries = [path for path in sys.path if path and Path(path).resolve() != ROOT]
    extensions = [f"{os.environ['HOME']}/.duckdb/extensions"] if "HOME" in os.environ else []
    readable = [*libraries, str(ROOT / "dagster_project"), *extensions, *SYSTEM_LIBRARIES, *MACHINE]
    answer_bytes = 1_000_000 * int(settings["answer_mb"])
    # Memory and processor time they bound themselves: by what they have taken when they are ready, and for each query.
    if work == "runner":
        release = Path(settings["path"])
        files = [str(release), str(release.with_name(INDEX_FILE))]
        return Needs([*readable, *files], answers=True, file_bytes=answer_bytes)
    return Needs(readable, answers=True, file_bytes=MESSAGES_PER_ANSWER * answer_bytes, ports=settings["ports"])


def close(work: str, settings: Mapping[str, Any], parent: int) -> dict[str, Any]:
    """Close this process for good; it has one thread yet.

    Returns:
        What holds it then; see ``confinement.told``.
    """
    address_space()  # opens the file that says it
    layers = confine(needs_of(work, settings), parent)
    attempted = attempts(parent)
    if work == "encoder":
        del attempted["opens connections"]  # it speaks to itself over TCP
    return told(layers, attempted)


def address_space() -> int:
    """Bytes of address space that this process has taken."""
    pages = int(os.pread(_size_of_memory(), 100, 0).split()[0])
    return pages * resource.getpagesize()


@functools.cache
def _size_of_memory() -> int:
    return os.open("/proc/self/statm", os.O_RDONLY)
