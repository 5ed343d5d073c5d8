"""Outside facts: editions are what they say, or are not loaded; every figure leads to its source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.outside import load
from dagster_project.outside.rules import read_rules
from dagster_project.outside.sources import SourceError, find_editions, read_edition
from dagster_project.settings import Settings
from dagster_project.warehouse import working

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "seeds" / "sources"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of some of the editions, to be tampered with."""
    folder = tmp_path / "sources"
    for name in ("scb/population-2023", "scb/net-cost-2024", "worldbank/consumer-prices-2024"):
        shutil.copytree(SOURCES / name, folder / name)
    for name in ("units.csv", "comparable_areas.csv"):
        shutil.copyfile(SOURCES / name, folder / name)
    monkeypatch.setattr(load, "SOURCES", folder)
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(warehouse=tmp_path / "kommunlager.duckdb", state=tmp_path / "state")


def count(settings: Settings, query: str) -> object:
    with duckdb.connect(settings.working_file) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_editions_are_loaded_once_and_again_when_a_file_has_changed(sources: Path, settings: Settings) -> None:
    first = load.load_outside(settings)
    assert first.is_new
    assert (first.rows["statistic_value"], first.rows["price_index"]) == (290 + 9312, 65)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute(f"create table {working.AUDIT}")
    assert not load.load_outside(settings).is_new
    assert count(settings, "select count(*) from main.passed_audit") == 1, "what was built holds them"
    shutil.rmtree(sources / "worldbank")
    again = load.load_outside(settings)
    assert again.is_new
    assert again.rows["price_index"] == 0
    with duckdb.connect(settings.working_file) as connection:
        assert not working.is_audited(connection), "what was built does not hold what was loaded"


def swap_a_byte(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])


def say(folder: Path, /, **changes: object) -> None:
    file = folder / "source.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, value in changes.items():
        holder = said["files"][0] if name in ("rows", "sums", "sums_by_year", "sha256", "table", "file") else said
        if value is None:
            holder.pop(name)
        else:
            holder[name] = value
    file.write_text(yaml.safe_dump(said), encoding="utf-8")


def change_a_value(edition: Path, file: str, *, is_told: bool) -> None:
    """One value of one municipality is another one; with ``is_told`` the hash in source.yml is that of the new file."""
    path = edition / file
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace (case when municipality_code = '2180' then value + 1 else value end as value) "
            f"from read_parquet('{path}')) to '{path}.new' (format parquet)"
        )
    Path(f"{path}.new").replace(path)
    if is_told:
        import hashlib

        say(edition, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("edition", "tamper", "reason"),
    [
        ("worldbank/consumer-prices-2024", lambda at: swap_a_byte(at / "price_index.csv"), "its SHA-256 is"),
        ("scb/population-2023", lambda at: (at / "population.parquet").unlink(), "cannot be read"),
        ("scb/population-2023", lambda at: (at / "population.parquet").write_bytes(b"no"), "cannot be read"),
        ("scb/population-2023", lambda at: say(at, rows=291), "it has 290 rows instead of 291"),
        ("scb/population-2023", lambda at: say(at, sums={"value": 1}), "the sum of value is 10551707.0 instead of 1.0"),
        ("scb/population-2023", lambda at: say(at, sums_by_year={2022: 5}), "the sum of 2022 is 0.0 instead of 5.0"),
        ("scb/population-2023", lambda at: change_a_value(at, "population.parquet", is_told=False), "its SHA-256 is"),
        (
            "scb/population-2023",
            lambda at: change_a_value(at, "population.parquet", is_told=True),
            "the sum of 2023 is 10551708.0 instead of 10551707.0",
        ),
        (
            "scb/net-cost-2024",
            lambda at: change_a_value(at, "net_cost.parquet", is_told=True),
            "the municipalities do not add up to the country",
        ),
        ("scb/population-2023", lambda at: say(at, licence=None), "it lacks licence"),
        ("scb/population-2023", lambda at: say(at, attribution=""), "it lacks attribution"),
        ("scb/population-2023", lambda at: say(at, accessed="yesterday"), "accessed is 'yesterday'"),
        ("scb/population-2023", lambda at: say(at, edition="2022"), "its folder must be called that"),
        ("scb/population-2023", lambda at: say(at, table="people"), "'people' is no table"),
        ("scb/population-2023", lambda at: say(at, file="../x.csv"), "is no name of a CSV or Parquet file"),
        ("scb/population-2023", lambda at: say(at, licens="CC0"), "it has licens, which means nothing"),
        ("scb/population-2023", lambda at: (at / "more.csv").write_text("a\n1\n"), "says nothing of more.csv"),
        ("scb/population-2023", lambda at: (at / "source.yml").write_text("a: ["), "cannot be read"),
        ("scb/population-2023", lambda at: (at / "source.yml").write_text("[]"), "must be a mapping"),
    ],
)  # fmt: skip
def test_an_edition_that_is_not_what_it_says_is_not_loaded(
    sources: Path, settings: Settings, edition: str, tamper: Callable[[Path], object], reason: str
) -> None:
    load.load_outside(settings)
    tamper(sources / edition)
    for _ in range(2):  # and not the next time either
        with pytest.raises(SourceError) as caught:
            load.load_outside(settings)
        assert edition in str(caught.value)
        assert reason in str(caught.value)
    assert count(settings, "select count(*) from outside.statistic_value") == 290 + 9312, "what was loaded stays"


