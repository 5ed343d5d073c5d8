"""The process that reads documents: takes jobs from its parent one after the other, and answers.

Belongs here: what crosses the pipe, and the loop of the child. Does not belong here: starting and ending children
(``sandbox``), the doors that are closed first (``confinement``), and reading (``extract``).
"""

from __future__ import annotations

import base64
import io
import json
import mimetypes
import os
import pickle
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import dagster_project.extract.damage
import dagster_project.extract.sniff  # noqa: F401 - both are to be there before this process is closed
from dagster_project.extract import extract, load_reader
from dagster_project.extract.confinement import SYSTEM_LIBRARIES, Layer, Needs, attempts, confine
from dagster_project.extract.document import (
    Cell,
    Document,
    ExtractionError,
    Heading,
    Paragraph,
    RunningLine,
    Table,
    WordFate,
)
from dagster_project.extract.ocr import READABLE

Box = tuple[float, float, float, float]
LENGTH = struct.Struct(">Q")
NO_ROOM = ("failed to map segment", "cannot allocate memory")
"""What the loader of libraries says without memory."""
MAX_MESSAGE = 2**30
"""Bytes: far more than a document within the limits takes."""
OUT_OF_MEMORY = "memory"
FAILED = "error"
READ = "document"
DRAWN = "picture"
SMALL = "small picture"
ASKED = "confinement"
PARTS: dict[str, Any] = {
    "headings": Heading,
    "paragraphs": Paragraph,
    "tables": Table,
    "cells": Cell,
    "running_lines": RunningLine,
    "word_fates": WordFate,
}
"""Fields of a document that hold records, and of which kind."""
Job = tuple[str, tuple[Any, ...]]
"""What is to be done (:data:`READ`, :data:`DRAWN`, :data:`SMALL`, :data:`ASKED`), and its arguments."""
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")
"""Where PDFium looks for fonts that a document does not bring along."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a child is told when it begins."""

    root: str
    """The folder above this package."""
    libraries: tuple[str, ...]
    """Folders with the packages of the readers."""
    memory_bytes: int
    cpu_seconds: int
    parent: int
    """Its parent; 0 where the parent cannot be seen from inside."""
    ocr: bool = False
    """Whether it reads pictures too."""


def serve(start: Start) -> None:
    """Close the doors, then do the jobs of standard input until it is closed."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    # What only text needs: an empty reader's time is that of starting it.
    load_reader("text")
    # openpyxl, which is imported late, lets Python look for the system's list of file types. A machine may have one
    # that the child may not read, and then the first workbook of every child failed. Nothing here needs that list.
    mimetypes.knownfiles.clear()
    layers = confine(Needs(_readable(start), start.memory_bytes, start.cpu_seconds), start.parent)
    for job in _jobs(source):
        kind, content = _answer(job, layers, start)
        used = resource.getrusage(resource.RUSAGE_SELF)
        answer = json.dumps((kind, content, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024))
        target.write(framed(answer.encode()))
        target.flush()
        if kind == OUT_OF_MEMORY:
            return


def _readable(start: Start) -> list[str]:
    """Libraries, for some of them are imported late, and fonts."""
    package = str(Path(start.root) / "dagster_project")
    pictures = READABLE if start.ocr else ()
    return [
        *(path for path in sys.path if path != start.root),
        *start.libraries,
        package,
        *SYSTEM_LIBRARIES,
        *FONTS,
        *pictures,
    ]


def _jobs(source: IO[bytes]) -> Iterator[Job]:
    while True:
        try:
            yield pickle.loads(_receive(source))  # noqa: S301 - from the parent, which is trusted
        except EOFError:
            return


def _answer(job: Job, layers: list[Layer], start: Start) -> tuple[str, Any]:
    what, arguments = job
    try:
        if what == ASKED:
            return what, [[asdict(layer) for layer in layers], attempts(start.parent or 1)]
        return what, WORK[what](*arguments)
    except ExtractionError as error:
        return FAILED, str(error)
    except MemoryError:
        return OUT_OF_MEMORY, ""
    except RecursionError:
        return FAILED, "nested too deep"
    except (ImportError, OSError) as error:
        # A library that is imported late finds no room either.
        if any(sign in str(error).lower() for sign in NO_ROOM):
            return OUT_OF_MEMORY, ""
        return FAILED, _failure(error)
    except Exception as error:  # whatever a parser raises is the document's fault here, and its reason
        return FAILED, _failure(error)


def _failure(error: Exception) -> str:
    return f"the reader failed on this document ({type(error).__name__}: {error})"


def _drawn(pdf_bytes: bytes, page: int, box: Box | None) -> str:
    from dagster_project.extract.picture import render_cell

    buffer = io.BytesIO()
    render_cell(pdf_bytes, page, box).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _small(pdf_bytes: bytes, page: int, width: int, quality: int) -> tuple[str, int, int, float | None]:
    from dagster_project.extract.picture import small_page

    found = small_page(pdf_bytes, page, width, quality)
    return base64.b64encode(found.content).decode("ascii"), found.width, found.height, found.pixels_per_point


WORK: dict[str, Callable[..., Any]] = {READ: lambda *job: _plain(extract(*job)), DRAWN: _drawn, SMALL: _small}


# --- what crosses the pipe ------------------------------------------------------------------------------------------


def framed(content: bytes) -> bytes:
    """One message as it goes through the pipe."""
    return LENGTH.pack(len(content)) + content


def _receive(pipe: IO[bytes]) -> bytes:
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError
    return content


def document_of(content: Any) -> Document:
    """The document from what the child sent. JSON, not pickle: a child that was taken over must not take the parent."""
    return Document(
        **{
            **content,
            **{name: tuple(kind(*row) for row in content[name]) for name, kind in PARTS.items()},
            "notes": tuple(content["notes"]),
        }
    )


def _plain(document: Document) -> dict[str, Any]:
    content = {field.name: getattr(document, field.name) for field in fields(document)}
    for name, kind in PARTS.items():
        values = attrgetter(*(field.name for field in fields(kind)))
        content[name] = [values(row) for row in content[name]]
    return content
