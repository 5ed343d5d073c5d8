"""Made-up reports of other municipalities, printed by other writers and in other looks, give their cells.

Belongs here: accuracy on what the five reports do not have (``tests/typeset/varied``), and its limits. Does not belong
here: the five reports (``test_pdf_reports``).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from dagster_project.extract import ExtractionError, extract
from tests.typeset import chromium, varied, varied_html, varied_office, varied_platypus
from tests.typeset.model import structure_words
from tests.typeset.varied_score import Tally, judge

SEED = 5
LEAST_NUMERIC_PRECISION = 0.97
BORDERED = ("grid", "whitegrid", "vbox")
RULED = ("hrule", "headrule", "outer", "zebra", "shadehead")
UNRULED = ("none",)


def _tally(report: varied.Report, data: bytes) -> Tally:
    try:
        document = extract(data, f"{report.name}.pdf", words=structure_words())
    except ExtractionError as error:
        pytest.fail(f"{report.name}: {error}")
    return judge(report, document)


@cache
def _by_reportlab(rules: str) -> Tally:
    report = varied.make_report(SEED, rules, plain=True)
    return _tally(report, varied_platypus.typeset(report))


@pytest.mark.parametrize(
    ("styles", "least"), [(BORDERED, 0.97), (RULED, 0.95), (UNRULED, 0.90)], ids=["bordered", "ruled", "unruled"]
)
def test_untagged(styles: tuple[str, ...], least: float) -> None:
    total = Tally()
    for rules in styles:
        total.add(_by_reportlab(rules))
    print(f"\n{total}")  # noqa: T201
    assert total.recall >= least, "\n".join(total.misses)
    assert total.numeric_precision >= LEAST_NUMERIC_PRECISION, "\n".join(total.misses)
    assert total.headings == total.matched, "\n".join(total.misses)
    assert total.false_joins == 0, "\n".join(total.misses)
    assert total.false_tables == 0, "\n".join(total.misses)


@pytest.mark.slow
@pytest.mark.skipif(chromium.PROGRAM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("rules", ["none", "zebra", "darkhead"])
def test_tagged_by_a_browser(rules: str) -> None:
    report = varied.make_report(SEED, rules)
    tally = _tally(report, chromium.print_html(varied_html.markup(report), tagged=True))
    assert tally.precision >= 0.99, "\n".join(tally.misses)
    assert tally.recall >= 0.99, "\n".join(tally.misses)
    assert tally.headings == tally.matched == tally.tables, "\n".join(tally.misses)
    assert tally.joined >= tally.breaks - 1, "\n".join(tally.misses)
    assert tally.false_joins == tally.false_tables == 0, "\n".join(tally.misses)


@pytest.mark.slow
@pytest.mark.skipif(varied_office.PROGRAM is None, reason="no LibreOffice on this machine")
def test_word_by_libreoffice() -> None:
    report = varied.make_report(SEED, "hrule", plain=True)
    # A table as wide as the page, so that LibreOffice need not break words.
    look = replace(report.look, font="Liberation Sans", table_size=7.5, landscape=True)
    report = replace(report, look=look)
    tally = _tally(report, varied_office.typeset(report))
    assert tally.recall >= 0.95, "\n".join(tally.misses)
    assert tally.numeric_precision >= LEAST_NUMERIC_PRECISION, "\n".join(tally.misses)
    assert tally.headings == tally.matched, "\n".join(tally.misses)
    assert tally.false_joins == 0, "\n".join(tally.misses)
