"""Where things are and how much is allowed: every setting, its environment variable and its default.

Belongs here: reading and checking settings, and the paths that follow from them. Does not belong here: anything that is
done with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dagster_project.extract.document import Limits

PACKAGE = Path(__file__).resolve().parent

IS_CHECKOUT = (PACKAGE.parent / "dbt" / "dbt_project.yml").is_file()
"""Whether this runs from a checkout; else it was installed as a wheel, which carries ``dbt/`` and ``seeds/``."""

PROJECT = PACKAGE.parent if IS_CHECKOUT else PACKAGE / "carried"
"""Where ``dbt/`` and ``seeds/`` stand: the checkout, beside this package, or what a wheel carries."""

PREFIX = "KOMMUNLAGER_"


def default_place() -> Path:
    """Where things are by default: in the checkout, whatever the current folder; else in the current folder."""
    return PROJECT if IS_CHECKOUT else Path.cwd()


def cache_folder() -> Path:
    """What can be made again and is made once for all warehouses: ``dbt/target`` of a checkout, else in the home."""
    if IS_CHECKOUT:
        return PROJECT / "dbt" / "target"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kommunlager"


class ConfigurationError(Exception):
    """Something the user set is wrong; the message says what, where and what would be right. Exit code 4."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one refresh. Paths are absolute."""

    reports: Path = field(default_factory=lambda: default_place() / ("seeds/reports" if IS_CHECKOUT else "reports"))
    """``KOMMUNLAGER_REPORTS``: folder with the reports, read with its subfolders."""
    warehouse: Path = field(default_factory=lambda: default_place() / "warehouse" / "kommunlager.duckdb")
    """``KOMMUNLAGER_WAREHOUSE``: the published file, a link to the current release below ``releases/`` beside it."""
    state: Path = field(default_factory=lambda: default_place() / "warehouse" / ".state")
    """``KOMMUNLAGER_STATE``: private folder (working file, lock, Dagster's event log, dbt's logs);
    ``.state`` beside the published file unless set."""
    keep: int = 5
    """``KOMMUNLAGER_KEEP``: releases kept, the current one included; at least 1."""
    workers: int = 0
    """``KOMMUNLAGER_WORKERS``: processes that read documents; 0 means as many as cores, and one when there is little
    to read."""
    full: bool = False
    """``KOMMUNLAGER_FULL``: read and build everything anew, whatever has changed."""
    quarantine_failing: bool = False
    """``KOMMUNLAGER_QUARANTINE_FAILING``: leave out reports that fail a check of severity error by themselves."""
    accept_removals: bool = False
    """``KOMMUNLAGER_ACCEPT_REMOVALS``: drop reports whose files are gone, however many they are."""
    wait: bool = False
    """``KOMMUNLAGER_WAIT``: wait for a refresh that is running instead of ending with code 3."""
    log_to_stderr: bool = False
    """``KOMMUNLAGER_LOG_STDERR``: write the log to standard error too, as JSON lines."""
    metrics: Path | None = None
    """``KOMMUNLAGER_METRICS``: a Prometheus textfile that each refresh writes."""
    schedule: str = ""
    """``KOMMUNLAGER_SCHEDULE``: when Dagster refreshes, as a cron expression in Swedish time; empty for never."""
    kolada: str = ""
    """``KOMMUNLAGER_KOLADA``: 1 lets Kolada be asked for new values, an address asks there; empty or 0 for never."""
    kolada_schedule: str = ""
    """``KOMMUNLAGER_KOLADA_SCHEDULE``: when Dagster asks Kolada, as a cron expression in Swedish time; weekly where
    Kolada is configured and this is empty."""
    scb: str = ""
    """``KOMMUNLAGER_SCB``: the same for SCB's statistical database."""
    scb_schedule: str = ""
    """``KOMMUNLAGER_SCB_SCHEDULE``: when Dagster asks SCB; weekly where SCB is configured and this is empty."""
    max_age_hours: int = 0
    """``KOMMUNLAGER_MAX_AGE_HOURS``: age of the last good refresh from which the warehouse counts as stale; 0 for
    any."""
    inbox: str = ""
    """``KOMMUNLAGER_INBOX``: folder or fsspec address (``s3://…``) from which new reports are fetched; empty for
    none."""
    extractions: str = ""
    """``KOMMUNLAGER_EXTRACTIONS``: folder or fsspec address where what was read of each document is kept by its
    content; ``extractions`` in ``state`` unless set, 0 for nowhere. Here empty is nowhere."""
    webhook: str = ""
    """``KOMMUNLAGER_WEBHOOK``: address to which a failed refresh is posted as JSON."""
    mail_to: str = ""
    """``KOMMUNLAGER_MAIL_TO``: e-mail addresses, divided by commas, that are told of a failed refresh."""
    mail_from: str = ""
    """``KOMMUNLAGER_MAIL_FROM``: the sender."""
    smtp: str = "smtp://localhost"
    """``KOMMUNLAGER_SMTP``: ``smtp://[user:password@]host[:port]`` or ``smtps://…``."""
    max_build_seconds: int = 120
    """``KOMMUNLAGER_MAX_BUILD_SECONDS``: CPU seconds that one report may cost in one model; beyond it, it is set
    aside."""
    keep_runs: int = 50
    """``KOMMUNLAGER_KEEP_RUNS``: runs that Dagster's event log keeps; at least 1."""
    limits: Limits = field(default_factory=Limits)
    """``KOMMUNLAGER_MAX_BYTES`` and so on, one variable for each field: bounds for one document; and
    ``KOMMUNLAGER_OCR``: whether pictures of print are read."""

    @property
    def working_file(self) -> Path:
        """The DuckDB file that a refresh builds; nobody else opens it."""
        return self.state / "working.duckdb"

    @property
    def outside(self) -> Path:
        """Editions of outside facts that were fetched, beside those of the checkout (``seeds/sources``)."""
        return self.state / "outside"

    def answers(self, publisher: str) -> Path:
        """Answers of a publisher's service that are no edition yet, and how the last attempt ended."""
        return self.state / publisher

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
            PREFIX + "FULL": str(int(self.full)),
            PREFIX + "QUARANTINE_FAILING": str(int(self.quarantine_failing)),
            PREFIX + "ACCEPT_REMOVALS": str(int(self.accept_removals)),
            PREFIX + "WAIT": str(int(self.wait)),
            PREFIX + "LOG_STDERR": str(int(self.log_to_stderr)),
            PREFIX + "METRICS": str(self.metrics or ""),
            PREFIX + "SCHEDULE": self.schedule,
            PREFIX + "KOLADA": self.kolada,
            PREFIX + "KOLADA_SCHEDULE": self.kolada_schedule,
            PREFIX + "SCB": self.scb,
            PREFIX + "SCB_SCHEDULE": self.scb_schedule,
            PREFIX + "MAX_AGE_HOURS": str(self.max_age_hours),
            PREFIX + "INBOX": self.inbox,
            PREFIX + "EXTRACTIONS": self.extractions or "0",
            PREFIX + "WEBHOOK": self.webhook,
            PREFIX + "MAIL_TO": self.mail_to,
            PREFIX + "MAIL_FROM": self.mail_from,
            PREFIX + "SMTP": self.smtp,
            PREFIX + "MAX_BUILD_SECONDS": str(self.max_build_seconds),
            PREFIX + "KEEP_RUNS": str(self.keep_runs),
            **{PREFIX + name.upper(): str(int(value)) for name, value in asdict(self.limits).items()},
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
    link = _plain(_absolute(warehouse or _path(env, "WAREHOUSE") or default.warehouse))
    state = _plain(_absolute(_path(env, "STATE") or link.parent / ".state"))
    return Settings(
        reports=_absolute(reports or _path(env, "REPORTS") or default.reports),
        warehouse=link,
        state=state,
        keep=_number(env, "KEEP", default.keep, at_least=1),
        workers=_number(env, "WORKERS", default.workers, at_least=0),
        full=_flag(env, "FULL"),
        quarantine_failing=_flag(env, "QUARANTINE_FAILING"),
        accept_removals=_flag(env, "ACCEPT_REMOVALS"),
        wait=_flag(env, "WAIT"),
        log_to_stderr=_flag(env, "LOG_STDERR"),
        metrics=_absolute(metrics) if (metrics := _path(env, "METRICS")) else None,
        schedule=env.get(PREFIX + "SCHEDULE", "").strip(),
        kolada=env.get(PREFIX + "KOLADA", "").strip(),
        kolada_schedule=env.get(PREFIX + "KOLADA_SCHEDULE", "").strip(),
        scb=env.get(PREFIX + "SCB", "").strip(),
        scb_schedule=env.get(PREFIX + "SCB_SCHEDULE", "").strip(),
        max_age_hours=_number(env, "MAX_AGE_HOURS", default.max_age_hours, at_least=0),
        inbox=env.get(PREFIX + "INBOX", ""),
        extractions=_extractions(env, state),
        webhook=env.get(PREFIX + "WEBHOOK", ""),
        mail_to=env.get(PREFIX + "MAIL_TO", ""),
        mail_from=env.get(PREFIX + "MAIL_FROM", ""),
        smtp=env.get(PREFIX + "SMTP", "") or default.smtp,
        max_build_seconds=_number(env, "MAX_BUILD_SECONDS", default.max_build_seconds, at_least=1),
        keep_runs=_number(env, "KEEP_RUNS", default.keep_runs, at_least=1),
        limits=Limits(
            ocr=_flag(env, "OCR"),
            **{
                name: _number(env, name.upper(), value, at_least=1)
                for name, value in asdict(default.limits).items()
                if name != "ocr"
            },
        ),
    )


