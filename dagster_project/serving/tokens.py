"""Who may ask: tokens from a file or the environment, the name that each stands for, and how often one may guess.

Belongs here: reading, making, comparing and masking tokens, slowing those who have none. Does not belong here:
sessions. No token is ever shown or logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import secrets
import stat
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dagster_project.settings import ConfigurationError

SHORTEST: Final = 16
"""Characters of a token, at least: nobody guesses so many."""

VARIABLE: Final = "KOMMUNLAGER_SERVE_TOKEN"
"""Environment variable with one token."""

MASK: Final = "***"

FREE_TRIES: Final = 3
"""Wrong tokens in a minute from an address that are answered at once; everybody mistypes."""

LONGEST_WAIT: Final = 5.0
MOST_SLOWED: Final = 16
"""Wrong tokens of an address that can be waiting for their answer."""

REMEMBERED: Final = 10_000
TRUSTED_SECONDS: Final = 3600.0

_SAID: Final = re.compile(
    r"""(\btoken\b\s*+(?:(?:=>|:=|=)\s*+)?)"""
    r"""(?:'[^']*+(?:''[^']*+)*+'?|"[^"]*+"?|\$(\w*+)\$.*?(?:\$\2\$|\Z))""",
    re.IGNORECASE | re.DOTALL,
)
"""A token where a statement names one."""

_NAMED: Final = re.compile(r"(?P<name>[\w.@-]+):(?P<token>\S+)")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a token."""

    name: str
    token: str

    @property
    def account(self) -> str:
        """What tells this token from others, of the same name perhaps, without showing it."""
        return hashlib.sha256(self.token.encode()).hexdigest()[:16]

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

    def masked(self, text: str) -> str:
        """The text without any token that is known here, or that it calls a token itself."""
        for reader in self._readers:
            text = text.replace(reader.token, MASK)
        return _SAID.sub(rf"\1'{MASK}'", text)


class Guesses:
    """Slows wrong tokens, for each address; a reader who was let in from there before is never kept waiting.

    Behind a proxy all have one address. So a right token passes at once as long as few guess there; when many do, those
    readers pass who came from there in the last hour, and nobody else's token is looked at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._slowed: Counter[str] = Counter()
        self._trusted: OrderedDict[tuple[str, Reader], float] = OrderedDict()

    def is_passed(self, address: str, reader: Reader) -> bool:
        """Whether a right token lets its reader in now."""
        until = self._trusted.get((address, reader), 0.0)
        if self._slowed[address] >= MOST_SLOWED and until < self._clock():
            return False
        self._trusted[(address, reader)] = self._clock() + TRUSTED_SECONDS
        self._trusted.move_to_end((address, reader))
        if len(self._trusted) > REMEMBERED:
            self._trusted.popitem(last=False)
        return True

    @asynccontextmanager
    async def slowed(self, address: str) -> AsyncIterator[bool]:
        """Wait as long as the next wrong token from there takes; whether it was looked at at all."""
        if self._slowed[address] >= MOST_SLOWED:
            yield False
            return
        tries = self._wrong.setdefault(address, deque())
        self._wrong.move_to_end(address)
        if len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)
        while tries and tries[0] < self._clock() - 60:
            tries.popleft()
        tries.append(self._clock())
        if len(tries) > 100:
            tries.popleft()
        self._slowed[address] += 1
        try:
            over = len(tries) - FREE_TRIES
            await asyncio.sleep(min(LONGEST_WAIT, 0.1 * 2.0 ** min(over, 10)) if over > 0 else 0)
            yield True
        finally:
            self._slowed[address] -= 1
            if not self._slowed[address]:
                del self._slowed[address]


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
