"""A publication that fails, or dies, at any of its file-system calls is neither torn nor forgotten.

Belongs here: compiling what lets calls fail, and the verdict. Does not belong here: the tries themselves (``faults``),
and whole refreshes killed at random (``test_soak``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.programs import program

STRIDE = int(os.environ.get("KOMMUNLAGER_SOAK_FAULTS", "50"))
"""Every how many of its about 300 calls; `make soak` tries them all."""


def test_every_call_may_fail_or_be_the_last(tmp_path: Path) -> None:
    library = tmp_path / "faults.so"
    subprocess.run(
        [program("cc"), "-shared", "-fPIC", "-O1", "-o", str(library), str(ROOT / "tests" / "faults.c"), "-ldl"],
        check=True,
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOMMUNLAGER_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "faults.py"), str(tmp_path), str(STRIDE)],
        env=kept | {"PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["wrong"] == [], done.stderr[-4000:]
    assert told["calls"] > 100  # the calls of DuckDB too
    assert told["ended"]["killed"] >= 5
    assert set(told["ended"]) <= {"killed", "refused", "published"}
