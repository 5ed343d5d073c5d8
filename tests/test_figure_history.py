"""What is remembered of keys that are gone: from release to release, with the figure that stands for each now.

Belongs here: releases of a few hand-made tables, published one after the other. Does not belong here: which key a
figure has (test_versions), and the page of a gone figure (test_site).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import Settings
from dagster_project.warehouse.ask.trace import figure_gone
from dagster_project.warehouse.release import figure_history
from dagster_project.warehouse.release.publishing import Published, publish
from dagster_project.warehouse.release.releases import roll_back
from dagster_project.warehouse.state.working import discard, finish_build, open_working_file

MARTS = """
    create schema if not exists marts;
    create or replace table marts.report_values (
        fact_key varchar, report_id varchar, file_name varchar, committee varchar, section varchar, group_label varchar,
        row_label varchar, column_label varchar, scenario varchar, period_start date, period_end date,
        value_text varchar, unit varchar, table_seq integer, row_index integer, col_index integer, part_index integer
    );
    create or replace table marts.fct_indicator_value (fact_key varchar, indicator_key varchar);
    create or replace view marts.figure_history as
        select * from raw.figure_history anti join marts.report_values using (fact_key)
"""


def figure(key: str, row: int = 1, label: str = "Intäkter", value: str = "100", **other: Any) -> dict[str, Any]:
    return {
        "fact_key": key, "report_id": "a", "file_name": "a.txt", "committee": "Socialnämnden", "section": "Resultat",
        "group_label": None, "row_label": label, "column_label": "Utfall 2023", "scenario": "actual",
        "period_start": date(2023, 1, 1), "period_end": date(2023, 12, 31), "value_text": value, "unit": "tkr",
        "table_seq": 1, "row_index": row, "col_index": 1, "part_index": 1,
    } | other  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(warehouse=tmp_path / "kommunlager.duckdb", state=tmp_path / ".state", keep=10)


def release(settings: Settings, *figures: dict[str, Any], content: str = "1") -> Published:
    """Publish these figures; ``content`` stands for the bytes of the reports."""
    connection, _ = open_working_file(settings.working_file)
    with connection:
        connection.execute(MARTS)
        connection.execute("delete from raw.report")
        for report_id in sorted({row["report_id"] for row in figures} | {"always"}):
            connection.execute(
                "insert into raw.report (report_id, file_name, sha256, extracted_at, status)"
                " values (?, ?, ?, now(), 'loaded')",
                [report_id, f"{report_id}.txt", content],
            )
        for row in figures:
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"insert into marts.report_values ({', '.join(row)}) values ({marks})", list(row.values())
            )
    finish_build(settings.working_file, "rules", {})
    published = publish(settings)
    assert published.is_new
    return published


def gone(settings: Settings, columns: str = "fact_key, reason, replaced_by") -> list[tuple[Any, ...]]:
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
        return connection.execute(f"select {columns} from marts.figure_history order by fact_key").fetchall()


def test_a_key_that_is_gone_leads_to_the_figure_that_stands_for_it(settings: Settings) -> None:
    release(settings, figure("k1"), figure("k2", 2, "Kostnader", "-50"), figure("k3", 3, "Resultat", "50"))
    assert gone(settings) == []
    # Another unit, a line that was taken out, and another label for the same figure.
    release(settings, figure("n1", unit="mnkr"), figure("n3", 3, "Årets resultat", "50"), content="2")
    assert gone(settings) == [("k1", "corrected", "n1"), ("k2", "corrected", None), ("k3", "corrected", "n3")]
    release(settings, figure("m1", 7, unit="kr"), figure("n3", 3, "Årets resultat", "50"), content="2")
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
        said = figure_gone(connection, "k1")
        assert figure_gone(connection, "n") == figure_gone(connection, "n1")
        assert figure_gone(connection, "zz") == ""
    assert "The figure k1 is gone: its report was replaced by another content." in said
    assert "now it is m1  a.txt: Resultat | Intäkter | Utfall 2023 | 100 (actual, kr, 2023-01-01 to 2023-12-31)" in said


def test_the_same_bytes_understood_otherwise_lead_from_cell_to_cell(settings: Settings) -> None:
    alike = [figure(f"old{row}", row) for row in range(3)]
    release(settings, *alike)
    release(settings, *(figure(f"new{row}", row, unit="mnkr") for row in range(3)))
    assert gone(settings, "fact_key, reason, replaced_by, replaced_basis") == [
        (f"old{row}", "reinterpreted", f"new{row}", "cell") for row in range(3)
    ]


def test_of_several_that_fit_none_is_named(settings: Settings) -> None:
    release(settings, figure("k1"), figure("k2", 2))
    release(settings, figure("n1", 4), figure("n2", 5), content="2")
    assert [row[2] for row in gone(settings)] == [None, None]


def test_it_outlives_the_working_file_and_a_figure_that_is_back_is_not_gone(settings: Settings) -> None:
    first = release(settings, figure("k1"))
    release(settings, figure("n1", value="7"), content="2")
    assert gone(settings, "fact_key, last_release") == [("k1", first.release.name)]
    discard(settings.working_file)
    release(settings, figure("n1", value="7"), figure("n2", 2), content="3")
    assert gone(settings, "fact_key, last_release") == [("k1", first.release.name)]
    release(settings, figure("k1"), content="4")
    assert [row[0] for row in gone(settings)] == ["n1", "n2"]


def test_keys_of_a_release_that_was_gone_back_from_are_remembered(settings: Settings) -> None:
    release(settings, figure("k1"))
    second = release(settings, figure("k1"), figure("k2", 2, "Kostnader"), content="2")
    roll_back(settings.warehouse)
    release(settings, figure("k1"), figure("k3", 3, "Resultat"), content="3")
    assert gone(settings, "fact_key, last_release") == [("k2", second.release.name)]


def test_every_key_that_readers_had_is_there_or_remembered(settings: Settings) -> None:
    had: set[str] = set()
    for number in range(4):
        keys = {f"k{one}" for one in range(10) if (one * 7 + number * 3) % 4}
        release(settings, *(figure(key, row) for row, key in enumerate(sorted(keys))), content=str(number))
        had |= keys
        assert {row[0] for row in gone(settings)} == had - keys


def test_a_report_that_is_gone_is_quoted_no_more(settings: Settings) -> None:
    release(settings, figure("k1", label="Personnummer"), figure("k2", report_id="b", file_name="b.txt"))
    release(settings, figure("k2", report_id="b", file_name="b.txt"), content="2")
    quoted = "committee, section, row_label, column_label, value_text"
    assert gone(settings, f"fact_key, reason, {quoted}") == [("k1", "removed", *[None] * 5)]
    assert b"Personnummer" not in settings.warehouse.resolve().read_bytes()


def test_the_oldest_are_forgotten_beyond_the_bound(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_history, "AT_LEAST", 3)
    for number in range(6):
        release(settings, figure(f"k{number}"), content=str(number))
    assert [row[0] for row in gone(settings)] == ["k2", "k3", "k4"]


def test_a_release_of_before_keys_were_remembered_is_taken_over(settings: Settings) -> None:
    """Its figures lack columns, and it has no such table."""
    release(settings, figure("k1"))
    connection, _ = open_working_file(settings.working_file)
    with connection:
        connection.execute("drop view marts.figure_history")
        connection.execute("drop table raw.figure_history")
        connection.execute("alter table marts.report_values drop column part_index")
        connection.execute("create table marts.other (x integer)")
    finish_build(settings.working_file, "rules", {})
    assert publish(settings).is_new
    discard(settings.working_file)
    release(settings, figure("n1"), content="2")
    assert gone(settings) == [("k1", "corrected", "n1")]
