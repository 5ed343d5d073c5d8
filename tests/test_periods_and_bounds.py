"""Periods, bounds, verdicts and units of money as small reports print them: right or refused, never another.

Belongs here: when a figure is about, what it is a bound of, what it is no outcome of, and in which unit it is where the
table does not say it or something contradicts it. Does not belong here: numbers
(``test_dbt_units``) and whole reports (``test_composed``).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

FOLDER = Path(__file__).parent / "periods"


def write_reports(folder: Path) -> None:
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def connection(
    small_reports: tuple[Path, subprocess.CompletedProcess[str]],
) -> Iterator[duckdb.DuckDBPyConnection]:
    warehouse, done = small_reports
    assert done.returncode == 0, done.stderr
    with duckdb.connect(warehouse, read_only=True) as opened:
        yield opened


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def test_periods_over_a_new_year(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select distinct table_seq, period_start, period_end from marts.report_values"
    found = ask(connection, f"{sql} where report_id = 'perioder' and col_index = 1 order by all")
    school_year = (date(2022, 9, 1), date(2023, 8, 31))
    right = dict.fromkeys(range(1, 12), school_year) | {
        7: (date(2022, 12, 1), date(2023, 2, 28)),
        8: (date(2022, 7, 1), date(2023, 6, 30)),
        10: (date(2022, 10, 1), date(2023, 9, 30)),
        11: (date(2022, 5, 1), date(2023, 4, 30)),
    }
    assert {number: (first, last) for number, first, last in found} == right


def test_other_periods_are_right_or_refused(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select distinct column_label, period_start, period_end from marts.report_values"
    found = ask(connection, f"{sql} where report_id = 'andra-perioder' and column_label != 'Utfall 2021' order by all")
    periods = {label: (first, last) for label, first, last in found}
    assert periods == {
        "12 mån t.o.m. mars 2023": (date(2022, 4, 1), date(2023, 3, 31)),
        "R12": (date(2023, 1, 1), date(2023, 12, 31)),
        "kvartal 4 2022 - kvartal 1 2023": (date(2022, 10, 1), date(2023, 3, 31)),
        "läsåret 2022/23": (date(2022, 7, 1), date(2023, 6, 30)),
        # a row that is a period
        "Sjukfrånvaro, %": (date(2022, 9, 1), date(2023, 8, 31)),
        "Antal ärenden": (date(2022, 9, 1), date(2023, 8, 31)),
    }
    refused = ask(
        connection,
        "select reason, count(*) from marts.cell_roles where report_id = 'andra-perioder' and role = 'rejected' "
        "group by all order by all",
    )
    assert refused == [
        ("period not certain: 2022/2023", 4),
        ("period not certain: november–februari 2023", 2),
        ("period not certain: sep-aug", 2),
        ("period not certain: vecka 50-2", 2),
    ]


def test_the_same_months_of_the_year_before(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select distinct column_label, scenario, period_start, period_end from marts.report_values"
    found = ask(connection, f"{sql} where report_id = 'delarsrapport' order by all")
    assert found == [
        ("Ack utfall", "actual", date(2023, 1, 1), date(2023, 8, 31)),
        ("Bokslut fg år", "actual", date(2022, 1, 1), date(2022, 12, 31)),
        ("Helår | Budget", "budget", date(2023, 1, 1), date(2023, 12, 31)),
        ("Period | Budget", "budget", date(2023, 1, 1), date(2023, 8, 31)),
        ("Period | Utfall", "actual", date(2023, 1, 1), date(2023, 8, 31)),
        ("Period | Utfall fg år", "actual", date(2022, 1, 1), date(2022, 8, 31)),
        ("Utfall fg år", "actual", date(2022, 1, 1), date(2022, 8, 31)),
    ]


def test_tariffs_frames_and_plans_give_no_outcome(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select distinct report_type, column_label, scenario from marts.report_values"
    assert ask(connection, f"{sql} where report_id in ('taxa', 'ramar', 'budget') order by all") == [
        ("budget", "2027", "budget"),
        ("budget", "2028", "plan"),
        ("budget", "2029", "plan"),
        ("budget", "Mål 2025", "target"),
        ("budget", "Nuläge", "baseline"),
        ("budget", "Utfall 2023", "actual"),
        ("tariff", "Barn", "tariff"),
        ("tariff", "Vuxen", "tariff"),
    ]
    fees = "select distinct section, column_label, scenario, unit from marts.report_values"
    assert ask(connection, f"{fees} where report_id = 'taxor-i-budget' order by all") == [
        ("Taxor", "Budget 2025", "budget", "tkr"),
        ("Taxor", "Utfall 2023", "actual", "tkr"),
        ("Taxor och avgifter", "Taxa 2024", "tariff", "kr"),
        ("Taxor och avgifter", "Taxa 2025", "tariff", "kr"),
    ]
    verdicts = ask(
        connection, "select is_met, target_bound from marts.target_outcome where committee = 'Socialnämnden'"
    )
    assert sorted(verdicts, key=str) == [(None, "ge"), (None, "le")]


def test_bounds_are_no_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select value_text, value_numeric, value_bound, bound_low, bound_high from marts.report_values"
    found = ask(connection, f"{sql} where report_id = 'skyddat' order by row_index, col_index")
    units = "select row_label = 'Andel nöjda, %', unit, count(*) from marts.report_values where report_id = 'skyddat'"
    assert ask(connection, f"{units} group by all order by all") == [(False, "count", 12), (True, "percent", 3)]
    assert found == [
        ("12", 12.0, None, None, None),
        ("<5", None, "lt", None, 5.0),
        ("..", None, "suppressed", None, None),
        ("Färre än 5", None, "lt", None, 5.0),
        ("7", 7.0, None, None, None),
        ("*", None, "suppressed", None, None),
        ("X", None, "suppressed", None, None),
        ("1-4", None, "le", 1.0, 4.0),
        ("6", 6.0, None, None, None),
        ("≤4", None, "le", None, 4.0),
        ("11", 11.0, None, None, None),
        ("uppgift saknas", None, "suppressed", None, None),
        ("81", 81.0, None, None, None),
        ("-", None, None, None, None),
        ("n/a", None, "suppressed", None, None),
    ]
    series = ask(connection, "select value_text, value_numeric from marts.time_series where value_bound is not null")
    assert ("<5", None) in series
    assert all(number is None for _, number in series)


def test_goals_count_among_the_targets(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select numerator, denominator from marts.measures where measure_key = 'targets_met_share'"
    assert ask(connection, f"{sql} and committee = 'Barnnämnden'") == [(1.0, 3.0)]


def test_amounts_a_thousand_times_apart_below_one_unit_are_doubtful(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select row_label, is_doubtful from marts.report_values where report_id = 'enheter' and unit = 'tkr'"
    assert {label for label, is_doubtful in ask(connection, sql) if is_doubtful} == {"Kost"}
    assert len(ask(connection, sql)) == 8


def test_pay_without_a_unit_is_no_count(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select distinct row_label, unit from marts.report_values where report_id = 'enheter' and section = 'Lön'"
    assert ask(connection, f"{sql} order by all") == [("Antal medarbetare", "count"), ("Medellön", "unknown")]


def test_of_two_units_that_a_report_prints_none_is_guessed(connection: duckdb.DuckDBPyConnection) -> None:
    """A total of a table with a unit, or a form that is filled in twice, tells which; size alone does not."""
    sql = "select distinct section, unit from marts.report_values where report_id = 'tva-enheter'"
    assert ask(connection, f"{sql} order by all") == [
        ("Avdelningar", "unknown"),
        ("Per tjänst", "mnkr"),
        ("Per tjänst föregående år", "mnkr"),
        ("Resultat", "mnkr"),
        ("Åtgärder", "tkr"),
    ]
