"""What a wheel carries beside the package, so that it runs without the checkout: the dbt project and the seeds.

Belongs here: the build's hook. Does not belong here: the place where the program looks for it (``settings.PROJECT``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = (
    "dbt/.dbtignore",
    "dbt/dbt_project.yml",
    "dbt/profiles.yml",
    "dbt/macros",
    "dbt/models",
    "dbt/tests",
    "seeds/reference",
    "seeds/sources",
    "seeds/vocabulary",
)
"""Not ``seeds/reports``: who installs the program has reports."""


class CarriedHook(BuildHookInterface[Any]):
    """Adds them to a wheel; an editable one finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Say what goes where.

        Raises:
            FileNotFoundError: the checkout lacks some of it.
        """
        if version == "editable":
            return
        for name in CARRIED:
            if not (source := Path(self.root, name)).exists():
                raise FileNotFoundError(source)
            build_data["force_include"][str(source)] = f"dagster_project/carried/{name}"
        # Dagster looks for the project of its definitions upwards from them.
        build_data["force_include"][str(Path(self.root, "pyproject.toml"))] = "dagster_project/pyproject.toml"
