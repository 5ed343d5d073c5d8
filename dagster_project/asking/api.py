"""JSON and CSV over HTTP: ``/api/figures?concept=…``, and what else may be asked.

Belongs here: paths, what an answer looks like, what may be kept by a client, the log. Does not belong here: the
questions (``questions``), connections and tokens (``web``). An answer is of one release and says of which; its ETag is
the release's, so that a client that has it is told at once that nothing changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.asking import statements
from dagster_project.asking.desk import BUSY, AskError
from dagster_project.asking.openapi import described
from dagster_project.asking.parameters import Parameter, read
from dagster_project.asking.questions import Questions
from dagster_project.asking.web import App, Receive, Scope, Send, problem
from dagster_project.serving.tokens import Reader, Tokens
from dagster_project.serving.web import Bounds, HttpError
from dagster_project.serving.workers import Answer, Form
from dagster_project.warehouse.ask.query import json_value

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
PLAIN: Final = ("application/sql", "text/plain")
CSV: Final = "text/csv; charset=utf-8; header=present"
PIECE_BYTES: Final = 262_144
SENT_BYTES_A_SECOND: Final = 1_000_000.0
"""At least, of a large answer: while it is on its way there is no room for others."""

MOST_FIGURES: Final = 10_000
FIGURES: Final = 1_000
PUBLIC: Final = frozenset({"/api/openapi.json"})
HEADERS: Final = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}

LOGGED_CHARACTERS: Final = 2_000

CONCEPT = Parameter("concept", "texts", "Concept, by key or name (/api/concepts); several divided by commas.")
MEASURE = Parameter("measure", "texts", "Measure, by key or name (/api/measures); several divided by commas.")
MUNICIPALITY = Parameter(
    "municipality", "texts", "Municipality, by name or four-digit code; several divided by commas."
)
YEAR = Parameter("year", "years", "Year, or first and last: 2023, 2020-2023; several divided by commas.")
COMMITTEE = Parameter("committee", "text", "A part of the name of the committee, whatever its accents.")
EXACT = Parameter("exact", "yes", "In CSV: leave texts that a spreadsheet would take for formulas.", default=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path."""

    path: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    rows: str = ""
    """Name of the list in the answer; such a list is there as CSV too. Empty where the answer is one thing."""
    is_posted: bool = False

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """With those of its CSV."""
        return (*self.parameters, EXACT) if self.rows else self.parameters


ENDPOINTS: Final = (
    Endpoint("/api", "What there is to ask, and the release that is asked now."),
    Endpoint(
        "/api/figures",
        "Figures as the reports print them, with unit, period, scenario, municipality, report and page. A "
        "municipality, concept or year that is named and has none is a row that says why in missing_reason.",
        (
            CONCEPT,
            Parameter("account", "texts", "Line of account, by key or name."),
            MUNICIPALITY,
            YEAR,
            COMMITTEE,
            Parameter("scenario", "texts", "actual, budget, target and so on."),
            Parameter("report", "texts", "Report, by report_id (/api/reports)."),
            Parameter("q", "text", "Words that stand in heading, labels or concept, whatever their accents."),
            Parameter("current", "yes", "Only figures that no later report states again.", default=True),
            Parameter("limit", "number", "Figures in one answer; CSV has all without it.", None, 1, MOST_FIGURES),
            Parameter("offset", "number", "Figures to leave out at the beginning.", 0, 0, 100_000_000),
        ),
        "figures",
    ),
    Endpoint(
        "/api/figure/{key}", "One figure: the cell that prints it, how it was read, which sums prove it, its report."
    ),
    Endpoint(
        "/api/compare",
        "A concept or measure side by side: per inhabitant, in fixed prices, beside similar municipalities, county and "
        "country. What is missing says why.",
        (CONCEPT, MEASURE, MUNICIPALITY, YEAR, COMMITTEE),
        "values",
    ),
    Endpoint(
        "/api/concepts",
        "What indicators measure, with definition, unit and how many figures there are.",
        (Parameter("all", "yes", "Those without a figure too.", default=True),),
        "concepts",
    ),
    Endpoint("/api/measures", "What is computed of figures, with definition.", (), "measures"),
    Endpoint(
        "/api/municipalities",
        "Municipalities with their reports, figures, years and committees.",
        (Parameter("all", "yes", "Those without a report too.", default=False),),
        "municipalities",
    ),
    Endpoint("/api/reports", "Reports, with kind, years, versions and figures.", (), "reports"),
    Endpoint(
        "/api/search",
        "Concepts, figures and paragraphs that have the words.",
        (
            Parameter("q", "text", "The words.", is_needed=True),
            MUNICIPALITY,
            Parameter("limit", "number", "Of each.", 10, 1, 100),
        ),
    ),
    Endpoint("/api/marts", "Tables and views, with what a row of each is.", (), "marts"),
    Endpoint("/api/marts/{name}", "A table or view with its columns."),
    Endpoint(
        "/api/query",
        "One query in SQL, judged and limited as those over Quack. GET, or POST with the SQL as body, plain or in JSON "
        '({"sql": "…"}).',
        (Parameter("sql", "text", "The query.", is_needed=True),),
        "rows",
        is_posted=True,
    ),
)

