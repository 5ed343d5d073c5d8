"""Kolada, live: asked of a server on this machine that answers as it does, with values that it has published."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from dagster_project.cli import cli
from dagster_project.outside import load
from dagster_project.outside.kolada import (
    address_of,
    kolada_status,
    refresh_kolada,
    statistic_row,
    value_rows,
    wanted_kpis,
)
from dagster_project.outside.service import Service, ServiceError
from dagster_project.settings import ConfigurationError, Settings
from dagster_project.warehouse.state.lock import RefreshRunningError
from tests.kolada_server import Kolada, cut_off, half, hung_up, no_json, slow, status

KPIS = ("N00097", "N00900", "N03102", "U21468")
YEARS = (2021, 2022, 2023, 2024, 2025, 2026)
TODAY = date(2026, 11, 30)


@pytest.fixture
def kolada() -> Iterator[Kolada]:
    with Kolada(per_page=200).running() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, kolada: Kolada) -> Settings:
    return Settings(warehouse=tmp_path / "kommunlager.duckdb", state=tmp_path / "state", kolada=kolada.address)


def asking(kolada: Kolada, **options: Any) -> Service:
    """A client that does not wait longer than a test may."""
    quick = {"per_second": 1e6, "first_pause": 0.001, "longest_pause": 0.01, "timeout": 5}
    return Service(kolada.address, Path(), **quick | options)


def edition(settings: Settings, name: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select * from read_parquet('{settings.outside}/kolada/{name}') order by all"
        ).fetchall()


def test_editions_hold_what_the_service_has(settings: Settings, kolada: Kolada) -> None:
    fetched = refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=TODAY)
    assert fetched.editions == tuple(f"kolada/{one}-2026-11-30" for one in ("catalogue", "similar", "values"))
    assert fetched.rows["catalogue"] == 6099
    assert fetched.rows["similar"] == 24353
    values = edition(settings, "values-2026-11-30/values.parquet")
    expected = [
        (kpi, code, year, one["gender"], one["value"], None)
        for (kpi, code, year), cell in kolada.cells.items()
        for one in cell
        if kpi in KPIS and year in YEARS
    ]
    assert values == sorted(expected)
    assert ("N00900", "1267", 2026, "T", 32.63, None) in values
    assert not [path for path in kolada.asked if "/data" in path and "?" in path and "page=" not in path]
    loaded = load.load_outside(settings)
    assert loaded.problems == ()
    with duckdb.connect(settings.working_file) as connection:
        rows = connection.execute(
            "select source.source_key, attribution, is_live, count(*) from outside.statistic_value "
            "inner join outside.source using (source_key) where source_key = 'kolada/values-2026-11-30' group by all"
        ).fetchall()
    assert rows == [("kolada/values-2026-11-30", "Källa: Kolada", True, len(expected))]


def test_the_same_answers_make_no_new_edition(settings: Settings, kolada: Kolada) -> None:
    refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=TODAY)
    again = refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=date(2026, 12, 7))
    assert again.editions == ()
    kolada.cells["N00097", "0680", 2025][0]["value"] = -99.5  # revised without a word
    revised = refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=date(2026, 12, 14))
    assert revised.editions == ("kolada/values-2026-12-14",)
    for name, value in (("2026-11-30", False), ("2026-12-14", True)):
        rows = edition(settings, f"values-{name}/values.parquet")
        assert (("N00097", "0680", 2025, "T", -99.5, None) in rows) is value, "both stay beside each other"


def test_what_fails_for_a_while_is_asked_again(settings: Settings, kolada: Kolada) -> None:
    kolada.failures = [
        ("/kpi", status(429, Retry_After="0")),
        ("/kpi", status(503)),
        ("/municipality", cut_off),
        ("/municipality_groups", hung_up),
        ("/data", half),
        ("/data", no_json),
        ("/data", status(500)),
        ("/data", slow(0.3)),
    ]
    kpis = list(kolada.cells)
    fetched = refresh_kolada(settings, asking(kolada, timeout=0.2), KPIS, YEARS, today=TODAY)
    assert kolada.failures == []
    assert fetched.rows["values"] == sum(kpi in KPIS and year in YEARS for kpi, _, year in kpis)


def test_what_stays_broken_is_told_and_the_rest_is_not_asked_again(settings: Settings, kolada: Kolada) -> None:
    kolada.failures = [("year/2026", status(500))] * 3
    with pytest.raises(ServiceError, match=r"/year/2026 answered 500: .*failed"):
        refresh_kolada(settings, asking(kolada, attempts=3), KPIS, YEARS, today=TODAY)
    assert not list(settings.outside.glob("kolada/*")), "no half edition"
    assert load.load_outside(settings).problems == (), "a refresh of reports sees nothing of it"
    state = kolada_status(settings)
    assert state.unfinished == "2026-11-30"
    assert "answered 500" in state.last["error"]
    asked = set(kolada.asked)
    kolada.asked.clear()
    fetched = refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=date(2026, 12, 1))
    assert fetched.editions[0] == "kolada/catalogue-2026-11-30", "the edition goes on under its day"
    assert not {path for path in kolada.asked if "2026" not in path} & asked
    assert fetched.kept > 30
    assert kolada_status(settings).unfinished == ""


def test_what_is_too_large_is_asked_in_halves(settings: Settings) -> None:
    with Kolada(max_cells=60).running() as kolada:
        many = [*KPIS, *(f"N{number:05d}" for number in range(300, 332)), "N15428", "N17457", "N03002"]
        fetched = refresh_kolada(settings, asking(kolada), [*many], YEARS[:5], today=TODAY)
        expected = sum(kpi in many and year in YEARS[:5] for kpi, _, year in kolada.cells)
        assert fetched.rows["values"] == expected
        lists = [path.split("/kpi/")[1].split("/")[0].split(",") for path in kolada.asked if "/data/" in path]
        assert max(map(len, lists)) <= 25
        assert min(map(len, lists)) < 25
        kolada.max_cells = 1
        with pytest.raises(ServiceError, match="too large"):  # one indicator of one year is never halved again
            refresh_kolada(settings, asking(kolada), ["N00900"], [2026], today=TODAY)


def test_pages_that_have_no_end_are_not_followed_for_ever(settings: Settings, kolada: Kolada) -> None:
    def again(handler: Any) -> bool:
        from tests.kolada_server import send

        return send(handler, 200, {"values": [], "count": 0, "next_url": f"https://elsewhere.se{handler.path}"})

    kolada.failures = [("/kpi", again)]
    with pytest.raises(ServiceError, match="no end"):
        refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=TODAY)


def test_nothing_at_all_makes_no_edition(settings: Settings, kolada: Kolada) -> None:
    with pytest.raises(ServiceError, match="has no value of N00097"):
        refresh_kolada(settings, asking(kolada), ["N00097"], [1955], today=TODAY)
    kolada.kpis = []
    with pytest.raises(ServiceError, match="empty catalogue"):
        refresh_kolada(settings, asking(kolada), KPIS, YEARS, today=TODAY)
    assert not list(settings.outside.glob("kolada/*"))


def test_an_address_that_is_no_longer_there_is_told(settings: Settings, kolada: Kolada) -> None:
    old = asking(kolada)
    old.address = kolada.address.replace("/v3", "/v2")
    with pytest.raises(ServiceError, match=r"410: .*Please use /v3 instead"):
        refresh_kolada(settings, old, KPIS, YEARS, today=TODAY)


def test_values_are_taken_or_refused() -> None:
    cell = {"kpi": "N00097", "municipality": "1266", "period": 2024}
    one = {"gender": "T", "count": 1, "status": "", "value": 1, "isdeleted": False}
    rows = value_rows(
        [
            cell | {"values": [one, one | {"gender": "K", "value": None, "count": 0}]},
            cell | {"period": 2023, "values": [one | {"isdeleted": True}]},
            cell | {"municipality": "G35469", "values": [one | {"count": 7}]},
        ],
        ["1266"],
    )
    assert [(row["year"], row["gender"], row["value"]) for row in rows] == [(2023, "T", None), (2024, "T", 1.0)]
    for wrong in ({"gender": "X"}, {"value": "1,5"}, {"value": True}):
        with pytest.raises(ServiceError, match="N00097 1266 2024"):
            value_rows([cell | {"values": [one | wrong]}], ["1266"])
    with pytest.raises(ServiceError, match="two values"):
        value_rows([cell | {"values": [one, one | {"value": 2}]}], ["1266"])


def test_an_indicator_that_is_discontinued_says_so() -> None:
    row = statistic_row({"id": "N1", "title": "Något, antal (-2021)", "publication_date": "x", "has_ou_data": True})
    assert (row["last_year"], row["publication_date"], row["has_ou_data"], row["definition"]) == (
        2021,
        None,
        True,
        None,
    )


def test_the_vocabulary_says_what_is_asked_for() -> None:
    wanted = wanted_kpis()
    assert {"N00090", "N00900", "N01951", "N01948", "N01824"} <= set(wanted)
    assert wanted == sorted(set(wanted))


@pytest.mark.parametrize(
    ("said", "address"),
    [("", ""), ("0", ""), ("1", "https://api.kolada.se/v3"), ("http://localhost:1/v3/", "http://localhost:1/v3")],
)
def test_kolada_is_asked_only_where_it_is_configured(said: str, address: str) -> None:
    assert address_of(Settings(kolada=said)) == address


def test_what_is_configured_wrongly_is_told(settings: Settings, kolada: Kolada) -> None:
    with pytest.raises(ConfigurationError, match="must be 1, 0 or an address"):
        address_of(Settings(kolada="kolada"))
    with pytest.raises(ConfigurationError, match="KOMMUNLAGER_KOLADA to 1"):
        refresh_kolada(Settings(state=settings.state))
    with pytest.raises(ConfigurationError, match=r"N1: an indicator"):
        refresh_kolada(settings, asking(kolada), ["N1"])


def test_two_do_not_fetch_at_once(settings: Settings, kolada: Kolada) -> None:
    settings.state.mkdir()
    with (settings.state / "kolada.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(RefreshRunningError):
            refresh_kolada(settings, asking(kolada), KPIS, YEARS)
    assert kolada.asked == []


def test_the_commands_fetch_and_tell(tmp_path: Path, kolada: Kolada, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNLAGER_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("KOMMUNLAGER_KOLADA", raising=False)
    runner = CliRunner()
    before = runner.invoke(cli, ["kolada", "status"])
    assert "no (KOMMUNLAGER_KOLADA is not set)" in before.output
    kolada.per_page = 5000
    done = runner.invoke(cli, ["kolada", "refresh", "--kpi", "N00900", "--year", "2026", "--address", kolada.address])
    assert done.exit_code == 0, done.output
    assert "values          290 rows  kolada/values-" in done.output
    after = runner.invoke(cli, ["kolada", "status"])
    assert "edition    kolada/values-" in after.output
    failed = runner.invoke(cli, ["kolada", "refresh", "--kpi", "N00900", "--year", "1975", "--address", kolada.address])
    assert failed.exit_code == 1
    assert "Reports are refreshed as ever" in failed.output


def test_dagster_asks_apart_from_the_refresh_of_reports(
    tmp_path: Path, kolada: Kolada, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.defs.jobs import refresh
    from dagster_project.defs.services import assets

    assert "kolada" in str(refresh.selection), "left out of the job"
    assert assets.weekly_kolada.default_status is dg.DefaultScheduleStatus.STOPPED
    monkeypatch.setenv("KOMMUNLAGER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KOMMUNLAGER_KOLADA", kolada.address)
    monkeypatch.setattr("dagster_project.outside.kolada.refresh_kolada", lambda settings: refresh_kolada(
        settings, asking(kolada), KPIS, YEARS, today=TODAY
    ))  # fmt: skip
    result = dg.materialize([assets.kolada_editions])
    assert result.success
    made = {
        event.asset_key.to_user_string(): event
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert sorted(made) == ["kolada/catalogue", "kolada/similar", "kolada/values"]
