"""SCB, live: asked of a server on this machine that answers as it does, with figures that it has published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from dagster_project.cli import cli
from dagster_project.outside import load
from dagster_project.outside.scb import address_of, cells, dataset_problem, refresh_scb, scb_status
from dagster_project.outside.service import Service, ServiceError
from dagster_project.settings import ConfigurationError, Settings
from tests.kolada_server import cut_off, hung_up, no_json, send, status
from tests.scb_server import Scb

TODAY = date(2026, 12, 1)


@pytest.fixture
def scb() -> Iterator[Scb]:
    with Scb().running() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, scb: Scb) -> Settings:
    return Settings(warehouse=tmp_path / "kommunlager.duckdb", state=tmp_path / "state", scb=scb.address)


def asking(scb: Scb, **options: Any) -> Service:
    """A client that does not wait longer than a test may."""
    quick = {"per_second": 1e6, "first_pause": 0.001, "longest_pause": 0.01, "timeout": 5}
    return Service(scb.address, Path(), **quick | options)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace that SCB allows would take a test seconds; that it is kept, one test looks at."""
    monkeypatch.setattr("dagster_project.outside.scb.SHARE_OF_LIMIT", 1.0)
    monkeypatch.setattr("dagster_project.outside.service.time.sleep", lambda seconds: None)


def edition(settings: Settings, name: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"select * from read_parquet('{settings.outside}/scb/{name}/values.parquet') order by all"
        ).fetchall()


@pytest.mark.parametrize("index_is_list", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_editions_hold_what_the_service_has(settings: Settings, scb: Scb, index_is_list: bool, is_sparse: bool) -> None:
    scb.index_is_list, scb.is_sparse = index_is_list, is_sparse
    fetched = refresh_scb(settings, asking(scb), today=TODAY)
    assert fetched.editions == tuple(f"scb/{one}-2026-12-01" for one in ("population", "net-cost", "tax-rate"))
    for dataset, table, key in (
        ("population", "TAB638", "scb_population"),
        ("tax-rate", "TAB2017", "scb_tax_rate_municipality"),
    ):
        first = "2023" if dataset == "population" else "2000"
        expected = sorted(
            (key, code, int(year), "T", value, None)
            for (code, year), value in scb.tables[table].values.items()
            if year >= first
        )
        assert edition(settings, f"{dataset}-2026-12-01") == expected
    net_costs = edition(settings, "net-cost-2026-12-01")
    assert net_costs == sorted(
        (f"scb_net_cost_{activity}", code, int(year), "T", value, None)
        for (code, activity, year), value in scb.tables["TAB4199"].values.items()
    )
    assert ("scb_net_cost_190", "0000", 2024, "T", 8585997.0, None) in net_costs
    said = yaml.safe_load((settings.outside / "scb/net-cost-2026-12-01/source.yml").read_text(encoding="utf-8"))
    assert (said["as_of"], said["licence"], said["attribution"]) == ("2026-08-28", "CC0 1.0", "Källa: SCB")
    assert load.load_outside(settings).problems == ()


def test_what_is_asked_is_within_what_scb_allows(settings: Settings, scb: Scb) -> None:
    scb.max_cells = 25_000
    service = asking(scb)
    refresh_scb(settings, service, today=TODAY)
    sizes = []
    for path, body in scb.asked:
        if path.startswith("/api/v2/tables/TAB4199/data"):
            codes = [len(one["valueCodes"]) for one in body["selection"]]
            sizes.append(codes[0] * codes[1] * codes[2] * codes[3])
    assert len(sizes) == 2, "a year each"
    assert max(sizes) <= 25_000
    assert service.per_second == pytest.approx(3.0), "thirty calls in ten seconds"
    assert all(
        code != "999" for _, body in scb.asked if body for one in body["selection"] for code in one["valueCodes"]
    )


def test_the_same_answers_make_no_new_edition(settings: Settings, scb: Scb) -> None:
    refresh_scb(settings, asking(scb), today=TODAY)
    assert refresh_scb(settings, asking(scb), today=date(2026, 12, 8)).editions == ()
    scb.tables["TAB4199"].values["0180", "190", "2024"] += 1
    revised = refresh_scb(settings, asking(scb), today=date(2026, 12, 15))
    assert revised.editions == ("scb/net-cost-2026-12-15",)
    assert len(list((settings.outside / "scb").glob("net-cost-*"))) == 2, "both stay beside each other"


def test_what_fails_for_a_while_is_asked_again(settings: Settings, scb: Scb) -> None:
    def half(handler: Any) -> bool:
        answer = scb._dataset(scb.tables["TAB2017"], {**scb.tables["TAB2017"].variables, "ContentsCode": ["OE0101D2"],
                                                      "Tid": scb.tables["TAB2017"].years}, ([1.0], {}))  # fmt: skip
        return send(handler, 200, answer)

    scb.failures = [
        ("/config", status(429, Retry_After="0")),
        ("TAB638/metadata", cut_off),
        ("TAB638/data", hung_up),
        ("TAB4199/data", no_json),
        ("TAB2017/data", half),
        ("TAB2017/data", status(503)),
    ]
    fetched = refresh_scb(settings, asking(scb), today=TODAY)
    assert scb.failures == []
    assert fetched.rows["population"] == 290


def test_what_stays_broken_is_told_and_the_rest_is_not_asked_again(settings: Settings, scb: Scb) -> None:
    scb.failures = [("TAB2017/data", status(500))] * 3
    with pytest.raises(ServiceError, match=r"TAB2017/data.* answered 500"):
        refresh_scb(settings, asking(scb, attempts=3), today=TODAY)
    assert not list(settings.outside.glob("scb/*")), "no half edition"
    assert load.load_outside(settings).problems == (), "a refresh of reports sees nothing of it"
    assert "answered 500" in scb_status(settings).last["error"]
    scb.asked.clear()
    fetched = refresh_scb(settings, asking(scb), today=date(2026, 12, 2))
    assert fetched.editions[0] == "scb/population-2026-12-01", "the edition goes on under its day"
    assert [path.partition("?")[0] for path, _ in scb.asked] == ["/api/v2/tables/TAB2017/data"]
    assert scb_status(settings).unfinished == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: setattr(table, "unit", "mnkr"), "TAB4199 of SCB counts in mnkr instead of tkr"),
        (lambda table: setattr(table, "contents", "0000005Z"), "no contents 0000005X any more"),
        (lambda table: table.variables.pop("Verksomrkom"), "no variable Verksomrkom any more"),
        (lambda table: table.variables.update(Agare=["1", "2"]), "cannot be added up over Agare"),
        (lambda table: table.variables["Region"].remove("0180"), "lacks 1 municipalities: 0180"),
        (lambda table: table.years.append("2025K1"), "2025K1, which is no year"),
    ],
)
def test_a_table_that_is_not_what_it_was_is_refused(settings: Settings, scb: Scb, change: Any, message: str) -> None:
    change(scb.tables["TAB4199"])
    with pytest.raises(ServiceError, match=message):
        refresh_scb(settings, asking(scb), today=TODAY)
    assert not list(settings.outside.glob("scb/*"))


