"""``kommunlager mcp``: the published warehouse for programs with a language model, over the Model Context Protocol.

Belongs here: options and messages. Does not belong here: the tools (``dagster_project.asking``).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from dagster_project.settings import ConfigurationError, load_settings

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from dagster_project.serving.tokens import Tokens
    from dagster_project.serving.workers import Workers

PREFIX = "KOMMUNLAGER_MCP_"
ADDRESS = "127.0.0.1:9496"


@click.command()
@warehouse_option
@click.option(
    "--http",
    is_flag=False,
    flag_value=ADDRESS,
    metavar="[[HOST:]PORT]",
    envvar=PREFIX + "HTTP",
    show_envvar=True,
    help=f"Listen on this machine over HTTP (path /mcp), with tokens; without a value on {ADDRESS}.  "
    "[default: standard input and output]",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="KOMMUNLAGER_SERVE_TOKEN_FILE",
    show_envvar=True,
    help="Tokens of the readers over HTTP, as for `serve`, whose token is taken without it.",
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
    default=2048,
    envvar=PREFIX + "MEMORY",
    show_default=True,
    show_envvar=True,
    help="MB that the server may use, all its processes together; each query gets its part.",
)
@site_option
def mcp(
    warehouse: Path | None, http: str | None, token_file: Path | None, seconds: float, memory_mb: int, site: str
) -> None:
    """Let a program with a language model ask (MCP), read-only.

    It speaks the Model Context Protocol: the program starts this command itself and talks to it over standard input and
    output; with --http it is found at an address. Queries are judged and limited as by `serve`. The log, one JSON
    object a line, goes to standard error.
    """
    from dagster_project.serving.tokens import open_tokens
    from dagster_project.serving.workers import Limits

    settings = load_settings(warehouse=warehouse)
    checked_site(site)
    address = read_address(http, "--http") if http else None
    if address and not address.is_local:
        raise ConfigurationError(
            f"--http is {http}: only addresses of this machine are served without encryption; see docs/ask.md."
        )
    tokens, file = open_tokens(token_file, os.environ, settings.state / "serve.token") if address else (None, None)
    limits = Limits(seconds=seconds, memory_mb=memory_mb, running=2, answer_mb=16)
    with asyncio.Runner() as runner:
        runner.run(_serve(settings.warehouse, limits, site, address, tokens, file))


async def _serve(
    warehouse: Path, limits: Any, site: str, address: HttpAddress | None, tokens: Tokens | None, file: Path | None
) -> None:
    from dagster_project.asking.desk import Desk
    from dagster_project.asking.questions import Questions
    from dagster_project.asking.tools import Tools
    from dagster_project.serving.server import follow, note_readers
    from dagster_project.serving.workers import Workers

    log = logger()
    workers = Workers(warehouse, limits, log)
    server = Tools(Questions(Desk(workers), site), log).server()
    stop = told_to_stop()
    try:
        note_readers(workers, tokens)
        following = asyncio.create_task(follow(workers, tokens, log))
        if address is None or tokens is None:
            await _over_stdio(server, workers, stop)
        else:
            await workers.start()
            await _over_http(server, address, tokens, file, stop, log)
        following.cancel()
        await workers.close(0)
    finally:
        workers.forks.stop()
    if address is None and stop.is_set():
        os._exit(0)  # a thread waits for a line of standard input, and nothing can tell it that none comes


async def _over_stdio(server: MCPServer[Any], workers: Workers, stop: asyncio.Event) -> None:
    """Until the other side closes, or a signal comes. What is asked before the workers have started waits for them."""
    serving = asyncio.create_task(server.run_stdio_async())
    await workers.start()
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stopping.cancel()
        serving.result()
    else:
        serving.cancel()


async def _over_http(
    server: MCPServer[Any], address: HttpAddress, tokens: Tokens, file: Path | None, stop: asyncio.Event, log: Any
) -> None:
    from dagster_project.asking.web import MOST_BODY_BYTES, Gate, Web
    from dagster_project.serving.tokens import Guesses
    from dagster_project.serving.web import Bounds

    bounds = Bounds()
    app = server.streamable_http_app(
        json_response=True, stateless_http=True, max_request_body_size=MOST_BODY_BYTES, host=address.host
    )
    # Who gets would hold a connection for messages that this server never sends.
    web = Web(Gate(app, tokens, Guesses(), bounds, log, methods=("POST",)), bounds, log)
    await listen(web, address)
    click.echo(f"serving  {address.uri}/mcp")
    click.echo(f"token    {f'in {file}' if file else 'from KOMMUNLAGER_SERVE_TOKEN'}, as Authorization: Bearer TOKEN")
    sys.stdout.flush()
    await stop.wait()
    await web.stop()
