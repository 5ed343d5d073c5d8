"""dbt in this process: the project's manifest, made once per state of the project, and one build of it.

Belongs here: dbt's arguments, its results and the connection it leaves behind. Does not belong here: what the models
say (``dbt/``), and assets or checks.

One process because a dbt start costs more than all the SQL of a refresh (about 3 s against 50 ms a model).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from dagster_project.outside.tables import SCHEMA
from dagster_project.settings import IS_CHECKOUT, PACKAGE, PROJECT, Settings, cache_folder
from dagster_project.warehouse.build import costs
from dagster_project.warehouse.build.suspects import Query, loaded_reports, set_aside, suspects
from dagster_project.warehouse.files import add_files
from dagster_project.warehouse.release.releases import is_published
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.working import Mode, Plan

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

CACHE: Final = cache_folder() / "manifests"
KEPT_MANIFESTS: Final = 3
SAMPLE_ROWS: Final = 5
SAMPLED_TESTS: Final = 10


class TransformError(Exception):
    """dbt could not parse the project or build it; the message names what failed and why."""


@dataclass(frozen=True, slots=True)
class FailedNode:
    """One model, seed or test that did not come out well."""

    name: str
    status: str
    """``error``, ``fail``, ``warn`` or ``runtime error`` as dbt says it."""
    message: str
    path: str
    """The file in the dbt project that defines it."""
    sample: tuple[str, ...] = ()
    """For a failed test: the first rows it found, as text."""
    query: Query | None = field(default=None, repr=False)
    """What failed, to be asked again; None for what is no SQL."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What one ``dbt build`` did."""

    passed_tests: int
    failed: tuple[FailedNode, ...]
    """Errors and failed tests; a build with any of these must not be published."""
    warned: tuple[FailedNode, ...]
    skipped: int
    plan: Plan
    """What there was to do; with mode ``nothing`` dbt was not even started."""
    interpreted: int = 0
    """Reports whose figures were made again."""
    set_aside: tuple[tuple[str, str], ...] = ()
    """Reports that were left out because they fail a check by themselves or cost too much, and which."""
    too_costly: tuple[str, ...] = ()
    """Those of them that cost too much."""
    standing: tuple[int, list[str]] = (0, [])
    """With mode ``nothing``: how many checks the build before passed, and which it warned of."""

    def explain(self) -> str:
        """The failures as lines for a person."""
        lines = []
        for node in self.failed:
            lines.append(f"{node.name} ({node.path}): {node.message}")
            lines += [f"    {row}" for row in node.sample]
        if self.skipped:
            lines.append(f"Skipped because of that: {self.skipped}.")
        return "\n".join(lines)


# --- the manifest -----------------------------------------------------------------------------------------------------


def manifest_path() -> Path:
    """``manifest.json`` of the project as it stands now; parses it only if it has changed since the last time.

    Raises:
        TransformError: the project does not parse.
    """
    folder = CACHE / project_fingerprint(PROJECT)
    if not (folder / "manifest.json").exists():
        with _cache_lock():
            if not (folder / "manifest.json").exists():
                _parse_into(folder)
    return folder / "manifest.json"


def project_fingerprint(project: Path) -> str:
    """Hash over all that a build depends on: files of the dbt project, seeds, SQL functions, versions, place."""
    digest = hashlib.sha256()
    for package in ("dbt-core", "dbt-duckdb", "dagster-dbt", "duckdb"):
        digest.update(f"{package} {version(package)}\n".encode())
    digest.update(f"{project}\n".encode())
    add_files(digest, project if IS_CHECKOUT else PACKAGE, _project_files(project))
    return digest.hexdigest()[:16]


