"""Documents as municipalities write them are read cell by cell as they are printed.

Belongs here: the measure over the hard corpus, as written and after another program has saved it. Does not belong here:
the cases (``hard``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hard import more_cases, sheet_cases, sheet_cases_more, text_cases, web_cases, word_cases
from tests.hard.model import Case, Score, judge
from tests.typeset_office.every_format import SOFFICE, convert

CORPORA: dict[str, Callable[[], list[Case]]] = {
    "word": word_cases.cases,
    "sheets": sheet_cases.cases,
    "more sheets": sheet_cases_more.cases,
    "web": web_cases.cases,
    "text": text_cases.cases,
    "more": more_cases.cases,
}
CELLS = 1728
"""Non-empty cells of the corpus."""
NOT_KEPT = {"formulas without a stored result", "formulas and errors", "number formats", "declared tables"}
"""Cases of which LibreOffice saves something else: it computes, drops booleans and, in xls, declared tables."""


@pytest.mark.parametrize("name", CORPORA)
def test_every_cell_stands_where_it_is_printed(name: str) -> None:
    total = Score()
    for case in CORPORA[name]():
        total.add(judge(case))
    assert total.misses == []
    assert (total.recall, total.precision) == (1.0, 1.0)


def test_the_corpus_is_whole() -> None:
    cases = [case for build in CORPORA.values() for case in build()]
    assert sum(judge(case).printed for case in cases) == CELLS
    assert len({case.name for case in cases}) == len(cases)


@pytest.mark.slow
@pytest.mark.skipif(not SOFFICE, reason="no LibreOffice on this machine")
@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_workbooks_that_another_program_has_saved_are_read_the_same(form: str, tmp_path: Path) -> None:
    cases = [case for case in (*sheet_cases.cases(), *sheet_cases_more.cases()) if case.name not in NOT_KEPT]
    (tmp_path / "in").mkdir()
    files = [tmp_path / "in" / f"{index:02d}.xlsx" for index in range(len(cases))]
    for file, case in zip(files, cases, strict=True):
        file.write_bytes(case.data)
    convert(files, form, tmp_path / "out")
    total = Score()
    for file, case in zip(files, cases, strict=True):
        saved = (tmp_path / "out" / file.name).with_suffix(f".{form}")
        total.add(judge(dataclasses.replace(case, data=saved.read_bytes(), file_name=saved.name)))
    assert total.misses == []
