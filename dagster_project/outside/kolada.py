"""Kolada, live: the catalogue, similar municipalities and the values of the indicators that the vocabulary leads to.

Belongs here: what is asked of API v3, what an answer must look like, and the editions that are made of it. Does not
belong here: repeating and pausing (``service``), keeping what came (``fetching``), and loading editions (``load``): a
refresh of reports takes what is there and never waits for this.

Shapes of v3: ``values`` and ``count`` (of the page), ``next_url`` until the last page, at most 5000 a page, at most 25
ids a list, 422 for a request that is too large, and an empty answer to query parameters that it does not know, which is
why values are asked for by path only.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

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
from dagster_project.outside.service import Service, ServiceError, TooManyError
from dagster_project.outside.sources import COUNTRY
from dagster_project.settings import PROJECT, ConfigurationError, Settings

PUBLISHER: Final = "kolada"
ADDRESS: Final = "https://api.kolada.se/v3"
LICENCE: Final = "Free use with attribution, terms of Kolada (RKA); no Creative Commons licence is named"
ATTRIBUTION: Final = "Källa: Kolada"

PAGE: Final = 5000
IDS: Final = 25
"""Most that a list of ids may have."""
YEARS: Final = 5
"""Years of one request: small enough that little is lost when one fails."""
FIRST_YEAR: Final = 2000
GENDERS: Final = frozenset({"T", "K", "M"})
SIMILAR: Final = re.compile(r"Liknande kommuner,? (?P<area>[^,]+), (?P<name>.+), (?P<year>\d{4})")
KPI: Final = re.compile(r"[NU]\d{5}")
MAX_PAGES: Final = 1000

_TEXT, _BOOL, _INT, _DATE = pa.string(), pa.bool_(), pa.int32(), pa.date32()
_STATISTICS: Final = pa.schema(
    {
        **dict.fromkeys(("statistic_key", "title", "definition", "operating_area", "perspective"), _TEXT),
        "municipality_type": _TEXT,
        "is_divided_by_gender": _BOOL,
        "has_ou_data": _BOOL,
        "parent_key": _TEXT,
        "publication_date": _DATE,
        "last_year": _INT,
        "is_withdrawn": _BOOL,
    }
)
_PLACES: Final = pa.schema([("place_code", _TEXT), ("place_name", _TEXT), ("place_type", _TEXT)])
_COMPARABLE: Final = pa.schema(
    {
        "comparable_area": _TEXT,
        "year": _INT,
        "group_id": _TEXT,
        "municipality_code": _TEXT,
        "comparable_code": _TEXT,
    }
)


# --- what to ask for --------------------------------------------------------------------------------------------------


def wanted_kpis(project: Path = PROJECT) -> list[str]:
    """Ids of the indicators that the vocabulary leads to, sorted: of concepts, of the inhabitants that figures are
    divided by, and parts of statistics that are computed."""
    found: set[str] = set()
    for name, columns in (
        ("concepts", ("kolada_kpi_id", "statistic_key", "inhabitants_key")),
        ("computed_statistics", ("part_key",)),
    ):
        with (project / "seeds" / "vocabulary" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            found |= {row.get(column) or "" for row in csv.DictReader(lines) for column in columns}
    return sorted(kpi for kpi in found if KPI.fullmatch(kpi))


def address_of(settings: Settings) -> str:
    """Where Kolada is asked; empty where it is not.

    Raises:
        ConfigurationError: the setting is neither yes, no nor an address.
    """
    return address_said(settings.kolada, "KOMMUNLAGER_KOLADA", ADDRESS)


# --- asking -----------------------------------------------------------------------------------------------------------


def kpis(service: Service) -> Iterator[Mapping[str, Any]]:
    """All indicators."""
    return _pages(service, f"/kpi?per_page={PAGE}", ("id", "title"))


def municipalities(service: Service) -> Iterator[Mapping[str, Any]]:
    """All municipalities and regions, and the country."""
    return _pages(service, f"/municipality?per_page={PAGE}", ("id", "title", "type"))


def groups(service: Service) -> Iterator[Mapping[str, Any]]:
    """All groups of municipalities with their members."""
    return _pages(service, f"/municipality_groups?per_page={PAGE}", ("id", "title", "members"))


def values(service: Service, ids: Sequence[str], years: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    """The values of the indicators ``ids`` in ``years``, of all municipalities; what is too large is halved."""
    path = f"/data/kpi/{','.join(ids)}/year/{','.join(map(str, years))}"
    try:
        yield from list(_pages(service, path, ("kpi", "municipality", "period", "values")))
    except TooManyError:
        if len(ids) > 1:
            for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                yield from values(service, half, years)
        elif len(years) > 1:
            for part in (years[: len(years) // 2], years[len(years) // 2 :]):
                yield from values(service, ids, part)
        else:
            raise


def _pages(service: Service, path: str, keys: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    while path:
        if path in seen or len(seen) > MAX_PAGES:
            raise ServiceError(f"{service.address}{path} comes again after itself: its pages have no end.")
        seen.add(path)
        answer = service.get(path, lambda one: _problem(one, keys))
        yield from answer["values"]
        path = _path(service, answer.get("next_url"))


def _path(service: Service, url: str | None) -> str:
    """The path of the next page: always of the service that was asked, whatever host its address names."""
    if not url:
        return ""
    parts, base = urlsplit(url), urlsplit(service.address).path
    path = parts.path[len(base) :] if base and parts.path.startswith(base + "/") else parts.path
    return path + (f"?{parts.query}" if parts.query else "")


def _problem(answer: Any, keys: Sequence[str]) -> str:
    """What is wrong with a page; empty for nothing."""
    if not isinstance(answer, dict) or not isinstance(answer.get("values"), list):
        return "no page: it has no list of values"
    rows = answer["values"]
    if isinstance(answer.get("count"), int) and answer["count"] != len(rows):
        return f"half a page: {len(rows)} of {answer['count']} values"
    for row in rows:
        missing = [key for key in keys if not isinstance(row, dict) or row.get(key) is None]
        if missing:
            return f"a value without {', '.join(missing)}: {json.dumps(row, ensure_ascii=False)[:200]}"
    if next_url := answer.get("next_url"):
        return "" if isinstance(next_url, str) else f"a next page that is no address: {next_url!r}"
    return ""


# --- answers to rows --------------------------------------------------------------------------------------------------


def statistic_row(kpi: Mapping[str, Any]) -> dict[str, Any]:
    """One indicator as a row of a catalogue."""
    title = str(kpi["title"])
    last = re.search(r"\(-\s*(\d{4})\)$", title)
    published = None
    with suppress(ValueError):
        published = date.fromisoformat(str(kpi.get("publication_date") or "")[:10])
    return {
        "statistic_key": str(kpi["id"]),
        "title": title,
        "definition": kpi.get("description") or None,
        "operating_area": kpi.get("operating_area") or None,
        "perspective": kpi.get("perspective") or None,
        "municipality_type": kpi.get("municipality_type") or None,
        "is_divided_by_gender": _flag(kpi.get("is_divided_by_gender")),
        "has_ou_data": _flag(kpi.get("has_ou_data")),
        "parent_key": None,
        "publication_date": published,
        "last_year": int(last[1]) if last else None,
        "is_withdrawn": False,
    }


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def comparable_rows(found: Iterable[Mapping[str, Any]], codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The groups that hold similar municipalities, a row a member; of each area and municipality the newest.

    Args:
        found: groups.
        codes: code of a municipality by its name.
    """
    newest: dict[tuple[str, str], tuple[int, Mapping[str, Any]]] = {}
    for group in found:
        match = SIMILAR.fullmatch(" ".join(str(group["title"]).split()))
        code = codes.get(match["name"]) if match else None
        if match and code:
            one = (int(match["year"]), group)
            kept = newest.get((match["area"], code))
            newest[match["area"], code] = one if kept is None or one[0] > kept[0] else kept
    for (area, code), (year, group) in sorted(newest.items()):
        for member in sorted(str(member["member_id"]) for member in group["members"]):
            yield {
                "comparable_area": area,
                "year": year,
                "group_id": str(group["id"]),
                "municipality_code": code,
                "comparable_code": member,
            }


