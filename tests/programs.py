"""Programs that tests drive: a browser, an office suite, a proxy, a compiler.

Belongs here: finding them. Does not belong here: using them.
"""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "soffice": ("soffice", "libreoffice"),
    "nginx": ("nginx", "/usr/sbin/nginx"),
}


def program(name: str) -> str:
    """The path of a program; a test without it is skipped, or fails where all must run (as in CI)."""
    for candidate in NAMES.get(name, (name,)):
        if found := shutil.which(candidate):
            return found
    message = f"{name} is not on this machine"
    if os.environ.get("KOMMUNLAGER_TEST_PROGRAMS") == "required":
        pytest.fail(message)
    pytest.skip(message)
