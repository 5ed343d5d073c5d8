"""The command line: options, messages and exit codes.

Belongs here: the commands. Does not belong here: what they do. Dagster and dbt are imported only by a command that
needs them: they take seconds, and help and questions must not.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

import click

from dagster_project.commands.options import exact_option, warehouse_option
from dagster_project.commands.outputs import force_option, new_file
from dagster_project.exit_codes import ExitCode
from dagster_project.settings import IS_CHECKOUT, PROJECT, ConfigurationError, Settings, load_settings, settings_to_tell

if TYPE_CHECKING:
    from dagster_project.refresh import Outcome
    from dagster_project.warehouse.ask.query import Answer

FIRST_QUERY = "select municipality_name, row_label, year, scenario, value_text, unit from report_values limit 10"
"""What a newcomer is told to ask: it fits a terminal."""

EPILOG = """
\b
Exit codes:
    0  done; a refresh has published, though documents may be quarantined
    1  failed: a check, a build, a question; what was published is as it was
    2  wrong usage of the command line
    3  another refresh is running; nothing was done
    4  wrong setting, reports folder, reports.yml or vocabulary
    5  published, but reports that would be dropped are held back (--accept-removals drops them)
  130  interrupted (143: terminated); what was published is as it was

\b
More settings, by environment variable (default):
  KOMMUNLAGER_STATE        private folder of a refresh (.state beside the warehouse)
  KOMMUNLAGER_KEEP         releases kept (5)
  KOMMUNLAGER_WORKERS      processes that read documents (0: by the amount)
  KOMMUNLAGER_DBT_THREADS  models built at a time (2)
  KOMMUNLAGER_INBOX        folder or address (s3://…) from which new reports are fetched
  KOMMUNLAGER_EXTRACTIONS  folder or address where what was read of a document is kept; 0 for nowhere
                           (extractions in the private folder)
  KOMMUNLAGER_SCHEDULE     when Dagster refreshes, a cron expression in Swedish time
  KOMMUNLAGER_KOLADA       1 lets Kolada be asked for figures, an address asks there (nothing is asked)
  KOMMUNLAGER_KOLADA_SCHEDULE  when Dagster asks, a cron expression in Swedish time (weekly)
  KOMMUNLAGER_SCB            1 to ask SCB, or an address to ask there (nobody)
  KOMMUNLAGER_SCB_SCHEDULE   when Dagster asks SCB, a cron expression (weekly)
  KOMMUNLAGER_MAX_AGE_HOURS  age of the last good refresh that status calls a problem (0: any is good)
  KOMMUNLAGER_WEBHOOK      address to which a failed refresh is posted as JSON
  KOMMUNLAGER_MAIL_TO      who is told of it by e-mail, from KOMMUNLAGER_MAIL_FROM by KOMMUNLAGER_SMTP
  KOMMUNLAGER_LOG_STDERR   1 writes the log to standard error too, as JSON lines
  KOMMUNLAGER_KEEP_RUNS    runs that Dagster's log keeps (50)

\b
Bounds for one document; beyond one of them it is quarantined:
  KOMMUNLAGER_MAX_BUILD_SECONDS   CPU seconds of one model of the build (120)
  KOMMUNLAGER_MAX_BYTES           bytes of the file (67108864)
  KOMMUNLAGER_MAX_SECONDS         wall time of its reader (120)
  KOMMUNLAGER_MAX_MEMORY_BYTES    memory of its reader (2147483648)
  KOMMUNLAGER_MAX_OCR_SECONDS     processor time for its pictures, with --ocr (1800)
  KOMMUNLAGER_MAX_OCR_PIXELS      size of a page as it is drawn for that (20000000)
  KOMMUNLAGER_MAX_PAGES           pages (3000)
  KOMMUNLAGER_MAX_CHARACTERS      characters of a PDF (20000000)
  KOMMUNLAGER_MAX_CELLS           cells of all tables (500000)
  KOMMUNLAGER_MAX_TABLE_CELLS     cells of one table, empty ones too (200000)
  KOMMUNLAGER_MAX_COLUMNS         columns of one table (512)
  KOMMUNLAGER_MAX_DEPTH           elements inside each other (200)
  KOMMUNLAGER_MAX_SHEETS          sheets of a workbook (200)
  KOMMUNLAGER_MAX_ZIP_MEMBERS     files in its container (5000)
  KOMMUNLAGER_MAX_UNPACKED_BYTES  bytes of its container, unpacked (536870912)
  KOMMUNLAGER_MAX_ZIP_RATIO       unpacked over packed size of one file in it (250)
"""


COMMANDS: Final = {
    "export": "export:export",
    "kolada": "services:kolada",
    "map": "map:map_labels",
    "mcp": "mcp:mcp",
    "releases": "operate:releases_command",
    "rollback": "operate:rollback",
    "scb": "services:scb",
    "search": "search:search",
    "serve": "serve:serve",
    "show": "show:show",
    "site": "site:site",
    "status": "operate:status",
}
"""Commands beside those of this module: where each is defined below ``commands``."""


class _Later(click.Group):
    """A group that imports a command when it is called, and all of them only for help."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({*super().list_commands(context), *COMMANDS})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name, if there is one."""
        if name not in COMMANDS:
            return super().get_command(context, name)
        module, _, command = COMMANDS[name].partition(":")
        found: click.Command = getattr(import_module(f"dagster_project.commands.{module}"), command)
        return found


@click.group(
    cls=_Later,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(package_name="kommunlager")
def cli() -> None:
    """Reports of Swedish municipalities as a star schema in DuckDB."""


@cli.command()
@click.option(
    "--reports",
    type=click.Path(path_type=Path),
    envvar="KOMMUNLAGER_REPORTS",
    show_envvar=True,
    help="Folder with the reports, read with its subfolders.  [default: seeds/reports of the checkout, or reports]",
)
@warehouse_option
@click.option(
    "--verbose", "-v", is_flag=True, envvar="KOMMUNLAGER_VERBOSE", show_envvar=True, help="Show Dagster's log as well."
)
@click.option(
    "--full", is_flag=True, envvar="KOMMUNLAGER_FULL", show_envvar=True, help="Read and build everything anew."
)
@click.option(
    "--quarantine-failing",
    is_flag=True,
    envvar="KOMMUNLAGER_QUARANTINE_FAILING",
    show_envvar=True,
    help="Leave out reports that fail a check of severity error by themselves, instead of publishing nothing.",
)
@click.option(
    "--accept-removals",
    is_flag=True,
    envvar="KOMMUNLAGER_ACCEPT_REMOVALS",
    show_envvar=True,
    help="Drop reports whose files are gone even if they are more than one and more than a tenth of all.",
)
@click.option(
    "--ocr",
    is_flag=True,
    envvar="KOMMUNLAGER_OCR",
    show_envvar=True,
    help="Read pages without a text layer and pictures of tables too, where the engines are installed.",
)
@click.option(
    "--wait",
    is_flag=True,
    envvar="KOMMUNLAGER_WAIT",
    show_envvar=True,
    help="Wait for a refresh that is running, instead of ending with code 3.",
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="KOMMUNLAGER_METRICS",
    show_envvar=True,
    help="Write a Prometheus textfile there.",
)
def refresh(
    reports: Path | None,
    warehouse: Path | None,
    verbose: bool,
    full: bool,
    quarantine_failing: bool,
    accept_removals: bool,
    ocr: bool,
    wait: bool,
    metrics: Path | None,
) -> None:
    """Read the reports that have changed, build and test the star schemas, publish them if every test passed."""
    from dagster_project.refresh import tell
    from dagster_project.streams import outlive_readers
    from dagster_project.warehouse.ask.query import first_line
    from dagster_project.warehouse.build.transform import TransformError
    from dagster_project.warehouse.state.lock import RefreshRunningError

    started = time.monotonic()
    outlive_readers()
    settings = settings_to_tell(warehouse=warehouse, metrics=metrics)
    with _signals_noted() as signals:
        try:
            settings = load_settings(reports=reports, warehouse=warehouse)
            settings = replace(
                settings,
                full=full,
                quarantine_failing=quarantine_failing,
                accept_removals=accept_removals,
                wait=wait,
                metrics=metrics and metrics.absolute(),
                limits=replace(settings.limits, ocr=ocr),
            )
            outcome = _run(settings, verbose, signals)
        except KeyboardInterrupt:
            code = _code_of(signals())
            _say_problems(tell(settings, code, "Interrupted"))
            _say("Interrupted; nothing was done.")
            sys.exit(code)
        except (ConfigurationError, RefreshRunningError, TransformError) as error:
            _say_problems(tell(settings, _code_for(error), str(error)))
            raise
        except Exception as error:
            _say_problems(tell(settings, ExitCode.FAILED, f"The refresh could not begin: {first_line(error)}"))
            _say(f"The refresh could not begin: {first_line(error)}; what was published before is as it was.")
            sys.exit(ExitCode.FAILED)
        _say_problems(tell(settings, outcome.exit_code, outcome.message, outcome.run_id))
    if outcome.exit_code in (ExitCode.OK, ExitCode.REMOVALS_HELD) and settings.warehouse.exists():
        _show_refreshed(settings, outcome.checks, outcome.checks_passed, outcome.warnings, time.monotonic() - started)
    if outcome.exit_code is ExitCode.REMOVALS_HELD:
        from dagster_project.commands.operate import our_name

        _say(f"HELD BACK  {outcome.message}")
        _say("           What was published of them stays. Mend the folder, or, if they are meant to go:")
        _say(f"           {our_name()} refresh --accept-removals")
    sys.exit(outcome.exit_code)


def _run(settings: Settings, verbose: bool, signals: Callable[[], set[int]]) -> Outcome:
    """Run the refresh with the lock held; what fails once it has begun is said, and ends the process where it must."""
    from dagster_project.console import console_on, display_on
    from dagster_project.progress import listening
    from dagster_project.refresh import run_refresh
    from dagster_project.warehouse.ask.query import first_line
    from dagster_project.warehouse.build.transform import TransformError
    from dagster_project.warehouse.intake.scan import check_folder
    from dagster_project.warehouse.release.releases import check_target
    from dagster_project.warehouse.state.lock import is_locked, refresh_lock

    if not settings.warehouse.exists():
        check_folder(settings.reports)  # again in the run, but a wrong name should not cost the seconds of starting one
    check_target(settings.warehouse)
    # dbt makes semaphores; the process that looks after them complains when we leave at once, which is meant.
    os.environ["PYTHONWARNINGS"] = f"{os.environ.get('PYTHONWARNINGS', '')},ignore:resource_tracker".lstrip(",")
    errors = console_on(sys.stderr)
    display = display_on(errors)
    if settings.wait and is_locked(settings.lock_file):
        _say("Waiting for the refresh that is running.")
    with refresh_lock(settings.lock_file, wait=settings.wait):
        before = settings.warehouse.resolve()
        try:
            with display, listening(display):
                outcome = run_refresh(settings, verbose=verbose, is_interrupted=lambda: bool(signals()))
        except KeyboardInterrupt:
            _leave_at_once(settings, before, _code_of(signals()), "Interrupted")
        except (ConfigurationError, TransformError):
            raise
        except Exception as error:  # Dagster cannot write its log: the disk is full, the folder is gone
            _leave_at_once(settings, before, ExitCode.FAILED, f"The refresh failed: {first_line(error)}")
        if outcome.exit_code is ExitCode.INTERRUPTED:
            _leave_at_once(settings, before, _code_of(signals()), "Interrupted", outcome.run_id)
        if outcome.exit_code not in (ExitCode.OK, ExitCode.REMOVALS_HELD):
            errors.print(f"The refresh failed{_what_readers_have(settings, before)}", style="bold red")
            _say(outcome.message)
            if outcome.exit_code is ExitCode.FAILED:
                _say(f"Log of the run: kommunlager ui, run {outcome.run_id}")
    return outcome


@cli.command(context_settings={"ignore_unknown_options": True})  # for SQL that begins with a comment
@click.argument("sql")
@warehouse_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    envvar="KOMMUNLAGER_FORMAT",
    show_default=True,
    show_envvar=True,
    help="How the answer is written; parquet needs --output.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="KOMMUNLAGER_OUTPUT",
    show_envvar=True,
    help="File for the answer.  [default: standard output]",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=200,
    envvar="KOMMUNLAGER_ROWS",
    show_default=True,
    show_envvar=True,
    help="Rows that a table shows; 0 for all. The other formats write all rows.",
)
@click.option(
    "--wide",
    is_flag=True,
    envvar="KOMMUNLAGER_WIDE",
    show_envvar=True,
    help="Show all columns of a table, on a narrow terminal too. In files and pipes they are there anyhow.",
)
@force_option
@exact_option
def query(
    sql: str, warehouse: Path | None, form: str, output: Path | None, rows: int, wide: bool, force: bool, exact: bool
) -> None:
    """Ask the published warehouse a question in SQL ("-" reads it from standard input).

    The connection is read-only and reaches no other file. Names without schema are of marts; a table that is wider than
    the terminal leaves columns out and says which. Start with: from report_values limit 10
    """
    from dagster_project.warehouse.ask.query import Answer, open_published

    settings = load_settings(warehouse=warehouse)
    if form == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE.")
    with open_published(settings.warehouse) as connection:
        answer = Answer(connection, sys.stdin.read() if sql == "-" else sql)
        if form == "parquet":
            assert output is not None
            with new_file(output, force=force) as file:
                answer.write_parquet(file)
            return
        with _opened(output, force=force) as out, _reader_may_leave():
            if form == "csv":
                answer.write_csv(out, exact=exact)
            elif form == "json":
                answer.write_json(out)
            else:
                _write_table(answer, out, rows, wide=wide)
            out.flush()


@cli.command()
@click.option("--host", default="127.0.0.1", envvar="KOMMUNLAGER_UI_HOST", show_default=True, show_envvar=True)
@click.option("--port", type=int, default=3000, envvar="KOMMUNLAGER_UI_PORT", show_default=True, show_envvar=True)
@warehouse_option
def ui(host: str, port: int, warehouse: Path | None) -> None:
    """Open Dagster's UI: the graph, the checks, the log of every refresh."""
    from dagster_project.refresh import prepare_dagster_home

    settings = load_settings(warehouse=warehouse)
    prepare_dagster_home(settings)
    os.environ.update(settings.as_environment())
    # dg looks for the tools of the environment that is active, so make it this one, activated or not.
    os.environ["VIRTUAL_ENV"] = sys.prefix
    os.environ["PATH"] = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    os.chdir(PROJECT)
    place = ["--host", host, "--port", str(port)]
    command = [str(Path(sys.prefix) / "bin" / "dg"), "dev", *place]
    if not IS_CHECKOUT:  # dg wants a project that it can change
        command = [sys.executable, "-m", "dagster", "dev", "--module-name", "dagster_project.definitions", *place]
    os.execv(command[0], command)  # noqa: S606 - of this environment


def main() -> NoReturn:
    """Run the command line; every expected failure is one message and an exit code, never a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        if getattr(getattr(error, "ctx", None), "command", None) is refresh:  # nobody reads what a timer is told
            from dagster_project.refresh import tell

            _say_problems(
                tell(settings_to_tell(), ExitCode.USAGE, f"Wrong use of the command: {error.format_message()}")
            )
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        if not isinstance(error, _expected()):
            raise
        _say(str(error))
        sys.exit(_code_for(error))
    sys.exit(ExitCode.OK)


def _expected() -> tuple[type[Exception], ...]:
    """What is said on purpose; imported when something has gone wrong, for most commands need none of it."""
    from dagster_project.warehouse.ask.query import QueryError
    from dagster_project.warehouse.build.transform import TransformError
    from dagster_project.warehouse.state.lock import RefreshRunningError

    return (ConfigurationError, RefreshRunningError, QueryError, TransformError)


def _code_for(error: Exception) -> ExitCode:
    from dagster_project.warehouse.state.lock import RefreshRunningError

    if isinstance(error, ConfigurationError):
        return ExitCode.CONFIGURATION
    return ExitCode.RUNNING if isinstance(error, RefreshRunningError) else ExitCode.FAILED


@contextmanager
def _signals_noted() -> Iterator[Callable[[], set[int]]]:
    """SIGTERM interrupts as Ctrl-C does; the function given tells which of the two have come.

    Dagster puts handlers of its own in place while a step runs, which tell neither; what is written to the wakeup
    descriptor does.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    seen: set[int] = set()

    def noted() -> set[int]:
        with suppress(BlockingIOError):
            seen.update(os.read(reading, 4096))
        return seen & {signal.SIGINT, signal.SIGTERM}

    try:
        yield noted
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reading)
        os.close(writing)


