"""The five reports give the same figures in every format: from the file to ``report_values``, all columns but those
that say which file it was.

Belongs here: formats that keep every cell. Does not belong here: PDF, where a cell may be missing (``test_pdf_reports``
measures how many).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Project
from tests.typeset_office.every_format import CONVERTED, SOFFICE

ABOUT_THE_FILE = ("report_id", "file_name", "page", "is_current", "fact_key", "proof", "is_doubtful")
"""Columns that differ because the file does: of the same figure in nine reports one is current, the others are copies,
which prove nothing and which no other report bears out."""
FIGURES = 639


def _figures(warehouse: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """The figures by the folder of their file."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        result = connection.execute(
            "select case when contains(file_name, '/') then split_part(file_name, '/', 1) else 'txt' end,"
            f" parse_filename(file_name, true), * exclude ({', '.join(ABOUT_THE_FILE)}) from marts.report_values"
        )
        figures: dict[str, Counter[tuple[Any, ...]]] = {}
        for form, *row in result.fetchall():
            figures.setdefault(form, Counter())[tuple(row)] += 1
    return figures


@pytest.mark.parametrize("form", ["md", "csv", "tsv", "html", "docx", "xlsx", *CONVERTED])
def test_the_figures_are_those_of_the_text(form: str, every_format: Project, warehouse: Path) -> None:
    if form in CONVERTED and not SOFFICE:
        pytest.skip("no LibreOffice on this machine")
    expected = _figures(warehouse)["txt"]
    found = _figures(every_format.warehouse)[form]
    assert expected.total() == FIGURES
    assert (list(found - expected)[:3], list(expected - found)[:3]) == ([], [])
