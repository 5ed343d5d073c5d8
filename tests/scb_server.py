"""SCB's PxWebApi 2 on this machine: its shapes, limits and failures, filled with figures that SCB has published.

Belongs here: the server. Does not belong here: what is expected of who asks it. The shapes are those of recorded
answers (metadata and data of TAB4199); the figures are those of the editions in ``seeds/sources/scb``.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb

from tests.kolada_server import Failure, replaying

SOURCES = Path(__file__).resolve().parents[1] / "seeds" / "sources"


@dataclass
class OneTable:
    """A table: the codes of each variable, what may be left out, and the values that there are."""

    label: str
    updated: str
    unit: str
    contents: str
    variables: dict[str, list[str]]
    """Without contents and time."""
    eliminable: tuple[str, ...]
    years: list[str]
    values: dict[tuple[str, ...], float]
    """By the codes of the variables that may not be left out, region first, then the year."""
    states: dict[tuple[str, ...], str] = field(default_factory=dict)


class Scb:
    """The service: ``failures`` are used up one a request, each for the first path that matches its pattern."""

    def __init__(self, *, max_cells: int = 150_000) -> None:
        self.max_cells = max_cells
        self.index_is_list = False
        """JSON-stat allows both ways to tell the order of codes."""
        self.is_sparse = False
        """JSON-stat allows both a list of values and a mapping of their places."""
        self.failures: list[tuple[str, Failure]] = []
        self.asked: list[tuple[str, Any]] = []
        self.address = ""
        with duckdb.connect() as connection:
            net_costs: dict[tuple[str, ...], float] = {
                (code, key.rpartition("_")[2], str(year)): value
                for key, code, year, value in _values(connection, "net-cost-2024/net_cost.parquet")
            }
            inhabitants: dict[tuple[str, ...], float] = {
                (code, str(year)): value
                for name in ("population-2022", "population-2023")
                for _, code, year, value in _values(connection, f"{name}/population.parquet")
            }
            rates: dict[tuple[str, ...], float] = {
                (code, str(year)): value
                for _, code, year, value in _values(connection, "tax-rate-2022/tax_rate.parquet")
            }
        with (SOURCES / "scb" / "net-cost-2024" / "activities.csv").open(encoding="utf-8", newline="") as lines:
            activities = [row["statistic_key"].rpartition("_")[2] for row in csv.DictReader(lines)]
        regions = [
            "00",
            "01",
            *sorted({key[0] for key in (*rates, *inhabitants)}),
        ]
        self.tables = {
            "TAB638": OneTable(
                "Folkmängden efter region, civilstånd, ålder och kön. År 1968-2024",
                "2025-02-21T07:00:00Z",
                "antal",
                "BE0101N1",
                {"Region": regions, "Civilstand": ["OG", "G"], "Alder": ["0", "tot"], "Kon": ["1", "2"]},
                ("Region", "Civilstand", "Alder", "Kon"),
                [str(year) for year in range(2020, 2024)],
                {key: value for key, value in inhabitants.items() if key[1] >= "2020"},
            ),
            "TAB4199": OneTable(
                "Kostnader och intäkter för kommuner efter region och verksamhetsområde. År 2023-2024",
                "2026-08-28T06:00:00Z",
                "tkr",
                "0000005X",
                {"Region": regions, "Verksomrkom": [*activities, "999"]},
                ("Region",),
                ["2023", "2024"],
                net_costs,
            ),
            "TAB2017": OneTable(
                "Kommunala skattesatser efter region. År 2000-2022",
                "2025-12-18T07:00:00Z",
                "procent",
                "OE0101D2",
                {"Region": regions},
                ("Region",),
                sorted({key[1] for key in rates if key[1] >= "2000"}),
                {key: value for key, value in rates.items() if key[1] >= "2000"},
            ),
        }

    # --- answers ------------------------------------------------------------------------------------------------------

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        route = urlsplit(path).path
        if route == "/api/v2/config":
            return 200, {
                "apiVersion": "2.3.2",
                "defaultLanguage": "sv",
                "maxDataCells": self.max_cells,
                "maxCallsPerTimeWindow": 30,
                "timeWindow": 10,
                "license": "https://creativecommons.org/share-your-work/public-domain/cc0/",
                "dataFormats": ["json-stat2", "csv", "px"],
            }
        match = re.fullmatch(r"/api/v2/tables/(\w+)/(metadata|data)", route)
        if not match or match[1] not in self.tables:
            return 404, {"type": "Parameter error", "title": "Non-existent table", "status": 404}
        table = self.tables[match[1]]
        everything = {**table.variables, "ContentsCode": [table.contents, "other"], "Tid": table.years}
        if match[2] == "metadata":
            return 200, self._dataset(table, everything, None)
        selection = {one["variableCode"]: one["valueCodes"] for one in body["selection"]}
        if any(code not in everything.get(name, ()) for name, codes in selection.items() for code in codes):
            return 400, {"type": "Parameter error", "title": "Non-existent value", "status": 400}
        if any(name not in selection for name in everything if name not in table.eliminable):
            return 400, {"type": "Parameter error", "title": "Missing selection for mandatory variable", "status": 400}
        # In the order of the table, whatever the order of what was asked.
        chosen = {
            name: [code for code in codes if code in selection[name]]
            for name, codes in everything.items()
            if name in selection
        }
        places = list(itertools.product(*chosen.values()))
        if len(places) > self.max_cells:
            return 403, {"type": "Parameter error", "title": "Too many cells selected", "status": 403}
        keys = [name for name in chosen if name not in ("ContentsCode", "Kon")]
        values = []
        for place in places:
            at = dict(zip(chosen, place, strict=True))
            key = tuple("0000" if at[name] == "00" else at[name] for name in keys)
            values.append(table.values.get(key))
        states = {
            str(number): table.states.get(place[:1], "..")
            for number, place in enumerate(places)
            if values[number] is None
        }
        return 200, self._dataset(table, chosen, (values, states))

    def _dataset(
        self, table: OneTable, chosen: dict[str, list[str]], filled: tuple[list[float | None], dict[str, str]] | None
    ) -> dict[str, Any]:
        dataset: dict[str, Any] = {
            "version": "2.0",
            "class": "dataset",
            "label": table.label,
            "source": "SCB",
            "updated": table.updated,
            "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
            "id": list(chosen),
            "size": [len(codes) for codes in chosen.values()],
            "dimension": {
                name: {
                    "label": name.lower(),
                    "category": {
                        "index": codes if self.index_is_list else {code: place for place, code in enumerate(codes)},
                        "label": dict(zip(codes, codes, strict=True)),
                    },
                    "extension": {"elimination": name in table.eliminable, "show": "value"},
                }
                for name, codes in chosen.items()
            },
        }
        dataset["dimension"]["ContentsCode"]["category"]["unit"] = {
            code: {"base": table.unit, "decimals": 0} for code in chosen["ContentsCode"]
        }
        if filled:
            values, states = filled
            dataset["value"] = (
                {str(place): value for place, value in enumerate(values) if value is not None}
                if self.is_sparse
                else values
            )
            if states:
                dataset["status"] = states
        return dataset

    @contextmanager
    def running(self) -> Iterator[Scb]:
        with replaying(
            lambda path, body: self.asked.append((path, body)), lambda: self.failures, self.answer
        ) as address:
            self.address = f"{address}/api/v2"
            yield self


def _values(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str, int, float]]:
    return connection.execute(
        "select statistic_key, municipality_code, year, value from read_parquet(?)", [str(SOURCES / "scb" / name)]
    ).fetchall()
