"""The releases of a warehouse: folders that never change, one of which the link leads to.

Belongs here: their names and order, their manifests, which one is current, going back to one, and deleting old ones.
Does not belong here: how a release is made (``publishing``) and how two of them differ (``difference``).

    warehouse/kommunlager.duckdb                     the link that readers open
    warehouse/releases/<UTC time>-<content hash>/    kommunlager.duckdb, manifest.json, content.json, diff.md
    warehouse/releases/withdrawn.json                what was gone back from
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.files import replace_text, sha256_of

FOLDER: Final = "releases"
MANIFEST: Final = "manifest.json"
CONTENT: Final = "content.json"
DIFFERENCE: Final = "diff.md"
INDEX_FILE: Final = "search.duckdb"
INDEX: Final = "search"
"""Name under which the index of the texts is attached: its macros ask for it."""

WITHDRAWN: Final = "withdrawn.json"
LAST_BUILT: Final = "built.json"
"""In the state folder: hash of the content that passed its tests last, and when, for whoever must not open the working
file, which lets one process in at a time."""

WHOLE: Final = "whole.json"
"""In the state folder: how the file of the current release looked when it was found to be what it was when it was made.
"""

NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?")


class ReleaseError(Exception):
    """There is no such release, or nothing to go back to."""


@dataclass(frozen=True, slots=True)
class Release:
    """One published state of the warehouse."""

    folder: Path
    database: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """Time and content."""
        return self.folder.name

    @property
    def number(self) -> int:
        """Counts the releases of a warehouse from 1, whatever the clock says."""
        return int(self.manifest["number"])

    @property
    def content_hash(self) -> str:
        """The same for the same documents and rules."""
        return str(self.manifest["content_hash"])


def folder_of(link: Path) -> Path:
    """Where the releases of ``link`` are."""
    return link.parent / FOLDER


def releases(link: Path) -> list[Release]:
    """The releases of ``link``, oldest first."""
    found = []
    if folder_of(link).is_dir():
        for folder in folder_of(link).iterdir():
            release = _release(folder, link.name) if NAME.fullmatch(folder.name) else None
            if release is not None:
                found.append(release)
    return sorted(found, key=lambda release: (release.number, release.name))


def current(link: Path) -> Release | None:
    """The release that ``link`` leads to; None if it leads to none."""
    try:
        database = link.resolve(strict=True)
    except OSError:
        return None
    return _release(database.parent, link.name)


def name_of(database: Path) -> str:
    """What people call the release that ``database`` is the file of; its own name where no release made it."""
    return database.parent.name if NAME.fullmatch(database.parent.name) else database.stem


def _release(folder: Path, database: str) -> Release | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        size = manifest.get("database", {}).get("size_bytes")
        # A release never changes: a database of another size is damaged, and its content is not what the manifest says.
        is_whole = (folder / database).is_file() and size in (None, (folder / database).stat().st_size)
        if is_whole and {"number", "content_hash"} <= manifest.keys():
            return Release(folder, folder / database, manifest)
    except (OSError, ValueError, AttributeError):
        pass  # somebody else's folder, or half deleted
    return None


def point(link: Path, database: Path) -> None:
    """Let ``link`` lead to ``database``: one rename, before which the old release is current and after which the
    new."""
    new_link = link.parent / f".{link.stem}-{os.getpid()}.unfinished.link"
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(os.path.relpath(database, link.parent))  # relative: the folder can be moved
    new_link.replace(link)
    sync_folder(link.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in ``folder`` to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def roll_back(link: Path, name: str | None = None) -> tuple[Release | None, Release]:
    """Let ``link`` lead to the release ``name``, or to the one before the current one. Only with the refresh lock.

    Going back withdraws what was current: a refresh that gives the very same content again does not publish it. Going
    forward again, by name, lifts that.

    Returns:
        What was current before (None if nothing was) and what is now.

    Raises:
        ReleaseError: there is no such release, or none before the current one.
    """
    there, was = releases(link), current(link)
    if name is None:
        if was is None:
            raise ReleaseError("Nothing is published, so name the release: `kommunlager releases` lists them.")
        older = [release for release in there if release.number < was.number]
        if not older:
            raise ReleaseError(f"There is no release before {was.name}; `kommunlager releases` lists what is kept.")
        target = older[-1]
    else:
        fitting = [release for release in there if release.name == name] or [
            release for release in there if release.name.startswith(name) or release.content_hash.startswith(name)
        ]
        if len(fitting) != 1:
            what = "no release" if not fitting else f"{len(fitting)} releases"
            raise ReleaseError(f"There is {what} {name!r}; `kommunlager releases` lists what is kept.")
        target = fitting[0]
    if was is not None and was.content_hash != target.content_hash:
        hashes = withdrawn(link)
        if target.number < was.number:
            hashes[was.content_hash] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        hashes.pop(target.content_hash, None)
        _write_withdrawn(link, hashes)
    point(link, target.database)
    return was, target


def withdrawn(link: Path) -> dict[str, str]:
    """Content hashes that were gone back from, and when."""
    try:
        content = json.loads((folder_of(link) / WITHDRAWN).read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in content.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def is_published(link: Path, content_hash: str | None, state: Path | None = None) -> bool:
    """Whether readers have the content, or are not to have it, so that there is nothing to publish.

    With the state folder, which only the holder of the refresh lock gives, a file that has changed since it was made is
    found out too.
    """
    was = current(link)
    if was is None or content_hash is None:
        return False
    if content_hash in withdrawn(link):
        return True
    return was.content_hash == content_hash and (state is None or is_whole(state, was))


def is_whole(state: Path, release: Release) -> bool:
    """Whether the file of ``release`` is what it was when it was made; a file that looks as it did when that was found
    out is not read again. Only for the holder of the refresh lock."""
    if was_seen_whole(state, release):
        return True
    with suppress(OSError):
        if sha256_of(release.database) == release.manifest.get("database", {}).get("sha256"):
            note_whole(state, release)
            return True
    return False


def was_seen_whole(state: Path, release: Release) -> bool:
    """Whether the file of ``release`` looks as it did when it was last found to be what it was."""
    with suppress(OSError, ValueError, AttributeError):
        return bool(json.loads((state / WHOLE).read_text(encoding="utf-8")) == _look(release))
    return False


def note_whole(state: Path, release: Release) -> None:
    """Note how the file of ``release`` looks, which is as it was made; where that cannot be noted, it will be read."""
    with suppress(OSError):
        replace_text(state / WHOLE, json.dumps(_look(release)))


def _look(release: Release) -> dict[str, object]:
    """A file that somebody wrote to looks otherwise: the time of the last change of status cannot be set by a user."""
    status = release.database.stat()
    look = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return {"release": release.name, "look": list(look)}


def note_built(state: Path, content_hash: str) -> None:
    """Note what has passed its tests and is to be published.

    Raises:
        OSError: it cannot be noted.
    """
    noted = {"content_hash": content_hash, "built_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    replace_text(state / LAST_BUILT, json.dumps(noted) + "\n")


def last_built(state: Path) -> dict[str, str] | None:
    """``content_hash`` and ``built_at`` of what passed its tests last; None if nothing has, or nobody noted it."""
    try:
        noted = json.loads((state / LAST_BUILT).read_text(encoding="utf-8"))
        return {key: str(noted[key]) for key in ("content_hash", "built_at")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_withdrawn(link: Path, hashes: dict[str, str]) -> None:
    path = folder_of(link) / WITHDRAWN
    unfinished = path.with_name(f".{link.stem}-{os.getpid()}.unfinished")
    unfinished.write_text(json.dumps(hashes, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def prune(link: Path, keep: int) -> tuple[str, ...]:
    """Delete all but the last ``keep`` releases; never the current one. Returns the names of what was deleted."""
    now = current(link)
    removed: list[str] = []
    if now is None:  # it cannot be read at this moment: which one is not to be deleted, nobody can tell
        return ()
    for release in releases(link)[:-keep]:
        if release.folder != now.folder:
            with suppress(OSError):  # what cannot be deleted now will be next time
                release.database.unlink()  # first: a folder without it is no release
                removed.append(release.name)
                shutil.rmtree(release.folder)
    return tuple(removed)


def remove_leftovers(link: Path) -> None:
    """Delete what a publication of ``link`` that was cut off left behind. Only for the holder of the refresh lock."""
    unfinished = re.compile(r"\." + re.escape(link.stem) + r"-\d+\.unfinished(\.wal|\.link)?")
    for folder in (link.parent, folder_of(link)):
        with suppress(OSError):  # what cannot be listed or deleted now will be next time
            for path in list(folder.iterdir()):
                half_deleted = NAME.fullmatch(path.name) and path.is_dir() and not any(path.glob("*.duckdb"))
                if unfinished.fullmatch(path.name) or half_deleted:
                    with suppress(OSError):
                        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def check_target(link: Path) -> None:
    """Whether a warehouse can be published at ``link``; asked before any work is done.

    Raises:
        ConfigurationError: something that is no link stands there, or a folder cannot be written to.
    """
    if link.suffix != ".duckdb":
        raise ConfigurationError(f"The warehouse file {link} must end in .duckdb.")
    if not link.is_symlink() and link.exists():
        what = "folder" if link.is_dir() else "file"
        raise ConfigurationError(
            f"{link} is a {what}, not a link that a refresh made. It is left as it is: move it away, or choose another "
            "place with --warehouse or KOMMUNLAGER_WAREHOUSE."
        )
    for folder in (link.parent, folder_of(link)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"The folder {folder} cannot be made: {error.strerror}.") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigurationError(f"The folder {folder} cannot be written to.")
