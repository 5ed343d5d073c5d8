"""What an operator asks and does: how the warehouse is, which releases there are, going back to one.

Belongs here: options, messages, exit codes. Does not belong here: what is found and done (``warehouse.health``,
``warehouse.releases``). Dagster and dbt are not imported: monitoring asks often.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from dagster_project.commands.options import warehouse_option
from dagster_project.exit_codes import ExitCode
from dagster_project.settings import Settings, load_settings

MAX_UNSETTLED = 10
"""Reports to settle that are shown with their entries; the others are counted."""

MAX_SHOWN = 10
"""Reports that are held back or stale and are shown; the others are counted."""

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


@click.command()
@warehouse_option
@json_option
def status(warehouse: Path | None, as_json: bool) -> None:
    """Show what is published, how the last refresh went, and whether all is well (exit code 1 if it is not)."""
    from dagster_project.warehouse.intake.readers import reader_state
    from dagster_project.warehouse.state.health import health

    settings = load_settings(warehouse=warehouse)
    state = health(settings)
    state["readers"] = reader_state(settings.limits)
    if state["readers"]["error"]:
        state["problems"].append(f"no document can be read: {state['readers']['error']}")
    if settings.limits.ocr and state["readers"]["ocr"]["missing"]:
        state["problems"].append(f"pictures cannot be read: {state['readers']['ocr']['missing']}")
    if as_json:
        click.echo(json.dumps(state, ensure_ascii=False, indent=2, default=str))
    elif settings.warehouse.exists():
        _show(state, settings.warehouse)
    else:
        click.echo(f"There is no warehouse at {settings.warehouse} yet. `kommunlager refresh` makes it.", err=True)
    if not as_json and settings.warehouse.exists():
        show_unsettled(settings)
    for problem in () if as_json else state["problems"]:
        click.echo(f"problem    {problem}", err=True)
    sys.exit(ExitCode.FAILED if state["problems"] else ExitCode.OK)


def _show(state: dict[str, Any], link: Path) -> None:
    from dagster_project.console import console_on, printable, reports_table, size
    from dagster_project.warehouse.ask.summary import list_reports

    release, last = state["release"], state["last_refresh"]
    click.echo(f"published  {link}")
    if release:
        grown = release["grown_bytes"]
        growth = "" if grown is None else f" ({'+' if grown >= 0 else '-'}{size(abs(grown))})"
        click.echo(f"release    {release['name']}, {size(release['size_bytes'])}{growth}, made {release['made_at']}")
        if release["newer_withdrawn"]:
            click.echo("           gone back to: a newer release was withdrawn")
    click.echo(f"kept       {state['releases']} releases")
    click.echo(f"refresh    {'running' if state['is_running'] else 'none running'}")
    if last:
        click.echo(f"last       {_last(last)}")
    if state["next_refresh"]:
        click.echo(f"next       {state['next_refresh']}")
    if last and last.get("checks"):
        checks = last["checks"]
        click.echo(
            f"checks     {checks['passed']} passed, {len(checks['warned'])} warned, {len(checks['failed'])} failed"
        )
        for name in (*checks["failed"], *checks["warned"]):
            click.echo(f"           {name}")
    for line in _reader_lines(state["readers"]):
        click.echo(f"readers    {line}")
    click.echo()
    console = console_on(sys.stdout)
    console.print(reports_table(list_reports(link)))
    if state["municipalities"]:
        click.echo()
        console.print(_municipalities(state["municipalities"]))
    show_first(
        (
            "held back" if report["is_held_back"] else "stale",
            f"{printable(report['file_name'])}: since {report['since']}: {printable(report['reason'])}",
        )
        for report in state["stale"]
    )
    show_first(
        (
            ("not counted", f"{printable(report['file_name'])}: {printable(report['why'])}")
            for report in state["not_counted"]
        ),
        NOT_COUNTED,
    )
    for report in state["quarantined"]:
        click.echo(f"quarantined  {printable(report['file_name'])}: {printable(report['reason'] or '')}", err=True)


def _ocr_line(ocr: dict[str, Any]) -> str:
    state = "on" if ocr["is_on"] else "off (--ocr)"
    return f"OCR {state}, {ocr['engines'] or 'not there: ' + ocr['missing']}"


def _reader_lines(readers: dict[str, Any]) -> list[str]:
    """What holds the processes that read documents, and what does not."""
    in_force = (f"{name} ({detail})" if detail else name for name, detail in readers["in_force"].items())
    lines = [f"closed by {', '.join(in_force)}"] if readers["in_force"] else []
    lines += [f"without {name}: {reason}" for name, reason in readers["missing"].items()]
    lines.append(_ocr_line(readers["ocr"]))
    return [*lines, *(f"NOT closed: a document that takes one over {what}" for what in readers["open"])]


def _last(last: dict[str, Any]) -> str:
    took = f"{last['finished_at']}, {last['seconds']['total']:.0f} s"
    if not last.get("ok"):
        return f"failed {took}: {str(last.get('error', 'it was cut off')).splitlines()[0]}"
    counts = ", ".join(f"{what} {last.get(what, 0)}" for what in ("read", "removed", "interpreted"))
    return f"good {took}: {counts} reports; {last['release'] if last.get('is_new') else last.get('remark', '')}"


def _municipalities(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("municipality", "reports", "figures until", "last read"):
        table.add_column(name)
    for row in rows:
        name = f"{row['municipality_code']} {row['municipality'] or ''}"
        values = (name, row["reports"], row["latest_period_end"] or "", row["latest_read_at"] or "")
        table.add_row(*(Text(str(value)) for value in values))
    return table


def show_unsettled(settings: Settings) -> None:
    """Reports of which something is not known, each with an entry for ``reports.yml`` to fill in."""
    from dagster_project.console import printable
    from dagster_project.warehouse.ask.unsettled import list_unsettled
    from dagster_project.warehouse.intake.scan import OVERRIDES_FILE

    unsettled = list_unsettled(settings.warehouse)
    for report in unsettled[:MAX_UNSETTLED]:
        _say(f"to settle  {printable(report.file_name)}: {report.open_attributes}; paste into {OVERRIDES_FILE}:")
        for line in report.entry.splitlines():
            _say(f"    {printable(line)}")
    if len(unsettled) > MAX_UNSETTLED:
        rest = len(unsettled) - MAX_UNSETTLED
        _say(f'to settle  {rest} more: {our_name()} query "select file_name, entry from marts.reports_to_settle"')


NOT_COUNTED = "select file_name from marts.dim_report where not is_current"


def show_first(lines: Iterable[tuple[str, str]], query: str = "from raw.report where is_held_back is not null") -> None:
    """What is said of reports, each after its kind: the first of many, and how many more there are."""
    told = list(lines)
    for kind, text in told[:MAX_SHOWN]:
        _say(f"{kind:9}  {text}")
    if len(told) > MAX_SHOWN:
        _say(f'           {len(told) - MAX_SHOWN} more: {our_name()} query "{query}"')


def our_name() -> str:
    """How this command is called from here: by its name if it is on the path, else by its place."""
    called = Path(sys.argv[0])
    if called.name != "kommunlager" or shutil.which("kommunlager") == str(called):
        return "kommunlager"
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) and here != Path("/") else str(called)


def _say(message: str) -> None:
    click.echo(message, err=True)


@click.command("releases")
@warehouse_option
@json_option
def releases_command(warehouse: Path | None, as_json: bool) -> None:
    """List the releases that are kept, the newest first."""
    from dagster_project.console import size
    from dagster_project.warehouse.release.releases import current, releases, withdrawn

    settings = load_settings(warehouse=warehouse)
    now, gone = current(settings.warehouse), withdrawn(settings.warehouse)
    rows = [
        {
            "release": release.name,
            "number": release.number,
            "made_at": release.manifest.get("made_at"),
            "is_current": now is not None and now.folder == release.folder,
            "withdrawn_at": gone.get(release.content_hash),
            "size_bytes": release.database.stat().st_size,
            "reports": sum(one.get("status") == "loaded" for one in release.manifest.get("reports", ())),
            "content_hash": release.content_hash,
            "folder": str(release.folder),
        }
        for release in reversed(releases(settings.warehouse))
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo(f"There is no release of {settings.warehouse} yet. `kommunlager refresh` makes one.", err=True)
        sys.exit(ExitCode.FAILED)
    for row in rows:
        mark = "current" if row["is_current"] else "withdrawn" if row["withdrawn_at"] else ""
        click.echo(f"{row['release']}  {mark:9}  {row['reports']:>6} reports  {size(int(str(row['size_bytes'])))}")
    click.echo(f"\nWhat changed stands in {Path(str(rows[0]['folder'])).parent}/RELEASE/diff.md", err=True)


@click.command()
@click.argument("release", required=False)
@warehouse_option
def rollback(release: str | None, warehouse: Path | None) -> None:
    """Let readers have RELEASE again (its name or the beginning of it), or the one before the current.

    Nothing is deleted: the release gone back from can be chosen in the same way. A refresh does not publish the same
    content again; it publishes as soon as reports, rules or vocabulary give something else.
    """
    from dagster_project.warehouse.release.releases import ReleaseError, roll_back
    from dagster_project.warehouse.state.lock import refresh_lock

    settings = load_settings(warehouse=warehouse)
    with refresh_lock(settings.lock_file):
        try:
            was, now = roll_back(settings.warehouse, release)
        except ReleaseError as error:
            click.echo(str(error), err=True)
            sys.exit(ExitCode.FAILED)
    click.echo(f"current    {now.name}")
    if was is not None and was.folder != now.folder:
        click.echo(f"before     {was.name}, kept; `kommunlager rollback {was.name}` goes there again")