def _project_files(project: Path) -> list[Path]:
    left_out = {project / "dbt" / "target", project / "dbt" / "logs"}
    left_out |= {project / "seeds" / "reports", project / "seeds" / "sources"}  # read by Dagster, not by dbt
    files: list[Path] = []
    for top in ("dbt", "seeds"):
        for parent, folders, names in os.walk(project / top):
            folders[:] = [name for name in folders if Path(parent) / name not in left_out]
            files += [Path(parent) / name for name in names]
    files += [PACKAGE / "warehouse" / "build" / name for name in ("functions.py", "totals.py")]
    return sorted(files)


@contextmanager
def _cache_lock() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _parse_into(folder: Path) -> None:
    scratch = CACHE / "parse"  # keeps dbt's own partial parse, so that after a small change little is parsed again
    result = _invoke(["parse"], scratch)
    if not result.success:
        # What dbt remembers of an older project can stand in its way: a description that moved to another file counts
        # twice.
        (scratch / "partial_parse.msgpack").unlink(missing_ok=True)
        result = _invoke(["parse"], scratch)
    if not result.success:
        raise TransformError(f"The dbt project does not parse: {result.exception}")
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copyfile(scratch / name, unfinished / name)
    unfinished.rename(folder)
    manifests = [path for path in CACHE.iterdir() if (path / "manifest.json").exists() and path != scratch]
    for old in sorted(manifests, key=lambda path: path.stat().st_mtime)[:-KEPT_MANIFESTS]:
        shutil.rmtree(old, ignore_errors=True)


def _manifest() -> Manifest:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    content = manifest_path().with_name("partial_parse.msgpack").read_bytes()
    manifest: Manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
    # What macros see as `graph`; parsing would have made it.
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


# --- the build --------------------------------------------------------------------------------------------------------


def build(
    settings: Settings,
    select: Sequence[str] = (),
    on_event: Callable[[EventMsg], None] | None = None,
) -> BuildResult:
    """Seeds, models and tests against the working file, as far as something has changed.

    A whole build that passes is noted in the working file; publishing asks for that.

    Args:
        settings: which working file, and where dbt writes.
        select: unique selectors as ``dbt build --select`` takes them, over all reports; empty for the whole project.
        on_event: called with each of dbt's events, from dbt's threads.

    Raises:
        TransformError: dbt could not begin, or stopped for another reason than a failed node.
    """
    left_out: list[tuple[str, str]] = []
    too_costly: list[str] = []
    events: list[EventMsg] = []
    may_leave_out = settings.quarantine_failing and not select
    tell = events.append if may_leave_out else _Once(on_event) if on_event is not None else None
    unwatched: set[str] = set()
    for turn in range(ROUNDS):
        events.clear()
        is_last = turn == ROUNDS - 1
        watch = costs.Watch(_bound(settings, unwatched, is_kept=not select and not is_last), _cancel)
        result = _build_once(settings, select, tell, watch)
        if watch.stopped:
            reasons = _costs(settings, result, watch.stopped)
            if reasons and len(reasons) == len(loaded_reports(settings.working_file)):
                result = replace(result, failed=tuple(_explained(node, reasons) for node in result.failed))
                break
            if reasons:
                set_aside(
                    settings.working_file,
                    settings.warehouse,
                    reasons,
                    rules_of_costs(settings, result.plan.fingerprint),
                )
                left_out += reasons.items()
                too_costly += reasons
            else:
                unwatched |= watch.stopped  # no report is to blame: there are many, and each costs its share
            continue
        reasons = _reasons(settings, result) if may_leave_out and result.failed and not is_last else {}
        if not reasons:
            break
        set_aside(settings.working_file, settings.warehouse, reasons, result.plan.fingerprint)
        left_out += reasons.items()
    for event in events if on_event is not None else ():
        on_event(event)  # type: ignore[misc] # only of the last round: each model is to be told of once
    if any(node.status != "fail" for node in result.failed):
        # It may be the file that is broken; it costs little to make it anew, and much to find that out. Behind the
        # events: who counts the rows of a table opens the file, which would make an empty one in its place.
        working.discard(settings.working_file)
    return replace(result, set_aside=tuple(left_out), too_costly=tuple(too_costly))


