"""Asking the published warehouse: one read-only question, and its answer in the format wanted.

Belongs here: the connection readers get, and how values are written out. Does not belong here: terminal colours and
widths (``cli``). A cell's text comes out as it went in, in every format.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, TextIO

import duckdb

from dagster_project.warehouse.sql import literal

FETCHED_AT_ONCE: Final = 10_000


class QueryError(Exception):
    """The question could not be answered; the message says why."""


@contextmanager
def open_published(
    link: Path, *, extensions: Sequence[Path] = (), beside: Mapping[str, str] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The current version, to be read only: no writing, no other file, no setting that would lift that.

    Args:
        link: the published file.
        extensions: files of DuckDB extensions to load; nothing can be loaded later.
        beside: other databases of the release by the name to attach them under; what is not there is left out.

    Raises:
        QueryError: nothing is published, or it cannot be opened.
    """
    if not link.exists():
        raise QueryError(f"There is no warehouse at {link} yet. `kommunlager refresh` makes it.")
    connection = duckdb.connect(config={"python_enable_replacements": False})
    try:
        for extension in extensions:
            connection.execute(f"load {literal(extension)}")
        _attach(connection, link, beside or {})
        connection.execute("use kommunlager")
        with suppress(duckdb.CatalogException):  # a file without marts is opened too
            connection.execute("use kommunlager.marts")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        raise QueryError(f"The warehouse {link} cannot be opened: {first_line(error)}") from error
    try:
        yield connection
    finally:
        connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, link: Path, beside: Mapping[str, str]) -> None:
    """The release that ``link`` leads to, under names that are always the same."""
    while True:
        # The release, not the link: it stays the same file while we read.
        release = link.resolve()
        try:
            _attach_file(connection, release, "kommunlager")
            for name, file in beside.items():
                if release.with_name(file).exists():
                    _attach_file(connection, release.with_name(file), name)
        except duckdb.Error:
            if link.resolve() == release:
                raise
            # Between the two steps the next release came and this one was deleted: only where few are kept.
        else:
            return


