"""Outside facts into the working file, when they have changed.

Belongs here: what is loaded, and whether it has to be. Does not belong here: what an edition must be (``sources``).

An edition of the checkout that is not what it says ends the refresh: somebody meant it. One that was fetched
(``kolada``, ``scb``) is left out and told of, for a refresh of reports never fails by what a service answered.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from dagster_project.outside.rules import AREAS, UNITS, read_rules
from dagster_project.outside.sources import COUNTRY, Edition, SourceError, check_edition, find_editions, read_edition
from dagster_project.outside.tables import SCHEMA, TABLES, file_columns
from dagster_project.settings import PROJECT, ConfigurationError, Settings
from dagster_project.warehouse.files import add_files
from dagster_project.warehouse.state import working

SOURCES: Final = PROJECT / "seeds" / "sources"
MUNICIPALITIES: Final = PROJECT / "seeds" / "reference" / "municipalities.csv"
LOADED: Final = "outside"
"""Key of ``meta``: fingerprint of what the tables hold."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the tables of outside facts hold, and what was left out."""

    rows: dict[str, int]
    is_new: bool
    """Whether the tables were written."""
    problems: tuple[str, ...]
    """Fetched editions that were left out, with the reason."""


def load_outside(settings: Settings) -> Loaded:
    """Bring the tables of outside facts up to date with the editions of the checkout and those fetched.

    Raises:
        ConfigurationError: an edition of the checkout is not what its ``source.yml`` says.
    """
    fetched = settings.outside
    fingerprint = _fingerprint(SOURCES, fetched)
    connection, _ = working.open_working_file(settings.working_file)
    try:
        known = (working.get(connection, LOADED) or "").splitlines()
        if known[:1] == [fingerprint]:
            return Loaded(_counts(connection), False, tuple(known[1:]))
        editions, problems = _read(fetched)
        connection.begin()
        _write(connection, editions, fetched)
        working.put(connection, LOADED, "\n".join((fingerprint, *problems)))
        connection.execute(f"drop table if exists {working.AUDIT_TABLE}")  # what was built does not hold them
        connection.commit()
        return Loaded(_counts(connection), True, tuple(problems))
    finally:
        connection.close()


def is_loaded(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether the tables of a working file hold all editions there are; not where some had to be left out."""
    return working.get(connection, LOADED) == _fingerprint(SOURCES, settings.outside)


def _fingerprint(*folders: Path) -> str:
    """Hash over every file of the editions, and the rules."""
    digest = hashlib.sha256()
    for folder in folders:
        rules = [folder / name for name in (UNITS, AREAS) if (folder / name).exists()]
        # Editions alone: beside them somebody may be fetching.
        files = [path for edition in find_editions(folder) for path in edition.iterdir() if path.is_file()]
        add_files(digest, folder, sorted(rules + files))
    return digest.hexdigest()


def _read(fetched: Path) -> tuple[list[Edition], list[str]]:
    """The editions that are what they say, those of the checkout first; and why others are left out."""
    editions = [read_edition(folder) for folder in find_editions(SOURCES)]
    problems = []
    with duckdb.connect() as connection:
        codes = _codes(connection, editions)
        for edition in editions:
            check_edition(connection, edition, codes)
        known = {edition.source_key for edition in editions}
        for folder in find_editions(fetched):
            try:
                edition = read_edition(folder)
                if edition.source_key in known:
                    raise SourceError(f"{edition.source_key} is an edition of the checkout too")
                check_edition(connection, edition, codes)
            except ConfigurationError as error:
                problems.append(" ".join(str(error).split()))
            else:
                editions.append(edition)
    return editions, problems


def _codes(connection: duckdb.DuckDBPyConnection, editions: Sequence[Edition]) -> set[str]:
    """Of municipalities, regions and the country."""
    codes = {COUNTRY}
    if MUNICIPALITIES.exists():
        with MUNICIPALITIES.open(encoding="utf-8", newline="") as lines:
            codes |= {row["municipality_code"] for row in csv.DictReader(lines)}
    for file in (file for edition in editions for file in edition.files if file.table == "place"):
        with suppress(duckdb.Error):  # told of when the edition is checked
            codes |= {str(row[0]) for row in connection.execute(f"select place_code from {file.relation}").fetchall()}
    return codes


def _write(connection: duckdb.DuckDBPyConnection, editions: Sequence[Edition], fetched: Path) -> None:
    for table in TABLES:
        connection.execute(f"delete from {SCHEMA}.{table}")
    for edition in editions:
        connection.execute(
            f"insert into {SCHEMA}.source values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                edition.source_key,
                *(
                    edition.texts[name]
                    for name in ("publisher", "dataset", "edition", "title", "licence", "attribution")
                ),
                *(edition.dates[name] for name in ("accessed", "as_of")),
                edition.texts["origin"],
                edition.note,
                edition.sha256,
                sum(file.rows for file in edition.files),
                edition.folder.is_relative_to(fetched),
                edition.is_named_when_computed,
            ],
        )
        for file in edition.files:
            if file.table == "statistic":
                _write_statistics(connection, edition.source_key, file.relation)
            else:
                names = ", ".join(file_columns(file.table))
                connection.execute(
                    f"insert into {SCHEMA}.{file.table} (source_key, {names}) select ?, {names} from {file.relation}",
                    [edition.source_key],
                )


def _write_statistics(connection: duckdb.DuckDBPyConnection, source_key: str, relation: str) -> None:
    """Statistics with the columns that no file holds."""
    rules = read_rules(SOURCES)
    told = connection.execute(f"select statistic_key, title, operating_area from {relation}").fetchall()
    keys, units, pers, areas = [], [], [], []
    for key, title, operating_area in told:
        unit, per = rules.unit(title)
        keys.append(key)
        units.append(unit)
        pers.append(per)
        areas.append(rules.area(operating_area, title))
    names = ", ".join(file_columns("statistic"))
    connection.execute(
        f"insert into {SCHEMA}.statistic (source_key, {names}, unit_key, per, comparable_area) "
        f"select ?, {names}, unit_key, per, comparable_area from {relation} inner join (select "
        "unnest(?::varchar[]) as statistic_key, unnest(?::varchar[]) as unit_key, unnest(?::varchar[]) as per, "
        "unnest(?::varchar[]) as comparable_area) using (statistic_key)",
        [source_key, keys, units, pers, areas],
    )


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counted = {}
    for table in TABLES:
        row = connection.execute(f"select count(*) from {SCHEMA}.{table}").fetchone()
        counted[table] = int(row[0]) if row else 0
    return counted
