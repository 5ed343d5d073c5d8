"""What holds the processes that read documents on this machine.

Belongs here: asking one of them, and the answer as plain values. Does not belong here: what closes them
(``extract.confinement``) and how it is shown (``commands``).
"""

from __future__ import annotations

from typing import Any

from dagster_project.extract.document import ExtractionError, Limits
from dagster_project.extract.sandbox import Children


def reader_state(limits: Limits) -> dict[str, Any]:
    """What a reading process says of itself, started for this question.

    Returns:
        ``in_force``: layers of its confinement, with details. ``missing``: layers that this machine does not give, with
        the reason. ``open``: what it tried and must not be able to do, but is. ``error``: why it does not start; None
        if it does.
    """
    try:
        with Children() as children:
            layers, attempts = children.confinement(limits)
    except (ExtractionError, OSError) as error:
        return {"in_force": {}, "missing": {}, "open": [], "error": str(error)}
    return {
        "in_force": {layer.name: layer.detail for layer in layers if layer.missing is None},
        "missing": {layer.name: layer.missing for layer in layers if layer.missing is not None},
        "open": [what for what, works in attempts.items() if works],
        "error": None,
    }