Handler = Callable[[Request, Endpoint], Awaitable[Response]]


class Api:
    """The application."""

    def __init__(
        self,
        questions: Questions,
        tokens: Tokens,
        bounds: Bounds,
        log: Any,
        log_queries: Literal["text", "hash"] = "text",
    ) -> None:
        self._questions, self._desk = questions, questions.desk
        self._tokens, self._bounds, self._log, self._log_queries = tokens, bounds, log, log_queries
        self._sent: Counter[str] = Counter()
        self._mark = hashlib.sha256(f"{version('kommunlager')} {questions.site}".encode()).hexdigest()[:8]

    def app(self) -> App:
        """For an ASGI server; to stand behind a ``Gate``."""
        routes = []
        for endpoint in ENDPOINTS:
            methods = ["GET", "POST"] if endpoint.is_posted else ["GET"]
            for path in (endpoint.path, f"{endpoint.path}.csv") if endpoint.rows else (endpoint.path,):
                routes.append(Route(path, self._route(endpoint), methods=methods))
        document = json.dumps(described(ENDPOINTS), ensure_ascii=False, indent=1)

        async def openapi(_request: Request) -> Response:
            return Response(document, media_type="application/json", headers={"X-Content-Type-Options": "nosniff"})

        routes.append(Route("/api/openapi.json", openapi))
        return Starlette(routes=routes, exception_handlers={HTTPException: _said_by_starlette})

    def _route(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            return await self._answered(request, endpoint)

        return answered

    async def _answered(self, request: Request, endpoint: Endpoint) -> Response:
        began = time.perf_counter()
        noted: dict[str, Any] = {}
        try:
            response = await self._answer(request, endpoint, noted)
        except AskError as error:
            noted["reason"] = str(error)
            response = problem(error.status, str(error), dict(HEADERS), **error.more)
        except (HttpError, ClientDisconnect, asyncio.CancelledError):
            raise
        except Exception as error:  # whatever it is: it is in the log, and the server goes on
            self._log.exception("request failed", path=request.url.path, error=str(error))
            response = problem(500, "the server failed; its log says how", dict(HEADERS))
        self._note(request, response.status_code, began, noted)
        return response

    async def _answer(self, request: Request, endpoint: Endpoint, noted: dict[str, Any]) -> Response:
        is_csv = request.url.path.endswith(".csv") and bool(endpoint.rows)
        given = request.query_params.multi_items()
        if request.method == "POST":
            given += await _posted(request)
        passed = read(given, endpoint.all_parameters)
        unsaid = {parameter.name: parameter.default for parameter in endpoint.all_parameters}
        noted |= {name: value for name, value in passed.items() if value not in (None, [], "", unsaid[name])}
        is_query = endpoint.path == "/api/query"
        if not is_query and self._has(request, self._desk.release):
            return Response(status_code=304, headers=self._headers(self._desk.release))
        if endpoint.rows:
            return await self._rows(request, endpoint, passed, noted, is_csv=is_csv)
        return await self._thing(request, endpoint, passed, noted)

    # --- lists --------------------------------------------------------------------------------------------------------

    async def _rows(
        self, request: Request, endpoint: Endpoint, passed: dict[str, Any], noted: dict[str, Any], *, is_csv: bool
    ) -> Response:
        account = _reader(request).account
        sql, facts = await self._statement(request, endpoint, passed, is_csv=is_csv)
        answer = await self._desk.answer(account, sql, Form("csv" if is_csv else "json", exact=passed["exact"]))
        try:
            if answer.file is not None:
                answer.leave_to_others()
                self._make_room(account, answer.size)
        except AskError:
            answer.close()
            raise
        noted |= {"rows": answer.rows, "release": answer.release[0], "ran_ms": round(answer.ran_ms, 1)}
        headers = self._headers(answer.release[0]) if answer.is_repeatable else dict(HEADERS)
        if endpoint.path == "/api/query" and answer.is_repeatable and self._has(request, answer.release[0]):
            self._close(account, answer)
            return Response(status_code=304, headers=headers)
        if is_csv:
            return _Sent(b"", answer, b"", CSV, headers, self._bounds, lambda: self._close(account, answer))
        facts = {"release": answer.release[0], **facts}
        if endpoint.path == "/api/query":
            columns = zip(answer.columns, answer.types, strict=True)
            facts |= {"columns": [{"name": name, "type": kind} for name, kind in columns], "count": answer.rows}
        opening = json_value(facts)[:-1].encode() + f', "{endpoint.rows}": '.encode()
        return _Sent(opening, answer, b"}\n", JSON, headers, self._bounds, lambda: self._close(account, answer))

    async def _statement(
        self, request: Request, endpoint: Endpoint, passed: dict[str, Any], *, is_csv: bool
    ) -> tuple[str, dict[str, Any]]:
        """The statement, and what an answer in JSON says before its rows."""
        account, ask = _reader(request).account, self._questions
        if endpoint.path == "/api/query":
            return passed["sql"], {}
        if endpoint.path == "/api/figures":
            wanted = await ask.wanted(account, passed)
            limit = passed["limit"] or (None if is_csv else FIGURES)
            sql = statements.figures(wanted, ask.site, limit=limit, offset=passed["offset"])
            if is_csv:
                return sql, {}
            (((count,),),) = ((await self._desk.ask(account, statements.count_figures(wanted))).tables,)
            end = passed["offset"] + (limit or 0)
            return sql, {"total": count["total"], "next": _next(request, end) if end < count["total"] else None}
        if endpoint.path == "/api/compare":
            return await ask.comparison(account, passed), {}
        if endpoint.path == "/api/concepts":
            conditions = "true" if passed["all"] else "figures.fact_key is not null"
            return statements.CONCEPTS.format(conditions=conditions), {}
        if endpoint.path == "/api/municipalities":
            conditions = "municipality_code != 'none'" if passed["all"] else "reports > 0"
            return statements.MUNICIPALITIES.format(conditions=conditions), {}
        if endpoint.path == "/api/marts":
            return statements.RELATIONS.format(conditions="schema_name = 'marts'"), {}
        return (statements.MEASURES if endpoint.path == "/api/measures" else statements.reports(ask.site)), {}

    def _make_room(self, account: str, size: int) -> None:
        """Note a large answer that goes out.

        Raises:
            AskError: too many do.
        """
        limits = self._desk.workers.limits
        if self._sent[account] or self._sent.total() + size > limits.sent_answers * 1_000_000 * limits.answer_mb:
            raise AskError(BUSY, "too many large answers are being fetched at once: try again")
        self._sent[account] += size

    def _close(self, account: str, answer: Answer) -> None:
        if answer.file is not None:
            self._sent[account] -= answer.size
        answer.close()

    # --- one thing ----------------------------------------------------------------------------------------------------

    async def _thing(
        self, request: Request, endpoint: Endpoint, passed: dict[str, Any], noted: dict[str, Any]
    ) -> Response:
        account = _reader(request).account
        if endpoint.path == "/api":
            paths = {one.path: one.summary for one in ENDPOINTS}
            found: Mapping[str, Any] = {"release": self._desk.release, "openapi": "/api/openapi.json", "paths": paths}
        elif endpoint.path == "/api/search":
            found = await self._questions.search(account, passed["q"], passed["municipality"], passed["limit"])
        elif endpoint.path == "/api/marts/{name}":
            found = await self._questions.relation(account, request.path_params["name"])
        else:
            found = await self._questions.figure(account, request.path_params["key"])
        noted["release"] = found["release"]
        body = json_value(found) + "\n"
        return Response(body, media_type=JSON, headers=self._headers(found["release"]))

    # --- what a client keeps, and the log -----------------------------------------------------------------------------

    def _tag(self, release: str) -> str:
        return f'"{release}.{self._mark}"'

    def _headers(self, release: str) -> dict[str, str]:
        return {**HEADERS, "ETag": self._tag(release)}

    def _has(self, request: Request, release: str) -> bool:
        """Whether the client says that it has the answer of this release; a proxy may have weakened the tag."""
        said = request.headers.get("if-none-match", "")
        tags = {one.strip().removeprefix("W/") for one in said.split(",")}
        return request.method in ("GET", "HEAD") and self._tag(release) in tags

    def _note(self, request: Request, status: int, began: float, noted: dict[str, Any]) -> None:
        if sql := noted.pop("sql", None):
            text = self._tokens.masked(sql)
            if self._log_queries == "hash":
                noted["sql_sha256"] = hashlib.sha256(sql.encode()).hexdigest()
            else:
                noted["sql"] = text[:LOGGED_CHARACTERS]
        if "reason" in noted:
            noted["reason"] = self._tokens.masked(noted["reason"])[:LOGGED_CHARACTERS]
        self._log.info(
            "request",
            reader=_reader(request).name,
            method=request.method,
            path=request.url.path[:LOGGED_CHARACTERS],
            status=status,
            ms=round((time.perf_counter() - began) * 1e3, 1),
            **noted,
        )


class _Sent(Response):
    """Rows that are there already, piece by piece, with what stands before and after them."""

    def __init__(
        self,
        before: bytes,
        answer: Answer,
        after: bytes,
        media_type: str,
        headers: dict[str, str],
        bounds: Bounds,
        close: Callable[[], None],
    ) -> None:
        self.status_code, self.background, self.body = 200, None, b""
        self.media_type = media_type
        self._parts, self._answer, self._close = (before, after), answer, close
        size = len(before) + answer.size + len(after)
        self._seconds = bounds.write_seconds + size / SENT_BYTES_A_SECOND
        self.init_headers({**headers, "Content-Length": str(size), "Content-Type": media_type})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, after = self._parts
        try:
            async with asyncio.timeout(self._seconds):
                start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(start)
                await send({"type": "http.response.body", "body": before, "more_body": True})
                for at in range(0, self._answer.size, PIECE_BYTES):
                    piece = self._answer.text(at, PIECE_BYTES)
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": after})
        finally:
            self._close()


async def _posted(request: Request) -> list[tuple[str, str]]:
    """The parameters of a body: a JSON object, or the SQL itself."""
    body = await request.body()
    if not body:
        return []
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == JSON:
            said = json.loads(body)
            if not isinstance(said, dict) or not all(isinstance(value, (str, bool)) for value in said.values()):
                raise AskError(400, 'the body is no object such as {"sql": "…"}')
            return [(name, value if isinstance(value, str) else str(value).lower()) for name, value in said.items()]
        if kind == FORM:
            return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        if kind in ("", *PLAIN):
            return [("sql", body.decode())]
    except (ValueError, RecursionError):
        raise AskError(400, "the body cannot be read") from None
    raise AskError(400, f"a body of {kind[:80]!r} is not read here", accepted=[JSON, FORM, *PLAIN])


def _next(request: Request, offset: int) -> str:
    passed = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
    return f"{request.url.path}?{urlencode([*passed, ('offset', str(offset))])}"


def _reader(request: Request) -> Reader:
    reader: Reader = request.scope["state"]["reader"]
    return reader


async def _said_by_starlette(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    reasons = {404: "there is nothing at this path", 405: "this cannot be done here: everything is only read"}
    headers = {**HEADERS, **(dict(error.headers) if error.headers else {})}
    paths = [one.path for one in ENDPOINTS]
    return problem(error.status_code, reasons.get(error.status_code, error.detail), headers, paths=paths)