def _code_of(signals: set[int]) -> ExitCode:
    return ExitCode.TERMINATED if signal.SIGTERM in signals else ExitCode.INTERRUPTED


def _leave_at_once(settings: Settings, before: Path, code: ExitCode, why: str, run: str = "") -> NoReturn:
    """End without waiting for DuckDB's query or dbt's thread: what they build is thrown away by the next refresh."""
    from dagster_project.refresh import tell
    from dagster_project.warehouse.release.releases import remove_leftovers
    from dagster_project.warehouse.state import journal

    with suppress(KeyboardInterrupt):  # who interrupts twice does not want to wait for a webhook
        run = journal.close(why) or run
        remove_leftovers(settings.warehouse)
        _say_problems(tell(settings, code, why, run))
    _say(f"{why}{_what_readers_have(settings, before)}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _say_problems(problems: list[str]) -> None:
    for problem in problems:
        _say(f"not told   {problem}")


def _what_readers_have(settings: Settings, before: Path) -> str:
    if settings.warehouse.resolve() == before:
        return "; what was published before is as it was."
    return ", when the new version was published already."


def _say(message: str) -> None:
    click.echo(message, err=True)


def _show_refreshed(settings: Settings, checks: int, passed: int, warnings: tuple[str, ...], seconds: float) -> None:
    from dagster_project.commands.operate import NOT_COUNTED, our_name, show_first, show_unsettled
    from dagster_project.console import console_on, printable, size, summary_table
    from dagster_project.warehouse.ask.aside import list_aside
    from dagster_project.warehouse.ask.summary import summarise
    from dagster_project.warehouse.release.releases import current
    from dagster_project.warehouse.state.journal import refreshes

    summary = summarise(settings.warehouse)
    console_on(sys.stdout).print(summary_table(summary, checks, passed, seconds))
    release = current(settings.warehouse)
    name = release.name if release else summary.version.name
    click.echo(f"\npublished  {settings.warehouse}\n           -> {name}, {size(summary.size_bytes)}")
    last = next(iter(refreshes(settings.state)[-1:]), {})
    if not last.get("is_new", True):
        click.echo(f"unchanged  {last.get('remark')}")
    for report_id in last.get("set_aside", ()):
        why = "costs too much" if report_id in last.get("too_costly", ()) else "fails a check"
        _say(f"SET ASIDE  {report_id}: it {why} and is NOT in the warehouse")
    show_first(
        [("stale", f"{printable(one)}; its last good figures stay") for one in last.get("stale", ())]
        + [("held back", printable(one)) for one in last.get("held_back", ())]
    )
    _show_quarantined(settings)
    show_first(
        (
            ("not counted", f"{printable(one.file_name)}: {printable(one.why())}")
            for one in list_aside(settings.warehouse)
        ),
        NOT_COUNTED,
    )
    show_unsettled(settings)
    for warning in warnings:
        _say(f"warning    check did not pass: {warning}")
    place = "" if settings.warehouse == Settings().warehouse else f" --warehouse {settings.warehouse}"
    click.echo(f'ask it     {our_name()} query{place} "{FIRST_QUERY}"')


def _show_quarantined(settings: Settings) -> None:
    from dagster_project.console import printable
    from dagster_project.warehouse.ask.summary import list_reports

    for report in list_reports(settings.warehouse):
        if report.status == "quarantined":
            _say(f"quarantined  {printable(report.file_name)}: {printable(report.error or '')}")


@contextmanager
def _opened(output: Path | None, *, force: bool) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with new_file(output, force=force) as file, file.open("w", encoding="utf-8", newline="") as out:
        yield out


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Who reads has had enough (``| head``): that is no failure of ours."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at the end
        sys.exit(ExitCode.OK)


def _write_table(answer: Answer, out: TextIO, rows: int, *, wide: bool) -> None:
    from dagster_project.console import answer_table, console_on, number, printable

    console = console_on(out)
    is_narrow = out.isatty() and not wide
    table, count, left_out = answer_table(answer, rows, console.width if is_narrow else None)
    console.print(table)
    console.print(
        f"{number(count)} row{'s' * (count != 1)}"
        + (f", the first {number(rows)} shown (--rows 0 for all)" if 0 < rows < count else ""),
        highlight=False,
    )
    if left_out:
        names = ", ".join(printable(name) for name in left_out)
        columns = f"{len(left_out)} columns" if len(left_out) > 1 else "1 column"
        console.print(f"{columns} left out (--wide shows all): {names}", highlight=False, style="dim", markup=False)


if __name__ == "__main__":
    main()
