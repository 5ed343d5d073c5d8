"""The private working file between refreshes: what it was made of, and what is left to do to bring it up to date.

Belongs here: the notes that the file keeps about itself (schema ``main``, never published) and the decision what a
build has to do. Does not belong here: reading reports (``load``), building (``transform``), publishing
(``publishing``).

The notes are changed in the same transactions as the tables they are about, and a report counts as interpreted only
when every test has passed. So whatever ends a refresh, the next one finds out what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from dagster_project.extract.ocr import engine_versions
from dagster_project.outside import tables as outside
from dagster_project.settings import PACKAGE, Settings
from dagster_project.warehouse.intake.overrides import Override
from dagster_project.warehouse.intake.raw import SCHEMA, TABLES, create_statement
from dagster_project.warehouse.intake.scan import FileFacts, FoundFile
from dagster_project.warehouse.sql import literal

AUDIT_TABLE: Final = "main.passed_audit"
"""Stands in a working file exactly when the last thing done to it was a whole build whose tests all passed.

Its one row says when, and the hash of the content that passed, once it has been computed. Whatever changes the content
drops the table in the same transaction, so a hash that stands there is that of the file.
"""

AUDIT: Final = f"{AUDIT_TABLE} as select now() as passed_at, null::varchar as content_hash"

NOTES: Final = (
    "create table main.meta (key varchar primary key, value varchar not null)",
    "create table main.known_file (file_name varchar primary key, report_id varchar not null, refusal varchar, "
    "look varchar not null, sha256 varchar, extraction varchar not null, is_loaded boolean not null, "
    "may_pass boolean not null, notes varchar[] not null)",
    "create table main.pending (report_id varchar primary key)",
    "create table main.batch (report_id varchar primary key)",
    "create table main.set_aside (report_id varchar primary key, sha256 varchar, rules varchar not null, "
    "reason varchar not null)",
)
"""``known_file``: one row per file of the reports folder as it was when it was read. ``pending``: reports whose rows
may
not be what their raw rows give. ``batch``: those that the build running interprets. ``set_aside``: reports that failed
a check and were left out because of it."""

FORMAT: Final = "format"
"""Key of ``meta``: hash of the tables that the file was made with, and of what made it."""
BUILT: Final = "built"
"""Key of ``meta``: fingerprint of the dbt project and the seeds that every row not pending was made with."""
OVERRIDES: Final = "overrides"
"""Key of ``meta``: hash of ``reports.yml`` as loaded."""
LOADING: Final = "loading"
"""Key of ``meta``: there while some of the reports to be loaded are and others are not; nothing is built then."""

STALE: Final = "stale"
"""Key of ``meta``: there while rows of a report that is gone or has changed may stand in blocks that are free."""

CHECKS: Final = "checks"
"""Key of ``meta``: what the last whole build checked, as JSON."""

SMALL_BLOCK: Final = 16_384
LARGE_BLOCK: Final = 262_144
"""Bytes; the other is DuckDB's own."""

STORAGE_VERSION: Final = "v1.0.0"
"""Of the file, whichever DuckDB writes it: the default of DuckDB 2.0 is a version that no DuckDB 1 opens."""

READER_PACKAGES: Final = ("lxml", "openpyxl", "pypdfium2", "python-calamine", "selectolax", "xlrd")

BATCH_SHARE: Final = 0.5
"""From this share of the reports on, building everything costs no more than building the batch."""

JUST_NOW: Final = 2_000_000_000
"""Nanoseconds: a file written less than this before it was looked at may be written again within the same tick."""


class Mode(StrEnum):
    """What a build has to do."""

    NOTHING = "nothing"
    BATCH = "batch"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left to do to the working file."""

    mode: Mode
    reports: tuple[str, ...]
    """Reports to interpret, those removed included; empty with mode ``all``."""
    reason: str
    """For a person: why everything, or why nothing."""
    fingerprint: str
    """Of the dbt project and the seeds as they are now."""


KNOWN_FILE: Final = pa.schema(
    [(name, pa.string()) for name in ("file_name", "report_id", "refusal", "look", "sha256", "extraction")]
    + [("is_loaded", pa.bool_()), ("may_pass", pa.bool_()), ("notes", pa.list_(pa.string()))]
)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as it was when it was read."""

    file_name: str
    report_id: str
    refusal: str | None
    look: str
    sha256: str | None
    extraction: str
    is_loaded: bool
    may_pass: bool
    """Whether it failed for a reason that may be gone the next time."""
    notes: tuple[str, ...]


# --- the file ---------------------------------------------------------------------------------------------------------


