"""Asking a web service politely, and going on where an earlier attempt stopped.

Belongs here: one request at a time, a pause between two, repeats of what failed for a while, and answers kept until
everything is there. Does not belong here: what is asked and what the answers mean (``kolada``, ``scb``).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import requests
import tenacity
from requests.structures import CaseInsensitiveDict

MAX_BYTES: Final = 64_000_000
"""Of one answer; a page of Kolada has about one."""
TEMPORARY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class ServiceError(Exception):
    """The service did not give what was asked for; the message says what was asked and what came."""


class TooManyError(ServiceError):
    """The service refuses the request as too large (422): half of it may do."""


class TemporaryError(ServiceError):
    """An answer that may be another one in a while: none, half of one, or one that says so."""

    def __init__(self, message: str, pause: float = 0) -> None:
        super().__init__(message)
        self.pause = pause
        """Seconds that the service asks to wait."""


@dataclass
class Service:
    """One web service that answers with JSON.

    Answers are kept in ``cache`` by their address, so that a second attempt asks only for what is missing.
    """

    address: str
    """Without a slash at its end."""
    cache: Path
    per_second: float = 3
    attempts: int = 6
    first_pause: float = 1
    """Seconds before the first repeat; each further one is twice as long, up to ``longest_pause``."""
    longest_pause: float = 60
    timeout: float = 60
    """Seconds without a byte."""
    asked: int = 0
    """Requests sent, repeats included."""
    kept: int = 0
    """Answers that were in the cache."""
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _next_at: float = field(default=0, repr=False)

    def get(self, path: str, check: Callable[[Any], str], body: object = None) -> Any:
        """The answer to ``path``, from the cache or the service.

        Args:
            path: below ``address``, with a slash before it.
            check: says what is wrong with an answer; empty for nothing. A wrong one is asked for again.
            body: what is asked, sent as JSON by POST where it is too long for an address.

        Raises:
            TooManyError: the request is too large.
            ServiceError: no good answer came, however often it was asked for.
        """
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        place = self.cache / f"{hashlib.sha256(path.encode() + (sent or b'')).hexdigest()[:32]}.json"
        try:
            answer = json.loads(place.read_bytes())
        except (OSError, ValueError):
            pass
        else:
            if not check(answer):
                self.kept += 1
                return answer
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(TemporaryError),
            reraise=True,
        )
        answer = retrying(self._ask, path, check, sent)
        self.cache.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(place)
        return answer

    def _pause(self, state: tenacity.RetryCallState) -> float:
        exponential = tenacity.wait_exponential_jitter(
            multiplier=self.first_pause, max=self.longest_pause, jitter=self.first_pause
        )
        error = state.outcome.exception() if state.outcome else None
        asked = error.pause if isinstance(error, TemporaryError) else 0
        return max(exponential(state), min(asked, self.longest_pause))

    def _ask(self, path: str, check: Callable[[Any], str], sent: bytes | None) -> Any:
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + 1 / self.per_second
        self.asked += 1
        url = self.address + path
        try:
            with self._session.request(
                "GET" if sent is None else "POST",
                url,
                data=sent,
                headers={"Accept": "application/json", "User-Agent": "kommunlager"}
                | ({} if sent is None else {"Content-Type": "application/json"}),
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = b""
                for chunk in response.iter_content(1 << 16):
                    content += chunk
                    if len(content) > MAX_BYTES:
                        raise ServiceError(f"{url} answered more than {MAX_BYTES} bytes.")
        except requests.RequestException as error:
            raise TemporaryError(f"{url} did not answer: {' '.join(str(error).split())}") from error
        if response.status_code == 422:
            raise TooManyError(f"{url} was refused as too large (422): {_start(content)}")
        if response.status_code in TEMPORARY:
            raise TemporaryError(f"{url} answered {response.status_code}: {_start(content)}", _asked(response.headers))
        if response.status_code != 200:
            raise ServiceError(f"{url} answered {response.status_code}: {_start(content)}")
        try:
            answer = json.loads(content.decode("utf-8"))  # no answer names its encoding
        except ValueError as error:
            raise TemporaryError(f"{url} answered what is no JSON: {error}") from error
        if problem := check(answer):
            raise TemporaryError(f"{url} answered {problem}")
        return answer


def _start(content: bytes) -> str:
    return " ".join(content[:200].decode("utf-8", "replace").split()) or "nothing"


def _asked(headers: CaseInsensitiveDict[str]) -> float:
    """Seconds of ``Retry-After``, which is a number or a date; 0 without one."""
    value = headers.get("Retry-After", "")
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0