ROUNDS: Final = 5
"""Builds in which reports may be left out: dbt does not go on behind what failed, so others show later."""


class _Once:
    """Tells of dbt's events as they come; of a node that came out in an earlier round, not again."""

    def __init__(self, on_event: Callable[[EventMsg], None]) -> None:
        self._on_event = on_event
        self._told: set[str] = set()

    def __call__(self, event: EventMsg) -> None:
        if event.info.name.startswith("Log") and event.info.name.endswith("Result"):
            node = event.data.node_info
            if node.unique_id in self._told:
                return
            if node.node_status not in ("error", "skipped"):
                self._told.add(node.unique_id)
        self._on_event(event)


def rules_of_costs(settings: Settings, fingerprint: str) -> str:
    """What a report that costs too much was measured by: the rules and the bound."""
    return f"{fingerprint}, {settings.max_build_seconds} s"


def _bound(settings: Settings, unwatched: Collection[str], *, is_kept: bool) -> Callable[[str], float]:
    """For the name of a node the CPU seconds that it may take; 0 for any."""
    if is_kept:
        with suppress(duckdb.Error):  # a file that cannot be opened is told of by the build
            seconds = costs.allowed(settings.max_build_seconds, len(loaded_reports(settings.working_file)))
            return lambda name: 0 if name in unwatched else seconds
    return lambda _: 0


def _costs(settings: Settings, result: BuildResult, stopped: Collection[str]) -> dict[str, str]:
    """Reports to leave out of a build that was stopped, with the reason."""
    bound = f"{settings.max_build_seconds} CPU seconds (KOMMUNLAGER_MAX_BUILD_SECONDS)"
    asked = {
        node.name: replace(node.query, seconds=settings.max_build_seconds)
        for node in result.failed
        if node.name in stopped and node.query is not None
    }
    found = suspects(settings.working_file, asked, _interpreted(settings, result.plan))
    return {name: f"set aside: it takes more than {bound} in {', '.join(names)}" for name, names in found.items()}


def _explained(node: FailedNode, reasons: Mapping[str, str]) -> FailedNode:
    said = "; ".join(f"{name} would be {reason}" for name, reason in reasons.items())
    return replace(node, message=f"{said}; and no report would be left") if node.status != "fail" else node


def _interpreted(settings: Settings, plan: Plan) -> list[str]:
    """The reports that a build with this plan interprets."""
    loaded = loaded_reports(settings.working_file)
    return [name for name in loaded if plan.mode is Mode.ALL or name in set(plan.reports)]


def _cancel() -> None:
    """Make the queries fail that dbt is running."""
    from dbt.adapters.factory import FACTORY

    with suppress(KeyError):  # dbt has not come so far
        connections: Any = FACTORY.lookup_adapter("duckdb").connections
        connections.cancel_open()


def _reasons(settings: Settings, result: BuildResult) -> dict[str, str]:
    """Reports to leave out after a build that failed, with the reason; none unless that can mend every failure."""
    failed = {node.name: node.query for node in result.failed if node.query is not None}
    if len(failed) != len(result.failed):
        return {}
    found = suspects(settings.working_file, failed, _interpreted(settings, result.plan))
    if len(found) == len(loaded_reports(settings.working_file)) or {
        name for names in found.values() for name in names
    } != set(failed):
        return {}
    return {name: f"set aside: it fails {', '.join(sorted(names))} by itself" for name, names in found.items()}


