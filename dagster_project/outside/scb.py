"""SCB's statistical database, live: inhabitants, net costs and tax rates (``seeds/sources/scb_tables.csv``).

Belongs here: what is asked of PxWebApi 2, what an answer must look like, and the editions that are made of it. Does not
belong here: repeating and pausing (``service``), keeping what came (``fetching``), and loading editions (``load``): a
refresh of reports takes what is there and never waits for this.

Shapes of PxWebApi 2: ``/config`` tells the cells of one answer and the calls of a while that it allows;
``/tables/ID/metadata`` and ``/tables/ID/data`` answer with a dataset of JSON-stat 2, whose values lie in the order of
``id``, the last dimension fastest. A selection that is sent by POST may be as long as it has to be; by address it is
not found beyond some 2 000 characters. A variable that is left out is added up where it may be (``elimination``).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from dagster_project.outside.fetching import (
    VALUES,
    Fetched,
    Status,
    address_said,
    chunks,
    fetch_editions,
    fetching_status,
    write_edition,
)
from dagster_project.outside.service import Service, ServiceError
from dagster_project.outside.sources import COUNTRY, find_editions, read_edition
from dagster_project.settings import PROJECT, ConfigurationError, Settings

PUBLISHER: Final = "scb"
ADDRESS: Final = "https://statistikdatabasen.scb.se/api/v2"
LICENCE: Final = "CC0 1.0"
ATTRIBUTION: Final = "Källa: SCB"
SOURCES: Final = PROJECT / "seeds" / "sources"
MUNICIPALITIES: Final = PROJECT / "seeds" / "reference" / "municipalities.csv"

WHOLE_COUNTRY: Final = "00"
"""Code of the country among SCB's regions."""
REGION: Final = "Region"
SHARE_OF_LIMIT: Final = 0.8
"""Of the cells and calls that SCB allows."""
PER_SECOND: Final = 2.0
"""Requests, however many SCB allows."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of SCB and the statistics that it holds."""

    dataset: str
    table_id: str
    contents_code: str
    unit: str
    """As SCB says it; empty where the table says none that could be another."""
    category_variable: str
    """The variable with one statistic a category; empty where the table is one statistic."""
    statistic_key: str
    """Of the statistic, or what stands before the code of the category."""
    first_year: int
    final_from_month: int | None
    """The latest year is preliminary where the table was updated before this month of the year after it."""
    note: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with the code of each variable."""

    codes: Mapping[str, str]
    value: float
    status: str | None


def address_of(settings: Settings) -> str:
    """Where SCB is asked; empty where it is not.

    Raises:
        ConfigurationError: the setting is neither yes, no nor an address.
    """
    return address_said(settings.scb, "KOMMUNLAGER_SCB", ADDRESS)


def read_tables(path: Path = SOURCES / "scb_tables.csv") -> list[Table]:
    """The tables that are asked for."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Table(
                row["dataset"],
                row["table_id"],
                row["contents_code"],
                row["unit"],
                row["category_variable"],
                row["statistic_key"],
                int(row["first_year"]),
                int(row["final_from_month"]) if row["final_from_month"] else None,
                row["note"],
            )
            for row in csv.DictReader(lines)
        ]


# --- answers ----------------------------------------------------------------------------------------------------------


def cells(dataset: Mapping[str, Any]) -> Iterator[Cell]:
    """The values of a dataset of JSON-stat 2; places without one are left out.

    Args:
        dataset: as :func:`dataset_problem` has it without a problem.
    """
    names, sizes = dataset["id"], dataset["size"]
    codes = [_codes(dataset["dimension"][name]) for name in names]
    values, states = dataset["value"], dataset.get("status") or {}
    numbered = enumerate(values) if isinstance(values, list) else ((int(place), one) for place, one in values.items())
    for place, value in numbered:
        if value is None:
            continue
        rest, at = place, {}
        for name, size, of_variable in zip(reversed(names), reversed(sizes), reversed(codes), strict=True):
            rest, index = divmod(rest, size)
            at[name] = of_variable[index]
        state = states[place] if isinstance(states, list) else states.get(str(place))
        yield Cell(at, float(value), state or None)


def _codes(dimension: Mapping[str, Any]) -> list[str]:
    """The codes of a variable in the order of the values: an index is a list, or says the place of each."""
    index = dimension["category"]["index"]
    return list(index) if isinstance(index, list) else sorted(index, key=lambda code: int(index[code]))