def open_working_file(path: Path, *, fresh: bool = False) -> tuple[duckdb.DuckDBPyConnection, bool]:
    """The working file to write to, and whether it is a new one.

    It is made anew when it is missing, damaged, open in another process, of other columns or another DuckDB, or when
    ``fresh`` says so.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(path)
    if not fresh and path.exists():
        connection = None
        try:
            connection = duckdb.connect(path)
            if is_ours(connection):
                return connection, False
        except (duckdb.Error, OSError):
            pass  # whatever it is, what it holds can be made again
        if connection is not None:
            connection.close()
    discard(path)
    with duckdb.connect() as maker:  # only who attaches a new file can say how it is stored
        maker.execute(f"attach {literal(path)} as made (block_size {SMALL_BLOCK}, storage_version '{STORAGE_VERSION}')")
    connection = duckdb.connect(path)
    try:
        connection.begin()
        connection.execute(f"create schema {SCHEMA}")
        for table in TABLES:
            connection.execute(create_statement(table))
        connection.execute(f"create schema {outside.SCHEMA}")
        for table in outside.TABLES:
            connection.execute(outside.create_statement(table))
        for statement in NOTES:
            connection.execute(statement)
        connection.execute("insert into main.meta values (?, ?)", [FORMAT, _format()])
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection, True


def is_ours(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file has the tables of this version, made by this DuckDB."""
    return get(connection, FORMAT) == _format()


def discard(path: Path) -> None:
    """Remove the working file, so that the next refresh makes everything anew."""
    for leftover in (path, path.with_name(path.name + ".wal")):
        with suppress(IsADirectoryError):
            leftover.unlink(missing_ok=True)


def unfinished_copy(path: Path) -> Path:
    """Where the working file is written anew."""
    return path.with_name(f".{path.name}.unfinished")


def remove_unfinished(path: Path) -> None:
    """Delete what is left of writing the working file anew; only for the holder of the refresh lock."""
    copy = unfinished_copy(path)
    for leftover in (copy, copy.with_name(copy.name + ".wal")):
        leftover.unlink(missing_ok=True)


def _format() -> str:
    text = "\n".join(
        (
            duckdb.__version__,
            STORAGE_VERSION,
            *(create_statement(table) for table in TABLES),
            *(outside.create_statement(table) for table in outside.TABLES),
            *NOTES,
            AUDIT,
        )
    )
    return hashlib.sha256(text.encode()).hexdigest()


# --- notes ------------------------------------------------------------------------------------------------------------


