"""The five reports as PDF give the values of their text versions, from the file to ``report_values``.

Belongs here: values over writers and ruling styles, page and place aside, and that a page is given. Does not belong
here: cells and headings on their own (``test_pdf_reports``).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, Project
from tests.test_pdf_reports import RENDERINGS, WRITERS
from tests.typeset.model import Style, blocks, report_files

STYLES = {
    "platypus-grid": RENDERINGS["platypus-grid"],
    "platypus-hrule": RENDERINGS["platypus-hrule"],
    "tagged-none": Style("tagged-none", "none", size=9, tagged=True),
}
WRITERS_OF = {**WRITERS, "tagged": WRITERS["chromium"]}
LEAST_RECALL = {"grid": 0.98, "hrule": 0.95, "none": 0.90}
LEAST_PRECISION = 0.99
FIELDS = (
    "kind", "row_label", "column_label", "group_label", "scenario", "period_start", "period_end", "value_text",
    "value_numeric", "unit", "amount_sek",
)  # fmt: skip

pytestmark = pytest.mark.skipif(not report_files(), reason="the reports are not in seeds/reports")

Values = Counter[tuple[object, ...]]


def _names() -> list[str]:
    return [name for name in STYLES if getattr(WRITERS_OF[name.split("-")[0]], "PROGRAM", "in the process")]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with every rendering of every report, each in a folder of its rendering."""
    project = Project(ROOT, tmp_path_factory.mktemp("printed"))
    for name in _names():
        folder = project.reports / name
        folder.mkdir(parents=True)
        for path in report_files():
            pdf = WRITERS_OF[name.split("-")[0]].typeset(blocks(path.read_bytes()), STYLES[name])
            (folder / f"{path.stem}.pdf").write_bytes(pdf)
    done = project.run("refresh")
    assert done.returncode == 0, done.stderr
    return project.warehouse


def _values(warehouse: Path, prefix: str) -> tuple[Values, int]:
    """The values of reports below a folder, and how many have no page."""
    columns = ", ".join(FIELDS)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"select report_id, page, {columns} from marts.report_values where starts_with(report_id, ?)", [prefix]
        ).fetchall()
    values: Values = Counter((row[0].removeprefix(prefix), *map(_plain, row[2:])) for row in rows)
    return values, sum(row[1] is None for row in rows)


def _plain(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


@pytest.mark.parametrize("name", list(STYLES))
def test_values_of_a_rendering(name: str, warehouse: Path, printed: Path) -> None:
    if name not in _names():
        pytest.skip("no Chromium on this machine")
    expected, _ = _values(warehouse, "")
    found, without_page = _values(printed, f"{name}-")
    right = (expected & found).total()
    recall, precision = right / expected.total(), right / max(1, found.total())
    missing, extra = list((expected - found).elements())[:8], list((found - expected).elements())[:8]
    print(f"\n{name}: {right} right of {expected.total()}, {found.total()} found")  # noqa: T201
    assert without_page == 0
    assert recall >= LEAST_RECALL[STYLES[name].rules], (missing, extra)
    assert precision >= LEAST_PRECISION, (missing, extra)