def test_the_latest_year_is_preliminary_until_it_is_said_to_be_final(settings: Settings, scb: Scb) -> None:
    scb.tables["TAB4199"].updated = "2025-06-12T06:00:00Z"
    refresh_scb(settings, asking(scb), today=TODAY)
    assert {row[5] for row in edition(settings, "net-cost-2026-12-01") if row[2] == 2024} == {"preliminary"}


def test_other_answers_than_what_was_asked_are_refused(settings: Settings, scb: Scb) -> None:
    def one_region(handler: Any) -> bool:
        table = scb.tables["TAB2017"]
        chosen = {"Region": ["0114"], "ContentsCode": ["OE0101D2"], "Tid": ["2022"]}
        return send(handler, 200, scb._dataset(table, chosen, ([19.1], {})))

    scb.failures = [("TAB2017/data", one_region)] * 2
    with pytest.raises(ServiceError, match=r"1 codes of Region where 291 were asked for"):
        refresh_scb(settings, asking(scb, attempts=2), today=TODAY)


def test_values_lie_in_the_order_of_the_variables() -> None:
    dataset = {
        "id": ["Region", "Tid"],
        "size": [2, 3],
        "dimension": {
            "Region": {"category": {"index": {"0180": 1, "0114": 0}}},
            "Tid": {"category": {"index": ["2021", "2022", "2023"]}},
        },
        "updated": "2026-01-01T00:00:00Z",
        "value": [1, 2, None, 4, 5.5, 6],
        "status": {"2": "..", "3": "e"},
    }
    assert dataset_problem(dataset, has_values=True) == ""
    found = [(one.codes["Region"], one.codes["Tid"], one.value, one.status) for one in cells(dataset)]
    assert found == [
        ("0114", "2021", 1.0, None),
        ("0114", "2022", 2.0, None),
        ("0180", "2021", 4.0, "e"),
        ("0180", "2022", 5.5, None),
        ("0180", "2023", 6.0, None),
    ]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"value": [1, 2]}, "half a dataset: 2 of 6"),
        ({"value": []}, "half a dataset"),
        ({"value": {}}, "without values"),
        ({"value": [1, 2, 3, 4, 5, "6"]}, "no number: '6'"),
        ({"size": [2, 2]}, "say \\[2, 2\\]"),
        ({"id": ["Region", "Kon"]}, "no dataset of JSON-stat 2"),
        ({"updated": "i går"}, "no dataset of JSON-stat 2"),
    ],
)
def test_what_is_no_dataset_is_told(wrong: dict[str, Any], problem: str) -> None:
    dataset = {
        "id": ["Region", "Tid"],
        "size": [2, 3],
        "dimension": {
            "Region": {"category": {"index": ["0114", "0180"]}},
            "Tid": {"category": {"index": ["2021", "2022", "2023"]}},
        },
        "updated": "2026-01-01",
        "value": [1, 2, 3, 4, 5, 6],
    }
    assert re.search(problem, dataset_problem(dataset | wrong, has_values=True))


def test_scb_is_asked_only_where_it_is_configured(settings: Settings) -> None:
    assert address_of(Settings(scb="0")) == ""
    assert address_of(Settings(scb="1")) == "https://statistikdatabasen.scb.se/api/v2"
    with pytest.raises(ConfigurationError, match="KOMMUNLAGER_SCB is 'ja'"):
        address_of(Settings(scb="ja"))
    with pytest.raises(ConfigurationError, match="set KOMMUNLAGER_SCB to 1"):
        refresh_scb(Settings(state=settings.state))


def test_the_commands_fetch_and_tell(tmp_path: Path, scb: Scb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNLAGER_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("KOMMUNLAGER_SCB", raising=False)
    runner = CliRunner()
    assert "no (KOMMUNLAGER_SCB is not set)" in runner.invoke(cli, ["scb", "status"]).output
    done = runner.invoke(cli, ["scb", "refresh", "--address", scb.address])
    assert done.exit_code == 0, done.output
    assert "population      290 rows  scb/population-" in done.output
    assert "edition    scb/net-cost-" in runner.invoke(cli, ["scb", "status"]).output
    del scb.tables["TAB638"]
    failed = runner.invoke(cli, ["scb", "refresh", "--address", scb.address])
    assert failed.exit_code == 1
    assert "answered 404" in failed.output
