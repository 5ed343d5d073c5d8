"""Full-text search in the paragraphs of the published warehouse: the index, a question, its hits.

Belongs here: DuckDB's extension fts, the index beside the published file, and hits with the figures of their section.
Does not belong here: options and what is printed (``commands.search``).

The index is a file of its own in the folder of the release: nobody who opens the warehouse sees its tables. A question
attaches it under the name that its macros use, and needs the extension, which is installed with the project and never
fetched.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize

import duckdb

from dagster_project.warehouse.ask.query import QueryError, first_line
from dagster_project.warehouse.release.compaction import attached, open_to_publish
from dagster_project.warehouse.release.releases import INDEX, INDEX_FILE
from dagster_project.warehouse.sql import literal

TABLE: Final = "marts.narrative"
INDEX_SCHEMA: Final = "fts_main_narrative"
"""Where the extension puts the index."""

LETTERS: Final = "a-z0-9åäöéü"
"""What words are made of; å, ä and ö are letters of their own, not accented ones."""

FIGURE_COLUMNS: Final = (
    "table_seq",
    "group_label",
    "row_label",
    "column_label",
    "scenario",
    "period_start",
    "period_end",
    "value_text",
    "unit",
    "flag",
    "is_total",
    "is_misprint",
    "is_composite",
    "is_ambiguous_column",
    "is_dash",
    "is_current",
    "fact_key",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One paragraph that answers a question."""

    score: float
    report_id: str
    municipality_name: str
    committee: str | None
    fiscal_year: int | None
    heading_path: str | None
    page: int | None
    paragraph_seq: int
    text: str
    section: str | None
    n_figures: int
    figures: tuple[dict[str, Any], ...]
    """The first of the figures under ``section``, in the order of the report (:data:`FIGURE_COLUMNS`)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question found."""

    hits: tuple[Hit, ...]
    """The best ones, best first."""
    count: int
    """All that were found."""
    is_any_word: bool
    """Whether single words count; no paragraph has all of them."""


def extension_path() -> Path | None:
    """The extension fts for this DuckDB, out of the installed package; None where there is none for this machine."""
    try:
        folder = importlib.resources.files("duckdb_extension_fts")
    except ModuleNotFoundError:
        return None
    path = Path(str(folder)) / "extensions" / f"v{duckdb.__version__}" / "fts.duckdb_extension"
    return path if path.is_file() else None


def index_of(database: Path) -> Path:
    """The file of the index of a release, whether it is there or not."""
    return database.resolve().with_name(INDEX_FILE)


def add_index(database: Path) -> bool:
    """Make the index beside a release that is being made; False where the extension or the table is missing.

    A machine for which there is no extension publishes all the same: only the search needs the index.

    Raises:
        duckdb.Error: the index could not be made.
    """
    extension = extension_path()
    if extension is None:
        return False
    with open_to_publish() as connection:
        try:
            connection.execute(f"load {literal(extension)}")
        except duckdb.Error:  # made for another machine
            return False
        with attached(connection, database, "release", "read_only"):
            schema, table = TABLE.split(".")
            found = connection.execute(
                "select count(*) from duckdb_tables() "
                "where database_name = 'release' and schema_name = ? and table_name = ?",
                [schema, table],
            ).fetchone()
            if found == (0,):
                return False
            with attached(connection, index_of(database), INDEX):
                connection.execute(f"use {INDEX}")
                connection.execute(
                    f"create table narrative as select paragraph_key, paragraph_text from release.{TABLE}"
                )
                _make_index(connection)
                connection.execute("drop table narrative")
                connection.execute("checkpoint")
                connection.execute("use memory")
    return True


