"""From an audited working file to the release that readers open.

Belongs here: what a release is made of (the copy and its check, the manifest, the comparison with the release
before) and the one atomic step that makes it the current one. Does not belong here: whether the content is right; the
working file says that it passed its tests; and what releases are there (``releases``).

Readers open a link. It leads to a file that never changes, so whoever has the old release open keeps it whole, and
whoever opens the link gets the new one whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import duckdb

from dagster_project.settings import Settings
from dagster_project.warehouse.ask import search
from dagster_project.warehouse.release import releases
from dagster_project.warehouse.release.compaction import CopyError, attached, compact, compare, open_to_publish
from dagster_project.warehouse.release.content import PRIVATE_SCHEMAS, Content, content_of
from dagster_project.warehouse.release.difference import content_from_json, content_to_json, difference
from dagster_project.warehouse.release.figure_history import remember_figures
from dagster_project.warehouse.release.releases import Release, check_target, remove_leftovers
from dagster_project.warehouse.sql import quoted
from dagster_project.warehouse.state import journal, working

PACKAGES: Final = ("kommunlager", "dagster", "dbt-core", "dbt-duckdb", "duckdb")


class PublishError(Exception):
    """The warehouse could not be published; what was published before is as it was."""


@dataclass(frozen=True, slots=True)
class Published:
    """The release that is now the current one, and how it came to be."""

    link: Path
    release: Release
    is_new: bool
    """False when the current release holds the same already, or the same was withdrawn."""
    remark: str
    """For a person: why nothing was published; empty when something was."""
    removed: tuple[str, ...] = ()
    """Names of older releases that were deleted."""

    @property
    def version(self) -> Path:
        """The file that readers have open."""
        return self.release.database

    @property
    def size_bytes(self) -> int:
        """Of that file."""
        return self.version.stat().st_size


def publish(settings: Settings) -> Published:
    """Make a release of the audited working file and let the link lead to it.

    Nothing is published when the current release holds the same content, or when the same content was withdrawn by
    going back to an older release: whoever went back had a reason, and nothing has changed since.

    Raises:
        PublishError: the working file did not pass its tests, holds no report where the published one has some, or
            the release could not be written. The link leads where it led before, and nothing is left behind.
        ConfigurationError: see :func:`releases.check_target`.
    """
    link = settings.warehouse
    check_target(link)
    was = releases.current(link)
    remember_figures(settings.working_file, link)
    content = _check_working_file(settings.working_file, link)
    remove_leftovers(link)
    try:
        # Before anything is made: whatever ends this, the next refresh compares it with what readers have then.
        working.note_content(settings.working_file, content.hash)
        releases.note_built(settings.state, content.hash)
        if was is not None:
            remark = _why_not(settings, was, content)
            if remark:
                return Published(link, was, is_new=False, remark=remark)
        reason = compact(settings.working_file)
        if reason:
            journal.event("working_file.compacted", reason=reason, size_bytes=settings.working_file.stat().st_size)
        release = _make(settings, content, was)
        releases.point(link, release.database)
        releases.note_whole(settings.state, release)
    except (duckdb.Error, OSError, CopyError) as error:
        raise PublishError(f"The new release could not be written: {error}") from error
    finally:
        remove_leftovers(link)
    return Published(link, release, is_new=True, remark="", removed=releases.prune(link, settings.keep))


def _why_not(settings: Settings, was: Release, content: Content) -> str:
    if was.content_hash == content.hash:
        if releases.is_whole(settings.state, was):
            return f"nothing has changed since {was.name}"
        journal.event(
            "release.changed", "error", release=was.name, reason="its file is not what it was when it was made"
        )
    since = releases.withdrawn(settings.warehouse).get(content.hash)
    return f"the same content was withdrawn {since}; {was.name} stays" if since else ""


def _make(settings: Settings, content: Content, was: Release | None) -> Release:
    """The folder of the new release, whole and on disk, under its name."""
    link = settings.warehouse
    folder = releases.folder_of(link)
    unfinished = folder / f".{link.stem}-{os.getpid()}.unfinished"
    unfinished.mkdir()
    database = unfinished / link.name
    tables, views = _copy(settings.working_file, database)
    if search.add_index(database):
        _sync(search.index_of(database))
    made = datetime.now(UTC)
    name = f"{made:%Y%m%dT%H%M%SZ}-{content.hash[:8]}"
    same = sum(path.name == name or path.name.startswith(name + "-") for path in folder.iterdir())
    name += f"-{same + 1}" if same else ""
    last = max((release.number for release in releases.releases(link)), default=0)
    page, numbers = _compared(database, content, was, name)
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        manifest: dict[str, Any] = {
            "release": name,
            "number": last + 1,
            "made_at": f"{made:%Y-%m-%dT%H:%M:%SZ}",
            "content_hash": content.hash,
            "previous": was.name if was else None,
            "database": {"file": link.name, "size_bytes": database.stat().st_size, "sha256": _sync(database)},
            "versions": {"python": platform.python_version(), **_versions()},
            "rules": working.get(connection, working.BUILT),
            "checks": json.loads(working.get(connection, working.CHECKS) or "{}"),
            "reports": _reports(connection),
            "tables": {table: {"rows": one.rows, "hash": one.hash} for table, one in content.tables.items()},
            "views": views,
            "difference": numbers,
        }
    assert tables == len(content.tables)
    for file, text in (
        (releases.MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"),
        (releases.CONTENT, json.dumps(content_to_json(content))),
        (releases.DIFFERENCE, page),
    ):
        with (unfinished / file).open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
    releases.sync_folder(unfinished)
    unfinished.rename(folder / name)
    releases.sync_folder(folder)
    return Release(folder / name, folder / name / link.name, manifest)


def _compared(database: Path, content: Content, was: Release | None, name: str) -> tuple[str, dict[str, Any]]:
    if was is None:
        return f"# {name}\n\nThe first release.\n", {}
    with duckdb.connect() as connection, attached(connection, database, "now", "read_only"):
        try:  # a page for people must not hold back the figures, whatever is wrong with the release before
            with attached(connection, was.database, "was", "read_only"):
                try:
                    before = content_from_json(json.loads((was.folder / releases.CONTENT).read_text(encoding="utf-8")))
                except (OSError, ValueError, KeyError, TypeError, AttributeError):
                    before = content_of(connection, "was")
                return difference(connection, before, content, was.name, name)
        except duckdb.Error as error:
            return f"# {name}\n\nIt cannot be compared with {was.name}: {error}\n", {}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _reports(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The input files, as the working file has them."""
    columns = [row[0] for row in connection.execute("describe raw.report").fetchall()]
    wanted = [name for name in ("file_name", "sha256", "size_bytes", "status", "error") if name in columns]
    rows = connection.execute(f"select {', '.join(wanted)} from raw.report order by all").fetchall()
    return [
        {name: value for name, value in zip(wanted, row, strict=True) if name != "error" or value is not None}
        for row in rows
    ]


