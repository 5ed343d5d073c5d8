"""``kommunlager serve``: the published warehouse for many readers, over DuckDB's Quack protocol.

Belongs here: options and messages. Does not belong here: the server (``dagster_project.serving``).
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from dagster_project.commands.doors import (
    HttpAddress,
    checked_site,
    listen,
    logger,
    read_address,
    site_option,
    told_to_stop,
)
from dagster_project.commands.options import warehouse_option
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from dagster_project.asking.web import Web
    from dagster_project.serving.server import Address
    from dagster_project.serving.tokens import Guesses, Tokens
    from dagster_project.serving.web import Bounds
    from dagster_project.serving.workers import Limits, Workers

PREFIX = "KOMMUNLAGER_SERVE_"
HTTP_ADDRESS = "127.0.0.1:9495"
SENT_ANSWERS = 2
"""Largest answers that may be on their way over HTTP at once."""


@click.command()
@warehouse_option
@click.option("--host", default="127.0.0.1", envvar=PREFIX + "HOST", show_default=True, show_envvar=True)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=9494,
    envvar=PREFIX + "PORT",
    show_default=True,
    show_envvar=True,
)
@click.option(
    "--http",
    is_flag=False,
    flag_value=HTTP_ADDRESS,
    metavar="[[HOST:]PORT]",
    envvar=PREFIX + "HTTP",
    show_envvar=True,
    help=f"Answer JSON and CSV over HTTP too, beside Quack; without a value on {HTTP_ADDRESS}.  [default: not]",
)
@site_option
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=PREFIX + "TOKEN_FILE",
    show_envvar=True,
    help="Tokens of the readers, one a line, as name:token; the file must be closed to others. Without it the token is "
    "read from KOMMUNLAGER_SERVE_TOKEN, else from serve.token in the state folder, which is made.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=30.0,
    envvar=PREFIX + "SECONDS",
    show_default=True,
    show_envvar=True,
    help="A query that takes longer is stopped.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(min=64),
    default=4096,
    envvar=PREFIX + "MEMORY",
    show_default=True,
    show_envvar=True,
    help="MB that the server may use, all its processes together; each query gets its part.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=2,
    envvar=PREFIX + "THREADS",
    show_default=True,
    show_envvar=True,
    help="Threads of one query.",
)
@click.option(
    "--running",
    type=click.IntRange(min=1),
    default=4,
    envvar=PREFIX + "RUNNING",
    show_default=True,
    show_envvar=True,
    help="Queries that run at a time; the others wait. Half as many long ones may go on beside them.",
)
@click.option(
    "--token-cpu",
    "reader_cpu_seconds",
    type=click.FloatRange(min=1),
    envvar=PREFIX + "TOKEN_CPU",
    show_envvar=True,
    help="Seconds of processor time that one token may use in a minute. [default: any, but others go first]",
)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=512,
    envvar=PREFIX + "CONNECTIONS",
    show_default=True,
    show_envvar=True,
    help="Connections at a time; beyond, the slowest one that has not made its request is closed.",
)
@click.option(
    "--address-connections",
    type=click.IntRange(min=1),
    default=256,
    envvar=PREFIX + "ADDRESS_CONNECTIONS",
    show_default=True,
    show_envvar=True,
    help="Of one address. Behind a proxy all readers have the proxy's.",
)
@click.option(
    "--answer",
    "answer_mb",
    type=click.IntRange(min=1),
    default=256,
    envvar=PREFIX + "ANSWER",
    show_default=True,
    show_envvar=True,
    help="MB of one answer.",
)
@click.option(
    "--log-queries",
    type=click.Choice(["text", "hash"]),
    default="text",
    envvar=PREFIX + "LOG_QUERIES",
    show_default=True,
    show_envvar=True,
    help="Whether the log holds the text of the queries or their SHA-256.",
)
def serve(
    warehouse: Path | None, host: str, port: int, token_file: Path | None, http: str | None, site: str, **options: Any
) -> None:
    """Serve the published warehouse to many readers at once, read-only: DuckDB's Quack protocol, JSON and CSV.

    Follows new releases by itself. The log, one JSON object a line, goes to standard error. SIGTERM stops it.
    """
    from dagster_project.serving.server import Address
    from dagster_project.serving.tokens import open_tokens
    from dagster_project.serving.web import Bounds
    from dagster_project.serving.workers import Limits

    log_queries = options.pop("log_queries")
    bounds = Bounds(connections=options.pop("connections"), per_address=options.pop("address_connections"))
    settings = load_settings(warehouse=warehouse)
    tokens, file = open_tokens(token_file, os.environ, settings.state / "serve.token")
    address = Address(host, port)
    over_http = _OverHttp(read_address(http, "--http"), checked_site(site)) if http else None
    limits = Limits(**options, sent_answers=SENT_ANSWERS if over_http else 0)
    with asyncio.Runner() as runner:
        runner.run(_serve(settings.warehouse, limits, tokens, file, address, bounds, log_queries, over_http))


@dataclass(frozen=True, slots=True)
class _OverHttp:
    address: HttpAddress
    site: str


async def _serve(
    warehouse: Path,
    limits: Limits,
    tokens: Tokens,
    file: Path | None,
    address: Address,
    bounds: Bounds,
    log_queries: Literal["text", "hash"],
    over_http: _OverHttp | None,
) -> None:
    from dagster_project.serving.server import Server
    from dagster_project.serving.tokens import Guesses
    from dagster_project.serving.workers import Workers

    stop = told_to_stop()
    log = logger()
    workers = Workers(warehouse, limits, log)
    guesses = Guesses()
    server = Server(workers, tokens, address, log, log_queries=log_queries, bounds=bounds, guesses=guesses)
    web = _web(workers, tokens, guesses, bounds, log, log_queries, over_http.site) if over_http else None
    try:
        await server.start()
        if web and over_http:
            await listen(web, over_http.address)
            log.info("serving over http", address=over_http.address.uri)
        click.echo(f"serving  {warehouse} on {address.uri}")
        click.echo(f"token    {f'in {file}' if file else 'from KOMMUNLAGER_SERVE_TOKEN'}")
        click.echo(f"ask it   from quack_query('{address.uri}', 'from marts.report_values limit 10', token => '...')")
        if over_http:
            click.echo(f"http     curl -H 'Authorization: Bearer ...' {over_http.address.uri}/api/figures?concept=...")
        if not address.is_local or (over_http and not over_http.address.is_local):
            click.echo(
                "warning  other machines can reach this address without encryption; see docs/connect/quack.md", err=True
            )
        sys.stdout.flush()
        await stop.wait()
        await asyncio.gather(server.stop(), *([web.stop()] if web else []))
    finally:
        workers.forks.stop()


def _web(
    workers: Workers,
    tokens: Tokens,
    guesses: Guesses,
    bounds: Bounds,
    log: Any,
    log_queries: Literal["text", "hash"],
    site: str,
) -> Web:
    from dagster_project.asking.api import PUBLIC, Api
    from dagster_project.asking.desk import Desk
    from dagster_project.asking.questions import Questions
    from dagster_project.asking.web import Gate, Web

    app = Api(Questions(Desk(workers), site), tokens, bounds, log, log_queries).app()
    return Web(Gate(app, tokens, guesses, bounds, log, public=PUBLIC), bounds, log)