def get(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A value of ``meta``; None if it is not there."""
    row = connection.execute(f"select value from main.meta where key = {literal(key)}").fetchone()
    return str(row[0]) if row else None


def put(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a value of ``meta``."""
    connection.execute("insert or replace into main.meta values (?, ?)", [key, value])


def note_loading(connection: duckdb.DuckDBPyConnection, *, is_loading: bool) -> None:
    """Note that a load has begun, or that it has come to its end."""
    if is_loading:
        put(connection, LOADING, "yes")
    else:
        connection.execute("delete from main.meta where key = ?", [LOADING])


def note_stale(connection: duckdb.DuckDBPyConnection) -> None:
    """Note that rows of a report have been deleted: they stand in the file until it is written anew."""
    put(connection, STALE, "yes")


def known_files(connection: duckdb.DuckDBPyConnection) -> dict[str, KnownFile]:
    """The files as they were when they were read, by name."""
    columns = [field.name for field in fields(KnownFile)]
    rows = connection.execute(f"select {', '.join(columns)} from main.known_file").fetchall()
    known = (KnownFile(**dict(zip(columns, row, strict=True))) for row in rows)
    return {file.file_name: replace(file, notes=tuple(file.notes)) for file in known}


def loaded_files(settings: Settings) -> dict[str, FileFacts]:
    """The files that are loaded, by name, in the working file; in the published one where there is no other."""
    for path in (settings.working_file, settings.warehouse):
        with suppress(duckdb.Error, OSError), duckdb.connect(path, read_only=True) as connection:
            rows = connection.execute(
                "select file_name, size_bytes, epoch_us(modified_at) from raw.report where status = 'loaded'"
            ).fetchall()
            return {str(name): FileFacts(size, instant) for name, size, instant in rows}
    return {}


def note_files(connection: duckdb.DuckDBPyConnection, files: Sequence[KnownFile]) -> None:
    """Remember ``files`` in place of what was known of them."""
    if files:
        rows = pa.Table.from_pylist([asdict(file) for file in files], KNOWN_FILE)
        forget_files(connection, [file.file_name for file in files])
        connection.execute("insert into main.known_file by name select * from rows")
        assert rows.num_rows == len(files)  # DuckDB finds the rows by the name of the variable


def forget_files(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Forget the files ``names``."""
    connection.execute("delete from main.known_file where file_name in (select unnest(?::varchar[]))", [list(names)])


def add_pending(connection: duckdb.DuckDBPyConnection, report_ids: Iterable[str]) -> None:
    """Note that the rows of ``report_ids`` are to be made again, and that the file has not passed its tests."""
    connection.execute("insert or ignore into main.pending select unnest(?::varchar[])", [sorted(set(report_ids))])
    connection.execute(f"drop table if exists {AUDIT_TABLE}")


def is_audited(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the last thing done to the file was a whole build that passed."""
    schema, table = AUDIT_TABLE.split(".")
    row = connection.execute(
        "select count(*) from duckdb_tables() "
        f"where schema_name = {literal(schema)} and table_name = {literal(table)} and not internal"
    ).fetchone()
    return row == (1,)


def audited_content(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Hash of what the file holds, if that has passed its tests and the hash was computed."""
    if not is_audited(connection):
        return None
    row = connection.execute(f"select content_hash from {AUDIT_TABLE}").fetchone()
    return row[0] if row else None


def make_plan(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, is_published: Callable[[str | None], bool]
) -> Plan:
    """What a build has to do so that every row is what raw rows, models and vocabulary give, and is published.

    ``is_published`` tells whether readers have the content of a hash, or are not to have it.
    """
    built = get(connection, BUILT)
    if built is None:
        return Plan(Mode.ALL, (), "the working file is new, or its last build was not finished", fingerprint)
    if built != fingerprint:
        return Plan(Mode.ALL, (), "models or vocabulary have changed", fingerprint)
    pending = [str(row[0]) for row in connection.execute("select report_id from main.pending order by all").fetchall()]
    if not pending and is_audited(connection):
        if is_published(audited_content(connection)):
            return Plan(Mode.NOTHING, (), "nothing has changed", fingerprint)
        return Plan(Mode.BATCH, (), "readers do not have what was built last", fingerprint)
    row = connection.execute("select count(*) from raw.report where status = 'loaded'").fetchone()
    loaded = int(row[0]) if row else 0
    if len(pending) > BATCH_SHARE * loaded:
        return Plan(Mode.ALL, (), f"{len(pending)} of {loaded} reports have changed", fingerprint)
    return Plan(Mode.BATCH, tuple(pending), f"{len(pending)} of {loaded} reports have changed", fingerprint)


def begin_build(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Note that a build has begun: from now on the tables may be half old and half new."""
    connection.begin()
    connection.execute(f"drop table if exists {AUDIT_TABLE}")
    connection.execute("delete from main.batch")
    connection.execute("insert into main.batch select unnest(?::varchar[])", [list(plan.reports)])
    if plan.mode is Mode.ALL:
        connection.execute("delete from main.meta where key = ?", [BUILT])
    connection.commit()


def finish_build(working_file: Path, fingerprint: str, checks: Mapping[str, object]) -> None:
    """Note that the file was built whole with the project ``fingerprint`` and passed; publishing asks for that."""
    with duckdb.connect(working_file) as connection:
        connection.begin()
        connection.execute("delete from main.pending")
        put(connection, BUILT, fingerprint)
        put(connection, CHECKS, json.dumps(checks))
        connection.execute(f"create or replace table {AUDIT}")
        connection.commit()


def checks_that_stand(connection: duckdb.DuckDBPyConnection) -> tuple[int, list[str]]:
    """How many checks the last build passed, and which it warned of."""
    checks = json.loads(get(connection, CHECKS) or "{}")
    return int(checks.get("passed", 0)), list(checks.get("warned", ()))


def note_content(working_file: Path, content_hash: str) -> None:
    """Note the hash of what the file holds; it has passed its tests. Whether readers have that is asked of the release
    that they have, and never noted: a note outlives a publication that fails, and a link that somebody moves."""
    with duckdb.connect(working_file) as connection:
        connection.execute(f"update {AUDIT_TABLE} set content_hash = ?", [content_hash])


# --- fingerprints -----------------------------------------------------------------------------------------------------


def extraction_fingerprint(settings: Settings) -> str:
    """Hash over all that the rows of a document depend on beside the document: readers, their libraries, words,
    limits."""
    digest = hashlib.sha256()
    for path in (
        *sorted((PACKAGE / "extract").rglob("*.py")),
        PACKAGE / "warehouse" / "intake" / "raw.py",
        settings.structure_words,
    ):
        digest.update(f"{path.name}\n".encode())
        digest.update(path.read_bytes())
    for package in READER_PACKAGES:
        with suppress(PackageNotFoundError):
            digest.update(f"{package} {version(package)}\n".encode())
    if settings.limits.ocr:
        digest.update(engine_versions().encode())
    digest.update(repr(sorted(asdict(settings.limits).items())).encode())
    return digest.hexdigest()


def overrides_fingerprint(entries: Mapping[str, Override]) -> str:
    """Hash over what ``reports.yml`` says about reports."""
    return hashlib.sha256(repr(sorted((name, asdict(entry)) for name, entry in entries.items())).encode()).hexdigest()


def look_of(file: FoundFile, now_ns: int) -> str:
    """What the file system says of a file; the same look means the same content.

    The time of the last change of status cannot be set by a user, so a file that was replaced by one of the same size
    and date looks different. A file that was written just now gets no look: it may change within the same tick. Of a
    file that is refused only the size is looked at.
    """
    if file.refusal is not None:
        return f"refused, {file.size_bytes} bytes"
    try:
        status = os.stat(file.path)  # noqa: PTH116 - Path.stat is the same, a little slower
    except OSError:
        return ""
    if not stat.S_ISREG(status.st_mode) or abs(now_ns - status.st_ctime_ns) < JUST_NOW:
        return ""
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
