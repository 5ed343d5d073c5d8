"""Options that several commands share.

Belongs here: their names, variables and help. Does not belong here: options of one command.
"""

from __future__ import annotations

from pathlib import Path

import click

warehouse_option = click.option(
    "--warehouse",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="KOMMUNLAGER_WAREHOUSE",
    show_envvar=True,
    help="The published file, a link to the current release.  [default: warehouse/kommunlager.duckdb of the checkout]",
)

reports_option = click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="KOMMUNLAGER_REPORTS",
    show_envvar=True,
    help="Folder with the reports, for pictures of PDF pages.  [default: seeds/reports of the checkout]",
)
