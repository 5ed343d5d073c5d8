"""Writes binary workbooks record by record, as [MS-XLSB] lays them out: no library writes formats into them.

Belongs here: records and the container. Does not belong here: what the tests expect of it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tests.typeset_office.word_parts import container

RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FIRST_OWN_FORMAT = 164


@dataclass(frozen=True)
class Rich:
    """A shared text whose end is raised."""

    text: str
    raised: str


Value = str | float | bool | Rich | None


@dataclass(frozen=True)
class Error:
    """An error cell, by its code."""

    code: int


@dataclass(frozen=True)
class BinarySheet:
    """Rows of (value, number format) from A1 on; hidden rows and columns, and merged areas with ends included."""

    name: str
    rows: Sequence[Sequence[tuple[Value | Error, str] | None]]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: Sequence[tuple[int, int, int, int]] = ()
    is_hidden: bool = False


def record(kind: int, content: bytes = b"") -> bytes:
    """One record: number and length in bytes of seven bits."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(content), b""
    while True:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return head + length + content


def text(value: str) -> bytes:
    """A string with its length."""
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def write_xlsb(sheets: Sequence[BinarySheet]) -> bytes:
    """The workbook."""
    codes = sorted({cell[1] for sheet in sheets for row in sheet.rows for cell in row if cell} - {"General"})
    looks = {"General": 0, **{code: index for index, code in enumerate(codes, start=1)}}
    values = (cell[0] for sheet in sheets for row in sheet.rows for cell in row if cell)
    shared = list(dict.fromkeys(value for value in values if isinstance(value, Rich)))
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
            for n in range(1, len(sheets) + 1)
        )
        + '<Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/></Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.bin")}),
        "xl/_rels/workbook.bin.rels": _relations(
            {
                **{f"rId{n}": ("worksheet", f"worksheets/sheet{n}.bin") for n in range(1, len(sheets) + 1)},
                "rId99": ("styles", "styles.bin"),
                "rId98": ("sharedStrings", "sharedStrings.bin"),
            }
        ),
        "xl/workbook.bin": _workbook(sheets),
        "xl/styles.bin": _styles(codes),
        "xl/sharedStrings.bin": _shared(shared),
        **{f"xl/worksheets/sheet{n}.bin": _sheet(sheet, looks, shared) for n, sheet in enumerate(sheets, start=1)},
    }
    return container(files)


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{RELATIONS}">{inner}</Relationships>'


def _shared(texts: Sequence[Rich]) -> bytes:
    items = b"".join(
        record(19, b"\x01" + text(rich.text + rich.raised) + struct.pack("<IHH", 1, len(rich.text), 1))
        for rich in texts
    )
    return record(159, struct.pack("<II", len(texts), len(texts))) + items + record(160)


def _workbook(sheets: Sequence[BinarySheet]) -> bytes:
    bundled = b"".join(
        record(156, struct.pack("<II", sheet.is_hidden, n) + text(f"rId{n}") + text(sheet.name))
        for n, sheet in enumerate(sheets, start=1)
    )
    return record(131) + record(143) + bundled + record(144) + record(132)


def _styles(codes: Sequence[str]) -> bytes:
    formats = b"".join(record(44, struct.pack("<H", FIRST_OWN_FORMAT + n) + text(code)) for n, code in enumerate(codes))
    plain, raised = (
        struct.pack("<HHHHBBBB", 220, 0, 400, escapement, 0, 2, 0, 0) + bytes(8) + b"\x02" + text("Calibri")
        for escapement in (0, 1)
    )

    def look(number: int) -> bytes:
        return record(47, struct.pack("<HHHHH", 0, number, 0, 0, 0) + bytes(6))

    cells = look(0) + b"".join(look(FIRST_OWN_FORMAT + n) for n in range(len(codes)))
    return (
        record(278)
        + (record(615, struct.pack("<I", len(codes))) + formats + record(616) if codes else b"")
        + record(611, struct.pack("<I", 2))
        + record(43, plain)
        + record(43, raised)
        + record(612)
        + record(626, struct.pack("<I", 1))
        + look(0)
        + record(627)
        + record(617, struct.pack("<I", 1 + len(codes)))
        + cells
        + record(618)
        + record(279)
    )


def _sheet(sheet: BinarySheet, looks: dict[str, int], shared: Sequence[Rich]) -> bytes:
    width = max(len(row) for row in sheet.rows)
    parts = [record(129), record(148, struct.pack("<IIII", 0, len(sheet.rows) - 1, 0, width - 1))]
    if sheet.hidden_columns:
        parts += [
            record(390),
            *(record(60, struct.pack("<IIIIH", c, c, 2340, 0, 1)) for c in sorted(sheet.hidden_columns)),
            record(391),
        ]
    parts.append(record(145))
    for r, row in enumerate(sheet.rows):
        flags = 0x10 if r in sheet.hidden_rows else 0
        parts.append(record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, flags, 0, 1) + struct.pack("<II", 0, width - 1)))
        for c, cell in enumerate(row):
            if cell is not None:
                parts.append(_cell(c, cell[0], looks[cell[1]], shared))
    parts.append(record(146))
    if sheet.merged:
        parts.append(record(177, struct.pack("<I", len(sheet.merged))))
        parts += [record(176, struct.pack("<IIII", top, end, left, right)) for top, left, end, right in sheet.merged]
        parts.append(record(178))
    return b"".join([*parts, record(130)])


def _cell(column: int, value: Value | Error, look: int, shared: Sequence[Rich]) -> bytes:
    head = struct.pack("<II", column, look)
    if isinstance(value, Rich):
        return record(7, head + struct.pack("<I", shared.index(value)))
    if isinstance(value, Error):
        return record(3, head + bytes([value.code]))
    if value is None:
        return record(1, head)
    if isinstance(value, bool):
        return record(4, head + bytes([value]))
    if isinstance(value, str):
        return record(6, head + text(value))
    return record(5, head + struct.pack("<d", value))
