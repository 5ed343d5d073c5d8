"""The raw layer of one refresh: what has changed below the reports folder into the working file.

Belongs here: the order of the steps, what counts as a change, and the transactions. Does not belong here: each step
itself (``scan``, ``overrides``, ``words``, ``reading``, ``raw``), and what the file notes about itself (``working``).

A load commits as it goes, a chunk of reports at a time, each with what the file notes about them; one that is killed
goes on where it was. A file whose load has not come to its end is marked, and nothing is built of it.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final, NamedTuple, TypeGuard

import duckdb
import pyarrow as pa

from dagster_project.extract.document import Limits, StructureWords, report_id_for
from dagster_project.extract.ocr import what_is_missing
from dagster_project.settings import PROJECT, ConfigurationError, Settings
from dagster_project.warehouse.build.transform import project_fingerprint, rules_of_costs
from dagster_project.warehouse.intake.extractions import kept_extractions
from dagster_project.warehouse.intake.overrides import Overrides, read_overrides
from dagster_project.warehouse.intake.raw import HISTORIES, SCHEMA, TABLES
from dagster_project.warehouse.intake.reading import ReadReport, read_chunks
from dagster_project.warehouse.intake.removals import (
    Before,
    Kept,
    Verdict,
    devices_of,
    judge,
    keep,
    losses,
    note_devices,
    overrides_kept,
    published_reports,
    read_devices,
)
from dagster_project.warehouse.intake.scan import OVERRIDES_FILE, READABLE, FoundFile, find_reports
from dagster_project.warehouse.intake.words import read_structure_words
from dagster_project.warehouse.sql import literal
from dagster_project.warehouse.state import journal, working
from dagster_project.warehouse.state.history import write_history
from dagster_project.warehouse.state.working import KnownFile

CHUNK_REPORTS: Final = 200
CHUNK_SECONDS: Final = 60.0
"""What a load commits at a time: so many reports, or what was read in so many seconds."""

BATCH_ROWS: Final = 50_000
"""Rows of all tables together that are gathered before they are handed to DuckDB."""

OnRead = Callable[[int, int, str], None]
"""Called with documents done, documents in all, and the file name of the one just done."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file that was not loaded, and why."""

    file_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    rows: dict[str, int]
    """Rows per raw table."""
    loaded: int
    """Reports with status ``loaded``."""
    quarantined: tuple[Quarantined, ...]
    notes: tuple[str, ...]
    """Remarks of the readers, each beginning with the file name."""
    bytes_read: int
    """Of the documents that were read this time."""
    read: tuple[str, ...]
    """Names of the files that were read this time: new, changed, or read before by another version of the readers."""
    removed: tuple[str, ...]
    """Names of the files that are there no more, and whose reports are gone."""
    kept: tuple[Kept, ...]
    """Reports that stay although their files are gone or cannot be read."""
    why_held_back: str
    """Why some of these were not dropped, for a person; empty where none would have been."""