def value_rows(found: Iterable[Mapping[str, Any]], codes: Iterable[str]) -> list[dict[str, Any]]:
    """The values of municipalities, regions and the country, sorted; groups and cells without a value are left out.

    A value that was taken back stays as a row without one, for an older edition may have it.

    Raises:
        ServiceError: one cell has two values, or what is no value.
    """
    known = set(codes)
    rows: dict[tuple[str, str, int, str], dict[str, Any]] = {}
    for cell in found:
        if (code := str(cell["municipality"])) not in known:
            continue
        for one in cell["values"]:
            value = None if one.get("isdeleted") or one.get("is_deleted") else one.get("value")
            if value is None and not (one.get("isdeleted") or one.get("is_deleted")):
                continue
            key = (str(cell["kpi"]), code, int(cell["period"]), str(one.get("gender")))
            if key[3] not in GENDERS or isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
                raise ServiceError(f"Kolada's value of {' '.join(map(str, key))} is {one!r}.")
            row = {
                "statistic_key": key[0],
                "municipality_code": code,
                "year": key[2],
                "gender": key[3],
                "value": None if value is None else float(value),
                "status": one.get("status") or None,
            }
            if rows.setdefault(key, row) != row:
                raise ServiceError(f"Kolada has two values of {' '.join(map(str, key))}: {rows[key]} and {row}.")
    return [rows[key] for key in sorted(rows)]


