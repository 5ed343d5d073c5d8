"""What the commands share that answer programs: addresses, the log, the site.

Belongs here: options and their checks. Does not belong here: the servers (``serving``, ``asking``).
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from dagster_project.serving.addresses import is_local, with_port
from dagster_project.settings import ConfigurationError

if TYPE_CHECKING:
    from dagster_project.asking.web import Web

HOST = "127.0.0.1"
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]/\s]+):)?(?P<port>[0-9]{1,5})")

site_option = click.option(
    "--site",
    default="",
    envvar="KOMMUNLAGER_SITE",
    show_envvar=True,
    help="Address at which the pages of `kommunlager site` are published, for the links of figures.  "
    "[default: none; links are relative to it]",
)


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Where to listen."""

    host: str
    port: int

    @property
    def uri(self) -> str:
        """As programs write it."""
        return f"http://{with_port(self.host, self.port)}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_local(self.host)


def read_address(text: str, name: str) -> HttpAddress:
    """``PORT`` or ``HOST:PORT``.

    Raises:
        ConfigurationError: it is none.
    """
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ConfigurationError(f"{name} is {text!r}; PORT or HOST:PORT is wanted, such as {HOST}:9495.")
    return HttpAddress((found["host"] or HOST).strip("[]"), int(found["port"]))


def checked_site(text: str) -> str:
    """The address of the site.

    Raises:
        ConfigurationError: it is none.
    """
    if text and not re.fullmatch(r"(https?|file)://[^\s'\"<>]+", text):
        raise ConfigurationError(f"--site is {text!r}; an address such as https://example.org/kommunlager/ is wanted.")
    return text


def told_to_stop() -> asyncio.Event:
    """Set when a signal asks the process to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def listen(web: Web, address: HttpAddress) -> None:
    """Begin to answer over HTTP.

    Raises:
        ConfigurationError: nobody can listen there.
    """
    try:
        await web.start(address.host, address.port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error
        raise ConfigurationError(f"Cannot listen on {address.uri}: {why}") from None


def logger() -> Any:
    """The log of a server: a JSON object a line on standard error."""
    import structlog

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )
