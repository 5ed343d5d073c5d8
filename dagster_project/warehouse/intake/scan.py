"""Which files of the reports folder are reports, and under which id.

Belongs here: names, links, sizes. Does not belong here: what stands in a file.
"""

from __future__ import annotations

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dagster_project.extract.document import Limits, report_id_for
from dagster_project.extract.spelling import normalised
from dagster_project.settings import ConfigurationError

PLAIN = frozenset({".txt", ".tsv", ".md", ".csv"})
"""Extensions, in lower case, of text."""
READABLE = PLAIN | {".pdf", ".docx", ".docm", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".html", ".htm"}
"""Extensions, in lower case, of the formats that a reader exists for; what a file is, its content says."""

OVERRIDES_FILE = "reports.yml"
"""What people say about reports; stands at the top of the folder and is no report."""


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is none that somebody put there to be read: hidden, or the note of who has
    a document open that Word and Excel leave beside it (``~$report.docx``)."""
    return name.startswith((".", "~$"))


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file of the reports folder. ``refusal`` says why it cannot be loaded; None for a file to be read."""

    path: Path
    file_name: str
    """Path below the reports folder with forward slashes, in one spelling (a Mac writes ``ö`` as two characters): as
    it is on the disk only where two files have the same name to a person."""
    report_id: str
    size_bytes: int | None
    """None for what is no regular file."""
    refusal: str | None = None
    may_pass: bool = False
    """Whether the refusal says nothing about the file itself: it cannot be looked at now."""
    modified_at: datetime | None = None
    """When the file was last written, as the file system says; None where it says nothing that is a time."""


class FileFacts(NamedTuple):
    """By which a file is known again that its name does not tell."""

    size_bytes: int | None
    modified_us: int | None
    """Microseconds since 1970."""


def check_folder(folder: Path) -> None:
    """Whether ``folder`` can be a reports folder.

    Raises:
        ConfigurationError: it does not exist or is none.
    """
    try:
        is_folder, is_there = folder.is_dir(), folder.exists()
    except OSError as error:  # a network that is gone
        raise ConfigurationError(f"The reports folder {folder} cannot be looked at: {error.strerror}.") from None
    if not is_folder:
        what = "is no folder" if is_there else "does not exist"
        raise ConfigurationError(f"The reports folder {folder} {what}. Set it with --reports or KOMMUNLAGER_REPORTS.")


def find_reports(folder: Path, limits: Limits, loaded: Mapping[str, FileFacts] | None = None) -> list[FoundFile]:
    """Every file below ``folder`` that could be a report, sorted by ``file_name``; nothing is opened.

    ``loaded`` are the files, by name, whose figures stand in the warehouse: of files that would share a report_id,
    theirs stay.

    Left out: what is passed over (:func:`is_passed_over`), ``README*`` and the overrides file. Refused, with the
    reason: formats without a reader, files beyond the size limit, links that leave the folder, links to folders,
    special files, names without a letter or digit, files that would share a report_id, and, as one file, a folder below
    that cannot be listed.

    Raises:
        ConfigurationError: the folder itself does not exist, cannot be listed or is none.
    """
    check_folder(folder)
    found = [_examine(folder, path, limits) for path in _walk(folder)]
    spellings = Counter(normalised(file.file_name) for file in found)
    named = [
        replace(file, file_name=one) if spellings[one := normalised(file.file_name)] == 1 else file for file in found
    ]
    return _without_duplicates(sorted(named, key=lambda file: file.file_name), loaded or {})


def path_of(folder: Path, file_name: str) -> Path:
    """Where the file with this ``file_name`` is: its name on the disk may be spelled in another way."""
    path = folder / file_name
    if path.exists() or file_name.isascii():
        return path
    wanted = normalised(file_name)
    return next((other for other in _walk(folder) if normalised(other.relative_to(folder).as_posix()) == wanted), path)


def _walk(folder: Path) -> list[Path]:
    paths: list[Path] = []

    def unlistable(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise ConfigurationError(f"The reports folder {folder} cannot be listed: {error.strerror}.")
        paths.append(Path(error.filename))  # it may hold reports: to pass over it would drop them in silence

    for parent, folders, files in os.walk(folder, onerror=unlistable):
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = [name for name in folders if not is_passed_over(name) and name not in linked]
        for name in (*files, *linked):
            top_level = Path(parent) == folder
            if is_passed_over(name) or name.casefold().startswith("readme") or (top_level and name == OVERRIDES_FILE):
                continue
            paths.append(Path(parent) / name)
    return paths


def _examine(folder: Path, path: Path, limits: Limits) -> FoundFile:
    # A name that is no valid UTF-8 cannot be stored as text: such bytes show as \\xNN.
    file_name = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
    report_id = report_id_for(file_name)

    def refused(reason: str, size: int | None = None) -> FoundFile:
        return FoundFile(path, file_name, report_id, size, reason)

    def unreachable(reason: str) -> FoundFile:
        return FoundFile(path, file_name, report_id, None, reason, may_pass=True)

    try:
        if path.is_symlink() and (reason := _why_not_followed(folder, path.resolve())):
            return refused(reason)
        status = path.stat()
    except FileNotFoundError:
        return unreachable("a link to a file that does not exist" if path.is_symlink() else "the file has disappeared")
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        return unreachable(f"cannot be examined: {getattr(error, 'strerror', None) or error}")
    if stat.S_ISDIR(status.st_mode):
        return unreachable("the folder cannot be listed")
    if not stat.S_ISREG(status.st_mode):
        return unreachable("no regular file")

    extension = PurePosixPath(file_name).suffix
    size = status.st_size
    if extension.lower() not in READABLE:
        return refused(f"format not supported yet: {extension or 'no extension'}", size)
    if not report_id:
        return refused("the file name has no letter or digit to make a report_id of; rename the file", size)
    if size > limits.max_bytes:
        return refused(f"the file is too large: {size} bytes, the limit is {limits.max_bytes}", size)
    return FoundFile(path, file_name, report_id, size, modified_at=_instant(status.st_mtime))


def _why_not_followed(folder: Path, target: Path) -> str:
    """Why a link is not followed to what it leads to; empty where it is."""
    if not target.is_relative_to(folder.resolve()):
        return "a link that leaves the reports folder; put the file itself here"
    return "a link to a folder; links to folders are not followed" if target.is_dir() else ""


def _instant(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _facts(file: FoundFile) -> FileFacts:
    instant = None if file.modified_at is None else round(file.modified_at.timestamp() * 1e6)
    return FileFacts(file.size_bytes, instant)


def _standing(sharing: list[FoundFile], loaded: Mapping[str, FileFacts]) -> list[str]:
    """Which of the files that share a report_id are loaded.

    A file that was alone with its name is known by it in one spelling; now that there is another, it is that one of
    them which looks as it did.
    """
    by_name = [file for file in sharing if file.file_name in loaded]
    respelled = [file for file in sharing if file not in by_name and normalised(file.file_name) in loaded]
    if by_name and respelled:
        alike = [file for file in (*by_name, *respelled) if loaded.get(normalised(file.file_name)) == _facts(file)]
        if len(alike) == 1:
            return [alike[0].file_name]
    return [file.file_name for file in by_name]


def _without_duplicates(files: list[FoundFile], loaded: Mapping[str, FileFacts]) -> list[FoundFile]:
    """Refuse readable files that share a report_id, but for one that is loaded: which of them is meant, nobody can
    tell, and a newcomer must not withdraw figures that stand."""
    by_id: defaultdict[str, list[FoundFile]] = defaultdict(list)
    for file in files:
        if file.refusal is None:
            by_id[file.report_id].append(file)
    result = []
    for file in files:
        sharing = by_id[file.report_id]
        twins = [other.file_name for other in sharing if other is not file]
        standing = _standing(sharing, loaded)
        if file.refusal is not None or not twins or standing == [file.file_name]:
            result.append(file)
            continue
        reason = f"the report_id {file.report_id!r} is also that of {', '.join(twins)}; rename one of them"
        if len(standing) == 1:
            reason = (
                f"the report_id {file.report_id!r} of {file.file_name} is also that of {standing[0]}, which is loaded "
                "and stays; rename this one"
            )
        result.append(replace(file, refusal=reason))
    return result
