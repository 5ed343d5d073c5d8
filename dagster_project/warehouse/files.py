"""Files as wholes: writing one so that it is there whole or as it was, and hashing what it holds.

Belongs here: what several modules do with a file, whatever is in it. Does not belong here: which files there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash


def replace_text(path: Path, text: str) -> None:
    """Write a file under another name and give it its own in one step; one writer at a time.

    Raises:
        OSError: it cannot be written; what was there is still there.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal, read piece by piece.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def add_files(digest: _Hash, root: Path, paths: Iterable[Path]) -> None:
    """Add files to a hash, each with its name below ``root`` and its size, in the order given.

    Raises:
        OSError: one cannot be read.
    """
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
