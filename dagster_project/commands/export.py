"""``kommunlager export``: the published warehouse as Parquet, CSV and Excel, described by a data package.

Belongs here: options and messages. Does not belong here: the files (``dagster_project.exporting``).
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.options import exact_option, warehouse_option
from dagster_project.settings import load_settings


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    type=click.Choice(["parquet", "csv", "xlsx"]),
    multiple=True,
    help="May be given several times.  [default: all three]",
)
@click.option(
    "--views",
    multiple=True,
    help="Tables or views, with commas or several times; raw.cell for another schema.  [default: all of the marts]",
)
@click.option(
    "--municipality",
    "municipalities",
    multiple=True,
    help="Name or four-digit code; with commas or several times.  [default: all]",
)
@exact_option
@warehouse_option
def export(
    folder: Path,
    formats: tuple[str, ...],
    views: tuple[str, ...],
    municipalities: tuple[str, ...],
    exact: bool,
    warehouse: Path | None,
) -> None:
    """Write the published warehouse into FOLDER as Parquet, CSV and Excel, with a datapackage.json that describes it.

    The folder is complete or not there; an earlier export is replaced.
    """
    from dagster_project.console import number, size
    from dagster_project.exporting.folder import FORMATS
    from dagster_project.exporting.folder import export as write
    from dagster_project.exporting.relations import ExportError

    settings = load_settings(warehouse=warehouse)
    try:
        done = write(
            settings.warehouse,
            folder.absolute(),
            formats=[form for form in FORMATS if form in formats] or FORMATS,
            views=_split(views),
            municipalities=_split(municipalities),
            exact=exact,
        )
    except ExportError as error:
        raise click.ClickException(str(error)) from None
    for form in FORMATS:
        written = [one for one in done if one.form == form]
        if written:
            total = max(one.size_bytes for one in written) if form == "xlsx" else sum(one.size_bytes for one in written)
            rows = sum(one.rows for one in written)
            click.echo(f"{form:<9}{len(written)} tables and views, {number(rows)} rows, {size(total)}")
    click.echo(f"written  {folder}")
    if not any(one.rows for one in done):
        click.echo("There is no row for this choice.", err=True)


def _split(values: tuple[str, ...]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