def dataset_problem(answer: Any, *, has_values: bool) -> str:
    """What is wrong with a dataset of JSON-stat 2; empty for nothing."""
    try:
        names, sizes = answer["id"], answer["size"]
        found = [len(_codes(answer["dimension"][name])) for name in names]
        date.fromisoformat(str(answer["updated"])[:10])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return f"no dataset of JSON-stat 2 ({type(error).__name__}: {error})"
    if found != sizes:
        return f"a dataset whose variables have {found} codes, but say {sizes}"
    if has_values:
        values = answer.get("value")
        if isinstance(values, list) and len(values) != math.prod(sizes):
            return f"half a dataset: {len(values)} of {math.prod(sizes)} values"
        if not isinstance(values, (list, dict)) or not values:
            return "a dataset without values"
        numbers = values if isinstance(values, list) else values.values()
        wrong = [one for one in numbers if isinstance(one, bool) or not isinstance(one, (int, float, type(None)))]
        if wrong:
            return f"a value that is no number: {wrong[0]!r}"
    return ""


# --- asking -----------------------------------------------------------------------------------------------------------


def refresh_scb(settings: Settings, service: Service | None = None, *, today: date | None = None) -> Fetched:
    """Fetch new editions of the tables that ``scb_tables.csv`` names; the next refresh of reports loads them.

    Args:
        settings: where editions and answers lie, and whom to ask.
        service: whom to ask instead.
        today: names the editions.

    Raises:
        ConfigurationError: SCB is not configured.
        RefreshRunningError: another process is fetching.
        ServiceError: SCB did not give what was asked for, or its table is not what it was; what came is kept.
    """
    if service is None and not (address := address_of(settings)):
        raise ConfigurationError("SCB is not asked: set KOMMUNLAGER_SCB to 1 (or to an address).")
    tables = read_tables()
    return fetch_editions(
        settings,
        PUBLISHER,
        service or Service(address, settings.answers(PUBLISHER), per_second=PER_SECOND),
        tables,
        today,
        lambda asked, edition: _fetch(settings.outside, asked, tables, edition),
    )


def scb_status(settings: Settings) -> Status:
    """What has been fetched, and how the last attempt ended."""
    return fetching_status(settings, PUBLISHER, address_of(settings), settings.scb_schedule)


def _fetch(outside: Path, service: Service, tables: Sequence[Table], edition: str) -> Fetched:
    limits = service.get("/config", _limits_problem)
    service.per_second = min(
        service.per_second, SHARE_OF_LIMIT * limits["maxCallsPerTimeWindow"] / max(1, limits["timeWindow"])
    )
    known = _known_statistics()
    with MUNICIPALITIES.open(encoding="utf-8", newline="") as lines:
        municipalities = {row["municipality_code"] for row in csv.DictReader(lines) if row["county_code"] != "00"}
    ready = []
    for table in tables:
        metadata = service.get(
            f"/tables/{table.table_id}/metadata?lang=sv", lambda one: dataset_problem(one, has_values=False)
        )
        rows = sorted(
            _rows(service, table, metadata, municipalities, known, int(SHARE_OF_LIMIT * limits["maxDataCells"])),
            key=lambda row: tuple(row[name] for name in VALUES.names[:4]),
        )
        if not rows:
            raise ServiceError(f"{table.table_id} of SCB has no value of a municipality since {table.first_year}.")
        ready.append((table, metadata, rows))
    made = []
    for table, metadata, rows in ready:  # when all have come: no half of an edition's day
        said = {
            "title": f"{str(metadata['label']).strip()} ({table.table_id})",
            "publisher": "SCB",
            "dataset": table.dataset,
            "edition": edition,
            "licence": LICENCE,
            "attribution": ATTRIBUTION,
            "accessed": edition,
            "as_of": str(metadata["updated"])[:10],
            "origin": f"{service.address}/tables/{table.table_id}/data, {table.contents_code}",
            "note": table.note,
        }
        if write_edition(outside, PUBLISHER, said, [("values", "statistic_value", pa.Table.from_pylist(rows, VALUES))]):
            made.append(f"{PUBLISHER}/{table.dataset}-{edition}")
    return Fetched(tuple(made), {table.dataset: len(rows) for table, _, rows in ready}, service.asked, service.kept)


def _limits_problem(answer: Any) -> str:
    names = ("maxDataCells", "maxCallsPerTimeWindow", "timeWindow")
    wrong = [name for name in names if not isinstance(answer, dict) or not isinstance(answer.get(name), int)]
    return f"a configuration without {', '.join(wrong)}" if wrong else ""


def _known_statistics() -> set[str]:
    """Keys of SCB's statistics that an edition of the checkout describes; figures of others have no name."""
    found: set[str] = set()
    for folder in find_editions(SOURCES):
        if folder.parent.name == PUBLISHER:
            for file in read_edition(folder).files:
                if file.table == "statistic":
                    with file.path.open(encoding="utf-8", newline="") as lines:
                        found |= {row["statistic_key"] for row in csv.DictReader(lines)}
    return found


