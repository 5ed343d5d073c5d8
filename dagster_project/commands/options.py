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
    help="The published file, a link to the current release.  [default: warehouse/kommunlager.duckdb]",
)

exact_option = click.option(
    "--exact",
    is_flag=True,
    envvar="KOMMUNLAGER_EXACT",
    show_envvar=True,
    help="Leave texts in CSV as they are, for programs that read them back; without it one that a spreadsheet would "
    "take for a formula gets an apostrophe before it.",
)

reports_option = click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="KOMMUNLAGER_REPORTS",
    show_envvar=True,
    help="Folder with the reports, for pictures of PDF pages.  [default: seeds/reports of the checkout, or reports]",
)
