"""Questions that analysts ask, with the answers that the reports print; each figure is traced to its cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

HISINGEN = "goteborg-socialnamnd-hisingen-arsrapport-2024"
HELSINGBORG = "helsingborg-socialnamnden-arsbokslut-2023"
GAVLE = "gavle-socialnamnden-verksamhetsrapport-2023"
PLAN = "gavle-socialnamnden-verksamhetsplan-2021-2024"
PLANNED = (("2021", 1350), ("2022", 1375), ("2023", 1400), ("2024", 1450))


@pytest.fixture
def connection(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse), read_only=True) as opened:
        yield opened


def ask(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, list(parameters)).fetchall()


def printed_cell(connection: duckdb.DuckDBPyConnection, report_id: str, table: int, row: int, column: int) -> str:
    ((text,),) = ask(
        connection,
        "select text from raw.cell where (report_id, table_seq, row_index, col_index) = (?, ?, ?, ?)",
        report_id, table, row, column,
    )  # fmt: skip
    return " ".join(str(text).split())


@pytest.mark.parametrize(
    ("report_id", "row_label", "column_label", "printed", "amount_sek"),
    [
        (HISINGEN, "Resultat", "Årets utfall", "5 472", 5_472_000),
        (HISINGEN, "Resultat", "Bokslut 2022", "81,6", 81_600_000),
        (HISINGEN, "Resultat", "Utfall 2023", "16 013", 16_013_000),
        (GAVLE, "Årets resultat", "Utfall 2023-12-31", "-48,4", -48_400_000),
        (HELSINGBORG, "ÅRETS RESULTAT", None, None, -20_725_000),
    ],
)
def test_what_was_the_net_result(
    connection: duckdb.DuckDBPyConnection,
    report_id: str, row_label: str, column_label: str | None, printed: str | None, amount_sek: int,
) -> None:  # fmt: skip
    rows = ask(
        connection,
        """
        select financial.amount_sek, report.report_id, table_seq, row_index, col_index, value_text
        from marts.fct_financial as financial
        inner join marts.dim_report as report using (report_key)
        inner join marts.dim_account as account using (account_key)
        where report.report_id = ? and financial.row_label = ? and scenario_key = 'actual'
            and account.account_key = 'committee_result' and financial.statement = 'income_statement'
            and amount_sek = ?
        """,
        report_id, row_label, amount_sek,
    )  # fmt: skip
    assert len(rows) == 1, rows
    *address, value_text = rows[0][1:]
    assert printed_cell(connection, *address) == value_text
    if printed:
        assert value_text == printed
    if column_label:
        ((label,),) = ask(
            connection,
            "select column_label from marts.report_values "
            "where (report_id, table_seq, row_index, col_index) = (?, ?, ?, ?)",
            *address,
        )
        assert label == column_label


def test_budget_and_outcome_of_the_departments_of_hisingen(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        connection,
        """
        select org_unit, actual_sek, variance_printed_sek, variance_computed_sek, is_agreeing
        from marts.budget_variance
        where report_id = ? and statement = 'unit_result' and org_unit is not null
        """,
        HISINGEN,
    )
    by_unit = {row[0]: row[1:] for row in rows}
    assert by_unit["Avd Försörjningsstöd"] == (15_314_000, 15_314_000, 15_314_000, True)
    assert by_unit["Avd Barn och unga resurs"] == (-11_351_000, -11_351_000, -11_351_000, True)
    assert len(by_unit) == 8
    assert sum(row[0] for row in by_unit.values()) == 5_471_000, "the printed parts; the printed total is 5 472 tkr"


def test_printed_and_computed_variances_agree(connection: duckdb.DuckDBPyConnection) -> None:
    ((agreeing, disagreeing),) = ask(
        connection,
        "select count(*) filter (where is_agreeing), count(*) filter (where not is_agreeing) "
        "from marts.budget_variance",
    )
    assert disagreeing == 0
    assert agreeing >= 14


def test_which_targets_were_met(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        connection,
        """
        select indicator_name, target_text, outcome_text, is_met
        from marts.target_outcome
        where outcome_report_id = ? and outcome_text is not null
        """,
        GAVLE,
    )
    answers = {row[0]: row[1:] for row in rows}
    assert answers["Handlingsplan implementerad och arbete pågår"] == ("Ja", "Ja", True)
    assert answers["Indikator 2: genomföra handlingsplaner"] == ("Ja", "Delvis", False)
    assert answers["Samverkan och omvärldsbevakning ska utvecklas"] == ("Ja", "Nej", False)


def test_targets_of_the_plan_stand_without_an_outcome(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        connection,
        """
        select period_key, target_value_numeric, outcome_value_numeric, is_met
        from marts.target_outcome
        where target_report_id = ? and indicator_name = 'Orosanmälningar barn, 1–6 år'
        order by period_key
        """,
        PLAN,
    )
    assert rows == [(year, target, None, None) for year, target in PLANNED]


def test_the_one_sum_that_a_report_prints_wrong(connection: duckdb.DuckDBPyConnection) -> None:
    """Hisingen, saving measures: the effects achieved add up to 2,11 mnkr, and 2,61 is printed."""
    failures = ask(
        connection,
        "select report_id, table_seq, row_index, col_index, row_label, printed, computed "
        "from marts.reconciliation where not is_holding",
    )
    assert [(row[0], *row[4:]) for row in failures] == [(HISINGEN, "Summa", 2.61, 2.11)]
    assert printed_cell(connection, *failures[0][:4]) == "2,61"
    flagged = ask(connection, "select value_text, value_numeric from marts.report_values where is_misprint")
    assert flagged == [("2,61", 2.61)], "kept as printed"


def test_a_misprinted_total_is_still_a_total(connection: duckdb.DuckDBPyConnection) -> None:
    """Hisingen: the effects achieved come to 2,11 mnkr; with the total, which is misprinted, they would be 4,72."""
    sql = (
        "select sum(amount_sek) / 1e6 from marts.report_values where kind = 'measure' and scenario = 'achieved_effect'"
    )
    assert ask(connection, f"{sql} and not is_total") == [(pytest.approx(2.11),)]
    assert ask(connection, sql) == [(pytest.approx(4.72),)]
    both = "select flag, is_total, is_misprint from marts.report_values where value_text = '2,61' and kind = 'measure'"
    assert ask(connection, both) == [("misprint", True, True)]


def test_identities_of_every_kind_are_found(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select identity_type, count(*) from marts.reconciliation where is_holding group by all"
    found = dict(ask(connection, sql))
    assert set(found) == {"lines_total", "departments_total", "variance", "adjustments"}
    assert found["adjustments"] >= 9
    assert found["lines_total"] >= 50


def test_how_much_is_ambiguous(connection: duckdb.DuckDBPyConnection) -> None:
    """One header of the plan prints ``Målvärde 2024`` twice: four values, both columns kept."""
    rows = ask(
        connection,
        """
        select report_id, column_label, list(value_text order by table_seq, row_index, col_index)
        from marts.report_values where is_ambiguous_column group by all
        """,
    )
    assert rows == [(PLAN, "Målvärde 2024", ["100%", "100%", "70%", "75%"])]
    sql = "select count(*) filter (where is_ambiguous_column) / count(*) from marts.report_values"
    ((share,),) = ask(connection, sql)
    assert share == pytest.approx(4 / 639)


def test_how_many_assignments_are_done(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select status_key, count(*) from marts.fct_status where subject = 'assignment' group by all order by all"
    rows = ask(connection, sql)
    assert rows == [("done", 17), ("ongoing", 5)]


def test_nothing_of_the_five_reports_was_rejected(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ask(connection, "select report_id, rejected, share_interpreted from marts.coverage order by all")
    assert len(rows) == 5
    assert {row[1:] for row in rows} == {(0, 1.0)}


def test_every_figure_can_be_traced_to_its_cell(connection: duckdb.DuckDBPyConnection) -> None:
    lost = ask(
        connection,
        r"""
        select report_values.report_id, report_values.table_seq, report_values.row_index, report_values.col_index
        from marts.report_values
        left join raw.cell using (report_id, table_seq, row_index, col_index)
        where not coalesce(contains(trim(regexp_replace(cell.text, '\s+', ' ', 'g')), report_values.value_text), false)
        """,
    )
    assert lost == []
