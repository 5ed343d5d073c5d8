"""Which keys of figures readers have had that name no figure any more, and what became of each.

Belongs here: comparing the keys of the releases that readers have seen with those of the working file, just before it
is published. Does not belong here: what makes a key (dbt, ``int_values``), and what became of reports (``history``).

Like the history of the reports it is taken from the published file, so it outlives the working file; and it is made
anew each time, so a refresh that fails adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from dagster_project.warehouse.intake.raw import TABLES
from dagster_project.warehouse.release import releases
from dagster_project.warehouse.release.compaction import attached
from dagster_project.warehouse.release.releases import Release
from dagster_project.warehouse.state import journal

TABLE: Final = "raw.figure_history"

FIGURES: Final = "marts.report_values"

PER_FIGURE: Final = 2
AT_LEAST: Final = 10_000
"""So many keys are remembered for each figure there is, and in all at least: the newest. A version of kommunlager that
names every figure anew is remembered whole, and the file does not grow with every change of the vocabulary."""

SAID: Final = (
    "report_id", "file_name", "committee", "section", "group_label", "row_label", "column_label", "scenario",
    "period_start", "period_end", "value_text", "unit", "table_seq", "row_index", "col_index", "part_index",
)  # fmt: skip
"""What a key named: columns of ``marts.report_values`` as of any version of kommunlager."""

LABELS: Final = ("section", "group_label", "row_label", "column_label")
PLACE: Final = ("table_seq", "row_index", "col_index", "part_index")

BASES: Final = (
    # The same bytes: other rules, vocabulary or reports.yml named the figure anew.
    ("cell", "gone.is_same_file", (*PLACE, "value_text")),
    ("labels and value", "true", (*LABELS, "scenario", "period_start", "period_end", "unit", "value_text")),
    ("labels and value", "true", (*LABELS, "value_text")),
    ("labels", "true", LABELS),
    ("row, column and value", "true", ("row_label", "column_label", "value_text")),
    ("place and value", "true", (*PLACE, "value_text")),
)
"""What tells that a figure that is new stands for one that is gone, the surest first: both are the only ones that agree
in these columns."""

TEXTS: Final = ("committee", *LABELS, "value_text")
"""What is quoted from a report."""

# What a report prints no more a release does not say either, or a report that was withdrawn would live on in it.
STILL_PRINTED: Final = f"""
    create temp table printed as
    select distinct report_id, unnest([{", ".join(TEXTS)}]) as text from now_figures
"""

REMEMBERED: Final = f"""
    with
    remembered as (
        select * exclude (is_fresh, number) from (
            select * exclude (is_same_file, now_report_id, {", ".join(PLACE)}), true as is_fresh from gone
            union all by name
            select *, false as is_fresh from older
        )
        qualify row_number() over (partition by fact_key order by is_fresh desc, number desc) = 1
        order by gone_at desc, report_id, fact_key
        limit $most
    )

    select
        remembered.* replace (
            {", ".join(f"p_{name}.text as {name}" for name in TEXTS)}
        )
    from remembered
    left join renamed on remembered.report_id = renamed.previous_report_id
    {
    " ".join(
        f"left join printed as p_{name} on coalesce(renamed.report_id, remembered.report_id) = p_{name}.report_id"
        f" and remembered.{name} = p_{name}.text"
        for name in TEXTS
    )
}
"""


def remember_figures(working_file: Path, link: Path) -> None:
    """Fill ``raw.figure_history`` of the working file: what publishing it now would make of the keys that readers had.

    Readers had the current release and, where they were taken back from a newer one, that one too. A working file that
    cannot be read or was not built is left as it is: publishing says so.
    """
    try:
        rows = _remembered(working_file, _seen(link))
        with duckdb.connect(working_file) as connection:
            connection.begin()
            connection.execute(f"delete from {TABLE}")
            connection.execute(f"insert into {TABLE} by name select * from rows")
            connection.commit()
        assert rows.num_columns > 0  # DuckDB finds the rows by the name of the variable
    except (duckdb.Error, OSError) as error:
        journal.event("figure_history.failed", "warning", error=str(error))


def _remembered(working_file: Path, seen: Sequence[Release]) -> pa.Table:
    """The rows of ``raw.figure_history`` as they are to be."""
    columns = ", ".join(TABLES[TABLE.partition(".")[2]].names)
    with duckdb.connect() as connection, attached(connection, working_file, "now", "read_only"):
        _prepare(connection)
        for release in seen:
            # A release of an older version lacks what came later; it must not hold back the new one.
            with suppress(duckdb.Error, OSError), attached(connection, release.database, "past", "read_only"):
                _compare(connection, release)
        for basis, condition, same in BASES:
            _find_successors(connection, basis, condition, same)
        counted = connection.execute("select count(*) from now_figures").fetchone()
        most = max(AT_LEAST, PER_FIGURE * (counted[0] if counted else 0))
        return connection.execute(f"select {columns} from ({REMEMBERED})", {"most": most}).to_arrow_table()


def _seen(link: Path) -> list[Release]:
    """The releases that were gone back from, newest first, and the current one."""
    current = releases.current(link)
    if current is None:
        return []
    newer = [release for release in releases.releases(link) if release.number > current.number]
    return [*reversed(newer), current]


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables: the figures as they are now, and empty ones for keys that are gone."""
    connection.execute(f"create temp table now_figures as select fact_key, {', '.join(SAID)} from now.{FIGURES}")
    connection.execute(STILL_PRINTED)
    connection.execute("create temp table known_keys (fact_key varchar)")
    connection.execute("""
        create temp table renamed as
        select previous_report_id, arg_max(report_id, happened_at) as report_id
        from now.raw.report_history
        where event = 'renamed' and previous_report_id is not null
            and previous_report_id not in (select report_id from now.raw.report where status = 'loaded')
        group by all
    """)
    connection.execute(f"create temp table older as select *, 0 as number from now.{TABLE} limit 0")
    connection.execute("""
        create temp table gone as
        select *, 0 as number, false as is_same_file, '' as now_report_id, 0 as table_seq, 0 as row_index,
            0 as col_index, 0 as part_index
        from older limit 0
    """)


