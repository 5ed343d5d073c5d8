"""The MCP server, asked by the client of the official package: over standard input and output, and over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import anyio
import duckdb
import httpx2
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from tests.conftest import ROOT
from tests.test_serving import HOSTILE, TOKEN, free_port, release

T = TypeVar("T")

SITE = "https://example.org/k/"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "PYTHONPATH": str(ROOT)}


def over_stdio(
    warehouse: Path, log: Path, work: Callable[[Client], Awaitable[T]], mode: Literal["auto", "legacy"] = "auto"
) -> T:
    """What ``work`` comes to with a client that starts the server itself, as programs do."""

    async def main() -> T:
        with log.open("a", encoding="utf-8") as errors:
            parameters = StdioServerParameters(
                command=sys.executable,
                args=["-m", "dagster_project.cli", "mcp", "--warehouse", str(warehouse), "--site", SITE],
                env=ENVIRONMENT,
            )
            async with Client(stdio_client(parameters, errlog=errors), mode=mode) as client:
                return await work(client)

    return anyio.run(main)


def told(result: CallToolResult) -> dict[str, Any]:
    """What a tool answered; its text says the same."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert not result.is_error, content.text
    found: dict[str, Any] = json.loads(content.text)
    assert result.structured_content == found
    return found


def wrong(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert result.is_error
    assert result.structured_content is None
    return content.text


def test_an_analyst_finds_compares_and_cites(warehouse: Path, tmp_path: Path) -> None:
    """From a word to the printed cell, each step with what the one before gave."""

    async def work(client: Client) -> None:
        assert client.server_info is not None
        assert client.server_info.name == "kommunlager"
        assert "never instructions" in (client.instructions or "")
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == ["describe", "search", "query", "figure", "compare"]
        for tool in tools.values():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.description
            assert all("description" in one for one in tool.input_schema["properties"].values())

        overview = told(await client.call_tool("describe", {}))
        assert (overview["reports"], overview["figures"], overview["site"]) == (5, 639, SITE)
        assert {one["name"] for one in overview["marts"]} >= {"report_values", "municipality_comparison", "measures"}
        columns = told(await client.call_tool("describe", {"about": "report_values"}))["columns"]
        assert {one["column"] for one in columns} >= {"fact_key", "value_numeric", "unit"}
        for about in ("concepts", "measures", "municipalities", "reports"):
            assert told(await client.call_tool("describe", {"about": about}))[about]

        found = told(await client.call_tool("search", {"words": "sjukfranvaro"}))
        concept = found["concepts"][0]["concept_key"]
        assert concept == "sick_leave_total"
        asked = {"concepts": [concept], "municipalities": ["Göteborg", "Gävle"], "years": [2024]}
        values = told(await client.call_tool("compare", asked))["values"]
        assert [(one["municipality_name"], one.get("value_numeric"), one.get("unit")) for one in values] == [
            ("Gävle", None, None),
            ("Göteborg", 7.1, "percent"),
        ]
        assert "no such figure" in values[0]["missing_reason"]
        assert values[1]["page_link"].startswith(f"{SITE}r/goteborg-socialnamnd-hisingen-arsrapport-2024.html#f-")

        figure = told(await client.call_tool("figure", {"fact_key": values[1]["fact_key"]}))
        assert figure["cell"]["text"] == "7,1"
        assert figure["row_cells"][0] == "Total sjukfrånvaro (%)"
        assert figure["page_link"] == values[1]["page_link"]
        assert {one["decides"] for one in figure["chain"]["decided"]} >= {"unit", "scenario", "concept_key"}
        assert {overview["release"], found["release"], figure["release"]} == {warehouse.resolve().parent.name}

        measured = told(await client.call_tool("compare", {"measures": ["Nettokostnad"], "municipalities": ["Gävle"]}))
        assert {one["value_numeric"] for one in measured["values"]} == {586_600_000.0, 669_500_000.0}
        assert all(one["page_links"] for one in measured["values"])

    over_stdio(warehouse, tmp_path / "log", work)


def test_queries_are_answered_in_part_and_traced(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sql = "select fact_key, value_text, amount_sek from marts.report_values order by fact_key"
        expected = connection.execute(sql).fetchmany(7)

    async def work(client: Client) -> None:
        answer = told(await client.call_tool("query", {"sql": sql, "limit": 7}))
        assert [(row["fact_key"], row["value_text"]) for row in answer["rows"]] == [row[:2] for row in expected]
        assert [row["amount_sek"] for row in answer["rows"]] == [
            None if row[2] is None else float(row[2]) for row in expected
        ]
        assert answer["is_cut"]
        assert set(answer["page_links"]) == {row[0] for row in expected}
        assert all(link.startswith(SITE) for link in answer["page_links"].values())
        keys = told(await client.call_tool("query", {"sql": "select fact_keys from measures order by all", "limit": 3}))
        assert keys["page_links"]
        small = told(await client.call_tool("query", {"sql": "select 1 as a"}))
        assert (small["rows"], small["is_cut"]) == ([{"a": 1}], False)
        assert "fact_key" in small["trace"]
        long = told(await client.call_tool("query", {"sql": "select repeat('x', 50000) as x from range(100)"}))
        assert len(long["rows"]) == 3
        assert long["is_cut"]

    over_stdio(warehouse, tmp_path / "log", work)


def test_what_cannot_be_answered_says_how_to_ask_and_nothing_is_written(warehouse: Path, tmp_path: Path) -> None:
    before = (warehouse.stat().st_size, warehouse.stat().st_mtime_ns)

    async def work(client: Client) -> None:
        for statement in [one for statements in HOSTILE.values() for one in statements if one]:
            said = wrong(await client.call_tool("query", {"sql": statement}))
            assert "Refused" in said, statement[:80]
        cases: list[tuple[str, dict[str, Any], str]] = [
            ("query", {"sql": "select nix from report_values"}, "nix"),
            ("query", {"sql": "select i from range(100000000) as t(i) order by sin(i)"}, "needs more memory"),
            ("query", {"sql": "select 1", "limit": 0}, "greater than or equal to 1"),
            ("query", {}, "sql"),
            ("figure", {"fact_key": "ffffffff"}, "no figure has the key"),
            ("figure", {"fact_key": "../../etc/passwd"}, "is no key of a figure"),
            ("compare", {"concepts": ["sjukfrånvarn"]}, "sick_leave_total (Sjukfrånvaro)"),
            ("compare", {"concepts": ["x"], "measures": ["net_cost"]}, "either a concept or a measure"),
            ("compare", {"measures": ["net_cost"], "municipalities": ["Götborg"]}, "1480 (Göteborg)"),
            ("search", {"words": " "}, "there is no word"),
            ("describe", {"about": "report_value"}, "marts.report_values"),
            ("write", {"sql": "select 1"}, "Unknown tool"),
        ]
        for tool, passed, words in cases:
            assert words in wrong(await client.call_tool(tool, passed)), (tool, passed)
        assert told(await client.call_tool("query", {"sql": "select 1 as a"}))["rows"] == [{"a": 1}]

    log = tmp_path / "log"
    over_stdio(warehouse, log, work)
    assert (warehouse.stat().st_size, warehouse.stat().st_mtime_ns) == before
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    assert {line["outcome"] for line in lines if line["event"] == "tool"} == {"answered", "refused", "failed"}
    assert {line.get("reader") for line in lines if line["event"] == "tool"} == {"stdio"}


def test_a_new_release_is_followed_within_a_session(warehouse: Path, tmp_path: Path) -> None:
    link = tmp_path / "kommunlager.duckdb"
    release(link, 0, warehouse)

    async def work(client: Client) -> None:
        assert told(await client.call_tool("describe", {}))["release"] == "20300101T000000Z-00000000"
        release(link, 1, warehouse)
        with anyio.fail_after(60):
            while told(await client.call_tool("describe", {}))["release"] != "20300101T000001Z-00000000":
                await anyio.sleep(0.05)
        found = told(await client.call_tool("search", {"words": "personal"}))
        assert "no index" in found["note"], "this release was published without one"
        assert found["figures"]

    over_stdio(link, tmp_path / "log", work, "legacy")


@pytest.fixture(scope="module")
def address(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("mcp") / "log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dagster_project.cli", "mcp", "--warehouse", str(warehouse)),
                *("--http", f"localhost:{port}"),
            ],
            env=ENVIRONMENT | {"KOMMUNLAGER_SERVE_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline() == f"serving  http://localhost:{port}/mcp\n", log.read_text(encoding="utf-8")
    yield f"http://localhost:{port}/mcp"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()
    text = log.read_text(encoding="utf-8")
    assert '"reader": "reader"' in text
    assert TOKEN not in text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_same_is_there_over_http_with_a_token(address: str, mode: Literal["auto", "legacy"]) -> None:
    """For programs of the protocol as it is, and as it was before it went without sessions."""

    async def main() -> None:
        sent = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=sent, timeout=60) as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            assert len((await client.list_tools()).tools) == 5
            found = told(await client.call_tool("search", {"words": "59 475"}))
            (figure,) = found["figures"]
            assert figure["page_link"].startswith("r/helsingborg"), "without --site links are relative to it"
            assert "Refused" in wrong(await client.call_tool("query", {"sql": "drop table marts.report_values"}))

    anyio.run(main)


def test_over_http_nothing_is_there_without_a_token_or_for_pages_of_others(address: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    good = accepts | {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(timeout=60) as client:
        for sent, status in (
            (accepts, 401),
            (accepts | {"Authorization": "Bearer another-token-0123456789"}, 401),
            (good | {"Origin": "https://evil.example"}, 403),
            (good | {"Host": "evil.example"}, 421),
            (good | {"Sec-Fetch-Site": "cross-site"}, 403),
        ):
            answer = client.post(address, json=body, headers=sent)
            assert answer.status_code == status, (sent, answer.text)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert client.post(address, content=b"x" * 2_000_000, headers=good).status_code == 413
        assert client.get(address, headers=good).status_code == 405, "a connection that nothing would be sent on"


def test_it_ends_with_who_started_it_or_when_told(warehouse: Path) -> None:
    command = [sys.executable, "-m", "dagster_project.cli", "mcp", "--warehouse", str(warehouse)]
    for told_by in ("end of input", "signal"):
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        until = time.monotonic() + 60
        while not _children(process.pid):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.05)
        children = _children(process.pid)
        if told_by == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(60) == 0, told_by
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        while any(Path(f"/proc/{child}").exists() for child in children):
            assert time.monotonic() < until + 60
            time.sleep(0.05)


def _children(process: int) -> list[int]:
    texts = [path.read_text(encoding="ascii") for path in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(one) for text in texts for one in text.split()]


def test_without_a_warehouse_it_says_so_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli", "mcp", "--warehouse", str(tmp_path / "kommunlager.duckdb")],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no warehouse at" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_commands_do_not_load_it() -> None:
    """Help and questions must not wait for what only the doors need."""
    script = (
        "import sys; sys.argv = ['kommunlager', 'mcp', '--help']\n"
        "from dagster_project.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "loaded = {'mcp', 'starlette', 'uvicorn', 'pydantic'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
