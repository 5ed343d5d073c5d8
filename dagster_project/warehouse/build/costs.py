"""How much a report may cost in a build: stopping what takes longer.

Belongs here: the bound, and the watches that keep it, over dbt's nodes and over a query of ours. Does not belong here:
which report is to blame (``suspects``), and what becomes of it (``transform``).

The seconds are those that this process computes (CPU), not those that pass: on a busy machine no report may seem to
cost more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

SECONDS_A_REPORT: Final = 0.1
"""What a model may take for each report beside the bound: three times what a report of 2,000 cells takes."""

SECONDS_BETWEEN_LOOKS: Final = 0.2

WATCHED: Final = frozenset({"model", "test"})


def allowed(seconds: float, reports: int) -> float:
    """CPU seconds that a query over ``reports`` reports may take before it is asked which of them takes so long."""
    return seconds + SECONDS_A_REPORT * reports


@contextmanager
def stopped_after(seconds: float, stop: Callable[[], Any]) -> Iterator[None]:
    """Call ``stop``, again and again, once the block has taken ``seconds`` CPU seconds; 0 for never."""
    done = threading.Event()
    end = time.process_time() + seconds

    def watch() -> None:
        while not done.wait(SECONDS_BETWEEN_LOOKS):
            if time.process_time() > end:
                stop()

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    if seconds:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if seconds:
            thread.join()


class Watch:
    """Stops dbt when a model or test takes longer than is allowed; use as a context manager around the build."""

    def __init__(self, seconds: Callable[[str], float], stop: Callable[[], Any]) -> None:
        """Watch.

        Args:
            seconds: for the name of a node the CPU seconds that it may take; 0 for any.
            stop: makes whatever dbt is running fail; called from another thread, maybe several times.
        """
        self._seconds = seconds
        self._stop = stop
        self._ends: dict[str, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.stopped: set[str] = set()
        """Names of the nodes that took too long."""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def on_event(self, event: EventMsg) -> None:
        """To be called with each of dbt's events."""
        if event.info.name not in ("NodeStart", "NodeFinished"):
            return
        node = event.data.node_info
        if event.info.name == "NodeFinished":
            self._ends.pop(node.node_name, None)
        elif node.resource_type in WATCHED and (seconds := self._seconds(node.node_name)):
            self._ends[node.node_name] = time.process_time() + seconds

    def _look(self) -> None:
        while not self._done.wait(SECONDS_BETWEEN_LOOKS):
            now = time.process_time()
            late = [name for name, end in list(self._ends.items()) if now > end]
            if late:
                self.stopped.update(late)
                self._stop()
