"""Reports that readers have and whose files are gone, or cannot be read now: which of them stay, and since when.

Belongs here: the comparison of what was just loaded with what is published, the verdict, and bringing back rows from
the published release. Does not belong here: which files there are (``scan``), reading them (``reading``), and what is
said to people.

What counts is what readers would lose, so the release that they have is what a load is compared with, and not what the
working file remembers: after ``--full``, a failed build or a new version the verdict is the same.

- A file that **cannot be read now** (no permission, an error of the disk, a link that leads nowhere, emptied) keeps the
  rows that it had. Nobody has said anything about the report.
- Reports that would be **dropped**, because their file is gone or holds something that is no report any more, are kept
  all together where they are more than one and more than a tenth: that is a folder that is not mounted rather than
  a decision. So is any that was on another device than its folder is now, and all of them where the folder itself is
  missing or empty. Whoever means it says so (``accept_removals``).

Kept reports are marked in ``raw.report`` (``stale_since``, ``stale_reason``, ``is_held_back``) until their file is read
again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from dagster_project.extract.document import report_id_for
from dagster_project.settings import Settings
from dagster_project.warehouse.files import replace_text
from dagster_project.warehouse.intake.overrides import Override, Overrides, check_overrides
from dagster_project.warehouse.intake.raw import HISTORIES, SCHEMA, TABLES
from dagster_project.warehouse.intake.scan import OVERRIDES_FILE, FoundFile
from dagster_project.warehouse.release.releases import MANIFEST
from dagster_project.warehouse.sql import literal
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.working import KnownFile

MOST_DROPPED: Final = 1
"""Reports that a refresh may drop however few there are."""

MOST_DROPPED_SHARE: Final = 0.1
"""Share of the reports that a refresh may drop however many there are."""

GONE: Final = "the file is gone"

DEVICES: Final = "devices.json"
"""In the state folder: on which device each folder with reports was."""


class RemovalsError(Exception):
    """Reports are to be kept and cannot be: nothing is published. The message names them and says why."""


@dataclass(frozen=True, slots=True)
class Published:
    """A report that readers have."""

    report_id: str
    file_name: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Before:
    """What a load is compared with."""

    published: tuple[Published, ...]
    problem: str
    """What is wrong with the whole reports folder; empty for nothing."""
    devices: Mapping[str, int]
    """On which device each folder was when its reports were read, by path below the reports folder."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A report that readers have and that the load did not give again."""

    report: Published
    reason: str
    cannot_be_read: bool
    """Whether nothing is known about the file as it is now."""
    has_moved: bool = False
    """Whether its folder is on another device than when the report was read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that stays although its file is gone or cannot be read."""

    report_id: str
    file_name: str
    sha256: str | None
    """Of the content that readers have."""
    reason: str
    is_held_back: bool
    """Whether it would have been dropped; else it cannot be read."""