def _rows(
    service: Service,
    table: Table,
    metadata: Mapping[str, Any],
    municipalities: set[str],
    known: set[str],
    most_cells: int,
) -> Iterator[dict[str, Any]]:
    selection, years = _selection(table, metadata, municipalities, known)
    time = _role(table, metadata, "time")
    updated = date.fromisoformat(str(metadata["updated"])[:10])
    of_one_year = math.prod(len(codes) for codes in selection.values())
    for some in chunks(years, max(1, most_cells // max(1, of_one_year))):
        asked = {**selection, time: list(some)}
        answer = service.get(
            f"/tables/{table.table_id}/data?lang=sv&outputFormat=json-stat2",
            partial(_data_problem, asked),
            {"selection": [{"variableCode": name, "valueCodes": codes} for name, codes in asked.items()]},
        )
        for cell in cells(answer):
            year, region = int(cell.codes[time]), cell.codes[REGION]
            is_preliminary = (
                table.final_from_month is not None
                and year == updated.year - 1
                and updated.month < table.final_from_month
            )
            yield {
                "statistic_key": table.statistic_key + cell.codes.get(table.category_variable, ""),
                "municipality_code": COUNTRY if region == WHOLE_COUNTRY else region,
                "year": year,
                "gender": "T",
                "value": cell.value,
                "status": cell.status or ("preliminary" if is_preliminary else None),
            }


def _selection(
    table: Table, metadata: Mapping[str, Any], municipalities: set[str], known: set[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """The codes to ask for but those of time, and the years.

    Raises:
        ServiceError: the table is not what it was: a figure of another kind would come under the old name.
    """
    dimensions = metadata["dimension"]
    metric, time = _role(table, metadata, "metric"), _role(table, metadata, "time")
    needed = [REGION, *([table.category_variable] if table.category_variable else [])]
    if missing := [name for name in needed if name not in dimensions]:
        raise ServiceError(f"{table.table_id} of SCB has no variable {', '.join(missing)} any more.")
    contents = dimensions[metric]["category"]
    if table.contents_code not in _codes(dimensions[metric]):
        raise ServiceError(f"{table.table_id} of SCB has no contents {table.contents_code} any more.")
    unit = str(contents.get("unit", {}).get(table.contents_code, {}).get("base", ""))
    if table.unit and unit.casefold() != table.unit:
        raise ServiceError(f"{table.table_id} of SCB counts in {unit or 'nothing'} instead of {table.unit}.")
    kept = [
        name
        for name in metadata["id"]
        if name not in (metric, time, *needed) and not dimensions[name].get("extension", {}).get("elimination")
    ]
    if kept:
        raise ServiceError(f"{table.table_id} of SCB cannot be added up over {', '.join(kept)}.")
    regions = [code for code in _codes(dimensions[REGION]) if code == WHOLE_COUNTRY or code in municipalities]
    if lacking := sorted(municipalities - set(regions)):
        raise ServiceError(f"{table.table_id} of SCB lacks {len(lacking)} municipalities: {', '.join(lacking[:5])}.")
    selection = {REGION: regions, metric: [table.contents_code]}
    if table.category_variable:
        selection[table.category_variable] = [
            code for code in _codes(dimensions[table.category_variable]) if table.statistic_key + code in known
        ]
    elif table.statistic_key not in known:
        raise ServiceError(f"{table.statistic_key} of scb_tables.csv is described by no edition of SCB.")
    years = _codes(dimensions[time])
    if wrong := [code for code in years if not (code.isascii() and code.isdigit() and len(code) == 4)]:
        raise ServiceError(f"{table.table_id} of SCB has {wrong[0]}, which is no year.")
    return selection, [code for code in years if int(code) >= table.first_year]


def _role(table: Table, metadata: Mapping[str, Any], role: str) -> str:
    names = (metadata.get("role") or {}).get(role) or []
    if len(names) != 1:
        raise ServiceError(f"{table.table_id} of SCB has {len(names)} variables of the role {role} instead of one.")
    return str(names[0])


def _data_problem(asked: Mapping[str, Sequence[str]], answer: Any) -> str:
    """What of an answer is not what was asked for; empty for nothing. A variable that was added up is not there."""
    if problem := dataset_problem(answer, has_values=True):
        return problem
    for name, codes in asked.items():
        found = _codes(answer["dimension"][name]) if name in answer["dimension"] else []
        if sorted(found) != sorted(codes):
            return f"{len(found)} codes of {name} where {len(codes)} were asked for"
    more = [name for name in answer["id"] if name not in asked and len(_codes(answer["dimension"][name])) != 1]
    return f"values by {', '.join(more)}, which were not asked for" if more else ""
