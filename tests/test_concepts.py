"""Concepts, comparison, measures and the text beside the figures, on the five reports.

Belongs here: what analysts get from the views, each figure as the reports print it. Does not belong here: single rules
of matching (``dbt/models/unit_tests_concepts.yml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT
from tests.test_documentation import SQL_BLOCK, _table_row

PAGE = ROOT / "docs" / "analysts.md"
SWEDISH_PAGE = ROOT / "docs" / "sv" / "landet.md"


@pytest.fixture
def connection(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse), read_only=True) as opened:
        yield opened


def ask(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, list(parameters)).fetchall()


@pytest.mark.parametrize(("page", "at_least"), [(PAGE, 20), (SWEDISH_PAGE, 1)], ids=["analysts", "landet"])
def test_the_pages_for_analysts_print_the_answers_that_their_queries_give(
    connection: duckdb.DuckDBPyConnection, page: Path, at_least: int
) -> None:
    examples = [(match["sql"], match["answer"]) for match in SQL_BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert len(examples) >= at_least
    for sql, answer in examples:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or ()]
        rows = [["" if value is None else str(value) for value in row] for row in result.fetchall()]
        printed = [_table_row(line) for line in answer.splitlines()]
        assert printed, f"no answer under:\n{sql}"
        assert [printed[0], *printed[2:]] == [names, *rows], sql


def test_every_view_of_this_topic_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    views = ("time_series", "municipality_comparison", "measures", "inhabitants", "budget_variance", "target_outcome")
    others = ("restatements", "reconciliation", "narrative", "unmapped_labels", "unused_vocabulary")
    outside = ("statistic_comparison", "printed_and_national", "fct_statistic", "dim_statistic", "price_index")
    assert [view for view in (*views, *others, *outside) if f"`{view}`" not in text] == []


def test_concepts_of_the_five_reports(connection: duckdb.DuckDBPyConnection) -> None:
    """Every match, so that a new one is looked at before it is believed."""
    rows = ask(
        connection,
        """
        select distinct
            concept_key, coalesce(group_name || ' > ', '') || indicator_name || coalesce(' | ' || qualifier, '')
        from marts.dim_indicator where concept_key is not null order by all
        """,
    )
    assert rows == [
        ("assistance_households", "Nettokostnad försörjningsstöd > Antal hushåll med försörjningsstöd"),
        ("care_days_external", "Antal vård dygn externa placeringar och boenden"),
        ("care_days_institution_adults", "Nettokostnad vuxenvård > Antal vård dagar institutionsvård"),
        ("care_days_institution_children", "Nettokostnad barn och ungdomsvård > Antal vård dagar institutionsvård"),
        ("children_in_family_homes", "Nettokostnad barn och ungdomsvård > Antal barn och unga i familjehem"),
        (
            "decisions_not_carried_out_lss",
            "Antal beslut som inte verkställts inom tre månader från beslutsdag | lss",
        ),
        (
            "decisions_not_carried_out_sol",
            "Antal beslut som inte verkställts inom tre månader från beslutsdag | sol",
        ),
        ("fte", "Antal årsarbetare"),
        ("fte_ifo", "Nettokostnad IFO totalt > Antal årsarbetare IFO"),
        ("housing_days_adults", "Nettokostnad vuxenvård > Antal boendedygn socialt boende (vuxna)"),
        ("inquiries_opened", "Antal inledda utredningar"),
        ("lex_sarah_notified", "Antal anmälningar enligt Lex Sarah"),
        ("needs_met_adults", "Andel ärenden som avslutats med att behovet tillgodosetts, vuxna"),
        ("needs_met_assistance", "Andel ärenden som avslutats med att behovet tillgodosetts, försörjningsstöd"),
        ("needs_met_children", "Andel ärenden som avslutats med att behovet tillgodosetts, barn och unga"),
        ("net_cost_adults", "Nettokostnad vuxenvård"),
        ("net_cost_assistance", "Nettokostnad försörjningsstöd"),
        ("net_cost_children", "Nettokostnad barn och ungdomsvård"),
        ("net_cost_growth_adults", "Nettokostnad vuxenvård > Nettokostnadsutveckling"),
        ("net_cost_growth_assistance", "Nettokostnad försörjningsstöd > Nettokostnadsutveckling"),
        ("net_cost_growth_children", "Nettokostnad barn och ungdomsvård > Nettokostnadsutveckling"),
        ("net_cost_growth_ifo", "Nettokostnad IFO totalt > Nettokostnadsutveckling"),
        ("net_cost_ifo", "Nettokostnad IFO totalt"),
        (
            "not_returned_addiction",
            "Ej återaktualiserade vuxna missbrukare, 21 år och äldre, ett år efter avslutad utredning eller insats",
        ),
        ("reports_of_concern_1_6", "Orosanmälningar barn, 1–6 år"),
        ("reports_of_concern_7_12", "Orosanmälningar barn, 7–12 år"),
        ("sick_leave_total", "Total sjukfrånvaro (%)"),
        ("staff_turnover_department", "Förvaltningsextern personalomsättning (%)"),
        (
            "waiting_application_to_decision",
            "Genomsnittlig väntetid från ansökan till beslut om insats, antal dagar",
        ),
        ("waiting_report_to_decision", "Genomsnittlig väntetid från anmälan till beslut om insats, antal dagar"),
    ]


def test_the_comparison_traces_to_the_printed_cell(connection: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        connection,
        """
        select value_numeric, unit, is_partial, value_per_inhabitant, cell.text
        from marts.municipality_comparison as comparison
        inner join raw.cell using (report_id, table_seq, row_index, col_index)
        where comparison.concept_key = 'net_cost_ifo' and comparison.year = 2024
        """,
    )
    assert rows == [(1_209_684_000.0, "kr", True, None, "1 209 684")], "a district's figure is not divided by the city"


def test_a_figure_has_one_row_in_the_time_series(connection: duckdb.DuckDBPyConnection) -> None:
    sql = """
        select count(*), count(distinct figure_key), count(*) filter (where is_contradicted) from marts.time_series
    """
    ((rows, figures, contradicted),) = ask(connection, sql)
    assert rows == figures > 500
    assert contradicted == 0
    sql = """
        select value_text, statements from marts.time_series
        where account_key = 'committee_result' and report_id = ? and scenario = 'actual' and year = 2024
            and org_unit is null
    """
    rows_of_result = ask(connection, sql, "goteborg-socialnamnd-hisingen-arsrapport-2024")
    assert ("5 472", 2) in rows_of_result, "of 5,5 mnkr and 5 472 tkr the exacter one"


def test_measures_are_what_their_cells_say(connection: duckdb.DuckDBPyConnection) -> None:
    sql = """
        select measure_key, value_numeric, fact_keys from marts.measures
        where municipality_name = 'Gävle' and year = 2023 order by measure_key
    """
    measures = {key: (value, fact_keys) for key, value, fact_keys in ask(connection, sql)}
    assert measures["net_cost"][0] == 669_500_000
    assert measures["budget_variance"][0] == -48_400_000
    assert measures["net_cost_change"][0] == pytest.approx(100 * (669.5 / 586.6 - 1))
    assert measures["budget_variance_share"][0] == pytest.approx(100 * -48.4 / 621.7)
    assert measures["targets_met_share"][0] == 60
    for _, fact_keys in measures.values():
        sql = "select count(*) from marts.report_values where list_contains(?, fact_key)"
        assert ask(connection, sql, fact_keys) == [(len(set(fact_keys)),)]


def test_every_measure_is_defined(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "select measure_key from vocabulary.measure_definitions"
    defined = {key for (key,) in ask(connection, sql)}
    named = (ROOT / "dbt" / "models" / "marts" / "measures.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"'(\w+)' as measure_key", named)) == defined


def test_narrative_names_the_section_as_the_figures_do(connection: duckdb.DuckDBPyConnection) -> None:
    ((paragraphs, differing),) = ask(
        connection,
        """
        select
            count(distinct narrative.paragraph_key),
            count(*) filter (where narrative.section != report_values.section)
        from marts.narrative
        inner join marts.report_values
            on narrative.report_id = report_values.report_id
            and report_values.table_seq between narrative.table_first and narrative.table_last
        """,
    )
    assert paragraphs >= 25
    assert differing == 0


def test_no_two_concepts_share_a_name(working_file: Path) -> None:
    """A name of two concepts in one unit would decide for neither; only an area may tell them apart."""
    with duckdb.connect(str(working_file), read_only=True) as connection:
        rows = ask(
            connection,
            """
            select name_key, base_unit_key, is_ratio, area, list(distinct concept_key)
            from intermediate.int_indicator_names
            where name_key is not null and concept_key is not null
            group by all having count(distinct concept_key) > 1
            """,
        )
    assert rows == []


def test_kolada_is_seeded_whole_and_concepts_name_its_indicators(connection: duckdb.DuckDBPyConnection) -> None:
    assert ask(connection, "select count(*) from reference.kolada_kpis") == [(1046,)]
    ((concepts, with_kolada),) = ask(connection, "select count(*), count(kolada_kpi_id) from vocabulary.concepts")
    assert concepts >= 200
    assert with_kolada >= 50
    rows = ask(
        connection,
        """
        select concept_key, concepts.unit_key, kolada_kpis.unit
        from vocabulary.concepts
        inner join reference.kolada_kpis on concepts.kolada_kpi_id = kolada_kpis.kpi_id
        where concepts.unit_key != case
            when kolada_kpis.unit in ('kr_per_inhabitant', 'kr_per_unit', 'tkr', 'mnkr') then 'kr'
            else kolada_kpis.unit end
            and not (kolada_kpis.unit = 'count' and concepts.unit_key in ('days', 'fte'))
        """,
    )
    assert rows == [], "a concept and its indicator in Kolada are in the same unit"
