"""Where things are and how much is allowed: every setting, its environment variable and its default.

Belongs here: reading and checking settings, and the paths that follow from them. Does not belong here: anything that is
done with them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dagster_project.extract.document import Limits

PROJECT = Path(__file__).resolve().parents[1]
"""The checkout: ``dbt/`` and ``seeds/`` stand beside this package."""

PREFIX = "KOMMUNLAGER_"


class ConfigurationError(Exception):
    """Something the user set is wrong; the message says what, where and what would be right. Exit code 4."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one refresh. Paths are absolute."""

    reports: Path = PROJECT / "seeds" / "reports"
    """``KOMMUNLAGER_REPORTS``: folder with the reports, read with its subfolders."""
    warehouse: Path = PROJECT / "warehouse" / "kommunlager.duckdb"
    """``KOMMUNLAGER_WAREHOUSE``: the published file, a link to the newest versioned file beside it."""
    state: Path = PROJECT / "warehouse" / ".state"
    """``KOMMUNLAGER_STATE``: private folder (working file, lock, Dagster's event log, dbt's logs);
    ``.state`` beside the published file unless set."""
    keep: int = 3
    """``KOMMUNLAGER_KEEP``: versioned files kept, the current one included; at least 1."""
    workers: int = 0
    """``KOMMUNLAGER_WORKERS``: processes that read documents; 0 means as many as cores, and none beside the main
    process when there is little to read."""
    limits: Limits = field(default_factory=Limits)
    """``KOMMUNLAGER_MAX_BYTES`` and so on, one variable for each field: bounds for one document."""

    @property
    def working_file(self) -> Path:
        """The DuckDB file that a refresh builds; nobody else opens it."""
        return self.state / "working.duckdb"

    @property
    def lock_file(self) -> Path:
        """Locked while a refresh runs."""
        return self.state / "refresh.lock"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: run history and event log."""
        return self.state / "dagster"

    @property
    def dbt_target(self) -> Path:
        """What dbt writes in a refresh: compiled SQL and run results."""
        return self.state / "dbt"

    @property
    def dbt_project(self) -> Path:
        """The dbt project."""
        return PROJECT / "dbt"

    @property
    def structure_words(self) -> Path:
        """Seed with the words that mark structure in documents without layout."""
        return PROJECT / "seeds" / "vocabulary" / "structure_words.csv"

    def as_environment(self) -> dict[str, str]:
        """The settings as environment variables, to hand them to another process or to code that Dagster loads."""
        return {
            PREFIX + "REPORTS": str(self.reports),
            PREFIX + "WAREHOUSE": str(self.warehouse),
            PREFIX + "STATE": str(self.state),
            PREFIX + "KEEP": str(self.keep),
            PREFIX + "WORKERS": str(self.workers),
            **{PREFIX + name.upper(): str(value) for name, value in asdict(self.limits).items()},
            PREFIX + "WORKING_FILE": str(self.working_file),  # read by dbt/profiles.yml
        }


def load_settings(
    environment: Mapping[str, str] | None = None, *, reports: Path | None = None, warehouse: Path | None = None
) -> Settings:
    """Settings from the environment (``os.environ`` unless given); arguments go before variables.

    Raises:
        ConfigurationError: a variable holds something that is no such value.
    """
    env = os.environ if environment is None else environment
    default = Settings()
    link = _absolute(warehouse or _path(env, "WAREHOUSE") or default.warehouse)
    return Settings(
        reports=_absolute(reports or _path(env, "REPORTS") or default.reports),
        warehouse=link,
        state=_absolute(_path(env, "STATE") or link.parent / ".state"),
        keep=_number(env, "KEEP", default.keep, at_least=1),
        workers=_number(env, "WORKERS", default.workers, at_least=0),
        limits=Limits(
            **{name: _number(env, name.upper(), value, at_least=1) for name, value in asdict(default.limits).items()}
        ),
    )


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(PREFIX + name, "")
    return Path(value) if value else None


def _absolute(path: Path) -> Path:
    # Not resolve(): the published file is itself a link, and it is the link that we want.
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - see above


def _number(env: Mapping[str, str], name: str, default: int, *, at_least: int) -> int:
    text = env.get(PREFIX + name, "")
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = at_least - 1
    if value < at_least:
        raise ConfigurationError(f"{PREFIX}{name} is {text!r}; it must be a whole number of at least {at_least}.")
    return value
