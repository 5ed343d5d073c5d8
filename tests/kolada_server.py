"""Kolada's API v3 on this machine: its shapes, pages, limits and failures, filled with values that it has published.

Belongs here: the server. Does not belong here: what is expected of who asks it. The shapes are those that clients of
v3 read; the values are those of the editions in ``seeds/sources/kolada``.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb

EDITIONS = Path(__file__).resolve().parents[1] / "seeds" / "sources" / "kolada"
Failure = Callable[[BaseHTTPRequestHandler], bool]
"""Answers a request wrongly and says whether it did."""


class Kolada:
    """The service: ``failures`` are used up one a request, each for the first path that matches its pattern."""

    def __init__(self, *, per_page: int = 5000, max_cells: int = 10**9) -> None:
        self.per_page = per_page
        self.max_cells = max_cells
        """Cells of one answer above which a request is too large."""
        self.failures: list[tuple[str, Failure]] = []
        self.asked: list[str] = []
        self.address = ""
        with duckdb.connect() as connection:
            self.kpis = _dicts(
                connection,
                "select statistic_key as id, title, definition as description, is_divided_by_gender, "
                "municipality_type, null as auspice, operating_area, perspective, null as prel_publication_date, "
                "publication_date::varchar as publication_date, null as publ_period, has_ou_data from read_parquet("
                f"'{EDITIONS}/catalogue-2026-03-23/indicators.parquet') where not is_withdrawn order by id",
            )
            self.places = _dicts(
                connection,
                "select place_code as id, place_name as title, place_type as type from read_csv("
                f"'{EDITIONS}/catalogue-2026-03-23/places.csv', all_varchar = true) order by id",
            )
            names = {place["id"]: place["title"] for place in self.places}
            members: defaultdict[tuple[str, str, int, str], list[str]] = defaultdict(list)
            for group, area, year, code, member in connection.execute(
                "select group_id, comparable_area, year, municipality_code, comparable_code from read_parquet("
                f"'{EDITIONS}/similar-2025/similar.parquet') order by all"
            ).fetchall():
                members[group, area, year, code].append(member)
            self.groups = [
                {
                    "id": group,
                    "title": f"Liknande kommuner{',' if area == 'övergripande' else ''} {area}, {names[code]}, {year}",
                    "members": [{"member_id": one, "member_title": names[one]} for one in of_group],
                }
                for (group, area, year, code), of_group in members.items()
            ] + [{"id": "G1", "title": "Skåne läns kommuner", "members": []}]
            cells: defaultdict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
            for kpi, code, year, gender, value in connection.execute(
                "select statistic_key, municipality_code, year, gender, value from read_parquet("
                f"['{EDITIONS}/values-2026-07-06/values.parquet', '{EDITIONS}/values-2026-09-01/values.parquet']) "
                "order by all"
            ).fetchall():
                cells[kpi, code, year].insert(
                    0,
                    {"gender": gender, "count": 1, "status": "", "value": value, "isdeleted": False},
                )
            self.cells = dict(cells)

    def answer(self, path: str) -> tuple[int, Any]:
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        route = parts.path
        if route.startswith("/v2"):
            return 410, {"error": "This endpoint is deprecated. Please use /v3 instead."}
        if (size := int(query.get("per_page", self.per_page))) > 5000:
            return 422, {"detail": "per_page"}
        number, size = int(query.get("page", 1)), min(size, self.per_page)
        rows: list[Any]
        if route == "/v3/kpi":
            rows = self.kpis
        elif route == "/v3/municipality":
            rows = self.places
        elif route == "/v3/municipality_groups":
            rows = self.groups
        elif route == "/v3/data":
            rows = []  # query parameters are not known, which is no error
        elif match := re.fullmatch(r"/v3/data/kpi/([^/]+)/year/([^/]+)", route):
            ids, years = match[1].split(","), [int(year) for year in match[2].split(",")]
            rows = [
                {"kpi": kpi, "municipality": code, "period": year, "values": values}
                for (kpi, code, year), values in self.cells.items()
                if kpi in ids and year in years
            ]
            if len(ids) > 25 or len(years) > 25 or len(rows) > self.max_cells:
                return 422, {"detail": "too many ids"}
        else:
            return 404, {"detail": "Not Found"}
        page = rows[(number - 1) * size : number * size]
        more = number * size < len(rows)
        return 200, {
            "values": page,
            "count": len(page),
            # The public name of the service, whoever is asked.
            "next_url": f"https://api.kolada.se{route}?page={number + 1}&per_page={size}" if more else None,
            "previous_url": None,
        }

    @contextmanager
    def running(self) -> Iterator[Kolada]:
        with replaying(
            lambda path, _: self.asked.append(path), lambda: self.failures, lambda path, _: self.answer(path)
        ) as address:
            self.address = f"{address}/v3"
            yield self

    @property
    def repeated(self) -> set[str]:
        """Paths that were asked for more than once."""
        return {path for path, times in Counter(self.asked).items() if times > 1}


@contextmanager
def replaying(
    note: Callable[[str, Any], None],
    failures: Callable[[], list[tuple[str, Failure]]],
    answer: Callable[[str, Any], tuple[int, Any]],
) -> Iterator[str]:
    """A server on this machine, by its address: ``note`` hears of each request, which fails, or is answered."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.respond(None)

        def do_POST(self) -> None:
            self.respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def respond(self, body: Any) -> None:
            note(self.path, body)
            for index, (pattern, failure) in enumerate(failures()):
                if re.search(pattern, self.path):
                    del failures()[index]
                    if failure(self):
                        return
                    break
            send(self, *answer(self.path, body))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, status: int, answer: Any, **headers: str) -> bool:
    content = answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)
    return True


def status(code: int, **headers: str) -> Failure:
    """An answer with this status."""
    return lambda handler: send(handler, code, {"detail": "failed"}, **headers)


def cut_off(handler: BaseHTTPRequestHandler) -> bool:
    """A connection that ends in the middle of the body."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"values": [{"kpi":')
    handler.close_connection = True
    return True


def hung_up(handler: BaseHTTPRequestHandler) -> bool:
    """A connection that ends without a word."""
    handler.close_connection = True
    return True


def half(handler: BaseHTTPRequestHandler) -> bool:
    """A page that says to hold more than it does."""
    return send(handler, 200, {"values": [], "count": 7, "next_url": None})


def no_json(handler: BaseHTTPRequestHandler) -> bool:
    """A page of a proxy."""
    return send(handler, 200, b"<html>Under maintenance</html>")


def slow(seconds: float) -> Failure:
    """The right answer, late."""

    def wait(_: BaseHTTPRequestHandler) -> bool:
        time.sleep(seconds)
        return False

    return wait


def _dicts(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