def _check_working_file(working_file: Path, link: Path) -> Content:
    try:
        with duckdb.connect(working_file, read_only=True) as connection:
            audited = working.is_audited(connection)
            loaded = _loaded_reports(connection)
            name = connection.execute("select current_database()").fetchone()
            content = content_of(connection, name[0]) if name and audited else None
    except duckdb.Error as error:
        working.discard(working_file)
        raise PublishError(
            f"The working file {working_file} cannot be read: {error}. It has been removed: refresh again."
        ) from error
    if content is None:
        raise PublishError("The working file was not built whole and tested: run the whole refresh.")
    if loaded == 0 and link.exists():
        with suppress(duckdb.Error), duckdb.connect(link.resolve(), read_only=True) as connection:
            loaded_before = _loaded_reports(connection)
            if loaded_before:
                raise PublishError(
                    f"Not one report could be loaded, and the published warehouse holds {loaded_before}: "
                    "it is left as it is. `kommunlager refresh` lists the reasons."
                )
    return content


def _loaded_reports(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from raw.report where status = 'loaded'").fetchone()
    return int(row[0]) if row else 0


def _copy(source: Path, target: Path) -> tuple[int, int]:
    """A copy without the private schemas. Returns the number of tables and of views.

    Block by block, and then without what is private: to write a thousand reports anew takes DuckDB six seconds.
    """
    if source.with_name(source.name + ".wal").exists():
        raise PublishError(f"The working file {source} is in use, or was not closed: refresh again.")
    shutil.copyfile(source, target)
    with open_to_publish() as connection:
        with attached(connection, target, "target"):
            for schema in PRIVATE_SCHEMAS:
                _clear(connection, schema)
            connection.execute("checkpoint target")
        with attached(connection, source, "source", "read_only"), attached(connection, target, "target", "read_only"):
            return compare(connection)


def _clear(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    for kind, listing in (("view", "duckdb_views"), ("table", "duckdb_tables")):
        names = connection.execute(
            f"select {kind}_name from {listing}() where database_name = 'target' and schema_name = ? and not internal",
            [schema],
        ).fetchall()
        for (name,) in names:
            connection.execute(f"drop {kind} target.{schema}.{quoted(name)}")
    if schema != "main":  # which DuckDB keeps
        connection.execute(f"drop schema if exists target.{schema}")


def _sync(path: Path) -> str:
    """Force the file to disk. Returns its SHA-256 in hexadecimal."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        os.fsync(handle.fileno())
    return digest
