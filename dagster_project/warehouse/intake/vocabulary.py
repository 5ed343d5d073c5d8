"""The seeds as people edit them: checked before a refresh, and rows suggested for them.

Belongs here: whether a seed can be read and keeps what dbt's YAML promises of it, with file and line; rows ready to
paste for labels that the vocabulary does not know. Does not belong here: what a row means (dbt), and options
(``commands.map``).

The rules are those of ``dbt/models/*.yml``, read from there: dbt tests them too, but after everything has been read,
and without the line.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import yaml

from dagster_project.settings import PROJECT, ConfigurationError
from dagster_project.warehouse.ask.query import QueryError

FOLDERS: Final = ("reference", "vocabulary")
MAX_SHOWN: Final = 25
"""Problems that a message lists."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one seed; ``line`` counts from 1, the header included, and is 0 for the whole file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """File, line and what is wrong."""
        return f"{self.file}, line {self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class Seed:
    """One seed that could be read: its rows with the line where each begins."""

    name: str
    file: str
    rows: tuple[tuple[int, Row], ...]


def check_vocabulary(project: Path = PROJECT) -> None:
    """Check every seed below ``seeds/`` of ``project``.

    Raises:
        ConfigurationError: something is wrong; the message lists file, line and reason of each problem.
    """
    problems = find_problems(project)
    if problems:
        lines = [f"  {problem}" for problem in problems[:MAX_SHOWN]]
        if len(problems) > MAX_SHOWN:
            lines.append(f"  and {len(problems) - MAX_SHOWN} more")
        raise ConfigurationError("The vocabulary cannot be used:\n" + "\n".join(lines))


def find_problems(project: Path = PROJECT) -> list[Problem]:
    """What is wrong with the seeds, by file and line; empty when nothing is."""
    rules = _rules(project / "dbt" / "models")
    seeds: dict[str, Seed] = {}
    problems: list[Problem] = []
    for name, rule in rules.items():
        meta = _meta(rule)
        file = f"seeds/{meta.get('folder', 'vocabulary')}/{name}.csv"
        if not any((project / "seeds" / folder / f"{name}.csv").exists() for folder in FOLDERS):
            problems.append(Problem(file, 0, "the file is missing"))
    for folder in FOLDERS:
        for path in sorted((project / "seeds" / folder).glob("*.csv")):
            file = path.relative_to(project).as_posix()
            expected = [str(column["name"]) for column in rules.get(path.stem, {}).get("columns", ())]
            try:
                seeds[path.stem] = Seed(path.stem, file, tuple(_read(path, file, expected, problems)))
            except _UnreadableError as error:
                problems.append(error.problem)
                continue
            if not seeds[path.stem].rows and not _meta(rules.get(path.stem, {})).get("may_be_empty"):
                problems.append(Problem(file, 0, "it holds no row below its header"))
    for name, seed in seeds.items():
        if name in rules:
            problems += _broken_rules(seed, rules[name], seeds)
    return sorted(set(problems), key=lambda problem: (problem.file, problem.line, problem.text))


# --- reading ----------------------------------------------------------------------------------------------------------


class _UnreadableError(Exception):
    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(file, line, text)


def _read(path: Path, file: str, expected: Sequence[str], problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    """The rows of a seed; a row with a wrong number of values is a problem and left out."""
    text = _decoded(path, file)
    lines = text.splitlines()
    if not lines:
        raise _UnreadableError(file, 0, "the file is empty; its first line must name the columns")
    _check_delimiter(lines[0], file, expected)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        header = next(reader)
        _check_header(header, file, expected)
        begins = reader.line_num + 1
        for values in reader:
            line, begins = begins, reader.line_num + 1
            if len(values) == len(header) and any(values):
                yield line, dict(zip(header, values, strict=True))
            elif values[:1] and values[0].startswith("#"):
                problems.append(Problem(file, line, "a seed has no comments; take the line away"))
            elif not any(values):
                if len(values) > 1 or len(header) == 1:
                    problems.append(Problem(file, line, "the row is empty; take it away"))
            else:
                problems.append(
                    Problem(
                        file,
                        line,
                        f"{len(values)} values for {len(header)} columns ({', '.join(header)}); "
                        "a value with a comma in it stands in double quotes",
                    )
                )
    except csv.Error as error:
        raise _UnreadableError(file, begins, f"this is not CSV: {error}; is a double quote not closed?") from None


def _decoded(path: Path, file: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _UnreadableError(file, 0, f"cannot be read: {error.strerror}") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _UnreadableError(file, 0, 'is saved as UTF-16 (Excel\'s "Unicode text"); save it as CSV UTF-8')
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]  # what Excel writes before "CSV UTF-8"; dbt reads over it too
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        begin = content.rfind(b"\n", 0, error.start) + 1
        shown = content[begin : error.start + 20].split(b"\n")[0].decode("cp1252", "replace")
        raise _UnreadableError(
            file,
            line,
            f"is not UTF-8 but probably Windows-1252, as Excel saves plain CSV: {shown!r}; save it as CSV UTF-8",
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise _UnreadableError(file, line, "holds a null character: this is not CSV")
    garbled = re.search(r"Ã[¥¤¶…„–©]|â€", text)
    if garbled:
        line = text[: garbled.start()].count("\n") + 1
        raise _UnreadableError(
            file, line, f"{garbled[0]!r} is a letter read in the wrong encoding and saved again; take the file from git"
        )
    return text


def _check_delimiter(first_line: str, file: str, expected: Sequence[str]) -> None:
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs")):
        names = [part.strip().strip('"') for part in first_line.split(delimiter)]
        if delimiter in first_line and (names == list(expected) or "," not in first_line):
            raise _UnreadableError(
                file,
                1,
                f"the columns are separated by {name}, as Excel does in Swedish; commas are expected: "
                'save it with "," as separator, or edit it in a text editor',
            )


def _check_header(header: Sequence[str], file: str, expected: Sequence[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name in expected if name not in header]
    strange = [name for name in header if expected and name not in expected]
    if twice:
        raise _UnreadableError(file, 1, f"the column {twice[0]!r} stands in the header twice")
    if missing or strange:
        said = [f"{', '.join(map(repr, missing))} is missing"] if missing else []
        said += [f"{', '.join(map(repr, strange))} is no column of it"] if strange else []
        raise _UnreadableError(file, 1, f"the header must be {','.join(expected)}: {' and '.join(said)}")


# --- rules ------------------------------------------------------------------------------------------------------------


def _rules(models: Path) -> dict[str, dict[str, Any]]:
    """What the YAML files say of each seed, by its name."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(models.glob("*.yml")) if models.is_dir() else ():
        text = path.read_text(encoding="utf-8")
        if "\nseeds:" in f"\n{text}":
            content = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
            found |= {seed["name"]: seed for seed in content.get("seeds") or ()}
    return found