# --- editions ---------------------------------------------------------------------------------------------------------


def refresh_kolada(
    settings: Settings,
    service: Service | None = None,
    ids: Sequence[str] = (),
    years: Sequence[int] = (),
    *,
    today: date | None = None,
) -> Fetched:
    """Fetch new editions of catalogue, similar municipalities and values; the next refresh of reports loads them.

    Answers are kept as they come: after an attempt that failed or was killed, the next one asks for the rest. An
    edition is there whole or not at all, and is never changed.

    Args:
        settings: where editions and answers lie, and whom to ask.
        service: whom to ask instead; its cache is the one of the edition.
        ids: indicators; those of the vocabulary where none are named.
        years: of the values; all since 2000 where none are named.
        today: names the edition.

    Raises:
        ConfigurationError: Kolada is not configured, or an id is none.
        RefreshRunningError: another process is fetching.
        ServiceError: Kolada did not give what was asked for; what it gave is kept.
    """
    wrong = [one for one in ids if not KPI.fullmatch(one)]
    if wrong:
        raise ConfigurationError(f"{', '.join(wrong)}: an indicator of Kolada is called N or U and five digits.")
    if service is None and not (address := address_of(settings)):
        raise ConfigurationError("Kolada is not asked: set KOMMUNLAGER_KOLADA to 1 (or to an address).")
    wanted = list(ids) or wanted_kpis()
    span = list(years) or list(range(FIRST_YEAR, (today or datetime.now(UTC).date()).year + 1))
    return fetch_editions(
        settings,
        PUBLISHER,
        service or Service(address, settings.answers(PUBLISHER)),
        (wanted, span),
        today,
        lambda asked, edition: _fetch(settings.outside, asked, wanted, span, edition),
    )


def _fetch(outside: Path, service: Service, ids: Sequence[str], years: Sequence[int], edition: str) -> Fetched:
    listed = sorted((statistic_row(kpi) for kpi in kpis(service)), key=lambda row: row["statistic_key"])
    places = [
        {"place_code": str(one["id"]), "place_name": str(one["title"]), "place_type": str(one["type"])}
        for one in municipalities(service)
    ]
    if not listed or not places:
        raise ServiceError(f"{service.address} answered with an empty catalogue.")
    codes = {place["place_name"]: place["place_code"] for place in places if place["place_code"] != COUNTRY}
    similar = list(comparable_rows(groups(service), codes))
    there = {row["statistic_key"] for row in listed}
    asked = [kpi for kpi in ids if kpi in there]
    cells = (
        cell for chunk in chunks(asked, IDS) for span in chunks(years, YEARS) for cell in values(service, chunk, span)
    )
    found = value_rows(cells, [place["place_code"] for place in places])
    if not found:
        raise ServiceError(f"{service.address} has no value of {', '.join(ids[:5])} … in {years[0]} to {years[-1]}.")
    made = []
    for dataset, title, files in (
        (
            "catalogue",
            "Kolada: nyckeltal, kommuner och regioner (API v3)",
            (("indicators", "statistic", listed, _STATISTICS), ("places", "place", places, _PLACES)),
        ),
        ("similar", "Kolada: liknande kommuner", (("similar", "comparable_municipality", similar, _COMPARABLE),)),
        ("values", f"Kolada: värden som de lästes {edition}", (("values", "statistic_value", found, VALUES),)),
    ):
        tables = [(name, table, pa.Table.from_pylist(rows, schema)) for name, table, rows, schema in files if rows]
        said = {
            "title": title,
            "publisher": "RKA (Kolada)",
            "dataset": dataset,
            "edition": edition,
            "licence": LICENCE,
            "attribution": ATTRIBUTION,
            "is_named_when_computed": False,
            "accessed": edition,
            "as_of": edition,
            "origin": service.address,
        }
        if tables and write_edition(outside, PUBLISHER, said, tables):
            made.append(f"{PUBLISHER}/{dataset}-{edition}")
    rows = {"catalogue": len(listed), "similar": len(similar), "values": len(found)}
    return Fetched(tuple(made), rows, service.asked, service.kept)


def kolada_status(settings: Settings) -> Status:
    """What has been fetched, and how the last attempt ended."""
    return fetching_status(settings, PUBLISHER, address_of(settings), settings.kolada_schedule)
