"""The command ``show``: a figure, the cell that prints it, and a picture of the page.

Belongs here: options and what is printed. Does not belong here: finding the cell (``warehouse.trace``) and drawing the
page (``extract.picture``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.commands.options import reports_option, warehouse_option
from dagster_project.commands.outputs import force_option, new_file
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from dagster_project.warehouse.ask.trace import Identity, PrintedCell, Trace

MAX_ROWS = 40
SIGNS = "+-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}() "
"""What a printed number may have around its digits to say that it is negative."""


@click.command()
@click.argument("fact_key")
@click.option(
    "--image",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the page of the PDF with the cell marked into this PNG file.",
)
@force_option
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=MAX_ROWS,
    show_default=True,
    help="Rows of the table shown, header and the rows around the cell; 0 for all.",
)
@reports_option
@warehouse_option
def show(
    fact_key: str, image: Path | None, force: bool, rows: int, reports: Path | None, warehouse: Path | None
) -> None:
    """Show the cell behind a figure: its table, the headings above, page and file, how it was understood, and what its
    number was held against.

    FACT_KEY is the fact_key of marts.report_values, or as much of its beginning as no other key shares.
    """
    from dagster_project.console import console_on
    from dagster_project.warehouse.ask.query import open_published
    from dagster_project.warehouse.ask.trace import find_trace

    settings = load_settings(reports=reports, warehouse=warehouse)
    with open_published(settings.warehouse) as connection:
        trace = find_trace(connection, fact_key)
    console = console_on(sys.stdout)
    console.print(_place_table(trace))
    console.print()
    table, left_out = _cell_table(trace, rows)
    console.print(table)
    if left_out:
        console.print(f"{left_out} rows of the table not shown (--rows 0 for all)", highlight=False, style="dim")
    console.print()
    console.print(_figure_table(trace))
    if trace.identities:
        console.print()
        console.print(_identity_table(trace))
    if image is not None:
        with new_file(image, force=force) as file:
            file.write_bytes(_drawn(trace, settings.reports))
        click.echo(f"\npicture of page {trace.cell.page}: {image}")


def _place_table(trace: Trace) -> Table:
    from rich.table import Table
    from rich.text import Text

    from dagster_project.console import printable

    page = "no pages in this format" if trace.cell.page is None else str(trace.cell.page)
    if trace.table["page_first"] != trace.table["page_last"]:
        page += f" (the table: {trace.table['page_first']} to {trace.table['page_last']})"
    place = f"{trace.table['table_seq']}, row {trace.cell.row_index}, column {trace.cell.col_index} (from 0)"
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    lines = [
        ("file", str(trace.report["file_name"])),
        ("page", page),
        ("headings", " > ".join(trace.headings) or "none above the table"),
        ("table", place),
    ]
    if trace.table["caption"]:
        lines.append(("caption", str(trace.table["caption"])))
    for label, value in lines:
        table.add_row(label, Text(printable(value)))
    return table


def _cell_table(trace: Trace, rows: int) -> tuple[Table, int]:
    """The table as printed, the cell marked, and how many rows were left out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from dagster_project.console import printable
    from dagster_project.extract.structure import is_number

    count, width = int(trace.table["n_rows"]), int(trace.table["n_cols"])
    wanted = _wanted_rows(count, int(trace.table["header_rows"]), trace.cell.row_index, rows)
    at = {(cell.row_index, cell.col_index): cell for cell in trace.cells}
    figures = {cell.col_index for cell in trace.cells if not cell.is_header and is_number(cell.text)}
    table = Table(box=box.SQUARE, show_header=False, show_lines=False)
    for column in range(width):
        table.add_column(justify="right" if column and column in figures else "left", overflow="fold")
    before = -1
    for row in wanted:
        if row != before + 1:
            table.add_row(*["…"] * width, style="dim")
        texts = []
        for column in range(width):
            cell = at.get((row, column))
            texts.append(Text("") if cell is None else _cell_text(cell, printable(cell.text, keep="\n"), trace.cell))
        table.add_row(*texts, end_section=row + 1 == trace.table["header_rows"])
        before = row
    return table, count - len(wanted)


def _cell_text(cell: PrintedCell, text: str, marked: PrintedCell) -> Text:
    from rich.text import Text

    if cell is marked:
        # Signs beside the colours: a pipe has none.
        return Text(f"▶ {text} ◀", style="bold black on yellow")
    return Text(text, style="bold" if cell.is_header else "")


def _wanted_rows(count: int, header_rows: int, marked: int, most: int) -> list[int]:
    """The header and the rows around the marked one, ``most`` in all; 0 is no limit."""
    if most == 0 or count <= most:
        return list(range(count))
    wanted = {*range(min(header_rows, most)), marked}
    distance = 1
    while len(wanted) < most:
        for row in (marked - distance, marked + distance):
            if 0 <= row < count and len(wanted) < most:
                wanted.add(row)
        distance += 1
    return sorted(wanted)


def _figure_table(trace: Trace) -> Table:
    from rich.table import Table
    from rich.text import Text

    from dagster_project.console import printable
    from dagster_project.warehouse.ask.query import as_text

    table = Table(title="understood as", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in trace.figure.items():
        if value is not None:
            table.add_row(name, Text(printable(as_text(value))))
    for key in trace.beside:
        table.add_row("same cell", Text(key))
    return table


def _identity_table(trace: Trace) -> Table:
    from rich.table import Table
    from rich.text import Text

    from dagster_project.console import printable

    table = Table(title="held against", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for identity in trace.identities:
        table.add_row(identity.kind, Text(printable(f"{_written_out(identity)}; {_judged(identity)}")))
    return table


def _written_out(identity: Identity) -> str:
    """The arithmetic with the figures as printed, those that are 0 left out, or what says the same."""
    first, *others = identity.figures
    if identity.source:
        return f"{first['value_text']} and {identity.source}"
    if first["role"] == "statement":
        return f"{first['value_text']} and " + ", ".join(
            f"{one['value_text']} {one['unit']} ({one['report_id']}, table {one['table_seq']}, row {one['row_index']},"
            f" column {one['col_index']}, {one['fact_key'][:16]})"
            for one in others
        )
    line = first["row_label"] if first["role"] == "total" else f"{first['row_label']}, {first['column_label']}"
    terms = [(one["sign"] * one["value_numeric"] < 0, one["value_text"].strip(SIGNS)) for one in others]
    added = "".join(
        f" {'-' if is_taken else '+'} {number}"
        for (is_taken, number), one in zip(terms, others, strict=True)
        if one["value_numeric"]
    )
    return f"row {first['row_index']} ({line}): {first['value_text']} ={added.removeprefix(' +') or ' 0'}"


def _judged(identity: Identity) -> str:
    from dagster_project.warehouse.ask.query import as_text

    off = f"off by {as_text(abs(identity.difference))}, rounding explains {as_text(identity.tolerance)}"
    if identity.is_broken:
        return f"does not hold, though it holds elsewhere in the table ({off})"
    if not identity.is_holding:
        return f"does not hold ({off})"
    return f"holds ({off})" + (", and proves the number" if identity.is_proving else ", too weak to prove the number")


def _drawn(trace: Trace, reports: Path) -> bytes:
    from dagster_project.extract import ExtractionError
    from dagster_project.extract.sandbox import Children
    from dagster_project.warehouse.ask.trace import SourceError, page_to_draw, read_source

    try:
        page, box = page_to_draw(trace)
        data = read_source(trace, reports)
        with Children() as children:
            return children.picture(data, page, box)
    except (SourceError, ExtractionError) as error:
        raise click.ClickException(str(error)) from error
