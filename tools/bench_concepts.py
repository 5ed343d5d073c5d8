"""What suggestions and search cost: names compared, the index of texts, questions to it.

Belongs here: measuring these parts alone, on made-up labels and texts. Does not belong here: a whole refresh
(``bench``).
"""

from __future__ import annotations

import importlib.util
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd

from dagster_project.warehouse.ask import search
from dagster_project.warehouse.ask.query import open_published

ROOT = Path(__file__).resolve().parents[1]
WORDS = (
    *(
        "antal",
        "andel",
        "barn",
        "unga",
        "vuxna",
        "brukare",
        "insats",
        "beslut",
        "utredning",
        "placering",
        "vård",
        "elev",
    ),
    *("boende", "skola", "lärare", "kostnad", "personal", "sjukfrånvaro", "hemtjänst", "öppenvård", "familjehem"),
    *("bistånd", "ansökan", "väntetid", "nöjd", "trygg", "verksamhet", "kommun", "nämnd"),
)
PARAGRAPHS = (3_000, 300_000)
LABELS = (200, 2_000)
NAMES = (1_300, 13_000)


def section() -> str:
    """The measurements as a section of Markdown."""
    lines = ["## Suggestions and search", ""]
    lines += ["| what | size | seconds |", "| --- | --- | --- |"]
    lines += [f"| {what} | {size} | {seconds:.2f} |" for what, size, seconds in (*_searching(), *_suggesting())]
    return "\n".join(lines) + "\n"


def _timed(run: Callable[[], Any], times: int = 3) -> float:
    """Median seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def _texts(count: int, length: int, seed: int) -> list[str]:
    chooser = random.Random(seed)
    return [" ".join(chooser.choices(WORDS, k=length)) + f" {number}" for number in range(count)]


def _searching() -> list[tuple[str, str, float]]:
    rows = []
    extension = search.extension_path()
    if extension is None:
        return [("search", "the extension fts is not installed", 0.0)]
    for count in PARAGRAPHS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "texts.duckdb"
            with duckdb.connect(path) as connection:
                texts = pd.DataFrame({"paragraph_text": _texts(count, 40, 1)})  # noqa: F841 - read by its name
                connection.execute(
                    "create schema marts; create table marts.narrative as select md5(paragraph_text) as paragraph_key, "
                    "'r' as report_id, 'Gävle' as municipality_name, null::varchar as committee, 2023 as fiscal_year, "
                    "'Bokslut' as heading_path, 1 as page, row_number() over () as paragraph_seq, paragraph_text, "
                    "'Bokslut' as section, 0 as figures, 1 as table_first, 1 as table_last from texts"
                )
            rows.append(("index of texts", f"{count} paragraphs", _timed(lambda path=path: search.add_index(path), 1)))  # type: ignore[misc]
            with open_published(path, extensions=[extension]) as connection:
                for question in ("hemtjänst placering", "öppenvård 17"):
                    seconds = _timed(lambda c=connection, q=question: search.ask(c, q))  # type: ignore[misc]
                    rows.append((f"search: {question}", f"{count} paragraphs", seconds))
    return rows


def _suggesting() -> list[tuple[str, str, float]]:
    model = _model()
    rows = []
    for n_labels in LABELS:
        for n_names in NAMES:
            names = [(text, text, "key") for text in _texts(n_names, 5, 2)]
            labels = _texts(n_labels, 5, 3)
            wanted = pd.DataFrame({"label_type": "indicator", "label": labels, "unit_key": "count", "words": labels})
            stripped = [(text.rsplit(" ", 1)[0], label, key) for text, label, key in names]
            wanted["words"] = wanted["words"].str.rsplit(" ", n=1).str[0]
            seconds = _timed(lambda w=wanted, s=stripped: list(model._likely(w, s, set())), 1)  # type: ignore[misc]
            rows.append(("suggestions", f"{n_labels} labels, {n_names} names", seconds))
    return rows


def _model() -> ModuleType:
    path = ROOT / "dbt" / "models" / "intermediate" / "int_label_suggestions.py"
    specification = importlib.util.spec_from_file_location("int_label_suggestions", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


if __name__ == "__main__":
    print(section())
