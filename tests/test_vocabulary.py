"""Seeds as people edit them: what a spreadsheet or a slip does is told with file and line before anything is read."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.intake.vocabulary import check_vocabulary, find_problems, suggestions
from tests.conftest import ROOT, Project

ACCOUNTS = "seeds/reference/accounts.csv"
ALIASES = "seeds/vocabulary/concept_aliases.csv"
CONCEPTS = "seeds/vocabulary/concepts.csv"
MUNICIPALITIES = "seeds/reference/municipalities.csv"
SCENARIOS = "seeds/vocabulary/scenario_words.csv"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The seeds and what the YAML files say of them, to be edited."""
    for folder in ("reference", "vocabulary"):
        shutil.copytree(ROOT / "seeds" / folder, tmp_path / "seeds" / folder)
    (tmp_path / "dbt" / "models").mkdir(parents=True)
    for path in (ROOT / "dbt" / "models").glob("seeds*.yml"):
        shutil.copyfile(path, tmp_path / "dbt" / "models" / path.name)
    return tmp_path


def append(row: str) -> Callable[[bytes], bytes]:
    return lambda content: content + row.encode() + b"\n"


def replace(old: str, new: str) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return edit


def test_our_own_seeds_are_in_order() -> None:
    check_vocabulary(ROOT)