TELLING = ("WAREHOUSE", "STATE", "METRICS", "WEBHOOK", "MAIL_TO", "MAIL_FROM", "SMTP")


def settings_to_tell(
    environment: Mapping[str, str] | None = None, *, warehouse: Path | None = None, metrics: Path | None = None
) -> Settings:
    """As many settings as it takes to tell of a failure, where another one is wrong; never raises."""
    env = os.environ if environment is None else environment
    known = {name: env[name] for name in (PREFIX + one for one in TELLING) if name in env}
    settings = load_settings(known, warehouse=warehouse)
    return replace(settings, metrics=_absolute(metrics)) if metrics else settings


def _extractions(env: Mapping[str, str], state: Path) -> str:
    text = env.get(PREFIX + "EXTRACTIONS", "").strip()
    if text == "0":
        return ""
    if "://" in text:
        return text
    return str(_absolute(Path(text)) if text else state / "extractions")


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(PREFIX + name, "")
    return Path(value) if value else None


def _absolute(path: Path) -> Path:
    # Not resolve(): the published file is itself a link, and it is the link that we want.
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - see above


def _plain(path: Path) -> Path:
    """A path that DuckDB and SQLite take as it stands, and not as an address with a question or an escape in it."""
    if found := re.search(r"\?|%[0-9A-Fa-f]{2}", str(path)):
        raise ConfigurationError(
            f"The path {path} holds {found[0]!r}, which databases take for something else than a letter of a name. "
            "Choose another place with --warehouse (KOMMUNLAGER_WAREHOUSE) and KOMMUNLAGER_STATE."
        )
    return path


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(PREFIX + name, "").strip().lower()
    if text not in ("", "0", "no", "false", "off", "1", "yes", "true", "on"):
        raise ConfigurationError(f"{PREFIX}{name} is {text!r}; it must be 1 or 0.")
    return text in ("1", "yes", "true", "on")


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
