"""What may be passed to a question over HTTP: names, kinds, and reading them strictly.

Belongs here: the parameters. Does not belong here: what is done with them (``questions``), and telling programs of them
(``openapi``). A name that is not known is refused with those that are: a filter that is misspelt must not widen an
answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from dagster_project.asking.desk import AskError

MOST_VALUES: Final = 400
"""Of one parameter: all municipalities, and some."""

MOST_CHARACTERS: Final = 400
_YEARS: Final = re.compile(r"(\d{4})(?:-(\d{4}))?")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")

Kind = Literal["text", "texts", "years", "number", "yes"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that a question takes."""

    name: str
    kind: Kind
    meaning: str
    default: Any = None
    least: int = 0
    most: int = 0
    is_needed: bool = False
    is_divided: bool = True
    """Whether a comma divides texts; names of committees hold commas."""


def read(given: Iterable[tuple[str, str]], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The values by name, each with its default; those of several values as lists.

    Raises:
        AskError: a name is not known, given twice, missing, or has a value of another kind.
    """
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, list[str]] = {}
    for name, value in given:
        if name not in known:
            raise AskError(400, f"there is no parameter {name[:100]!r} here", accepted=sorted(known))
        found.setdefault(name, []).append(value)
    values = {}
    for parameter in parameters:
        texts = found.get(parameter.name, [])
        if not texts and parameter.is_needed:
            raise AskError(
                400, f"the parameter {parameter.name} is needed: {parameter.meaning}", accepted=sorted(known)
            )
        values[parameter.name] = _value(parameter, texts)
    return values


def _value(parameter: Parameter, texts: Sequence[str]) -> Any:
    if parameter.kind in ("texts", "years"):
        parts = [part for text in texts for part in (text.split(",") if parameter.is_divided else [text])]
        stripped = list(dict.fromkeys(_plain(parameter, part) for part in parts if part.strip()))
        if len(stripped) > MOST_VALUES:
            raise AskError(400, f"{parameter.name}: {MOST_VALUES} values at most")
        return stripped if parameter.kind == "texts" else _years(parameter, stripped)
    if not texts:
        return parameter.default
    if len(texts) > 1:
        raise AskError(400, f"{parameter.name} can be given once")
    if parameter.kind == "number":
        return _number(parameter, texts[0])
    if parameter.kind == "yes":
        if texts[0].lower() in (*_YES, *_NO):
            return texts[0].lower() in _YES
        raise AskError(400, f"{parameter.name} is {texts[0][:40]!r}; true or false is wanted")
    return texts[0] if parameter.name == "sql" else _plain(parameter, texts[0])


def _plain(parameter: Parameter, text: str) -> str:
    stripped = text.strip()
    if len(stripped) > MOST_CHARACTERS or not stripped.isprintable():
        raise AskError(400, f"{parameter.name}: one line of {MOST_CHARACTERS} characters at most")
    return stripped


def _years(parameter: Parameter, texts: Sequence[str]) -> list[int]:
    years: list[int] = []
    for text in texts:
        found = _YEARS.fullmatch(text)
        if found is None or (found[2] and not 0 <= int(found[2]) - int(found[1]) <= 100):
            raise AskError(400, f"{parameter.name} is {text[:40]!r}; 2023 or 2020-2023 is wanted")
        years.extend(range(int(found[1]), int(found[2] or found[1]) + 1))
    return list(dict.fromkeys(years))


def _number(parameter: Parameter, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not parameter.least <= int(text) <= parameter.most:
        raise AskError(
            400, f"{parameter.name} is {text[:40]!r}; a number from {parameter.least} to {parameter.most} is wanted"
        )
    return int(text)
