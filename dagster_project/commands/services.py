"""The commands ``kolada refresh|status`` and ``scb refresh|status``.

Belongs here: options and what is printed. Does not belong here: asking (``outside.kolada``, ``outside.scb``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.commands.options import warehouse_option
from dagster_project.exit_codes import ExitCode
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from dagster_project.outside.fetching import Fetched, Status


@click.group("kolada")
def kolada() -> None:
    """Fetch figures of Kolada; the next refresh loads them. Nothing is fetched unless you ask or configure it."""


@kolada.command("refresh")
@click.option(
    "--kpi",
    "ids",
    multiple=True,
    metavar="ID",
    help="This indicator (again for more).  [default: those of the vocabulary]",
)
@click.option(
    "--year",
    "years",
    multiple=True,
    type=click.IntRange(1970, 2100),
    help="This year (again for more).  [default: all since 2000]",
)
@click.option("--address", help="Ask there.  [default: KOMMUNLAGER_KOLADA, else Kolada's own]")
@warehouse_option
def kolada_refresh(ids: tuple[str, ...], years: tuple[int, ...], address: str | None, warehouse: Path | None) -> None:
    """Ask Kolada for catalogue, similar municipalities and values, and keep them as new editions.

    What came before an error is kept; run it again to get the rest.
    """
    from dagster_project.outside.kolada import ADDRESS, address_of, refresh_kolada

    settings = load_settings(warehouse=warehouse)
    settings = replace(settings, kolada=address or address_of(settings) or ADDRESS)
    _fetch("Kolada", lambda: refresh_kolada(settings, ids=ids, years=sorted(set(years))))


@kolada.command("status")
@warehouse_option
def kolada_status_command(warehouse: Path | None) -> None:
    """Show whether Kolada is asked, what was fetched and how the last attempt ended."""
    from dagster_project.outside.kolada import kolada_status

    _tell(kolada_status(load_settings(warehouse=warehouse)), "KOMMUNLAGER_KOLADA")


@click.group("scb")
def scb() -> None:
    """Fetch figures of SCB; the next refresh loads them. Nothing is fetched unless you ask or configure it."""


@scb.command("refresh")
@click.option("--address", help="Ask there.  [default: KOMMUNLAGER_SCB, else SCB's own]")
@warehouse_option
def scb_refresh(address: str | None, warehouse: Path | None) -> None:
    """Ask SCB for inhabitants, net costs and tax rates, and keep them as new editions.

    What came before an error is kept; run it again to get the rest.
    """
    from dagster_project.outside.scb import ADDRESS, address_of, refresh_scb

    settings = load_settings(warehouse=warehouse)
    settings = replace(settings, scb=address or address_of(settings) or ADDRESS)
    _fetch("SCB", lambda: refresh_scb(settings))


@scb.command("status")
@warehouse_option
def scb_status_command(warehouse: Path | None) -> None:
    """Show whether SCB is asked, what was fetched and how the last attempt ended."""
    from dagster_project.outside.scb import scb_status

    _tell(scb_status(load_settings(warehouse=warehouse)), "KOMMUNLAGER_SCB")


def _fetch(name: str, ask: Callable[[], Fetched]) -> None:
    from dagster_project.outside.service import ServiceError

    try:
        fetched = ask()
    except ServiceError as error:
        click.echo(f"{name} could not be fetched: {error}", err=True)
        click.echo("What came is kept; run it again for the rest. Reports are refreshed as ever.", err=True)
        sys.exit(ExitCode.FAILED)
    for dataset, rows in fetched.rows.items():
        edition = next((one for one in fetched.editions if f"/{dataset}-" in one), "nothing new")
        click.echo(f"{dataset:<10} {rows:>8} rows  {edition}")
    click.echo(f"{fetched.asked} requests, {fetched.kept} answers kept from before")
    if fetched.editions:
        click.echo("The next refresh loads them.")


def _tell(status: Status, variable: str) -> None:
    click.echo(f"asked      {status.address or f'no ({variable} is not set)'}")
    if status.address:
        click.echo(f"schedule   {status.schedule or 'weekly, where Dagster runs'}")
    if status.last:
        ended = f"failed: {status.last['error']}" if status.last.get("error") else "fetched"
        click.echo(f"last       {status.last.get('at')} {ended}")
    if status.unfinished:
        click.echo(f"unfinished {status.unfinished}, {status.kept} answers kept")
    for key, _, rows in status.editions:
        click.echo(f"edition    {key}, {rows} rows")
    if not status.editions:
        click.echo("edition    none fetched; those of the checkout are there")
