"""JSON and CSV over HTTP: what programs get, compared with the warehouse; what is refused; what a client may keep.

The server is the command, its client a real one; statements run in real worker processes.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import duckdb
import pytest
import requests

from dagster_project.asking.api import ENDPOINTS
from dagster_project.asking.desk import AskError
from dagster_project.asking.names import Names, folded
from dagster_project.asking.parameters import Parameter, read
from dagster_project.asking.web import MOST_BODY_BYTES, TITLES, Gate, Web
from dagster_project.serving.tokens import Guesses, Reader, Tokens
from dagster_project.serving.web import Bounds
from dagster_project.site.links import figure_page_sql
from dagster_project.site.text import figure_anchor, file_name
from dagster_project.warehouse.ask.query import open_published
from dagster_project.warehouse.ask.trace import find_trace
from tests.conftest import ROOT
from tests.test_serving import HOSTILE, TOKEN, free_port, release

T = TypeVar("T")

SITE = "https://example.org/k/"
GONE, NOW = "0" * 31 + "1", "0" * 31 + "2"


@dataclass
class Door:
    """A server, and asking it."""

    process: subprocess.Popen[str]
    root: str
    warehouse: Path
    log: Path

    def get(self, path: str, *, token: str | None = TOKEN, headers: dict[str, str] | None = None, **passed: Any) -> Any:
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.get(self.root + path, params=passed, headers=sent, timeout=120)

    def json(self, path: str, **passed: Any) -> Any:
        answer = self.get(path, **passed)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def door(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("asking")
    link = folder / "kommunlager.duckdb"
    release(link, 0, warehouse)
    for name in ("search.duckdb",):
        (link.resolve().parent / name).write_bytes((warehouse.resolve().parent / name).read_bytes())
    with duckdb.connect(str(link.resolve())) as connection:  # a figure that is gone, and what stands for one of them
        ((there,),) = connection.execute("select min(fact_key) from marts.report_values").fetchall()
        for key, now in ((GONE, NOW), (NOW, there)):
            connection.execute(
                "insert into raw.figure_history (fact_key, report_id, file_name, last_release, gone_at, reason, "
                "replaced_by) values (?, 'x', 'x.txt', 'before', now(), 'reinterpreted', ?)",
                [key, now],
            )
    quack, port = free_port(), free_port()
    log = folder / "serve.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dagster_project.cli", "serve", "--warehouse", str(link), "--site", SITE),
                *("--port", str(quack), "--http", str(port), "--seconds", "20", "--answer", "20", "--memory", "2500"),
            ],
            env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "PYTHONPATH": str(ROOT)}
            | {"KOMMUNLAGER_SERVE_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    assert said[-1].startswith("http "), log.read_text(encoding="utf-8")
    yield Door(process, f"http://127.0.0.1:{port}", link, log)
    process.kill()
    process.wait()
    process.stdout.close()


# --- answers ----------------------------------------------------------------------------------------------------------


def test_every_figure_is_the_one_of_the_warehouse(door: Door) -> None:
    """All of them, page by page, in JSON and in CSV."""
    with duckdb.connect(str(door.warehouse.resolve()), read_only=True) as connection:
        there = {
            row[0]: row[1:]
            for row in connection.execute(
                "select fact_key, value_numeric, amount_sek, unit, scenario, municipality_code, report_id, value_text, "
                "is_contradicted or is_misprint from marts.report_values where is_current"
            ).fetchall()
        }
    figures: list[dict[str, Any]] = []
    path: str | None = "/api/figures?limit=250"
    while path:
        page = door.json(path)
        assert page["total"] == len(there)
        figures += page["figures"]
        path = page["next"]
    assert [figure["fact_key"] for figure in figures] == list(dict.fromkeys(figure["fact_key"] for figure in figures))
    assert {figure["fact_key"] for figure in figures} == set(there)
    rows = {row["fact_key"]: row for row in csv.DictReader(io.StringIO(door.get("/api/figures.csv").text))}
    assert set(rows) == set(there)
    for figure in figures:
        number, amount, unit, scenario, code, report, text, is_wrong = there[figure["fact_key"]]
        assert [figure[name] for name in ("unit", "scenario", "municipality_code", "report_id", "value_text")] == [
            *(unit, scenario, code, report, text)
        ]
        if is_wrong or number is None:
            assert figure["value_numeric"] is None
            assert figure["missing_reason"]
        else:
            assert float(figure["value_numeric"]) == number
            assert figure["amount_sek"] == amount
            assert figure["missing_reason"] is None
            assert float(rows[figure["fact_key"]]["value_numeric"]) == number


def test_what_is_named_and_not_there_says_why(door: Door) -> None:
    found = door.json(
        "/api/figures",
        concept="Sjukfrånvaro",
        municipality=["goteborg", "Gävle,Ale"],
        year="2023-2024",
        scenario="actual",
    )["figures"]
    told = [(row["municipality_name"], row["year"], row["value_numeric"], row["missing_reason"]) for row in found]
    assert told == [
        ("Ale", 2023, None, "no report of the municipality is in the warehouse"),
        ("Ale", 2024, None, "no report of the municipality is in the warehouse"),
        ("Gävle", 2023, None, "the reports of the municipality print no such figure, or none that is understood as it"),
        ("Gävle", 2024, None, "the reports of the municipality print no such figure, or none that is understood as it"),
        ("Göteborg", 2023, Decimal("7.8"), None),
        ("Göteborg", 2024, Decimal("7.1"), None),
    ]
    (none,) = door.json("/api/figures", municipality="Gävle", year="1999")["figures"]
    assert none["missing_reason"] == "no report of the municipality for the year is in the warehouse"


def test_words_find_figures_whatever_their_accents(door: Door) -> None:
    found = door.json("/api/figures", q="SJUKFRANVARO total")["figures"]
    assert {figure["row_label"] for figure in found} == {"Total sjukfrånvaro (%)"}
    search = door.json("/api/search", q="59 475")
    assert [figure["value_text"] for figure in search["figures"]] == ["59 475"]
    search = door.json("/api/search", q="externa placeringar", municipality="Gävle")
    assert search["texts_found"] > 0
    assert {hit["municipality_name"] for hit in search["texts"]} == {"Gävle"}
    assert any(hit["figures"] for hit in search["texts"])
    assert [one["concept_key"] for one in search["concepts"]] == ["care_days_external"]


def test_a_figure_stands_where_show_says(door: Door) -> None:
    with open_published(door.warehouse) as connection:
        keys = [key for (key,) in connection.execute(
            "select fact_key from marts.report_values order by fact_key limit 1000"
        ).fetchall()][::37]  # fmt: skip
        for key in keys:
            trace, told = find_trace(connection, key), door.json(f"/api/figure/{key}")
            assert told["fact_key"] == key
            assert tuple(told["headings"] or ()) == trace.headings
            assert told["cell"]["text"] == trace.cell.text
            assert tuple(told["same_cell"] or ()) == trace.beside
            assert told["row_cells"] == [cell.text for cell in trace.cells if cell.row_index == trace.cell.row_index]
            assert told["file"]["sha256"] == trace.report["sha256"]
            decided = {one["decides"]: one["basis"] for one in told["chain"]["decided"]}
            assert decided["scenario"] == trace.figure["scenario_basis"]
            assert decided.get("unit") == trace.figure["unit_basis"]
            assert told["chain"]["report_known_by"]
            assert told["proof"]["proven_by"] == trace.figure["proof"]
    ((total, is_holding),) = _rows(
        door, "select fact_key, is_holding from reconciliation where not is_holding order by fact_key limit 1"
    )
    sums = door.json(f"/api/figure/{total[:16]}")["proof"]["sums"]
    assert [one["is_holding"] for one in sums] == [is_holding]


def _rows(door: Door, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in door.json("/api/query", sql=sql)["rows"]]


def test_links_lead_to_the_cell_on_the_site(door: Door, site: Path) -> None:
    pages: dict[str, str] = {}
    for figure in door.json("/api/figures", limit=10_000)["figures"]:
        page, _, anchor = figure["page_link"].removeprefix(SITE).partition("#")
        assert page.startswith("r/")
        text = pages.setdefault(page, (site / page).read_text(encoding="utf-8"))
        assert f'id="{anchor}"' in text, figure["page_link"]


def test_links_are_those_of_the_site_for_long_names_too() -> None:
    with duckdb.connect() as connection:
        for name in ("kort", "x" * 107 + "-" + "y" * 200, "a" * 120, "a" * 121):
            sql = f"select {figure_page_sql(SITE, 'r', 'k')} from (select '{name}' as r, '{GONE}' as k)"
            assert connection.execute(sql).fetchone() == (f"{SITE}r/{file_name(name)}.html#{figure_anchor(GONE)}",)


def test_comparisons_are_those_of_the_marts(door: Door) -> None:
    (value,) = door.json("/api/compare", concept="care_days_external", municipality="Helsingborg", year="2023")[
        "values"
    ]
    assert (value["value_numeric"], value["unit"], value["committee"]) == (Decimal("59475.0"), "days", "Socialnämnden")
    assert value["page_link"].startswith(SITE)
    assert door.json(f"/api/figure/{value['fact_key']}")["figure"]["value_text"] == "59 475"
    values = door.json("/api/compare", measure="net_cost", municipality="Göteborg,Ale", year="2024")["values"]
    assert [(one["municipality_name"], one["value_numeric"], one["missing_reason"]) for one in values] == [
        ("Ale", None, "no report of the municipality is in the warehouse"),
        ("Göteborg", Decimal("1287649000.0"), None),
    ]
    asked = {"measure": "net_cost_per_inhabitant,budget_variance_share", "municipality": "Göteborg", "year": "2023"}
    assert [(one["measure_key"], one["missing_reason"]) for one in door.json("/api/compare", **asked)["values"]] == [
        ("budget_variance_share", "no report of the municipality for the year is in the warehouse"),
        ("net_cost_per_inhabitant", "a part of the municipality"),
    ]
    assert len(values[1]["page_links"]) == len(values[1]["fact_keys"])


LISTS = [endpoint for endpoint in ENDPOINTS if endpoint.rows and endpoint.path not in ("/api/query", "/api/compare")]


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: str(endpoint.path))
def test_a_list_is_the_same_in_csv(door: Door, endpoint: Any) -> None:
    told = door.json(endpoint.path)
    answer = door.get(f"{endpoint.path}.csv")
    assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(told[endpoint.rows]) > 0
    assert list(rows[0]) == list(told[endpoint.rows][0])


def test_a_relation_is_described(door: Door) -> None:
    told = door.json("/api/marts/report_values")
    assert told["description"].startswith("One row per ")
    assert {column["column"] for column in told["columns"]} >= {"fact_key", "value_numeric"}
    assert all(column["description"] for column in told["columns"])
    assert door.json("/api/marts/raw.cell")["schema"] == "raw"


def test_a_query_comes_as_json_and_csv_by_get_and_post(door: Door) -> None:
    sql = "select 1 as a, 2 as a, 'å' as s, null as n, 1.50::decimal(9, 2) as d, '=1+1' as f"
    told = door.json("/api/query", sql=sql)
    assert [column["name"] for column in told["columns"]] == ["a", "a_1", "s", "n", "d", "f"]
    assert told["rows"] == [{"a": 1, "a_1": 2, "s": "å", "n": None, "d": Decimal("1.50"), "f": "=1+1"}]
    assert door.get("/api/query.csv", sql=sql).text == "a,a_1,s,n,d,f\n1,2,å,,1.50,'=1+1\n"
    assert door.get("/api/query.csv", sql=sql, exact="true").text.endswith(",=1+1\n")
    sent = {"Authorization": f"Bearer {TOKEN}"}
    for more in (
        {"json": {"sql": sql}},
        {"data": {"sql": sql}},
        {"data": sql.encode(), "headers": sent | {"Content-Type": "application/sql"}},
    ):
        posted = requests.post(f"{door.root}/api/query", timeout=60, **({"headers": sent} | more))
        assert json.loads(posted.text, parse_float=Decimal)["rows"] == told["rows"], more


def test_a_large_answer_comes_whole(door: Door) -> None:
    text = door.get("/api/query.csv", sql="select i from range(300000) as t(i)").text
    assert text == "i\n" + "".join(f"{i}\n" for i in range(300_000))


def test_the_log_says_who_asked_what(door: Door) -> None:
    mark = f"select {time.time_ns()} as mark, token => 'a-secret-in-a-query'"
    door.get("/api/query", sql=mark)
    door.get("/api/figures", concept="sick_leave_total")
    lines = [line for line in door.lines() if line["event"] == "request"]
    assert any(line.get("concept") == ["sick_leave_total"] and line["rows"] == 3 for line in lines)
    assert {"reader", "path", "status", "ms"} <= set(lines[-1])
    log = door.log.read_text(encoding="utf-8")
    assert mark[:25] in log
    assert "a-secret-in-a-query" not in log
    assert TOKEN not in log


# --- what is refused --------------------------------------------------------------------------------------------------

WRONG: list[tuple[str, int, str]] = [
    ("/api/figures?konsept=x", 400, '"accepted": ["account", "committee", "concept"'),
    ("/api/figures?concept=sjukfranvaron", 400, "sick_leave_total (Sjukfrånvaro)"),
    ("/api/figures?municipality=Göttborg", 400, "1480 (Göteborg)"),
    ("/api/figures?municipality=habo", 200, "Habo"),
    ("/api/figures?municipality=håbo", 200, "Håbo"),
    ("/api/figures?municipality=Habö", 400, "the name of several"),
    ("/api/figures?year=tjugo", 400, "2023 or 2020-2023 is wanted"),
    ("/api/figures?year=1000-3000", 400, "2023 or 2020-2023 is wanted"),
    ("/api/figures?limit=0", 400, "a number from 1 to 10000 is wanted"),
    ("/api/figures?limit=5&limit=6", 400, "can be given once"),
    ("/api/figures?scenario=dream", 400, "there is no scenario"),
    ("/api/figures?q=a%00b", 400, "one line of"),
    ("/api/figures?q=' or 1=1 --", 200, '"total": 0'),
    ("/api/figures?committee=x') or true --", 200, '"total": 0'),
    ("/api/figures?token=" + TOKEN, 400, "there is no parameter 'token' here"),
    ("/api/compare", 400, "name either a concept or a measure"),
    ("/api/compare?measure=wealth", 400, "there is no measure"),
    ("/api/search", 400, "the parameter q is needed"),
    ("/api/search?q=---", 400, "there is no word"),
    ("/api/query", 400, "the parameter sql is needed"),
    ("/api/query?sql=select nix", 400, "Binder Error"),
    ("/api/query?sql=select * from read_text('/etc/passwd')", 400, "Refused: the function read_text is not allowed"),
    ("/api/query?sql=attach '/tmp/x.duckdb'", 400, "Refused: only queries are answered"),
    ("/api/query?sql=select repeat('x', 1000000000)", 422, ""),
    ("/api/query.csv?sql=select repeat('x', 1000) from range(1000000000)", 422, "larger than 20 MB"),
    ("/api/figure/ffffffffffffffff", 404, "no figure has the key"),
    ("/api/figure/hej", 404, "is no key of a figure"),
    ("/api/figure/' or true --", 404, "is no key of a figure"),
    (f"/api/figure/{GONE}", 410, "understood otherwise"),
    ("/api/marts/report_value", 404, "marts.report_values"),
    ("/api/marts/raw.x'; drop table raw.cell --", 404, "there is no table or view"),
    ("/api/nothing", 404, '"/api/figures"'),
    ("/", 404, '"/api/figures"'),
    ("/api/figure/ffff.csv", 404, "no key"),
]


@pytest.mark.parametrize(("path", "status", "words"), WRONG, ids=[path for path, _, _ in WRONG])
def test_what_is_wrong_is_said_with_what_would_be_right(door: Door, path: str, status: int, words: str) -> None:
    answer = door.get(path)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    if status != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["detail"]
        assert "ETag" not in answer.headers


def test_a_figure_that_is_gone_leads_to_what_stands_for_it(door: Door) -> None:
    told = door.get(f"/api/figure/{GONE}").json()
    assert door.get(told["figure_link"]).json()["fact_key"] == told["replaced_by"]
    assert GONE in told["detail"]


def test_the_beginning_of_several_keys_names_them(door: Door) -> None:
    told = door.get("/api/figure/8").json()
    assert told["status"] == 400
    assert len(told["candidates"]) == 8
    assert all(one["fact_key"].startswith("8") for one in told["candidates"])


def test_every_hostile_statement_is_refused(door: Door) -> None:
    before = (door.warehouse.stat().st_size, door.warehouse.stat().st_mtime_ns)
    for statement in [one for statements in HOSTILE.values() for one in statements if one]:
        answer = requests.post(
            f"{door.root}/api/query", json={"sql": statement}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        )
        assert answer.status_code == 400, (statement[:80], answer.text)
        assert "Refused" in answer.json()["detail"], statement[:80]
    assert (door.warehouse.stat().st_size, door.warehouse.stat().st_mtime_ns) == before
    assert door.json("/api/query", sql="select 1 as a")["rows"] == [{"a": 1}]


def test_nothing_can_be_written(door: Door) -> None:
    sent = {"Authorization": f"Bearer {TOKEN}"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = requests.request(method, f"{door.root}/api/figures", headers=sent, data=b"x", timeout=60)
        assert answer.status_code == 405
    for kind, body in (("application/json", b"[1"), ("application/json", b"[1]"), ("application/xml", b"<a/>")):
        sent["Content-Type"] = kind
        assert requests.post(f"{door.root}/api/query", headers=sent, data=body, timeout=60).status_code == 400


def test_without_a_token_nothing_is_told_but_the_description(door: Door) -> None:
    for path in ("/api", "/api/figures", "/api/query?sql=select 1", "/api/nothing"):
        answer = door.get(path, token=None)
        assert answer.status_code == 401
        assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert door.get("/api/figures", token="another-token-0123456789").status_code == 401
    assert door.get("/api/openapi.json", token=None).status_code == 200
    assert requests.get(f"{door.root}/api", auth=("anybody", TOKEN), timeout=60).status_code == 200
    assert "another-token" not in door.log.read_text(encoding="utf-8")


def test_pages_of_others_get_nothing(door: Door) -> None:
    answer = door.get("/api", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert door.get("/api", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert door.get("/api", headers={"Sec-Fetch-Site": "none"}).status_code == 200


def test_the_description_is_openapi_and_tells_of_every_path(door: Door) -> None:
    from openapi_spec_validator import validate

    told = door.json("/api/openapi.json")
    validate(told)
    paths = set(told["paths"])
    assert {endpoint.path for endpoint in ENDPOINTS} <= paths
    for path in sorted(one for one in paths if "{" not in one and not one.startswith(("/api/query", "/api/compare"))):
        words = "?q=personal" if path == "/api/search" else ""
        assert door.get(path + words).status_code == 200, path
    figure = door.json("/api/figures", limit=1)["figures"][0]
    assert list(figure) == list(told["components"]["schemas"]["Figure"]["properties"])


def test_the_pages_on_asking_tell_of_every_path_and_show_what_is_answered(door: Door) -> None:
    english, swedish = (text(name) for name in ("ask.md", "sv/fraga.md"))
    for endpoint in ENDPOINTS:
        path = endpoint.path.partition("/{")[0]
        assert path in english
        assert path in swedish or path in ("/api", "/api/marts")
        for parameter in endpoint.parameters:
            assert f"`{parameter.name}`" in english, (path, parameter.name)
    for said in re.findall(r"^\| (\d{3})(?:, (\d{3}))? \|", english, re.MULTILINE):
        assert said[0] == "304" or int(said[0]) in TITLES
    address, cut, shown = re.search(  # type: ignore[union-attr]
        r"'http://127.0.0.1:9495(/\S+)' \| cut -d, -f([\d,]+)\n(.*?)```", english, re.DOTALL
    ).groups()
    rows = [line.split(",") for line in door.get(address).text.splitlines()]
    assert [",".join(row[int(place) - 1] for place in cut.split(",")) for row in rows] == shown.splitlines()


def text(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


# --- releases ---------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_again_until_the_next_release(door: Door) -> None:
    paths = ["/api/figures?q=personal", "/api/figures.csv", "/api/concepts", "/api/query?sql=select 1", "/api"]
    tags = {path: door.get(path).headers["ETag"] for path in paths}
    assert len(set(tags.values())) == 1
    for path, tag in tags.items():
        for said in (tag, f'"x", W/{tag}'):
            again = door.get(path, headers={"If-None-Match": said})
            assert (again.status_code, again.content) == (304, b"")
        assert door.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
        assert door.get(path, token=None, headers={"If-None-Match": tag}).status_code == 401
    assert "ETag" not in door.get("/api/query?sql=select now()").headers
    before = door.json("/api")["release"]
    release(door.warehouse, 1, door.warehouse)
    until = time.monotonic() + 60
    while door.json("/api")["release"] == before:
        assert time.monotonic() < until
        time.sleep(0.05)
    for path, tag in tags.items():
        answer = door.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["ETag"] != tag
    assert door.json("/api/query", sql="select min(file_name) as f from raw.report")["rows"] == [{"f": "release 1"}]


def test_it_stops_when_told(door: Door) -> None:
    """Last: the other tests need it."""
    door.process.send_signal(signal.SIGTERM)
    assert door.process.wait(60) == 0
    lines = door.lines()
    assert lines[-1]["event"] == "stopped"
    assert not [line for line in lines if line["level"] in ("error", "critical")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["serve", "--http", "nowhere"], "--http is 'nowhere'; PORT or HOST:PORT is wanted"),
        (["serve", "--http", "9495", "--site", "hej"], "--site is 'hej'; an address"),
        (["mcp", "--http", "0.0.0.0:9496"], "only addresses of this machine"),
        (["mcp", "--site", "javascript:alert(1)"], "--site is"),
    ],
)
def test_wrong_addresses_are_wrong_settings(warehouse: Path, options: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli", *options, "--warehouse", str(warehouse)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


# --- names and parameters ---------------------------------------------------------------------------------------------


def test_names_are_found_by_key_and_name_and_never_guessed() -> None:
    names = Names.of(
        "municipality",
        [{"key": "0305", "name": "Håbo"}, {"key": "0643", "name": "Habo"}, {"key": "1480", "name": "Göteborg"}],
    )
    for given in ("1480", "Göteborg", "GÖTEBORG", "goteborg", "Göteborgs kommun", "göteborgs stad", " Göteborg "):
        assert names.key(given) == "1480", given
    assert (names.key("Håbo"), names.key("habo"), names.key("Håbo kommun")) == ("0305", "0643", "0305")
    for given in ("Gotland", "", "148"):
        with pytest.raises(AskError):
            names.key(given)
    assert folded("Vårddygn  I Éxterna") == "varddygn i externa"


def test_a_parameter_that_is_not_known_is_refused_with_those_that_are() -> None:
    known = [
        Parameter("year", "years", ""),
        Parameter("q", "text", ""),
        Parameter("names", "texts", "", is_divided=False),
    ]
    assert read([("year", "2020-2022,2024"), ("names", "a, b"), ("names", "c")], known) == {
        "year": [2020, 2021, 2022, 2024],
        "q": None,
        "names": ["a, b", "c"],
    }
    with pytest.raises(AskError) as caught:
        read([("years", "2020")], known)
    assert caught.value.more == {"accepted": ["names", "q", "year"]}


# --- the web server, with bounds small enough to be reached -----------------------------------------------------------

SMALL = Bounds(
    connections=8,
    per_address=6,
    head_bytes=4096,
    head_seconds=0.3,
    body_seconds=0.3,
    write_seconds=0.3,
    write_bytes_a_second=1e9,
)
PATIENT = replace(SMALL, write_seconds=120.0)


class Small:
    """The web server in front of an application that reads, waits or writes as the path says."""

    def __init__(self, bounds: Bounds) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.cancelled: list[str] = []
        self.said: list[str] = []
        log = SimpleNamespace(**dict.fromkeys(("info", "warning", "error", "exception"), self._say))
        tokens = Tokens(None, (Reader("anna", TOKEN),))
        self.web = Web(Gate(self._app, tokens, Guesses(), bounds, log), bounds, log)
        self.port = free_port()
        self.run(self.web.start("127.0.0.1", self.port))

    def _say(self, event: str, **_more: Any) -> None:
        self.said.append(event)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        try:
            if scope["path"] == "/waits":
                await asyncio.sleep(600)
            if scope["path"] == "/reads":
                while (await receive()).get("more_body"):
                    pass
            size = 50_000_000 if scope["path"] == "/writes" else 2
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
            await send({"type": "http.response.body", "body": b"x" * size})
        except asyncio.CancelledError:
            self.cancelled.append(scope["path"])
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self.run(self.web.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def connect(self, text: str = "") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(text.encode())
        return connection

    def status(self, text: str) -> int:
        """Of the answer to what is sent, 0 for none."""
        with self.connect(text) as connection:
            said = connection.makefile("rb").readline().split()
        return int(said[1]) if said else 0


def head(path: str, method: str = "GET", *more: str) -> str:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {TOKEN}", *more]
    return "\r\n".join([*lines, "", ""])


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    made = Small(SMALL)
    yield made
    made.close()


def test_a_head_that_does_not_come_ends_the_connection(small: Small) -> None:
    for text in ("", "GET / HT", head("/")[:-2]):
        assert small.status(text) == 0
    with small.connect(head("/")) as connection:
        reader = connection.makefile("rb")
        assert reader.readline().split()[1] == b"200"
        assert reader.read().endswith(b"xx"), "it ends when no other request comes"


def test_a_body_is_bounded_in_length_and_time(small: Small) -> None:
    assert small.status(head("/reads", "POST", "Content-Length: 5") + "12345") == 200
    assert small.status(head("/reads", "POST", "Content-Length: 5") + "12") == 408
    assert small.status(head("/reads", "POST", f"Content-Length: {MOST_BODY_BYTES + 1}")) == 413
    chunk = "fffff\r\n" + "x" * 0xFFFFF + "\r\n"
    assert small.status(head("/reads", "POST", "Transfer-Encoding: chunked") + chunk + "0\r\n\r\n") == 413
    assert small.status(head("/", "GET", "X: " + "y" * 900_000)) == 400
    for nonsense in ("hej\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: -1\r\n\r\n"):
        assert small.status(nonsense) in (0, 400)


def test_who_is_slow_makes_room_for_who_comes(small: Small) -> None:
    slow = [small.connect("GET") for _ in range(SMALL.per_address)]
    assert small.status(head("/")) == 200
    for connection in slow:
        connection.close()


def test_what_nobody_waits_for_ends(small: Small) -> None:
    small.connect(head("/waits")).close()
    until = time.monotonic() + 30
    while "/waits" not in small.cancelled:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_who_does_not_read_is_let_go(small: Small) -> None:
    with small.connect() as connection:
        connection.sendall(head("/writes").encode())
        # Far more than the buffers of the system hold; the rest comes never, for nobody takes it for so long.
        time.sleep(1)
        assert len(_taken(connection)) < 50_000_000


def test_who_reads_slowly_gets_all() -> None:
    """Longer than a head may take, for the answer waits for its reader and no request is late."""
    small = Small(PATIENT)
    try:
        with small.connect() as connection:
            connection.sendall(head("/writes").encode())
            time.sleep(3 * PATIENT.head_seconds)
            assert len(_taken(connection)) > 50_000_000
    finally:
        small.close()


def _taken(connection: socket.socket) -> bytes:
    """What comes before the connection is reset."""
    taken = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 20):
            taken += piece
    return bytes(taken)


def test_wrong_tokens_are_slowed_and_then_not_looked_at(small: Small) -> None:
    wrong = head("/").replace(TOKEN, "another-token-0123456789")
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(small.status(wrong))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {401}
    assert small.said.count("not admitted") == 5
    assert small.status(head("/")) == 200, "who was let in before passes"
    assert not re.search("another-token", " ".join(small.said))