def test_a_code_that_no_place_has_is_told_with_file_and_code(sources: Path, settings: Settings) -> None:
    edition = sources / "scb" / "population-2023"
    (edition / "population.parquet").unlink()
    (edition / "population.csv").write_text(
        "statistic_key,municipality_code,year,gender,value,status\nscb_population,1917,2001,T,5,\n"
        "scb_population,0180,2001,T,5,\nscb_population,0180,2001,T,6,\n"
    )
    say(edition, file="population.csv", rows=3, sums=None, sums_by_year=None)
    with pytest.raises(SourceError, match=r"population\.csv: .*two rows for one .*0180 2001 T.*: 1917"):
        load.load_outside(settings)


def test_a_fetched_edition_that_is_broken_is_left_out_and_told_of(sources: Path, settings: Settings) -> None:
    whole, broken = (settings.outside / "scb" / f"population-{year}" for year in (2030, 2031))
    for folder in (whole, broken):
        shutil.copytree(sources / "scb" / "population-2023", folder)
        say(folder, edition=folder.name[-4:])
    swap_a_byte(broken / "population.parquet")
    loaded = load.load_outside(settings)
    assert loaded.rows["statistic_value"] == 2 * 290 + 9312
    assert [problem.split(" is not")[0] for problem in loaded.problems] == ["scb/population-2031"]
    again = load.load_outside(settings)
    assert (again.is_new, again.problems) == (False, loaded.problems), "told of as long as it is there"
    assert count(settings, "select string_agg(source_key, ', ') from outside.source where is_live") == (
        "scb/population-2030"
    )


def test_no_edition_holds_what_nobody_may_publish() -> None:
    editions = [read_edition(folder) for folder in find_editions(SOURCES)]
    assert len(editions) >= 15
    for edition in editions:
        assert len(edition.texts["licence"]) > 3, edition.source_key
        is_kolada = edition.texts["publisher"].startswith("RKA")
        assert edition.texts["attribution"].startswith("Källa: Kolada") == is_kolada, edition.source_key


@pytest.mark.parametrize(
    ("title", "unit", "per"),
    [
        ("Personalkostnader, kr/inv", "kr", "inhabitant"),
        ("Kommunalekonomisk utjämning, kr/inv 1 nov fg år", "kr", "inhabitant"),
        ("Kostnad barn och ungdomsvård, kr/inv 0-20 år", "kr", "inhabitant of an age group"),
        ("Bruttoregionprodukt, kommun (BRP), 1000 kr/invånare", "tkr", "inhabitant"),
        ("Kostnad grundskola, kr/elev", "kr", "unit"),
        ("Invånare totalt, antal", "count", None),
        ("Skattesats, totalt (%)", "percent", None),
        ("Årets resultat som andel av skatt & generella statsbidrag kommun, (%)", "percent", None),
        ("Livskvalitet – Kommunindex Kvinnor", "index", None),
        ("Krisplan finns (Ja=1, Nej=0)", "boolean", None),
        ("Nettokostnad Förskola, tkr", "tkr", None),
        ("Utvecklade bränder i byggnad, antal/1000 inv (-2023)", "count", "1000 inhabitants"),
        ("Något annat", None, None),
    ],
)
def test_the_title_of_a_statistic_tells_its_unit(title: str, unit: str | None, per: str | None) -> None:
    assert read_rules(SOURCES).unit(title) == (unit, per)