def _attach_file(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    connection.execute(f"attach or replace {literal(path)} as {name} (read_only)")


class Answer:
    """The result of a question: column names and rows, fetched as they are asked for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Ask.

        Raises:
            QueryError: the SQL is wrong or not allowed; the message is DuckDB's, with the place in the text.
        """
        try:
            result: duckdb.DuckDBPyConnection | None = connection.execute(sql)
        except (duckdb.Error, ValueError) as error:
            raise QueryError(str(error)) from error
        if result is None:  # nothing but blanks and comments
            raise QueryError("There is no SQL statement.")
        self._result = result
        description = result.description or []
        self.columns: list[str] = [column[0] for column in description]
        self.is_numeric: list[bool] = [
            str(column[1]) in _NUMERIC or "DECIMAL" in str(column[1]) for column in description
        ]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, in the order of the answer."""
        try:
            while chunk := self._result.fetchmany(FETCHED_AT_ONCE):
                yield from chunk
        except duckdb.Error as error:
            raise QueryError(str(error)) from error

    def write_csv(self, out: TextIO, *, exact: bool = False) -> None:
        """Comma-separated, quoted where needed, null as nothing and an empty text as ``""``.

        Unless ``exact``, a text that a spreadsheet would take for a formula is made harmless (:func:`harmless`).
        """
        for row in chain([self.columns], self.rows()):
            out.write(",".join(csv_value(value, exact=exact) for value in row) + "\n")

    def write_json(self, out: TextIO) -> None:
        """An array with an object for each row, one row a line; decimals as exact numbers."""
        names = [json.dumps(name, ensure_ascii=False) for name in self.columns]
        separator = "[\n"
        for row in self.rows():
            values = (f"{name}: {json_value(value)}" for name, value in zip(names, row, strict=True))
            out.write(separator + "{" + ", ".join(values) + "}")
            separator = ",\n"
        out.write("[]\n" if separator == "[\n" else "\n]\n")

    def write_parquet(self, path: Path) -> None:
        """A Parquet file at ``path``, with the types of the answer.

        Raises:
            QueryError: the question fails on its way.
            OSError: the file cannot be written.
        """
        import pyarrow.parquet

        try:
            reader = self._result.to_arrow_reader(FETCHED_AT_ONCE)
            with pyarrow.parquet.ParquetWriter(path, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)
        except duckdb.Error as error:
            raise QueryError(str(error)) from error


FORMULA: Final = re.compile(
    r"(^|[;\t\r\n])((?:[^\S\t\r\n]|[\x00-\x08\x0e-\x1b\u200b-\u200f\u2060\ufeff])*)(?=[=+\-@＝＋－＠])"
)
"""Where a formula may begin: at the beginning of a text, or where a program that takes another separator begins a cell.
"""

NO_FORMULA: Final = re.compile(r"[+\-＋－]?(?: ?\d[\d \u00a0\u2009\u202f.,]*[ \u00a0\u202f]?[%‰]?)?")
"""Numbers as they are printed (-7,7 %), and a sign alone, which stands for nothing or a plus."""


def harmless(text: str) -> str:
    """``text``, with an apostrophe before what a spreadsheet that opens CSV would compute instead of showing it.

    What Excel and LibreOffice compute begins with ``=``, ``+``, ``-`` or ``@``, in their full width too, maybe after
    blanks. A tab or carriage return at the beginning hides such a sign from programs that look for it, and is marked
    as well. Numbers stay as they are.
    """
    if NO_FORMULA.fullmatch(text):
        return text
    marked = FORMULA.sub(r"\1'\2", text)
    return f"'{marked}" if marked.startswith(("\t", "\r")) else marked


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return str(error).partition("\n")[0]


def unique_names(names: Sequence[str]) -> list[str]:
    """Names that occur twice get a number, as DuckDB gives them in a table: ``a``, ``a_1``."""
    seen: set[str] = set()
    unique = []
    for given in names:
        name, number = given, 0
        while name.lower() in seen:
            number += 1
            name = f"{given}_{number}"
        seen.add(name.lower())
        unique.append(name)
    return unique


def as_text(value: Any) -> str:
    """A value for a person or a CSV file; null is nothing, numbers are as exact as they are stored."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, dict, tuple)):
        return json_value(value)
    return str(value)


_NUMERIC: Final = frozenset(
    (
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "FLOAT",
        "DOUBLE",
    )
)


def csv_value(value: Any, *, exact: bool) -> str:
    """A value of a CSV file, quoted where it must be; unless ``exact``, harmless to a spreadsheet."""
    # What there is most of goes first: an answer may have millions of values.
    if value is None:
        return ""
    kind = type(value)
    if kind is str:
        if value.isalnum():
            return str(value)
        return (_remembered_csv_text if len(value) < LABEL_CHARACTERS else _csv_text)(value, exact)
    if kind is int or kind is float:
        return str(value)
    text = as_text(value)
    if not exact and not isinstance(value, (bool, int, float, Decimal, date, time)):
        text = harmless(text)
    return _csv_quoted(text)


LABEL_CHARACTERS: Final = 200
"""Labels, names and headings are shorter, and come again and again."""


def _csv_text(text: str, exact: bool) -> str:
    return _csv_quoted(text if exact else harmless(text))


_remembered_csv_text = lru_cache(10_000)(_csv_text)


def _csv_quoted(text: str) -> str:
    if text == "" or any(mark in text for mark in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


_as_json: Final = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes one for every value


def json_value(value: Any) -> str:
    """A value in JSON, numbers with the digits they have; what JSON has no number for is null."""
    if value is None:
        return "null"
    if isinstance(value, (str, bool, int)):
        return _as_json(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "null"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"  # JSON has neither infinity nor NaN
    if isinstance(value, dict):
        pairs = (f"{_as_json(str(key))}: {json_value(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_value, value)) + "]"
    if isinstance(value, (date, time)):
        return json.dumps(value.isoformat())
    return _as_json(value if isinstance(value, float) else as_text(value))