def _build_once(
    settings: Settings, select: Sequence[str], on_event: Callable[[EventMsg], None] | None, watch: costs.Watch
) -> BuildResult:
    plan = _begin(settings, is_whole=not select)
    if plan.mode is Mode.NOTHING:
        with duckdb.connect(settings.working_file, read_only=True) as connection:
            return BuildResult(0, (), (), 0, plan, standing=working.checks_that_stand(connection))
    os.environ["KOMMUNLAGER_WORKING_FILE"] = str(settings.working_file)  # the one way into profiles.yml
    # Unit tests are about the rules, not about the data: `make test` runs them. --full-refresh, because a seed whose
    # columns have changed is not loaded into the table of the refresh before. A batch is built on seeds that are the
    # same and on views that say the same.
    manifest = _manifest()
    arguments = [
        *("build", "--full-refresh", "--exclude-resource-type", "unit_test"),
        "--no-write-json",  # the manifest is there, and the results come in events
        *(("--select", *select) if select else ()),
        *(_batch_arguments(manifest) if plan.mode is Mode.BATCH else ()),
    ]
    try:
        with watch:
            listeners = [watch.on_event, *([on_event] if on_event is not None else [])]
            result = _invoke(arguments, settings.dbt_target, manifest, listeners)
    finally:
        release_working_file()
    outcomes = list(getattr(result.result, "results", None) or ())
    if result.exception is not None or not outcomes:
        raise TransformError(f"dbt stopped: {result.exception or 'there was nothing to build'}")
    summary = _summarise(settings.working_file, outcomes, plan)
    if plan.mode is Mode.BATCH:
        summary = replace(summary, interpreted=len(plan.reports))
    elif not select:
        summary = replace(summary, interpreted=len(loaded_reports(settings.working_file)))
    if not summary.failed and not select:
        checks = {
            "mode": str(plan.mode),
            "reports": len(plan.reports),
            "passed": summary.passed_tests,
            "warned": sorted(node.name for node in summary.warned),
        }
        working.finish_build(settings.working_file, plan.fingerprint, checks)
    return summary


def same_for_any_report(parents: Mapping[str, Iterable[str]], outside: Iterable[str]) -> set[str]:
    """Keys of the manifest of what no report changes: what a build of a batch leaves as it is.

    That is the seeds that models are made of, and the models made of nothing but them and outside facts; a batch is
    built on seeds and facts that are the same (``load_outside`` makes the build whole where they are not).

    Args:
        parents: of each model, by key.
        outside: keys of the sources that hold outside facts.
    """
    facts = set(outside)
    same = {parent for of in parents.values() for parent in of if parent.startswith("seed.")}
    while found := {key for key, of in parents.items() if key not in same and set(of) <= same | facts}:
        same |= found
    return same


def _batch_arguments(manifest: Manifest) -> list[str]:
    """Without what no report changes, and the tests that are about this alone."""
    models = {key: node for key, node in manifest.nodes.items() if str(node.resource_type) == "model"}
    outside = [key for key, source in manifest.sources.items() if source.schema == SCHEMA]
    same = same_for_any_report({key: node.depends_on_nodes for key, node in models.items()}, outside)
    names = sorted(key.rpartition(".")[2] for key in same)
    return ["--vars", "{batch: true}", *(("--exclude", *names) if names else ()), "--indirect-selection", "cautious"]


def _begin(settings: Settings, *, is_whole: bool) -> Plan:
    """What is to be done, noted as begun.

    Raises:
        TransformError: there is no working file, it cannot be opened, or its load has not come to its end.
    """
    working_file = settings.working_file
    if not working_file.exists():
        raise TransformError(f"There is no working file {working_file}; load the raw tables first.")
    fingerprint = project_fingerprint(PROJECT)
    try:
        with duckdb.connect(working_file) as connection:
            if working.get(connection, working.LOADING) is not None:
                raise TransformError("The load of the reports has not come to its end: load the raw tables again.")
            if is_whole:
                plan = working.make_plan(
                    connection,
                    fingerprint,
                    lambda content_hash: is_published(settings.warehouse, content_hash, settings.state),
                )
            else:
                plan = Plan(Mode.ALL, (), "some assets were chosen", fingerprint)
            if plan.mode is not Mode.NOTHING:
                working.begin_build(connection, plan)
            return plan
    except duckdb.Error as error:
        working.discard(working_file)
        raise TransformError(
            f"The working file {working_file} cannot be used: {error}. It has been removed: refresh again."
        ) from error


