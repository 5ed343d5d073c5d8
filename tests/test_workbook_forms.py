"""Workbooks of other programs than ours: each in ``workbooks/`` gives the cells of the CSV beside it.

Belongs here: what programs store in their own way. Does not belong here: where on a sheet the tables are.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dagster_project.extract import extract

WORKBOOKS = sorted(path for path in (Path(__file__).parent / "workbooks").iterdir() if path.suffix != ".csv")


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.stem)
def test_a_workbook_gives_the_cells_that_it_shows(path: Path) -> None:
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))
    document = extract(path.read_bytes(), path.name)
    cells = {(cell.row_index, cell.col_index): cell.text.replace("\n", " ") for cell in document.cells}
    found = [[cells.get((row, column), "") for column in range(len(line))] for row, line in enumerate(expected)]
    assert found == expected
    assert len(document.tables) == 1
