"""Who may ask: tokens from a file or the environment, and the name that each stands for.

Belongs here: reading, making and comparing tokens. Does not belong here: sessions. No token is ever shown or logged.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dagster_project.settings import ConfigurationError

SHORTEST: Final = 16
"""Characters of a token, at least: nobody guesses so many."""

VARIABLE: Final = "KOMMUNLAGER_SERVE_TOKEN"
"""Environment variable with one token."""

_NAMED: Final = re.compile(r"(?P<name>[\w.@-]+):(?P<token>\S+)")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a token."""

    name: str
    token: str

    def __repr__(self) -> str:  # or a traceback would show the token
        return f"Reader({self.name!r})"


class Tokens:
    """The readers of one file, read again when it changes: a line taken out shuts that reader out at once."""

    def __init__(self, path: Path | None, readers: tuple[Reader, ...] = ()) -> None:
        self._path = path
        self._readers = readers
        self._seen: tuple[int, int] | None = None
        if path is not None:
            self._seen = _state_of(path)
            self._readers = read_token_file(path)

    def reader_of(self, token: str) -> Reader | None:
        """Whose token this is; takes as long for a wrong one as for a right one."""
        found = None
        for reader in self.current():
            if hmac.compare_digest(reader.token.encode(), token.encode()):
                found = reader
        return found

    def current(self) -> tuple[Reader, ...]:
        """The readers of now. A file that is gone or broken admits nobody."""
        if self._path is None:
            return self._readers
        try:
            state = _state_of(self._path)
            if state != self._seen:
                self._readers, self._seen = read_token_file(self._path), state
        except (OSError, ConfigurationError):
            self._readers, self._seen = (), None
        return self._readers


def _state_of(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_ino


def open_tokens(path: Path | None, environment: Mapping[str, str], default: Path) -> tuple[Tokens, Path | None]:
    """The tokens of the file given, else of the environment, else of the file ``default``, which is made if need be.

    Returns:
        The tokens, and the file that holds them (None when they are from the environment).

    Raises:
        ConfigurationError: no such file, one that others may read, or a token that is too short.
    """
    if path is None and environment.get(VARIABLE):
        return Tokens(None, (_reader("reader", environment[VARIABLE], VARIABLE),)), None
    if path is None:
        path = default
        make_token_file(path)
    return Tokens(path), path


def make_token_file(path: Path) -> None:
    """A file with one random token that only its owner may read; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


def read_token_file(path: Path) -> tuple[Reader, ...]:
    """One reader a line, ``name:token`` or a token alone; blank lines and lines that begin with # do not count.

    Raises:
        ConfigurationError: the file cannot be read, is open to others, or a line is wrong (named by its number only).
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"The token file {path} cannot be read: {error}") from None
    if stat.S_IMODE(mode) & 0o027:
        raise ConfigurationError(
            f"The token file {path} is open to others (mode {stat.S_IMODE(mode):04o}); close it with: chmod 600 {path}"
        )
    readers = []
    for number, line in enumerate(text.splitlines(), start=1):
        given = line.strip()
        if not given or given.startswith("#"):
            continue
        named = _NAMED.fullmatch(given)
        readers.append(
            _reader(named["name"] if named else "reader", named["token"] if named else given, f"{path}, line {number}")
        )
    if not readers:
        raise ConfigurationError(f"The token file {path} holds no token.")
    return tuple(readers)


def _reader(name: str, token: str, place: str) -> Reader:
    if len(token) < SHORTEST or not token.isascii() or any(character.isspace() for character in token):
        raise ConfigurationError(
            f"{place}: a token needs at least {SHORTEST} letters, digits or signs of ASCII, without blanks."
        )
    return Reader(name, token)
