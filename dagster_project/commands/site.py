"""``kommunlager site``: the published warehouse as a folder of web pages.

Belongs here: options and messages. Does not belong here: the pages (``dagster_project.site``).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from dagster_project.commands.options import reports_option, warehouse_option
from dagster_project.settings import default_place, load_settings


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: default_place() / "site",
    show_default="site of the checkout, or of the current folder",
    help="Folder to write; one that holds something else is left alone.",
)
@click.option(
    "--handbook",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the handbook as pages (make docs), to put beside and link to.",
)
@warehouse_option
@reports_option
def site(out: Path, handbook: Path | None, warehouse: Path | None, reports: Path | None) -> None:
    """Write the published warehouse as web pages: one folder, to open from disk or put on any web server."""
    from dagster_project.site import SiteError, build_site
    from dagster_project.warehouse.ask.query import QueryError
    from dagster_project.warehouse.build.transform import TransformError, manifest_path

    started = time.monotonic()
    settings = load_settings(reports=reports, warehouse=warehouse)
    try:
        manifest: Path | None = manifest_path()
    except TransformError:
        manifest = None
    try:
        result = build_site(
            settings.warehouse, out.absolute(), reports=settings.reports, manifest=manifest, handbook=handbook
        )
    except (SiteError, QueryError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{result.pages} pages, {result.size_bytes / 1e6:.1f} MB, {time.monotonic() - started:.1f} seconds")
    click.echo(f"open {result.folder / 'index.html'}")
