"""Full-text search: å, ä and ö, forms of words, no hits and many, questions that look like SQL, no index."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.warehouse.ask import search
from dagster_project.warehouse.ask.query import QueryError, open_published
from dagster_project.warehouse.release.releases import INDEX, INDEX_FILE
from tests.conftest import Project

TEXTS = {
    "placements": "Externa placeringar har ökat kraftigt under året.",
    "one_placement": "Varje placering i familjehem följs upp.",
    "sheep": "Får betar på ängen.",
    "father": "Far och son.",
    "acts": "ÅTGÄRDER inom öppenvården, mål 3.",
    "long": "Inledning. " * 100 + "Här nämns Överförmyndaren en gång. " + "Avslutning. " * 100,
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A file as a refresh publishes it: paragraphs, two figures, the index."""
    path = tmp_path / "published.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.narrative (
                paragraph_key varchar primary key, report_id varchar, municipality_name varchar, committee varchar,
                fiscal_year integer, heading_path varchar, page integer, paragraph_seq integer, paragraph_text varchar,
                section varchar, figures integer, table_first integer, table_last integer
            )
            """
        )
        for number, (key, text) in enumerate(TEXTS.items()):
            connection.execute(
                "insert into marts.narrative "
                "values (?, 'r', 'Gävle', null, 2023, 'Bokslut', 4, ?, ?, 'Bokslut', 2, 1, 1)",
                [key, number, text],
            )
        connection.execute(
            """
            create table marts.report_values as
            select
                'r' as report_id, 1 as table_seq, number as row_index, 1 as col_index, 1 as part_index,
                null::varchar as group_label, 'Rad ' || number as row_label, 'Utfall' as column_label,
                'actual' as scenario,
                date '2023-01-01' as period_start, date '2023-12-31' as period_end, '5' as value_text, 'count' as unit,
                null::varchar as flag, false as is_total, false as is_misprint, false as is_composite,
                false as is_ambiguous_column, false as is_dash, true as is_current, 'key' || number as fact_key
            from range(2) as numbers (number)
            """
        )
    assert search.add_index(path)
    return path


@pytest.fixture
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    extension = search.extension_path()
    assert extension is not None
    with open_published(published, extensions=[extension], beside={INDEX: INDEX_FILE}) as opened:
        yield opened


def found(connection: duckdb.DuckDBPyConnection, text: str, **options: bool) -> list[str]:
    answer = search.ask(connection, text, limit=0, **options)
    keys = {content: key for key, content in TEXTS.items()}
    return [keys[hit.text] for hit in answer.hits]


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("externa placeringar", ["placements"]),
        ("EXTERN PLACERING", ["placements"]),
        ("placeringen", ["one_placement", "placements"]),
        ("får", ["sheep"]),
        ("far", ["father"]),
        ("åtgärd", ["acts"]),
        ("a\u030atga\u0308rder", ["acts"]),
        ("öppenvård", ["acts"]),
        ("öppenvård!", ["acts"]),
        ("mål 3", ["acts"]),
        ("atgarder", []),
        ("finns inte", []),
    ],
)
def test_words_are_found_in_any_form_and_letters_count(
    connection: duckdb.DuckDBPyConnection, question: str, keys: list[str]
) -> None:
    assert sorted(found(connection, question)) == sorted(keys)


def test_all_words_first_then_any(connection: duckdb.DuckDBPyConnection) -> None:
    both = search.ask(connection, "placering familjehem")
    assert [(hit.text, both.is_any_word) for hit in both.hits] == [(TEXTS["one_placement"], False)]
    either = search.ask(connection, "får betongkonstruktion")
    assert [(hit.text, either.is_any_word) for hit in either.hits] == [(TEXTS["sheep"], True)]
    assert sorted(found(connection, "placering får", any_word=True)) == ["one_placement", "placements", "sheep"]


@pytest.mark.parametrize(
    "question",
    ["x'; drop table marts.narrative; --", "') or 1=1 --", 'plac" OR "1', "%", "placering; select 1", "\x00får"],
)
def test_a_question_is_data(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    if not search.words_of(question):
        with pytest.raises(QueryError, match="no word"):
            search.ask(connection, question)
    else:
        assert all(hit.text in TEXTS.values() for hit in search.ask(connection, question).hits)
    assert connection.execute("select count(*) from marts.narrative").fetchone() == (len(TEXTS),)


def test_hits_and_figures_are_limited_and_counted(connection: duckdb.DuckDBPyConnection) -> None:
    answer = search.ask(connection, "placering", limit=1, figures=1)
    assert (len(answer.hits), answer.count) == (1, 2)
    (hit,) = answer.hits
    assert (hit.n_figures, [figure["row_label"] for figure in hit.figures]) == (2, ["Rad 0"])
    assert (hit.report_id, hit.heading_path, hit.page) == ("r", "Bokslut", 4)
    everything = search.ask(connection, "placering", limit=0, figures=0)
    assert [len(hit.figures) for hit in everything.hits] == [2, 2]


def test_the_file_opens_without_the_extension(published: Path) -> None:
    with duckdb.connect(published, read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            if table in ("narrative", "report_values"):
                assert connection.execute(f"select count(*) > 0 from marts.{table}").fetchone() == (True,)
        assert connection.execute("summarize marts.narrative").fetchall()


def test_a_file_without_an_index_says_so(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
    assert not search.add_index(path), "there is nothing to index"
    extension = search.extension_path()
    assert extension is not None
    beside = {INDEX: INDEX_FILE}
    with (
        open_published(path, extensions=[extension], beside=beside) as connection,
        pytest.raises(QueryError, match="no index"),
    ):
        search.ask(connection, "placering")


def test_the_command_shows_hits_and_writes_json(built: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, _ = built
    shown = project.run("search", "externa", "placeringar")
    assert shown.returncode == 0, shown.stderr
    assert "gavle-socialnamnden-verksamhetsplan-2021-2024  (Gävle, Socialnämnden, 2021)" in shown.stdout
    assert "Samtliga externa placeringar" in shown.stdout
    assert "Externa placeringar följs upp | Målvärde 2021: 100% (percent)" in shown.stdout
    assert shown.stdout.rstrip().endswith("1 paragraph has all of the words")

    written = project.run("search", "extern placering", "--json", "--figures", "0")
    answer = json.loads(written.stdout)
    assert (answer["count"], answer["is_any_word"]) == (1, False)
    (hit,) = answer["hits"]
    assert hit["n_figures"] == len(hit["figures"]) == 13
    assert hit["figures"][0]["period_start"] == "2020-01-01"

    nothing = project.run("search", "xylofonist")
    assert (nothing.returncode, nothing.stdout) == (0, "No paragraph has any of the words: xylofonist\n")
    empty = project.run("search", "?!")
    assert empty.returncode == 1
    assert "There is no word in '?!'" in empty.stderr


def test_a_long_paragraph_is_cut_around_the_word(connection: duckdb.DuckDBPyConnection) -> None:
    from dagster_project.commands.search import SHOWN_TEXT, _excerpt

    (hit,) = search.ask(connection, "överförmyndare").hits
    shown = _excerpt(hit.text, ("överförmyndare",))
    assert "Här nämns Överförmyndaren en gång." in shown
    assert len(shown) <= SHOWN_TEXT + 4
    assert shown.startswith("… ")
    assert shown.endswith(" …")