def _make_index(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "pragma create_fts_index('narrative', 'paragraph_key', 'paragraph_text', stemmer = 'swedish', "
        f"stopwords = 'none', ignore = '[^{LETTERS}]+', strip_accents = 0, lower = 1)"
    )
    # The extension's macros look for their tables where the question is asked: in the warehouse, which has none.
    for name, body in connection.execute(
        "select function_name, macro_definition from duckdb_functions() where database_name = ? and schema_name = ?",
        [INDEX, INDEX_SCHEMA],
    ).fetchall():
        parameters = {"tokenize": "s"}.get(
            name, "docname, query_string, fields := null, k := 1.2, b := 0.75, conjunctive := 0"
        )
        here = body.replace(f"{INDEX_SCHEMA}.", f"{INDEX}.{INDEX_SCHEMA}.")
        connection.execute(f"create or replace macro {INDEX_SCHEMA}.{name}({parameters}) as {here}")


def words_of(text: str) -> list[str]:
    """The words of a question, as the index has them before stemming."""
    letters = "".join(letter if letter.isalnum() else " " for letter in normalize("NFC", text).lower())
    return letters.split()


def ask(
    connection: duckdb.DuckDBPyConnection, text: str, *, limit: int = 10, figures: int = 5, any_word: bool = False
) -> Answer:
    """The paragraphs that have all words of ``text`` in any form, best first; those with any word where none has all.

    Args:
        connection: from ``query.open_published`` with ``extensions=[extension_path()]`` and the index attached.
        text: words; nothing in it is syntax.
        limit: hits returned; 0 for all.
        figures: figures returned with each hit; 0 for all.
        any_word: do not ask for all words.

    Raises:
        QueryError: there is no word in ``text``, or the file has no index.
    """
    words = " ".join(words_of(text))
    if not words:
        raise QueryError(f"There is no word in {text!r}.")
    found = [] if any_word else _scored(connection, words, every=True)
    is_any_word = not found
    if is_any_word:
        found = _scored(connection, words, every=False)
    best = found[:limit] if limit else found
    return Answer(tuple(_hit(connection, key, score, figures) for key, score in best), len(found), is_any_word)


def _scored(connection: duckdb.DuckDBPyConnection, words: str, *, every: bool) -> list[tuple[str, float]]:
    try:
        return connection.execute(
            f"""
            select paragraph_key, score
            from (
                select
                    paragraph_key, report_id, paragraph_seq,
                    {INDEX}.{INDEX_SCHEMA}.match_bm25(paragraph_key, ?, conjunctive := {int(every)}) as score
                from {TABLE}
            )
            where score is not null
            order by round(score, 9) desc, report_id, paragraph_seq
            """,
            [words],
        ).fetchall()
    except duckdb.CatalogException as error:
        raise QueryError(
            "The published warehouse has no index for full-text search: refresh it with this version of kommunlager."
        ) from error
    except duckdb.Error as error:
        raise QueryError(f"The search failed: {first_line(error)}") from error


def _hit(connection: duckdb.DuckDBPyConnection, paragraph_key: str, score: float, figures: int) -> Hit:
    row = connection.execute(
        "select report_id, municipality_name, committee, fiscal_year, heading_path, page, paragraph_seq, "
        f"paragraph_text, section, figures, table_first, table_last from {TABLE} where paragraph_key = ?",
        [paragraph_key],
    ).fetchone()
    assert row is not None
    names = (
        "report_id",
        "municipality_name",
        "committee",
        "fiscal_year",
        "heading_path",
        "page",
        "paragraph_seq",
        "text",
    )
    place: dict[str, Any] = dict(zip(names, row, strict=False))
    section, n_figures, table_first, table_last = row[len(names) :]
    printed: Sequence[tuple[Any, ...]] = ()
    if n_figures:
        printed = connection.execute(
            f"select {', '.join(FIGURE_COLUMNS)} from marts.report_values "
            "where report_id = ? and table_seq between ? and ? "
            "order by table_seq, row_index, col_index, part_index" + (" limit ?" if figures else ""),
            [place["report_id"], table_first, table_last, *([figures] if figures else [])],
        ).fetchall()
    shown = tuple(dict(zip(FIGURE_COLUMNS, values, strict=True)) for values in printed)
    return Hit(score=score, **place, section=section, n_figures=n_figures, figures=shown)
