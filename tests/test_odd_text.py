"""No text of one document fails a refresh: odd headers, labels and cells load, or are rejected with a reason.

Belongs here: what a report may print by slip or malice where a date, a number or a word is looked for. Does not belong
here: files that cannot be read (``test_bad_input``) and what a regular text means.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import duckdb
import pytest

SCENARIOS = ("Utfall", "Budget", "Prognos", "Avvikelse", "Plan", "Bokslut", "Läsår", "VT", "kvartal", "Ack", "")
PERIODS = (
    "99/99/9999", "12/31/2021", "31/12/2021", "13/13/2021", "00/00/2021", "31/12", "31/13", "30/2", "31/2-2021",
    "00-00",
    "2021-13-45", "2021-02-30", "2021-02-30 - 2021-02-31", "0000-00-00-9999-99-99", "31 februari 2021 - 32 mars 2022",
    "20211331", "20210230", "2021.02.31", "2100", "1900", "2099/2000", "2099-1900", "99/00", "2099/2100",
    "9", "0", "T7", "T1 T4", "T4 T3", "H2 T4", "H4 H2", "Q0", "Q4 H1", "kvartal 9", "halvår 3", "tertial 4 T1",
    "'99", "-00", "2413", "2400", "311399", "991231", "mar-jan", "jan-feb-mar 20000", "läsår 99/100", "9999999999",
)  # fmt: skip
WORDS = (
    "", " ", "-", "–", ".", "()", "( )", "%", "‰", "å", "🏔", "👩‍👩‍👧 12", "\u200b", "\u202e1 2", "NaN", "inf", "None",
    "null", "|", "a" * 300,
)  # fmt: skip
NUMBERS = (
    "9" * 16, "9" * 40, "9" * 400, "-" + "9" * 400, "9 " * 60, "1 234 " * 40, "1." * 30, "1,2,3", "984,6,0", ",5", "5,",
    "1e400", "1E5", "0x1F", "--5", "+-5", "- - 5", "1/0", "(", "(5", "5)", "((5))", "5 %%", "5 % (", "5 (6) (7)",
    "999 999 999 999 999 mdkr", "5 (+" + "9" * 400 + " %)", "kv 1: " + "9" * 30 + " kv 2: 4", "½", "٣", "五", "1.234",
    "1.234.567,89", "1,234,567.89", "00 000", "000", "1 23", "12 34 56", "1\u00a0000", "5²", "²", "5⁽¹⁾", "=1+1",
    "12:30",
)  # fmt: skip


def _headers() -> Iterator[str]:
    yield from (f"{scenario} {period}".strip() for scenario, period in product(SCENARIOS, PERIODS))
    yield from (*WORDS, *NUMBERS)


def _report() -> str:
    """Tables whose headers, labels, cells and headings are the odd texts, six columns each."""
    headers = [text for text in _headers() if text.strip()]
    lines = ["Årsredovisning 2021", "", "Sjöbo kommun", "", "Belopp i tkr", ""]
    for start in range(0, len(headers), 6):
        some = headers[start : start + 6]
        odd = (*PERIODS, *WORDS, *NUMBERS)
        lines += [f"Del {start}", "", "\t".join([odd[start % len(odd)] or "Mått", *some])]
        lines += ["\t".join(["Verksamhetens intäkter", *("1" for _ in some)])]
        cells = [odd[(start + place) % len(odd)] for place in range(len(some))]
        lines += [
            "\t".join([f"Antal {cells[0]}".strip(), *cells]),
            "\t".join([cells[-1] or "Utan namn", *reversed(cells)]),
        ]
        lines += [""]
    return "\n".join(lines)


def write_reports(folder: Path) -> None:
    (folder / "odd.txt").write_text(_report(), encoding="utf-8")


def test_the_refresh_ends_well(small_reports: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """With it hold the laws that dbt checks: of every cell one place, of every value cell a fact."""
    assert small_reports[1].returncode == 0, small_reports[1].stderr


def test_every_figure_is_finite_and_every_cell_has_its_place(
    small_reports: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    with duckdb.connect(str(small_reports[0].resolve()), read_only=True) as connection:
        wrong = connection.execute(
            "select value_text, value_numeric from marts.report_values where not isfinite(value_numeric)"
        ).fetchall()
        counts = connection.execute(
            "select cells, labels + headers + notes + value_cells + rejected, value_cells, rejected "
            "from marts.coverage where report_id = 'odd'"
        ).fetchall()
    assert wrong == []
    assert len(counts) == 1
    cells, placed, values, rejected = counts[0]
    assert cells == placed
    assert values > 500
    assert rejected > 10


@pytest.mark.parametrize(
    ("header", "day"),
    [("Utfall 12/31/2021", "2021-12-31"), ("Utfall 31/12/2021", "2021-12-31"), ("31/12/2021", "2021-12-31")],
)
def test_a_date_is_read_in_either_order(
    small_reports: tuple[Path, subprocess.CompletedProcess[str]], header: str, day: str
) -> None:
    with duckdb.connect(str(small_reports[0].resolve()), read_only=True) as connection:
        found = connection.execute(
            "select distinct cast(period_start as varchar), cast(period_end as varchar) from marts.report_values "
            "where report_id = 'odd' and column_label = ?",
            [header],
        ).fetchall()
    assert found == [("2021-01-01", day)]
