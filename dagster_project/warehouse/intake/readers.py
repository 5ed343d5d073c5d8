"""What holds the processes that read documents on this machine.

Belongs here: asking one of them, and the answer as plain values. Does not belong here: what closes them
(``extract.confinement``) and how it is shown (``commands``).
"""

from __future__ import annotations

from typing import Any

from dagster_project.extract.confinement import told
from dagster_project.extract.document import ExtractionError, Limits
from dagster_project.extract.ocr import engine_versions, what_is_missing
from dagster_project.extract.sandbox import Children


def reader_state(limits: Limits) -> dict[str, Any]:
    """What a reading process says of itself, started for this question.

    Returns:
        What ``confinement.told`` says, ``error``: why it does not start; None if it does, and ``ocr``: whether pictures
        are read, and with what or why they cannot be.
    """
    missing = what_is_missing()
    ocr = {"is_on": limits.ocr, "engines": engine_versions() if missing is None else None, "missing": missing}
    try:
        with Children() as children:
            layers, attempts = children.confinement(limits)
    except (ExtractionError, OSError) as error:
        return {"in_force": {}, "missing": {}, "open": [], "error": str(error), "ocr": ocr}
    return told(layers, attempts) | {"error": None, "ocr": ocr}