def _compare(connection: duckdb.DuckDBPyConnection, release: Release) -> None:
    """Add the keys of the attached ``past`` that are no more, and those that were gone then."""
    there = _columns(connection, FIGURES)
    said = [f"figures.{name}" if name in there else f"null as {name}" for name in SAID]
    indicators = "past.marts.fct_indicator_value"
    connection.execute(
        f"""
        insert into gone by name
        select
            figures.fact_key, {", ".join(said)}, indicators.indicator_key, $name as last_release, now() as gone_at,
            $number as number,
            coalesce(report_now.report_id, renamed.report_id) as now_report_id,
            coalesce(report_now.sha256, moved.sha256) is not distinct from report_was.sha256 as is_same_file,
            case
                when report_now.report_id is not null and report_now.sha256 = report_was.sha256 then 'reinterpreted'
                when report_now.report_id is not null then 'corrected'
                when renamed.report_id is not null then 'renamed'
                when refused.file_name is not null then 'quarantined'
                else 'removed'
            end as reason
        from past.{FIGURES} as figures
        left join {indicators} as indicators on figures.fact_key = indicators.fact_key
        left join past.raw.report as report_was
            on figures.report_id = report_was.report_id and report_was.status = 'loaded'
        left join now.raw.report as report_now
            on figures.report_id = report_now.report_id and report_now.status = 'loaded'
        left join renamed on figures.report_id = renamed.previous_report_id
        left join now.raw.report as moved on renamed.report_id = moved.report_id and moved.status = 'loaded'
        left join now.raw.report as refused
            on figures.file_name = refused.file_name and refused.status = 'quarantined'
        where
            not exists (from now_figures where now_figures.fact_key = figures.fact_key)
            and not exists (from gone where gone.fact_key = figures.fact_key)
        """,
        {"name": release.name, "number": release.number},
    )
    if _columns(connection, TABLE):
        connection.execute(
            f"""
            insert into older by name
            select *, $number as number from past.{TABLE}
            where fact_key not in (select fact_key from now_figures)
            """,
            {"number": release.number},
        )
    # A figure is new if no release that readers had names it.
    connection.execute(f"insert into known_keys select fact_key from past.{FIGURES}")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Names of the columns of a table of the attached ``past``; none if it has no such table."""
    schema, _, name = table.partition(".")
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'past' and schema_name = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    return {str(row[0]) for row in rows}


def _find_successors(connection: duckdb.DuckDBPyConnection, basis: str, condition: str, same: Sequence[str]) -> None:
    """Note for each key gone the one new figure of its report that agrees with it, and with no other, in ``same``."""
    agree = " and ".join(f"gone.{name} is not distinct from new.{name}" for name in same)
    connection.execute(
        f"""
        update gone set replaced_by = found.new_key, replaced_basis = $basis
        from (
            select gone.fact_key, new.fact_key as new_key
            from gone
            inner join now_figures as new on gone.now_report_id = new.report_id and {agree}
            where
                {condition}
                and gone.replaced_by is null
                and new.fact_key not in (select fact_key from known_keys)
                and new.fact_key not in (select replaced_by from gone where replaced_by is not null)
            qualify
                count(*) over (partition by gone.fact_key) = 1 and count(*) over (partition by new.fact_key) = 1
        ) as found
        where gone.fact_key = found.fact_key
        """,
        {"basis": basis},
    )
