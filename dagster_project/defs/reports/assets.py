"""The raw tables as assets.

Belongs here: keys, descriptions, metadata. Does not belong here: reading and writing (``warehouse.load``).
"""

import time
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from dagster_project import progress
from dagster_project.defs.checks import recorded
from dagster_project.settings import Settings
from dagster_project.warehouse.intake.inbox import fetch
from dagster_project.warehouse.intake.load import LoadResult, load_raw
from dagster_project.warehouse.intake.raw import SCHEMA, TABLES
from dagster_project.warehouse.intake.vocabulary import check_vocabulary
from dagster_project.warehouse.state import journal

DESCRIPTIONS = {
    "report": "One row per document found, quarantined ones included.",
    "heading": "One row per heading.",
    "paragraph": "One row per paragraph or single line outside tables.",
    "report_table": "One row per table; a table that page breaks cut is one.",
    "cell": "One row per non-empty table cell, word for word as printed.",
    "running_line": "One row per line of the page headers and footers, and per title of a web page.",
    "word_fate": "One row per page of a PDF and what became of words with a digit on it.",
    "report_override": "What reports.yml says about reports.",
    "report_history": "One row per report added, corrected, renamed, removed or quarantined, release by release.",
    "figure_history": "One row per key of a figure that readers had and that names none now; filled by publishing.",
}

FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))

REPORT_KEY = dg.AssetKey([SCHEMA, "report"])


def _spec(table: str) -> dg.AssetSpec:
    columns = [dg.TableColumn(column.name, str(column.type)) for column in TABLES[table]]
    return dg.AssetSpec(
        [SCHEMA, table],
        # Each refresh looks at the reports, also one that finds nothing to do and leaves all other tables as they are.
        freshness_policy=FRESHNESS if table == "report" else None,
        description=DESCRIPTIONS[table],
        group_name=SCHEMA,
        kinds={"python", "duckdb"},
        metadata={"dagster/table_name": f"{SCHEMA}.{table}", "dagster/column_schema": dg.TableSchema(columns)},
    )


@dg.multi_asset(
    name="raw_tables",
    specs=[_spec(table) for table in TABLES],
    check_specs=[
        dg.AssetCheckSpec(
            "every_document_loads",
            asset=REPORT_KEY,
            description="No document is quarantined. A warning: the others load.",
        ),
        dg.AssetCheckSpec(
            "no_report_is_stale",
            asset=REPORT_KEY,
            description="No report stays without its file. A warning where one cannot be read, an error where reports "
            "that would be dropped are held back; the rest is published.",
        ),
    ],
    pool="duckdb",
)
def raw_tables(settings: dg.ResourceParam[Settings]) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read every report of the reports folder into the working file."""
    began = time.monotonic()
    with journal.step("read"):
        check_vocabulary()  # before the minutes that reading may take, and with the line that dbt's tests do not know
        fetched = fetch(settings)
        result = load_raw(settings, on_read=lambda done, total, name: progress.report("read", done, total, name))
    seconds = time.monotonic() - began
    journal.note(
        fetched=len(fetched),
        read=len(result.read),
        removed=len(result.removed),
        loaded=result.loaded,
        quarantined=len(result.quarantined),
        stale=[f"{one.file_name}: {one.reason}" for one in result.kept if not one.is_held_back],
        held_back=[one.file_name for one in result.kept if one.is_held_back],
        why_held_back=result.why_held_back,
    )
    for table, rows in result.rows.items():
        metadata: dict[str, dg.MetadataValue | int | float] = {"dagster/row_count": rows}
        if table == "report":
            metadata |= {
                "read": len(result.read),
                "removed": len(result.removed),
                "seconds": round(seconds, 3),
            }
            metadata |= {"bytes_read": result.bytes_read, "remarks": dg.MetadataValue.md(_bullets(result.notes))}
        yield dg.MaterializeResult([SCHEMA, table], metadata=metadata)
    yield recorded(_every_document_loads(result))
    yield recorded(_no_report_is_stale(result))


def _every_document_loads(result: LoadResult) -> dg.AssetCheckResult:
    reasons = tuple(f"{item.file_name}: {item.reason}" for item in result.quarantined)
    return dg.AssetCheckResult(
        asset_key=REPORT_KEY,
        check_name="every_document_loads",
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "loaded": result.loaded,
            "quarantined": len(reasons),
            "reasons": dg.MetadataValue.md(_bullets(reasons)),
        },
    )


def _no_report_is_stale(result: LoadResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=REPORT_KEY,
        check_name="no_report_is_stale",
        passed=not result.kept,
        severity=dg.AssetCheckSeverity.ERROR if result.why_held_back else dg.AssetCheckSeverity.WARN,
        metadata={
            "why_held_back": result.why_held_back or "none is",
            "reports": dg.MetadataValue.md(_bullets(tuple(f"{one.file_name}: {one.reason}" for one in result.kept))),
        },
    )


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "none"
