"""The command ``map``: rows suggested for the vocabulary, and the check of an edited one.

Belongs here: options and what is printed. Does not belong here: what is suggested and checked
(``warehouse.vocabulary``).
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from dagster_project.commands.options import warehouse_option
from dagster_project.settings import load_settings

FORMULA_SIGNS = ("=", "@", "＝", "＠")
TYPES = ("indicator", "account", "unit", "scenario", "status")


@click.command("map")
@click.option("--check", is_flag=True, help="Check the seeds: form, duplicates, unknown codes, rings of parents.")
@click.option(
    "--type", "label_type", type=click.Choice(TYPES), help="Only rows of this type, without remarks: ready to append."
)
@warehouse_option
def map_labels(check: bool, label_type: str | None, warehouse: Path | None) -> None:
    """Suggest rows for labels that the vocabulary does not know, by likeness to names that it does.

    A suggestion does nothing by itself: read it, and where it is right paste the line into the file of
    seeds/vocabulary/ that stands above it. `select * from marts.unmapped_labels` lists the labels without one too.
    """
    from dagster_project.console import printable
    from dagster_project.settings import PROJECT
    from dagster_project.warehouse.ask.query import open_published
    from dagster_project.warehouse.intake.vocabulary import FOLDERS, check_vocabulary, suggestions

    if check:
        check_vocabulary()
        count = sum(len(list((PROJECT / "seeds" / folder).glob("*.csv"))) for folder in FOLDERS)
        click.echo(f"{count} seeds are in order.")
        return
    with open_published(load_settings(warehouse=warehouse).warehouse) as connection:
        found = suggestions(connection, label_type)
    # A seed holds the label as printed, so it cannot be marked; and a seed is opened in spreadsheets. A dash or a plus
    # before a label is printed often, and no word behind it is a function.
    odd = [one for one in found if any(value.lstrip().startswith(FORMULA_SIGNS) for value in one.row)]
    found = [suggestion for suggestion in found if suggestion not in odd]
    for suggestion in odd:
        click.echo(printable(f"# a spreadsheet would take this label for a formula: {suggestion.label}"), err=True)
    if label_type is not None:
        for suggestion in found:
            if suggestion.seed:
                click.echo(printable(suggestion.as_csv()))
        return
    for seed, group in groupby(found, key=lambda suggestion: suggestion.seed):
        click.echo(f"# seeds/vocabulary/{seed}.csv" if seed else "# like indicators of Kolada: each needs a concept")
        for suggestion in group:
            places = "1 report" if suggestion.reports == 1 else f"{suggestion.reports} reports"
            known = f"{suggestion.suggested_label!r} ({suggestion.suggested_key})"
            remark = f"{suggestion.score:.0f} like {known}, {places}"
            click.echo(printable(f"# {remark}"))
            click.echo(printable(suggestion.as_csv() if suggestion.seed else f"# {suggestion.label}"))
    if not found:
        click.echo("# no unknown label is like a known name", err=True)
