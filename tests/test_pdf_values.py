"""The five reports as PDF give the values of their text versions, from the file to ``report_values``.

Belongs here: values over writers and ruling styles, page and place aside, and that a page is given. Does not belong
here: cells and headings on their own (``test_pdf_reports``).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Project
from tests.test_pdf_reports import RENDERINGS, WRITERS
from tests.typeset.model import Style, blocks, report_files

STYLES = {
    "platypus-grid": RENDERINGS["platypus-grid"],
    "platypus-hrule": RENDERINGS["platypus-hrule"],
    "tagged-none": Style("tagged-none", "none", size=9, tagged=True),
}
WRITERS_OF = {**WRITERS, "tagged": WRITERS["chromium"]}
ABOUT_THE_FILE = (
    "report_id", "file_name", "page", "is_current", "fact_key", "table_seq", "row_index", "col_index",
    "proof", "is_doubtful",
)  # fmt: skip
"""Columns that differ because the file does, and the place of a cell, which tables that hold no value move. Copies
prove nothing, and no other report bears them out."""

pytestmark = pytest.mark.skipif(not report_files(), reason="the reports are not in seeds/reports")

Values = Counter[tuple[object, ...]]


def _names() -> list[str]:
    return [name for name in STYLES if getattr(WRITERS_OF[name.split("-")[0]], "PROGRAM", "in the process")]


def write_renderings(reports: Path) -> None:
    """Every rendering of every report, each in a folder of its rendering."""
    for name in _names():
        folder = reports / name
        folder.mkdir(parents=True)
        for path in report_files():
            pdf = WRITERS_OF[name.split("-")[0]].typeset(blocks(path.read_bytes()), STYLES[name])
            (folder / f"{path.stem}.pdf").write_bytes(pdf)


def _values(warehouse: Path, prefix: str) -> tuple[Values, int]:
    """The values of reports below a folder, and how many have no page."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"select report_id, page, * exclude ({', '.join(ABOUT_THE_FILE)}) from marts.report_values"
            " where starts_with(report_id, ?)",
            [prefix],
        ).fetchall()
    values: Values = Counter((row[0].removeprefix(prefix), *map(_plain, row[2:])) for row in rows)
    return values, sum(row[1] is None for row in rows)


def _refused(warehouse: Path, prefix: str) -> int:
    """How many cells with digits on two lines are told as refused."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(
            "select count(*) from marts.cell_roles where starts_with(report_id, ?) and role = 'rejected'"
            " and starts_with(reason, 'ambiguous digits')",
            [prefix],
        ).fetchone()
    assert row
    return int(row[0])


def _plain(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


@pytest.mark.parametrize("name", list(STYLES))
def test_values_of_a_rendering(name: str, warehouse: Path, every_format: Project) -> None:
    if name not in _names():
        pytest.skip("no Chromium on this machine")
    expected, _ = _values(warehouse, "")
    found, without_page = _values(every_format.warehouse, f"{name}-")
    missing, extra = list((expected - found).elements()), list((found - expected).elements())
    assert expected.total() > 0
    assert without_page == 0
    assert extra[:3] == []
    # A browser wraps a figure in a narrow cell, and 5 above 979 may be two as well: refused, never lost without a word.
    assert len(missing) == _refused(every_format.warehouse, f"{name}-"), missing[:3]
    assert len(missing) < expected.total() / 30
