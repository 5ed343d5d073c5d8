"""``reports.yml``: what people say about reports, checked before anything is loaded.

Belongs here: the file's form (keys, dates, which report an entry means). Does not belong here: whether a municipality
or a report type exists; dbt knows the vocabularies.

An entry that cannot be used never lets its report load without it: that report is refused, with line and reason. What
cannot be laid to one report (no YAML at all, an entry for a file that is not there) is a problem of the file itself.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import yaml

from dagster_project.extract.document import collapse
from dagster_project.extract.spelling import normalised, shown
from dagster_project.settings import ConfigurationError
from dagster_project.warehouse.intake.scan import OVERRIDES_FILE, FoundFile

MAX_BYTES: Final = 1024 * 1024
"""Far beyond any file that a person writes."""

MAX_STRANGERS: Final = 20
"""Entries for reports that are not there that are told of one by one, with the name that may be meant."""

PART_OF_NAME: Final = re.compile(r"[\w/.-]")

TEXT_KEYS: Final = ("municipality", "committee", "report_type", "title", "version_status")
DATE_KEYS: Final = ("period_start", "period_end", "decided_on")
YEAR_KEY: Final = "fiscal_year"
VERSION_STATUSES: Final = ("draft", "proposed", "decided", "revised")
KEYS: Final = (*TEXT_KEYS, *DATE_KEYS, YEAR_KEY)


@dataclass(frozen=True, slots=True)
class Override:
    """What one entry says; None where it says nothing."""

    municipality: str | None = None
    committee: str | None = None
    report_type: str | None = None
    title: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    fiscal_year: int | None = None
    version_status: str | None = None
    decided_on: date | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """The whole file, checked against the files found."""

    by_report: dict[str, Override] = field(default_factory=dict)
    """By report_id."""
    refusals: dict[str, str] = field(default_factory=dict)
    """By ``file_name`` of the report: why its entry cannot be used."""
    problem: str | None = None
    """What is wrong with the file itself; None when nothing is."""
    content: bytes | None = None
    """The file as read; None when there is none."""


def read_overrides(folder: Path, files: Sequence[FoundFile]) -> Overrides:
    """Read ``reports.yml`` in ``folder`` and match its entries to ``files``.

    Raises:
        ConfigurationError: the file is there and cannot be read at all, so nobody knows which reports it speaks of.
    """
    path = folder / OVERRIDES_FILE
    try:
        # One byte more than allowed tells a file of the limit from a longer one, whatever its size says.
        with path.open("rb") as handle:
            content = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigurationError(f"{path} is a link to a file that does not exist.") from None
        return Overrides()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{path} is larger than {MAX_BYTES} bytes: that is no list of reports.")
    return check_overrides(content, files)


def check_overrides(content: bytes, files: Sequence[FoundFile]) -> Overrides:
    """The pure part of :func:`read_overrides`: bytes and files in, checked entries and problems out."""
    try:
        text = content.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        return _unusable(f"{OVERRIDES_FILE} is not UTF-8 text (byte {error.start})", content, files)
    except yaml.YAMLError as error:
        return _unusable(f"{OVERRIDES_FILE}{_where(error)}: this is not YAML: {_what(error)}", content, files)
    except RecursionError:
        return _unusable(f"{OVERRIDES_FILE}: this is nested too deeply", content, files)
    if root is None:
        return Overrides(content=content)
    if not isinstance(root, yaml.MappingNode):
        reason = f"{OVERRIDES_FILE}{_line(root)}: file names with their values are expected, this is something else"
        return _unusable(reason, content, files)

    by_report: dict[str, Override] = {}
    refusals: dict[str, str] = {}
    strangers: list[yaml.Node] = []
    lines: dict[str, int] = {}
    names = _Names(files)
    for key, value in root.value:
        named = names.of(key)
        if not named:
            strangers.append(key)
        for file in named:
            if file.report_id in lines:
                first = lines[file.report_id]
                refusals[file.file_name] = f"{OVERRIDES_FILE}{_line(key)}: this report has an entry in line {first} too"
                continue
            lines[file.report_id] = key.start_mark.line + 1
            problems = list(_problems(key, value))
            if problems:
                refusals[file.file_name] = "; ".join(problems)
            else:
                by_report[file.report_id] = _override(value)
    return Overrides(by_report, refusals, _strangers(strangers, files), content)


def _unusable(problem: str, content: bytes, files: Sequence[FoundFile]) -> Overrides:
    """Nothing in the file can be trusted: refuse the reports that it mentions, for they would load unlike intended."""
    text = normalised(content.decode("utf-8", "replace"))
    refusals = {
        file.file_name: f"{problem}; the entry for this report cannot be read"
        for file in files
        if _mentions(text, file.file_name) or _mentions(text, file.report_id)
    }
    return Overrides({}, refusals, problem, content)


def _mentions(text: str, name: str) -> bool:
    """Whether a name stands in the text, and not as a part of another name."""
    name = normalised(name)
    at = text.find(name) if name else -1
    while at >= 0:
        behind = at + len(name)
        if not (PART_OF_NAME.match(text[at - 1 : at]) or PART_OF_NAME.match(text[behind : behind + 1])):
            return True
        at = text.find(name, at + 1)
    return False


class _Names:
    """The files by what an entry may call them."""

    def __init__(self, files: Sequence[FoundFile]) -> None:
        self._by_name: dict[str, list[FoundFile]] = {}
        self._by_report: dict[str, list[FoundFile]] = {}
        for file in files:
            self._by_name.setdefault(normalised(file.file_name), []).append(file)
            self._by_report.setdefault(file.report_id, []).append(file)

    def of(self, key: yaml.Node) -> list[FoundFile]:
        """The files that the key of an entry names."""
        if not isinstance(key, yaml.ScalarNode):
            return []
        return self._by_name.get(normalised(key.value)) or self._by_report.get(key.value) or []


def _strangers(keys: Sequence[yaml.Node], files: Sequence[FoundFile]) -> str | None:
    """What is wrong with keys that name no report; of many, the first ones."""
    told = [f"{OVERRIDES_FILE}{_line(key)}: {_no_such_report(key, files)}" for key in keys[:MAX_STRANGERS]]
    more = [f"and {len(keys) - MAX_STRANGERS} more"] if len(keys) > MAX_STRANGERS else []
    return "; ".join([*told, *more]) or None


def _no_such_report(key: yaml.Node, files: Sequence[FoundFile]) -> str:
    if not isinstance(key, yaml.ScalarNode):
        return "a file name or report_id is expected here"
    names = [name for file in files for name in (file.file_name, file.report_id)]
    close = difflib.get_close_matches(key.value, names, n=1)
    return f"there is no report {key.value!r}" + (f"; is it {close[0]!r}?" if close else "")


def _problems(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[str]:
    if not isinstance(value, yaml.MappingNode):
        yield f"{OVERRIDES_FILE}{_line(key)}: keys and values are expected under {key.value!r}: {', '.join(KEYS)}"
        return
    seen: set[str] = set()
    for name, item in value.value:
        where = f"{OVERRIDES_FILE}{_line(name)}"
        if not isinstance(name, yaml.ScalarNode) or name.value not in KEYS:
            given = repr(name.value) if isinstance(name, yaml.ScalarNode) else "this"
            yield f"{where}: {given} is no key; these are: {', '.join(KEYS)}"
        elif name.value in seen:
            yield f"{where}: {name.value} stands here twice"
        elif not isinstance(item, yaml.ScalarNode) or not collapse(item.value):
            yield f"{where}: {name.value} needs one value"
        elif name.value in DATE_KEYS and _date(item.value) is None:
            yield f"{where}: {name.value} is {item.value!r}; a date like 2024-12-31 is expected"
        elif name.value == YEAR_KEY and not re.fullmatch(r"(19|20|21)\d\d", item.value):
            yield f"{where}: {name.value} is {item.value!r}; a year like 2024 is expected"
        elif name.value == "version_status" and item.value not in VERSION_STATUSES:
            yield f"{where}: version_status is {item.value!r}; one of {', '.join(VERSION_STATUSES)} is expected"
        else:
            seen.add(name.value)
    override = _override(value)
    if override.period_start and override.period_end and override.period_end < override.period_start:
        yield f"{OVERRIDES_FILE}{_line(key)}: period_end {override.period_end} lies before {override.period_start}"


def _override(value: yaml.MappingNode) -> Override:
    # Scalars as they are written, not as YAML types them: `0180` stays a code and `no` a word.
    texts = {
        name.value: shown(item.value)
        for name, item in value.value
        if isinstance(name, yaml.ScalarNode) and isinstance(item, yaml.ScalarNode)
    }
    year = texts.get(YEAR_KEY, "")
    # mypy cannot tell which keys of a dictionary go to which fields.
    return Override(
        **{key: texts.get(key) for key in TEXT_KEYS},  # type: ignore[arg-type]
        **{key: _date(texts.get(key, "")) for key in DATE_KEYS},  # type: ignore[arg-type]
        fiscal_year=int(year) if year.isdecimal() else None,
    )


def _date(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _line(node: yaml.Node) -> str:
    return f", line {node.start_mark.line + 1}"


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _what(error: yaml.YAMLError) -> str:
    return collapse(getattr(error, "problem", None) or getattr(error, "reason", None) or str(error))