MARK: Final = pa.schema(
    [*((name, pa.string()) for name in ("report_id", "file_name", "sha256", "reason")), ("is_held_back", pa.bool_())]
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the losses of one load."""

    kept: tuple[Kept, ...] = ()
    why_held_back: str = ""
    """For a person; empty where nothing is held back."""


def published_reports(link: Path) -> list[Published]:
    """The reports that readers have, by report_id; none where nothing is published.

    Of a release whose database is damaged the manifest tells: the next one takes its place.

    Raises:
        RemovalsError: there is a release and neither can be read, so nobody can tell what would be dropped.
    """
    try:
        release = link.resolve(strict=True)
    except FileNotFoundError:
        return []
    except (OSError, RuntimeError) as error:
        raise RemovalsError(f"What is published at {link} cannot be looked at: {error}.") from error
    try:
        with duckdb.connect() as connection:
            _attach(connection, release)
            rows = connection.execute(
                "select report_id, file_name, sha256 from published.raw.report where status = 'loaded' order by all"
            ).fetchall()
    except (duckdb.Error, OSError) as error:
        try:
            manifest = json.loads((release.parent / MANIFEST).read_text(encoding="utf-8"))
            there = [one for one in manifest["reports"] if one["status"] == "loaded"]
            return [Published(report_id_for(one["file_name"]), one["file_name"], one["sha256"]) for one in there]
        except (OSError, ValueError, KeyError, TypeError):
            raise RemovalsError(
                f"What is published at {link} cannot be read, so nobody can tell which reports would be lost: {error}. "
                "`kommunlager rollback RELEASE` lets readers have another release."
            ) from error
    return [Published(*row) for row in rows]


def judge(losses: Sequence[Loss], before: Before, *, is_accepted: bool) -> Verdict:
    """Which reports are kept; ``is_accepted`` says that whoever runs this means the removals."""
    dropped = [loss for loss in losses if not loss.cannot_be_read]
    why = "" if is_accepted or not dropped else _why_held_back(dropped, len(before.published), before.problem)
    kept = (
        Kept(**asdict(loss.report), reason=loss.reason, is_held_back=not loss.cannot_be_read)
        for loss in losses
        if loss.cannot_be_read or why
    )
    return Verdict(tuple(sorted(kept, key=lambda one: one.file_name)), why)


def _why_held_back(dropped: Sequence[Loss], published: int, problem: str) -> str:
    moved = [loss for loss in dropped if loss.has_moved]
    count = f"{len(dropped)} of {published} reports would be dropped"
    if problem:
        return f"{count}: {problem}"
    if moved:
        return f"{count}, and the folder of {moved[0].report.file_name} is on another device than when it was read"
    return f"{count}, which is more than a tenth" if _are_too_many(len(dropped), published) else ""


def _are_too_many(count: int, published: int) -> bool:
    return count > MOST_DROPPED and count > MOST_DROPPED_SHARE * published


# --- what a load lost -------------------------------------------------------------------------------------------------


def losses(connection: duckdb.DuckDBPyConnection, before: Before, found: Collection[str], folder: Path) -> list[Loss]:
    """What readers have and the working file would not give them any more.

    Args:
        connection: to the working file, everything that could be read having been read.
        before: what readers have.
        found: names of the files that are there, refused ones too.
        folder: the reports folder.
    """
    answer = connection.execute("select report_id, file_name, status, sha256, size_bytes, error from raw.report")
    rows = [_Row(*row) for row in answer.fetchall()]
    loaded = {row.report_id: row for row in rows if row.status == "loaded"}
    refused = {row.file_name: row for row in rows if row.status != "loaded"}
    left_out = {row[0] for row in connection.execute("select report_id from main.set_aside").fetchall()}
    known = working.known_files(connection)
    had = {report.report_id for report in before.published}
    come = {row.sha256 for row in loaded.values() if row.report_id not in had and row.file_name in found}
    lost = []
    for report in before.published:
        now = loaded.get(report.report_id)
        if (now is not None and now.file_name in found) or report.report_id in left_out:
            continue
        row = refused.get(report.file_name) if report.file_name in found else None
        if row is not None:
            was = known.get(report.file_name)
            # Its content is that of before, or nobody has seen it, or there is none.
            is_no_news = row.size_bytes == 0 or (
                was is not None and was.may_pass and row.sha256 in (None, report.sha256)
            )
            lost.append(Loss(report, str(row.error), cannot_be_read=is_no_news))
        elif (obstacle := _obstacle(report.file_name, refused, folder)) is not None:
            lost.append(Loss(report, obstacle, cannot_be_read=True))
        elif report.sha256 is None or report.sha256 not in come:  # else the same file has another name
            has_moved = _has_moved(report.file_name, folder, before.devices)
            lost.append(Loss(report, GONE, cannot_be_read=False, has_moved=has_moved))
    return lost


class _Row(NamedTuple):
    report_id: str
    file_name: str
    status: str
    sha256: str | None
    size_bytes: int | None
    error: str | None


def _obstacle(file_name: str, refused: Mapping[str, _Row], folder: Path) -> str | None:
    """What stands where the file, or a folder above it, should be; None for nothing."""
    for parent in PurePosixPath(file_name).parents:
        if (row := refused.get(str(parent))) is not None:
            return f"{parent}: {row.error}"
    with suppress(OSError, ValueError):
        if (folder / file_name).is_dir():
            return "a folder stands in the place of the file"
    return None


def _has_moved(file_name: str, folder: Path, devices: Mapping[str, int]) -> bool:
    place = PurePosixPath(file_name).parent
    was, now = devices.get(str(place)), _device(folder, place)
    return was is not None and now is not None and was != now


def _device(folder: Path, place: PurePosixPath) -> int | None:
    """Of ``place`` below ``folder``, or of the nearest folder above it that is there."""
    for path in (place, *place.parents):
        with suppress(OSError, ValueError):
            return os.stat(folder / path).st_dev  # noqa: PTH116 - Path.stat is the same
    return None


def read_devices(settings: Settings) -> dict[str, int]:
    """Folders below the reports folder with the device that each was on; none for another reports folder."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        noted = json.loads((settings.state / DEVICES).read_text(encoding="utf-8"))
        if noted["reports"] == str(settings.reports):
            return {str(name): int(device) for name, device in noted["devices"].items()}
    return {}


def note_devices(settings: Settings, found: Collection[str], kept: Sequence[Kept]) -> None:
    """Note on which device the folder of each file is, and was, of files that are kept; a full disk notes nothing, and
    the verdict rests on numbers."""
    devices = devices_of(settings, found, kept)
    if devices == read_devices(settings):
        return
    with suppress(OSError):
        replace_text(settings.state / DEVICES, json.dumps({"reports": str(settings.reports), "devices": devices}))


def devices_of(settings: Settings, found: Collection[str], kept: Sequence[Kept]) -> dict[str, int]:
    """On which device the folder of each file is, and was, of files that are kept."""
    absent = {str(PurePosixPath(one.file_name).parent) for one in kept}
    devices = {place: device for place, device in read_devices(settings).items() if place in absent}
    for place in sorted({PurePosixPath(name).parent for name in found}):
        if str(place) not in absent and (device := _device(settings.reports, place)) is not None:
            devices[str(place)] = device
    return devices


# --- what reports.yml said --------------------------------------------------------------------------------------------


def overrides_kept(
    connection: duckdb.DuckDBPyConnection,
    overrides: Overrides,
    verdict: Verdict,
    before: Before,
    files: Sequence[FoundFile],
    settings: Settings,
) -> tuple[Overrides, str]:
    """``reports.yml`` as it counts: of a report that is kept, what it said when the report was read.

    Where the file itself is gone, and spoke of more reports than may be dropped, what it said is kept as a whole; why
    is the second value then.
    """
    if not before.published or (not verdict.kept and overrides.content is not None):
        return overrides, ""
    said = _overrides_said(connection, settings.warehouse)
    is_too_much = bool(said) and (bool(before.problem) or _are_too_many(len(said), len(before.published)))
    if overrides.content is None and is_too_much and not settings.accept_removals:
        problem = f"{GONE}; what it said of {len(said)} reports is kept"
        return replace(overrides, by_report=said, problem=problem), f"{OVERRIDES_FILE}: {problem}"
    stay = {one.report_id for one in verdict.kept}
    if overrides.content is not None:
        found = {file.file_name for file in files}
        kept = (one for one in verdict.kept if one.file_name not in found)
        missing = [FoundFile(settings.reports / one.file_name, one.file_name, one.report_id, None) for one in kept]
        overrides = check_overrides(overrides.content, [*files, *missing])
    now = {name: entry for name, entry in overrides.by_report.items() if name not in stay}
    return replace(overrides, by_report=now | {name: entry for name, entry in said.items() if name in stay}), ""


def _overrides_said(connection: duckdb.DuckDBPyConnection, link: Path) -> dict[str, Override]:
    """By report_id, as readers have it; as the working file has it where the release is damaged."""
    columns = ", ".join(field.name for field in fields(Override))
    try:
        with duckdb.connect() as other:
            _attach(other, link.resolve(strict=True))
            rows = other.execute(f"select report_id, {columns} from published.raw.report_override").fetchall()
    except (duckdb.Error, OSError):
        rows = connection.execute(f"select report_id, {columns} from raw.report_override").fetchall()
    return {name: Override(*entry) for name, *entry in sorted(rows)}


# --- keeping ----------------------------------------------------------------------------------------------------------


def keep(connection: duckdb.DuckDBPyConnection, link: Path, kept: Sequence[Kept]) -> set[str]:
    """Let ``kept`` have the rows that readers have, and mark exactly these reports as stale.

    Returns:
        The reports whose rows or marks are others than before; their figures are to be made again.

    Raises:
        RemovalsError: the published release does not have rows that this version could use.
    """
    rows = connection.execute("select report_id, sha256 from raw.report where status = 'loaded'").fetchall()
    # Not only where there is no row: what was read last may have failed its tests, and was never published.
    missing = [one for one in kept if (one.report_id, one.sha256) not in rows]
    if missing:
        _bring_back(connection, link, missing)
    marks = pa.Table.from_pylist([asdict(one) for one in kept], MARK)
    assert marks.num_rows == len(kept)  # DuckDB finds the rows by the name of the variable
    changed = connection.execute(
        """
        update raw.report
        set
            stale_reason = marked.reason,
            is_held_back = marked.is_held_back,
            stale_since = case when marked.reason is not null then coalesce(report.stale_since, now()) end
        from (
            select loaded.report_id, marks.reason, marks.is_held_back
            from raw.report as loaded
            left join marks on loaded.report_id = marks.report_id
            where
                loaded.status = 'loaded'
                and (loaded.stale_reason, loaded.is_held_back) is distinct from (marks.reason, marks.is_held_back)
        ) as marked
        where report.report_id = marked.report_id and report.status = 'loaded'
        returning report.report_id
        """
    ).fetchall()
    return {str(row[0]) for row in changed} | {one.report_id for one in missing}


def _bring_back(connection: duckdb.DuckDBPyConnection, link: Path, missing: Sequence[Kept]) -> None:
    """The rows as the published release has them, and notes that let the files be read again as soon as they can."""
    names, files = [one.report_id for one in missing], [one.file_name for one in missing]
    for table, rows in _published_rows(link, names).items():
        if table == "report":
            connection.execute(
                "delete from raw.report where file_name in (select unnest($files::varchar[])) "
                "or (status = 'loaded' and report_id in (select unnest($names::varchar[])))",
                {"files": files, "names": names},
            )
        else:
            connection.execute(
                f"delete from {SCHEMA}.{table} where report_id in (select unnest(?::varchar[]))", [names]
            )
        connection.execute(f"insert into {SCHEMA}.{table} by name select * from rows")
        assert rows.num_rows >= 0  # DuckDB finds the rows by the name of the variable
    working.note_stale(connection)
    known = working.known_files(connection)
    working.note_files(connection, [_to_be_read(known.get(one.file_name), one) for one in missing])


def _to_be_read(known: KnownFile | None, kept: Kept) -> KnownFile:
    if known is None:
        return KnownFile(kept.file_name, kept.report_id, None, "", None, "", is_loaded=True, may_pass=True, notes=())
    return replace(known, report_id=kept.report_id, is_loaded=True, may_pass=True)


def _published_rows(link: Path, report_ids: Sequence[str]) -> dict[str, pa.Table]:
    """Rows of these reports in each raw table of the published release, in columns that this version has."""
    who = f"{len(report_ids)} reports ({', '.join(report_ids[:3])}{', …' if len(report_ids) > 3 else ''})"
    try:
        found = {}
        with duckdb.connect() as connection:  # of its own: an error must not end the transaction of the working file
            _attach(connection, link.resolve(strict=True))
            columns = connection.execute(
                "select table_name, list(column_name) from duckdb_columns() "
                "where database_name = 'published' and schema_name = 'raw' group by all"
            ).fetchall()
            there = {str(table): set(names) for table, names in columns}
            for table, schema in TABLES.items():
                if table in HISTORIES or table not in there:
                    continue
                if lacking := [one.name for one in schema if not one.nullable and one.name not in there[table]]:
                    raise RemovalsError(f"{who} are to be kept, and the release lacks raw.{table}.{lacking[0]}.")
                wanted = ", ".join(name for name in schema.names if name in there[table])
                status = " and status = 'loaded'" if table == "report" else ""
                found[table] = connection.execute(
                    f"select {wanted} from published.raw.{table} "
                    f"where report_id in (select unnest(?::varchar[])){status} order by rowid",
                    [list(report_ids)],
                ).to_arrow_table()
    except (duckdb.Error, OSError) as error:
        raise RemovalsError(f"{who} are to be kept, and the published release cannot be read: {error}.") from error
    if found["report"].num_rows != len(report_ids):
        raise RemovalsError(f"{who} are to be kept, and the published release has not all of them.")
    return found


def _attach(connection: duckdb.DuckDBPyConnection, release: Path) -> None:
    connection.execute(f"attach {literal(release)} as published (read_only)")
    connection.execute("set TimeZone = 'UTC'")