def _meta(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the YAML says of a seed for us: its ``folder`` if not ``vocabulary``, and whether it ``may_be_empty``."""
    meta: Mapping[str, Any] = (rule.get("config") or {}).get("meta") or {}
    return meta


def _promised(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the YAML promises of each row of a seed: the arguments of its test ``rules``."""
    named = {
        name: body for test in rule.get("data_tests") or () if isinstance(test, dict) for name, body in test.items()
    }
    arguments: Mapping[str, Any] = named.get("rules", {}).get("arguments") or {}
    return arguments


def _broken_rules(seed: Seed, rule: Mapping[str, Any], seeds: Mapping[str, Seed]) -> Iterator[Problem]:
    promised = _promised(rule)
    if promised.get("grain"):
        yield from _not_unique(seed, promised["grain"])
    yield from _invisible(seed)
    types = (rule.get("config") or {}).get("column_types") or {}
    for column, kind in types.items():
        yield from _wrong_type(seed, column, kind)
    for column in promised.get("unique", ()):
        yield from _not_unique(seed, [column])
    for name, check in _CHECKS.items():
        asked = promised.get(name) or {}
        for column in asked:
            yield from _wrong_value(seed, column, check(asked[column] if isinstance(asked, dict) else None))
    for column, place in (promised.get("known") or {}).items():
        yield from _unknown_code(seed, column, place, seeds)
    if {"match", "label"} <= {column["name"] for column in rule.get("columns") or ()}:
        yield from _wrong_pattern(seed)


def _invisible(seed: Seed) -> Iterator[Problem]:
    """Characters that nobody sees, and that no printed word has in that place: a value with one matches nothing."""
    for line, row in seed.rows:
        for column, value in row.items():
            found = next((char for char in value if _is_invisible(char)), None)
            if found is not None:
                name = unicodedata.name(found, f"U+{ord(found):04X}").lower()
                yield Problem(seed.file, line, f"{column} {value!r} holds a character that nobody sees: {name}")


def _is_invisible(char: str) -> bool:
    kind = unicodedata.category(char)
    # Line breaks have their own rule, where they matter.
    return (kind in ("Cc", "Cf", "Zl", "Zp", "Zs") and char not in " \r\n") or char in FILLERS


FILLERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f"
"""Characters that Unicode counts as letters, marks or signs, and that show nothing."""


def _not_unique(seed: Seed, columns: Sequence[str]) -> Iterator[Problem]:
    """Rows that say the same twice; upper and lower case, and the ways to write ``ö``, are the same to who matches."""
    first: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
    for line, row in seed.rows:
        written = tuple(row.get(column, "") for column in columns)
        if not any(written):
            continue
        key = tuple(unicodedata.normalize("NFC", value).casefold() for value in written)
        before, how = first.setdefault(key, (line, written))
        if before != line:
            said = ", ".join(f"{column} {value!r}" for column, value in zip(columns, written, strict=True) if value)
            otherwise = "" if how == written else ", written otherwise"
            yield Problem(seed.file, line, f"{said} stands in line {before} too{otherwise}")


def _wrong_type(seed: Seed, column: str, kind: str) -> Iterator[Problem]:
    pattern, name = next(
        ((pattern, name) for begin, pattern, name in _TYPES if str(kind).startswith(begin)), (None, "")
    )
    for line, row in seed.rows if pattern else ():
        value = row.get(column, "")
        if value and not re.fullmatch(str(pattern), value):
            yield Problem(seed.file, line, f"{column} is {value!r}; {name} is expected")


_TYPES: Final = (
    ("integer", r"-?\d+", "a whole number"),
    ("decimal", r"-?\d+(\.\d+)?", "a number with a decimal point"),
    ("double", r"-?\d+(\.\d+)?", "a number with a decimal point"),
    ("boolean", r"(?i:true|false|0|1|t|f)", "true or false"),
    ("date", r"\d{4}-\d{2}-\d{2}", "a date like 2024-12-31"),
)


def _unknown_code(seed: Seed, column: str, place: Mapping[str, Any], seeds: Mapping[str, Seed]) -> Iterator[Problem]:
    target = re.search(r"ref\('(\w+)'\)", str(place["to"]))
    if target is None or target[1] not in seeds or not seeds[target[1]].rows:
        return  # that a seed is missing or empty is told once, and not of every row that leads there
    other, field = seeds[target[1]], str(place["field"])
    known = {row.get(field, "") for _, row in other.rows}
    for line, row in seed.rows:
        value = row.get(column, "")
        if value and value not in known:
            yield Problem(seed.file, line, f"{column} {value!r} is not in {other.file}{_meant(value, known)}")
    if other is seed:
        # A unit may be its own base; nothing is its own parent.
        yield from _cycles(seed, field, column, is_own_allowed=not column.startswith("parent"))


def _meant(value: str, known: set[str]) -> str:
    from rapidfuzz import process

    close = process.extractOne(value, sorted(known), score_cutoff=80)
    return f"; is it {close[0]!r}?" if close else ""


def _cycles(seed: Seed, key: str, parent: str, *, is_own_allowed: bool) -> Iterator[Problem]:
    """Codes that lead back to themselves by their parents; each ring is told once, at its first line."""
    parents = {row[key]: row[parent] for _, row in seed.rows if row.get(key)}
    lines = {row[key]: line for line, row in reversed(seed.rows)}
    told: set[str] = set()
    for start in parents:
        way: list[str] = []
        code = start
        while code in parents and code not in way and code not in told:
            way.append(code)
            code = parents[code]
        if code in way and not (is_own_allowed and parents[code] == code):
            ring = way[way.index(code) :]
            first = min(ring, key=lambda member: lines[member])
            at = ring.index(first)
            shown = " > ".join([*ring[at:], *ring[:at], first])
            yield Problem(seed.file, lines[first], f"{parent} leads round in a ring: {shown}")
        told.update(way)


def _wrong_value(seed: Seed, column: str, wrong: Callable[[str], str | None]) -> Iterator[Problem]:
    for line, row in seed.rows:
        said = wrong(row.get(column, ""))
        if said:
            yield Problem(seed.file, line, f"{column} {said}")


def _not_null(_: object) -> Callable[[str], str | None]:
    return lambda value: None if value else "is empty"


def _trimmed(_: object) -> Callable[[str], str | None]:
    def wrong(value: str) -> str | None:
        if not value:
            return "is empty"
        return None if value == " ".join(value.split()) else f"{value!r} has spaces at an end or two side by side"

    return wrong


def _accepted(values: Sequence[object]) -> Callable[[str], str | None]:
    accepted = [str(value) for value in values]
    expected = f"one of {', '.join(accepted)} is expected"
    return lambda value: None if not value or value in accepted else f"is {value!r}; {expected}"


def _length(length: int) -> Callable[[str], str | None]:
    def wrong(value: str) -> str | None:
        if len(value) == length:
            return None
        lost = value.isdecimal() and len(value) < length
        return f"is {value!r}; {length} characters are expected" + (
            " (a spreadsheet takes leading zeros away)" if lost else ""
        )

    return wrong


def _matchable(form: str) -> Callable[[str], str | None]:
    def wrong(value: str) -> str | None:
        if not value:
            return "is empty"
        pattern = _FORMS.get(form)
        if pattern is None or re.fullmatch(pattern, value):
            return None
        return f"is {value!r}; it can only match in lower case, without marks and with single spaces"

    return wrong


_FORMS: Final = {
    "words": r"[a-z0-9åäöéü%‰]+( [a-z0-9åäöéü%‰]+)*",
    "word": r"(?:[^\sA-ZÅÄÖÉÜ]+)(?: [^\sA-ZÅÄÖÉÜ]+)*",
    "letters": r"[a-zåäöé]+",
    "lower": r"(?:[^\sA-ZÅÄÖÉÜ]+)(?: [^\sA-ZÅÄÖÉÜ]+)*",
}

_CHECKS: Final[dict[str, Callable[[Any], Callable[[str], str | None]]]] = {
    "not_null": _not_null,
    "trimmed": _trimmed,
    "accepted": _accepted,
    "text_length": _length,
    "matchable": _matchable,
}


def _wrong_pattern(seed: Seed) -> Iterator[Problem]:
    for line, row in seed.rows:
        if row.get("match") != "pattern":
            continue
        label = row["label"]
        try:
            re.compile(label)
        except re.error as error:
            yield Problem(seed.file, line, f"{label!r} is no regular expression: {error}")
            continue
        if not re.match(r"[a-z0-9åäöéü]+(?: |$)", label):
            yield Problem(seed.file, line, f"the first word of the pattern {label!r} must be plain lower case text")


# --- suggestions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A row for a seed that a human may accept."""

    label_type: str
    seed: str
    """File name without extension; empty where no seed can take the label."""
    row: tuple[str, ...]
    label: str
    reports: int
    suggested_label: str
    suggested_key: str
    score: float

    def as_csv(self) -> str:
        """The row as a line of the seed."""
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(self.row)
        return out.getvalue()


def suggestions(connection: duckdb.DuckDBPyConnection, label_type: str | None = None) -> list[Suggestion]:
    """Rows for the labels of the published warehouse that are very like a known name, likeliest first within a seed.

    Raises:
        QueryError: the file was published by a version that makes none.
    """
    try:
        rows = _suggested(connection, label_type)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise QueryError(
            "The published warehouse has no suggestions: refresh it with this version of kommunlager."
        ) from error
    return [_suggestion(*row) for row in rows]


def _suggested(connection: duckdb.DuckDBPyConnection, label_type: str | None) -> list[tuple[Any, ...]]:
    return connection.execute(
        """
        select
            labels.label_type, labels.label, labels.reports, labels.suggested_label, labels.suggested_key, labels.score,
            scenario_words.priority, scenario_words.match, status_words.unit_key, unit_words.context,
            concepts.concept_key is not null as is_concept
        from marts.unmapped_labels as labels
        left join vocabulary.scenario_words
            on labels.label_type = 'scenario' and labels.suggested_label = scenario_words.term
        left join vocabulary.status_words
            on labels.label_type = 'status' and labels.suggested_label = status_words.term
        left join vocabulary.unit_words
            on labels.label_type = 'unit' and labels.suggested_label = unit_words.term
        left join vocabulary.concepts on labels.suggested_key = concepts.concept_key
        where labels.suggested_key is not null and (? is null or labels.label_type = ?)
        qualify row_number() over (
            partition by labels.label_type, labels.label, labels.unit order by scenario_words.match, unit_words.context
        ) = 1
        order by labels.label_type, labels.score desc, labels.reports desc, labels.label
        """,
        [label_type, label_type],
    ).fetchall()


def _suggestion(
    label_type: str, label: str, reports: int, like: str, key: str, score: float,
    priority: int | None, match: str | None, status_unit: str | None, context: str | None, is_concept: bool,
) -> Suggestion:  # fmt: skip
    group, _, name = label.rpartition(" > ")
    seeds = {
        "indicator": ("concept_aliases", (key, "label", name, group, "", "")),
        "account": ("account_aliases", (label, key, "")),
        "unit": ("unit_words", (" ".join(label.lower().split()), key, context or "cell")),
        "scenario": ("scenario_words", (plain_words(label), key, str(priority or ""), match or "word")),
        "status": ("status_words", (" ".join(label.lower().split()).rstrip(" ."), key, status_unit or "text")),
    }
    seed, row = seeds.get(label_type, ("", (label,)))
    if label_type == "indicator" and not is_concept:
        seed = ""  # like a title of Kolada: it takes a concept of its own, which nobody can make from the label alone
    return Suggestion(label_type, seed, row, label, reports, like, key, score)


def plain_words(text: str) -> str:
    """The words of a header as scenario words are compared."""
    return " ".join(re.sub(r"[^a-z0-9åäöéü%‰]+", " ", text.lower()).split())
