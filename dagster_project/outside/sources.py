"""Editions of outside facts as they lie on disk: ``<publisher>/<dataset>-<edition>/`` with data and ``source.yml``.

Belongs here: reading an edition and checking that it is what its ``source.yml`` says. Does not belong here: writing it
anywhere (``load``), and fetching new ones (``kolada``, ``scb``).

An edition never changes: what is new is a new folder, and the values of the old one stay beside it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml

from dagster_project.outside.tables import CODES, KEYS, file_columns
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.sql import literal

DESCRIPTION: Final = "source.yml"
TEXTS: Final = ("title", "publisher", "dataset", "edition", "licence", "attribution", "origin")
DATES: Final = ("accessed", "as_of")
OPTIONAL: Final = ("note", "is_named_when_computed")
OF_A_FILE: Final = {"file", "table", "sha256", "rows", "sums", "sums_by_year", "country_is_sum"}
COUNTRY: Final = "0000"
SHOWN: Final = 5


class SourceError(ConfigurationError):
    """An edition is not what its ``source.yml`` says, or says too little; the message names folder, file and reason."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of an edition, with what is promised of it."""

    path: Path
    table: str
    sha256: str
    rows: int
    sums: Mapping[str, float]
    sums_by_year: Mapping[int, float]
    country_is_sum: bool

    @property
    def relation(self) -> str:
        """SQL for its rows; names and types are those of its table."""
        place = literal(self.path)
        if self.path.suffix == ".parquet":
            return f"read_parquet({place})"
        return f"read_csv({place}, header = true, all_varchar = true, nullstr = '', delim = ',', quote = '\"')"


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of one dataset."""

    folder: Path
    texts: Mapping[str, str]
    dates: Mapping[str, date]
    note: str | None
    is_named_when_computed: bool
    """Whether what is computed from its figures names the publisher as a source; Kolada's terms forbid it."""
    files: tuple[DataFile, ...]

    @property
    def source_key(self) -> str:
        """``publisher/dataset-edition``, the place of its folder."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def sha256(self) -> str:
        """Of all its files together."""
        return hashlib.sha256("".join(sorted(file.sha256 for file in self.files)).encode()).hexdigest()


def find_editions(folder: Path) -> list[Path]:
    """The folders of all editions below ``folder``, sorted; none where it is missing. A dot in front: unfinished."""
    found = (path.parent for path in folder.glob(f"*/*/{DESCRIPTION}"))
    return sorted(path for path in found if not path.name.startswith("."))


def read_edition(folder: Path) -> Edition:
    """What ``source.yml`` says.

    Raises:
        SourceError: it cannot be read or leaves something out.
    """
    where = f"{folder.parent.name}/{folder.name}/{DESCRIPTION}"
    try:
        said = yaml.load((folder / DESCRIPTION).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"{where} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(said, dict):
        raise SourceError(f"{where} must be a mapping with {', '.join((*TEXTS, *DATES))} and files.")
    missing = [name for name in (*TEXTS, *DATES, "files") if said.get(name) in (None, "", [])]
    unknown = sorted(set(map(str, said)) - {*TEXTS, *DATES, *OPTIONAL, "files"})
    if missing or unknown:
        problems = [f"it lacks {', '.join(missing)}"] * bool(missing) + [
            f"it has {', '.join(unknown)}, which means nothing"
        ] * bool(unknown)
        raise SourceError(f"{where}: {'; '.join(problems)}.")
    texts = {name: str(said[name]) for name in TEXTS}
    if folder.name != f"{texts['dataset']}-{texts['edition']}":
        raise SourceError(f"{where} is about {texts['dataset']}-{texts['edition']}; its folder must be called that.")
    dates = {}
    for name in DATES:
        try:
            dates[name] = date.fromisoformat(str(said[name]))
        except ValueError:
            raise SourceError(f"{where}: {name} is {said[name]!r}; it must be a date such as 2026-11-30.") from None
    files = tuple(_data_file(folder, where, entry) for entry in _entries(where, said["files"]))
    undeclared = sorted({path.name for path in folder.iterdir()} - {file.path.name for file in files} - {DESCRIPTION})
    if undeclared:
        raise SourceError(f"{where} says nothing of {', '.join(undeclared)}.")
    is_named = said.get("is_named_when_computed", True)
    if not isinstance(is_named, bool):
        raise SourceError(f"{where}: is_named_when_computed is {is_named!r}; it must be true or false.")
    return Edition(folder, texts, dates, str(said["note"]) if said.get("note") else None, is_named, files)


def _entries(where: str, files: object) -> Iterator[dict[str, Any]]:
    if not isinstance(files, list):
        raise SourceError(f"{where}: files must be a list.")
    for entry in files:
        if not isinstance(entry, dict) or not {"file", "table", "sha256", "rows"} <= set(entry):
            raise SourceError(f"{where}: each of the files must have file, table, sha256 and rows; {entry!r} has not.")
        if unknown := sorted(set(entry) - OF_A_FILE):
            raise SourceError(f"{where}, {entry['file']}: {', '.join(map(str, unknown))} means nothing.")
        yield entry


def _data_file(folder: Path, where: str, entry: Mapping[str, Any]) -> DataFile:
    name = str(entry["file"])
    path = folder / name
    if path.name != name or path.suffix not in (".csv", ".parquet"):
        raise SourceError(f"{where}: {name!r} is no name of a CSV or Parquet file of that folder.")
    if entry["table"] not in KEYS:
        raise SourceError(f"{where}, {name}: {entry['table']!r} is no table; there are {', '.join(KEYS)}.")
    try:
        return DataFile(
            path,
            str(entry["table"]),
            str(entry["sha256"]),
            int(entry["rows"]),
            {str(column): float(total) for column, total in (entry.get("sums") or {}).items()},
            {int(year): float(total) for year, total in (entry.get("sums_by_year") or {}).items()},
            bool(entry.get("country_is_sum")),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(f"{where}, {name}: {error}.") from None


# --- is it what it says? ----------------------------------------------------------------------------------------------


def check_edition(connection: duckdb.DuckDBPyConnection, edition: Edition, codes: Collection[str]) -> None:
    """Compare the files of an edition with what ``source.yml`` says of them.

    Args:
        connection: any; it gets a temporary table.
        edition: as its ``source.yml`` says.
        codes: of all places there are.

    Raises:
        SourceError: they differ; the message lists everything that does.
    """
    problems: list[str] = []
    for file in edition.files:
        try:
            problems += [f"{file.path.name}: {problem}" for problem in _differences(connection, file, codes)]
        except (OSError, duckdb.Error) as error:
            problems.append(f"{file.path.name} cannot be read: {' '.join(str(error).split())}")
    if problems:
        raise SourceError(f"{edition.source_key} is not what its {DESCRIPTION} says: {'; '.join(problems)}.")


def _differences(connection: duckdb.DuckDBPyConnection, file: DataFile, codes: Collection[str]) -> Iterator[str]:
    digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
    if digest != file.sha256:
        yield f"its SHA-256 is {digest} instead of {file.sha256}"
    columns = {str(row[0]) for row in connection.execute(f"describe select * from {file.relation}").fetchall()}
    wanted = file_columns(file.table)
    if columns != set(wanted):
        missing, more = sorted(set(wanted) - columns), sorted(columns - set(wanted))
        yield f"its columns are not those of {file.table} (missing: {missing or 'none'}, more: {more or 'none'})"
        return
    typed = ", ".join(f"cast({name} as {kind.removesuffix(' not null')}) as {name}" for name, kind in wanted.items())
    connection.execute(f"create or replace temp table one as select {typed} from {file.relation}")
    rows = _number(connection, "select count(*) from one")
    if rows != file.rows:
        yield f"it has {rows:.0f} rows instead of {file.rows}"
    yield from _other_sums(connection, file, wanted)
    for column in (name for name, kind in wanted.items() if kind.endswith("not null")):
        if empty := _number(connection, f"select count(*) from one where {column} is null"):
            yield f"{column} is empty in {empty:.0f} rows"
    key = ", ".join(KEYS[file.table])
    yield from _listed(
        f"two rows for one {key}", connection, f"select {key} from one group by all having count(*) > 1 order by all"
    )
    for column in CODES.get(file.table, ()):
        yield from _listed(
            f"{column} is no code of a municipality, region or the country",
            connection,
            f"select distinct {column} from one where {column} not in (select unnest(?::varchar[])) order by all",
            sorted(codes),
        )


def _other_sums(connection: duckdb.DuckDBPyConnection, file: DataFile, wanted: Mapping[str, str]) -> Iterator[str]:
    """Sums that are not what is said, of the rows in the temporary table ``one``."""
    for column, expected in file.sums.items():
        if column not in wanted:
            yield f"there is no column {column} to sum"
        elif not _is_same(total := _number(connection, f"select sum({column}) from one"), expected):
            yield f"the sum of {column} is {total!r} instead of {expected!r}"
    for year, expected in file.sums_by_year.items():
        total = _number(
            connection, "select sum(value) from one where year = ? and municipality_code != ?", year, COUNTRY
        )
        if not _is_same(total, expected):
            yield f"the sum of {year} is {total!r} instead of {expected!r}"
    if file.country_is_sum:
        yield from _listed(
            "the municipalities do not add up to the country",
            connection,
            "select statistic_key, year from one where gender = 'T' group by all having abs("
            f"sum(value) filter (where municipality_code != '{COUNTRY}') "
            f"- sum(value) filter (where municipality_code = '{COUNTRY}')) > 1e-6 order by all",
        )


def _listed(what: str, connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> Iterator[str]:
    rows = connection.execute(query, list(parameters)).fetchall()
    if rows:
        shown = ", ".join(" ".join(map(str, row)) for row in rows[:SHOWN])
        yield f"{what}: {shown}" + (f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else "")


def _number(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> float:
    row = connection.execute(query, list(parameters)).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _is_same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