def release_working_file() -> None:
    """Close what dbt leaves open: until then no other process can open the file, and none here read-only."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    # dbt-duckdb gives this method no types.
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _invoke(
    arguments: Sequence[str],
    target: Path,
    manifest: Manifest | None = None,
    listeners: Sequence[Callable[[EventMsg], None]] = (),
) -> Any:
    from dbt.cli.main import dbtRunner

    project = str(PROJECT / "dbt")
    target.mkdir(parents=True, exist_ok=True)
    runner = dbtRunner(manifest=manifest, callbacks=list(listeners))
    return runner.invoke(
        [
            *("--log-level", "none"),  # to the terminal; what went wrong is in the result, the rest in dbt.log
            *arguments,
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target / "logs")),
        ]
    )


def _summarise(working_file: Path, outcomes: Iterable[Any], plan: Plan) -> BuildResult:
    passed, skipped = 0, 0
    failed: list[FailedNode] = []
    warned: list[FailedNode] = []
    for outcome in outcomes:
        status = str(outcome.status)
        if status == "pass":
            passed += 1
        elif status == "skipped":
            skipped += 1
        elif status == "warn":
            warned.append(_failed_node(working_file, outcome, len(warned)))
        elif status != "success":
            failed.append(_failed_node(working_file, outcome, len(failed)))
    return BuildResult(passed, tuple(failed), tuple(warned), skipped, plan)


def _failed_node(working_file: Path, outcome: Any, number: int) -> FailedNode:
    node, status = outcome.node, str(outcome.status)
    sql = getattr(node, "compiled_code", None)
    is_test = node.resource_type == "test" and status in ("fail", "warn") and number < SAMPLED_TESTS
    sample = _sample(working_file, str(sql)) if is_test and sql else ()
    # dbt adds which macro called which, a line each that begins with ">"
    lines = [line.strip() for line in (outcome.message or status).splitlines()]
    message = " ".join(line for line in lines if line and not line.startswith(">"))
    return FailedNode(node.name, status, message, node.original_file_path, sample, _query(node))


def _query(node: Any) -> Query | None:
    """What failed in a form that can be asked again; None for seeds, and for models that are no SQL."""
    sql = getattr(node, "compiled_code", None)
    if node.resource_type not in ("model", "test") or str(node.language) != "sql" or not sql:
        return None
    if node.resource_type == "test":
        return Query(str(sql), is_test=True)
    columns = node.columns.values() if node.contract.enforced else ()
    return Query(
        str(sql),
        is_test=False,
        columns=", ".join(f'"{column.name}" {column.data_type}{_kept_by_duckdb(column)}' for column in columns),
    )


def _kept_by_duckdb(column: Any) -> str:
    """Constraints of one column of a contract, as SQL has them behind its type."""
    kinds = {str(one.type.value) for one in column.constraints}
    return " primary key" if "primary_key" in kinds else " not null" if "not_null" in kinds else ""


def _sample(working_file: Path, sql: str) -> tuple[str, ...]:
    """The first rows of a test's query: what a person needs to see first."""
    try:
        with duckdb.connect(working_file, read_only=True) as connection:
            rows = connection.execute(f"select * from ({sql}\n) limit {SAMPLE_ROWS}")
            names = [column[0] for column in rows.description or ()]
            return tuple(
                ", ".join(f"{name}={value!r}" for name, value in zip(names, row, strict=True))
                for row in rows.fetchall()
            )
    except duckdb.Error as error:  # the test has failed anyhow; that its rows cannot be shown must not hide it
        return (f"(its rows cannot be shown: {error})",)
