"""Outside facts: editions are what they say, or are not loaded; every figure leads to its source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.outside import load
from dagster_project.outside.rules import read_rules
from dagster_project.outside.sources import SourceError, find_editions, read_edition
from dagster_project.settings import Settings
from dagster_project.warehouse.state import working

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


# --- in the warehouse -------------------------------------------------------------------------------------------------


def ask(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_all_municipalities_have_inhabitants_from_2000_to_2024(warehouse: Path) -> None:
    rows = ask(
        warehouse,
        """
        select
            year, count(distinct municipality_code), cast(sum(inhabitants) as integer),
            count(*) filter (where source_key is null)
        from marts.inhabitants where year between 2000 and 2024 group by year order by year
        """,
    )
    assert [(year, count, missing) for year, count, _, missing in rows] == [
        (year, 290, 0) for year in range(2000, 2025)
    ]
    national = {row[0]: row[2] for row in rows}
    assert [national[year] for year in (2000, 2010, 2020, 2023, 2024)] == [
        8_882_792, 9_415_570, 10_379_295, 10_551_707, 10_587_710,
    ], "SCB's national figures"  # fmt: skip


def test_uppsala_of_2001_is_the_uppsala_of_2001(warehouse: Path) -> None:
    rows = ask(
        warehouse,
        "select municipality_code, year, inhabitants, inhabitants_as_divided from marts.inhabitants "
        "where municipality_code in ('0330', '0380') and year in (2001, 2003) order by all",
    )
    assert rows == [
        ("0330", 2001, 12428, None),
        ("0330", 2003, 12821, 12821),
        ("0380", 2001, 178682, 191110),
        ("0380", 2003, 180669, 180669),
    ]


def test_the_country_is_the_sum_of_its_municipalities(warehouse: Path) -> None:
    """Individ- och familjeomsorg of the five activities that SCB publishes, beside those like it."""
    rows = ask(
        warehouse,
        """
        select
            municipality_name, round(compared_value), similar_count, similar_rank, round(country_value),
            country_basis, is_raw
        from marts.statistic_comparison
        where statistic_key = 'net_cost_ifo' and municipality_code in ('1283', '2180') order by all
        """,
    )
    # 870 920 and 908 469 tkr by 103 838 and 152 091 inhabitants; 59 293 225 tkr by 10 587 710.
    assert rows == [
        ("Gävle", 8387.0, 7, 8, 5600.0, "published", False),
        ("Helsingborg", 5973.0, 7, 2, 5600.0, "published", False),
    ]


def test_revised_values_stay_beside_each_other(warehouse: Path) -> None:
    rows = ask(
        warehouse,
        "select edition, value_numeric, is_current from marts.fct_statistic where statistic_key = 'N03703' "
        "and municipality_code = '1082' and year = 2021 order by edition",
    )
    assert rows == [("2024-04-06", 1079.0, False), ("2026-03-04", 1014.0, False), ("2026-03-23", 1014.0, True)]
    ((catalogued, withdrawn),) = ask(
        warehouse,
        "select count(*), count(*) filter (where is_withdrawn) from marts.dim_statistic "
        "where regexp_matches(statistic_key, '^[NU]\\d{5}$') and not is_computed",
    )
    assert (catalogued, withdrawn) == (6099 + 832, 832)


def test_every_outside_value_leads_to_its_source(warehouse: Path) -> None:
    for relation in ("fct_statistic", "bridge_comparable_municipality", "price_index", "statistic_comparison"):
        wrong = ask(warehouse, f"select count(*) from marts.{relation} where edition is null or is_raw is null")
        lost = ask(warehouse, f"select count(*) from marts.{relation} anti join marts.dim_source using (source_key)")
        assert (wrong, lost) == ([(0,)], [(0,)]), relation
    rows = ask(
        warehouse,
        "select count(*) from marts.fct_statistic anti join marts.dim_statistic using (statistic_key)",
    )
    assert rows == [(0,)], "a value of a statistic that no catalogue has"


def test_figures_per_inhabitant_are_the_figure_by_the_inhabitants(warehouse: Path) -> None:
    """Of committees that answer for their municipality; in kronor, and in those of the last year of the index."""
    rows = ask(
        warehouse,
        """
        select
            municipality_name, year, value_numeric, round(value_per_inhabitant, 2), round(value_fixed_prices),
            price_year, per_inhabitant_missing_reason
        from marts.measures where measure_key = 'net_cost' order by all
        """,
    )
    index = dict(ask(warehouse, "select year, price_index from marts.price_index"))
    counted = ask(
        warehouse,
        "select municipality_name, year, inhabitants from marts.inhabitants "
        "inner join marts.dim_municipality using (municipality_code)",
    )
    known = {row[:2]: row[2] for row in counted}
    assert len(rows) == 4
    for name, year, value, per_inhabitant, fixed, price_year, reason in rows:
        assert isinstance(value, float)
        is_part = name == "Göteborg"
        assert reason == ("a part of the municipality" if is_part else None)
        assert per_inhabitant == (None if is_part else round(value / known[name, year], 2))
        assert (fixed, price_year) == (round(value * index[2024] / index[year]), 2024)


def test_state_grants_are_those_that_the_report_adds_up(warehouse: Path) -> None:
    rows = ask(
        warehouse,
        "select municipality_name, year, value_numeric, round(value_per_inhabitant), per_inhabitant_missing_reason "
        "from marts.measures where measure_key = 'state_grants' order by all",
    )
    assert rows == [
        ("Göteborg", 2024, 41_698_000.0, None, "a part of the municipality"),
        ("Helsingborg", 2022, 35_900_000.0, 238.0, None),
        ("Helsingborg", 2023, 27_800_000.0, 184.0, None),
    ]


def test_what_is_missing_has_its_reason(warehouse: Path) -> None:
    for relation, value, reason in (
        ("municipality_comparison", "value_per_inhabitant", "per_inhabitant_missing_reason"),
        ("municipality_comparison", "value_fixed_prices", "fixed_prices_missing_reason"),
        ("municipality_comparison", "compared_value", "comparison_missing_reason"),
        ("measures", "value_per_inhabitant", "per_inhabitant_missing_reason"),
        ("measures", "value_fixed_prices", "fixed_prices_missing_reason"),
        ("measures", "compared_value", "comparison_missing_reason"),
        ("printed_and_national", "national_value", "missing_reason"),
    ):
        wrong = ask(
            warehouse, f"select count(*) from marts.{relation} where ({value} is null) != ({reason} is not null)"
        )
        assert wrong == [(0,)], (relation, value)
    for relation in ("municipality_comparison", "measures"):
        divided = ask(
            warehouse, f"select count(*) from marts.{relation} where is_partial and value_per_inhabitant is not null"
        )
        assert divided == [(0,)], "a committee that answers for a part is never divided by the whole"