@pytest.mark.parametrize(
    ("file", "edit", "told"),
    [
        # how a spreadsheet saves
        (CONCEPTS, lambda content: content.replace(b",", b";"), ", line 1: the columns are separated by semicolons"),
        (CONCEPTS, lambda content: content.replace(b",", b"\t"), ", line 1: the columns are separated by tabs"),
        (CONCEPTS, lambda content: content.decode().encode("cp1252", "replace"), "probably Windows-1252"),
        (CONCEPTS, lambda content: content.decode().encode("utf-16"), ": is saved as UTF-16"),
        (
            CONCEPTS,
            lambda content: content.decode().encode().decode("cp1252", "ignore").encode(),
            "read in the wrong encoding",
        ),
        (MUNICIPALITIES, replace("0180,Stockholm,", "180,Stockholm,"), "is '180'; 4 characters are expected"),
        # the form of the file
        (CONCEPTS, lambda _: b"", ": the file is empty"),
        (CONCEPTS, replace("concept_key,name", "key,name"), ", line 1: the header must be concept_key,name,definition"),
        (ALIASES, append("fte,label,Antal heltider"), "3 values for 6 columns"),
        (ALIASES, append("fte,label,Heltider, antal,,,,"), 'a value with a comma in it stands in double quotes'),
        (ALIASES, append('fte,label,"Antal heltider,,,'), "is a double quote not closed?"),
        (CONCEPTS, lambda content: content.splitlines(keepends=True)[0], ": it holds no row below its header"),
        (ALIASES, append("fte,label,Antal\u00a0heltider,,,"), "a character that nobody sees: no-break space"),
        (SCENARIOS, append("utfall\u200bhittills,actual,10,word"), "a character that nobody sees: zero width space"),
        (SCENARIOS, append("\ufeffutfall,actual,10,word"), "a character that nobody sees: zero width no-break space"),
        (ALIASES, append("fte,label,ANTAL årsarbetare,,,"), "label 'ANTAL årsarbetare' stands in line"),
        (ALIASES, append("fte,label,Antal a\u030arsarbetare,,,"), " too, written otherwise"),
        (ALIASES, append("# not sure about these"), "a seed has no comments"),
        (ALIASES, append(",,,,,"), "the row is empty"),
        # what it says
        (ALIASES, append("fte,label,Antal årsarbetare,,,"), "label 'Antal årsarbetare' stands in line"),
        (ALIASES, append("ftee,label,Antal heltider,,,"), "'ftee' is not in seeds/vocabulary/concepts.csv; is it "),
        (ALIASES, append("fte,fuzzy,Antal heltider,,,"), "match is 'fuzzy'; one of label, pattern is expected"),
        (ALIASES, append("fte,label,,,,"), "label is empty"),
        (ALIASES, append("fte,pattern,(antal )?heltider,,,"), "must be plain lower case text"),
        (ALIASES, append("fte,pattern,heltider (antal,,,"), "is no regular expression"),
        (CONCEPTS, replace(",N00090,,\n", ",N99090,,\n"), "'N99090' is not in seeds/reference/kolada_kpis.csv"),
        (CONCEPTS, replace(",up,false,true,N03106,,\n", ",up,false,maybe,N03106,,\n"), "is 'maybe'; true or false"),
        (SCENARIOS, append("Utfall hittills,actual,10,word"), "it can only match in lower case"),
        (SCENARIOS, append("utfall hittills,actual,tio,word"), "priority is 'tio'; a whole number is expected"),
        (
            ACCOUNTS,
            replace("net_result,Årets resultat,Net result for the year,income_statement,,",
                    "net_result,Årets resultat,Net result for the year,income_statement,operating_result,"),
            "parent_account_key leads round in a ring: operating_result > result_after_financial_items > net_result > "
            "operating_result",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    checkout: Path, file: str, edit: Callable[[bytes], bytes], told: str
) -> None:
    path = checkout / file
    path.write_bytes(edit(path.read_bytes()))
    with pytest.raises(ConfigurationError) as raised:
        check_vocabulary(checkout)
    message = str(raised.value)
    assert told in message
    assert f"  {file}" in message


@pytest.mark.parametrize("file", [ACCOUNTS, ALIASES, MUNICIPALITIES, "seeds/reference/population.csv"])
def test_a_seed_that_is_missing_is_told(checkout: Path, file: str) -> None:
    (checkout / file).unlink()
    assert f"{file}: the file is missing" in [str(problem) for problem in find_problems(checkout)]


def test_the_yaml_files_say_where_each_seed_is(checkout: Path) -> None:
    files = {path.relative_to(checkout).as_posix() for path in (checkout / "seeds").rglob("*.csv")}
    shutil.rmtree(checkout / "seeds")
    assert {problem.file for problem in find_problems(checkout)} == files


def test_the_line_is_that_of_the_row(checkout: Path) -> None:
    """A value in quotes may hold line breaks: the line is still where the row begins."""
    path = checkout / ALIASES
    lines = path.read_text(encoding="utf-8").count("\n")
    with path.open("a", encoding="utf-8") as handle:
        handle.write('fte,label,"Antal\nheltider",,,\nftee,label,Heltider,,,\n')
    problems = {problem.line: problem.text for problem in find_problems(checkout)}
    assert sorted(problems) == [lines + 1, lines + 3]
    assert "spaces at an end or two side by side" in problems[lines + 1]
    assert "'ftee' is not in" in problems[lines + 3]


def test_a_byte_order_mark_does_no_harm(checkout: Path) -> None:
    path = checkout / CONCEPTS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    check_vocabulary(checkout)


def test_a_unit_may_be_its_own_base_but_no_account_its_own_parent(checkout: Path) -> None:
    path = checkout / ACCOUNTS
    content = path.read_text(encoding="utf-8")
    old = "net_result,Årets resultat,Net result for the year,income_statement,,"
    assert old in content
    path.write_text(content.replace(old, old[:-1] + "net_result,"), encoding="utf-8")
    assert [problem.text for problem in find_problems(checkout)] == [
        "parent_account_key leads round in a ring: net_result > net_result"
    ]


def test_a_refresh_ends_before_it_reads_anything(small: Project, tmp_path: Path) -> None:
    checkout = tmp_path / "broken"
    shutil.copytree(small.root, checkout)
    words = checkout / "seeds" / "vocabulary" / "structure_words.csv"
    words.write_bytes(words.read_bytes().replace(b",", b";"))
    done = Project(checkout, small.folder).run("refresh")
    assert done.returncode == 4, done.stderr
    assert "seeds/vocabulary/structure_words.csv, line 1: the columns are separated by semicolons" in done.stderr


def test_the_command_checks_and_suggests(built: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, _ = built
    checked = project.run("map", "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.fullmatch(r"\d+ seeds are in order\.\n", checked.stdout)
    mapped = project.run("map")
    assert mapped.returncode == 0, mapped.stderr
    assert mapped.stdout or mapped.stderr == "# no unknown label is like a known name\n"


@pytest.mark.parametrize(
    ("label", "suggested"),
    [
        ("sjukfrånvaron totalt", "sick_leave_total"),
        ("totalt sjukfrånvaro", "sick_leave_total"),
        ("sjukfrånvaro kvinnor totalt", "sick_leave_women"),
        ("sjukfrånvaro 30_49 åren", "sick_leave_30_49"),
        ("sjukfrånvaro 40_49 år", None),
        ("sjukfrånvaro män", None),
        ("något helt annat", None),
    ],
)
def test_a_suggestion_never_crosses_numbers_or_groups(label: str, suggested: str | None) -> None:
    path = ROOT / "dbt" / "models" / "intermediate" / "int_label_suggestions.py"
    specification = importlib.util.spec_from_file_location("int_label_suggestions", path)
    assert specification is not None
    assert specification.loader is not None
    model = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(model)
    known = [
        ("sjukfrånvaro totalt", "Sjukfrånvaro, totalt", "sick_leave_total"),
        ("sjukfrånvaro totalt kvinnor", "Sjukfrånvaro totalt, kvinnor", "sick_leave_women"),
        ("sjukfrånvaro 30_49 år", "Sjukfrånvaro 30–49 år", "sick_leave_30_49"),
    ]
    wanted = pd.DataFrame({"label_type": ["indicator"], "label": [label], "unit_key": ["percent"], "words": [label]})
    found = [key for *_, key, _ in model._likely(wanted, known, {"kvinnor", "män"})]
    assert found == ([suggested] if suggested else [])


def test_suggestions_are_rows_of_their_seeds() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts; create schema vocabulary")
        connection.execute(
            """
            create table vocabulary.scenario_words as
            select 'utfall' as term, 'actual' as scenario_key, 10 as priority, 'word' as match;
            create table vocabulary.status_words as select 'uppnått' as term, 'met' as status_key, 'text' as unit_key;
            create table vocabulary.unit_words as select 'veckor' as term, 'weeks' as unit_key, 'cell' as context;
            create table vocabulary.concepts as select 'fte' as concept_key;
            create table marts.unmapped_labels as
            select * from (
                values
                    ('indicator', 'Antal, årsarbetare', 'fte', 3, 'Antal årsarbetare', 'fte', 97.0),
                    ('indicator', 'HME > Motivation', 'index', 1, 'HME motivation', 'fte', 90.0),
                    ('indicator', 'Invånare, antal', 'count', 1, 'Invånare totalt, antal', 'N01951', 88.0),
                    ('indicator', 'Något annat', 'count', 1, null, null, null),
                    ('account', 'Årets resultatet', null, 2, 'Årets resultat', 'net_result', 95.0),
                    ('scenario', 'Utfallet', null, 1, 'utfall', 'actual', 92.0),
                    ('status', 'Uppnåtts.', null, 1, 'uppnått', 'met', 93.0),
                    ('unit', 'Veckorna', null, 1, 'veckor', 'weeks', 85.0)
            ) as labels (label_type, label, unit, reports, suggested_label, suggested_key, score)
            """
        )
        found = [(suggestion.seed, suggestion.as_csv()) for suggestion in suggestions(connection)]
        only = [suggestion.label for suggestion in suggestions(connection, "scenario")]
    assert found == [
        ("account_aliases", "Årets resultatet,net_result,"),
        ("concept_aliases", 'fte,label,"Antal, årsarbetare",,,'),
        ("concept_aliases", "fte,label,Motivation,HME,,"),
        ("", 'N01951,label,"Invånare, antal",,,'),
        ("scenario_words", "utfallet,actual,10,word"),
        ("status_words", "uppnåtts,met,text"),
        ("unit_words", "veckorna,weeks,cell"),
    ]
    assert only == ["Utfallet"]
