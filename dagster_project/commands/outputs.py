"""Files that a command writes where its user says.

Belongs here: that no file is overwritten unasked, and that one is there whole or not at all. Does not belong here: what
is in it, and folders, which their writers look after (``exporting.folder``, ``site.build``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

force_option = click.option(
    "--force", is_flag=True, envvar="KOMMUNLAGER_FORCE", show_envvar=True, help="Replace a file that is there already."
)


@contextmanager
def new_file(target: Path, *, force: bool) -> Iterator[Path]:
    """A path to write to; what is written there stands at ``target`` once the block has ended well.

    Pipes and devices are written to as they are.

    Raises:
        click.ClickException: a file is there and ``force`` is not given, or it cannot be written.
    """
    if target.exists() and not target.is_file():
        yield target
        return
    if target.exists() and not force:
        raise click.ClickException(f"{target} is there already; --force replaces it.")
    place = target.resolve()  # a link stays one
    unfinished = place.with_name(f".{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(place)
    except OSError as error:
        raise click.FileError(str(target), error.strerror or str(error)) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