def load_raw(settings: Settings, on_read: OnRead | None = None) -> LoadResult:
    """Bring the raw tables of the working file up to date with the reports folder.

    Only files that are new or have changed since they were read are read, or all of them where the readers, their words
    or limits have changed, with ``settings.full``, or where the working file cannot be used (it is then made anew).
    Reports are committed in chunks as they are read. After a load that was killed, the next one reads the rest. Rows
    stand report by report; nothing may rest on the order of the reports (``tests/test_order.py``).

    What readers have and this load does not give is dropped or kept, as ``removals`` says.

    Raises:
        ConfigurationError: nothing is published and there is no reports folder, or no report in it; or the vocabulary
            or ``reports.yml`` cannot be read; or pictures are to be read, and no engine is there.
        RemovalsError: reports are to be kept, and cannot be.
    """
    if settings.limits.ocr and (missing := what_is_missing()):
        raise ConfigurationError(f"Pictures cannot be read (--ocr, KOMMUNLAGER_OCR) {missing}")
    published, problem = published_reports(settings.warehouse), ""
    try:
        files = _find(settings)
    except ConfigurationError as error:
        if settings.accept_removals or not published:
            raise
        files, problem = [], str(error)
    words = read_structure_words(settings.structure_words)
    overrides = Overrides() if problem else read_overrides(settings.reports, files)
    files = [_refused_by(overrides, file) for file in files]
    before = Before(tuple(published), problem, read_devices(settings))

    connection, is_new = working.open_working_file(settings.working_file, fresh=settings.full)
    try:
        try:
            return _load(connection, files, words, overrides, before, settings, on_read)
        except (duckdb.IOException, duckdb.InternalException, duckdb.SerializationException, duckdb.FatalException):
            if is_new:
                raise
        # Damaged in the middle: what it holds can be made again.
        connection.close()
        connection, _ = working.open_working_file(settings.working_file, fresh=True)
        return _load(connection, files, words, overrides, before, settings, on_read)
    finally:
        connection.close()


def would_change(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """What :func:`load_raw` would change in the working file that is open (it may be read-only), for a person; empty
    for nothing. It would also note times of files that look otherwise than they did.

    Raises:
        ConfigurationError, RemovalsError: as :func:`load_raw` does.
    """
    if working.get(connection, working.LOADING) is not None:
        return "a load has not come to its end"
    files = _find(settings)
    overrides = read_overrides(settings.reports, files)
    files = [_refused_by(overrides, file) for file in files]
    again = _set_aside_no_more(connection, settings)
    known = working.known_files(connection)
    now_ns = time.time_ns()
    looks = {file.file_name: working.look_of(file, now_ns) for file in files}
    extraction = working.extraction_fingerprint(settings)
    changed, touched = _compare(files, known, looks, extraction, again, settings.limits)
    names = {file.file_name for file in files}
    if changed or touched or again:
        return f"{len(changed)} files are to be read, {len(touched)} look otherwise, {len(again)} are to be tried again"
    if gone := [name for name in known if name not in names and name != OVERRIDES_FILE]:
        return f"{len(gone)} files are gone"
    before = Before(tuple(published_reports(settings.warehouse)), "", read_devices(settings))
    if losses(connection, before, names, settings.reports):
        return "readers have reports that are not loaded"
    if connection.execute("select 1 from raw.report where stale_reason is not null limit 1").fetchone():
        return "reports are kept without their files"
    if devices_of(settings, names, ()) != before.devices:
        return "folders are on other devices than is noted"
    overrides, why_kept = overrides_kept(connection, overrides, Verdict(), before, files, settings)
    if why_kept or (now := _overrides_now(connection, overrides)).changed or now.is_listed_otherwise:
        return f"{OVERRIDES_FILE} has changed"
    return ""


def _find(settings: Settings) -> list[FoundFile]:
    files = find_reports(settings.reports, settings.limits, working.loaded_files(settings))
    if not files:
        kinds = ", ".join(sorted(READABLE))
        raise ConfigurationError(f"There is no report in {settings.reports}. Put files of the kinds {kinds} there.")
    return files


def _refused_by(overrides: Overrides, file: FoundFile) -> FoundFile:
    reason = overrides.refusals.get(file.file_name)
    return replace(file, refusal=reason) if reason and file.refusal is None else file


def _load(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[FoundFile],
    words: StructureWords,
    overrides: Overrides,
    before: Before,
    settings: Settings,
    on_read: OnRead | None,
) -> LoadResult:
    extraction = working.extraction_fingerprint(settings)
    known = working.known_files(connection)
    again = _set_aside_no_more(connection, settings)
    now_ns = time.time_ns()
    looks = {file.file_name: working.look_of(file, now_ns) for file in files}
    changed, touched = _compare(files, known, looks, extraction, again, settings.limits)
    names = {file.file_name for file in files}
    gone_files = [file for name, file in known.items() if name not in names and name != OVERRIDES_FILE]
    # A report whose report_id another file may take goes first; the others when it is known which of them stay.
    claimed = {file.report_id for file in changed}
    in_question = [file for file in gone_files if file.is_loaded and file.report_id not in claimed]
    removed = [file for file in gone_files if file not in in_question]

    with _transaction(connection):
        if changed or gone_files:
            working.note_loading(connection, is_loading=True)
        _take_out(connection, removed)
        replaceable = _make_way(connection, changed, known)
        working.note_files(connection, touched)
        _note_times(connection, [file for file in files if file.file_name in {one.file_name for one in touched}])
    kept = kept_extractions(settings, extraction)
    chunks = read_chunks(
        changed,
        settings.limits,
        words,
        settings.workers,
        most=CHUNK_REPORTS,
        seconds=CHUNK_SECONDS,
        on_read=_counter(len(changed), len(files), on_read),
        kept=kept,
    )
    bytes_read = 0
    with closing(chunks):
        for chunk in chunks:
            with _transaction(connection):
                _store(connection, chunk, replaceable, looks, extraction)
            bytes_read += sum(result.size_bytes or 0 for result in chunk if result.sha256 and not result.was_kept)
    if kept and changed:
        kept.forget_older()
    with _transaction(connection):
        connection.execute("delete from main.set_aside where report_id in (select unnest(?::varchar[]))", [list(again)])
        verdict, dropped = _settle(connection, in_question, names, before, settings)
        removed += dropped
        overrides, why_kept = overrides_kept(connection, overrides, verdict, before, files, settings)
        _load_overrides(connection, overrides)
        if not working.is_audited(connection):
            write_history(connection, settings.warehouse)
        working.note_loading(connection, is_loading=False)
        loaded = _result(connection, tuple(file.file_name for file in changed), tuple(f.file_name for f in removed))
    why_held_back = "; ".join(filter(None, (verdict.why_held_back, why_kept)))
    if not why_held_back:
        note_devices(settings, names, verdict.kept)
    return replace(loaded, bytes_read=bytes_read, kept=verdict.kept, why_held_back=why_held_back)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        # What DuckDB itself broke off cannot be rolled back, and its error is the one to tell.
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


def _compare(
    files: Sequence[FoundFile],
    known: Mapping[str, KnownFile],
    looks: Mapping[str, str],
    extraction: str,
    again: Container[str],
    limits: Limits,
) -> tuple[list[FoundFile], list[KnownFile]]:
    """The files to read, and what is to be noted of those that only look otherwise than they did."""
    changed: list[FoundFile] = []
    touched: list[KnownFile] = []
    for file in files:
        was, look = known.get(file.file_name), looks[file.file_name]
        if not _is_comparable(was, file, extraction, again):
            changed.append(file)
        elif look == "" or look != was.look:
            if file.refusal is not None or _sha256(file, limits) != was.sha256:
                changed.append(file)
            elif look != was.look:
                touched.append(replace(was, look=look))
    return changed, touched


def _take_out(connection: duckdb.DuckDBPyConnection, removed: Sequence[KnownFile]) -> None:
    """Take out the reports whose files are there no more."""
    for file in removed:
        about: dict[str, Any] = {"report_id": file.report_id, "file_name": file.file_name, "sha256": file.sha256}
        journal.event("report.removed", "info", **about)
    if removed:
        _delete(connection, removed)
        working.forget_files(connection, [file.file_name for file in removed])
        working.add_pending(connection, {file.report_id for file in removed if file.is_loaded})


def _make_way(
    connection: duckdb.DuckDBPyConnection, changed: Sequence[FoundFile], known: Mapping[str, KnownFile]
) -> dict[str, KnownFile]:
    """Take out the rows under a report_id that another file may take over, for whichever of the two is read first, the
    one must not take the other's rows with it. Returns the files whose rows are still there."""
    claims = Counter(file.report_id for file in changed)
    before = {file.file_name: known[file.file_name] for file in changed if file.file_name in known}
    moved = {name: file for name, file in before.items() if file.is_loaded and claims[file.report_id] > 1}
    if moved:
        _delete(connection, list(moved.values()))
        working.forget_files(connection, moved)
        working.add_pending(connection, {file.report_id for file in moved.values()})
    return {name: file for name, file in before.items() if name not in moved}


def _store(
    connection: duckdb.DuckDBPyConnection,
    chunk: Sequence[ReadReport],
    known: Mapping[str, KnownFile],
    looks: Mapping[str, str],
    extraction: str,
) -> None:
    """Put the rows of reports that were read in the place of those that they had, with what is noted about them."""
    names = [result.file.file_name for result in chunk]
    errors = dict(
        connection.execute(
            "select file_name, error from raw.report "
            "where status = 'quarantined' and file_name in (select unnest(?::varchar[]))",
            [names],
        ).fetchall()
    )
    gone = [known[name] for name in names if name in known]
    _delete(connection, gone)
    pending = {file.report_id for file in gone if file.is_loaded}
    pending |= {result.file.report_id for result in chunk if result.error is None}
    writer = _Writer(connection)
    for result in chunk:
        for table, batch in result.rows.items():
            writer.add(table, batch)
        writer.add("report", _rows("report", [_report_row(result)]))
        _tell(result)
    writer.flush()
    working.note_files(connection, [_known(result, looks[result.file.file_name], extraction) for result in chunk])
    # Tried once more, and refused for the same reason: nothing has changed.
    if pending or any(result.error is None or errors.get(result.file.file_name) != result.error for result in chunk):
        working.add_pending(connection, pending)


def _settle(
    connection: duckdb.DuckDBPyConnection,
    in_question: Sequence[KnownFile],
    found: Collection[str],
    before: Before,
    settings: Settings,
) -> tuple[Verdict, list[KnownFile]]:
    """Drop or keep what readers have and was not given again; reports that are others now are pending.

    Returns:
        The verdict, and the files of ``in_question`` that were taken out.
    """
    verdict = judge(losses(connection, before, found, settings.reports), before, is_accepted=settings.accept_removals)
    stay = {one.report_id for one in verdict.kept}
    dropped = [file for file in in_question if file.report_id not in stay]
    _take_out(connection, dropped)
    if changed := keep(connection, settings.warehouse, verdict.kept):
        working.add_pending(connection, changed)
    for one in verdict.kept:
        what = "report.held_back" if one.is_held_back else "report.stale"
        journal.event(what, "warning", report_id=one.report_id, file_name=one.file_name, reason=one.reason)
    return verdict, dropped


def _note_times(connection: duckdb.DuckDBPyConnection, files: Sequence[FoundFile]) -> None:
    """The new times of files whose content is as it was; they count from the next build on."""
    for file in files:
        connection.execute(
            "update raw.report set modified_at = ? where file_name = ?", [file.modified_at, file.file_name]
        )


def _tell(result: ReadReport) -> None:
    about: dict[str, Any] = {
        "report_id": result.file.report_id,
        "file_name": result.file.file_name,
        "sha256": result.sha256,
    }
    if result.error is None:
        cells = result.rows["cell"].num_rows if "cell" in result.rows else 0
        about |= {"extractor": result.extractor, "notes": list(result.notes), "was_kept": result.was_kept}
        journal.event("report.read", **about, cells=cells)
    else:
        journal.event("report.quarantined", "warning", **about, reason=result.error)


def _is_comparable(
    was: KnownFile | None, file: FoundFile, extraction: str, again: Container[str]
) -> TypeGuard[KnownFile]:
    """Whether the file, if it has not changed, gives what it gave when it was read."""
    return (
        was is not None
        and (was.report_id, was.refusal) == (file.report_id, file.refusal)
        and was.extraction == extraction
        and not was.may_pass
        and file.report_id not in again
    )


def _set_aside_no_more(connection: duckdb.DuckDBPyConnection, settings: Settings) -> set[str]:
    """Reports that were left out for failing a check, or costing too much, and are to be tried again: other rules or
    another bound, or none may be left out."""
    fingerprint = project_fingerprint(PROJECT)
    rules = {rules_of_costs(settings, fingerprint), *([fingerprint] if settings.quarantine_failing else [])}
    rows = connection.execute("select report_id, rules from main.set_aside").fetchall()
    return {str(report_id) for report_id, measured_by in rows if measured_by not in rules}


def _sha256(file: FoundFile, limits: Limits) -> str | None:
    try:
        with file.path.open("rb") as handle:
            return hashlib.sha256(handle.read(limits.max_bytes + 1)).hexdigest()
    except OSError:
        return None


def _delete(connection: duckdb.DuckDBPyConnection, files: Sequence[KnownFile]) -> None:
    """All rows of ``files``. A report_id that several files claim has rows of the one that is loaded, if any."""
    loaded = [file.report_id for file in files if file.is_loaded]
    for table in TABLES:
        if table not in {"report", "report_override", *HISTORIES} and loaded:
            connection.execute(
                f"delete from {SCHEMA}.{table} where report_id in (select unnest(?::varchar[]))", [loaded]
            )
    if files:
        connection.execute(
            f"delete from {SCHEMA}.report where file_name in (select unnest(?::varchar[]))",
            [[file.file_name for file in files]],
        )
        connection.execute(
            "delete from main.set_aside where report_id in (select unnest(?::varchar[]))",
            [[file.report_id for file in files]],
        )
    if loaded:
        working.note_stale(connection)


def _known(result: ReadReport, look: str, extraction: str) -> KnownFile:
    file = result.file
    return KnownFile(
        file_name=file.file_name,
        report_id=file.report_id,
        refusal=file.refusal,
        look=look,
        sha256=result.sha256,
        extraction=extraction,
        is_loaded=result.error is None,
        may_pass=result.may_pass,
        notes=result.notes,
    )


def _counter(changed: int, total: int, on_read: OnRead | None) -> Callable[[str], None] | None:
    """Tells how far the load is with each document that is done; files that need no reading are done at once."""
    if on_read is None:
        return None
    if not changed:
        on_read(total, total, "nothing to read")
    numbers = count(total - changed + 1)
    return lambda file_name: on_read(next(numbers), total, file_name)


def _load_overrides(connection: duckdb.DuckDBPyConnection, overrides: Overrides) -> None:
    """The rows of ``reports.yml``; reports about which it says something else than before are pending."""
    now = _overrides_now(connection, overrides)
    writer = _Writer(connection)
    if now.changed:
        connection.execute("delete from raw.report_override")
        if now.is_replacing:
            working.note_stale(connection)
        writer.add("report_override", _rows("report_override", now.rows))
    if now.is_listed_otherwise:
        connection.execute("delete from raw.report where file_name = ?", [OVERRIDES_FILE])
        if now.listed is not None:
            writer.add("report", _rows("report", [now.listed]))
    writer.flush()
    if now.changed or now.is_listed_otherwise:
        working.add_pending(connection, now.changed)


class _OverridesNow(NamedTuple):
    """``reports.yml`` beside what the raw tables have of it."""

    rows: list[dict[str, Any]]
    """Of the reports that are loaded."""
    changed: set[str]
    """Reports about which it says something else than before."""
    is_replacing: bool
    """Whether it said anything before."""
    listed: dict[str, Any] | None
    """The row of the file itself, where it cannot be used."""
    is_listed_otherwise: bool


def _overrides_now(connection: duckdb.DuckDBPyConnection, overrides: Overrides) -> _OverridesNow:
    columns = TABLES["report_override"].names
    loaded = {
        str(row[0]) for row in connection.execute("select report_id from raw.report where status = 'loaded'").fetchall()
    }
    before = {row[0]: row for row in connection.execute("select * from raw.report_override").fetchall()}
    after = {
        name: (name, *(getattr(entry, column) for column in columns[1:]))
        for name, entry in sorted(overrides.by_report.items())
        if name in loaded
    }
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    row = connection.execute(
        f"select error, sha256 from raw.report where file_name = {literal(OVERRIDES_FILE)}"
    ).fetchone()
    listed = _overrides_row(overrides) if overrides.problem is not None else None
    return _OverridesNow(
        rows=[dict(zip(columns, row, strict=True)) for row in after.values()],
        changed=changed,
        is_replacing=bool(before),
        listed=listed,
        is_listed_otherwise=row != (listed and (listed["error"], listed["sha256"])),
    )


def _result(connection: duckdb.DuckDBPyConnection, read: tuple[str, ...], removed: tuple[str, ...]) -> LoadResult:
    counts = " union all ".join(f"select '{table}', count(*) from {SCHEMA}.{table}" for table in TABLES)
    rows = {str(name): int(count) for name, count in connection.execute(counts).fetchall()}
    quarantined = connection.execute(
        "select file_name, error from raw.report where status = 'quarantined' order by file_name = ?, file_name",
        [OVERRIDES_FILE],
    ).fetchall()
    notes = connection.execute(
        "select file_name || ': ' || note from (select file_name, unnest(notes) as note, "
        "generate_subscripts(notes, 1) as number from main.known_file) order by file_name, number"
    ).fetchall()
    return LoadResult(
        rows=rows,
        loaded=rows["report"] - len(quarantined),
        quarantined=tuple(Quarantined(name, reason) for name, reason in quarantined),
        notes=tuple(note for (note,) in notes),
        bytes_read=0,
        read=read,
        removed=removed,
        kept=(),
        why_held_back="",
    )


def _report_row(result: ReadReport) -> dict[str, Any]:
    return {
        "report_id": result.file.report_id,
        "file_name": result.file.file_name,
        "media_type": result.media_type,
        "sha256": result.sha256,
        "size_bytes": result.size_bytes,
        "page_count": result.page_count,
        "title": result.title,
        "extractor": result.extractor,
        "extractor_version": result.extractor_version,
        "extracted_at": result.extracted_at,
        "modified_at": result.file.modified_at,
        "status": "loaded" if result.error is None else "quarantined",
        "error": result.error,
    }


def _overrides_row(overrides: Overrides) -> dict[str, Any]:
    """``reports.yml`` is listed like any other file that cannot be used."""
    content = overrides.content or b""
    return {
        "report_id": report_id_for(OVERRIDES_FILE),
        "file_name": OVERRIDES_FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "extracted_at": datetime.now(UTC),
        "status": "quarantined",
        "error": overrides.problem,
    }


def _rows(table: str, rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=TABLES[table])


class _Writer:
    """Gathers rows of all tables, so that DuckDB gets few and large batches."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.written = dict.fromkeys(TABLES, 0)
        self._connection = connection
        self._batches: dict[str, list[pa.RecordBatch]] = {table: [] for table in TABLES}
        self._waiting = 0

    def add(self, table: str, batch: pa.RecordBatch) -> None:
        self._batches[table].append(batch)
        self._waiting += batch.num_rows
        if self._waiting >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        for table, batches in self._batches.items():
            rows = pa.Table.from_batches(batches, TABLES[table])
            if rows.num_rows:
                # By the name of the variable: a registered view would keep the rows in memory until the commit.
                self._connection.execute(f"insert into {SCHEMA}.{table} select * from rows")
            self.written[table] += rows.num_rows
            batches.clear()
        self._waiting = 0
