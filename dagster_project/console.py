"""What a person sees: progress, tables, messages.

Belongs here: widths, colours, bars and plain lines. Does not belong here: what is done and counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagster_project.warehouse.ask.query import Answer, as_text

if TYPE_CHECKING:
    from rich.progress import TaskID

    from dagster_project.progress import Step
    from dagster_project.warehouse.ask.summary import Report, Summary

PHASES: Final = {"read": "Reading reports", "build": "Building and testing", "publish": "Publishing"}

SECONDS_BETWEEN_LINES: Final = 2.0


class Display(Protocol):
    """Shows the steps of a refresh while the block lasts."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, however the refresh ended."""

    def __call__(self, step: Step) -> None:
        """Show one step."""


class PlainLines:
    """A line when a phase begins to show, one every two seconds, and one when it is done: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self._console.print("Starting", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def __call__(self, step: Step) -> None:
        """Print a line, unless one was printed just now."""
        now = time.monotonic()
        if step.done < step.total and now - self._shown < SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        line = f"{PHASES[step.phase]}: {step.done} of {step.total} ({printable(step.what)})"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class Bars:
    """One bar a phase: for terminals."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[what]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._start: TaskID | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._progress.start()
        self._start = self._progress.add_task("Starting", total=1, what="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._progress.stop()

    def __call__(self, step: Step) -> None:
        """Move the bar of the step's phase."""
        if self._start is not None:
            self._progress.update(self._start, completed=1)
            self._start = None
        if step.phase not in self._tasks:
            self._tasks[step.phase] = self._progress.add_task(PHASES[step.phase], total=step.total, what="")
        what = "" if step.done == step.total else Text(printable(step.what)).markup[:60]
        self._progress.update(self._tasks[step.phase], completed=step.done, total=step.total, what=what)


def console_on(out: TextIO) -> Console:
    """A console for ``out``; a pipe or file has no width, so tables take what they need there."""
    return Console(file=out) if out.isatty() else Console(file=out, width=10_000)


def display_on(console: Console) -> Display:
    """Bars on a terminal, plain lines elsewhere."""
    return Bars(console) if console.is_terminal else PlainLines(console)


def summary_table(summary: Summary, checks: int, passed: int, seconds: float) -> Table:
    """What a refresh loaded, as a table of two columns."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(justify="right")
    reports = number(summary.loaded) + (f" ({summary.quarantined} quarantined)" if summary.quarantined else "")
    for label, value in (
        ("reports", reports),
        ("tables", number(summary.tables)),
        ("values", number(summary.values)),
        ("facts", number(summary.facts)),
        ("rejected cells", number(summary.rejected)),
        ("checks passed", f"{number(passed)} of {number(checks)}"),
        ("seconds", f"{seconds:.1f}"),
    ):
        table.add_row(label, value)
    return table


def reports_table(reports: Sequence[Report]) -> Table:
    """Each document with what became of it."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("report", overflow="fold")
    for name in ("tables", "cells", "values", "rejected"):
        table.add_column(name, justify="right")
    for report in reports:
        counts = (report.tables, report.cells, report.values, report.rejected)
        cells = [Text("" if count is None else number(count)) for count in counts]
        table.add_row(Text(printable(report.file_name)), *cells)
    return table


def answer_table(answer: Answer, limit: int, width: int | None = None) -> tuple[Table, int, list[str]]:
    """An answer as a table.

    Args:
        answer: not read yet.
        limit: rows shown; 0 for all.
        width: characters of a line; None where lines are as long as they must be.

    Returns:
        The table, how many rows there are in all, and the names of the columns that there is no room for.
    """
    shown: list[list[Text]] = []
    count = 0
    for row in answer.rows():
        count += 1
        if limit == 0 or count <= limit:
            shown.append([_cell(value) for value in row])
    widths: dict[int, int | None] = dict.fromkeys(range(len(answer.columns)))
    if width is not None:
        widths = _widths_for(width, answer.columns, shown)
    table = Table()
    for place, wide in widths.items():
        justify: Literal["left", "right"] = "right" if answer.is_numeric[place] else "left"
        table.add_column(Text(printable(answer.columns[place])), justify=justify, overflow="fold", width=wide)
    for cells in shown:
        table.add_row(*[cells[place] for place in widths])
    return table, count, [name for place, name in enumerate(answer.columns) if place not in widths]


NEEDED: Final = (12, 8)
"""Characters that the texts of a column must have room for, if they have so many; longer ones are folded. The second
where all columns fit then and do not with the first."""

BORDER: Final = 3
"""Characters between two columns."""


def _widths_for(width: int, names: Sequence[str], rows: Sequence[Sequence[Text]]) -> dict[int, int | None]:
    """The columns that fit by their place, with their widths: those that say something, in order, as there is room."""
    wanted: dict[int, int] = {}
    for place, name in enumerate(names):
        lines = [line for row in rows for line in row[place].plain.split("\n")]
        wanted[place] = max(len(name), max(map(len, lines), default=0))
    chosen = list(wanted)
    room = width - 1 - BORDER * len(chosen)
    leasts = [{at: max(len(names[at]), min(needed, wish)) for at, wish in wanted.items()} for needed in NEEDED]
    least = next((one for one in leasts if sum(one.values()) <= room), leasts[0])
    left = room - sum(least.values())
    if left < 0:
        chosen, left = [], width - 1
        for place, need in least.items():
            is_told = not rows or any(row[place].style != NOTHING for row in rows)
            if is_told and BORDER + need <= left:
                chosen.append(place)
                left -= BORDER + need
    if not chosen:  # not one: folded, the first is better than none
        return {0: width - BORDER - 1}
    widths: dict[int, int | None] = {}
    # What is left is shared by those that want more, who wants least first.
    for number, place in enumerate(sorted(chosen, key=lambda place: wanted[place] - least[place])):
        more = min(wanted[place] - least[place], left // (len(chosen) - number))
        widths[place] = least[place] + more
        left -= more
    return {place: widths[place] for place in chosen}


NOTHING: Final = "dim"
"""How null is written."""


def _cell(value: Any) -> Text:
    # Text, not markup: a cell that says [red] says that.
    return Text("null", style=NOTHING) if value is None else Text(printable(as_text(value), keep="\n"))


def printable(text: str, keep: str = "") -> str:
    """The text with control characters shown instead of obeyed: a document must not steer a terminal."""
    return "".join(
        character if character in keep or character.isprintable() or character == "\u00a0" else repr(character)[1:-1]
        for character in text
    )


def number(value: int) -> str:
    """With a space between thousands."""
    return f"{value:,}".replace(",", " ")


def size(value: int) -> str:
    """Bytes for a person."""
    return f"{value / 1_000_000:.1f} MB" if value >= 100_000 else f"{value / 1000:.1f} kB"


def moment(seconds: float) -> str:
    """A file's time for a person, UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
