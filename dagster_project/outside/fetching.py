"""What fetching from any service shares: one attempt at a time, editions that are whole or not there, and what is told.

Belongs here: the lock, the answers that are kept between attempts, writing an edition, and the status. Does not belong
here: what is asked (``kolada``, ``scb``) and how (``service``).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import yaml

from dagster_project.outside.service import Service, ServiceError
from dagster_project.outside.sources import DESCRIPTION, find_editions
from dagster_project.settings import ConfigurationError, Settings
from dagster_project.warehouse.files import replace_text
from dagster_project.warehouse.sql import literal
from dagster_project.warehouse.state.lock import refresh_lock

DAYS_KEPT: Final = 7
"""So long the answers of an attempt that failed are gone on with."""
LAST: Final = "last.json"
"""What the last attempt says of itself, beside the answers."""

_TEXT: Final = pa.string()
VALUES: Final = pa.schema(
    {
        "statistic_key": _TEXT,
        "municipality_code": _TEXT,
        "year": pa.int32(),
        "gender": _TEXT,
        "value": pa.float64(),
        "status": _TEXT,
    }
)
"""Columns of a file of values."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one refresh brought."""

    editions: tuple[str, ...]
    """``publisher/dataset-edition``; those that hold what an edition before holds are not made."""
    rows: Mapping[str, int]
    """By dataset."""
    asked: int
    kept: int
    """Answers that an earlier attempt had kept."""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is, and what is missing."""

    address: str
    """Empty where nothing is configured."""
    schedule: str
    editions: tuple[tuple[str, str, int], ...]
    """Source key, day and rows, the newest first."""
    unfinished: str
    """Edition that an attempt has begun; empty for none."""
    kept: int
    """Answers of it that are there."""
    last: Mapping[str, Any]
    """What the last attempt said of itself; empty where there was none."""


def address_said(said: str, variable: str, default: str) -> str:
    """Where a service is asked, as a setting says it; empty where it is not.

    Raises:
        ConfigurationError: it is neither yes, no nor an address.
    """
    said = said.strip()
    if said.lower() in ("", "0", "no", "false", "off"):
        return ""
    if said.lower() in ("1", "yes", "true", "on"):
        return default
    if urlsplit(said).scheme not in ("http", "https") or not urlsplit(said).hostname:
        raise ConfigurationError(f"{variable} is {said!r}; it must be 1, 0 or an address such as {default}.")
    return said.rstrip("/")


def fetch_editions(
    settings: Settings,
    publisher: str,
    service: Service,
    question: object,
    today: date | None,
    fetch: Callable[[Service, str], Fetched],
) -> Fetched:
    """Let ``fetch`` ask for new editions, and keep the answers of an attempt that fails for the next one.

    Args:
        settings: where editions and answers lie.
        publisher: of the editions; the name of their folder.
        service: whom to ask; its cache is set to the answers of the edition.
        question: what is asked; the answers to another one are not gone on with.
        today: names the edition.
        fetch: asks and writes; gets the service and the name of the edition.

    Raises:
        RefreshRunningError: another process is fetching.
        ServiceError: the service did not give what was asked for; what it gave is kept.
    """
    answers = settings.answers(publisher)
    with refresh_lock(settings.state / f"{publisher}.lock"):
        folder, edition = _begin(answers, question, today or datetime.now(UTC).date())
        service.cache = folder
        try:
            fetched = fetch(service, edition)
        except (ServiceError, OSError) as error:
            _note(answers, edition, error=" ".join(str(error).split()), asked=service.asked)
            raise
        shutil.rmtree(folder)
        _note(answers, edition, error="", **asdict(fetched))
        return fetched


def _begin(answers: Path, question: object, today: date) -> tuple[Path, str]:
    """The folder of answers to go on with, and the edition that it is for; what another question asked is dropped."""
    name = hashlib.sha256(repr(question).encode()).hexdigest()[:12]
    for folder in sorted(path for path in answers.glob("*") if path.is_dir()):
        day = folder.name[:10]
        if folder.name == f"{day}-{name}" and (today - date.fromisoformat(day)).days < DAYS_KEPT:
            return folder, day
        shutil.rmtree(folder)
    folder = answers / f"{today.isoformat()}-{name}"
    folder.mkdir(parents=True)
    return folder, today.isoformat()


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in their order, ``size`` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def write_edition(
    outside: Path, publisher: str, said: Mapping[str, object], tables: Sequence[tuple[str, str, pa.Table]]
) -> bool:
    """Write an edition, whole or not at all; False where the newest one of the dataset holds the same.

    Args:
        outside: folder of the editions that were fetched.
        publisher: name of the folder in it.
        said: what ``source.yml`` says, ``dataset`` and ``edition`` among it, but for the files.
        tables: of each file its name, its table and its rows.
    """
    folder = outside / publisher / f"{said['dataset']}-{said['edition']}"
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    described = []
    for name, table, rows in tables:
        path = unfinished / f"{name}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy (select * from rows) to {literal(path)} (format parquet, compression zstd)")
        content = path.read_bytes()
        described.append(
            {
                "file": path.name,
                "table": table,
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": rows.num_rows,
            }
        )
        if table == "statistic_value":
            described[-1]["sums"] = {"value": float(sum(value or 0 for value in rows["value"].to_pylist()))}
    (unfinished / DESCRIPTION).write_text(
        yaml.safe_dump({**said, "files": described}, allow_unicode=True, sort_keys=False, width=110), encoding="utf-8"
    )
    before = sorted(path for path in folder.parent.glob(f"{said['dataset']}-*") if path != folder)
    if folder.exists() or (before and _hashes(before[-1]) == _hashes(unfinished)):
        shutil.rmtree(unfinished)
        return False
    unfinished.rename(folder)
    return True


def _hashes(folder: Path) -> list[str]:
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet"))


# --- status -----------------------------------------------------------------------------------------------------------


def _note(answers: Path, edition: str, **said: object) -> None:
    answers.mkdir(parents=True, exist_ok=True)
    told = {"edition": edition, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **said}
    replace_text(answers / LAST, json.dumps(told, ensure_ascii=False))


def fetching_status(settings: Settings, publisher: str, address: str, schedule: str) -> Status:
    """What has been fetched of a publisher, and how the last attempt ended."""
    answers = settings.answers(publisher)
    editions = []
    for folder in find_editions(settings.outside):
        if folder.parent.name == publisher:
            with suppress(OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
                said = yaml.safe_load((folder / DESCRIPTION).read_text(encoding="utf-8"))
                rows = sum(int(file["rows"]) for file in said["files"])
                editions.append((f"{publisher}/{folder.name}", str(said["as_of"]), rows))
    begun = sorted(path for path in answers.glob("*") if path.is_dir())
    last: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        last = json.loads((answers / LAST).read_text(encoding="utf-8"))
    return Status(
        address,
        schedule,
        tuple(sorted(editions, key=lambda one: (one[1], one[0]), reverse=True)),
        begun[-1].name[:10] if begun else "",
        len(list(begun[-1].glob("*.json"))) if begun else 0,
        last,
    )
