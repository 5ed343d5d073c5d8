"""The description of the paths in OpenAPI, from the same declarations that read what is passed.

Belongs here: the document. Does not belong here: answering (``api``).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from dagster_project.asking.parameters import Parameter
from dagster_project.asking.statements import FIGURE_COLUMNS

if TYPE_CHECKING:
    from dagster_project.asking.api import Endpoint

TYPES: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
}
KINDS: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "years": {"type": "array", "items": {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{4})?$"}},
    "number": {"type": "integer"},
    "yes": {"type": "boolean"},
}
REASONS: Final = {
    "304": "Nothing changed since the release of If-None-Match.",
    "400": "A parameter or query is wrong; accepted and did_you_mean say what would be right.",
    "401": "No token, or a wrong one.",
    "404": "There is no such thing; detail says why.",
    "410": "The figure is gone; replaced_by stands for it.",
    "422": "The query ran into a limit.",
    "429": "Too many wrong tokens.",
    "503": "The server is busy: try again.",
}


def described(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths[endpoint.path] = _path(endpoint, is_csv=False)
        if endpoint.rows:
            paths[f"{endpoint.path}.csv"] = _path(endpoint, is_csv=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kommunlager",
            "version": version("kommunlager"),
            "description": "Figures of reports of Swedish municipalities, each with the cell that prints it. Read "
            "only. Every answer is of one release, whose name it holds and whose ETag it carries.",
        },
        "paths": paths,
        "security": [{"bearer": []}, {"basic": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "Any name; the token is the password."},
            },
            "schemas": {"Figure": _figure(), "Problem": _problem()},
            "responses": {
                status: {
                    "description": reason,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, reason in REASONS.items()
                if status != "304"
            },
        },
    }


def _path(endpoint: Endpoint, *, is_csv: bool) -> dict[str, Any]:
    name = endpoint.path.removeprefix("/api").strip("/").replace("/", "_").replace("{", "").replace("}", "") or "api"
    operation: dict[str, Any] = {
        "operationId": f"{name}_csv" if is_csv else name,
        "summary": endpoint.summary,
        "parameters": [
            *(
                {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
                for part in endpoint.path.split("/")
                if part.startswith("{")
            ),
            *(_parameter(one) for one in (endpoint.all_parameters if is_csv else endpoint.parameters)),
        ],
        "responses": {
            "200": {"description": endpoint.summary, "content": _content(endpoint, is_csv=is_csv)},
            "304": {"description": REASONS["304"]},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in REASONS if status != "304"},
        },
    }
    methods = {"get": operation}
    if endpoint.is_posted:
        methods["post"] = {
            **operation,
            "operationId": f"{operation['operationId']}_post",
            "parameters": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["sql"],
                            "properties": {"sql": {"type": "string"}},
                        }
                    },
                    "application/sql": {"schema": {"type": "string"}},
                },
            },
        }
    return methods


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(KINDS[parameter.kind])
    if parameter.kind == "number":
        schema |= {"minimum": parameter.least, "maximum": parameter.most}
    if parameter.default not in (None, [], ""):
        schema["default"] = parameter.default
    made: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_needed,
        "description": parameter.meaning,
        "schema": schema,
    }
    return made | ({"style": "form", "explode": False} if parameter.kind in ("texts", "years") else {})


def _content(endpoint: Endpoint, *, is_csv: bool) -> dict[str, Any]:
    if is_csv:
        return {"text/csv": {"schema": {"type": "string"}}}
    item: dict[str, Any] = {"type": "object"}
    if endpoint.rows == "figures":
        item = {"$ref": "#/components/schemas/Figure"}
    properties: dict[str, Any] = {"release": {"type": "string"}}
    if endpoint.rows:
        properties[endpoint.rows] = {"type": "array", "items": item}
    if endpoint.rows == "figures":
        properties |= {"total": {"type": "integer"}, "next": {"type": ["string", "null"]}}
    schema = {"type": "object", "required": ["release"], "properties": properties}
    return {"application/json": {"schema": schema}}


def _figure() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {**TYPES[kind], "description": text} for name, (kind, text) in FIGURE_COLUMNS.items()},
    }


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["title", "status", "detail"],
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "accepted": {"type": "array", "items": {"type": "string"}},
            "did_you_mean": {"type": "array", "items": {"type": "string"}},
        },
    }
