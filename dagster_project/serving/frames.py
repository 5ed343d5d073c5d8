"""Messages between the server's processes: a head in JSON, bytes, and perhaps an open file, over a Unix socket.

Belongs here: sending and receiving one message. Does not belong here: what the messages mean. The receiver does not
trust the sender: lengths are bounded before anything is read.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_LENGTHS: Final = struct.Struct("!II")

MOST_HEAD: Final = 4_000_000
"""Bytes of a head; the names of many columns are long."""

MOST_BODY: Final = 16_000_000
"""Bytes of a body; what is larger goes as a file."""

MOST_FILES: Final = 4


class BrokenFrameError(Exception):
    """The other side is gone, or says what makes no sense."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    head: Mapping[str, Any]
    body: bytes = b""
    files: Sequence[int] = field(default=())
    """Descriptors, which the receiver closes."""


def send(link: socket.socket, head: Mapping[str, Any], body: bytes = b"", files: Sequence[int] = ()) -> None:
    """Send one message; waits as long as the socket's timeout.

    Raises:
        OSError: the other side is gone or too slow.
    """
    text = json.dumps(head).encode()
    if len(text) > MOST_HEAD or len(body) > MOST_BODY:
        raise BrokenFrameError("the message is too long")
    lengths = _LENGTHS.pack(len(text), len(body))
    if files:
        socket.send_fds(link, [lengths], files)
    else:
        link.sendall(lengths)
    link.sendall(text)
    link.sendall(body)


def receive(link: socket.socket) -> Frame:
    """Receive one message; waits as long as the socket's timeout.

    Raises:
        TimeoutError: nothing came in time.
        BrokenFrameError: the other side has closed, or sent something else.
    """
    files: list[int] = []
    try:
        lengths, files, _, _ = socket.recv_fds(link, _LENGTHS.size, MOST_FILES)
        lengths += _exactly(link, _LENGTHS.size - len(lengths)) if lengths else b""
        if not lengths:
            raise BrokenFrameError("the other side has closed")
        head, body = _LENGTHS.unpack(lengths)
        if head > MOST_HEAD or body > MOST_BODY:
            raise BrokenFrameError("the message is too long")
        said = json.loads(_exactly(link, head))
        if not isinstance(said, dict):
            raise BrokenFrameError("the message makes no sense")
        return Frame(said, _exactly(link, body), files)
    except BaseException as error:
        for file in files:
            os.close(file)
        if isinstance(error, (ValueError, RecursionError)):
            raise BrokenFrameError("the message makes no sense") from None
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise BrokenFrameError(str(error)) from None
        raise


def _exactly(link: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = link.recv(min(length, 1 << 20))
        if not part:
            raise BrokenFrameError("the other side has closed")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
