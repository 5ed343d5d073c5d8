"""The command ``search``: words in the texts of the reports, with the figures that stand beside them.

Belongs here: options and what is printed. Does not belong here: the index and its questions (``warehouse.search``).
"""

from __future__ import annotations

import dataclasses
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dagster_project.commands.options import warehouse_option
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from dagster_project.warehouse.ask.search import Answer, Hit

SHOWN_TEXT: Final = 400
"""Characters of a paragraph on the terminal; --json writes it whole."""


@click.command(context_settings={"ignore_unknown_options": True})  # for words that begin with a hyphen
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=0), default=10, show_default=True, help="Hits shown; 0 for all.")
@click.option(
    "--figures", type=click.IntRange(min=0), default=5, show_default=True, help="Figures shown with each; 0 for all."
)
@click.option("--any", "any_word", is_flag=True, help="Find paragraphs with any of the words, not with all.")
@click.option("--json", "as_json", is_flag=True, help="Write the answer as JSON, paragraphs whole.")
@warehouse_option
def search(
    words: tuple[str, ...], limit: int, figures: int, any_word: bool, as_json: bool, warehouse: Path | None
) -> None:
    """Find WORDS in the texts of the reports, in any form of the word (placering finds placeringar), best first.

    Each hit comes with its report, headings and page, and with the figures that stand under the same heading.
    """
    from dagster_project.warehouse.ask.query import QueryError, open_published
    from dagster_project.warehouse.ask.search import ask, extension_path
    from dagster_project.warehouse.release.releases import INDEX, INDEX_FILE

    settings = load_settings(warehouse=warehouse)
    extension = extension_path()
    if extension is None:
        raise QueryError(
            "DuckDB's extension for full-text search is not installed for this machine (package duckdb-extension-fts)."
        )
    with open_published(settings.warehouse, extensions=[extension], beside={INDEX: INDEX_FILE}) as connection:
        answer = ask(connection, " ".join(words), limit=limit, figures=figures, any_word=any_word)
    if as_json:
        click.echo(json.dumps(_as_json(answer), ensure_ascii=False, indent=2))
    else:
        _show(answer, words)


def _as_json(answer: Answer) -> dict[str, Any]:
    found = dataclasses.asdict(answer)
    for hit in found["hits"]:
        for figure in hit["figures"]:
            figure.update({name: figure[name] and figure[name].isoformat() for name in ("period_start", "period_end")})
    return {"count": found["count"], "is_any_word": found["is_any_word"], "hits": found["hits"]}


def _show(answer: Answer, words: tuple[str, ...]) -> None:
    from dagster_project.console import printable

    asked = printable(" ".join(words))
    if not answer.hits:
        click.echo(f"No paragraph has any of the words: {asked}")
        return
    for hit in answer.hits:
        click.echo("\n".join(_lines(hit, words)) + "\n")
    more = f", the best {len(answer.hits)} shown (--limit 0 for all)" if len(answer.hits) < answer.count else ""
    how = "any of the words" if answer.is_any_word else "all of the words"
    noun = "paragraph has" if answer.count == 1 else "paragraphs have"
    click.echo(f"{answer.count} {noun} {how}{more}")


def _lines(hit: Hit, words: tuple[str, ...]) -> list[str]:
    from dagster_project.console import printable

    whose = ", ".join(str(part) for part in (hit.municipality_name, hit.committee, hit.fiscal_year) if part is not None)
    page = "" if hit.page is None else f", page {hit.page}"
    lines = [
        printable(f"{hit.report_id}{page}  ({whose})"),
        printable(f"  {hit.heading_path or 'before the first heading'}"),
        *(f"  | {line}" for line in textwrap.wrap(printable(_excerpt(hit.text, words)), 100)),
    ]
    if hit.figures:
        lines.append(printable(f"  figures under {hit.section!r}: {hit.n_figures}"))
        for figure in hit.figures:
            label = " > ".join(part for part in (figure["group_label"], figure["row_label"]) if part)
            column = f" | {figure['column_label']}" if figure["column_label"] else ""
            lines.append(printable(f"    {label}{column}: {figure['value_text']} ({figure['unit']})"))
    return lines


def _excerpt(text: str, words: tuple[str, ...]) -> str:
    """The part of a long paragraph around the first of the words that it has in this very form."""
    if len(text) <= SHOWN_TEXT:
        return text
    lower = text.casefold()
    # Of a longer word the beginning, for the ending may be another.
    places = [lower.find(word.casefold()[:6]) for word in " ".join(words).split()]
    first = min((place for place in places if place >= 0), default=0)
    start = max(0, min(first - SHOWN_TEXT // 4, len(text) - SHOWN_TEXT))
    end = start + SHOWN_TEXT
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
