"""Children that read documents and do something else than reading on the way, for tests.

Belongs here: changing what runs inside a child. Does not belong here: the tests.
"""

from __future__ import annotations

import pytest

from dagster_project.extract import sandbox

BOOT = sandbox.BOOT


def sleeping(seconds: float, prefix: str = "") -> str:
    """A program after which a child sleeps before it reads a document whose name begins with ``prefix``."""
    return f"""
import time
from dagster_project.extract import child
read = child.extract
def extract(data, file_name, *rest):
    if file_name.startswith({prefix!r}):
        time.sleep({seconds})
    return read(data, file_name, *rest)
child.extract = extract
"""


SLEEPS_ON_SLOW = sleeping(600, "slow")
"""Documents named ``slow…`` take for ever."""


def run_inside(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have the children that are started from now on run ``program`` before they close their doors and serve."""
    assert BOOT.count("serve(Start") == 1
    monkeypatch.setattr(sandbox, "BOOT", BOOT.replace("serve(Start", f"exec({program!r}, {{}}); serve(Start"))
