"""Zip containers of office files and the XML in them, opened as untrusted: limits first, nothing resolved or fetched.

Belongs here: members, sizes, encryption marks, safe XML. Does not belong here: what the XML says (the readers).
"""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from dagster_project.extract.document import ExtractionError, Limits

RATIO_FREE_BYTES = 1024 * 1024
"""Size up to which a member may be packed at any ratio."""
CHUNK = 1024 * 1024
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D\x00O\x00C|E\x00N\x00T)|\x00<\x00!\x00(?:D\x00O|E\x00N)")
UNZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    struct.error,
)
"""What the unpacking of damaged bytes raises; a method that is not supported is a RuntimeError."""
DAMAGED = "a zip container that is cut off or damaged"
PASSWORD = "password protected: save it without a password"  # noqa: S105 - a message
RELATIONSHIP = re.compile(r"/relationships/(\w+)$")


class Package:
    """One container, read by member name; names are only looked up, never written, so ``../`` in one is harmless."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open the container.

        Raises:
            ExtractionError: damaged, encrypted, or beyond the limits.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except UNZIP_ERRORS as error:
            raise ExtractionError(DAMAGED) from error
        members = self._zip.infolist()
        if len(members) > limits.max_zip_members:
            raise ExtractionError(f"the zip container has {len(members)} files, the limit is {limits.max_zip_members}")
        if any(member.flag_bits & 0x1 for member in members):
            raise ExtractionError(PASSWORD)
        total = sum(member.file_size for member in members)
        if total > limits.max_unpacked_bytes:
            raise ExtractionError(
                f"the zip container unpacks to {total} bytes, the limit is {limits.max_unpacked_bytes}"
            )
        for member in members:
            packed = max(1, member.compress_size)
            if member.file_size > RATIO_FREE_BYTES and member.file_size > limits.max_zip_ratio * packed:
                raise ExtractionError(
                    f"a zip bomb: a file in the container unpacks to more than {limits.max_zip_ratio} times its size"
                )
        # Two central entries of one name are a way to show two programs two documents.
        self._names = {member.filename: member for member in members}
        if len(self._names) < len(members):
            raise ExtractionError(f"{DAMAGED}: a file is in it twice")

    @property
    def names(self) -> frozenset[str]:
        """The names of all members."""
        return frozenset(self._names)

    def read(self, name: str) -> bytes:
        """One member, unpacked; ``b""`` if there is none of this name."""
        if name not in self._names:
            return b""
        try:
            return self._zip.read(self._names[name])
        except UNZIP_ERRORS as error:
            raise ExtractionError(DAMAGED) from error

    def xml(self, name: str) -> etree._Element | None:
        """The root of an XML member; None if there is no such member. Entities are never resolved.

        Raises:
            ExtractionError: no well-formed XML, or XML with a document type, which office formats forbid.
        """
        data = self.read(name)
        return parse_xml(data, name) if data else None

    def refuse_doctypes(self) -> None:
        """Look through all XML members for document types, for parsers that are not ours.

        Raises:
            ExtractionError: one has a document type or declares entities.
        """
        for name in self._names:
            if name.lower().endswith((".xml", ".rels", ".vml")) and DOCTYPE.search(self.read(name)):
                raise ExtractionError(_doctype(name))

    def related(self, part: str) -> dict[str, list[str]]:
        """Parts that a part refers to (``""`` for the container itself), by kind (``styles``, ``worksheet``).

        References to anything outside the container are left out.
        """
        result: dict[str, list[str]] = {}
        for _, kind, target in self._relations(part):
            result.setdefault(kind, []).append(target)
        return result

    def targets(self, part: str) -> dict[str, str]:
        """The same by the id that the part uses for the reference."""
        return {identifier: target for identifier, _, target in self._relations(part)}

    def _relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        folder, base = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        for relation in () if root is None else root.iter("{*}Relationship"):
            kind = RELATIONSHIP.search(str(relation.get("Type") or ""))
            if kind is None or relation.get("TargetMode") == "External":
                continue
            target = posixpath.normpath(posixpath.join("/", folder, str(relation.get("Target") or ""))).lstrip("/")
            if target in self._names:
                yield str(relation.get("Id") or ""), kind[1], target


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse XML of an office file; see :meth:`Package.xml`."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise ExtractionError(f"damaged: {name} is no well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ExtractionError(_doctype(name))
    return root


def _doctype(name: str) -> str:
    return f"refused: {name} declares a document type or entities, which office files may not"
